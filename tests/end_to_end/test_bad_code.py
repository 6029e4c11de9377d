"""Source files that nobody should have made: each costs itself only, with a rule and a reason, and the counts add up.

Every file goes both ways: as a row of The Stack, and as a member of a repository's tarball.
"""

from __future__ import annotations

import gzip
import io
import json
import resource
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli import Row, dropped, manifest_of, receipts, rows, run

import languages

COMMIT = "c" * 40
TOP = f"owner-name-{COMMIT}"
GOOD = {
    "python": ("good.py", b"import numpy as np\n\nprint(np.linalg.eigvals(np.eye(3)))\n"),
    "coq": ("good.v", b"Theorem plus_zero : forall n : nat, n + 0 = n.\nProof. induction n; auto. Qed.\n"),
}
PROSE = {"cell_type": "markdown", "source": "\\begin{equation} e^x \\end{equation} import sympy"}
STACK = 'name = "stack"\nkind = "stack"\npaths = ["data/**/*.parquet"]'
GITHUB = f'name = "github"\nkind = "github"\npaths = ["*.tar.gz"]\nlanguages = {list(languages.names())}'
TOLERANT = "[limits]\nerror_rate = 1.0"

BAD: dict[str, tuple[str, bytes, str]] = {
    "empty": ("a.py", b"", "decode/blank"),
    "blank": ("a.c", b" \r\n\t\n\f", "decode/blank"),
    "a mark and nothing else": ("a.jl", b"\xef\xbb\xbf", "decode/blank"),
    "binary": ("a.m", b"\x7fELF\0\1\2\xff\xfe" * 1_000, "decode/binary"),
    "a resource fork": ("a.r", b"\0\5\x16\7\0\2\0\0Mac OS X" + bytes(5_000), "decode/binary"),
    "neither text nor binary": ("a.hs", b"\x81\x8d\x8f\x90\x9d\xff\xfe\xfd" * 500, "decode/encoding"),
    "half of UTF-16": ("a.lean", "theorem x : y := z\n".encode("utf-16")[:-1], "decode/"),
    "numbers": ("a.f90", b"1.5 2.25 3.125 " * 1_000, "density/digits"),
    "one byte too many": ("a.thy", b"lemma x: y by auto\n" * 60_000, "size/too-large"),
    "broken JSON": ("a.ipynb", json.dumps({"cells": [PROSE]}).encode()[:-3], "notebook/broken-json"),
    "JSON that is no notebook": ("b.ipynb", json.dumps([PROSE]).encode(), "notebook/not-a-notebook"),
    "JSON without end": ("c.ipynb", json.dumps(PROSE).encode() + b"[" * 1_000_000, "notebook/broken-json"),
    "a number without end": (
        "d.ipynb",
        json.dumps(PROSE).encode()[:-1] + b', "a": ' + b"9" * 90_000 + b"}",
        "notebook/",
    ),
    "text too long": ("e.ipynb", json.dumps({"cells": [PROSE] * 30_000}).encode(), "notebook/too-large"),
}
"""By what is bad about it: a file's name, its bytes, and the rule and reason it must be refused by."""


def language_of(path: str) -> str:
    return languages.by_extension(path)[0]


def stack_row(path: str, content: bytes | None, **changes: object) -> Row:
    named = {"max_stars_repo_path": path, "max_stars_repo_name": "owner/name", "max_stars_repo_head_hexsha": COMMIT}
    facts = {"hexsha": f"{abs(hash(path)):040x}"[:40], "ext": path.rpartition(".")[2], "lang": "any"}
    return {**facts, **named, "max_stars_repo_licenses": ["MIT"], "max_stars_count": 1, "content": content} | changes


def write_stack(folder: Path, language: str, rows: list[Row]) -> Path:
    path = folder / f"data/{language}/a.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def write_both(folder: Path, files: Mapping[str, bytes]) -> None:
    """The files as rows, one Parquet file a language, and as members of one tarball."""
    by_language: dict[str, list[Row]] = {}
    for path, content in files.items():
        by_language.setdefault(language_of(path), []).append(stack_row(path, content))
    for language, found in by_language.items():
        write_stack(folder, language, found)
    write_tarball(folder / "a.tar.gz", *(member(f"{TOP}/{path}", content) for path, content in files.items()))


Member = tuple[tarfile.TarInfo, bytes]


def member(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, target: str = "") -> Member:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = len(content), kind, target
    return info, content


def write_tarball(path: Path, *members: Member) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    path.write_bytes(gzip.compress(out.getvalue(), 1))


