"""Golden pages: golden/NAME.html must give golden/NAME.md, which was written by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.extract import extract

PAGES = sorted((Path(__file__).parent / "golden").glob("*.html"))


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_page_comes_out_as_written_by_hand(page: Path) -> None:
    assert extract(page.read_bytes(), "utf-8").text + "\n" == page.with_suffix(".md").read_text("utf-8")
