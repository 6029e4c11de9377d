"""From manifests to stages: chains, thresholds, pins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import languages
from filters.filter import Where
from filters.language_id import DeclaredLanguage, LanguageId
from filters.math_score import MathScore
from filters.models import ModelError
from manifests import ManifestError, load_manifest
from manifests.sections import Mixture
from manifests.sources import Github
from pipeline.asked import ask
from pipeline.chains import CHAINS
from pipeline.corpus import corpus, reads_web
from pipeline.outside import Outside
from pipeline.recipe import recipe_hash
from pipeline.report.plan import plan
from pipeline.sources.cc_index import CcIndex
from pipeline.stages.ingest import Ingest
from pipeline.stages.pack import Pack
from pipeline.stages.tokens import Tokens
from pipeline.storage import StorageError
from pipeline.tokenization import TokenizerError

MANIFEST = """
name = "small"
root = "sample:"
[[sources]]
name = "web"
kind = "warc"
paths = ["web/*.gz"]
[[sources]]
name = "code"
kind = "github"
paths = ["github/*.gz"]
languages = ["coq", "lean"]
[tokenizer]
train_vocabulary = 500
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(MANIFEST)
    return path


def stages(path: Path, *overrides: str) -> list[Any]:
    return corpus(ask(load_manifest(path, overrides)))


def ingest(path: Path, *overrides: str, number: int = 0) -> Ingest:
    found: Ingest = stages(path, *overrides)[number]
    return found


def test_the_stages_in_their_order(path: Path) -> None:
    assert [stage.name for stage in stages(path)] == [
        "documents/web", "documents/code", "dedup/keys", "dedup/candidates", "dedup/pairs", "dedup/marks",
        "tokenizer", "tokens/web", "tokens/code", "release/mixture",
    ]  # fmt: skip


def test_a_packed_mixture_is_written_if_it_is_asked_for(path: Path) -> None:
    *_, pack = stages(path, "packed.sequence=512", "mixture.weights.web=3", "seed=9")
    assert pack == Pack(("web", "code"), Mixture(weights={"web": 3}), 512, 9)


def test_no_stage_stands_on_a_later_one(path: Path) -> None:
    seen: set[str] = set()
    for stage in stages(path, "packed.sequence=512"):
        assert set(stage.stands_on) <= seen
        seen.add(stage.name)


@pytest.mark.parametrize("kind", CHAINS)
def test_no_rule_is_twice_in_a_chain(kind: str) -> None:
    rules = [step.rule for step in CHAINS[kind]]
    assert len(rules) == len(set(rules))


def test_thresholds_of_the_manifest_reach_the_filter(path: Path) -> None:
    (score,) = [
        step
        for step in ingest(path, "sources.web.filters.math-score.limit_with_latex=0.3").filters
        if isinstance(step, MathScore)
    ]
    assert (score.limit_with_latex, score.limit_without_latex) == (0.3, 0.8)


def test_skipped_filters_are_not_in_the_chain(path: Path) -> None:
    rules = [step.rule for step in ingest(path, "sources.web.skip=['perplexity']").filters]
    assert "perplexity" not in rules
    assert "math-score" in rules


def test_the_early_look_at_the_language_heeds_the_late_one(path: Path) -> None:
    german = ingest(path, "sources.web.filters.language-id.wanted=['de']").filters
    assert [step.wanted for step in german if isinstance(step, DeclaredLanguage)] == [("de",)]
    rules = [step.rule for step in ingest(path, "sources.web.skip=['language-id']").filters]
    assert "declared-language" not in rules


def test_code_is_asked_for_its_language_where_that_matters(path: Path) -> None:
    where = ingest(path, number=1).filters[-1]
    assert isinstance(where, Where)
    assert isinstance(where.then, LanguageId)
    assert where.subsets == {"tex"}


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("sources.web.filters.math-scor.limit_with_latex=1", "did you mean 'math-score'?"),
        ("sources.web.filters.math-score.limit=1", "sources.web.filters.math-score.limit: unknown key"),
        (
            "sources.web.filters.math-score.limit_with_latex=high",
            "sources.web.filters.math-score: Input should be a valid number",
        ),
        ("sources.web.skip=['perplexty']", "did you mean 'perplexity'?"),
        ("sources.code.languages=['coqq']", "did you mean 'coq'?"),
        ("models.math-skore.path=x", "did you mean 'math-score'?"),
    ],
)
def test_what_nobody_knows_is_refused(path: Path, override: str, said: str) -> None:
    with pytest.raises(ManifestError) as error:
        stages(path, override)
    assert said in str(error.value)


def test_a_model_must_be_the_pinned_one(path: Path) -> None:
    pin = "models.math-score.sha256=" + "0" * 64
    with pytest.raises(ModelError, match="is not the pinned one"):
        stages(path, "models.math-score.path=builtin:math-score", pin)


def test_another_model_is_another_recipe_and_another_place_is_not(path: Path, tmp_path: Path) -> None:
    from filters.models import Model, resolve

    copy = tmp_path / "copy.ftz"
    copy.write_bytes(resolve(Model("builtin:math-score")).read_bytes())
    asked = [ingest(path), ingest(path, f"models.math-score.path={copy}")]
    assert recipe_hash(asked[0]) == recipe_hash(asked[1])
    other = ingest(path, "models.math-score.path=builtin:language")
    assert recipe_hash(other) != recipe_hash(asked[0])


