"""Gathers the texts that the shipped models are trained on: `gather_training.py FOLDER OUT.jsonl`.

training.toml pins every source by hash or commit. Debian packages come by `apt-get download`, npm packages by
`npm pack`, repositories by `git clone`; what lies in FOLDER already (`owner+name` for a repository) is not fetched
again. The same sources and the same extractor give the same file, whose sha256 is printed.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from filters.normalise import has_latex
from pipeline.extract import ExtractError, extract

FOREIGN = re.compile(
    r"/(da|de|es|fr|ja|ko|pt[-_]br|tr|zh[-_]cn|ru|it|pl)/|\.(de|es|fr|ja|ko|ru|tr|zh-cn|da|pt-br)(\.|$)", re.I
)
NO_TEXT = re.compile(
    r"genindex|py-modindex|/search\.html|_modules/|_sources/|changelog|whats_?new|release|/(class)?index-|-all\.html"
    r"|package-(tree|frame|use|summary)|overview-|allclasses|_source\.html|8[ch]_source|/dir_|_members|doc-index|/src/.*\.html",
    re.I,
)
PIECE = 3_000
"""Characters after which a book or a paper is cut at the next blank line."""


@dataclass(frozen=True)
class Wanted:
    """One section of training.toml."""

    kind: str
    name: str
    version: str
    site: str
    licence: str
    files: str
    form: str
    sha256: str = ""
    most: int = 400
    only: str = ""
    architecture: str = "all"


def main(folder: Path, out: Path) -> None:
    with Path(__file__).with_name("training.toml").open("rb") as stream:
        sources = [Wanted(kind=kind, **entry) for kind, entries in tomllib.load(stream).items() for entry in entries]
    count: Counter[str] = Counter()
    with out.open("w", encoding="utf-8") as lines:
        for source in sources:
            for row in documents(source, folder):
                count[f"{source.site}, {'math' if has_latex(row['text']) else 'other'}"] += 1
                lines.write(json.dumps(row, ensure_ascii=False) + "\n")
    for name, number in count.items():
        print(f"{number:6,} {name}")
    print(hashlib.sha256(out.read_bytes()).hexdigest(), out)


def documents(source: Wanted, folder: Path) -> Iterator[dict[str, str]]:
    """The documents of a source: {"id", "url", "text", "license"}."""
    for path, data in chosen(source, folder):
        for number, text in enumerate(FORMS[source.form](data)):
            if text.strip() and (source.only != "math" or has_latex(text)):
                name = f"{path}#{number}"
                url = f"https://{source.site}/{path.lstrip('./')}"
                yield {"id": f"{source.name}/{name}", "url": url, "text": text, "license": source.licence}


def chosen(source: Wanted, folder: Path) -> Iterator[tuple[str, bytes]]:
    """(path, content) of the files to read, in the order of their paths."""
    files = FILES[source.kind](source, folder)
    wanted = (path for path in files if re.search(source.files, path))
    wanted = (path for path in wanted if not FOREIGN.search(path) and not NO_TEXT.search(path))
    for path in sorted(sorted(wanted, key=_hash)[: source.most]):
        data = files[path]()
        yield path, gzip.decompress(data) if path.endswith((".gz", ".dz")) else data


def _hash(path: str) -> bytes:
    return hashlib.blake2b(path.encode()).digest()


# --- where files come from: their paths, and how each is read


def debian(source: Wanted, folder: Path) -> dict[str, Callable[[], bytes]]:
    file = folder / f"{source.name}_{source.version.replace(':', '%3a')}_{source.architecture}.deb"
    if not file.is_file():
        subprocess.run(["apt-get", "download", f"{source.name}={source.version}"], cwd=folder, check=True)
    return _unpacked(file, source.sha256, ["dpkg-deb", "--extract", file])


def npm(source: Wanted, folder: Path) -> dict[str, Callable[[], bytes]]:
    file = folder / f"{source.name.lstrip('@').replace('/', '-')}-{source.version}.tgz"
    if not file.is_file():
        subprocess.run(["npm", "pack", "--silent", f"{source.name}@{source.version}"], cwd=folder, check=True)
    return _unpacked(file, source.sha256, ["tar", "--extract", "--file", file, "--directory"])


def github(source: Wanted, folder: Path) -> dict[str, Callable[[], bytes]]:
    clone = folder / source.name.replace("/", "+")
    if not clone.is_dir():
        address = f"https://github.com/{source.name}"
        subprocess.run(["git", "clone", "--bare", "--filter=blob:none", address, clone], check=True)
    listed = _git(clone, "ls-tree", "-r", "-z", "--name-only", source.version).decode().split("\0")
    return {path: partial(_git, clone, "show", f"{source.version}:{path}") for path in listed if path}


def _git(clone: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", clone, *arguments], check=True, capture_output=True).stdout


def _unpacked(package: Path, sha256: str, unpack: list[str | Path]) -> dict[str, Callable[[], bytes]]:
    """The files of a package that has the pinned hash."""
    found = hashlib.sha256(package.read_bytes()).hexdigest()
    if found != sha256:
        sys.exit(f"{package} has sha256 {found}, training.toml pins {sha256}")
    tree = package.with_suffix(".unpacked")
    if not tree.is_dir():
        tree.mkdir()
        subprocess.run([*unpack, tree], check=True)
    files = (path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path.relative_to(tree)): path.read_bytes for path in files}


FILES = {"debian": debian, "npm": npm, "github": github}

# --- what is made of a file: texts


def page(data: bytes) -> Iterator[str]:
    try:
        yield extract(data).text
    except ExtractError:
        return


def cnxml(data: bytes) -> Iterator[str]:
    """OpenStax: a page of its own vocabulary around MathML."""
    text = re.sub(r"<metadata\b.*?</metadata>|<\?.*?\?>", "", data.decode(), flags=re.S)
    for ours, theirs in (("para", "p"), ("title", "h2"), ("item", "li"), ("list", "ul"), ("document", "article")):
        text = re.sub(rf"<(/?){ours}\b", rf"<\1{theirs}", text)
    text = re.sub(r"<(/?)m:", r"<\1", text)
    yield from page(f"<!doctype html><html lang=en><body>{text}".encode())


def tex(data: bytes) -> Iterator[str]:
    text = re.sub(r"(?<!\\)%.*", "", data.decode("utf-8", "replace")).split(r"\begin{document}")[-1]
    for name in ("figure", "table", "tabular", "lstlisting", "verbatim", "code", "minted", "tikzpicture", "prooftree"):
        text = re.sub(rf"\\begin\{{{name}\*?\}}.*?\\end\{{{name}\*?\}}", "\n", text, flags=re.S)
    names = "cite[a-z]*|[a-zA-Z]*ref|label|lean|uses|proves|input|include[a-z]*|url|texttt|href|bibliography[a-z]*"
    text = re.sub(rf"\\(?:{names})\*?(?:\[[^\]]*\])*\{{[^{{}}]*\}}", " ", text)
    yield from pieces(re.sub(r"(?<=\S)\n(?=\S)", " ", text))


def markdown(data: bytes) -> Iterator[str]:
    text = re.sub(r"\A(---|\+\+\+)\n.*?\n\1\n", "", data.decode("utf-8", "replace"), flags=re.S)
    text = re.sub(r"\[([^\]\n]*)\]\([^()\n]*\)", r"\1", re.sub(r"</?[a-zA-Z][^<>]*>", "", text))
    yield from pieces(text, 4 * PIECE)


def rst(data: bytes) -> Iterator[str]:
    text = re.sub(r":math:`([^`]+)`", r"$\1$", data.decode("utf-8", "replace"))
    text = re.sub(r"\.\. math::(?: *\n\n)?((?: .*\n?|\n(?= ))+)", r"$$\1$$\n", text)
    yield from markdown(re.sub(r"^ *\.\. .*\n(?: +:.*\n)*|:[a-z:]+:`|`_*", "", text, flags=re.M).encode())


def notebook(data: bytes) -> Iterator[str]:
    """The text cells of a Jupyter notebook."""
    cells = (cell for cell in json.loads(data).get("cells", []) if cell["cell_type"] == "markdown")
    yield from markdown("\n\n".join("".join(cell["source"]) for cell in cells).encode())


def metamath(data: bytes) -> Iterator[str]:
    """The comments of a Metamath database that say more than a line, their formulas as formulas, twenty to a text."""
    text = data.decode()
    found = dict.fromkeys(
        _comment(text) for text in re.findall(r"\$\((.*?)\$\)", text, re.S) if not _MARKUP.search(text)
    )
    told = [text for text in found if len(text) > 120]
    yield from ("\n\n".join(told[start : start + 20]) for start in range(0, len(told), 20))


_MARKUP = re.compile(r"\$t|=-=-|#\*#|-\.-\.")


def _comment(text: str) -> str:
    text = re.sub(r"\((?:Contributed|Revised|Proof shortened|Proof modif|New usage)[^()]*\)", "", text)
    text = re.sub(r"`[^`]*`", r" $\\frac xy$ ", text)
    text = re.sub(r"(?:[Ss]ee)?\s*~ \S+|\[[^\]]*\](?: p\. ?[\dv]+)?|<[^>]*>|_", " ", text)
    return " ".join(text.split())


def plain(data: bytes) -> Iterator[str]:
    yield from pieces(data.decode("utf-8", "replace"))


def pieces(text: str, size: int = PIECE) -> Iterator[str]:
    """A text cut at blank lines; a piece has `size` characters or a little more, scraps stay out."""
    piece: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        piece.append(paragraph)
        if sum(map(len, piece)) > size:
            yield "\n\n".join(piece)
            piece = []
    if sum(map(len, piece)) > 300:
        yield "\n\n".join(piece)


FORMS = {
    "cnxml": cnxml,
    "html": page,
    "markdown": markdown,
    "metamath": metamath,
    "notebook": notebook,
    "plain": plain,
    "rst": rst,
    "tex": tex,
}

if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
