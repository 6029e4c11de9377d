"""Token shards: what a trainer reads is what the documents say, and the counts are what it sees."""

from __future__ import annotations

import errno
import io
import json
import resource
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer
from tiny_corpus import TEXT, Marks, TinyCorpus, tokenizer_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from filters.document import Drop
from filters.models import Model, ModelError, pin
from manifests import Receipt
from manifests.sections import Split
from pipeline.indexed import IndexedDataset
from pipeline.stage import Bench, Unwatched
from pipeline.stages.mixture import MixtureStage, token_shards
from pipeline.stages.tokens import Tokens, encoded, shard_prefix
from pipeline.tokenization import TextEncoder, TokenizerError, load_tokenizer

TRAINING = Split(validation=0, test=0)
HALVES = Split(validation=0.3, test=0.3)
STRANGE = {
    "forged": "a</s>b <s> <|endoftext|> <unk>",
    "nul": "a\0b",
    "surrogate": "a\ud800b \ud835\udd04",
    "spaces": " \n\t ",
    "wide": "定理 ∀x∈ℝ 🧮 é",
}


def pages(sites: int, each: int = 3) -> list[dict[str, str]]:
    return [
        {"id": f"{site}/{page}", "url": f"https://s{site}.test/{page}", "text": f"{TEXT[: 10 * site]} {page}."}
        for site in range(sites)
        for page in range(each)
    ]


def read_back(corpus: TinyCorpus, receipts: tuple[Receipt, ...]) -> dict[str, list[int]]:
    """The ids of every document in the shards, by document id."""
    found: dict[str, list[int]] = {}
    for shard in token_shards(receipts):
        prefix = corpus.folder / shard.prefix
        rows = pq.read_table(f"{prefix}.parquet").to_pylist()
        dataset = IndexedDataset(prefix)
        assert [row["document"] for row in rows] == list(range(len(dataset)))
        assert [row["tokens"] for row in rows] == dataset.sizes.tolist()
        found |= {row["id"]: ids.tolist() for row, ids in zip(rows, dataset, strict=True)}
    return found


def tokenize(folder: Path, documents: list[dict[str, str]], **fields: object) -> tuple[TinyCorpus, tuple[Receipt, ...]]:
    corpus = TinyCorpus(folder)
    corpus.ingest("web", {"a.jsonl": documents})
    corpus.do(Marks())
    fields = {"tokenizer": tokenizer_file(folder)} | fields
    return corpus, corpus.do(Tokens("web", **fields))  # type: ignore[arg-type]


def test_every_document_comes_back_with_one_end(tmp_path: Path) -> None:
    documents = [{"id": name, "text": text} for name, text in STRANGE.items()]
    corpus, receipts = tokenize(tmp_path, documents, split=HALVES)
    encoder = load_tokenizer(tmp_path / "tokenizer.json", "</s>")
    found = read_back(corpus, receipts)
    assert {name: ids.count(encoder.end) for name, ids in found.items()} == dict.fromkeys(STRANGE, 1)
    assert {name: ids[-1] for name, ids in found.items()} == dict.fromkeys(STRANGE, encoder.end)
    assert {name: encoder.decode(ids[:-1]) for name, ids in found.items()} == STRANGE | {"surrogate": "a\ufffdb 𝔄"}


def test_receipts_and_totals_are_what_the_index_files_sum_to(tmp_path: Path) -> None:
    corpus = TinyCorpus(tmp_path)
    shards = {f"{name}.jsonl": [page | {"subset": f"s/{name}"} for page in pages(12)] for name in "ab"}
    corpus.ingest("web", shards)
    corpus.ingest("code", {"c.jsonl": pages(12)})
    corpus.do(Marks())
    model = tokenizer_file(tmp_path)
    receipts = sum((corpus.do(Tokens(source, tokenizer=model, split=HALVES)) for source in ("web", "code")), ())
    corpus.do(MixtureStage(("web", "code")))
    seen: Counter[tuple[str, str]] = Counter()
    for path in corpus.folder.glob("tokens/*/*/*.idx"):
        dataset = IndexedDataset(path.with_suffix(""))
        seen[path.parts[-3], path.parts[-2]] += int(dataset.sizes.sum())
    counted: Counter[tuple[str, str]] = Counter()
    for row in json.loads((corpus.folder / "release/totals.json").read_text()):
        counted[row["source"], row["split"]] += row["tokens"]
        assert row["subset"] in ("s/a", "s/b", "-")
    assert counted == seen
    assert len(seen) == 6
    assert sum(total.tokens for receipt in receipts for total in receipt.totals.values()) == seen.total()
    assert {shard.prefix: shard.tokens for shard in token_shards(receipts)} == {
        shard.prefix: IndexedDataset(corpus.folder / shard.prefix).tokens for shard in token_shards(receipts)
    }


