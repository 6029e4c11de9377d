"""The verbs on single files, as a script would use them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.tokenization import load_tokenizer

PAGE = "<html><body><h1>Squares</h1><p>For all \\(x\\) we have \\[x^2 \\ge 0.\\]</p></body></html>"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text(PAGE)
    return path


def call(*arguments: str, stdin: str | None = None, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(arguments), input=stdin)
    assert result.exit_code == code, result.output
    return result.stdout


def test_extract_keeps_the_latex(page: Path) -> None:
    assert call("extract", str(page)) == "# Squares\n\nFor all $x$ we have $$x^2 \\ge 0.$$\n"
    assert call("extract", stdin=PAGE) == call("extract", str(page))


def test_extract_answers_a_line_a_path_in_order(page: Path, tmp_path: Path) -> None:
    missing, empty = tmp_path / "missing.html", tmp_path / "empty.html"
    empty.write_bytes(b"")
    lines = call("extract", "--jsonl", stdin=f"{page}\n{missing}\n{empty}\n").splitlines()
    first, second, third = map(json.loads, lines)
    assert [first["path"], second["path"], third["path"]] == [str(page), str(missing), str(empty)]
    assert first["info"] == {"delimiter": 2}
    assert first["ms"] > 0
    assert "No such file" in second["error"]
    assert third["text"] == "" or third["error"]


def test_extract_of_a_missing_file_fails(tmp_path: Path) -> None:
    call("extract", str(tmp_path / "missing.html"), code=1)


def test_classify_says_kept_or_why_not(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text("import numpy as np\nprint(np.eye(3))\n")
    (tmp_path / "bad.py").write_text("import os\n")
    paths = [str(tmp_path / name) for name in ("good.py", "bad.py", "none.py")]
    good, bad, none = map(json.loads, call("classify", "--language", "python", *paths).splitlines())
    assert good == {"path": paths[0], "kept": True, "rule": "", "reason": "", "detail": ""}
    assert (bad["kept"], bad["rule"], bad["reason"]) == (False, "language", "no-marker")
    assert (none["rule"], none["reason"], none["detail"]) == ("read", "unreadable", "No such file or directory")


def test_classify_knows_its_languages(tmp_path: Path) -> None:
    (tmp_path / "a.rs").write_text("fn main() {}")
    call("classify", "--language", "rust", str(tmp_path / "a.rs"), code=2)


def test_train_tokenizer_writes_a_tokenizer(tmp_path: Path) -> None:
    texts = tmp_path / "texts.jsonl"
    texts.write_text("".join(json.dumps({"text": f"the sum of {n} and {n} is {2 * n}"}) + "\n" for n in range(50)))
    out = tmp_path / "tokenizer.json"
    call("train", "tokenizer", str(texts), "--vocabulary", "300", "--out", str(out))
    encoder = load_tokenizer(out, "</s>")
    assert encoder.decode(encoder.encode("the sum").tolist()) == "the sum"
