"""The tables `[[sources]]` of a manifest: what is to be read, a kind of archive a class."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, model_validator

from manifests.sections import Location, Name, Section


class SourceSection(Section):
    """What all sources have."""

    name: Name
    """Name of the source in every count, table and folder, such as `open-web-math`."""
    paths: tuple[str, ...] = Field(min_length=1)
    """Keys of the objects to read, below `root`; `*` and `**` match as in a shell."""
    exclude: tuple[str, ...] = ()
    """Keys to leave out, patterns as in `paths`."""
    root: Location = ""
    """Where this source's objects lie, if not below the manifest's `root`."""
    filters: dict[str, dict[str, JsonValue]] = Field(default={})
    """Thresholds that differ from the defaults, by filter: `[sources.filters.math-score]`, `with_maths = 0.2`."""
    skip: tuple[str, ...] = ()
    """Filters to leave out of this source's chain, by rule name."""


class Warc(SourceSection):
    """Web pages in WARC files, as CommonCrawl publishes them."""

    kind: Literal["warc"]
    paths: tuple[str, ...] = ()
    """Keys of the objects to read, below `root`; `*` and `**` match as in a shell."""
    lists: tuple[str, ...] = ()
    """Files that name objects below `root`, a key a line, such as `crawl-data/CC-MAIN-2023-14/warc.paths.gz`; they lie
    below `root` themselves, or elsewhere by an absolute path or URL. What they name is trusted never to change."""
    slice: str = Field(default="", pattern=r"^((-?\d+)?:(-?\d+)?(:(-?[1-9]\d*)?)?)?$")
    """Which lines of each list to read, as Python slices: `:100` the first hundred, `::1000` one in a thousand."""

    @model_validator(mode="after")
    def names_something_to_read(self) -> Warc:
        if not (self.paths or self.lists):
            raise ValueError("give paths, or lists of them")
        return self


class CcIndex(SourceSection):
    """Single web pages out of WARC files, by tables of where they lie, as CommonCrawl's columnar index has them.

    `paths` are the tables: Parquet with url, warc_filename, warc_record_offset, warc_record_length. One is one unit.
    """

    kind: Literal["cc-index"]
    archives: Location = "https://data.commoncrawl.org"
    """Where the WARC files lie: a folder or URL, such as `s3://commoncrawl`. They are trusted never to change."""


class CodeSection(SourceSection):
    """What sources of code have."""

    licenses: tuple[str, ...] = ()
    """SPDX names of the licences that are allowed; `permissive` stands for a list of them; none: all are allowed. They
    are those of the repository as its source names them, and are recorded with each document."""
    opt_out: tuple[str, ...] = ()
    """Files that name repositories (`owner/repository`) and users (`owner`), one a line, whose code is left out, and
    that of their forks; they lie below `root`, or elsewhere by an absolute path or URL."""


class Stack(CodeSection):
    """Source code in The Stack's Parquet files; the folder under `data/` names the language."""

    kind: Literal["stack"]


class Github(CodeSection):
    """Repository tarballs as GitHub serves them (`.tar.gz`): those of a list, or what lies in a folder."""

    kind: Literal["github"]
    paths: tuple[str, ...] = ()
    """Keys of tarballs to read, below `root`; `*` and `**` match as in a shell."""
    repositories: str = ""
    """A list of commits that `proofpile github plan` wrote; below `root`, or elsewhere by an absolute path or URL."""
    archives: Location = "https://codeload.github.com"
    """Where the tarballs of the list are: a server that gives them as GitHub's does, or a folder of them, each named
    `owner-repository-` and the first seven digits of the commit. They are trusted never to change."""
    languages: tuple[str, ...] = Field(min_length=1)
    """Languages to look for, by their name in `languages/`; a file belongs to the one that claims its extension."""

    @model_validator(mode="after")
    def names_something_to_read(self) -> Github:
        if bool(self.paths) == bool(self.repositories):
            raise ValueError("give either paths or a list of repositories")
        return self


class Arxiv(SourceSection):
    """arXiv e-prints: `.gz` of one TeX file or of a tar."""

    kind: Literal["arxiv"]


class Jsonl(SourceSection):
    """Text in JSON lines, plain, gzip or zstd; RedPajama's layout by default."""

    kind: Literal["jsonl"]
    text_field: str = "text"
    """Field that holds the text; dots reach into objects."""
    id_field: str = ""
    """Field that holds the id; empty: key and line number."""
    url_field: str = "meta.url"
    """Field that holds the URL, if there is one."""
    date_field: str = "meta.timestamp"
    """Field that holds the date, if there is one."""
    subset: str = ""
    """Subset of every document of this source, such as `lean-proofsteps`."""


AnySource = Annotated[Warc | CcIndex | Stack | Github | Arxiv | Jsonl, Field(discriminator="kind")]
