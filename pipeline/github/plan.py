"""From a question (languages, a cut-off date) to a list of pinned commits, and one of what was refused and why."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

import languages
from pipeline.github.api import MOVED, Api, ApiError, Reply
from pipeline.github.memory import Memory
from pipeline.github.search import Found, Shortfall, Window, search, weeks
from pipeline.github.teller import Teller
from pipeline.repositories import Repository

REASONS = {404: "gone", 410: "gone", 409: "empty", 451: "blocked", 403: "blocked"}
"""What GitHub's refusals mean for a repository; 409 is one without any commit. Others are lasting trouble."""
MOST_MOVES = 3


@dataclass(frozen=True)
class Question:
    """What is looked for."""

    languages: tuple[str, ...]
    """Names in `languages/`."""
    before: datetime
    """Cut-off, UTC: repositories created and commits made before it."""
    since: datetime = datetime(2007, 10, 1, tzinfo=UTC)
    """Repositories created from then on; the first that GitHub has is of that month."""
    max_repositories: int = 0
    """Of each language, those with the most stars; 0: all."""
    min_stars: int = 0
    forks: bool = False
    max_bytes: int = 4_000_000_000
    """Repositories that take more, with their history, are refused."""

    def windows(self, language: str) -> list[Window]:
        name = languages.load(language).title.lower()
        return weeks(name, self.since, self.before, self.min_stars, self.forks)


@dataclass(frozen=True)
class Refused:
    """A repository that is not in the list; `reason` is a fixed word."""

    repository: str
    language: str
    reason: str
    detail: str = ""
    stars: int = 0


@dataclass
class Plan:
    """What was found."""

    repositories: list[Repository] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    shortfalls: list[Shortfall] = field(default_factory=list)
    """Searches that did not give all that there is."""

    def summary(self) -> dict[str, Any]:
        """Counts, for scripts."""
        return {
            "repositories": len(self.repositories),
            "by_language": dict(sorted(Counter(one.language for one in self.repositories).items())),
            "refused": dict(sorted(Counter(one.reason for one in self.refused).items())),
            "shortfalls": [asdict(one) for one in self.shortfalls],
        }


