"""A bad manifest is told: the file, the key, what is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from manifests import Manifest, ManifestError, load_manifest

GOOD = """
name = "small"
root = "data"
[[sources]]
name = "web"
kind = "warc"
paths = ["*.warc.gz"]
[[sources]]
name = "steps"
kind = "jsonl"
paths = ["steps.jsonl"]
[dedup]
threshold = 0.8
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(GOOD)
    return path


def test_a_relative_root_starts_at_the_manifest(path: Path) -> None:
    manifest = load_manifest(path)
    assert manifest.root == str(path.parent / "data")
    assert manifest.dedup.threshold == 0.8
    assert manifest.seed == 74


LOCATIONS = """
name = "located"
root = "data"
lock = "lock.toml"
[[sources]]
name = "web"
kind = "cc-index"
paths = ["*.parquet"]
archives = "warc"
[[sources]]
name = "code"
kind = "github"
root = "code"
archives = "https://example.org/tarballs"
paths = ["*.gz"]
languages = ["lean"]
[models.math-score]
path = "math.ftz"
[heldout.some]
lists = ["val.json", "/lists/test.json"]
[dedup]
against = "runs/earlier"
[[decontaminate.benchmarks]]
name = "some"
path = "some.jsonl"
[tokenizer]
path = "s3://bucket/tokenizer.json"
"""


def test_every_location_starts_where_it_should(tmp_path: Path) -> None:
    path = tmp_path / "located.toml"
    path.write_text(LOCATIONS)
    manifest, here, root = load_manifest(path), str(tmp_path), f"{tmp_path}/data"
    web, code = manifest.sources
    assert (manifest.root, manifest.lock, manifest.dedup.against) == (root, f"{here}/lock.toml", f"{here}/runs/earlier")
    assert (web.root, web.archives) == (root, f"{here}/warc")  # type: ignore[union-attr]
    assert (code.root, code.archives) == (f"{here}/code", "https://example.org/tarballs")  # type: ignore[union-attr]
    assert manifest.models["math-score"].path == f"{root}/math.ftz"
    assert manifest.heldout["some"].lists == (f"{root}/val.json", "/lists/test.json")
    assert manifest.decontaminate.benchmarks[0].path == f"{root}/some.jsonl"
    assert manifest.tokenizer.path == "s3://bucket/tokenizer.json"


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("seed=7", "seed", 7),
        ("dedup.threshold=0.5", "dedup.threshold", 0.5),
        ("dedup.near=false", "dedup.near", False),
        ("root=/data/here", "root", "/data/here"),
        ("root=s3://bucket/raw", "root", "s3://bucket/raw"),
        ('root="/with space"', "root", "/with space"),
        ("sources.web.paths=['a', 'b']", "sources.0.paths", ("a", "b")),
        ("sources.1.subset=lean", "sources.1.subset", "lean"),
        ("sources.web.filters.length.shortest=5", "sources.0.filters.length.shortest", 5),
        ("mixture.weights.web=4", "mixture.weights.web", 4.0),
    ],
)
def test_overrides_reach_every_key(path: Path, override: str, key: str, value: object) -> None:
    place: Any = load_manifest(path, [override])
    for part in key.split("."):
        place = place[int(part)] if part.isdigit() else place[part] if isinstance(place, dict) else getattr(place, part)
    assert place == value


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("sede=3", "sede: unknown key; did you mean 'seed'?"),
        ("xyz=3", "xyz: unknown key. Allowed here: decontaminate, dedup, "),
        ("dedup.treshold=1", "dedup.treshold: unknown key; did you mean 'threshold'?"),
        ("sources.web.pathes=1", r"sources.web.pathes: unknown key; did you mean 'paths'?"),
        ("sources.web.kind=warq", "'warc', 'cc-index', 'stack', 'github', 'arxiv', 'jsonl'"),
        ("dedup.near=perhaps", "dedup.near: Input should be a valid boolean"),
        ("dedup.threshold=2", "less than or equal to 1"),
        ("sources.steps.name=web", "two sources are called web"),
        ("mixture.weights.webb=1", "no source is called webb; there are web, steps"),
        ("mixture={weights={all=1}, groups={all=['webb']}}", "no source is called webb; there are web, steps"),
        ("mixture={weights={web=1}, groups={web=['steps']}}", "web is a source; call the group"),
        ("packed.sequence=1", "packed.sequence: Input should be greater than or equal to 2"),
        ("root=$NOWHERE_SET/x", "environment variable NOWHERE_SET is not set"),
        ("tokenizer.path=x", "give either path or train_vocabulary"),
        ("name=Has Space", "name: String should match pattern"),
        ("seed", "write KEY=VALUE"),
        ("sources.none.paths=1", "there is no 'none' to set something in"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_key(path: Path, override: str, said: str) -> None:
    overrides = [override, "tokenizer.train_vocabulary=5"] if override.startswith("tokenizer") else [override]
    with pytest.raises(ManifestError) as error:
        load_manifest(path, overrides)
    assert said in str(error.value)
    assert "--set" in str(error.value) or str(path) in str(error.value)


def test_a_root_on_the_command_line_starts_where_it_is_typed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = path.parent / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert load_manifest(path, ["root=../data"]).root == str(path.parent / "data")
    assert load_manifest(path, ["sources.web.root=web"]).sources[0].root == str(elsewhere / "web")
    assert load_manifest(path).root == str(path.parent / "data")


def test_every_mistake_is_told_once(path: Path) -> None:
    path.write_text(GOOD.replace("threshold", "treshold").replace('paths = ["*', 'pahts = ["*'))
    with pytest.raises(ManifestError) as error:
        load_manifest(path)
    assert [line.removeprefix(f"{path}: ").split(":")[0] for line in str(error.value).splitlines()] == [
        "sources.web.pahts",
        "dedup.treshold",
    ]


@pytest.mark.parametrize(("text", "said"), [("name = 1\nname = 2\n\n", "line 2"), ("\xff", "small.toml")])
def test_what_is_no_toml_is_told(path: Path, text: str, said: str) -> None:
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ManifestError, match=said):
        load_manifest(path)


def test_a_missing_manifest_is_told(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="there is no such file"):
        load_manifest(tmp_path / "none.toml")


def test_environment_variables_count_in_locations_only(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORPUS", "/mnt/corpus")
    assert load_manifest(path, ["root=${CORPUS}/raw"]).root == "/mnt/corpus/raw"
    assert load_manifest(path, ["sources.web.paths=['$CORPUS']"]).sources[0].paths == ("$CORPUS",)


def fields(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, model in [("Manifest", schema), *schema["$defs"].items()]:
        for field, about in model.get("properties", {}).items():
            yield f"{name}.{field}", about


@pytest.mark.parametrize(("name", "about"), list(fields(Manifest.model_json_schema())))
def test_every_field_is_documented(name: str, about: dict[str, Any]) -> None:
    assert "description" in about or about.get("const") or "$ref" in about, name


@pytest.mark.parametrize(
    "name", sorted(path.name for path in Path("manifests").glob("*.toml") if path.name != "published.toml")
)
def test_the_manifests_that_ship_are_good(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_manifest(Path("manifests", name)).sources


@pytest.mark.parametrize("slice", ["5", "a:b", "::0", "1:2:3:4", "1-2"])
def test_a_slice_is_a_slice(path: Path, slice: str) -> None:
    with pytest.raises(ManifestError, match=r"sources\.web\.slice"):
        load_manifest(path, [f"sources.web.slice='{slice}'"])
