"""The tables of a manifest, but for its sources. Defaults are the papers' where a paper gives one."""

from __future__ import annotations

import os
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


def _expand(location: str) -> str:
    expanded = os.path.expanduser(os.path.expandvars(location))
    unset = re.search(r"\$\{?(\w+)", expanded)
    if unset:
        raise ValueError(f"environment variable {unset[1]} is not set")
    return expanded


Location = Annotated[str, AfterValidator(_expand)]
"""Where something lies: the only kind of field in which `$VARIABLE` is replaced. Never part of a recipe's identity."""


def below(base: str, location: str) -> str:
    """A relative location below a base; URLs, `builtin:`, absolute paths and what begins with `$` or `~` stay."""
    if not location or ":" in location or location.startswith(("/", "$", "~")):
        return location
    return os.path.normpath(os.path.join(base, location)) if ":" not in base else f"{base.rstrip('/')}/{location}"


Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]


class Section(BaseModel):
    """A table of the manifest: immutable, unknown keys refused, fields described by the docstring under them."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ModelSection(Section):
    """A model that a filter asks."""

    path: Location
    """A path below `root`, an absolute path, a URL, or `builtin:NAME` for a model that ships with proofpile."""
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    """What its bytes must hash to. Left empty, the first run records it in its `lock.toml`."""


class HeldoutSection(Section):
    """A benchmark whose theorems are cut out of Lean and Isabelle sources and of proof steps."""

    lists: tuple[Location, ...] = ()
    """Files that name its theorems, below `root` or elsewhere: LeanDojo's `val.json` and `test.json`, PISA's archive,
    JSON lines with `formal_statement`, names one a line, or `.lean` and `.thy` files that state them."""
    sha256: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")], ...] = ()
    """What the lists must hash to, in their order. Left empty, the first run records it in its `lock.toml`."""
    repositories: tuple[str, ...] = ()
    """Words in the names of repositories that are copies of the benchmark, such as `minif2f`: none of their Lean and
    Isabelle files are kept."""
    by_name: bool = False
    """Its names are unmistakable, as miniF2F's are: what bears one is cut though its statement be another."""

    @model_validator(mode="after")
    def has_a_hash_a_list(self) -> HeldoutSection:
        if self.sha256 and len(self.sha256) != len(self.lists):
            raise ValueError(f"{len(self.lists)} lists, but {len(self.sha256)} sha256; give one of each, or none")
        if not (self.lists or self.repositories):
            raise ValueError("give lists, repositories, or both")
        return self


class Dedup(Section):
    """Exact and near-duplicates across all sources."""

    near: bool = True
    """Look for near-duplicates, besides exact ones."""
    method: Literal["minhash", "simhash"] = "minhash"
    """`minhash` finds texts of a Jaccard similarity, `simhash` those whose 64-bit fingerprints differ in few bits."""
    shingles: Literal["words", "characters", "tokens"] = "words"
    """What a shingle is a run of: words are parted by white space; tokens are runs of letters and digits, and signs."""
    shingle: int = Field(default=5, ge=1)
    """Length of a shingle; a document that is shorter is compared exactly only."""
    lowercase: bool = False
    """Compare texts in lower case."""
    threshold: float = Field(default=0.7, gt=0, le=1)
    """Of `minhash`: Jaccard similarity of shingles from which two documents are near-duplicates."""
    permutations: int = Field(default=128, ge=16, le=1024)
    """Of `minhash`: length of a signature."""
    bands: int = Field(default=0, ge=0)
    """Of `minhash`: parts of a signature of which one must be equal; 0: what suits the threshold."""
    rows: int = Field(default=0, ge=0)
    """Of `minhash`: numbers in a band; 0: what suits the threshold."""
    hamming: int = Field(default=3, ge=0, le=10)
    """Of `simhash`: bits in which fingerprints may differ."""
    verify: bool = True
    """Judge candidates by their true similarity; otherwise all candidates count as near-duplicates."""
    leaders: int = Field(default=8, ge=1)
    """Members of a bucket that are compared with all others of it; what larger buckets leave out is reported."""
    partitions: int = Field(default=4, ge=1)
    """Into how many files keys and candidates are dealt: as many units may work on them at a time."""
    memory: int = Field(default=256_000_000, ge=1_000_000)
    """Bytes that such a unit may take for what it joins; it makes as many passes as that asks for."""
    paragraphs: int = Field(default=0, ge=0)
    """Count paragraphs (lines) of at least so many characters that stand elsewhere, too; 0: do not."""
    remove_paragraphs: bool = False
    """Cut them out of all documents but the one that would survive the others; a document left empty goes."""
    prefer: tuple[str, ...] = ()
    """Numbers in `meta`, such as `stars`: of duplicates of one source the one with the larger number is kept."""
    priority: tuple[str, ...] = ()
    """Sources in the order in which they win over a duplicate elsewhere; sources not named follow by name."""
    against: Location = ""
    """Folder of an earlier run with the same settings: what is like its documents goes, too."""
    accept_any_share: bool = False
    """Go on if of 1,000 or more documents none goes, or more than nine in ten do: mostly that is a mistake."""

    @model_validator(mode="after")
    def fits_together(self) -> Dedup:
        if bool(self.bands) != bool(self.rows):
            raise ValueError("give both bands and rows, or neither")
        if self.remove_paragraphs and not self.paragraphs:
            raise ValueError("remove_paragraphs needs paragraphs, the least length of one")
        if self.bands * self.rows > self.permutations:
            raise ValueError(f"{self.bands} bands of {self.rows} rows need more than {self.permutations} permutations")
        return self


