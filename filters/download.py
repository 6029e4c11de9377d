"""Reads a file from a URL into an open file: https by ourselves, all else (s3, gs, file …) through fsspec."""

from __future__ import annotations

import os
import shutil
import urllib.request
from http.client import HTTPException
from typing import BinaryIO
from urllib.parse import quote

import fsspec

HUB = "https://huggingface.co"
"""Where `hf://` points, unless the environment variable HF_ENDPOINT says otherwise."""

TIMEOUT = 60.0
"""Seconds without a byte after which a server is given up."""


class DownloadError(Exception):
    """A URL could not be read to its end; says why."""


def download(url: str, to: BinaryIO) -> None:
    """Write the content of `url` to `to`. Raises DownloadError; what was written by then is no whole file."""
    try:
        if url.startswith(("hf://", "http://", "https://")):
            _http(url, to)
        else:
            with fsspec.open(url, "rb") as source:
                shutil.copyfileobj(source, to, 1 << 20)
    except HTTPException as error:
        raise DownloadError(f"{type(error).__name__} {error}".rstrip()) from error
    except Exception as error:  # every fsspec backend raises its own
        raise DownloadError(str(error) or type(error).__name__) from error


def hub_address(url: str) -> str:
    """The https address of `hf://[datasets/]ORG/REPOSITORY/FILE[@REVISION]`; without a revision that of `main`."""
    path, _, revision = url.removeprefix("hf://").partition("@")
    kind, parts = ("datasets/", path[9:]) if path.startswith("datasets/") else ("", path)
    organisation, _, rest = parts.partition("/")
    repository, _, file = rest.partition("/")
    if not file:
        raise DownloadError("an address on the Hub is hf://ORG/REPOSITORY/FILE@REVISION")
    where = f"{kind}{organisation}/{repository}/resolve/{quote(revision or 'main', safe='')}/{quote(file)}"
    return f"{os.environ.get('HF_ENDPOINT', HUB).rstrip('/')}/{where}"


def _http(url: str, to: BinaryIO) -> None:
    request = urllib.request.Request(hub_address(url) if url.startswith("hf://") else url)
    request.add_header("User-Agent", "proofpile")
    token = os.environ.get("HF_TOKEN")
    if token and url.startswith("hf://"):
        # The Hub redirects to a store of another name, which must not get the token.
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        before = to.tell()
        shutil.copyfileobj(answer, to, 1 << 20)
        promised = answer.headers.get("Content-Length")
    if promised and int(promised) != to.tell() - before:  # read(n) does not tell of a connection cut short
        raise DownloadError(f"{to.tell() - before:,} of {int(promised):,} bytes came")