def test_what_dedup_dropped_is_not_read_and_what_is_empty_is_dropped(tmp_path: Path) -> None:
    corpus = TinyCorpus(tmp_path)
    texts = {"one": "One.", "copy": "One.", "empty": "", "two": "Two."}
    corpus.ingest("web", {"x/a.jsonl": [{"id": name, "text": text} for name, text in texts.items()]})
    corpus.ingest("code", {"x/a.jsonl": [{"id": "copy", "text": "Another source's."}]})
    corpus.do(Marks({"web/x/a.jsonl": ("copy",)}))
    (receipt,) = corpus.do(Tokens("web", tokenizer=tokenizer_file(tmp_path)))
    flow = receipt.flows["web"]
    assert (flow.read.documents, flow.kept.documents, flow.kept.bytes) == (3, 2, 8)
    assert flow.dropped["tokens/empty"].documents == 1
    assert read_back(corpus, (receipt,)).keys() == {"one", "two"}
    (drop,) = pq.read_table(corpus.folder / "drops/tokens/web/x/a.jsonl.parquet").to_pylist()
    assert (drop["id"], drop["stage"], drop["rule"], drop["reason"]) == ("empty", "tokens/web", "tokens", "empty")
    (other,) = corpus.do(Tokens("code", tokenizer=tokenizer_file(tmp_path)))
    assert other.flows["code"].kept.documents == 1


def test_a_unit_of_nothing_has_a_receipt_and_no_shard(tmp_path: Path) -> None:
    _, (receipt,) = tokenize(tmp_path, [])
    assert receipt.flows == {}
    assert [file.path for file in receipt.files] == ["drops/tokens/web/a.jsonl.parquet"]


def split_by_id(corpus: TinyCorpus, receipts: tuple[Receipt, ...]) -> dict[str, str]:
    return {
        row["id"]: shard.split
        for shard in token_shards(receipts)
        for row in pq.read_table(f"{corpus.folder / shard.prefix}.parquet").to_pylist()
    }


def test_a_group_shares_a_split_for_any_sharding(tmp_path: Path) -> None:
    documents = pages(20)
    layouts = {"whole": {"a": documents}, "dealt": {str(n): documents[n::3] for n in range(3)}}
    found = {}
    for name, shards in layouts.items():
        corpus = TinyCorpus(tmp_path / name)
        corpus.ingest("web", shards)
        corpus.do(Marks())
        found[name] = split_by_id(corpus, corpus.do(Tokens("web", tokenizer=tokenizer_file(tmp_path), split=HALVES)))
    assert found["whole"] == found["dealt"]
    sites = {(name.partition("/")[0], split) for name, split in found["whole"].items()}
    assert len(sites) == 20
    assert {split for _, split in sites} == {"train", "validation", "test"}


def test_documents_can_be_split_one_by_one(tmp_path: Path) -> None:
    found = split_by_id(*tokenize(tmp_path, pages(20), split=HALVES, by_document=True))
    parted = [site for site in range(20) if len({found[f"{site}/{page}"] for page in range(3)}) > 1]
    assert len(parted) > 5


def test_the_bin_is_a_raw_memmap_and_the_sidecar_may_hold_the_ids(tmp_path: Path) -> None:
    corpus, receipts = tokenize(tmp_path, pages(5), split=TRAINING, input_ids=True)
    (shard,) = token_shards(receipts)
    prefix = corpus.folder / shard.prefix
    rows = pq.read_table(f"{prefix}.parquet").to_pylist()
    assert {row["id"]: row["input_ids"] for row in rows} == read_back(corpus, receipts)
    raw = np.memmap(f"{prefix}.bin", np.uint16, "r").tolist()
    assert raw == [number for row in rows for number in row["input_ids"]]