@dataclass
class Planner:
    """Asks GitHub."""

    api: Api
    memory: Memory
    teller: Teller
    question: Question

    def plan(self) -> Plan:
        """Find and pin everything; sorted, so that equal answers make equal lists. Raises ApiError, StorageError."""
        made = Plan()
        seen: set[int] = set()
        for language in self.question.languages:
            found = [one for one in self.find(language, made) if one.id not in seen]
            seen |= {one.id for one in found}
            self._pin_all(language, found, made)
        made.repositories.sort(key=lambda one: (one.repository.lower(), one.commit))
        made.refused.sort(key=lambda one: (one.repository.lower(), one.reason))
        made.shortfalls.sort(key=lambda one: one.query)
        return made

    def find(self, language: str, made: Plan) -> list[Found]:
        """The repositories of a language, the most starred first; what searches do not show is noted."""
        found: dict[int, Found] = {}
        windows = self.question.windows(language)
        self.teller.start(f"{language}: weeks", len(windows))
        for window in windows:
            asked = self.memory.asked
            for item in search(self.api, self.memory, window):
                if isinstance(item, Shortfall):
                    made.shortfalls.append(item)
                else:
                    found[item.id] = item
            self.teller.step(self.memory.asked > asked)
        self.teller.finish(f"{len(found):,} repositories found")
        return sorted(found.values(), key=lambda one: (-one.stars, one.name.lower()))

    def _pin_all(self, language: str, found: list[Found], made: Plan) -> None:
        most = self.question.max_repositories or len(found)
        self.teller.start(f"{language}: commits", len(found))
        pinned = 0
        for one in found:
            if pinned == most:
                break
            asked = self.memory.asked
            outcome = self._pin(one, language)
            if isinstance(outcome, Refused):
                made.refused.append(outcome)
            else:
                made.repositories.append(outcome)
                pinned += 1
            self.teller.step(self.memory.asked > asked)
        self.teller.finish(f"{pinned:,} repositories pinned")

    def _pin(self, found: Found, language: str) -> Repository | Refused:
        """The last commit before the cut-off, never a later one."""
        refused = Refused(found.name, language, "", stars=found.stars)
        if found.fork and not self.question.forks:
            return replace(refused, reason="fork")
        if found.disabled:
            return replace(refused, reason="disabled")
        if found.size > self.question.max_bytes:
            return replace(refused, reason="too-large", detail=f"{found.size} bytes")
        answer = self._answer(found)
        if "reason" in answer:
            return replace(refused, reason=answer["reason"], detail=answer["detail"])
        known = {"license": found.license, "stars": found.stars, "size": found.size, "archived": found.archived}
        try:
            return Repository.model_validate({"language": language, **known, **answer})
        except ValidationError as error:
            return replace(refused, reason="bad-answer", detail=error.errors()[0]["msg"])

    def _answer(self, found: Found) -> dict[str, str]:
        key = f"{self.api.base} {found.id} {found.name} before {self.question.before.isoformat()}"
        answer: dict[str, str] = self.memory.recall(key, lambda: self._ask(found))
        return answer

    def _ask(self, found: Found) -> tuple[dict[str, str], bool]:
        """What is known of a repository's commit: its place in a list, or why there is none."""
        last = (self.question.before - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        reply, moved = self._follow(f"/repos/{quote(found.name)}/commits?until={last}&per_page=1")
        if reply.status != 200:
            return _refusal(reply)
        if not reply.data:
            return {"reason": "no-commit", "detail": f"none before {self.question.before:%Y-%m-%d}"}, True
        commit, date = _commit(reply.data)
        if date >= self.question.before:
            return {"reason": "no-commit", "detail": f"GitHub gives one of {date:%Y-%m-%d}"}, True
        name, fork_of = found.name, ""
        if moved or found.fork:
            about, _ = self._follow(f"/repositories/{found.id}")
            if about.status != 200:
                return _refusal(about)
            name, fork_of = _names(about.data)
        facts = {"date": f"{date:%Y-%m-%dT%H:%M:%SZ}", "fork_of": fork_of}
        facts["renamed_from"] = found.name if name != found.name else ""
        return {"repository": name, "commit": commit, **facts}, True

    def _follow(self, path: str) -> tuple[Reply, bool]:
        """What lies at a path of the API, or where a renamed repository's leads, and whether it led elsewhere."""
        url = self.api.base + path
        for moves in range(MOST_MOVES + 1):
            reply = self.api.get(url)
            if reply.status not in MOVED:
                return reply, moves > 0
            url = reply.moved
        return Reply(404, {"message": f"moved more than {MOST_MOVES} times"}), True


def _refusal(reply: Reply) -> tuple[dict[str, str], bool]:
    """Why a repository is refused, and whether to remember it: not where GitHub gave no reason."""
    data = reply.data if isinstance(reply.data, dict) else {}
    block = data.get("block")
    said = block.get("reason") if isinstance(block, dict) else data.get("message")
    detail = f"{reply.status} {said or ''}".strip()[:200]
    return {"reason": REASONS.get(reply.status, "no-answer"), "detail": detail}, reply.data is not None


def _commit(data: Any) -> tuple[str, datetime]:
    """Hash and date of the first of a list of commits. Raises ApiError."""
    try:
        first = data[0]
        return str(first["sha"]), datetime.fromisoformat(first["commit"]["committer"]["date"]).astimezone(UTC)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ApiError(f"the API does not list commits as GitHub does: {error!r}") from None


def _names(data: Any) -> tuple[str, str]:
    """What a repository is called, and the root of its forks. Raises ApiError."""
    try:
        return str(data["full_name"]), str((data.get("source") or {}).get("full_name") or "")
    except (AttributeError, KeyError, TypeError) as error:
        raise ApiError(f"the API does not describe a repository as GitHub does: {error!r}") from None


def write(made: Plan, out: Path) -> Path:
    """Write the list and, beside it, what was refused, of which this is the path. Raises OSError."""
    refused = out.with_name(f"{out.stem}.refused{out.suffix or '.jsonl'}")
    _write(refused, (asdict(one) for one in made.refused))
    _write(out, (one.model_dump() for one in made.repositories))
    return refused


def _write(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    """The whole file, or what was there before."""
    part = path.with_name(f".{path.name}.part")
    part.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    os.replace(part, path)
