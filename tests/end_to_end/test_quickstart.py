"""The quickstart does what its sample's README promises, and all verbs tell the same story of it."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

import pytest
from cli import QUICKSTART, as_json, content, dropped, proofpile, receipts, rows, run

import languages
from pipeline.indexed import IndexedDataset

SOURCES = {
    "open-web-math": 97,
    "stack": 62,
    "github": 28,
    "lean-proofsteps": 8,
    "isabelle-proofsteps": 8,
    "arxiv": 6,
    "redpajama-arxiv": 5,
}
"""Records read of each source."""

REFUSED = {
    "open-web-math": {
        "language-id/language": 8,
        "prefilter/no-maths": 21,
        "url/banned": 1,
        "math-score/low": 1,
        "html-type/empty": 1,
        "html-type/status": 1,
        "html-type/content-type": 1,
        "dedup/near": 4,
        "dedup/exact": 2,
    },
    "stack": {
        "language/no-marker": 7,
        "language/refused-marker": 1,
        "language/refused-start": 2,
        "density/digits": 2,
        "decode/blank": 1,
        "generated/header": 1,
        "language-id/language": 1,
        "notebook/broken-json": 1,
        "dedup/exact": 1,
    },
    "github": {
        "file-type/extension": 7,
        "language/refused-marker": 2,
        "language/no-marker": 2,
        "generated/header": 1,
        "copied/dependency": 1,
    },
}
"""Every refusal of the sample; sources that are not named have none."""

WHY = [
    ("https://lessons.example/gougu", "language-id", "language"),
    ("https://answers.example/search?q=compact", "url", "banned"),
    ("https://old-notes.test/stub.htm", "math-score", "low"),
    ("rtl/full_adder.v", "language", "refused-marker"),
    ("Counter.m", "language", "refused-marker"),
    ("greet.r", "language", "refused-marker"),
    ("worksheet.mw", "language", "refused-start"),
    ("settings.jl", "language", "refused-start"),
    ("Generated.v", "generated", "header"),
    ("Document.thy", "language", "no-marker"),
    ("options.lean", "language", "no-marker"),
    ("_target/deps/numbers/src/parity.lean", "copied", "dependency"),
    ("Empty.agda", "decode", "blank"),
    ("zeros.f90", "density", "digits"),
    ("gauss_table.cpp", "density", "digits"),
    ("options.c", "language", "no-marker"),
    ("logger.cpp", "language", "no-marker"),
    ("Main.hs", "language", "no-marker"),
    ("app.py", "language", "no-marker"),
    ("binding.py", "language", "no-marker"),
    ("shopping.ipynb", "language", "no-marker"),
    ("broken.ipynb", "notebook", "broken-json"),
    ("suites.tex", "language-id", "language"),
    ("plot.tex", "generated", "header"),
    ("macros.tex", "language", "no-marker"),
]
"""How a refused document's id or URL ends, and why the sample's README says it must be refused."""

COPIES = [
    {"https://mirror.example/euler-phi-sum", "https://numbers.example/euler-phi-sum"},
    {"https://mirror.example/geometric-series", "https://calculus.example/geometric-series"},
    {"https://mirror.example/infinitely-many-primes", "https://numbers.example/infinitely-many-primes"},
    {"https://mirror.example/squeeze", "https://calculus.example/squeeze"},
    {"https://calculus.example/chain-rule", "https://calculus.example/print/chain-rule"},
    {"https://probability.example/bayes", "https://www.probability.example/2022/bayes"},
    {"osprey-lab/numeric-python", "osprey-forks/numeric-python"},
]
"""Pairs of which one must be dropped for the other; code by the name of its repository."""


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quickstart") / "out"
    done = run(QUICKSTART, folder)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return folder


def test_every_source_is_read_whole_and_keeps_something(out: Path) -> None:
    read, kept = Counter[str](), Counter[str]()
    for receipt in receipts(out):
        for source, flow in receipt["flows"].items() if receipt["stage"].startswith("documents/") else ():
            read[source] += flow["read"]["documents"]
            kept[source] += flow["kept"]["documents"]
    assert dict(read) == SOURCES
    assert all(kept[source] for source in SOURCES)


@pytest.mark.parametrize("source", SOURCES)
def test_refusals_are_those_that_the_sample_promises(out: Path, source: str) -> None:
    assert dict(dropped(out, source)) == REFUSED.get(source, {})


@pytest.mark.parametrize("source", SOURCES)
def test_the_books_balance_from_first_to_last(out: Path, source: str) -> None:
    tokenized = sum(
        receipt["flows"][source]["kept"]["documents"]
        for receipt in receipts(out)
        if receipt["stage"] == f"tokens/{source}"
    )
    assert SOURCES[source] == tokenized + dropped(out, source).total()


@pytest.mark.parametrize(("ending", "rule", "reason"), WHY)
def test_a_planted_refusal_has_its_reason(out: Path, ending: str, rule: str, reason: str) -> None:
    fates = {(row["rule"], row["reason"]) for row in rows(out / "drops") if ending_of(row, ending)}
    assert fates == {(rule, reason)}


def ending_of(row: dict[str, str], ending: str) -> bool:
    return row["url"] == ending if ending.startswith("https:") else f"/{row['id']}".endswith(f"/{ending}")


@pytest.mark.parametrize("copies", COPIES, ids=lambda copies: max(copies))
def test_one_of_two_copies_is_dropped_for_the_other(out: Path, copies: set[str]) -> None:
    drops = [row for row in rows(out / "drops" / "dedup") if copies & {row["url"], row["id"].partition("@")[0]}]
    assert len(drops) == 1
    survivor = drops[0]["detail"].removeprefix("kept ").partition(";")[0]
    documents = {row["id"]: row for row in rows(out / "documents")}
    pair = [documents[survivor], documents[drops[0]["id"]]]
    assert {name for row in pair for name in (row["url"], row["id"].partition("@")[0])} >= copies


def test_all_languages_have_documents(out: Path) -> None:
    code = {row["subset"] for row in rows(out / "documents") if row["source"] in ("stack", "github")}
    assert code == set(languages.names())
    assert len(code) == 17


def test_unusual_papers_are_kept(out: Path) -> None:
    """One has no `\\section`, one is not UTF-8; each broke a published cleaner."""
    papers = {row["id"]: row["text"] for row in rows(out / "documents") if row["source"] == "arxiv"}
    assert len(papers) == 6
    assert all(len(text) > 500 for text in papers.values())


def test_totals_are_what_a_trainer_finds_in_the_shards(out: Path) -> None:
    counted = Counter[tuple[str, str]]()
    for index in (out / "tokens").rglob("*.idx"):
        source, split = index.relative_to(out / "tokens").parts[:2]
        shard = IndexedDataset(index.with_suffix(""))
        counted[source, split] += sum(len(shard[number]) for number in range(len(shard)))
    told = Counter[tuple[str, str]]()
    for total in json.loads((out / "release/totals.json").read_text()):
        told[total["source"], total["split"]] += total["tokens"]
    assert counted == told
    assert {split for _, split in told} == {"train", "validation", "test"}


def test_a_second_start_changes_no_byte(out: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in out.rglob("receipt.json")}
    bytes_before = content(out)
    began = time.monotonic()
    done = run(QUICKSTART, out)
    assert done.returncode == 0
    assert time.monotonic() - began < 20
    assert content(out) == bytes_before
    assert {path: path.stat().st_mtime_ns for path in out.rglob("receipt.json")} == before


def test_the_funnel_agrees_with_the_receipts(out: Path) -> None:
    found = as_json("funnel", out)
    totals = {(row["source"], row["outcome"]): row["documents"] for row in found if row["stage"] == "total"}
    for source, read in SOURCES.items():
        assert totals[source, "read"] == read
        assert totals[source, "dropped"] == dropped(out, source).total()
        assert totals[source, "kept"] + totals[source, "dropped"] == read


def test_stats_agree_with_the_release(out: Path) -> None:
    found = [row for row in as_json("stats", out)["rows"] if row["stage"] == "tokens"]
    told = json.loads((out / "release/totals.json").read_text())
    assert Counter({(row["source"], row["subset"] or "-", row["split"]): row["tokens"] for row in found}) == Counter(
        {(total["source"], total["subset"], total["split"]): total["tokens"] for total in told}
    )


def test_the_statistics_of_code_agree_with_the_documents(out: Path, tmp_path: Path) -> None:
    found = as_json("stats", out, "--write", tmp_path)
    lost = {row["id"] for row in rows(out / "drops" / "dedup")}
    for source, documents in (("stack", "files"), ("github", "num_examples")):
        kept = [row for row in rows(out / "documents" / source) if row["id"] not in lost]
        told = json.loads((tmp_path / f"{source}-stats.json").read_text())
        assert told == found["shapes"][f"{source}-stats.json"]
        assert {name.lower(): of[documents] for name, of in told.items()} == Counter(row["subset"] for row in kept)
        repositories = {(row["subset"], json.loads(row["meta"])["repo"]) for row in kept}
        counted = Counter(subset for subset, _ in repositories)
        assert all(of.get("num_repos", counted[name.lower()]) == counted[name.lower()] for name, of in told.items())


def test_status_and_plan_agree_on_the_units(out: Path) -> None:
    stages = as_json("status", out)["stages"]
    assert {stage["state"] for stage in stages} == {"done"}
    planned = as_json("plan", QUICKSTART)
    assert [(stage["stage"], stage["total"]) for stage in stages] == [
        (row["stage"], row["units"]) for row in planned["rows"]
    ]
    assert planned["units"] == sum(stage["done"] for stage in stages)


def test_doctor_and_schema_are_json() -> None:
    checks = as_json("doctor")
    assert {check["state"] for check in checks} <= {"ok", "warn"}
    schema = json.loads(proofpile("schema").stdout)
    assert {"sources", "dedup", "tokenizer"} <= schema["properties"].keys()


@pytest.mark.parametrize(
    ("asked", "fates"),
    [
        ("arxiv:2302.99901", [("documents/arxiv", "kept", "")]),
        ("https://geometry.example/heron", [("documents/open-web-math", "kept", "")]),
        ("geometry.example/heron/", [("documents/open-web-math", "kept", "")]),
        ("https://lessons.example/gougu", [("documents/open-web-math", "dropped", "language-id/language")]),
        (
            "https://calculus.example/print/chain-rule",
            [("documents/open-web-math", "kept", ""), ("dedup/marks", "dropped", "dedup/exact")],
        ),
    ],
)
def test_explain_tells_what_became_of_a_document(out: Path, asked: str, fates: list[tuple[str, str, str]]) -> None:
    found = as_json("explain", out, asked)["fates"]
    told = [(fate["stage"], fate["outcome"], f"{fate['rule']}/{fate['reason']}".strip("/")) for fate in found]
    assert told == fates


def test_explain_says_what_is_counted_but_not_listed(out: Path) -> None:
    found = as_json("explain", out, "https://kitchen.example/plum-cake", code=1)
    assert found["fates"] == []
    assert found["unlisted"]["documents/open-web-math: prefilter/no-maths"] == 21
    assert found["unlisted"]["documents/github: file-type/extension"] == 7


def test_explain_an_unknown_url_names_what_is_near(out: Path) -> None:
    near = as_json("explain", out, "https://geometry.example/herons", code=1)["near"]
    assert "https://geometry.example/heron" in near
    assert as_json("explain", out, "nothing like it", code=1)["near"] == []
