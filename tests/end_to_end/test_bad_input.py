"""What strangers serve and disks refuse ends in one clear line or a counted refusal, never in silence."""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import io
import json
import os
import resource
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli import Result, complaint, content, dropped, manifest_of, proofpile, receipts, rows, run

from pipeline.sources import sample

TEXT = "Let $n$ be a whole number. Then $n^2 \\ge n$, since either $n = 0$ or $n \\ge 1$.\n"
COQ = "Theorem plus_zero : forall n : nat, n + 0 = n.\nProof. induction n; auto. Qed.\n"
PAPER = "\\documentclass{article}\\begin{document}\\section{One}" + TEXT * 10 + "\\end{document}"
FORBIDDEN = b"<html><title>403 Forbidden</title><p>AccessDenied</p></html>"
LARGE = 100_000_000

WEB = 'name = "web"\nkind = "warc"\npaths = ["*.warc*"]'
STACK = 'name = "stack"\nkind = "stack"\npaths = ["data/*/*.parquet"]'
GITHUB = 'name = "github"\nkind = "github"\npaths = ["*.tar.gz"]\nlanguages = ["coq"]'
ARXIV = 'name = "arxiv"\nkind = "arxiv"\npaths = ["*.gz"]'
LINES = 'name = "lines"\nkind = "jsonl"\npaths = ["*.jsonl*"]'
TOLERANT = "[limits]\nerror_rate = 1.0"
EACH_A_UNIT = "[limits]\nerror_rate = 1.0\nunit_bytes = 1"


def line(text: str, **fields: str) -> str:
    return json.dumps({"text": text, **fields}) + "\n"


