"""Limits on a page: each is a setting, none is cheaply evaded, and what spares most pages the dear looks is sound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.document import Document, Drop
from manifests.sources import Warc
from pipeline.chains import chain
from pipeline.extract import ExtractError, bounds
from pipeline.extract.bounds import Limits
from pipeline.extract.filter import ExtractHtml
from pipeline.extract.layout.text import MOST_JUDGED
from pipeline.extract.marked.maths import Markup
from pipeline.extract.page import extract

PIECES = st.sampled_from((b"<div>", b"</div>", b"<div class='a'>", b"x" * 700, b"y" * 3_999))
LONG_TAG = st.integers(7_990, 8_010).map(lambda length: b"<b " + b"a" * length + b">")


def tags(html: bytes) -> tuple[bounds.Bytes, bounds.Places]:
    codes = np.frombuffer(html, np.uint8)
    return codes, np.flatnonzero(codes == ord("<"))


@given(st.lists(PIECES, max_size=200).map(b"".join))
def test_depth_never_exceeds_what_counts_allow_if_tags_match(html: bytes) -> None:
    assert bounds._depth(html) <= bounds._greatest_depth(*tags(html))


@given(st.lists(PIECES | LONG_TAG | st.just(b"<"), max_size=20).map(b"".join))
def test_long_tags_are_found_as_if_all_was_searched(html: bytes) -> None:
    assert [*bounds._long_tags(html, tags(html)[1])] == bounds._LONG_TAG.findall(html)


@pytest.mark.parametrize(
    "html",
    [
        b"<div>" * 100_000,
        b"<DIV></x>" * 30_000,
        b"<div></span></p>" * 30_000,
        b"</div>" * 50_000 + b"<div>" * 50_000,
        b"<ul><li>" * 30_000,
        b"<table><tr><td>" * 10_000,
        b"<custom-x></rp>" * 30_000,
        b"<mo></mi>" * 30_000,
        b"<!-- x --><i>" * 30_000,
        b"<!-->" + b"<code><mstyle>" * 15_000,
        b"<!--->" + b"<!-- x --!><code>" * 15_000,
        b"<scripture>" + b"<b>" * 30_000,
    ],
)
def test_deep_nesting_is_refused_whatever_is_closed(html: bytes) -> None:
    with pytest.raises(ExtractError, match="too-deep"):
        Limits().check(html)


@pytest.mark.parametrize(
    "html",
    [
        b"<p>a<br>" * 40_000,
        b"<a name=x>" * 30_000,
        b"<dl>" + b"<dt>a<dd>b" * 30_000,
        b"<table>" + b"<tr><td>x" * 30_000,
        b"<script>" + b"'<div>'+" * 30_000 + b"</script>",
        b"<!--" + b"<div>" * 30_000 + b"-->",
        b"<math>" + b"<mrow><mi>x</mi><mo>=</mo><mspace/></mrow>" * 10_000,
        b"<svg>" + b"<path d=m><use/>" * 30_000,
    ],
)
def test_flat_pages_are_not_deep(html: bytes) -> None:
    Limits().check(html)


LARGE = {"max_bytes": 10, "max_tags": 1, "max_depth": 1, "max_attributes": 1}
REFUSED = {
    "max_bytes": (b"x" * 11, "too-large"),
    "max_tags": (b"<p><p>", "too-many-tags"),
    "max_depth": (b"<b><i>" * 2, "too-deep"),
    "max_attributes": (b"<b x y " + b" " * 8_000 + b">", "too-many-attributes"),
}


@pytest.mark.parametrize("name", LARGE)
def test_each_limit_can_be_set_in_a_manifest(name: str) -> None:
    html, reason = REFUSED[name]
    section = Warc(name="web", kind="warc", paths=("*",), filters={"extract": {name: LARGE[name]}})
    (tightened,) = (item for item in chain(section, {}, "") if isinstance(item, ExtractHtml))
    outcome = tightened(Document("a", "web", raw=html))
    assert isinstance(outcome, Drop)
    assert outcome.reason == reason
    Limits().check(html)


def test_character_references_that_outgrow_themselves_do_no_harm() -> None:
    """lexbor writes past its buffer for these two; 30,000 of them kill the process."""
    text = "x" + "&nGt;" * 30_000 + "&nLt;" * 30_000
    assert extract(f"<p title='{text}'>{text}".encode()).text == "x" + "\u226b\u20d2" * 30_000 + "\u226a\u20d2" * 30_000


@pytest.mark.parametrize(
    "box", ["<div class=equation>", "<span class=math>", "<span class=katex>", "<span class=MathJax_Preview>"]
)
def test_boxes_that_hold_no_formula_are_not_asked_at_any_depth(box: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    read = Markup.read
    monkeypatch.setattr(Markup, "read", lambda *given: asked.append(given) or read(*given))
    text = extract((f"<p>Let \\(x\\) be.</p>{box * 400}some words").encode()).text
    assert text.endswith("some words")
    assert len(asked) <= MOST_JUDGED
