"""`proofpile github plan` and a run over its list, as people start them, against GitHub on loopback."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import Result
from github_server import GitHub, Repo, github, tarball
from typer.testing import CliRunner

from pipeline.__main__ import app

ROOT = Path(__file__).parents[2]
TOKEN = "ghp_ofTheEnvironment"
LEAN = b"theorem add_zero' (n : Nat) : n + 0 = n := by\n  simp\n"
REPOS = [
    Repo("alice/proofs", "2023-03-01", stars=9, commits=("2023-05-01", "2023-03-05"), license="Apache-2.0"),
    Repo("bob-by/lean-by-night", "2023-03-08", license=None),
    Repo("carol/copyleft", "2023-03-12", license="GPL-3.0"),
    Repo("dave/keeps-out", "2023-03-14"),
    Repo("erin/late", "2023-03-20", commits=("2023-04-02",)),
    Repo("frank/empty", "2023-03-21", commits=()),
    Repo("grace/taken-down", "2023-03-22"),
    Repo("heidi/verilog", "2023-03-23", language="verilog"),
]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    with github(GitHub(list(REPOS))) as server:
        for repo in REPOS:
            if repo.commits and repo.name != "grace/taken-down":
                commit = repo.commit(repo.commits[-1])
                files = {"src/a.lean": LEAN + repo.name.encode() + b"\n", "README.md": b"# Hello\n"}
                server.tarballs[f"/{repo.name}/tar.gz/{commit}"] = tarball(repo.name, commit, files)
        yield server


def arguments(server: GitHub, out: Path, *more: str) -> list[str]:
    what = ["--language", "lean", "--before", "2023-04-01", "--since", "2023-02-01", "--out", str(out)]
    return ["github", "plan", *what, "--api", server.url, "--requests-per-second", "1000", *more]


def call(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == code, result.output
    return result


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_plan_says_what_it_found_and_what_it_refused(server: GitHub, tmp_path: Path) -> None:
    out = tmp_path / "repositories.jsonl"
    result = call(*arguments(server, out, "--json"))
    said = json.loads(result.stdout)
    assert said["repositories"] == 5
    assert said["by_language"] == {"lean": 5}
    assert said["refused"] == {"empty": 1, "no-commit": 1}
    assert said["requests"] == 9 + 7
    assert [row["repository"] for row in rows(out)] == sorted(row["repository"] for row in rows(out))
    assert {row["repository"]: row["reason"] for row in rows(Path(said["refused_out"]))} == {
        "erin/late": "no-commit",
        "frank/empty": "empty",
    }
    assert "lean: weeks: 9/9, 7 repositories found" in result.stderr
    assert "lean: commits: 7/7, 5 repositories pinned" in result.stderr


def test_the_token_is_sent_and_never_seen(server: GitHub, tmp_path: Path) -> None:
    server.allowed = {"search": 1000, "core": 1000}
    result = call(*arguments(server, tmp_path / "list.jsonl"))
    assert set(server.tokens) == {f"Bearer {TOKEN}"}
    assert TOKEN not in result.output
    assert all(TOKEN.encode() not in path.read_bytes() for path in tmp_path.iterdir())


def test_a_dry_run_says_its_searches_and_asks_nothing(server: GitHub, tmp_path: Path) -> None:
    lines = call(*arguments(server, tmp_path / "list.jsonl", "--dry-run")).stdout.splitlines()
    assert lines[0].startswith("lean: 9 searches")
    assert lines[-1].strip() == "language:lean created:2023-03-29T00:00:00Z..2023-03-31T23:59:59Z"
    queries = json.loads(call(*arguments(server, tmp_path / "list.jsonl", "--dry-run", "--json")).stdout)
    assert [f"  {query}" for query in queries["lean"]] == lines[1:]
    assert server.asked == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (["--language", "cobol"], "no language 'cobol'"),
        (["--since", "2023-04-01"], "it is not before --before"),
        (["--before", "soon"], "'soon'"),
        (["--api", "api.github.com"], "give a URL"),
        (["--out", "/nowhere/at/all.jsonl"], "there is no folder"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(server: GitHub, tmp_path: Path, wrong: list[str], says: str) -> None:
    result = call(*arguments(server, tmp_path / "list.jsonl"), *wrong, code=2)
    assert says in " ".join(result.output.replace("│", " ").split())
    assert server.asked == []


def test_killed_it_goes_on_and_makes_the_same_list(server: GitHub, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole.jsonl", tmp_path / "killed.jsonl"
    call(*arguments(server, whole))
    total = len(server.asked)
    server.asked.clear()
    command = [sys.executable, "-m", "pipeline", *arguments(server, killed)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        server.on_request = lambda count: process.kill() if count == 12 else None
    assert process.returncode == -signal.SIGKILL
    assert not killed.exists()
    call(*arguments(server, killed))
    assert killed.read_bytes() == whole.read_bytes()
    assert killed.with_name("killed.refused.jsonl").read_bytes() == whole.with_name("whole.refused.jsonl").read_bytes()
    assert len(server.asked) == total + 1, "the request in hand is asked again"


MANIFEST = """
name = "small"
[[sources]]
name = "github"
kind = "github"
languages = ["lean"]
repositories = "repositories.jsonl"
archives = "{url}"
licenses = ["permissive", "NOASSERTION"]
opt_out = ["opt-out.txt"]
[tokenizer]
train_vocabulary = 300
[fetch]
requests_per_second = 1000.0
[limits]
error_rate = 1.0
"""


def documents(run: Path) -> list[dict[str, Any]]:
    return [
        row
        for file in sorted((run / "documents").rglob("*.parquet"))
        for row in pq.ParquetFile(file).read().to_pylist()
    ]


def drops(run: Path) -> Counter[str]:
    files = sorted((run / "drops" / "documents").rglob("*.parquet"))
    found = [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]
    return Counter(f"{row['id'].partition('@')[0]} {row['rule']}/{row['reason']}" for row in found)


def test_from_a_plan_to_documents_with_their_licences(server: GitHub, tmp_path: Path) -> None:
    call(*arguments(server, tmp_path / "repositories.jsonl"))
    (tmp_path / "opt-out.txt").write_text("# asked by mail\nDave/Keeps-Out\n")
    manifest = tmp_path / "manifest.toml"
    manifest.write_text(MANIFEST.format(url=server.url))
    call("run", str(manifest), "--out", str(tmp_path / "run"), "--inline", "--only", "documents")
    (kept,) = documents(tmp_path / "run")
    assert kept["id"] == f"alice/proofs@{REPOS[0].commit('2023-03-05')}/src/a.lean"
    assert (kept["subset"], kept["license"], kept["date"]) == ("lean", "Apache-2.0", "2023-03-05T00:00:00Z")
    meta = json.loads(kept["meta"])
    assert (meta["repo"], meta["stars"], meta["fork_of"]) == ("alice/proofs", 9, "")
    assert drops(tmp_path / "run") == {
        "bob-by/lean-by-night license/unknown": 1,
        "carol/copyleft license/not-allowed": 1,
        "dave/keeps-out opt-out/repository": 1,
        "grace/taken-down read/missing": 1,
    }
    lock = tomllib.loads((tmp_path / "run" / "lock.toml").read_text())["inputs"]
    assert {"repositories.jsonl", "opt-out.txt"} <= lock.keys()
    assert TOKEN not in {*server.tokens[-5:]}, "codeload gets no token"


def test_a_list_of_those_who_opted_out_is_held_to_its_hash(server: GitHub, tmp_path: Path) -> None:
    call(*arguments(server, tmp_path / "repositories.jsonl"))
    (tmp_path / "opt-out.txt").write_text("dave\n")
    manifest = tmp_path / "manifest.toml"
    manifest.write_text(MANIFEST.format(url=server.url))
    run = ["run", str(manifest), "--inline", "--only", "documents"]
    call(*run, "--out", str(tmp_path / "first"))
    (tmp_path / "opt-out.txt").write_text("alice\n")
    result = CliRunner().invoke(app, [*run, "--out", str(tmp_path / "first")])
    assert "sha256" in str(result.exception)
    locked = ["--set", f"lock={tmp_path / 'first' / 'lock.toml'}", "--out", str(tmp_path / "second")]
    assert "opt-out.txt has sha256" in str(CliRunner().invoke(app, [*run, *locked]).exception)
    (tmp_path / "opt-out.txt").write_text("not a name\n")
    result = CliRunner().invoke(app, [*run, "--out", str(tmp_path / "third")])
    assert "opt_out: opt-out.txt: line 1: 'not a name' is neither" in str(result.exception)
