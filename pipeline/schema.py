"""The manifest's JSON schema, with the thresholds of all filters, for editors and for people."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
import typing
from itertools import pairwise
from typing import Any

from pydantic import TypeAdapter

from filters.filter import Filter
from manifests import Manifest
from pipeline.chains import CHAINS, thresholds


def schema() -> dict[str, Any]:
    """JSON Schema of a manifest; `[sources.filters.RULE]` is spelled out by the kind of the source."""
    made = Manifest.model_json_schema()
    for kind, filters in CHAINS.items():
        section = made["$defs"][kind.title().replace("-", "")]["properties"]["filters"]
        section["properties"] = {rule.rule: filter_schema(rule) for rule in filters if thresholds(rule)}
        section["additionalProperties"] = False
    return made


def filter_schema(kind: type[Filter]) -> dict[str, Any]:
    """What a manifest may set of a filter: type, default and meaning of each of its thresholds."""
    hints, meanings = typing.get_type_hints(kind), docstrings(kind)
    defaults = kind()
    properties = {
        name: TypeAdapter(hints[name]).json_schema()
        | {"default": TypeAdapter(hints[name]).dump_python(getattr(defaults, name), mode="json")}
        | {"description": meanings[name]}
        for name in thresholds(kind)
    }
    about = inspect.getdoc(kind) or ""
    return {"type": "object", "description": about, "properties": properties, "additionalProperties": False}


def docstrings(kind: type[Any]) -> dict[str, str]:
    """The string literals that stand under a class's fields, inherited ones too, by field."""
    parents = [parent for parent in reversed(kind.__mro__) if dataclasses.is_dataclass(parent)]
    return {name: text for parent in parents for name, text in _own_docstrings(parent).items()}


def _own_docstrings(kind: type[Any]) -> dict[str, str]:
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(body, ast.ClassDef)
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(body.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
