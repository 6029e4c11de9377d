"""What a programming language is to the corpus: NAME.toml, one file a language, named as The Stack names its folders.

Every rule is a regular expression on the decoded text, in multi-line mode (`^` is the start of any line), or on the
path. `{word}` in a pattern and in its example stands for each of the entry's `words`, taken literally. A rule carries
the smallest text that it finds, so that the tests can hold every word of every language to its promise.

Signs that languages share lie in vocabulary/NAME.toml; NAME.scm is a tree-sitter query, where a grammar is named.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Marker(_Facts):
    """A sign to look for in a text or in a path."""

    pattern: str
    """Regular expression, searched for in multi-line mode; `\\w`, `\\b` and `\\s` know ASCII only."""
    example: str
    """A text, or a path, in which the pattern is found."""
    words: tuple[str, ...] = ()
    """What `{word}` stands for, one at a time."""

    @cached_property
    def regex(self) -> re.Pattern[str]:
        alternatives = "|".join(map(re.escape, self.words))
        return re.compile(self.pattern.replace("{word}", f"(?:{alternatives})"), re.MULTILINE | re.ASCII)

    @property
    def examples(self) -> tuple[str, ...]:
        """The example for each word, or the example alone."""
        return tuple(self.example.replace("{word}", word) for word in self.words) or (self.example,)


class Refusal(Marker):
    """A sign that a file is not wanted."""

    reason: str
    """What the sign betrays, in a few words."""


class Sign(Marker):
    """A sign of mathematics that does not suffice by itself; each of the words that is found counts once.

    Unlike other markers its pattern is matched by Hyperscan, word by word: no look around, `\\b` knows ASCII only.
    """

    weight: int = Field(default=1, ge=1)
    """What each word that is found adds to the score."""

    def expression(self, word: str) -> str:
        """The pattern for one of the words."""
        return self.pattern.replace("{word}", re.escape(word))


class Content(_Facts):
    """Asks a text without a word that suffices for several that do not, as a library's own files seldom import it."""

    min_score: int
    """Least sum of the weights of the different words in the text, comments and strings too, and in its folders."""
    bytes_per_point: int = Field(default=4096, gt=0)
    """For every so many bytes of text one more is asked for, as a long text holds any word some time."""
    signs: tuple[Sign, ...]
    """The words to look for; in the file, `vocabularies` adds those of vocabulary/NAME.toml, which languages share."""


class Lexis(_Facts):
    """How a language marks comments and strings, so that statements in them do not count."""

    line_comments: tuple[str, ...] = ()
    """What begins a comment that ends with the line."""
    block_comments: tuple[tuple[str, str], ...] = ()
    """Beginnings and ends of comments that may span lines."""
    nested: bool = False
    """Whether a block comment may hold another."""
    strings: tuple[str, ...] = ()
    """Quotes at both ends of a string that ends with the line at the latest."""
    long_strings: tuple[tuple[str, str], ...] = ()
    """Beginnings and ends of strings that may span lines."""
    escape: str = "\\"
    """What takes the meaning from the next character in a string; empty if nothing does."""


class LargeFiles(_Facts):
    """What is asked of the language's large files in addition."""

    min_bytes: int
    """Files of at least this many bytes are large."""
    line: str
    """Literal text to be found in lines."""
    min_share: float
    """Least share of the lines that hold the text."""


class Published(_Facts):
    """Figures of the Llemma paper."""

    tokens_millions: float
    """Tokens in AlgebraicStack, in millions (Table 9)."""
    verified: bool
    """Whether somebody compared the figure with the paper; if not, it is recalled from memory."""
    remark: str = ""
    """What is known of the figure."""

    @property
    def tokens(self) -> int:
        return round(self.tokens_millions * 1e6)


class Language(_Facts):
    """Which files count as a language's mathematics; the default limits are the paper's (Appendix A)."""

    name: str
    """The Stack's folder name."""
    title: str
    """Name for readers."""
    extensions: tuple[str, ...]
    """File name endings, in lower case, with the dot."""
    signature: tuple[Marker, ...] = ()
    """Signs that a file is in this language, where another language claims its ending, too."""
    origin: Literal["stack", "github"]
    """Whether the published files come from The Stack or from GitHub repositories."""
    max_bytes: int = 1_048_575
    """Largest file kept, in bytes of UTF-8."""
    max_density: float = 0.5
    """Largest share of digits among the characters that are not white space."""
    any_of: tuple[Marker, ...] = ()
    """Each suffices, wherever it stands. A file needs one of these, a statement or enough content, if any is listed."""
    statements: tuple[Marker, ...] = ()
    """Each suffices as a statement of the language, such as an import, but not in a comment or a string; with words."""
    content: Content | None = None
    """What suffices where no single word does."""
    lexis: Lexis = Lexis()
    """Comments and strings of the language; the patterns of `statements` begin where neither has begun."""
    grammar: str = ""
    """Python module of a tree-sitter grammar. NAME.scm is then the query for statements, each captured as a whole."""
    none_of: tuple[Refusal, ...] = ()
    """Refused anywhere in the text."""
    refused_starts: tuple[Refusal, ...] = ()
    """Refused at the first character that is not white space."""
    refused_paths: tuple[Refusal, ...] = ()
    """Refused in `owner/repository/path`, or in the path alone where no repository is known."""
    large_files: LargeFiles | None = None
    english: bool = False
    """Whether only English text is kept."""
    notebook: bool = False
    """Whether files are Jupyter notebooks, to be turned into Markdown."""
    published: Published


@cache
def names() -> tuple[str, ...]:
    """All languages, in alphabetical order."""
    entries = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(entry.removesuffix(".toml") for entry in entries if entry.endswith(".toml")))


@cache
def load(name: str) -> Language:
    """The language of that name; ValueError, which lists the names, if there is none."""
    if name not in names():
        raise ValueError(f"no language {name!r}; there are: {', '.join(names())}")
    facts = _toml(name)
    facts.pop("recipes", None)  # what the published code asked for: languages/published.py
    content = facts.get("content", {})
    for vocabulary in content.pop("vocabularies", ()):
        content["signs"] = content.get("signs", []) + _toml(f"vocabulary/{vocabulary}")["signs"]
    return Language.model_validate({"name": name, **facts})


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__name__).joinpath(f"{name}.toml").read_text("utf-8"))


def query(name: str) -> str:
    """The tree-sitter query that captures the statements of the language."""
    return files(__name__).joinpath(f"{name}.scm").read_text("utf-8")


def by_extension(path: str, among: Iterable[str] | None = None) -> tuple[str, ...]:
    """The languages among those named (default: all) that claim the longest ending of the path, in any case."""
    lowered = path.lower()
    endings = {name: load(name).extensions for name in (names() if among is None else among)}
    claims = {
        name: max((len(one) for one in found if lowered.endswith(one)), default=0) for name, found in endings.items()
    }
    longest = max(claims.values(), default=0)
    return tuple(name for name, length in claims.items() if length == longest > 0)


def told_apart(candidates: Sequence[str], text: str) -> str:
    """The first of some languages that have a signature in the text, else the first of them."""
    signed = (name for name in candidates if any(sign.regex.search(text) for sign in load(name).signature))
    return next(signed, candidates[0])
