"""The command line: `proofpile`, or `python -m pipeline` in a job that ships the working directory.

Data goes to standard output, everything said to people to standard error. Exit codes: 0 done; 1 failed; 2 usage or a
bad manifest; 3 done, but more records were refused for errors than the manifest allows.
"""

from __future__ import annotations

import io
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Annotated

import typer
from rich.console import Console

from filters.lmplz import BuildError
from filters.models import ModelError
from filters.train import TrainingError
from manifests import ManifestError
from pipeline.auditing import audit_command
from pipeline.commands import (
    BAD_MANIFEST,
    FAILED,
    doctor_command,
    explain_command,
    funnel_command,
    schema_command,
    stats_command,
    status_command,
)
from pipeline.deduplication import dedup_command
from pipeline.github.command import github
from pipeline.mixing import mix_app
from pipeline.running import heldout_command, plan_command, run_command
from pipeline.stage import StaleError
from pipeline.storage import StorageError
from pipeline.tokenization import TokenizerError
from pipeline.tokenizing import tokenize_command
from pipeline.tools import classify_command, extract_command
from pipeline.training import train

VERBS: Mapping[str, Callable[..., None]] = {
    "run": run_command,
    "plan": plan_command,
    "status": status_command,
    "funnel": funnel_command,
    "stats": stats_command,
    "explain": explain_command,
    "heldout": heldout_command,
    "doctor": doctor_command,
    "schema": schema_command,
    "extract": extract_command,
    "classify": classify_command,
    "dedup": dedup_command,
    "tokenize": tokenize_command,
    "audit": audit_command,
}
GROUPS = {"train": train, "github": github, "mix": mix_app}

app = typer.Typer(
    name="proofpile",
    help="Rebuild Proof-Pile-2, and maths corpora like it, from raw sources to token shards.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    epilog="Start with: `proofpile run manifests/quickstart.toml --out runs/quickstart`",
)
debug = False


@app.callback()
def options(
    show_traceback: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
) -> None:
    """Options of every verb."""
    global debug
    debug = show_traceback


for name, verb in VERBS.items():
    app.command(name)(verb)
for name, group in GROUPS.items():
    app.add_typer(group, name=name)


def main() -> None:
    """Run the command line and exit; errors that people can mend are one line, without a traceback unless --debug."""
    for stream in (sys.stdout, sys.stderr):  # an id in Greek must not fail where the locale is C
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except (ManifestError, ModelError, TokenizerError) as error:
        _fail(error, BAD_MANIFEST)
    except (BuildError, OSError, StaleError, StorageError, TrainingError) as error:
        _fail(error, FAILED)
    except KeyboardInterrupt:
        _fail(Exception("interrupted; the same command goes on where this one stopped"), FAILED)


def _fail(error: BaseException, code: int) -> None:
    if debug:
        traceback.print_exc()
    Console(stderr=True).print(f"proofpile: {error}", markup=False, highlight=False, soft_wrap=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
