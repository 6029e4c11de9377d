"""From a TOML file to a Manifest, with errors that say what, where and what is allowed."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from manifests.manifest import Manifest
from manifests.sections import below


class ManifestError(Exception):
    """A manifest that cannot be used; the message names the file, the key and what is allowed."""


def load_manifest(path: str | Path, overrides: Iterable[str] = ()) -> Manifest:
    """Read a manifest and apply `KEY=VALUE` overrides; locations come out absolute. Raises ManifestError."""
    path = Path(path)
    table = read_toml(path)
    for one in overrides:
        override(table, one)
    try:
        return Manifest.model_validate(table).located(path.parent.resolve())
    except ValidationError as error:
        raise ManifestError("\n".join(f"{path}: {line}" for line in describe_errors(error, table))) from None


def read_toml(path: Path) -> dict[str, Any]:
    """Parse a TOML file. Raises ManifestError naming the file, and the line where TOML says so."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ManifestError(f"{path}: there is no such file") from None
    except OSError as error:
        raise ManifestError(f"{path}: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ManifestError(f"{path}: this is not TOML: {error}") from None


def override(table: dict[str, Any], override: str) -> None:
    """Put the value of `KEY=VALUE` into a parsed TOML file. Raises ManifestError."""
    key, equals, value = override.partition("=")
    if not equals or not key:
        raise ManifestError(f"--set {override}: write KEY=VALUE, such as --set dedup.threshold=0.8")
    *parents, last = key.split(".")
    place: Any = table
    for part in parents:
        place = _descend(place, part, override)
    if not isinstance(place, dict):
        raise ManifestError(f"--set {override}: {'.'.join(parents)} is not a table")
    parsed = _parse(value)
    # what is typed on a command line starts where it is typed, not where the manifest lies
    place[last] = (
        below(os.getcwd(), parsed) if last in ("root", "lock", "against") and isinstance(parsed, str) else parsed
    )


def _descend(place: Any, part: str, override: str) -> Any:
    if isinstance(place, dict):
        return place.setdefault(part, {})
    if isinstance(place, list):
        for position, item in enumerate(place):
            if part == str(position) or (isinstance(item, dict) and item.get("name") == part):
                return item
    raise ManifestError(f"--set {override}: there is no {part!r} to set something in")


def _parse(value: str) -> Any:
    """A TOML value if it is one, else the text itself, so that strings need no quotes on the command line."""
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return value


def describe_errors(error: ValidationError, table: Mapping[str, Any]) -> list[str]:
    """One line per mistake: the dotted key, what is wrong, and the nearest known name for an unknown key."""
    items = error.errors()
    below = {item["loc"][:depth] for item in items for depth in range(len(item["loc"]))}
    # pydantic counts a list's faulty elements as absent, and then calls the list too short as well
    return [_describe(dict(item), table) for item in items if item["type"] != "too_short" or item["loc"] not in below]


def _describe(item: dict[str, Any], table: Mapping[str, Any]) -> str:
    key = ".".join(_names(item["loc"], table)) or "manifest"
    if item["type"] == "extra_forbidden":
        return unknown_key(key, str(item["loc"][-1]), _allowed(item["loc"][:-1]))
    given = "" if item["type"] == "missing" or not item["loc"] else f" (given: {str(item['input'])[:80]!r})"
    return f"{key}: {item['msg'].removeprefix('Value error, ')}{given}"


def _names(location: Iterable[int | str], place: Any) -> Iterator[str]:
    """The location as a person writes it: elements of a list by their name, without the tags that pydantic puts in."""
    for part in location:
        if isinstance(place, Mapping) and part == place.get("kind") and part not in place:
            continue
        try:
            place = place[part]
        except (KeyError, IndexError, TypeError):
            place = None
        named = isinstance(part, int) and isinstance(place, Mapping) and "name" in place
        yield str(place["name"] if named else part)


def check_known(where: str, names: Iterable[str], allowed: Sequence[str]) -> None:
    """Raises ManifestError for the first name that is not allowed at a place of the manifest."""
    for name in names:
        if name not in allowed:
            raise ManifestError(unknown_key(f"{where}.{name}", name, allowed))


def unknown_key(key: str, name: str, allowed: Iterable[str]) -> str:
    """The sentence for a name nobody knows."""
    allowed = sorted(allowed)
    near = difflib.get_close_matches(name, allowed, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return f"{key}: unknown key{hint} Allowed here: {', '.join(allowed)}"


def _allowed(location: Iterable[int | str]) -> list[str]:
    """Names that the schema allows at a place of the manifest, found by walking the JSON schema."""
    here: Mapping[str, Any] = Manifest.model_json_schema()
    definitions = here.get("$defs", {})
    for part in location:
        here = _step(here, part, definitions)
    return list(here.get("properties", {}))


def _step(schema: Mapping[str, Any], part: int | str, definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema one step down; a tagged union is stepped into by its tag, as pydantic's error locations do."""
    if isinstance(part, int):
        below: Mapping[str, Any] = schema.get("items", {})
    elif part in schema.get("discriminator", {}).get("mapping", {}):
        below = {"$ref": schema["discriminator"]["mapping"][part]}
    else:
        below = schema.get("properties", {}).get(part) or schema.get("additionalProperties", {})
    reference = below.get("$ref", "")
    found: Mapping[str, Any] = definitions[reference.rsplit("/", 1)[-1]] if reference else below
    return found
