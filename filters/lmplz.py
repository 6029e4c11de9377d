"""Builds KenLM's training programs, which no wheel carries, from its source distribution.

`python -m filters.lmplz [DIR]` leaves `lmplz` and `build_binary` in DIR/bin. It takes about 90 CPU seconds, and only
training needs it: scoring uses the installed wheel. The source is fetched by pip and must have the hash pinned here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = "kenlm==0.3.0"
SHA256 = "c4628bb9fb63c8a6f9240035b8b037385cfc404cb72e933cf48878291edac1e8"
PROGRAMS = ("lmplz", "build_binary")
DEFAULT = Path("build/kenlm")

TOOLS = {"cmake": "cmake", "make": "make", "c++": "g++"}
HEADERS = {
    "boost/program_options.hpp": "libboost-program-options-dev",
    "boost/system/error_code.hpp": "libboost-system-dev",
    "boost/thread.hpp": "libboost-thread-dev",
    "boost/test/unit_test.hpp": "libboost-test-dev",
    "zlib.h": "zlib1g-dev",
}


class BuildError(Exception):
    """KenLM's programs could not be built; the message says what is missing or which step failed."""


def missing() -> list[str]:
    """Debian packages that the build needs and this machine lacks, as far as can be seen without compiling."""
    tools = [package for tool, package in TOOLS.items() if not shutil.which(tool)]
    if tools:
        return tools + list(HEADERS.values())
    return [package for header, package in HEADERS.items() if not _compiles(header)]


def build(folder: Path = DEFAULT) -> Path:
    """Build the programs below `folder` if they are not there yet; returns the folder that holds them."""
    programs = folder.resolve() / "bin"
    if all((programs / name).is_file() for name in PROGRAMS):
        return programs
    if packages := missing():
        raise BuildError(f"building lmplz needs: apt-get install {' '.join(packages)}")
    folder.mkdir(parents=True, exist_ok=True)
    source = _fetch(folder)
    _run("cmake", "-S", source, "-B", folder, "-DCMAKE_BUILD_TYPE=Release", "-DENABLE_INTERPOLATE=OFF", scratch=folder)
    _run("cmake", "--build", folder, "--target", *PROGRAMS, scratch=folder)
    return programs


def _fetch(folder: Path) -> Path:
    """The unpacked source below `folder`; pip refuses an archive that has not the pinned hash."""
    wanted = folder / "requirement.txt"
    wanted.write_text(f"{SOURCE} --hash=sha256:{SHA256}\n")
    pip = (sys.executable, "-m", "pip", "--quiet", "download", "--require-hashes", "--no-deps", "--no-binary", ":all:")
    _run(*pip, "--no-build-isolation", "--dest", folder, "--requirement", wanted, scratch=folder)
    name = SOURCE.replace("==", "-")
    shutil.unpack_archive(folder / f"{name}.tar.gz", folder)  # of a pinned hash, so no stranger's
    return folder / name


def _compiles(header: str) -> bool:
    command = ["c++", "-E", "-x", "c++", "-include", header, os.devnull]
    return subprocess.run(command, capture_output=True).returncode == 0


def _run(*command: str | Path, scratch: Path) -> None:
    """Run one step, its temporary files in `scratch`: a shared one lost compiler files under the build once."""
    environment = {**os.environ, "TMPDIR": str(scratch.resolve())}
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment)
    if done.returncode:
        raise BuildError(f"{Path(command[0]).name} failed ({done.returncode}):\n{(done.stderr or done.stdout)[-2000:]}")


if __name__ == "__main__":
    try:
        print(build(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT))
    except BuildError as error:
        sys.exit(str(error))
