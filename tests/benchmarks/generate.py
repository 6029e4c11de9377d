"""Input for benchmarks: pages, papers and source files of no meaning, but of the shape and the variety of real ones.

Everything comes from a seed, so that two runs measure the same work.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from filters.document import Document, Drop

SYLLABLES = (
    "al",
    "be",
    "con",
    "de",
    "er",
    "fi",
    "gra",
    "ho",
    "in",
    "ju",
    "ka",
    "lo",
    "mi",
    "no",
    "or",
    "pro",
    "qua",
    "re",
)
GLUE = ("the", "of", "and", "to", "in", "is", "a", "that", "we", "for", "let", "be", "with", "this", "by", "if", "then")
FORMULAS = (r"\(x^2 + y^2 = z^2\)", r"\[\sum_{n=1}^\infty \frac{1}{n^2} = \frac{\pi^2}{6}\]", r"$\alpha < \beta$")
DATE = "2023-09-21T08:00:00Z"


@dataclass(frozen=True)
class OneLine:
    """A source whose archives are one document each: what is left of the cost is the law's."""

    name: str = "lines"

    def read(self, key: str, stream: BinaryIO) -> Iterator[Document | Drop]:
        yield Document(key, self.name, text=stream.read().decode())


class Writer:
    """Writes text that looks like some language, from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._words = ["".join(self._random.choices(SYLLABLES, k=self._random.randint(1, 4))) for _ in range(8000)]

    def sentence(self) -> str:
        words = self._random.choices(self._words, k=self._random.randint(4, 12))
        words += self._random.choices(GLUE, k=len(words))
        self._random.shuffle(words)
        return " ".join(words).capitalize() + "."

    def paragraph(self, formulas: bool = False) -> str:
        parts = [self.sentence() for _ in range(self._random.randint(2, 8))]
        return " ".join([*parts, self._random.choice(FORMULAS)] if formulas else parts)

    def page(self, maths: bool) -> str:
        """An HTML page with a menu, a side bar and links; one in maths has formulas and MathJax."""
        links = "".join(f'<li><a href="/p/{self._random.random()}">{self.sentence()[:30]}</a></li>' for _ in range(60))
        text = "".join(
            f"<h2>{self.sentence()[:40]}</h2><div class='c{number}'><p>{self.paragraph(maths)}</p></div>"
            for number in range(self._random.randint(5, 60))
        )
        script = "<script src='https://cdn.test/MathJax.js'></script>" if maths else ""
        style = "".join(f".c{number} {{ margin: {self._random.randint(0, 9)}px }} " for number in range(100))
        return (
            f"<!DOCTYPE html><html lang='en'><head><title>{self.sentence()}</title>{script}<style>{style}</style>"
            f"</head><body><nav><ul>{links}</ul></nav><main>{text}</main><footer>{self.sentence()}</footer></body></html>"
        )

    def paper(self) -> str:
        sections = (
            f"\\section{{{self.sentence()}}}\n\n" + "\n\n".join(self.paragraph(formulas=True) for _ in range(10))
            for _ in range(8)
        )
        body = "\n\n".join(sections)
        return f"\\documentclass{{article}}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"

    def program(self) -> str:
        functions = (
            f'def {self._random.choice(self._words)}_{number}(x):\n    """{self.sentence()}"""\n'
            f"    return numpy.linalg.norm(x) * {number}\n"
            for number in range(40)
        )
        return "import numpy\n\n\n" + "\n\n".join(functions)


def write_warc(path: Path, pages: int, maths: float = 0.2, seed: int = 0) -> Path:
    """A gzipped archive as crawlers write them, a request before each response; a share of the pages has formulas."""
    writer, chance = Writer(seed), random.Random(seed)
    with path.open("wb") as file:
        archive = WARCWriter(file, gzip=True)
        for number in range(pages):
            url = f"https://site{number % 97}.test/{number}"
            request = StatusAndHeaders("GET / HTTP/1.1", [("Host", "site.test")], is_http_request=True)
            page = writer.page(chance.random() < maths).encode()
            head = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
            date = {"WARC-Date": DATE}
            for kind, headers, body in (("request", request, b""), ("response", head, page)):
                archive.write_record(
                    archive.create_warc_record(
                        url, kind, io.BytesIO(body), len(body), http_headers=headers, warc_headers_dict=date
                    )
                )
    return path


def write_jsonl(path: Path, texts: int, seed: int = 0) -> Path:
    """Gzipped lines of some 4 kB of text."""
    writer = Writer(seed)
    with gzip.open(path, "wt", compresslevel=1) as file:
        for number in range(texts):
            text = "\n\n".join(writer.paragraph() for _ in range(8))
            file.write(json.dumps({"text": text, "meta": {"id": str(number)}}) + "\n")
    return path


def write_stack(path: Path, files: int, seed: int = 0) -> Path:
    """Python files as The Stack serves them, 500 a row group."""
    writer = Writer(seed)
    texts = (
        "hexsha",
        "ext",
        "lang",
        *(f"max_stars_repo_{part}" for part in ("path", "name", "head_hexsha")),
        "content",
    )
    types: list[tuple[str, pa.DataType]] = [(name, pa.string()) for name in texts]
    types += [("max_stars_repo_licenses", pa.list_(pa.string())), ("max_stars_count", pa.int64())]
    schema = pa.schema(types)
    with pq.ParquetWriter(path, schema, compression="zstd") as parquet:
        for start in range(0, files, 500):
            numbers = range(start, min(files, start + 500))
            sha = "0" * 40
            rows = [
                (f"{n:040x}", "py", "Python", f"src/{n}.py", "owner/name", sha, writer.program(), ["MIT"], 0)
                for n in numbers
            ]
            columns = [pa.array(column) for column in zip(*rows, strict=True)]
            parquet.write_table(pa.table(columns, schema=schema))
    return path


def write_tarball(path: Path, files: int, seed: int = 0) -> Path:
    """A repository of Python files as GitHub serves it."""
    writer = Writer(seed)
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for number in range(files):
            _add(archive, f"owner-name-0123456/src/{number}.py", writer.program().encode())
    return path


def write_papers(folder: Path, papers: int, seed: int = 0) -> Path:
    """E-prints as arXiv serves them, a gzipped LaTeX file each."""
    writer = Writer(seed)
    folder.mkdir()
    for number in range(papers):
        (folder / f"2301.{number:05}.gz").write_bytes(gzip.compress(writer.paper().encode(), mtime=0))
    return folder


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))
