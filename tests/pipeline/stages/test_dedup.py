"""What dedup drops and what it keeps, through the law: documents shards in, ledgers and books out."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.document import Document, Drop
from manifests import Flow, Receipt
from manifests.sections import Dedup
from pipeline.driver import Driver
from pipeline.lock import Lock
from pipeline.outside import Outside
from pipeline.progress import Reporter
from pipeline.report.explain import explain
from pipeline.run import inline
from pipeline.shards import DROPS
from pipeline.stage import Bench, Unit, Unwatched, execute
from pipeline.stages.dedup import SUMMARY, DedupError, check_share, dedup_stages
from pipeline.stages.dedup_keys import quality
from pipeline.stages.ingest import Ingest
from pipeline.stages.kept import dropped_ids, kept_documents
from pipeline.stages.verdicts import Member
from pipeline.storage import RunFolder, StorageError

LEDGERS = "drops/dedup/marks/"

Shards = Sequence[Mapping[str, str]]
"""Documents by shard: text by id."""


@dataclass(frozen=True)
class Texts:
    """Reads a JSON object of texts by id."""

    name: str

    def read(self, key: str, stream: BinaryIO) -> Iterator[Document | Drop]:
        for id, text in json.load(stream).items():
            yield Document(id, self.name, text=text, url=f"https://{self.name}.test/{id}")


@dataclass
class Outcome:
    """What came of a run: the ledger's rows by source and unit, the marks' receipt, all bytes."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    marks: Receipt | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    """What later stages read, by id."""

    @property
    def cuts(self) -> list[dict[str, Any]]:
        """What is cut out of documents that stay."""
        listed = [data for path, data in self.files.items() if path.endswith("/cuts.parquet")]
        return [row for data in listed for row in pq.read_table(io.BytesIO(data)).to_pylist()]

    @property
    def summary(self) -> Any:
        return json.loads(self.files[SUMMARY])

    @property
    def dropped(self) -> dict[str, str]:
        """Reason by id."""
        return {row["id"]: row["reason"] for rows in self.rows.values() for row in rows}

    @property
    def kept(self) -> dict[str, str]:
        """By dropped id the id that is kept for it."""
        details = {row["id"]: row["detail"] for rows in self.rows.values() for row in rows}
        return {id: re.match(r"kept (.*?);", detail)[1] for id, detail in details.items()}  # type: ignore[index]

    @property
    def flows(self) -> dict[str, Flow]:
        assert self.marks
        return self.marks.flows


def dedup(folder: Path, sources: Mapping[str, Shards], asked: Dedup | None = None) -> Outcome:
    """Bring the shards of these sources through ingest and dedup."""
    root, run = Outside(str(folder / "in")), RunFolder(str(folder / "out"))
    ingests = []
    for source, shards in sources.items():
        (folder / "in" / source).mkdir(parents=True, exist_ok=True)
        for number, shard in enumerate(shards):
            (folder / "in" / source / f"{number}.json").write_text(json.dumps(shard))
        ingests.append(Ingest(Texts(source), (), unit_bytes=1, outside=root, paths=(f"{source}/*.json",)))
    stages = [*ingests, *dedup_stages(tuple(stage.name for stage in ingests), asked or Dedup(partitions=2))]
    driver = Driver(run, inline(run), Reporter(run, io.StringIO()), Lock(run))
    done = driver.bring_about(stages)
    if done.failures:
        raise AssertionError(done.failures[0].error)
    (marks,) = done.receipts["dedup/marks"]
    outcome = Outcome(marks=marks)
    for stage in ingests:
        for documents in done.receipts[stage.name]:
            rows = kept_documents(documents, marks, Bench(folder, run, Unwatched()), ("id", "text"))
            outcome.texts |= {row["id"]: row["text"] for row in rows}
    outcome.files[SUMMARY] = (folder / "out" / SUMMARY).read_bytes()
    for path in sorted((folder / "out").rglob("*.parquet")):
        outcome.files[path.relative_to(folder / "out").as_posix()] = path.read_bytes()
        if "drops/dedup" in path.as_posix():
            outcome.rows[path.relative_to(folder / "out/drops/dedup/marks").as_posix()] = pq.read_table(
                path
            ).to_pylist()
    return outcome


def words(*spans: range | int) -> str:
    """A text of these numbered words."""
    return " ".join(f"w{number}" for span in spans for number in ([span] if isinstance(span, int) else span))


LONG = words(range(200))
LONG_TOO = words(range(3), range(4, 200))
"""`LONG` but for one word: 192 of 199 shingles are shared."""


def test_the_same_text_under_two_ids_goes_once(tmp_path: Path) -> None:
    outcome = dedup(tmp_path, {"web": [{"b": LONG, "x": words(range(500, 700))}, {"a": LONG}]})
    assert outcome.dropped == {"b": "exact"}
    assert outcome.rows["web/web/0.json.parquet"] == [
        {
            "id": "b",
            "url": "https://web.test/b",
            "source": "web",
            "stage": "dedup/marks",
            "rule": "dedup",
            "reason": "exact",
            "detail": "kept a; cluster of 2; similarity to the nearest 1.00",
        }
    ]


def test_newline_style_and_outer_white_space_are_not_text(tmp_path: Path) -> None:
    outcome = dedup(tmp_path, {"web": [{"a": "one\ntwo", "b": "one\r\ntwo\n", "c": "\tone\rtwo", "d": "one two"}]})
    assert outcome.dropped == {"a": "exact", "c": "exact"}
    assert set(outcome.kept.values()) == {"b"}


def test_near_duplicates_go_and_the_longer_text_stays(tmp_path: Path) -> None:
    outcome = dedup(tmp_path, {"web": [{"a": LONG_TOO}, {"b": LONG}, {"c": words(range(150, 350))}]})
    assert outcome.dropped == {"a": "near"}
    assert outcome.kept == {"a": "b"}
    (row,) = outcome.rows["web/web/0.json.parquet"]
    assert float(row["detail"].rpartition(" ")[2]) == round(192 / 199, 2)


def test_near_duplicates_stay_if_they_are_not_asked_for(tmp_path: Path) -> None:
    outcome = dedup(tmp_path, {"web": [{"a": LONG_TOO, "b": LONG, "c": LONG}]}, Dedup(near=False))
    assert outcome.dropped == {"c": "exact"}


def test_a_chain_is_one_cluster(tmp_path: Path) -> None:
    """Neighbours share 280 of 312 shingles; the ends 264 of 328, less than the threshold."""
    chain = {name: words(range(start, start + 300)) for name, start in (("a", 100), ("b", 116), ("c", 132))}
    outcome = dedup(tmp_path, {"web": [chain]}, Dedup(threshold=0.85))
    ends = dedup(tmp_path / "ends", {"web": [{"a": chain["a"], "c": chain["c"]}]}, Dedup(threshold=0.85))
    assert outcome.dropped == {"b": "near", "c": "near"}
    assert set(outcome.kept.values()) == {"a"}
    assert all("cluster of 3" in row["detail"] for rows in outcome.rows.values() for row in rows)
    assert ends.dropped == {}


@pytest.mark.parametrize("length", [0, 1, 4, 5, 6])
def test_short_documents_are_dropped_as_copies_only(tmp_path: Path, length: int) -> None:
    """Of 0, 1, k-1, k and k+1 words. Strangers of the same length stay, whatever they have for a signature."""
    text, stranger = words(range(length)), words(range(100, 100 + length)) or "…"
    respaced = text.replace(" ", "  ")
    outcome = dedup(tmp_path, {"web": [{"a": text, "b": stranger}, {"c": text, "d": "e f g h"}, {"e": respaced + "!"}]})
    assert outcome.dropped == {"c": "exact"}


@pytest.mark.parametrize(("length", "dropped"), [(4, {}), (5, {"a": "near"}), (6, {"a": "near"})])
def test_a_document_of_enough_words_is_compared_by_words(tmp_path: Path, length: int, dropped: dict[str, str]) -> None:
    text = words(range(length))
    assert dedup(tmp_path, {"web": [{"a": text, "b": text.replace(" ", "  ")}]}).dropped == dropped


def test_of_equal_documents_one_stays(tmp_path: Path) -> None:
    outcome = dedup(tmp_path, {"web": [{f"{shard}{n}": LONG for n in range(50)} for shard in "ba"]})
    assert len(outcome.dropped) == 99
    assert set(outcome.dropped.values()) == {"exact"}
    assert set(outcome.kept.values()) == {"a0"}


def test_of_no_documents_none_goes(tmp_path: Path) -> None:
    outcome = dedup(tmp_path, {"web": [{}, {}]})
    assert outcome.dropped == {}
    assert outcome.flows == {}
    assert list(outcome.rows) == ["web/web/0.json.parquet", "web/web/1.json.parquet"]


def test_without_a_documents_unit_there_is_nothing_to_do(tmp_path: Path) -> None:
    run = RunFolder(str(tmp_path))
    done: dict[str, tuple[Receipt, ...]] = {"documents/web": ()}
    for stage in dedup_stages(("documents/web",), Dedup(partitions=1)):
        done[stage.name] = tuple(execute(stage, unit, run, Unwatched()) for unit in stage.units(done))
    assert [file.path for file in done["dedup/marks"][0].files] == [SUMMARY]


def test_a_giant_bucket_of_near_duplicates_is_one_cluster(tmp_path: Path) -> None:
    shard = {f"{number:03}": words(range(200), 1000 + number) for number in range(300)}
    outcome = dedup(tmp_path, {"web": [shard]})
    assert set(outcome.dropped) == shard.keys() - {"000"}
    assert set(outcome.dropped.values()) == {"near"}


def test_one_id_in_two_shards_goes_once_and_the_longer_text_stays(tmp_path: Path) -> None:
    outcome = dedup(tmp_path, {"web": [{"a": words(range(50))}, {"a": words(range(900, 990))}, {"b": LONG}]})
    assert {name: [row["reason"] for row in rows] for name, rows in outcome.rows.items()} == {
        "web/web/0.json.parquet": ["same-id"],
        "web/web/1.json.parquet": [],
        "web/web/2.json.parquet": [],
    }


def test_one_id_in_two_sources_names_two_documents(tmp_path: Path) -> None:
    assert dedup(tmp_path, {"web": [{"1": words(range(50))}], "code": [{"1": words(range(70, 99))}]}).dropped == {}


def test_a_document_that_loses_its_id_does_not_cost_the_text_that_it_shares(tmp_path: Path) -> None:
    """`a` of the second shard goes for its id; `b` has the same text and must stay, though `a` would sort first."""
    outcome = dedup(
        tmp_path, {"web": [{"a": LONG + " longer"}, {"a": words(range(300, 400))}, {"b": words(range(300, 400))}]}
    )
    assert [(row["id"], row["reason"]) for row in outcome.rows["web/web/1.json.parquet"]] == [("a", "same-id")]
    assert list(outcome.dropped) == ["a"]


def test_the_survivor_of_an_id_may_itself_go_for_another_document(tmp_path: Path) -> None:
    outcome = dedup(tmp_path, {"web": [{"b": LONG_TOO}, {"b": words(range(300, 350))}, {"a": LONG}]})
    assert [row["detail"] for row in outcome.rows["web/web/1.json.parquet"]] == ["kept a; another document has this id"]
    assert [row["reason"] for row in outcome.rows["web/web/0.json.parquet"]] == ["near"]


@pytest.mark.parametrize(
    ("priority", "kept"), [((), "arxiv"), (("web",), "web"), (("stack", "web"), "stack"), (("web", "arxiv"), "web")]
)
def test_sources_win_in_order_of_priority_then_of_name(tmp_path: Path, priority: tuple[str, ...], kept: str) -> None:
    """Before the length of the text: the first source has the shortest."""
    texts = {"arxiv": words(range(190)), "stack": words(range(195)), "web": LONG}
    sources = {source: [{f"{source}-id": text}] for source, text in texts.items()}
    outcome = dedup(tmp_path, sources, Dedup(priority=priority))
    assert set(outcome.dropped) == {f"{source}-id" for source in texts if source != kept}
    assert set(outcome.kept.values()) == {f"{kept}-id"}


def test_the_books_balance_by_source(tmp_path: Path) -> None:
    outcome = dedup(tmp_path, {"code": [{"a": "é", "b": "é"}, {"c": "four"}], "web": [{"d": "é"}]})
    code, web = outcome.flows["code"], outcome.flows["web"]
    assert (code.read.documents, code.kept.documents, code.read.bytes, code.kept.bytes) == (3, 2, 8, 6)
    assert code.dropped.keys() == web.dropped.keys() == {"dedup/exact"}
    assert (web.read.bytes, web.kept.documents) == (2, 0)


def test_later_stages_ask_which_ids_of_a_unit_go(tmp_path: Path) -> None:
    outcome = dedup(tmp_path, {"web": [{"b": LONG, "c": LONG, "x": "x"}, {"a": LONG}]})
    run = RunFolder(str(tmp_path / "out"))
    bench = Bench(tmp_path, run, Unwatched())
    assert outcome.marks
    documents = [Receipt.model_validate_json(run.read(f"documents/web/web/{n}.json/receipt.json")) for n in (0, 1)]
    assert dropped_ids(bench, outcome.marks, documents[0]) == {"b", "c"}
    assert dropped_ids(bench, outcome.marks, documents[1]) == set()
    with pytest.raises(KeyError, match="no marks for documents/web/other"):
        dropped_ids(bench, outcome.marks, documents[0].model_copy(update={"unit": "other"}))


def test_ledgers_have_the_schema_of_the_ledger(tmp_path: Path) -> None:
    files = dedup(tmp_path, {"web": [{"a": "x", "b": "x"}, {}]}).files
    ledgers = [data for path, data in files.items() if path.startswith("drops/dedup/")]
    assert len(ledgers) == 2
    assert all(pq.read_schema(io.BytesIO(data)) == DROPS for data in ledgers)


def test_the_order_in_which_units_are_done_does_not_show(tmp_path: Path) -> None:
    shards = {"web": [{f"{n}{m}": words(range(n, 200 + 4 * m)) for m in range(3)} for n in range(4)]}
    outcome = dedup(tmp_path, shards)
    run, root = RunFolder(str(tmp_path / "again")), Outside(str(tmp_path / "in"))
    done: dict[str, tuple[Receipt, ...]] = {}
    ingest = Ingest(Texts("web"), (), unit_bytes=1, outside=root, paths=("web/*.json",))
    for stage in [ingest, *dedup_stages(("documents/web",), Dedup(partitions=2))]:
        units: list[Unit] = list(stage.units(done))
        receipts = {unit.name: execute(stage, unit, run, Unwatched()) for unit in reversed(units)}
        done[stage.name] = tuple(receipts[unit.name] for unit in units)
    again = {path: (tmp_path / "again" / path).read_bytes() for path in outcome.files}
    assert outcome.dropped
    assert again == outcome.files


@pytest.mark.parametrize("partitions", [1, 3, 16])
def test_the_number_of_partitions_does_not_show_in_the_ledger(tmp_path: Path, partitions: int) -> None:
    shards = {"web": [{f"{n}{m}": words(range(n, 200 + 4 * m)) for m in range(3)} for n in range(4)]}
    two = dedup(tmp_path / "two", shards, Dedup(partitions=2))
    assert dedup(tmp_path / "other", shards, Dedup(partitions=partitions)).rows == two.rows


def test_the_number_of_passes_does_not_show_in_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shards = {"web": [{f"{n}{m}": words(range(n, 200 + 4 * m)) for m in range(3)} for n in range(4)]}
    one = dedup(tmp_path / "one", shards)
    monkeypatch.setattr("pipeline.stages.dedup_candidates.ROWS_COST", 200.0)
    monkeypatch.setattr("pipeline.stages.dedup_pairs.PAIRS_COST", 10_000.0)
    monkeypatch.setattr("pipeline.stages.dedup_pairs.EVIDENCE_COST", 300)
    monkeypatch.setattr("pipeline.stages.components.PAIR_COST", 500_000)
    monkeypatch.setattr("pipeline.stages.components.STAR_COST", 300_000)
    monkeypatch.setattr("pipeline.stages.dedup_keys.HELD_KEYS", 30)
    monkeypatch.setattr("pipeline.stages.dedup_keys.HELD_EVIDENCE", 300)
    many = dedup(tmp_path / "many", shards, Dedup(partitions=2, memory=1_000_000))
    assert many.rows == one.rows
    assert one.dropped


def test_false_candidates_are_counted_and_chain_nobody(tmp_path: Path) -> None:
    """Two texts that share half of their shingles meet in nearly every one of 64 narrow bands."""
    shards = {"web": [{"a": words(range(300)), "b": words(range(100, 400))}]}
    asked = Dedup(bands=64, rows=2)
    outcome = dedup(tmp_path / "verified", shards, asked)
    assert outcome.dropped == {}
    assert outcome.summary["near"] == {"alike": 0, "candidates": 1}
    taken = dedup(tmp_path / "taken", shards, asked.model_copy(update={"verify": False}))
    assert taken.dropped == {"a": "near"}


def test_a_bucket_that_is_not_compared_in_full_is_reported(tmp_path: Path) -> None:
    shard = {f"{number:03}": words(range(200), 1000 + number) for number in range(40)}
    cut = dedup(tmp_path, {"web": [shard]}, Dedup(partitions=1, leaders=3)).summary["cut"]
    assert cut["buckets"] > 0
    assert cut["largest"][0]["members"] <= 40
    assert cut["largest"][0]["one"] in shard
    assert cut["comparisons"] > 0


@pytest.mark.parametrize(
    ("settings", "dropped"),
    [
        ({"shingles": "characters", "shingle": 3}, {"b": "near"}),
        ({"shingles": "tokens", "shingle": 2}, {"b": "near"}),
        ({"shingles": "words", "shingle": 3}, {}),
    ],
)
def test_shingles_are_of_what_the_manifest_says(
    tmp_path: Path, settings: dict[str, Any], dropped: dict[str, str]
) -> None:
    """Every tenth word has got a bracket."""
    plain = [f"w{number}" for number in range(100)]
    marked = [word if number % 10 else f"({word}" for number, word in enumerate(plain)]
    texts = {"a": " ".join(marked), "b": " ".join(plain)}
    outcome = dedup(tmp_path, {"web": [texts]}, Dedup(threshold=0.75, **settings))
    assert outcome.dropped == dropped


def test_paragraphs_that_stand_elsewhere_are_counted_and_stay(tmp_path: Path) -> None:
    shards = {
        "web": [{"a": "the same line\nshort", "b": "other words\n  the same line "}, {"c": "the same line\nshort"}]
    }
    outcome = dedup(tmp_path, shards, Dedup(paragraphs=8))
    assert outcome.summary["paragraphs"] == {"seen": 4, "repeated": 2, "bytes": 26, "cut": 0}
    assert outcome.dropped == {"c": "exact"}
    assert dedup(tmp_path / "not", shards).summary["paragraphs"]["seen"] == 0


CUTTING = Dedup(partitions=3, paragraphs=6, remove_paragraphs=True)


def test_of_a_paragraph_one_stays_where_the_text_is_longest(tmp_path: Path) -> None:
    shards = [{"a": "alone is this\n  the sáme line \nend"}, {"b": "the sáme line\nmuch longer than the other"}]
    outcome = dedup(tmp_path, {"web": shards}, CUTTING)
    assert outcome.texts == {"a": "alone is this\n  \n \nend", "b": shards[1]["b"]}
    assert outcome.cuts == [{"id": "a", "url": "https://web.test/a", "kept": "b", "start": 16, "end": 30}]
    assert outcome.summary["paragraphs"]["cut"] == 1
    assert outcome.dropped == {}
    kept, cut = explain(RunFolder(str(tmp_path / "out")), "a").fates
    assert (kept.outcome, cut.outcome, cut.source, cut.detail) == (
        "kept",
        "cut",
        "web",
        "cut out: 1 stretches, 14 bytes",
    )


def test_who_asks_for_no_text_is_told_who_is_left(tmp_path: Path) -> None:
    outcome = dedup(tmp_path, {"web": [{"a": "short\nthe same line"}, {"b": "much longer\nthe same line"}]}, CUTTING)
    assert outcome.marks
    assert [cut["id"] for cut in outcome.cuts] == ["a"]
    run = RunFolder(str(tmp_path / "out"))
    documents = Receipt.model_validate_json(run.read("documents/web/web/0.json/receipt.json"))
    rows = kept_documents(documents, outcome.marks, Bench(tmp_path, run, Unwatched()), ("id",))
    assert list(rows) == [{"id": "a"}]


def test_a_document_that_goes_keeps_no_paragraph(tmp_path: Path) -> None:
    """`b` would win the line, but goes as a near-duplicate of `c`, where the line is another."""
    line = words(range(700, 705))
    texts = {"a": f"short one\n{line}", "b": f"{LONG}\n{line}", "c": f"{LONG} {words(range(800, 806))}"}
    outcome = dedup(tmp_path, {"web": [texts]}, CUTTING)
    assert outcome.dropped == {"b": "near"}
    assert outcome.texts == {"a": texts["a"], "c": texts["c"]}


def test_a_document_of_which_nothing_is_left_goes(tmp_path: Path) -> None:
    shards = [{"a": "first of the lines\n\nsecond of the lines"}, {"b": "second of the lines\nx\nfirst of the lines"}]
    outcome = dedup(tmp_path, {"web": shards}, CUTTING)
    assert outcome.dropped == {"a": "paragraphs"}
    assert outcome.cuts == []
    assert outcome.texts == {"b": shards[1]["b"]}
    assert outcome.flows["web"].kept.documents == 1


def test_a_paragraph_that_stands_twice_in_a_document_stays_where_it_is_first(tmp_path: Path) -> None:
    outcome = dedup(tmp_path, {"web": [{"a": "one of two\nbetween\none of two"}]}, CUTTING)
    assert outcome.texts == {"a": "one of two\nbetween\n\n"}


def test_paragraphs_of_an_earlier_run_are_cut_out_of_new_documents(tmp_path: Path) -> None:
    dedup(tmp_path / "then", {"web": [{"old": "the same line\nold"}]}, CUTTING)
    now = CUTTING.model_copy(update={"against": str(tmp_path / "then/out")})
    outcome = dedup(tmp_path / "now", {"web": [{"a": "much longer\nthe same line"}]}, now)
    assert outcome.texts == {"a": "much longer\n\n"}
    assert outcome.cuts[0]["kept"] == "old"


@settings(deadline=None, max_examples=8)
@given(
    st.lists(
        st.lists(st.sampled_from(["x", "line one", "line two", "líne three", " line four"]), max_size=5), max_size=8
    )
)
def test_what_is_cut_does_not_depend_on_the_sharding_and_each_paragraph_stays_once(lines: list[list[str]]) -> None:
    texts = {f"id{number * 5 % 11}": "\n".join(some) for number, some in enumerate(lines)}
    outcomes = []
    for count in (1, 2, 7):
        shards = [
            {id: text for number, (id, text) in enumerate(texts.items()) if number % count == n} for n in range(count)
        ]
        with TemporaryDirectory() as folder:
            outcomes.append(dedup(Path(folder), {"web": shards}, CUTTING))
    assert all((one.dropped, one.texts) == (outcomes[0].dropped, outcomes[0].texts) for one in outcomes)
    left = [line.strip() for text in outcomes[0].texts.values() for line in text.split("\n") if len(line.strip()) >= 6]
    assert sorted(left) == sorted({line.strip() for some in lines for line in some if len(line.strip()) >= 6})


def test_case_is_told_apart_unless_asked(tmp_path: Path) -> None:
    shards = {"web": [{"a": LONG, "b": LONG.upper()}]}
    assert dedup(tmp_path / "apart", shards).dropped == {}
    assert dedup(tmp_path / "alike", shards, Dedup(lowercase=True)).dropped == {"b": "near"}


def test_simhash_finds_texts_with_close_fingerprints(tmp_path: Path) -> None:
    shards = {"web": [{"a": LONG, "b": LONG + " end", "x": words(range(500, 700)), "y": "a b c"}, {"z": "a b d"}]}
    outcome = dedup(tmp_path, shards, Dedup(method="simhash", hamming=6))
    assert outcome.dropped == {"a": "near"}
    (row,) = outcome.rows["web/web/0.json.parquet"]
    assert float(row["detail"].rpartition(" ")[2]) >= 1 - 6 / 64 - 0.005


def test_what_the_manifest_prefers_goes_before_length(tmp_path: Path) -> None:
    rows = [quality({"stars": stars}, "stars") for stars in (3, 4.5, None, "many", float("nan"))]
    assert rows == [3.0, 4.5, -math.inf, -math.inf, -math.inf]
    poor, rich = (Member(0, False, (-stars,), -size, "id", b"", 0) for stars, size in ((1.0, 900), (2.0, 100)))
    assert rich < poor


@pytest.mark.parametrize(("documents", "removed"), [(1000, 0), (1000, 901), (5_000_000, 0)])
def test_a_result_that_looks_like_a_mistake_is_refused(documents: int, removed: int) -> None:
    with pytest.raises(DedupError, match="accept_any_share"):
        check_share(documents, removed)


@pytest.mark.parametrize(("documents", "removed"), [(0, 0), (999, 0), (999, 998), (1000, 1), (1000, 900)])
def test_other_results_are_not(documents: int, removed: int) -> None:
    check_share(documents, removed)


@pytest.mark.parametrize("accepted", [False, True])
def test_a_corpus_of_copies_fails_unless_that_is_accepted(tmp_path: Path, accepted: bool) -> None:
    shards = {"web": [{str(number): LONG for number in range(1000)}]}
    if accepted:
        assert len(dedup(tmp_path, shards, Dedup(accept_any_share=True)).dropped) == 999
    else:
        with pytest.raises(AssertionError, match="looks like a mistake"):
            dedup(tmp_path, shards)


def test_what_is_like_a_document_of_an_earlier_run_goes_without_its_text(tmp_path: Path) -> None:
    dedup(tmp_path / "then", {"web": [{"old": LONG, "older": "x y z"}, {"o": words(range(900, 950))}]})
    for path in (tmp_path / "then/out/documents").rglob("*.parquet"):
        path.unlink()
    new = {"web": [{"a": LONG_TOO, "old": words(range(300, 400)), "b": "x y z", "c": LONG + " and more"}]}
    outcome = dedup(tmp_path / "now", new, Dedup(partitions=2, against=str(tmp_path / "then/out")))
    assert outcome.dropped == {"a": "near", "b": "exact", "c": "near"}
    assert outcome.kept == {"a": "old", "b": "older", "c": "old"}
    assert outcome.flows["web"].read.documents == 4
    assert list(outcome.rows) == ["web/web/0.json.parquet"]


def test_an_earlier_run_with_other_settings_is_refused(tmp_path: Path) -> None:
    dedup(tmp_path / "then", {"web": [{"a": LONG}]})
    other = Dedup(partitions=2, threshold=0.8, against=str(tmp_path / "then/out"))
    with pytest.raises(StorageError, match="other settings"):
        dedup(tmp_path / "now", {"web": [{"a": LONG}]}, other)
    with pytest.raises(StorageError, match="has no dedup/keys"):
        dedup(tmp_path / "none", {"web": [{"a": LONG}]}, Dedup(against=str(tmp_path / "then/in")))


@st.composite
def corpora(draw: st.DrawFn) -> dict[str, str]:
    """Texts by id: a few originals of any length, cut and edited more or less."""
    edits = st.tuples(st.integers(0, 2), st.sampled_from([0, 3, 5, 30, 120]), st.integers(0, 20), st.integers(0, 3))
    texts = {}
    for number, (original, length, cut, odd) in enumerate(draw(st.lists(edits, max_size=14))):
        base = 1000 * original
        texts[f"id{number * 7919 % 31}"] = words(range(base + cut, base + length), *range(90_000, 90_000 + odd))
    return texts


def jaccard(left: str, right: str) -> float:
    """Of the sets of five-word shingles; of shorter texts, whether they are equal."""
    ours, theirs = ({tuple(w[n : n + 5]) for n in range(len(w) - 4)} for w in (left.split(), right.split()))
    return len(ours & theirs) / len(ours | theirs) if ours and theirs else float(left == right)


@settings(deadline=None, max_examples=8)
@given(corpora())
def test_any_sharding_drops_the_same_and_what_goes_is_like_what_stays(texts: dict[str, str]) -> None:
    outcomes = []
    for count in (1, 2, 7):
        shards: list[dict[str, str]] = [{} for _ in range(count)]
        for number, (id, text) in enumerate(texts.items()):
            shards[number * 5 % count][id] = text
        with TemporaryDirectory() as folder:
            outcomes.append(dedup(Path(folder), {"web": shards}))
    first = outcomes[0]
    assert all((outcome.dropped, outcome.kept) == (first.dropped, first.kept) for outcome in outcomes)
    flow = first.flows.get("web", Flow())
    assert flow.kept.documents + len(first.dropped) == flow.read.documents == len(texts)
    stay = texts.keys() - first.dropped.keys()
    assert len({texts[id] for id in stay}) == len(stay)
    assert set(first.kept.values()) <= stay
    assert all(reaches(texts, id, kept) for id, kept in first.kept.items())


def reaches(texts: Mapping[str, str], start: str, end: str) -> bool:
    """Whether steps between texts that are truly alike lead to the end."""
    reached, ahead = {start}, [start]
    while ahead:
        here = ahead.pop()
        near = {id for id in texts.keys() - reached if jaccard(texts[here], texts[id]) >= 0.7}
        reached |= near
        ahead += near
    return end in reached