def judged(folder: Path, *sources: str, **how: object) -> Path:
    """Run the documents stages, which must end well, check that nothing is lost, and return the run folder."""
    done = run(manifest_of(folder, *sources, head=TOLERANT), folder / "out", "--only", "documents", **how)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    for receipt in receipts(folder / "out"):
        for flow in receipt["flows"].values():
            lost = sum(count["documents"] for count in flow["dropped"].values())
            assert flow["read"]["documents"] == flow["kept"]["documents"] + lost
    refusals = rows(folder / "out/drops")
    assert all(row["rule"] and row["reason"] for row in refusals)
    return folder / "out"


def fates(out: Path, source: str) -> dict[str, str]:
    """By path in the repository, what became of each file that is kept or listed."""
    kept = {row["id"].partition("/")[2]: "kept" for row in rows(out / "documents" / source)}
    listed = {row["id"]: f"{row['rule']}/{row['reason']}" for row in rows(out / "drops/documents" / source)}
    found = {**kept, **{name.partition("/")[2]: fate for name, fate in listed.items()}}
    return {name.removeprefix(f"name@{COMMIT}/"): fate for name, fate in found.items()}


def test_each_bad_file_costs_itself_whichever_way_it_comes(tmp_path: Path) -> None:
    bad = {f"{number}/{path}": content for number, (path, content, _) in enumerate(BAD.values())}
    good = dict(GOOD.values())
    write_both(tmp_path, {**bad, **good})
    out = judged(tmp_path, STACK, GITHUB)
    for source in ("stack", "github"):
        found = fates(out, source)
        assert len(found) == len(bad) + len(good)
        assert {path: found[path] for path in good} == dict.fromkeys(good, "kept")
        for number, (why, (path, _, fate)) in enumerate(BAD.items()):
            assert found[f"{number}/{path}"].startswith(fate), (source, why)
    assert fates(out, "stack") == fates(out, "github")


@pytest.mark.parametrize("codec", ["latin-1", "cp1252"])
def test_text_of_another_encoding_is_decoded_or_refused_but_never_spoilt(tmp_path: Path, codec: str) -> None:
    text = "% Théorème de Bézout\nfunction x = bézout(a, b)\n  x = inv(a) * b; % à gauche\nend\n"
    write_both(tmp_path, {"a.m": text.encode(codec), "good.v": GOOD["coq"][1]})
    out = judged(tmp_path, STACK, GITHUB)
    for source in ("stack", "github"):
        texts = [row["text"] for row in rows(out / "documents" / source) if row["id"].endswith("a.m")]
        assert texts in ([], [text])
        assert texts or fates(out, source)["a.m"] == "decode/encoding"


# --- rows of The Stack


def test_rows_with_nulls_cost_themselves(tmp_path: Path) -> None:
    path, content = GOOD["python"]
    nameless = {"max_stars_repo_name": None, "max_stars_repo_path": None, "max_stars_repo_head_hexsha": None}
    found = [
        stack_row("null.py", None),
        stack_row(path, content),
        stack_row("nowhere.py", content, **nameless, hexsha="e" * 40),
        stack_row("nothing.py", content, **nameless, hexsha=None, ext=None, lang=None, max_stars_count=None),
        stack_row("all.py", None, **nameless, hexsha=None, ext=None, max_stars_repo_licenses=None),
    ]
    write_stack(tmp_path, "python", found)
    out = judged(tmp_path, STACK)
    assert dropped(out, "stack") == {"read/null-content": 2}
    kept = {row["id"]: row["license"] for row in rows(out / "documents")}
    assert kept == {f"owner/name@{COMMIT}/{path}": "MIT", "e" * 40: "MIT", "data/python/a.parquet#3": "MIT"}


def test_a_cut_file_and_odd_columns_cost_their_file(tmp_path: Path) -> None:
    path, content = GOOD["coq"]
    cut = write_stack(tmp_path, "python", [stack_row(f"{number}.py", b"x" * 5_000) for number in range(50)])
    cut.write_bytes(cut.read_bytes()[:-2_000])
    write_stack(tmp_path, "c", [stack_row("a.c", b"x") | {"content": 3}])
    write_stack(tmp_path, "r", [{"content": "x"}])
    write_stack(tmp_path, "coq", [stack_row(path, content)])
    out = judged(tmp_path, STACK)
    assert dropped(out, "stack") == {"read/not-parquet": 1, "read/columns": 2}
    assert [row["id"] for row in rows(out / "documents")] == [f"owner/name@{COMMIT}/{path}"]


# --- tarballs


