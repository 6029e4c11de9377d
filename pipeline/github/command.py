"""`proofpile github plan`: which commits of which repositories a run is to read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

import languages
from pipeline import http
from pipeline.github.api import API, Api, token
from pipeline.github.memory import Memory
from pipeline.github.plan import Plan, Planner, Question, write
from pipeline.github.teller import Teller
from pipeline.polite import Gate, Manners

github = typer.Typer(help="Repositories on GitHub.", no_args_is_help=True)


@github.callback()
def verbs() -> None:
    """Repositories on GitHub: which of them to read."""


@github.command("plan")
def plan_command(
    language: Annotated[list[str], typer.Option(help="By its name in `languages/`; may be given several times.")],
    before: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="Cut-off: nothing created or committed that day or later.")
    ],
    out: Annotated[Path, typer.Option(help="The list to write, JSON lines.")],
    since: Annotated[
        datetime,
        typer.Option(
            formats=["%Y-%m-%d"],
            show_default="2007-10-01, before the first",
            help="Only repositories created that day or later.",
        ),
    ] = datetime(2007, 10, 1),
    max_repositories: Annotated[int, typer.Option(min=0, help="Of each language, the most starred; 0: all.")] = 0,
    min_stars: Annotated[int, typer.Option(min=0, help="Only repositories with so many stars.")] = 0,
    forks: Annotated[bool, typer.Option("--forks", help="Forks, too; what they are forks of is recorded.")] = False,
    max_megabytes: Annotated[int, typer.Option(min=1, help="Refuse larger repositories, history included.")] = 4000,
    api: Annotated[str, typer.Option(help="Address of the API; GitHub Enterprise: https://HOST/api/v3.")] = API,
    requests_per_second: Annotated[float, typer.Option(min=0.01, help="At most; GitHub bears 15.")] = 5.0,
    contact: Annotated[str, typer.Option(help="URL or mail address by which GitHub can reach you.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say the searches and ask nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")] = False,
) -> None:
    """Find repositories by language and week of creation, and pin the last commit of each before a date.

    Writes a list for a manifest's `repositories`, and beside it `*.refused.jsonl`: every repository that is not in it,
    and why. Answers are kept in `*.answers`: started again, it goes on where it stopped; remove it to ask anew. A token
    is read from GITHUB_TOKEN or GH_TOKEN; without one GitHub allows 60 requests an hour.

    Example: `proofpile github plan --language lean --language coq --before 2023-04-01 --out repositories.jsonl`
    """
    question = Question(
        languages=tuple(dict.fromkeys(_known(name) for name in language)),
        before=before.replace(tzinfo=UTC),
        since=since.replace(tzinfo=UTC),
        max_repositories=max_repositories,
        min_stars=min_stars,
        forks=forks,
        max_bytes=max_megabytes * 1_000_000,
    )
    if question.since >= question.before:
        raise typer.BadParameter("it is not before --before", param_hint="--since")
    if not api.startswith(("https://", "http://")):
        raise typer.BadParameter("give a URL", param_hint="--api")
    if not out.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {out.parent}", param_hint="--out")
    if dry_run:
        return _say_searches(question, as_json)
    http.behave(Manners(Gate(requests_per_second), contact))
    with Teller() as teller, Memory(out.with_name(f"{out.name}.answers")) as memory:
        visitor = Api(api, token(api), say=teller.say)
        made = Planner(visitor, memory, teller, question).plan()
        refused = write(made, out)
        _conclude(made, out, refused, visitor.requests, teller, as_json)


def _known(name: str) -> str:
    try:
        return languages.load(name).name
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--language") from None


def _say_searches(question: Question, as_json: bool) -> None:
    queries = {name: [window.query for window in question.windows(name)] for name in question.languages}
    if as_json:
        return typer.echo(json.dumps(queries, indent=1))
    for name, of_language in queries.items():
        typer.echo(f"{name}: {len(of_language):,} searches, and one request for the commit of each repository found")
        for query in of_language:
            typer.echo(f"  {query}")


def _conclude(made: Plan, out: Path, refused: Path, requests: int, teller: Teller, as_json: bool) -> None:
    summary = made.summary()
    for one in made.shortfalls:
        teller.say(f"not all is found: {one.found:,} of {one.total:,} by {one.query!r}, which cannot be split further")
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in summary["refused"].items()) or "none"
    teller.say(
        f"{out}: {summary['repositories']:,} repositories, {requests:,} requests; refused: {reasons} ({refused})"
    )
    if as_json:
        typer.echo(
            json.dumps({**summary, "requests": requests, "out": str(out), "refused_out": str(refused)}, indent=1)
        )
