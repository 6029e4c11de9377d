"""The cheap looks that spare nearly every page the dear ones may never acquit a page that those would refuse."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract import bounds

PIECES = st.sampled_from((b"<div>", b"</div>", b"<span class='a'>", b"</span>", b"<", b"/", b"x" * 700, b"y" * 3_999))
LONG_TAG = st.integers(0, 9_000).map(lambda length: b"<b " + b"a" * length + b">")


@given(st.lists(PIECES, max_size=200).map(b"".join))
def test_depth_never_exceeds_what_counts_allow(html: bytes) -> None:
    assert bounds._depth(html) <= bounds._greatest_depth(html)


@given(st.lists(PIECES | LONG_TAG, max_size=20).map(b"".join))
def test_a_long_tag_shows_as_a_stretch(html: bytes) -> None:
    assert bounds._has_stretch(html) or not bounds._LONG_TAG.search(html)
