"""The verbs of the mixture: `proofpile mix …`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import ValidationError

from filters.lmplz import DEFAULT as LMPLZ_FOLDER
from filters.lmplz import build
from manifests import Receipt
from manifests.sections import Mixture
from pipeline.commands import AsJson, PlotPath, RunPath, existing, print_json
from pipeline.mix_search import OVERALL, RUN, Learner, Result, Search, Trial, read_heldout, summarise
from pipeline.ngrams import NGrams
from pipeline.report.folder import read_json, receipts_by_stage
from pipeline.report.plots import dots
from pipeline.report.totals import TOKENS, of_kind
from pipeline.shares import mix, table
from pipeline.stages.mixture import train_tokens
from pipeline.stages.tokenizer import TOKENIZER_FILE
from pipeline.storage import RunFolder, StorageError
from pipeline.tokenization import TextEncoder, load_tokenizer, parse_tokenizer

Weights = Annotated[
    str, typer.Option(metavar="SOURCE=WEIGHT,…", help="Other weights than the run's, by source or group.")
]
Budget = Annotated[int, typer.Option(min=0, help="Other tokens of training than the run's; 0: the run's.")]

Kind = Literal["n-grams", "transformer"]

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


@mix_app.command("search")
def search_command(
    run: RunPath,
    candidates: Annotated[list[str], typer.Argument(metavar="RATIO…", help="Weights to try, such as 2:4:1 4:2:1.")],
    of: Annotated[str, typer.Option(metavar="NAME,…", help="The sources or groups that the ratios speak of.")],
    heldout: Annotated[Path, typer.Option(metavar="FILE", help="JSON lines to measure the perplexity of.")],
    fields: Annotated[str, typer.Option(metavar="FIELD,…", help="Fields of a line that are its text.")] = "text",
    by: Annotated[str, typer.Option(metavar="FIELD", help="A column for each value of this field.")] = "",
    budget: Annotated[int, typer.Option(min=256, help="Tokens that each model learns from.")] = 5_000_000,
    seeds: Annotated[int, typer.Option(min=1, help="Models of each candidate.")] = 3,
    model: Annotated[
        Kind, typer.Option(help="What is trained: a quick proxy, or (needs torch) a transformer.")
    ] = "n-grams",
    tokenizer: Annotated[str, typer.Option(metavar="FILE", help="The run's tokenizer, if it did not train it.")] = "",
    programs: Annotated[Path, typer.Option(help="Where `make lmplz` has built KenLM.")] = LMPLZ_FOLDER,
    plot: PlotPath = None,
    as_json: AsJson = False,
) -> None:
    """Weights against each other: a small model for each, and its perplexity on a held-out text.

    The table has the shape of Llemma's Table 5. Held-out texts that stand in what is learnt are left out. The n-gram
    models need `make lmplz` once.

    Example: `proofpile mix search runs/all 2:4:1 4:2:1 --of arxiv,open-web-math,code --heldout math.jsonl --by subject`
    """
    folder = existing(run)
    encoder = tokenizer_of(folder, tokenizer)
    receipts = tuple(token_receipts(folder))
    try:
        mixtures = {ratio: _candidate(folder, of, ratio) for ratio in candidates}
        text = read_heldout(heldout, fields.split(","), by, encoder)
        sources = tuple(train_tokens(receipts))
        asked = Search(folder, receipts, sources, text, _learner(model, encoder, programs), budget)
        search = asked.apart(mixtures.values(), range(seeds))
        measured = f"{len(search.heldout.documents):,} of {len(text.documents):,} held-out texts"
        typer.echo(f"Measured on {measured}, which share no {RUN} tokens with what is learnt.", err=True)
        trials = [_trial(search, ratio, mixtures[ratio], seed) for seed in range(seeds) for ratio in mixtures]
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    results = summarise(trials)
    print_json(results) if as_json else typer.echo(show(results))
    if plot:
        plot.write_text(dots({one.candidate: one.overall for one in results}, "perplexity per token"), "utf-8")


def _learner(model: Kind, encoder: TextEncoder, programs: Path) -> Learner:
    if model == "n-grams":
        return NGrams(build(programs), encoder.vocabulary.width)
    try:
        from pipeline.tiny_transformer import Transformer
    except ModuleNotFoundError as error:
        raise typer.BadParameter(f"{error}; pip install torch", param_hint="--model") from None
    return Transformer(encoder.vocabulary.width, encoder.end)


def _trial(search: Search, ratio: str, mixture: Mixture, seed: int) -> Trial:
    trial = search.trial(ratio, mixture, seed)
    typer.echo(f"{ratio}, seed {seed}: {trial.perplexity[OVERALL]:.3f}", err=True)
    return trial


def tokenizer_of(run: RunFolder, file: str) -> TextEncoder:
    """The tokenizer that a run trained, or the file that it was given. Raises StorageError, TokenizerError."""
    end = read_json(run, "manifest.json")["tokenizer"]["end_of_document"]
    if file:
        return load_tokenizer(Path(file), end)
    if not run.exists(TOKENIZER_FILE):
        raise StorageError(f"{run.url} did not train its tokenizer: say where it is with --tokenizer")
    return parse_tokenizer(run.read(TOKENIZER_FILE), end)


def _candidate(run: RunFolder, of: str, ratio: str) -> Mixture:
    """A ratio as a mixture in which nothing else has a part."""
    names, parts = of.split(","), ratio.split(":")
    if len(names) != len(parts):
        raise ValueError(f"{ratio} has {len(parts)} parts, but --of names {len(names)}")
    given = mixture_of(run, ",".join(f"{name}={part}" for name, part in zip(names, parts, strict=True)))
    others = {source["name"] for source in read_json(run, "manifest.json")["sources"]} - given.sources
    return given.model_copy(update={"weights": {**given.weights, **dict.fromkeys(others, 0.0)}})


def show(results: list[Result]) -> str:
    """A row a candidate, the best first; the overall perplexity, and a column a group of the held-out text."""
    names = [OVERALL, *(name for name in results[0].mean if name not in ("", OVERALL))]
    rows = [["mixture", *names]]
    for result in results:
        rows.append([result.candidate, *(f"{result.mean[name]:.2f} ± {result.spread[name]:.2f}" for name in names)])
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines.append(f"Perplexity per token, mean and standard deviation of {results[0].seeds} models each.")
    again = sorted({name for result in results for name, epochs in result.epochs.items() if epochs > 1})
    if again:
        lines.append(f"{', '.join(again)} had to be repeated: a smaller --budget compares better.")
    return "\n".join(lines)
