"""`proofpile train …`, as a person would type it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from filters.math_score import MATH_SCORE_MODEL
from filters.models import resolve
from filters.perplexity import PERPLEXITY_MODEL
from pipeline.__main__ import app
from pipeline.training import read_texts

MATHS = "Let the group be finite, and let every element of the group have an inverse under the given operation. "
KITCHEN = "Butter the baking dish, chop the onions and stir the cream until the potatoes are soft and golden. "


def call(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    rows = [
        {
            "text": f"{number} " + (MATHS + "\\frac12 " if number % 2 else KITCHEN) * 4,
            "url": f"https://s{number % 6}.org",
        }
        for number in range(30)
    ]
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_math_score_is_trained_and_measured_on_other_sites(texts: Path, tmp_path: Path) -> None:
    said = call("train", "math-score", texts, "--out", tmp_path / "m.ftz", "--folds", 2, "--pieces", 0)
    assert "15 documents with LaTeX, 15 without, of 6 sites: ROC AUC" in said
    report = json.loads((tmp_path / "m.json").read_text())
    assert report["sites"] == [f"s{number}.org" for number in range(6)]
    assert report["held_out"]["folds"] == 2
    assert report["sha256"] in said


def test_a_model_is_evaluated_on_sites_that_it_has_not_seen(texts: Path, tmp_path: Path) -> None:
    model = tmp_path / "m.ftz"
    model.write_bytes(resolve(MATH_SCORE_MODEL).read_bytes())
    model.with_suffix(".json").write_text('{"sites": ["s0.org"]}')
    said = call("train", "math-score", texts, "--evaluate", model, "--out", tmp_path / "figures.json")
    assert "ROC AUC 1.0" in said
    found = json.loads((tmp_path / "figures.json").read_text())
    assert (found["seen"], found["documents"]) == (5, {"math": 15, "other": 10})
    assert model.read_bytes() == resolve(MATH_SCORE_MODEL).read_bytes()


def test_documents_of_one_kind_are_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text(json.dumps({"text": KITCHEN * 4}) + "\n")
    assert "both kinds" in call("train", "math-score", tmp_path / "one.jsonl", "--out", tmp_path / "m.ftz", code=2)


def test_the_spread_of_perplexity_is_written(texts: Path, tmp_path: Path) -> None:
    model = resolve(PERPLEXITY_MODEL)
    call("train", "perplexity", texts, "--evaluate", model, "--out", tmp_path / "spread.json")
    found = json.loads((tmp_path / "spread.json").read_text())
    assert found["documents"] == 30
    assert found["quantiles"]["0.05"] <= found["quantiles"]["0.5"] <= found["quantiles"]["0.999"]


def test_pruning_is_whole_numbers(texts: Path, tmp_path: Path) -> None:
    assert "1,3,4" in call("train", "perplexity", texts, "--out", tmp_path / "p.klm", "--prune", "a", code=2)


def test_what_is_no_document_is_counted(texts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with texts.open("a") as stream:
        stream.write('not json\n{"text": ""}\n{"text": " "}\n')
    assert len(list(read_texts([texts]))) >= 30
    assert "texts.jsonl: left out 1, read/" in capsys.readouterr().err


def test_archives_are_read_as_a_run_reads_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = tmp_path / "pages.warc.gz"
    german = "Der Satz ist bewiesen, und damit endet die Vorlesung über die Theorie der Gruppen und Körper. "
    with archive.open("wb") as stream:
        writer = WARCWriter(stream, gzip=True)
        for name, text in (("en", MATHS * 3 + r"\(\frac12\)"), ("de", german * 5)):
            head = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
            body = io.BytesIO(f"<html><body><p>{text}</p></body></html>".encode())
            url = f"https://{name}.org/"
            writer.write_record(writer.create_warc_record(url, "response", payload=body, http_headers=head))
    ((url, text),) = read_texts([archive])
    assert url == "https://en.org/"
    assert text.endswith(r"$\frac12$")
    assert "left out 1, language-id/language" in capsys.readouterr().err
