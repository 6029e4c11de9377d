"""What a stage's output was made by: all fields of the stage that bear on it, and the code's version, as one hash."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, JsonValue

from manifests import Receipt
from pipeline.storage import RunFolder

if TYPE_CHECKING:
    from pipeline.stage import Stage, Unit

VERSION = 4
"""Raised whenever the code comes to mean something else with equal fields: everything made before is stale then."""


def recipe(thing: Any) -> JsonValue:
    """A stage, or anything in its fields, as JSON: all that bears on its output, locations left out."""
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        fields = [item for item in dataclasses.fields(thing) if not item.metadata.get("location")]
        return {"is": type(thing).__name__, **{item.name: recipe(getattr(thing, item.name)) for item in fields}}
    if isinstance(thing, BaseModel):
        return recipe(thing.model_dump())
    if isinstance(thing, Mapping):
        return {str(key): recipe(thing[key]) for key in sorted(thing)}
    if isinstance(thing, (set, frozenset)):
        return [recipe(item) for item in sorted(thing)]
    if isinstance(thing, (tuple, list)):
        return [recipe(item) for item in thing]
    if thing is None or isinstance(thing, (str, int, float, bool)):
        return thing
    raise TypeError(f"a stage's fields are its recipe and must be plain data, but one is {thing!r}")


def spell_out(stage: Stage) -> bytes:
    """A stage's recipe as canonical JSON; its hash is what receipts record."""
    return json.dumps({"stage": recipe(stage), "version": VERSION}, sort_keys=True, indent=1).encode() + b"\n"


def recipe_hash(stage: Stage) -> str:
    return hashlib.sha256(spell_out(stage)).hexdigest()


def recipe_path(recipe: str) -> str:
    return f"recipes/{recipe}.json"


def changes(receipt: Receipt, recipe: bytes, unit: Unit, run: RunFolder) -> list[str]:
    """What differs between what a receipt was made from and what is asked for now; empty if it may be used.

    `recipe` is the stage's, spelled out: that is worked out once a stage, not once a receipt.
    """
    found = recipe_changes(receipt, recipe, run)
    if receipt.upstream != unit.standing_on:
        found.append("the receipts it stands on")
    then = {file.path: file.size for file in receipt.inputs}
    now = {shard.key: then.get(shard.key, shard.size) if shard.listed else shard.size for shard in unit.inputs}
    for key in sorted(then.keys() | now.keys()):
        if then.get(key) != now.get(key):
            found.append(f"input {key}: {_size(then.get(key))}, now {_size(now.get(key))}")
    return found


def recipe_changes(receipt: Receipt, recipe: bytes, run: RunFolder) -> list[str]:
    """What is asked for otherwise than when the receipt was made."""
    if receipt.recipe == hashlib.sha256(recipe).hexdigest():
        return []
    path = recipe_path(receipt.recipe)
    if not run.exists(path):
        return [f"its recipe ({path} is not there to compare)"]
    return list(_differences("", json.loads(run.read(path)), json.loads(recipe)))


def _size(size: int | None) -> str:
    return "absent" if size is None else f"{size:,} bytes"


def _differences(key: str, then: JsonValue, now: JsonValue) -> Iterator[str]:
    if isinstance(then, dict) and isinstance(now, dict):
        for name in sorted(then.keys() | now.keys()):
            yield from _differences(f"{key}.{name}".lstrip("."), then.get(name), now.get(name))
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for number, (before, after) in enumerate(zip(then, now, strict=True)):
            yield from _differences(f"{key}.{number}", before, after)
    elif then != now:
        yield f"{key}: {then!r}, now {now!r}"
