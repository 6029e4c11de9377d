"""Packs loose source files as The Stack serves them (Parquet) and as GitHub does (tarballs).

    python tests/benchmarks/pack_code.py FOLDER OUT

FOLDER holds `manifest.jsonl`, a row a file with file (path below FOLDER's parent), lang, repo, commit, path, licence.
OUT gets `stack/data/<lang>/files.parquet` and `github/<owner>-<repo>-<sha7>.tar.gz`, both with every file, and
`repositories.jsonl`, the list of the tarballs.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import tarfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Row = dict[str, Any]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("out", type=Path)
    given = arguments.parse_args()
    by_language: dict[str, list[Row]] = defaultdict(list)
    by_repository: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for line in (given.folder / "manifest.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        row["raw"] = (given.folder.parent / row["file"]).read_bytes()
        by_language[row["lang"]].append(row)
        by_repository[row["repo"], row["commit"]].append(row)
    for language, rows in sorted(by_language.items()):
        write_parquet(given.out / f"stack/data/{language}/files.parquet", language, rows)
    for (repository, commit), rows in sorted(by_repository.items()):
        write_tarball(given.out / "github", repository, commit, rows)
    pinned = [
        {"repository": repository, "commit": commit, "license": rows[0]["licence"]}
        for (repository, commit), rows in sorted(by_repository.items())
    ]
    (given.out / "repositories.jsonl").write_text("".join(json.dumps(one) + "\n" for one in pinned))
    print(f"{sum(map(len, by_language.values()))} files of {len(by_repository)} repositories packed into {given.out}")


def write_parquet(path: Path, language: str, rows: list[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([stack_row(row, language) for row in rows]), path, compression="zstd")


def stack_row(row: Row, language: str) -> Row:
    """The Stack holds text only: what is not UTF-8 has been decoded as Latin-1 there, too."""
    try:
        content = row["raw"].decode()
    except UnicodeDecodeError:
        content = row["raw"].decode("latin-1")
    return {
        "hexsha": hashlib.sha1(b"blob %d\0" % len(row["raw"]) + row["raw"]).hexdigest(),
        "size": len(row["raw"]),
        "ext": row["path"].rpartition(".")[2],
        "lang": language,
        "max_stars_repo_path": row["path"],
        "max_stars_repo_name": row["repo"],
        "max_stars_repo_head_hexsha": row["commit"],
        "max_stars_repo_licenses": [row["licence"]],
        "max_stars_count": 0,
        "content": content,
    }


def write_tarball(folder: Path, repository: str, commit: str, rows: list[Row]) -> None:
    top = f"{repository.replace('/', '-')}-{commit[:7]}"
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"comment": commit}) as archive:
        for row in sorted(rows, key=lambda row: str(row["path"])):
            member = tarfile.TarInfo(f"{top}/{row['path']}")
            member.size = len(row["raw"])
            archive.addfile(member, io.BytesIO(row["raw"]))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{top}.tar.gz").write_bytes(gzip.compress(out.getvalue(), mtime=0))


if __name__ == "__main__":
    main()