def write(path: Path, data: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def fates(folder: Path, *sources: str, only: str = "documents", head: str = TOLERANT) -> Path:
    """Run a small corpus, or some of its stages, which must end well, and return its run folder."""
    done = run(manifest_of(folder, *sources, head=head), folder / "out", "--only", only)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return folder / "out"


def kept(out: Path, source: str) -> int:
    return sum(row["source"] == source for row in rows(out / "documents"))


# --- what cannot be read


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (WEB, "a.warc.gz"),
        (STACK, "data/coq/a.parquet"),
        (GITHUB, "a.tar.gz"),
        (ARXIV, "2301.00001.gz"),
        (LINES, "a.jsonl"),
    ],
)
@pytest.mark.parametrize(
    ("body", "reasons"),
    [
        (b"", {"empty", "not-parquet"}),
        (
            FORBIDDEN,
            {"not-warc", "not-parquet", "corrupt", "truncated", "no-tex", "json"},
        ),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_one_refusal(
    tmp_path: Path, source: str, name: str, body: bytes, reasons: set[str]
) -> None:
    write(tmp_path / name, body)
    beside = write(tmp_path / "good.jsonl", line(TEXT)) if source is not LINES else None
    out = fates(tmp_path, source, *([LINES] if beside else []))
    found = dropped(out, source.split('"')[1])
    assert found.total() == 1
    assert set(found) <= {f"read/{reason}" for reason in reasons}
    assert beside is None or kept(out, "lines") == 1


def test_a_missing_input_is_named_before_any_work(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", line(TEXT))
    done = run(manifest_of(tmp_path, LINES, WEB), tmp_path / "out")
    assert done.returncode == 1
    assert "no input matches '*.warc*'" in complaint(done)
    assert not list(receipts(tmp_path / "out"))


def test_a_cut_member_in_the_middle_of_a_warc_costs_itself_only(tmp_path: Path) -> None:
    whole = (sample.location() / "web/sample-00000.warc.gz").read_bytes()
    write(tmp_path / "whole/a.warc.gz", whole)
    starts = [place for place in range(len(whole)) if whole.startswith(b"\x1f\x8b\x08", place)]
    response = starts[2]  # after warcinfo and a request
    write(tmp_path / "cut/a.warc.gz", whole[: response + 200] + whole[starts[3] :])
    before = fates(tmp_path / "whole", WEB)
    after = fates(tmp_path / "cut", WEB)
    lost = dropped(after, "web") - dropped(before, "web")
    assert lost["read/corrupt"] + lost["read/truncated"] == 1
    assert read(after, "web") == read(before, "web")


def read(out: Path, source: str) -> int:
    """Records that were read of a source."""
    flows = (receipt["flows"].get(source) for receipt in receipts(out) if receipt["stage"] == f"documents/{source}")
    return sum(flow["read"]["documents"] for flow in flows if flow)


def test_a_table_without_the_needed_columns_is_one_refusal(tmp_path: Path) -> None:
    path = tmp_path / "data/coq/a.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table({"text": [COQ]}), path)
    write(tmp_path / "a.jsonl", line(TEXT))
    out = fates(tmp_path, STACK, LINES)
    assert dropped(out, "stack") == {"read/columns": 1}
    assert "content" in rows(out / "drops/documents/stack")[0]["detail"]


def tarball(*members: tuple[str, bytes]) -> bytes:
    """A gzipped tar; a content that begins with `->` makes a symbolic link."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data in members:
            member = tarfile.TarInfo(name)
            if data.startswith(b"->"):
                member.type, member.linkname, data = tarfile.SYMTYPE, data[2:].decode(), b""
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def test_members_that_would_escape_are_refused_and_written_nowhere(tmp_path: Path) -> None:
    top = f"owner-repo-{'a' * 40}"
    code = COQ.encode()
    data = tarball(
        (f"{top}/good.v", code),
        (f"{top}/../../../escaped.v", code),
        ("/escaped.v", code),
        (f"{top}/link.v", b"->/etc/passwd"),
    )
    write(tmp_path / "in/a.tar.gz", data)
    out = fates(tmp_path / "in", GITHUB)
    assert dropped(out, "github") == {"read/unsafe-name": 2, "read/link": 1}
    assert kept(out, "github") == 1
    assert not list(tmp_path.parent.rglob("escaped.v*"))
    assert not Path("/escaped.v").exists()


# --- odd documents in every kind of archive

ODD = {"blank": b" \n\t\n", "byte": b"x", "nul": b"\0" * 5_000}


def stack(content: list[bytes]) -> bytes:
    """A Parquet file with The Stack's columns."""
    rows = len(content)
    columns = {"hexsha": [f"{number:040}" for number in range(rows)], "ext": ["v"] * rows, "lang": ["Coq"] * rows}
    columns |= {"max_stars_repo_path": [f"{number}.v" for number in range(rows)]}
    columns |= {"max_stars_repo_name": ["a/b"] * rows, "max_stars_repo_head_hexsha": ["c" * 40] * rows}
    table = {**columns, "max_stars_repo_licenses": [["MIT"]] * rows, "max_stars_count": [1] * rows}
    out = io.BytesIO()
    pq.write_table(pa.table({**table, "content": pa.array(content, pa.binary())}), out)
    return out.getvalue()


def warc(*bodies: bytes) -> bytes:
    """Members of a WARC file, one page each."""
    members = []
    for number, body in enumerate(bodies):
        http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body
        head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://odd.test/{number}\r\n"
        head += "WARC-Date: 2023-01-01T00:00:00Z\r\nWARC-Record-ID: <urn:uuid:0>\r\n"
        head += f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
        members.append(gzip.compress(head.encode() + http + b"\r\n\r\n", 1))
    return b"".join(members)


def test_odd_documents_in_every_archive_are_accounted_for(tmp_path: Path) -> None:
    bodies = list(ODD.values())
    write(tmp_path / "a.warc.gz", warc(*bodies))
    write(tmp_path / "data/coq/a.parquet", stack([*bodies, COQ.encode()]))
    write(tmp_path / "b.tar.gz", tarball(*((f"o-r-{'a' * 40}/{name}.v", body) for name, body in ODD.items())))
    for name, body in ODD.items():
        write(tmp_path / f"{name}.eprint.gz", gzip.compress(body))
    write(tmp_path / "c.jsonl", "".join(line(body.decode()) for body in bodies))
    out = fates(tmp_path, WEB, STACK, GITHUB, ARXIV.replace("*.gz", "*.eprint.gz"), LINES)
    assert dropped(out, "web") == {"html-type/empty": 1, "prefilter/no-maths": 2}
    assert dropped(out, "arxiv") == {"read/empty": 2, "read/no-tex": 1}
    for source, records in (("stack", 4), ("github", 3), ("lines", 3)):
        assert read(out, source) == records
        assert kept(out, source) + dropped(out, source).total() == records
    assert [row["id"].rpartition("/")[2] for row in rows(out / "documents/stack")] == ["3.v"]
    assert kept(out, "github") == 0


def test_a_hundred_megabytes_are_refused_where_they_are_too_much(tmp_path: Path) -> None:
    """They are compressible, so the archives are small; no reader may hold them more often than it must."""
    large = b"\\alpha " * (LARGE // 7)
    write(tmp_path / "a.warc.gz", warc(b"<p>" + large, TEXT.encode()))
    write(tmp_path / "2301.00001.gz", gzip.compress(large, 1))
    write(tmp_path / "b.jsonl.gz", gzip.compress(line(large.decode()).encode() + line(TEXT).encode(), 1))
    write(tmp_path / "c.tar.gz", tarball(("a/large.v", large + large[:5_000_000]), ("a/b.v", COQ.encode())))
    out = fates(tmp_path, WEB, ARXIV.replace("*.gz", "2301*.gz"), LINES, GITHUB)
    assert dropped(out, "web")["read/too-large"] == 1
    assert dropped(out, "arxiv") == {"read/too-large": 1}
    assert dropped(out, "lines") == {"read/too-large": 1}
    assert dropped(out, "github") == {"read/too-large": 1}
    assert kept(out, "lines") == 1


def test_an_id_twice_in_one_file_and_again_in_another(tmp_path: Path) -> None:
    for name in ("a", "b"):
        texts = [f"{TEXT} {name} {number}" for number in range(2)]
        write(tmp_path / f"{name}.jsonl", "".join(line(text, id="same") for text in texts))
    out = fates(tmp_path, LINES + '\nid_field = "id"', only="", head=EACH_A_UNIT)
    found = dropped(out, "lines")
    assert found.total() == 3
    assert found["id/duplicate"] == 2
    assert len(tokenized(out, "lines")) == 1


def tokenized(out: Path, source: str) -> list[str]:
    """Ids of the documents that a trainer gets."""
    return [row["id"] for row in rows(out / "tokens" / source)]


# --- where the run is written


def small(folder: Path) -> Path:
    """Three files, each a unit by itself."""
    for name in "abc":
        write(folder / f"{name}.jsonl", "".join(line(f"{TEXT} {name} {number}" * 20) for number in range(50)))
    return manifest_of(folder, LINES, head=EACH_A_UNIT)


def test_a_file_in_the_way_of_the_run_folder(tmp_path: Path) -> None:
    out = write(tmp_path / "out", "a file")
    done = run(small(tmp_path / "in"), out)
    assert done.returncode == 1
    assert str(out) in complaint(done)
    assert out.read_text() == "a file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_must_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    done = run(small(tmp_path / "in"), tmp_path / "closed" / "out")
    assert done.returncode == 1
    assert "cannot write to" in complaint(done)


def check_that_room_mends_it(manifest: Path, out: Path, cramped: Result, tmp_path: Path) -> None:
    """The failed units are listed; once there is room the same command ends with the bytes of an undisturbed run."""
    assert cramped.returncode == 1, cramped.stderr
    assert "Traceback" not in cramped.stderr
    assert "failed: " in cramped.stderr
    assert "not started" in cramped.stderr
    assert run(manifest, out).returncode == 0
    assert run(manifest, tmp_path / "undisturbed").returncode == 0
    assert content(out) == content(tmp_path / "undisturbed")


def noise(folder: Path) -> Path:
    """A small unit, and one that does not compress, so that only it meets the end of the disk."""
    write(folder / "a.jsonl", line(TEXT))
    digests = (hashlib.sha256(str(number).encode()).hexdigest() for number in range(10_000))
    write(folder / "b.jsonl", "".join(line(digest * 2) for digest in digests))
    return manifest_of(folder, LINES, head=f"{EACH_A_UNIT}\n[dedup]\naccept_any_share = true")


def test_a_limit_on_file_size_fails_the_units_that_meet_it(tmp_path: Path) -> None:
    manifest, out = noise(tmp_path / "in"), tmp_path / "out"

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    cramped = run(manifest, out, preexec_fn=limit)
    check_that_room_mends_it(manifest, out, cramped, tmp_path)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 300 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", disk], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount a tmpfs: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_fails_the_units_that_meet_it(tiny_disk: Path, tmp_path: Path) -> None:
    manifest, out = noise(tmp_path / "in"), tiny_disk / "out"
    cramped = run(manifest, out)
    subprocess.run(["mount", "-o", "remount,size=100m", tiny_disk], check=True)
    check_that_room_mends_it(manifest, out, cramped, tmp_path)


def test_a_run_folder_that_another_run_holds(tmp_path: Path) -> None:
    held = write(tmp_path / "out/.run/driver", "")
    with held.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = run(small(tmp_path / "in"), tmp_path / "out")
    assert done.returncode == 1
    assert "another proofpile run is writing" in complaint(done)
    assert not (tmp_path / "out/manifest.json").exists()


# --- what was asked for


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("[dedup]\ntreshold = 0.8", ["dedup.treshold", "threshold"]),
        ("[dedup]\nthreshold = 7", ["dedup.threshold", "less than or equal to 1"]),
        ("[split", ["table declaration"]),
        ("[models.maths]\npath = 'x'", ["models.maths", "math-score"]),
    ],
)
def test_a_bad_manifest_names_file_key_and_what_is_allowed(tmp_path: Path, spoil: str, said: list[str]) -> None:
    manifest = small(tmp_path)
    manifest.write_text(manifest.read_text() + "\n" + spoil)
    done = run(manifest, tmp_path / "out")
    assert done.returncode == 2
    for words in [str(manifest), *said]:
        assert words in complaint(done)
    assert not (tmp_path / "out").exists()


def test_a_manifest_that_is_not_there(tmp_path: Path) -> None:
    done = run(tmp_path / "none.toml", tmp_path / "out")
    assert done.returncode == 2
    assert "none.toml: there is no such file" in complaint(done)


def test_a_model_that_is_not_the_pinned_one(tmp_path: Path) -> None:
    write(tmp_path / "model.ftz", "not the one")
    write(tmp_path / "a.warc.gz", warc(TEXT.encode()))
    pinned = f'[models.math-score]\npath = "model.ftz"\nsha256 = "{"0" * 64}"'
    done = run(manifest_of(tmp_path, WEB, tail=pinned), tmp_path / "out")
    assert done.returncode == 2
    assert "is not the pinned one" in complaint(done)
    assert "model.ftz" in complaint(done)


def test_a_lock_that_demands_another_input(tmp_path: Path) -> None:
    manifest = small(tmp_path)
    write(tmp_path / "lock.toml", f'[inputs]\n"b.jsonl" = "{"0" * 64}"\n')
    done = run(manifest, tmp_path / "out", "--set", f"lock={tmp_path}/lock.toml")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    failed = [text for text in done.stderr.splitlines() if text.startswith("failed: documents/lines/b.jsonl")]
    assert failed
    assert "but the lock demands" in failed[0]
    assert len(list((tmp_path / "out/documents").rglob("receipt.json"))) == 2


def test_an_input_that_changed_between_two_runs(tmp_path: Path) -> None:
    manifest, out = small(tmp_path), tmp_path / "out"
    assert run(manifest, out).returncode == 0
    before = content(out)
    changed = (tmp_path / "b.jsonl").read_text().replace("whole", "small")
    write(tmp_path / "b.jsonl", changed)
    done = run(manifest, out)
    assert done.returncode == 1
    assert "input b.jsonl: its content changed" in complaint(done)
    assert content(out) | {"plan.json": b""} == before | {"plan.json": b""}


def test_an_error_rate_over_the_limit_is_exit_code_3(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", line(TEXT) * 9 + "{broken\n")
    manifest = manifest_of(tmp_path, LINES, head="[limits]\nerror_rate = 0.05")
    done = run(manifest, tmp_path / "out")
    assert done.returncode == 3
    assert "10.00% of the records are broken; limits.error_rate allows 5.00%" in done.stderr
    assert dropped(tmp_path / "out", "lines")["read/json"] == 1
    assert run(manifest, tmp_path / "out", "--set", "limits.error_rate=0.1").returncode == 0


# --- options


def test_only_does_the_stages_that_are_named(tmp_path: Path) -> None:
    manifest, out = small(tmp_path), tmp_path / "out"
    assert run(manifest, out, "--only", "documents").returncode == 0
    assert {receipt["stage"] for receipt in receipts(out)} == {"documents/lines"}
    assert run(manifest, out).returncode == 0
    assert {"dedup/marks", "tokens/lines"} <= {receipt["stage"] for receipt in receipts(out)}


def test_a_sample_reads_some_inputs_and_always_the_same(tmp_path: Path) -> None:
    for number in range(30):
        write(tmp_path / f"{number:02}.jsonl", line(f"{TEXT} {number}"))
    manifest = manifest_of(tmp_path, LINES)
    for out in ("out", "again"):
        assert run(manifest, tmp_path / out, "--sample", "1/3").returncode == 0
    assert content(tmp_path / "out") == content(tmp_path / "again")
    assert 5 <= read(tmp_path / "out", "lines") <= 15


def test_a_share_that_is_none_is_refused(tmp_path: Path) -> None:
    done = run(small(tmp_path), tmp_path / "out", "--sample", "3/2")
    assert done.returncode == 2
    assert "--sample 3/2" in done.stderr


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    done = run(small(tmp_path), tmp_path / "out", "--dry-run")
    assert done.returncode == 0
    assert "documents/lines" in done.stdout
    assert not (tmp_path / "out").exists()


def test_a_traceback_is_shown_to_those_who_ask(tmp_path: Path) -> None:
    wanted = "run", tmp_path / "none.toml", "--out", tmp_path / "out"
    assert "Traceback" in proofpile("--debug", *wanted).stderr
    assert "Traceback" not in proofpile(*wanted).stderr


@pytest.mark.parametrize("verb", ["status", "funnel", "stats"])
def test_a_folder_that_is_no_run_folder(tmp_path: Path, verb: str) -> None:
    done = proofpile(verb, tmp_path)
    assert done.returncode == 1
    assert "is no run folder" in complaint(done)