def test_links_devices_and_names_that_escape_cost_themselves(tmp_path: Path) -> None:
    path, content = GOOD["coq"]
    write_tarball(
        tmp_path / "a.tar.gz",
        member(f"{TOP}/soft.v", kind=tarfile.SYMTYPE, target="/etc/passwd"),
        member(f"{TOP}/hard.v", kind=tarfile.LNKTYPE, target="/etc/passwd"),
        member(f"{TOP}/pipe.v", kind=tarfile.FIFOTYPE),
        member(f"{TOP}/device.v", kind=tarfile.CHRTYPE),
        member(f"{TOP}/../../up.v", content),
        member("/root.v", content),
        member(f"{TOP}/{path}", content),
    )
    before = set(tmp_path.parent.rglob("*.v"))
    out = judged(tmp_path, GITHUB)
    assert dropped(out, "github") == {"read/link": 4, "read/unsafe-name": 2}
    assert [row["id"].rpartition("/")[2] for row in rows(out / "documents")] == [path]
    assert set(tmp_path.parent.rglob("*.v")) == before


def test_bombs_cost_the_rest_of_their_archive(tmp_path: Path) -> None:
    path, content = GOOD["coq"]
    long = member(f"{TOP}/b.v", content)
    long[0].pax_headers = {"comment": "x" * 1_000_000}  # tarfile reads it whole
    write_tarball(tmp_path / "header.tar.gz", member(f"{TOP}/{path}", content), long)
    write_tarball(tmp_path / "whole.tar.gz", member(f"{TOP}/whole.v", content))
    write_tarball(tmp_path / "tail.tar.gz", member(f"{TOP}/other.v", content))
    padded = gzip.decompress((tmp_path / "tail.tar.gz").read_bytes()) + bytes(50_000_000)
    (tmp_path / "tail.tar.gz").write_bytes(gzip.compress(padded, 1))
    out = judged(tmp_path, GITHUB)
    assert fates(out, "github")[path] == fates(out, "github")["whole.v"] == "kept"
    assert dropped(out, "github") == {"read/bomb": 2}


# --- what is too large, or takes too long


@pytest.mark.slow
def test_hundreds_of_megabytes_are_refused_by_their_size(tmp_path: Path) -> None:
    """They compress well, so the archives are small. A notebook's size is looked at before its JSON is."""
    large = b"import numpy\n" * (100_000_000 // 13)
    image = {"output_type": "display_data", "data": {"image/png": "A" * 120_000_000}}
    notebook = json.dumps({"cells": [PROSE, {"cell_type": "code", "source": "x", "outputs": [image]}]}).encode()
    path, content = GOOD["python"]
    write_stack(tmp_path, "python", [stack_row("large.py", large), stack_row(path, content)])
    write_stack(tmp_path, "jupyter-notebook", [stack_row("large.ipynb", notebook)])
    files = {"large.py": large, "large.ipynb": notebook, path: content}
    write_tarball(tmp_path / "a.tar.gz", *(member(f"{TOP}/{name}", data) for name, data in files.items()))
    out = judged(tmp_path, STACK, GITHUB)
    too_large = {"large.py": "size/too-large", path: "kept"}
    assert fates(out, "stack") == {**too_large, "large.ipynb": "size/too-large"}
    assert fates(out, "github") == {**too_large, "large.ipynb": "read/too-large"}


HOSTILE = (
    "(", "{", "[", "/*", "(*", "{-", "/-", "%{\n", "#[", '"', "'", "'''", 'r"', "`", "\\", "\\begin{a}", "$", "%", "#",
    "--", "<", "a ", "a.", "a::", "1 ", "\n", "\t", "\r", "≤", "import ", "import a, ", "from a import (", "open ",
    "lemma ", "theorem x\n", "#include <", "if x then ",
)  # fmt: skip
"""What a parser may have to remember, or to look for from anew, when it comes a million times."""


@pytest.mark.slow
def test_no_file_takes_long(tmp_path: Path) -> None:
    """200 kB of each in every language; the kernel ends the program after some five times the CPU that it takes."""
    for language in languages.names():
        ending = languages.load(language).extensions[0]
        texts = [(word * (200_000 // len(word.encode()))).encode() for word in HOSTILE]
        write_stack(tmp_path, language, [stack_row(f"{n}{ending}", text) for n, text in enumerate(texts)])

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (40, 40))

    out = judged(tmp_path, STACK, preexec_fn=limit)
    flows = [receipt["flows"]["stack"] for receipt in receipts(out)]
    assert sum(flow["read"]["documents"] for flow in flows) == len(HOSTILE) * len(languages.names())
