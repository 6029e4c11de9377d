"""Characters of Unicode that are ASCII's in another dress, put back in place: offsets stay what they were."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

_SPACES = (0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)
"""What else `str.split()` cuts at."""


def folded(data: bytes) -> bytes:
    """The same length of bytes with white space as ` `, and figures for characters that show one, such as `²`."""
    if data.isascii():
        return data
    signs = np.frombuffer(data, np.uint8).copy()
    lead = np.flatnonzero(signs >= 0xC2)
    size = 2 + (signs[lead] >= 0xE0).astype(np.int64) + (signs[lead] >= 0xF0)
    code = signs[lead] & np.array([0, 0, 0x1F, 0x0F, 0x07], np.uint8)[size]
    codes = code.astype(np.int64)
    for step in (1, 2, 3):
        codes = np.where(size > step, codes << 6 | signs[lead + step] & 0x3F, codes)
    sign = _stand_in()[np.minimum(codes, _LAST)]
    shown = np.flatnonzero(sign)
    lead, size, sign = lead[shown], size[shown], sign[shown]
    filler = np.where(sign == ord(" "), sign, np.uint8(_NO_BYTE))
    for step in (0, 1, 2):
        longer = size > step + 1
        signs[lead[longer] + step] = filler[longer]
    signs[lead + size - 1] = sign
    return signs.tobytes()


_LAST = 0x1D800
_NO_BYTE = 0xFF
"""A byte that UTF-8 has not, and that neither separates words of `spaced` nor belongs to one of `plain`."""


@cache
def _stand_in() -> NDArray[np.uint8]:
    """By code point the ASCII character that it shows, or 0."""
    import unicodedata

    signs = np.zeros(_LAST + 1, np.uint8)
    for code in (*range(0xA0, 0x100), *range(0x2070, 0x20A0), *range(0x2100, 0x2150), *range(0x1D400, _LAST)):
        shown = unicodedata.normalize("NFKC", chr(code))
        if len(shown) == 1 and shown.isascii() and shown.isalnum():
            signs[code] = ord(shown.lower())
    signs[list(_SPACES)] = ord(" ")
    return signs
