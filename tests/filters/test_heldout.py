"""Theorems of benchmarks are cut wherever they stand, and nothing else is."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from filters.document import Document, Drop
from filters.heldout import Heldout
from filters.heldout_lists import Benchmark, digest, json_rows, read_items
from filters.models import Model, ModelError, pin


def benchmark(path: Path, content: str | bytes, name: str = "b", **more: object) -> Benchmark:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Benchmark(name, (pin(Model(str(path))),), **more)  # type: ignore[arg-type]


def leandojo(tmp_path: Path, *theorems: tuple[str, str], goal: str = "⊢ x = y") -> Heldout:
    tactics = [{"tactic": "simp", "annotated_tactic": ["simp", []], "state_before": goal, "state_after": "no goals"}]
    rows = [
        {"url": "u", "commit": "c", "file_path": file, "full_name": name, "traced_tactics": tactics}
        for file, name in theorems
    ]
    return Heldout((benchmark(tmp_path / "val.json", json.dumps(rows), "leandojo"),))


def pisa(tmp_path: Path, *statements: tuple[str, str]) -> Heldout:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for number, pair in enumerate(statements):
            data = json.dumps([pair]).encode()
            member = tarfile.TarInfo(f"universal_test_theorems/test_name_{number}.json")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return Heldout((benchmark(tmp_path / "pisa.tar.gz", buffer.getvalue(), "pisa"),))


def rows(tmp_path: Path, *rows: dict[str, str], **more: object) -> Heldout:
    text = "\n".join(map(json.dumps, rows))
    return Heldout((benchmark(tmp_path / "rows.jsonl", text, "minif2f", **more),))


def read(
    by: Heldout, text: str, subset: str = "lean", path: str = "a/b.lean", repo: str = "me/mine"
) -> Document | Drop:
    return by(Document("id", "source", subset, text, meta={"path": path, "repo": repo}))


def left(by: Heldout, text: str, subset: str = "lean", path: str = "a/b.lean") -> str:
    found = read(by, text, subset, path)
    assert isinstance(found, Document)
    return found.text


LIBRARY = "namespace nat\ntheorem add_two : p := q\n\nlemma mul_two : p := q\n\nend nat\n\ntheorem mul_two : p := q\n"


def test_all_theorems_of_a_file_go_by_full_name(tmp_path: Path) -> None:
    by = leandojo(tmp_path, ("src/nat.lean", "nat.add_two"), ("src/nat.lean", "nat.mul_two"))
    found = read(by, LIBRARY)
    assert isinstance(found, Document)
    assert found.text == "namespace nat\nend nat\n\ntheorem mul_two : p := q\n"
    assert found.meta["heldout"] == {"cut": 2, "items": {"leandojo": ["nat.add_two", "nat.mul_two"]}}


def test_every_occurrence_goes(tmp_path: Path) -> None:
    by = leandojo(tmp_path, ("src/nat.lean", "nat.add_two"))
    text = "theorem nat.add_two : p := q\ndef x := 1\nnamespace nat\nprotected lemma add_two : p := q\nend nat\n"
    assert left(by, text, path="deps/other.lean") == "def x := 1\nnamespace nat\nend nat\n"


@pytest.mark.parametrize("name", ["nat.add_two", "add_two_eq"])
def test_a_telling_name_is_known_in_any_file(tmp_path: Path, name: str) -> None:
    by = leandojo(tmp_path, ("src/data/nat.lean", name))
    assert left(by, f"theorem {name} : p := q\ndef x := 1\n") == "def x := 1\n"


@pytest.mark.parametrize("name", ["aux", "T_pos"])
def test_a_short_name_is_known_in_its_file_only(tmp_path: Path, name: str) -> None:
    by = leandojo(tmp_path, ("src/data/nat.lean", name))
    text = f"theorem {name} : p := q\ndef x := 1\n"
    assert left(by, text, path="mine/nat.lean") == text
    assert left(by, text, path="mathlib/src/data/nat.lean") == "def x := 1\n"


@pytest.mark.parametrize("name", ["add_two'", "add_two_of", "my_add_two", "add_two.aux", "add_tw"])
def test_a_name_is_never_known_by_a_part_of_it(tmp_path: Path, name: str) -> None:
    by = leandojo(tmp_path, ("src/nat.lean", "nat.add_two"))
    text = f"namespace nat\ntheorem {name} : p := q\nend nat\n"
    assert left(by, text) == text


def test_names_without_statement_or_file_count_anywhere(tmp_path: Path) -> None:
    by = Heldout((benchmark(tmp_path / "tpe.names", "nat.add_two nat set\nfoo \n\n"),))
    assert left(by, "theorem foo : p := q\ntheorem nat.add_two : p := q\ndef x := 1\n") == "def x := 1\n"


STATED = {
    "problem_name": "mathd_algebra_1",
    "formal_statement": "theorem mathd_algebra_1 (x : ℝ) (h : x = 2) :\n  x + 2 = 4",
}
RENAMED = "theorem mine (x : ℝ) (h : x = 2) : x + 2 = 4 := by simp\n"


def test_a_renamed_copy_is_known_by_its_statement(tmp_path: Path) -> None:
    assert left(rows(tmp_path, STATED), RENAMED + "def x := 1\n") == "def x := 1\n"


def test_an_edited_statement_is_known_only_if_names_are_said_to_be_unmistakable(tmp_path: Path) -> None:
    text = "theorem mathd_algebra_1 (y : ℝ) (h : y = 2) : y + 2 = 4 := by simp\ndef x := 1\n"
    assert left(rows(tmp_path, STATED), text) == text
    assert left(rows(tmp_path, STATED, by_name=True), text) == "def x := 1\n"


def test_a_document_that_declares_nothing_else_is_refused(tmp_path: Path) -> None:
    found = read(rows(tmp_path, STATED), "import data.real.basic\n\nopen real\n\n" + RENAMED)
    assert isinstance(found, Drop)
    assert (found.rule, found.reason) == ("heldout", "emptied")
    assert json.loads(found.detail) == {"minif2f": ["mathd_algebra_1"]}


REPOSITORIES = {
    "openai/miniF2F": True,
    "me/minif2f-lean4": True,
    "me/my_MINIF2F_fork": True,
    "openai-miniF2F": True,
    "minif2f/proofs": False,
    "me/miniF2Fs": False,
    "": False,
}


@pytest.mark.parametrize(("repo", "copied"), REPOSITORIES.items())
def test_nothing_of_a_copy_of_a_benchmark_is_kept(tmp_path: Path, repo: str, copied: bool) -> None:
    by = rows(tmp_path, STATED, repositories=("miniF2F",))
    found = read(by, "theorem other : p := q\n", repo=repo)
    assert isinstance(found, Drop) == copied
    if isinstance(found, Drop):
        assert (found.reason, found.detail) == ("benchmark-file", '{"minif2f": []}')
    assert isinstance(read(by, "x = 1\n", "python", repo=repo), Document)


LONG = 'lemma foo: "a_long_enough x y = another_long_enough y x"'


def test_isabelle_theorems_go_by_statement(tmp_path: Path) -> None:
    by = pisa(tmp_path, ("/home/a/thys/Entry/Theory.thy", LONG))
    renamed = LONG.replace("foo", "(in loc) bar [simp]") + "\n  by simp\n\ndefinition x\n"
    assert left(by, renamed, "isabelle", "X/Y.thy") == "definition x\n"


def test_a_short_statement_counts_under_its_name_or_in_its_file(tmp_path: Path) -> None:
    by = pisa(tmp_path, ("/home/a/thys/Entry/Theory.thy", 'lemma foo: "p x"'))
    text = 'lemma bar: "p x" by simp\ndefinition x\n'
    assert left(by, text, "isabelle", "X/Y.thy") == text
    assert left(by, text, "isabelle", "x/thys/Entry/Theory.thy") == "definition x\n"
    assert left(by, text.replace("bar", "foo"), "isabelle", "X/Y.thy") == "definition x\n"


def test_an_edited_theorem_is_known_by_name_in_its_file(tmp_path: Path) -> None:
    by = pisa(tmp_path, ("/home/a/thys/Entry/Theory.thy", LONG))
    text = 'lemma foo: "edited x"\n  by simp\ndefinition x\n'
    assert left(by, text, "isabelle", "x/thys/Entry/Theory.thy") == "definition x\n"
    assert left(by, text, "isabelle", "Entry/Other.thy") == text


@pytest.mark.parametrize("unnamed", ["lemma [simp]:", "lemma", "lemma assumes fin:"])
def test_of_unnamed_lemmas_only_the_one_with_that_statement_goes(tmp_path: Path, unnamed: str) -> None:
    by = pisa(tmp_path, ("/home/a/thys/Entry/Theory.thy", f'{unnamed} "p x" shows "q x"'))
    other = f'{unnamed} "r x" shows "s x"\n  by simp\n'
    text = f'{other}{unnamed} "p x"\n  shows "q x" by simp\nend\n'
    assert left(by, text, "isabelle", "afp/thys/Entry/Theory.thy") == other + "end\n"


def test_proof_steps_of_lean_go_by_goal(tmp_path: Path) -> None:
    by = leandojo(tmp_path, ("src/nat.lean", "nat.add_two"), goal="x : ℕ\n⊢ x = x + 0")
    kept = "[GOAL]\nx y : ℕ\n⊢ x = y\n[PROOFSTEP]\nsimp\n"
    text = f"{kept}[GOAL]\nx : ℕ\n⊢ x  = x + 0\n[PROOFSTEP]\nrfl\n"
    assert left(by, text, "lean-proofsteps") == kept
    assert isinstance(read(by, text.removeprefix(kept), "lean-proofsteps"), Drop)


def test_proof_steps_of_isabelle_go_by_statement(tmp_path: Path) -> None:
    by = pisa(tmp_path, ("/home/a/thys/Entry/Theory.thy", LONG))
    kept = '[STATEMENT]\nlemma bar: "q x"\n[PROOF STATE]\ngoal\n[PROOF STEP]\nby simp\n'
    text = f"{kept}[STATEMENT]\n{LONG}\n[PROOF STATE]\ngoal\n[PROOF STEP]\nby auto"
    assert left(by, text, "isabelle-proofsteps") == kept
    assert isinstance(read(by, text.removeprefix(kept), "isabelle-proofsteps"), Drop)


def test_other_subsets_are_not_looked_at(tmp_path: Path) -> None:
    document = Document("id", "source", "coq", "theorem nat.add_two : p := q\n")
    assert leandojo(tmp_path, ("src/nat.lean", "nat.add_two"))(document) is document


def test_a_document_without_held_out_theorems_is_the_same_document(tmp_path: Path) -> None:
    document = Document("id", "source", "lean", "\r\ntheorem a : p := q\r\n")
    assert leandojo(tmp_path, ("src/nat.lean", "nat.add_two"))(document) is document


LISTS = {
    "x.json": '[{"file_path": "a/b.lean", "full_name": "n._root_.m.t", "traced_tactics": []}]',
    "y.json": '[["/thys/A/B.thy", "lemma t: \\"p\\""]]',
    "x.jsonl": '{"full_name": "t", "statement": "theorem t (x : N) : x = x"}\n',
    "y.jsonl": '{"id": "Rudin|t", "formal_statement": "theorem t\\n(x : N)\\n: x = x :=", "src_header": "import x"}\n',
    "z.jsonl": '{"problem_name": "t", "formal_statement": "theorem t:\\n  fixes x\\n  shows \\"x = x\\""}\n',
    "x.names": "# names\nt  open namespaces\n",
    "x.lean": "namespace n\ntheorem t : x = x := sorry\nend n\n",
    "x.thy": 'theory X imports Main begin\ntheorem t: "x = x" sorry\nend\n',
}
EXPECTED = {
    "x.json": ("lean", "m.t", "m.t", "a/b.lean", ""),
    "y.json": ("isabelle", "A/B.thy t", "t", "/thys/A/B.thy", '"p"'),
    "x.jsonl": ("lean", "t", "t", "", "(x:N):x=x"),
    "y.jsonl": ("lean", "Rudin|t", "t", "", "(x:N):x=x"),
    "z.jsonl": ("isabelle", "t", "t", "", 'fixesxshows"x=x"'),
    "x.names": ("lean", "t", "t", "", ""),
    "x.lean": ("lean", "n.t", "n.t", "", ":x=x"),
    "x.thy": ("isabelle", "t", "t", "", '"x=x"'),
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_of_every_form(tmp_path: Path, name: str) -> None:
    [item] = read_items(benchmark(tmp_path / name, LISTS[name]))
    language, label, full_name, file, statement = EXPECTED[name]
    assert (item.language, item.label, item.name, item.file) == (language, label, full_name, file)
    assert item.statement == (digest(statement) if statement else b"")


BROKEN: dict[str, str | bytes] = {
    "a.json": "{",
    "b.json": "[]",
    "c.json": '[{"file_path": "x"}]',
    "d.json": "[3]",
    "e.json": "3",
    "f.json": '[["only"]]',
    "g.jsonl": "[[",
    "h.names": "\n",
    "i.tar.gz": "no archive",
    "j.json": b"\xff\xfe",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_list_that_cannot_be_read_says_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match=name):
        list(read_items(benchmark(tmp_path / name, BROKEN[name])))


def test_rows_are_as_the_list_has_them(tmp_path: Path) -> None:
    [listed] = benchmark(tmp_path / "x.jsonl", '{"a": 1}\n\n{"b": "\u2028"}\n').lists
    assert list(json_rows(listed)) == [{"a": 1}, {"b": "\u2028"}]
    [names] = benchmark(tmp_path / "x.names", "a\n").lists
    assert list(json_rows(names)) == []
