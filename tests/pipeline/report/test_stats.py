"""Totals by source, subset and split, and the papers' figures beside them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
from small_runs import do, ingest, narrow, shown, stand, total

from pipeline.recipe import recipe_path
from pipeline.report import stats as module
from pipeline.report.published import published_figures
from pipeline.report.stats import Comparison, StatsRow, Tokenizer, draw_stats, render_stats, stats
from pipeline.storage import RunFolder


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    run = RunFolder(str(tmp_path / "out"))
    do(ingest(tmp_path / "in"), run)
    return run


def tokenize(run: RunFolder) -> None:
    totals = {"web/en/test": total(1, 10, 4), "web/en/train": total(2, 25, 9), "stack/lean/train": total(7, 70, 50)}
    stand(run, "tokens/web", totals=totals, recipe="1" * 64)
    stand(run, "tokens/web", totals={"web/en/train": total(1, 5, 1)}, unit="second", recipe="1" * 64)


def test_documents_are_counted_by_subset(run: RunFolder) -> None:
    assert stats(run).rows == [
        StatsRow("documents", "web", "de", "", 1, 16, 0),
        StatsRow("documents", "web", "en", "", 1, 15, 0),
    ]
    assert stats(run).tokenizer is None


def test_tokens_are_counted_by_split_train_first(run: RunFolder) -> None:
    tokenize(run)
    assert [row for row in stats(run).rows if row.stage == "tokens"] == [
        StatsRow("tokens", "stack", "lean", "train", 7, 70, 50),
        StatsRow("tokens", "web", "en", "train", 3, 30, 10),
        StatsRow("tokens", "web", "en", "test", 1, 10, 4),
    ]


def test_a_source_without_subsets_has_an_empty_one(run: RunFolder) -> None:
    stand(run, "tokens/arxiv", totals={"arxiv/-/train": total(1, 2, 3)})
    assert StatsRow("tokens", "arxiv", "", "train", 1, 2, 3) in stats(run).rows


def test_the_tokenizer_is_named_by_the_recipe(run: RunFolder) -> None:
    tokenize(run)
    recipe = b'{"stage": {"tokenizer": {"is": "Model", "sha256": "abc"}, "end_of_document": "</s>"}, "version": 1}'
    run.write(recipe_path("1" * 64), recipe)
    assert stats(run).tokenizer == Tokenizer("abc", "</s>")


def test_a_tokenizer_of_this_run_is_named_by_its_file(run: RunFolder) -> None:
    tokenize(run)
    run.write(recipe_path("1" * 64), b'{"stage": {"tokenizer": null, "end_of_document": "<end>"}, "version": 1}')
    stand(run, "tokenizer", files=[{"path": "tokenizer/tokenizer.json", "size": 3, "sha256": "def"}])
    assert stats(run).tokenizer == Tokenizer("def", "<end>")


def test_published_figures_stand_beside_what_they_count(run: RunFolder) -> None:
    tokenize(run)
    beside = {(item.what, item.measure): item for item in reversed(stats(run, published=True).published)}
    assert beside["lean", "tokens"] == Comparison(
        "lean", "tokens", 285_600_000, "Llemma (arXiv 2310.10631), table 9; recalled, not verified", False, 50
    )
    assert beside["AlgebraicStack", "tokens"].ours == 50
    assert beside["arXiv", "tokens"].ours is None
    assert stats(run).published == []


def test_the_training_split_is_compared_with_the_training_split_once_there_is_one(run: RunFolder) -> None:
    stand(run, "documents/x", totals={"x/agda": total(9, 90, 0)})
    assert _documents_of_agda(run) == 9
    stand(run, "tokens/x", totals={"x/agda/train": total(8, 80, 40), "x/agda/test": total(1, 10, 5)})
    assert _documents_of_agda(run) == 8


def _documents_of_agda(run: RunFolder) -> int | None:
    found = stats(run, published=True).published
    return next(item.ours for item in found if (item.what, item.measure) == ("agda", "documents"))


def test_table_9_is_complete_and_never_called_verified() -> None:
    table = [figure for figure in published_figures() if "table 9" in figure.origin]
    assert len(table) == 17
    assert sum(figure.value for figure in table) == 10_955_800_000
    assert not any(figure.verified for figure in table)
    assert all("not verified" in figure.origin for figure in table)


def test_it_fits_a_terminal(run: RunFolder) -> None:
    tokenize(run)
    console = narrow()
    render_stats(stats(run, published=True), console)
    lines = [line.split() for line in shown(console).splitlines()]
    assert ["en", "1", "15", "bytes", "4", "14", "10", "4"] in lines
    assert ["all", "2", "31", "bytes", "11", "64", "60", "4"] in lines


def test_everything_can_be_json(run: RunFolder) -> None:
    assert asdict(stats(run, published=True))["rows"][0]["subset"] == "de"


def test_what_is_drawn_is_text_then_tokens_or_languages_beside_table_9(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "bars", lambda series, x, logarithmic=False: (series, x))
    assert draw_stats(stats(run)) == ({"this run": {"web/de": 16, "web/en": 15}}, "bytes")
    tokenize(run)
    drawn = ({"this run": {"web/de": 0, "web/en": 14, "stack/lean": 50}}, "tokens")
    assert draw_stats(stats(run)) == drawn
    stand(run, "tokens/x", totals={"x/lean/train": total(1, 9, 6)})
    ours, published = draw_stats(stats(run, published=True))[0].values()
    assert (ours["lean"], ours["coq"], published["lean"]) == (6, 0, 285_600_000)
