"""The verbs of the mixture: `proofpile mix …`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from pydantic import ValidationError

from manifests import Receipt
from manifests.manifest import Mixture
from pipeline.commands import AsJson, RunPath, existing
from pipeline.report.folder import read_json, receipts_by_stage
from pipeline.report.totals import TOKENS, of_kind
from pipeline.shares import mix, table
from pipeline.stages.mixture import train_tokens
from pipeline.storage import RunFolder, StorageError

Weights = Annotated[
    str, typer.Option(metavar="SOURCE=WEIGHT,…", help="Other weights than the run's, by source or group.")
]
Budget = Annotated[int, typer.Option(min=0, help="Other tokens of training than the run's; 0: the run's.")]

mix_app = typer.Typer(no_args_is_help=True, help="How much of each source a trainer sees.")


@mix_app.command("table")
def table_command(run: RunPath, weights: Weights = "", budget: Budget = 0, as_json: AsJson = False) -> None:
    """For a budget of tokens: what each source contributes, its effective share, and how often it is repeated.

    Example: `proofpile mix table runs/proof-pile-2 --weights arxiv=2,open-web-math=4,code=1 --budget 200000000000`
    """
    folder = existing(run)
    try:
        shares = mix(train_tokens(token_receipts(folder)), mixture_of(folder, weights, budget))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--weights") from None
    typer.echo(json.dumps([asdict(share) for share in shares], indent=1) if as_json else table(shares))


def token_receipts(run: RunFolder) -> list[Receipt]:
    """The receipts of the stages that wrote tokens. Raises StorageError if there is none."""
    found = list(of_kind(TOKENS, receipts_by_stage(run)))
    if not found:
        raise StorageError(f"{run.url} has no tokens yet: finish the run first")
    return found


def mixture_of(run: RunFolder, weights: str = "", budget: int = 0) -> Mixture:
    """The mixture that a run was asked for, with other weights or another budget where they are given.

    Raises BadParameter for weights of what the run does not have.
    """
    manifest = read_json(run, "manifest.json")
    asked = Mixture.model_validate(manifest.get("mixture", {}))
    if not weights:
        return asked.model_copy(update={"budget": budget or asked.budget})
    given = parse_weights(weights)
    known = {*(source["name"] for source in manifest["sources"]), *asked.groups}
    if unknown := sorted(given.keys() - known):
        raise typer.BadParameter(f"nothing is called {unknown[0]}; there are {', '.join(sorted(known))}")
    groups = {name: members for name, members in asked.groups.items() if name in given}
    try:
        return Mixture(weights=given, groups=groups, budget=budget or asked.budget)
    except ValidationError as error:
        raise typer.BadParameter(error.errors()[0]["msg"], param_hint="--weights") from None


def parse_weights(text: str) -> dict[str, float]:
    """`arxiv=2,open-web-math=4` as a mapping. Raises BadParameter."""
    pairs = [part.strip().partition("=") for part in text.split(",")]
    try:
        return {name: float(weight) for name, _, weight in pairs}
    except ValueError:
        raise typer.BadParameter(f"{text}: write SOURCE=WEIGHT,SOURCE=WEIGHT") from None
