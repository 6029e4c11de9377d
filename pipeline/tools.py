"""The verbs that work on single files: extract, classify, train."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from filters.code import classify
from filters.document import Document, Drop
from filters.lmplz import DEFAULT as LMPLZ_FOLDER
from filters.lmplz import build
from filters.perplexity import sentences
from filters.train import held_out, label, train_math_score, train_perplexity
from pipeline.extract import ExtractError, extract
from pipeline.shards import read_documents
from pipeline.sources.jsonl import Jsonl
from pipeline.stages.tokenizer import train_tokenizer
from pipeline.storage import StorageError

Files = Annotated[list[Path], typer.Argument(metavar="FILE…", help="Documents: .parquet of a run, or JSON lines.")]
OutFile = Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write the model.")]
Seed = Annotated[int, typer.Option(help="Seed of every choice.")]

train = typer.Typer(no_args_is_help=True, help="Train a model: math-score, perplexity or tokenizer.")


def add_to(app: typer.Typer) -> None:
    """Give these verbs to the program."""
    app.command("extract")(extract_command)
    app.command("classify")(classify_command)
    app.add_typer(train, name="train")


def extract_command(
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE…]", help="HTML; standard input if none.")] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Read a path a line from standard input; write a JSON object a line.")
    ] = False,
) -> None:
    """HTML to text with the mathematics kept as LaTeX.

    With --jsonl each line is {"path", "text", "info", "ms"}, or {"path", "error"}, in the order of the paths.

    Example: `find pages -name '*.html' | proofpile extract --jsonl > texts.jsonl`
    """
    if jsonl:
        paths = [str(file) for file in files] if files else (line.rstrip("\n") for line in sys.stdin if line.strip())
        return write_lines(paths, _extracted)
    failed = False
    for file in files or [Path("-")]:
        found = _extracted(str(file))
        failed |= "error" in found
        typer.echo(f"{file}: {found['error']}" if "error" in found else found["text"], err="error" in found)
    raise typer.Exit(1 if failed else 0)


def _extracted(path: str) -> dict[str, Any]:
    began = time.perf_counter()
    try:
        html = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        page = extract(html)
    except (OSError, ValueError, ExtractError) as error:
        return {"error": str(error) or type(error).__name__}
    return {"text": page.text, "info": page.info, "ms": round((time.perf_counter() - began) * 1000, 3)}


def classify_command(
    language: Annotated[str, typer.Option(help="Language, by its name in `languages/`.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE…")],
) -> None:
    """The code filters on files: {"path", "kept", "rule", "reason", "detail"} a line.

    Example: `proofpile classify --language coq theories/*.v`
    """
    write_lines(map(str, files), lambda path: _classified(language, path))


def _classified(language: str, path: str) -> dict[str, Any]:
    try:
        outcome = classify(language, path, Path(path).read_bytes())
    except OSError as error:
        outcome = Drop(path, "read", "unreadable", error.strerror or str(error))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--language") from None
    if isinstance(outcome, Document):
        return {"kept": True, "rule": "", "reason": "", "detail": ""}
    return {"kept": False, "rule": outcome.rule, "reason": outcome.reason, "detail": outcome.detail}


def write_lines(paths: Iterable[str], answer: Callable[[str], dict[str, Any]]) -> None:
    """One JSON object a path, in order, as soon as it is known."""
    for path in paths:
        sys.stdout.write(json.dumps({"path": path, **answer(path)}, ensure_ascii=False) + "\n")
        sys.stdout.flush()


@train.command("math-score")
def train_math_score_command(
    files: Files,
    out: OutFile,
    folds: Annotated[int, typer.Option(help="Evaluate on held-out sites in so many folds; 0: do not.")] = 5,
    seed: Seed = 0,
) -> None:
    """Train the MathScore classifier as in OpenWebMath: labels from LaTeX commands, mathematics out of the features.

    Example: `proofpile train math-score runs/web/documents/**/*.parquet --out math_score.ftz`
    """
    documents = [label(site_of(url), text) for url, text in read_texts(files)]
    report = {"trained": train_math_score(documents, out, seed=seed)}
    if folds:
        report["held_out"] = held_out(documents, folds, seed=seed)
    typer.echo(json.dumps(report, indent=1))


@train.command("perplexity")
def train_perplexity_command(
    files: Files,
    out: OutFile,
    order: Annotated[int, typer.Option(help="Longest n-gram.")] = 3,
    programs: Annotated[Path, typer.Option(help="Where `make lmplz` has built KenLM.")] = LMPLZ_FOLDER,
) -> None:
    """Train the KenLM model whose perplexity tells prose from rubbish. Needs `make lmplz` once.

    Example: `proofpile train perplexity runs/arxiv/documents/**/*.parquet --out perplexity.klm`
    """
    lines = (sentence for _, text in read_texts(files) for sentence in sentences(text))
    report = train_perplexity(lines, out, build(programs), order=order, prune=(0,) + (1,) * (order - 1))
    typer.echo(json.dumps(report, indent=1))


@train.command("tokenizer")
def train_tokenizer_command(
    files: Files,
    out: OutFile,
    vocabulary: Annotated[int, typer.Option(help="Entries of the vocabulary.")] = 32_000,
    end_of_document: Annotated[str, typer.Option(help="Token that ends a document.")] = "</s>",
) -> None:
    """Train a byte-level BPE tokenizer.

    Example: `proofpile train tokenizer documents.jsonl.zst --vocabulary 32000 --out tokenizer.json`
    """
    out.write_bytes(train_tokenizer((text for _, text in read_texts(files)), vocabulary, end_of_document))


def read_texts(files: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """(url, text) of the documents in files. Raises StorageError for a file that holds something else."""
    for file in files:
        with file.open("rb") as stream:
            if file.suffix == ".parquet":
                yield from ((row["url"], row["text"]) for row in read_documents(stream, ("url", "text")))
                continue
            for record in Jsonl(file.name, url_field="url").read(file.name, stream):
                if isinstance(record, Drop):
                    raise StorageError(f"{file}: {record.id}: {record.reason} {record.detail}".rstrip())
                yield record.url, record.text


def site_of(url: str) -> str:
    """What a held-out test keeps together."""
    return urlsplit(url).hostname or url
