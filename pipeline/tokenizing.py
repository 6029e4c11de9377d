"""The verb `tokenize`: any documents to one token shard, or only to its count."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from filters.models import Model, resolve
from pipeline.fast_tokenizer import Ids
from pipeline.indexed import IndexedWriter
from pipeline.shards import clean
from pipeline.tokenization import load_tokenizer
from pipeline.training import read_texts


@dataclass
class Counted:
    """What was tokenized; tokens with one end a document."""

    engine: str
    documents: int = 0
    bytes: int = 0
    tokens: int = 0


def tokenize_command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="JSON lines, Parquet, or WARC archives.")],
    tokenizer: Annotated[str, typer.Option(help="Tokenizer file: a path or URL, such as hf://ORG/REPOSITORY/FILE.")],
    sha256: Annotated[str, typer.Option(help="What its bytes must hash to.")] = "",
    end_of_document: Annotated[str, typer.Option(help="Token that ends a document.")] = "</s>",
    out: Annotated[
        Path | None, typer.Option(metavar="PREFIX", help="Write PREFIX.bin and PREFIX.idx; else only count.")
    ] = None,
) -> None:
    """Tokenize documents as `run` does, or only count their tokens; empty documents are left out.

    Example: `proofpile tokenize documents.jsonl.zst --tokenizer tokenizer.json --out tokens/documents`
    """
    encoder = load_tokenizer(resolve(Model(tokenizer, sha256)), end_of_document)
    counted = Counted(encoder.engine)
    with ExitStack() as stack:
        write: Callable[[Ids], None] = (
            stack.enter_context(IndexedWriter(out, encoder.dtype, encoder.end)).write if out else lambda ids: None
        )
        for text in (clean(text) for _, text in read_texts(files)):
            if len(ids := encoder.encode(text)):
                write(ids)
                counted.documents += 1
                counted.bytes += len(text.encode())
                counted.tokens += len(ids) + 1
    typer.echo(json.dumps(asdict(counted)))
