"""Which characters do the bytes of a file stand for?"""

from __future__ import annotations

import codecs
import re

from resiliparse.parse.encoding import detect_encoding

from filters import wordlist

CODECS = dict(line.split() for line in wordlist.load("filters", "encodings.txt"))
"""Python's codec for each name that a file may give to its encoding, in lower case and with `-` for `_`."""

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# PEP 263, Emacs (first line or local variables), vim, TeX editors (`%!TEX encoding = …`), XML; packages of LaTeX
_DECLARATION = re.compile(
    rb"""(?:coding|fenc)[ \t]{0,9}[:=][ \t"']{0,9}([\w.-]{2,30})"""
    rb"|^[^%\n]{0,99}\\(?:usepackage|RequirePackage)[ \t]{0,9}\[([\w.-]{2,30})\][ \t]{0,9}\{inputenc\}"
    rb"|^[^%\n]{0,99}\\inputencoding\{([\w.-]{2,30})\}",
    re.MULTILINE | re.IGNORECASE,
)
_LINE_ENDS = re.compile(r"-(?:unix|dos|mac)$")  # Emacs: latin-1-unix
_HEAD, _TAIL = 20_000, 3_000  # bytes searched for a declaration; Emacs reads its local variables in the last 3,000
_DETECTED = 65_536  # bytes that the detector reads
_STRAYS = {0xDC00 + byte: bytes([byte]).decode("cp1252", "replace") for byte in range(0x80, 0x100)}
_STRAY = re.compile("[\udc80-\udcff]")
_HIGH = bytes(range(0x80, 0x100))
_LONG_RUN = re.compile(rb"[\x80-\xff]{3,}")
_MAX_LONG_RUNS = 0.1  # share of the bytes beyond ASCII
_LATIN = frozenset({"cp1252", "cp1257", *(f"iso8859-{part}" for part in (2, 3, 4, 9, 13, 15, 16))})
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\v\f\r\x1a\x1b")
_MAX_CONTROLS = 0.01  # share of the bytes


def is_binary(raw: bytes) -> bool:
    """Whether so many bytes are control characters that this is no text of an encoding that contains ASCII."""
    controls = len(raw) - len(raw.translate(None, _CONTROLS))
    return b"\0" in raw or controls > _MAX_CONTROLS * len(raw)


def decode(raw: bytes) -> str:
    """The text of a file: by its byte order mark, as UTF-8, as it declares, or as is likeliest.

    Raises UnicodeError for what is binary or fits no encoding. Takes time linear in the bytes.
    """
    mark = next((codec for mark, codec in _MARKS if raw.startswith(mark)), None)
    if mark:
        return raw.decode(mark)
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        if is_binary(raw):
            raise
        return _legacy(raw, error)


def _legacy(raw: bytes, error: UnicodeDecodeError) -> str:
    """The text of what is not UTF-8; raises `error` if nothing fits."""
    mixed = raw.decode(errors="surrogateescape")
    strays = len(_STRAY.findall(mixed))
    if 2 * strays <= len(mixed) - len(raw.translate(None, _HIGH)):
        return mixed.translate(_STRAYS)  # one Western byte in UTF-8, as an editor leaves it that knows no encodings
    for codec in (*_declared(raw), *_likeliest(raw[error.start : error.start + _DETECTED])):
        try:
            return raw.decode(codec)
        except UnicodeDecodeError:
            continue
    raise error


def _declared(raw: bytes) -> list[str]:
    """Codecs that the file names in its head or tail, in their order."""
    declarations = _DECLARATION.finditer(raw[:_HEAD] + raw[_HEAD:][-_TAIL:])
    names = (_LINE_ENDS.sub("", _name(match[match.lastindex or 0].decode())) for match in declarations)
    return [CODECS[name] for name in names if name in CODECS]


def _likeliest(sample: bytes) -> list[str]:
    """Where hardly ever three letters in a row lie beyond ASCII the script is Latin, most likely a Western language's.

    The detector is asked about the rest, and never answers rightly that it is Latin: of a single letter in German text
    it thinks that it is Maltese, of two words of Chinese in Big5 that they are Western.
    """
    beyond = len(sample) - len(sample.translate(None, _HIGH))
    if sum(map(len, _LONG_RUN.findall(sample))) <= _MAX_LONG_RUNS * beyond:
        return ["cp1252"]
    name = _name(detect_encoding(sample, html5_compatible=False) or "")
    return [CODECS[name]] if name in CODECS and CODECS[name] not in _LATIN else []


def _name(given: str) -> str:
    return given.lower().replace("_", "-")
