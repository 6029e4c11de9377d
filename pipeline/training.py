"""The verbs that train a model, and read what it learns from: `proofpile train …`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from rich.console import Console

from filters.document import Document, Drop
from filters.filter import Filter
from filters.language_id import LanguageId
from filters.lmplz import DEFAULT as LMPLZ_FOLDER
from filters.lmplz import build
from filters.models import Model, pin
from filters.train import (
    MathScoreTraining,
    Texts,
    TrainingError,
    evaluate,
    evaluate_perplexity,
    train_perplexity,
)
from filters.web import HtmlType
from pipeline.extract.filter import ExtractHtml
from pipeline.report.text import count, table
from pipeline.shards import read_documents
from pipeline.sources.jsonl import Jsonl
from pipeline.sources.warc import Warc
from pipeline.stages.tokenizer import train_tokenizer

Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE…", help="Documents: .parquet of a run, JSON lines, or archives (.warc.gz)."),
]
OutFile = Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write the model.")]
Evaluated = Annotated[
    str, typer.Option("--evaluate", metavar="MODEL", help="Train nothing: measure this model on the documents.")
]
ARCHIVES = (".warc", ".warc.gz", ".warc.zst", ".arc.gz")

train = typer.Typer(no_args_is_help=True, help="Train a model: math-score, perplexity or tokenizer.")


@train.command("math-score")
def math_score_command(
    files: Files,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write model (.ftz) or figures (.json).")],
    evaluated: Evaluated = "",
    folds: Annotated[int, typer.Option(help="Evaluate on held-out sites in so many folds; 0: do not.")] = 5,
    pieces: Annotated[int, typer.Option(help="Pieces learnt beside each document; 0: the paper's recipe.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of every choice.")] = 0,
) -> None:
    """Train the MathScore classifier: labels from LaTeX commands, mathematics out of the features (OpenWebMath).

    Beside the model lies a .json of the same name: what it learnt from, and its figures on sites it did not learn from.
    With --evaluate the documents are scored by a model that stands; sites that its .json names are left out.

    Example: `proofpile train math-score runs/web/documents/**/*.parquet --out math_score.ftz`
    Example: `proofpile train math-score other.warc.gz --evaluate math_score.ftz --out figures.json`
    """
    if evaluated:
        beside = Path(evaluated).with_suffix(".json")
        seen = frozenset(json.loads(beside.read_text("utf-8"))["sites"]) if beside.is_file() else ()
        found = evaluate(pin(Model(evaluated)), read_texts(files), seen)
        out.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    else:
        try:
            report = MathScoreTraining(pieces=pieces, seed=seed)(read_texts(files), out, folds)
        except TrainingError as error:
            raise typer.BadParameter(str(error), param_hint="FILE") from None
        found = report.get("held_out", {})
        typer.echo(f"{out}: {report['bytes']:,} bytes, sha256 {report['sha256']}")
    if found:
        _show(found)


def _show(found: dict[str, Any]) -> None:
    """The figures of `filters.evaluate`, as tables."""
    console = Console(highlight=False)
    low, high = found["auc_95"] or (None, None)
    documents = found["documents"]
    console.print(
        f"{count(documents['math'])} documents with LaTeX, {count(documents['other'])} without,"
        f" of {count(found['sites'])} sites: ROC AUC {found['auc']} ({low} to {high}),"
        f" Brier {found['brier']}, calibration error {found['ece']}"
    )
    limits = table("above", "precision", "recall")
    for row in found["limits"]:
        limits.add_row(*(str(row[name]) for name in ("above", "precision", "recall")))
    calibration = table("score", "documents", "mean score", "share of mathematics")
    for row in found["calibration"]:
        numbers = (str(row.get(name, "")) for name in ("score", "math"))
        calibration.add_row(f"{row['from']} to {row['to']}", count(row["documents"]), *numbers)
    console.print(limits, calibration, sep="\n\n")


@train.command("perplexity")
def perplexity_command(
    files: Files,
    out: OutFile,
    evaluated: Evaluated = "",
    prune: Annotated[
        str, typer.Option(metavar="N,N…", help="Leave out n-grams seen no more often, for n of 1 to the longest.")
    ] = "1,3,4",
    programs: Annotated[Path, typer.Option(help="Where `make lmplz` has built KenLM.")] = LMPLZ_FOLDER,
) -> None:
    """Train the KenLM model whose perplexity tells prose from rubbish. Needs `make lmplz` once.

    With --evaluate: how the perplexities of the documents are spread, written to --out.

    Example: `proofpile train perplexity runs/arxiv/documents/**/*.parquet --out perplexity.klm`
    """
    pruned = _counts(prune)
    if evaluated:
        report = evaluate_perplexity(pin(Model(evaluated)), read_texts(files))
        out.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    else:
        report = train_perplexity(read_texts(files), out, build(programs), pruned)
    typer.echo(json.dumps(report, indent=1))


def _counts(prune: str) -> list[int]:
    try:
        return [int(count) for count in prune.split(",")]
    except ValueError:
        raise typer.BadParameter("whole numbers and commas, such as 1,3,4", param_hint="--prune") from None


@train.command("tokenizer")
def tokenizer_command(
    files: Files,
    out: OutFile,
    vocabulary: Annotated[int, typer.Option(help="Entries of the vocabulary.")] = 32_000,
    end_of_document: Annotated[str, typer.Option(help="Token that ends a document.")] = "</s>",
) -> None:
    """Train a byte-level BPE tokenizer.

    Example: `proofpile train tokenizer documents.jsonl.zst --vocabulary 32000 --out tokenizer.json`
    """
    out.write_bytes(train_tokenizer((text for _, text in read_texts(files)), vocabulary, end_of_document))


def read_texts(files: Iterable[Path]) -> Texts:
    """(url, text) of the documents in files, one at a time; of archives, those of the English pages.

    What holds no document is counted on standard error.
    """
    for file in files:
        refused: Counter[str] = Counter()
        with file.open("rb") as stream:
            if file.suffix == ".parquet":
                yield from ((row["url"], row["text"]) for row in read_documents(stream, ("url", "text")))
                continue
            for record in _records(file.name, stream):
                if isinstance(record, Drop):
                    refused[f"{record.rule}/{record.reason}"] += 1
                else:
                    yield record.url, record.text
        for reason, number in refused.most_common():
            typer.echo(f"{file.name}: left out {count(number)}, {reason}", err=True)


def _records(name: str, stream: BinaryIO) -> Iterator[Document | Drop]:
    if not name.endswith(ARCHIVES):
        yield from Jsonl(name, url_field="url").read(name, stream)
        return
    steps: tuple[Filter, ...] = (HtmlType(), ExtractHtml(), LanguageId())
    for record in Warc(name).read(name, stream):
        for step in steps:
            if isinstance(record, Document):
                record = step(record)
        yield record