class BenchmarkSection(Section):
    """What must not be in the corpus."""

    name: Name
    """Name of the benchmark in the ledger."""
    path: Location
    """Its items: JSON lines, decon's references, Parquet, a tar of JSON, or a name a line; below `root`, or anywhere by
    an absolute path or URL."""
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    """What its bytes must hash to. Left empty, it is what they hash to when the run begins."""
    fields: tuple[str, ...] = Field(default=(), max_length=2)
    """Fields of question and answer, if they are not called so, nor problem, solution, or otherwise as usual."""


class Decontaminate(Section):
    """Removal of benchmarks from the documents, before they are tokenized. Without benchmarks nothing is removed."""

    benchmarks: tuple[BenchmarkSection, ...] = ()
    """What to look for."""
    action: Literal["drop", "cut"] = "drop"
    """`drop` leaves out the documents, `cut` only what was found in them."""
    methods: tuple[Literal["fuzzy", "exact", "ngram-13", "llemma-30", "llemma-20", "llemma-13", "llemma-10"], ...] = (
        "fuzzy",
        "exact",
    )
    """Whose hits count; `proofpile audit` shows what each finds."""


class Split(Section):
    """Train, validation and test. The recipe `published` splits documents one by one, and The Stack's as they were."""

    validation: float = Field(default=0.005, ge=0, lt=1)
    """Share of groups (site, repository, paper) that go to validation."""
    test: float = Field(default=0.005, ge=0, lt=1)
    """Share of groups that go to test."""

    @model_validator(mode="after")
    def leaves_something_to_train_on(self) -> Split:
        if self.validation + self.test >= 1:
            raise ValueError("validation and test together leave nothing to train on")
        return self


class Tokenizer(Section):
    """Where token ids come from: a file, or a small one trained on the documents of this run."""

    path: Location = ""
    """A `tokenizers` JSON file, a SentencePiece model or a tiktoken file that OpenAI publishes: a path below `root`, an
    absolute path, or a URL, such as `hf://ORG/REPOSITORY/tokenizer.json@REVISION`."""
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    """What its bytes must hash to."""
    train_vocabulary: int = Field(default=0, ge=0)
    """Train a byte-level BPE of this many entries on the documents instead of reading a file."""
    end_of_document: str = "</s>"
    """Token that is appended once to every document; it must be in the vocabulary."""
    shard_bytes: int = Field(default=1_000_000_000, ge=1)
    """Size of a `.bin` at which another is begun; a document is never cut."""
    input_ids: bool = False
    """Write the ids into the Parquet file beside each `.bin`, too, as a column `input_ids`."""
    litdata: bool = False
    """Write a LitData data set of each source and split, too; needs `pip install '.[litdata]'`."""

    @model_validator(mode="after")
    def has_one_origin(self) -> Tokenizer:
        if bool(self.path) == bool(self.train_vocabulary):
            raise ValueError("give either path or train_vocabulary")
        return self


class Mixture(Section):
    """How much of each source a trainer sees."""

    weights: dict[str, Annotated[float, Field(ge=0)]] = {}
    """Sampling shares by source or group, on any scale; a source that is not named keeps its share of all tokens."""
    groups: dict[Name, tuple[str, ...]] = {}
    """Sources that share one weight in proportion to their tokens: `code = ["stack", "github"]`."""
    budget: int = Field(default=0, ge=0)
    """Tokens of training for which epochs per source are worked out; 0: one pass over all tokens."""

    @model_validator(mode="after")
    def groups_are_weighed(self) -> Mixture:
        members = [source for group in self.groups.values() for source in group]
        for name in self.groups:
            if name not in self.weights:
                raise ValueError(f"group {name} has no weight")
        twice = sorted({name for name in members if members.count(name) > 1 or name in self.weights})
        if twice:
            raise ValueError(f"{twice[0]} has two weights, or is in two groups; give it one")
        return self

    @property
    def sources(self) -> set[str]:
        """All sources that it names, by themselves or in a group."""
        return {*self.weights.keys() - self.groups.keys(), *(one for group in self.groups.values() for one in group)}


class Packed(Section):
    """The mixture itself, written as sequences in the order of training: as many tokens as the budget."""

    sequence: int = Field(default=4096, ge=2)
    """Tokens in a sequence."""


class Limits(Section):
    """What one record and one unit may cost."""

    unit_bytes: int = Field(default=32_000_000, ge=1)
    """Small inputs are put together into units of about this many bytes."""
    record_seconds: float = Field(default=60.0, gt=0)
    """CPU seconds that one record may take before it is dropped as `isolation/timeout`."""
    worker_bytes: int = Field(default=4_000_000_000, ge=100_000_000)
    """Memory that a worker may hold before its record is dropped as `isolation/memory`."""
    error_rate: float = Field(default=0.01, ge=0, le=1)
    """Share of records that may be unreadable or crash before the run ends with exit code 3."""


class Fetch(Section):
    """How inputs are read that lie on web servers. Object stores pace their visitors themselves."""

    requests_per_second: float = Field(default=1.0, gt=0)
    """Of the whole run, all workers together. A whole file is one request. CommonCrawl blocks who asks too often."""
    contact: str = Field(default="", pattern=r"^[\x21-\x7e]*$")
    """URL or mail address by which a webmaster can reach you; it is told with each request."""
