"""The doctor finds what is here, and says how to get what is not."""

from __future__ import annotations

import importlib
import platform
from pathlib import Path
from types import ModuleType

import pytest
from small_runs import narrow, shown

from filters import lmplz, models
from pipeline.report.doctor import Check, disk, doctor, package, render_doctor, requirements


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Importing Ray and asking the compiler take seconds; here it is as if there were neither Ray nor Boost."""

    def import_module(name: str) -> ModuleType:
        raise ImportError(f"no {name}")

    monkeypatch.setattr(importlib, "import_module", import_module)
    monkeypatch.setattr(lmplz, "missing", lambda: ["libboost-thread-dev"])


def found(name: str) -> Check:
    return next(check for check in doctor() if check.name == name)


def test_python_and_models_are_found() -> None:
    assert found("Python") == Check("Python", "ok", platform.python_version())
    assert found("builtin:language").found.startswith("sha256 8f3472cfe8738a7b")


def test_everything_the_project_needs_is_looked_at() -> None:
    assert {"numpy", "pyarrow", "ray"} <= {check.name for check in doctor()}
    assert not any("pytest" in requirement for requirement in requirements())


def test_a_missing_model_is_missing_and_can_be_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(models.BUILTIN, "math-score", ("filters", "weights/no-such.ftz"))
    check = found("builtin:math-score")
    assert (check.state, check.get) == ("missing", "proofpile train math-score")


def test_packages_are_held_against_what_is_asked_for() -> None:
    there = package("pyarrow").found
    assert package(f"pyarrow=={there}") == Check("pyarrow", "ok", there)
    assert package("pyarrow[extra]>=1").state == "ok"
    assert package("pyarrow==0.0.1") == Check(
        "pyarrow", "warn", there, "proofpile is tested with 0.0.1: pip install 'pyarrow==0.0.1'"
    )
    assert package("no-such-package>=2").state == "missing"


@pytest.mark.parametrize("name", ["HF_TOKEN", "GH_TOKEN"])
def test_a_token_is_found_but_not_shown(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "secret")
    (check,) = [check for check in doctor() if name in check.name]
    assert (check.state, check.found) == ("ok", f"{name} is set")
    assert "secret" not in str(doctor())


@pytest.mark.parametrize("name", ["HF_TOKEN", "GITHUB_TOKEN or GH_TOKEN"])
def test_a_missing_token_is_only_wanted_for_some_things(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in ("HF_TOKEN", "GITHUB_TOKEN", "GH_TOKEN"):
        monkeypatch.delenv(each, raising=False)
    assert found(name).state == "warn"
    assert "only" in found(name).get


def test_ray_is_only_wanted_without_inline() -> None:
    assert found("Ray starts").state == "warn"
    assert "--inline" in found("Ray starts").get


def test_a_folder_that_is_not_there_yet_has_the_room_of_its_disk(tmp_path: Path) -> None:
    assert disk("cache", tmp_path / "not" / "yet").found == disk("cache", tmp_path).found


def test_lmplz_that_is_built_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lmplz, "DEFAULT", tmp_path)
    assert found("lmplz").get == "apt-get install libboost-thread-dev; python -m filters.lmplz"
    (tmp_path / "bin").mkdir()
    for program in lmplz.PROGRAMS:
        (tmp_path / "bin" / program).touch()
    assert found("lmplz") == Check("lmplz", "ok", str(tmp_path / "bin"))


def test_it_fits_a_terminal() -> None:
    console = narrow()
    render_doctor([*doctor(), Check("x", "missing", "gone " * 40, "fetch " * 40)], console)
    assert "get: fetch" in shown(console)
