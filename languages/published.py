"""What the published code asked of a language's files: the table `[recipes.published]` of NAME.toml.

These are the rules of EleutherAI/math-lm (proof_pile_2/algebraic_stack, commit 9575d13) with the defects that change
which files are kept. They stand beside the language's own rules and share nothing with them but the names.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache, cached_property
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from languages import LargeFiles, Marker, names


class PublishedSign(Marker):
    """A marker as the published code looks for it: `^` and `$` are the ends of the text, `{word}` is a substring."""

    @cached_property
    def regex(self) -> re.Pattern[str]:
        alternatives = "|".join(map(re.escape, self.words))
        return re.compile(self.pattern.replace("{word}", f"(?:{alternatives})"))


class PublishedRules(BaseModel):
    """Which files of a language the published code kept."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str
    """The language's."""
    extensions: tuple[str, ...] = ()
    """Endings of the path in these very letters; empty: any, since The Stack's folder says the language."""
    standard: bool = True
    """Whether there are limits on size and density at all."""
    max_bytes: int = 1_048_575
    """Largest file kept, in bytes of UTF-8."""
    max_density: float = 0.5
    """Largest share of digits among the characters that are not white space."""
    large_files: LargeFiles | None = None
    """What is asked of large files; `line` is counted as often as it occurs."""
    any_of: tuple[PublishedSign, ...] = ()
    """A file needs one of these, if there are any."""
    none_of: tuple[PublishedSign, ...] = ()
    """Refused anywhere in the text."""
    refused_paths: tuple[PublishedSign, ...] = ()
    """Refused in the path within the repository."""
    refused_repositories: tuple[PublishedSign, ...] = ()
    """Refused in the repository's name, without its owner."""
    english: bool = False
    """Whether only English text is kept."""
    notebook: bool = False
    """Whether files are Jupyter notebooks, to be turned into Markdown."""
    universal_newlines: bool = False
    """Whether files were read with every newline as \\n."""
    chunk: int = 0
    """Characters in a chunk by which copies were found; 0: copies were not looked for."""
    max_files: int = 0
    """Documents of each split that were written; 0: all."""


@cache
def load(name: str) -> PublishedRules:
    """The published rules of a language; ValueError, which lists the names, if there is no such language."""
    if name not in names():
        raise ValueError(f"no language {name!r}; there are: {', '.join(names())}")
    facts = tomllib.loads(files("languages").joinpath(f"{name}.toml").read_text("utf-8"))
    return PublishedRules.model_validate({"name": name, **facts["recipes"]["published"]})
