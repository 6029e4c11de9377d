"""Bytes of a page to text.

The order is that of the HTML standard (13.2.3.2): byte order mark, HTTP header, the page's own word, detection. Two
names are not believed against the bytes, because servers give them unasked: windows-1252 where the page is whole as
UTF-8 (of 4,494 real pages the two to which that applies are UTF-8 in truth), and UTF-8 where most of what is not ASCII
breaks it.
"""

from __future__ import annotations

import codecs
import re

from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_PROLOGUE = 32_768
"""Bytes at the beginning of a page in which its own word is looked for. The standard says 1,024; 137 of the real pages
have it later, as browsers wait for it to come."""

_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_META = re.compile(rb"<meta[\s/]([^>]*)")
_CHARSET = re.compile(rb"(?:^|[\s\"'/;])charset\s*=\s*[\"']?\s*([^\s\"'/>;,]+)")
_XML = re.compile(rb"\s*<\?xml[^>]*\sencoding\s*=\s*[\"']([^\"']+)")
_MEANT = {
    "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "big5": "big5hkscs", "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
}  # fmt: skip
"""What the Encoding standard means by names under which Python has less."""
_BESIDES = {"x-mac-cyrillic": "mac-cyrillic", "x-user-defined": "cp1252"}
"""Names of the Encoding standard that resiliparse does not know; the second is read so in meta elements."""


def decode(html: bytes, charset: str | None = None) -> tuple[str, str]:
    """The text of a page without NULs, and the encoding used; `charset` is the HTTP header's.

    Broken bytes become U+FFFD, each by itself: a page of UTF-8 with one of them is still a page of UTF-8.
    """
    encoding = _from_mark(html) or _known(charset or "") or _from_page(html)
    if encoding in (None, "utf-8", "cp1252"):
        text, encoding = _judged(html, encoding)
    else:
        text = html.decode(encoding, "replace")
    return text.removeprefix("\ufeff").replace("\x00", ""), encoding


def _known(name: str) -> str | None:
    """The codec for a name of the Encoding standard; None if it is none, or one that browsers refuse to read."""
    found: str | None = map_encoding_to_html5(name, fallback_utf8=False) if name else None
    return _MEANT.get(found, found) if found else _BESIDES.get(name.strip().lower())


def _from_mark(html: bytes) -> str | None:
    return next((name for mark, name in _MARKS if html.startswith(mark)), None)


def _from_page(html: bytes) -> str | None:
    """What the page says: two bytes a letter, meta element, XML declaration."""
    if html[1:2] == b"\x00" != html[:1] or html[:1] == b"\x00" != html[1:2]:
        return "utf-16-le" if html[1:2] == b"\x00" else "utf-16-be"
    head = _COMMENT.sub(b"", html[:_PROLOGUE].lower())
    words = (_word(tag[1]) for tag in _META.finditer(head))
    name = next(filter(None, words), None) or ((xml := _XML.match(head)) and _name(xml[1]))
    # A page whose own word could be read as ASCII is not in UTF-16 (13.2.3.2).
    return "utf-8" if name and name.startswith("utf-16") else name


def _word(meta: bytes) -> str | None:
    """The encoding that a meta element names; what a description says about encodings is no such word."""
    found = _CHARSET.search(meta) if b"http-equiv" in meta or b"content" not in meta else None
    return _name(found[1]) if found else None


def _name(label: bytes) -> str | None:
    return _known(label.decode("ascii", "ignore"))


def _judged(html: bytes, said: str | None) -> tuple[str, str]:
    """The text and its encoding where the bytes have the last word."""
    try:
        text = html.decode()
        return text, "cp1252" if said == "cp1252" and text.isascii() else "utf-8"
    except UnicodeDecodeError:
        encoding = said if said == "cp1252" else _doubted(html, said)
        return html.decode(encoding, "replace"), encoding


def _doubted(html: bytes, said: str | None) -> str:
    """The encoding of a page that is not UTF-8 throughout."""
    if not _mostly_broken(html):
        return "utf-8"
    found = _from_page(html) if said else None
    candidates = (found, _known(str(detect_encoding(html))), "cp1252")
    return next(name for name in candidates if name and name != "utf-8")


def _mostly_broken(html: bytes) -> bool:
    """Whether as UTF-8 more characters are broken than whole, ASCII aside."""
    text = html.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = len(text) - len(text.encode("ascii", "ignore")) - broken
    return broken > whole
