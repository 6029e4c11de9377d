"""From manifests to stages: which there are, what they stand on, by what they are known."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from small_manifest import ingest, stages, written

import languages
from manifests import load_manifest
from manifests.sections import Mixture
from manifests.sources import Github
from pipeline.corpus import reads_web
from pipeline.outside import Outside
from pipeline.recipe import recipe_hash
from pipeline.report.plan import plan
from pipeline.shares import mix
from pipeline.sources.cc_index import CcIndex
from pipeline.stages.pack import Pack
from pipeline.stages.tokens import Tokens


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path)


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


def test_another_model_is_another_recipe_and_another_place_is_not(path: Path, tmp_path: Path) -> None:
    from filters.models import Model, resolve

    copy = tmp_path / "copy.ftz"
    copy.write_bytes(resolve(Model("builtin:math-score")).read_bytes())
    asked = [ingest(path), ingest(path, f"models.math-score.path={copy}")]
    assert recipe_hash(asked[0]) == recipe_hash(asked[1])
    other = ingest(path, "models.math-score.path=builtin:language")
    assert recipe_hash(other) != recipe_hash(asked[0])


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


def test_the_manifest_of_proof_pile_2_plans_the_papers_mixture(tmp_path: Path) -> None:
    """Proof-Pile-2 at 95 % as arXiv : web : code 2 : 4 : 1, the Pile without its arXiv 2 %, RedPajama's GitHub 3 %."""
    shipped = Path(__file__).parents[2] / "manifests/proof-pile-2.toml"
    own = [f"root={tmp_path}", f"sources.open-web-math.root={tmp_path}"]
    own += ["tokenizer.path=", "tokenizer.train_vocabulary=500"]
    manifest = load_manifest(shipped, own)
    for section in manifest.sources:
        for pattern in section.paths:
            path = tmp_path / re.sub(r"\[(.).*?\]", r"\1", pattern).replace("*", "x")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x" * 1000)
    (tmp_path / "repositories.jsonl").write_text('{"repository": "owner/name", "commit": "' + "0" * 40 + '"}')
    assert {row.stage for row in plan(stages(shipped, *own)).rows} >= {"documents/pile", "documents/redpajama-github"}
    tokens = {"arxiv": 29, "open-web-math": 15, "stack": 9, "github": 2, "pile": 300, "redpajama-github": 59}
    shares = {one.source: one.share for one in mix(tokens, manifest.mixture)}
    assert [shares["pile"], shares["redpajama-github"]] == pytest.approx([0.02, 0.03], abs=1e-6)
    code = shares["stack"] + shares["github"]
    assert [shares["arxiv"] / code, shares["open-web-math"] / code] == pytest.approx([2, 4], rel=1e-5)


def test_single_records_are_filtered_as_whole_files_are(path: Path) -> None:
    web, records = (ingest(path, f"sources.web.kind={kind}") for kind in ("warc", "cc-index"))
    assert records.filters == web.filters
    assert isinstance(records.source, CcIndex)
    assert records.source.archives == Outside("https://data.commoncrawl.org")
    assert recipe_hash(records) == recipe_hash(ingest(path, "sources.web.kind=cc-index", "sources.web.archives=s3://x"))