def test_a_wide_vocabulary_takes_four_bytes_an_id(tmp_path: Path) -> None:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    names = [*(f"<{number}>" for number in range(65_600 - 257)), *alphabet, "</s>"]
    tokenizer = Tokenizer(models.BPE(vocab={name: number for number, name in enumerate(names)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.save(str(tmp_path / "wide.json"))
    model = pin(Model(str(tmp_path / "wide.json")))
    corpus, receipts = tokenize(tmp_path, [{"id": "x", "text": "ab"}], tokenizer=model)
    (shard,) = token_shards(receipts)
    assert IndexedDataset(corpus.folder / shard.prefix).dtype.itemsize == 4
    assert read_back(corpus, receipts)["x"] == [names.index("a"), names.index("b"), 65_599]


def test_names_of_units_cannot_trip_a_command_line_over() -> None:
    assert shard_prefix("tokens/web", "train", "a b/c'd%é~.gz+3") == "tokens/web/train/a%20b/c%27d%25%C3%A9%7E.gz+3"


def test_a_document_that_kills_costs_itself_only(tmp_path: Path) -> None:
    noted: list[int] = []

    class Watched(Unwatched):
        def __init__(self) -> None:
            self.skip = {2: "crash"}

        def enter(self, ordinal: int) -> None:
            noted.append(ordinal)

    tokenizer_file(tmp_path)
    rows = [{"id": str(number), "text": "text", "url": ""} for number in range(4)]
    outcomes = list(encoded(rows, load_tokenizer(tmp_path / "tokenizer.json", "</s>"), Watched()))
    assert [isinstance(outcome, Drop) for _, outcome in outcomes] == [False, False, True, False]
    assert (outcomes[2][1].rule, outcomes[2][1].reason) == ("isolation", "crash")  # type: ignore[union-attr]
    assert noted == [0, 1, 3]


@pytest.mark.parametrize("limit", [1, 1000, 5000, 10**9])
def test_shards_are_cut_at_a_size_and_documents_never(tmp_path: Path, limit: int) -> None:
    documents = [*pages(10), {"id": "long", "text": TEXT * 3}]
    whole = read_back(*tokenize(tmp_path / "whole", documents))
    corpus, receipts = tokenize(tmp_path / "cut", documents, shard_bytes=limit, split=TRAINING)
    assert read_back(corpus, receipts) == whole
    shards = list(token_shards(receipts))
    names = [shard.prefix for shard in shards]
    assert names[0] == "tokens/web/train/a.jsonl"
    assert names[1:] == [f"tokens/web/train/a.jsonl~{number:05}" for number in range(1, len(names))]
    assert len(names) == {1: 31, 10**9: 1}.get(limit, len(names))
    for shard in shards:
        dataset = IndexedDataset(corpus.folder / shard.prefix)
        assert len(dataset) == 1 or dataset.tokens * 2 <= limit


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full disk at hand")
@pytest.mark.parametrize("size", [10, 100_000])
def test_a_full_disk_leaves_no_receipt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    usual = Bench.path

    def full(bench: Bench, name: str) -> Path:
        path = usual(bench, name)
        if "/train/" in name:
            Path(f"{path}.bin").symlink_to("/dev/full")
        return path

    monkeypatch.setattr(Bench, "path", full)
    with pytest.raises(OSError, match="No space left") as caught:
        tokenize(tmp_path, [{"text": "x" * size}])
    assert caught.value.errno == errno.ENOSPC
    assert not list(tmp_path.glob("out/tokens/**/receipt.json"))


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """The kernel lets no file of this process grow beyond: a write goes half through, and the next one fails."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_disk_that_fills_in_the_middle_of_a_shard_leaves_nothing_and_the_next_run_goes_on(tmp_path: Path) -> None:
    corpus = TinyCorpus(tmp_path)
    documents = [{"id": str(number), "text": f"{TEXT * 20} {number}"} for number in range(20)]
    corpus.ingest("web", {"a.jsonl": documents})
    corpus.do(Marks())
    stage = Tokens("web", tokenizer=tokenizer_file(tmp_path), split=TRAINING)
    with files_of_at_most(200_000), pytest.raises(OSError, match="File too large"):
        corpus.do(stage)
    assert not (corpus.folder / "tokens").exists()
    assert not list((corpus.folder / ".run/scratch").iterdir())
    receipts = corpus.do(stage)
    assert next(token_shards(receipts)).tokens * 2 > 200_000
    assert read_back(corpus, receipts).keys() == {document["id"] for document in documents}


def test_a_sentencepiece_model_will_do(tmp_path: Path) -> None:
    file = io.BytesIO()
    options = {"vocab_size": 320, "model_type": "bpe", "byte_fallback": True, "remove_extra_whitespaces": False}
    SentencePieceTrainer.train(sentence_iterator=iter([TEXT]), model_writer=file, minloglevel=2, **options)
    (tmp_path / "tokenizer.model").write_bytes(file.getvalue())
    model = pin(Model(str(tmp_path / "tokenizer.model")))
    texts = {str(number): text for number, text in enumerate(["One <s> two</s>.", TEXT, "定理 ∀x∈ℝ 🧮"])}
    corpus, receipts = tokenize(tmp_path, [{"id": n, "text": text} for n, text in texts.items()], tokenizer=model)
    reference = SentencePieceProcessor(model_proto=file.getvalue())
    assert read_back(corpus, receipts) == {n: [*reference.encode(text), 2] for n, text in texts.items()}


def test_another_tokenizer_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    tokenizer_file(tmp_path)
    path = (tmp_path / "tokenizer.json").rename(tmp_path / "pinned.json")
    model = pin(Model(str(path)))
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ModelError, match="not the pinned one"):
        tokenize(tmp_path, [{"text": "text"}], tokenizer=model)


def test_an_engine_that_goes_wrong_is_found_when_it_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TextEncoder, "encode", lambda self, text: self.vocabulary.encode(text)[1:])
    with pytest.raises(TokenizerError, match="other ids than the tokenizer's own library"):
        tokenize(tmp_path, [{"text": TEXT}])


@pytest.mark.parametrize("content", [b"{}", b"\xff", b""])
def test_what_is_no_tokenizer_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t.json"
    path.write_bytes(content)
    with pytest.raises(TokenizerError, match="this is no file of tokenizers"):
        load_tokenizer(path, "</s>")
    with pytest.raises(TokenizerError, match="No such file"):
        load_tokenizer(tmp_path / "absent.json", "</s>")


def test_a_vocabulary_without_the_end_is_refused_with_what_it_has(tmp_path: Path) -> None:
    tokenizer_file(tmp_path)
    with pytest.raises(TokenizerError, match=r"no end-of-document token '<\|endoftext\|>'.*such as '</s>'"):
        load_tokenizer(tmp_path / "tokenizer.json", "<|endoftext|>")


def test_an_end_that_text_can_spell_is_refused(tmp_path: Path) -> None:
    tokenizer_file(tmp_path)
    with pytest.raises(TokenizerError, match="a page could forge it"):
        load_tokenizer(tmp_path / "tokenizer.json", "a")


def test_settings_of_the_file_that_would_change_documents_are_switched_off(tmp_path: Path) -> None:
    tokenizer_file(tmp_path)
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    tokenizer.add_tokens([AddedToken("[EOD]", special=False)])  # an end that its file forgot to call special
    tokenizer.enable_truncation(3)
    tokenizer.enable_padding(length=1000)
    tokenizer.save(str(tmp_path / "other.json"))
    encoder = load_tokenizer(tmp_path / "other.json", "[EOD]")
    ids = encoder.encode("a [EOD] b and so on").tolist()
    assert encoder.end not in ids
    assert encoder.decode(ids) == "a [EOD] b and so on"


def test_a_tokenizer_that_loses_text_is_found_when_it_writes(tmp_path: Path) -> None:
    tokenizer = Tokenizer(models.WordLevel({"one": 0, "[UNK]": 1, "</s>": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(tmp_path / "lossy.json"))
    model = pin(Model(str(tmp_path / "lossy.json")))
    tokenize(tmp_path / "known", [{"text": "one one"}], tokenizer=model)
    with pytest.raises(TokenizerError, match=r"does not decode .* loses text"):
        tokenize(tmp_path / "unknown", [{"text": "one two"}], tokenizer=model)
