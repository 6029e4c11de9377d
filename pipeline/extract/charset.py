"""Bytes of a page to text."""

from __future__ import annotations

import codecs
import re

from resiliparse.parse.encoding import bytes_to_str, detect_encoding, map_encoding_to_html5

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([-\w:.]+)", re.IGNORECASE)
_PROLOGUE = 4096
"""Bytes at the beginning of a page in which its own word on its encoding is looked for."""


def decode(html: bytes, charset: str | None = None) -> tuple[str, str]:
    """The text of a page and the encoding used: the HTTP header's, else byte order mark, meta element, detection."""
    encoding = _known(charset) or _from_mark(html) or _from_meta(html) or _detected(html)
    return bytes_to_str(html, encoding, errors="replace").replace("\x00", ""), encoding


def _known(name: str | None) -> str | None:
    found: str | None = map_encoding_to_html5(name, fallback_utf8=False) if name else None
    return found


def _detected(html: bytes) -> str:
    """UTF-8 is tried first: other encodings hardly ever decode as it, while detection mistakes short UTF-8."""
    try:
        html.decode()
    except UnicodeDecodeError:
        return str(detect_encoding(html))
    return "utf-8"


def _from_mark(html: bytes) -> str | None:
    return next((name for mark, name in _BOMS if html.startswith(mark)), None)


def _from_meta(html: bytes) -> str | None:
    match = _META.search(html[:_PROLOGUE])
    name = _known(match[1].decode("ascii", "ignore")) if match else None
    # A page whose meta element could be read as ASCII is not in UTF-16 (HTML standard, 13.2.3.2).
    return "utf-8" if name and name.startswith("utf-16") else name