def test_a_lock_pins_models_and_inputs(path: Path, tmp_path: Path) -> None:
    lock = tmp_path / "lock.toml"
    lock.write_text(f'[inputs]\n"web/a.gz" = "{"1" * 64}"\n[models]\nperplexity = "{"2" * 64}"\n')
    with pytest.raises(ModelError, match="2222"):
        ask(load_manifest(path, [f"lock={lock}"]))
    lock.write_text(f'[inputs]\n"web/a.gz" = "{"1" * 64}"\n')
    assert ask(load_manifest(path, [f"lock={lock}"])).pins == {"web/a.gz": "1" * 64}


def test_a_tokenizer_without_its_end_is_told_before_any_work(path: Path, tmp_path: Path) -> None:
    from pipeline.stages.tokenizer import train_tokenizer

    (tmp_path / "tokenizer.json").write_bytes(train_tokenizer(iter(["abc"]), 300, "<|end|>"))
    given = [f"tokenizer.path={tmp_path}/tokenizer.json", "tokenizer.train_vocabulary=0"]
    with pytest.raises(TokenizerError, match="</s>"):
        ask(load_manifest(path, given))
    assert ask(load_manifest(path, [*given, "tokenizer.end_of_document=<|end|>"])).models["tokenizer"].sha256


def test_the_published_recipe_splits_documents_one_by_one(path: Path) -> None:
    for recipe, expected in (("fixed", False), ("published", True)):
        tokens = [stage for stage in stages(path, f"recipe={recipe}") if isinstance(stage, Tokens)]
        assert {stage.by_document for stage in tokens} == {expected}


def test_the_manifest_of_open_web_math_plans_a_crawl_from_a_list(tmp_path: Path) -> None:
    """With a copy of the list it asks nothing of the web, whose files it names."""
    (tmp_path / "warc.paths").write_text("\n".join(f"crawl-data/{number}.warc.gz" for number in range(90_000)))
    shipped = Path(__file__).parents[2] / "manifests/open-web-math.toml"
    overrides = [f'sources.open-web-math.lists=["{tmp_path}/warc.paths"]']
    found = stages(shipped, *overrides)
    assert [unit.name for unit in found[0].units({})] == [
        f"crawl-data/{number}.warc.gz" for number in range(0, 90_000, 10_000)
    ]
    assert reads_web(load_manifest(shipped))
    (tmp_path / "warc.paths").write_text("crawl-data/other.warc.gz")
    assert recipe_hash(stages(shipped, *overrides)[0]) != recipe_hash(found[0])


def test_the_manifest_of_algebraic_stack_plans_all_languages(tmp_path: Path) -> None:
    """With files of one's own it asks nothing of the web."""
    for path in (
        *(f"data/{name}/a.parquet" for name in languages.names()),
        "proofsteps/lean.jsonl",
        "proofsteps/isabelle.jsonl",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"x" * 1000)
    pinned = [f'{{"repository": "owner/name{number}", "commit": "{number:040x}"}}' for number in range(5)]
    (tmp_path / "repositories.jsonl").write_text("\n".join(pinned))
    shipped = Path(__file__).parents[2] / "manifests/algebraic-stack.toml"
    assert reads_web(load_manifest(shipped, [f"root={tmp_path}"]))
    own = [f"root={tmp_path}", f"sources.stack.root={tmp_path}", "tokenizer.path=", "tokenizer.train_vocabulary=500"]
    found = stages(shipped, *own)
    rows = {row.stage: row for row in plan(found).rows}
    github = load_manifest(shipped, own).sources[1]
    assert isinstance(github, Github)
    assert rows["documents/stack"].inputs + len(github.languages) == len(languages.names())
    assert rows["documents/stack"].bytes == 13_000
    assert rows["documents/github"].inputs == 5
    assert {"documents/lean-proofsteps", "documents/isabelle-proofsteps", "release/mixture"} <= rows.keys()


def test_a_list_is_held_to_its_pin(path: Path, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("a.warc.gz")
    (tmp_path / "lock.toml").write_text(f'[inputs]\n"{tmp_path}/list" = "{"0" * 64}"\n')
    with pytest.raises(StorageError, match="but the lock demands 000"):
        stages(path, f"sources.web.lists=['{tmp_path}/list']", f"lock={tmp_path}/lock.toml")


@pytest.mark.parametrize("slice", ["5", "a:b", "::0", "1:2:3:4", "1-2"])
def test_a_slice_is_a_slice(path: Path, slice: str) -> None:
    with pytest.raises(ManifestError, match=r"sources\.web\.slice"):
        load_manifest(path, [f"sources.web.slice='{slice}'"])


def test_single_records_are_filtered_as_whole_files_are(path: Path) -> None:
    web, records = (ingest(path, f"sources.web.kind={kind}") for kind in ("warc", "cc-index"))
    assert records.filters == web.filters
    assert isinstance(records.source, CcIndex)
    assert records.source.archives == Outside("https://data.commoncrawl.org")
    assert recipe_hash(records) == recipe_hash(ingest(path, "sources.web.kind=cc-index", "sources.web.archives=s3://x"))
