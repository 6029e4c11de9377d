"""Parts of a corpus that a manifest leaves out."""

from __future__ import annotations

import io
import json

import pytest
import zstandard

from filters.document import Document, Drop
from filters.filter import apply
from filters.unwanted import Unwanted
from pipeline.sources.jsonl import Jsonl

PILE = [
    {"text": "A theorem.", "meta": {"pile_set_name": "ArXiv"}},
    {"text": "An answer.", "meta": {"pile_set_name": "StackExchange"}},
    {"text": "A page.", "meta": {"pile_set_name": "Pile-CC"}},
]
"""Rows as the Pile has them."""


def test_the_pile_without_its_arxiv() -> None:
    data = zstandard.compress("".join(json.dumps(row) + "\n" for row in PILE).encode())
    without = Unwanted("pile_set_name", ("ArXiv",))
    found = [apply([without], one) for one in Jsonl("pile").read("00.jsonl.zst", io.BytesIO(data)) if not drop(one)]
    assert [one.text for one in found if isinstance(one, Document)] == ["An answer.", "A page."]
    (refused,) = filter(drop, found)
    assert isinstance(refused, Drop)
    assert (refused.id, refused.rule, refused.reason, refused.detail) == ("00.jsonl.zst:1", "unwanted", "part", "ArXiv")


def drop(outcome: Document | Drop) -> bool:
    return isinstance(outcome, Drop)


@pytest.mark.parametrize("meta", [{}, {"pile_set_name": None}, {"pile_set_name": ["ArXiv"]}, {"other": "ArXiv"}])
def test_what_says_nothing_is_wanted(meta: dict[str, object]) -> None:
    document = Document("1", "pile", "", "text", meta=meta)
    assert Unwanted("pile_set_name", ("ArXiv",))(document) is document
    assert Unwanted()(document) is document
