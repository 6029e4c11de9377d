"""The same files from The Stack's Parquet and from GitHub's tarballs: are they judged alike?

    python tests/benchmarks/compare_packings.py FOLDER [--recipe published]

FOLDER is what `pack_code.py` takes. A file that has another language in a tarball, where its ending tells it, than in
The Stack, where its folder does, is judged by other rules: it is counted by itself. Exit code 1 if any other differs.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from pack_code import Row, write_parquet, write_tarball

import languages
from filters.code import FileType
from filters.document import Document, Drop
from filters.filter import apply
from manifests import load_manifest
from pipeline.asked import ask
from pipeline.corpus import corpus
from pipeline.stages.ingest import Ingest

MANIFEST = """
name = "packings"
[[sources]]
name = "stack"
kind = "stack"
paths = ["stack/data/*/*.parquet"]
[[sources]]
name = "github"
kind = "github"
paths = ["github/*.tar.gz"]
languages = {languages}
"""


@dataclass(frozen=True)
class Verdict:
    """What became of one file."""

    language: str
    fate: str
    """`kept`, or rule and reason."""
    text: str


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--recipe", default="fixed", choices=("fixed", "published"))
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pack(given.folder, Path(folder))
        stack, github = verdicts(Path(folder), given.recipe)
    return compare(stack, github)


def pack(folder: Path, out: Path) -> None:
    """One Parquet file a language, one tarball a repository; a file is in both once."""
    by_language: dict[str, dict[str, Row]] = defaultdict(dict)
    by_repository: dict[tuple[str, str], dict[str, Row]] = defaultdict(dict)
    for line in (folder / "manifest.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        row["raw"] = (folder.parent / row["file"]).read_bytes()
        by_language[row["lang"]].setdefault(identity(row["repo"], row["commit"], row["path"]), row)
        by_repository[row["repo"], row["commit"]].setdefault(row["path"], row)
    for language, rows in by_language.items():
        write_parquet(out / f"stack/data/{language}/files.parquet", language, list(rows.values()))
    for (repository, commit), files in by_repository.items():
        write_tarball(out / "github", repository, commit, list(files.values()))


def identity(repository: str, commit: str, path: str) -> str:
    return f"{repository.replace('/', '-')}@{commit}/{path}"


def verdicts(folder: Path, recipe: str) -> list[dict[str, Verdict]]:
    """By file, what becomes of it, from each packing."""
    path = folder / "manifest.toml"
    path.write_text(MANIFEST.format(languages=list(languages.names())))
    stages = corpus(ask(load_manifest(path, [f"recipe={recipe}"])))[:2]
    return [dict(judged(cast(Ingest, stage))) for stage in stages]


def judged(stage: Ingest) -> Iterator[tuple[str, Verdict]]:
    for unit in stage.units({}):
        for shard in unit.inputs:
            for record in stage.source.read(shard.key, cast(BinaryIO, shard.open())):
                found = apply(stage.filters, record) if isinstance(record, Document) else record
                yield identity(*parted(record.id)), verdict(record, found)


def parted(place: str) -> tuple[str, str, str]:
    """Repository, commit and path of an id `owner/repository@commit/path`."""
    repository, _, rest = place.partition("@")
    commit, _, path = rest.partition("/")
    return repository, commit, path


def verdict(record: Document | Drop, found: Document | Drop) -> Verdict:
    if isinstance(found, Document):
        return Verdict(found.subset, "kept", found.text)
    typed = record if isinstance(record, Drop) or record.subset else FileType()(record)
    return Verdict(getattr(typed, "subset", ""), f"{found.rule}/{found.reason}", "")


def compare(stack: dict[str, Verdict], github: dict[str, Verdict]) -> int:
    """Print what differs; 1 if something does that has the same language in both."""
    both = stack.keys() & github.keys()
    print(f"{len(stack):,} files in Parquet, {len(github):,} in tarballs, {len(both):,} in both")
    others = Counter((stack[key].language, github[key].language) for key in both if not alike(stack[key], github[key]))
    for (here, there), count in sorted(others.items()):
        print(f"  {count:5,} {here} in The Stack, {there or 'nothing'} by their ending")
    same = [key for key in sorted(both) if alike(stack[key], github[key])]
    differ = [key for key in same if stack[key].fate != github[key].fate]
    print(f"{len(same):,} of one language; judged otherwise: {len(differ):,}; kept in both: {len(kept(stack, github))}")
    for key in differ:
        print(f"  {stack[key].fate} | {github[key].fate} | {key}")
    texts = [key for key in kept(stack, github) if stack[key].text != github[key].text]
    print(f"kept with another text: {len(texts):,}", *texts, sep="\n  ")
    return 1 if differ or stack.keys() != github.keys() else 0


def alike(one: Verdict, other: Verdict) -> bool:
    return one.language == other.language


def kept(stack: dict[str, Verdict], github: dict[str, Verdict]) -> list[str]:
    """Files that both kept."""
    return sorted(key for key in stack.keys() & github.keys() if stack[key].fate == github[key].fate == "kept")


if __name__ == "__main__":
    sys.exit(main())
