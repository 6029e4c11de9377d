"""How numbers and strangers' words are put before people."""

from __future__ import annotations

from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

BAR = 12
"""Columns of a full bar."""


def count(number: int) -> str:
    """A whole number with thousands separated: `6,315,233`."""
    return f"{number:,}"


def short(number: float) -> str:
    """A number in at most seven columns: whole below a million, then in three digits, `1.09M`, `237B`."""
    if abs(number) < 999_999.5:
        return f"{number:,.0f}"
    for unit in "MBT":
        number /= 1e6 if unit == "M" else 1e3
        if abs(number) < 999.5:
            break
    return f"{number:#.3g}".rstrip(".") + unit


def size(number: int) -> str:
    """Bytes, decimal: `56.7 GB`."""
    return decimal(number)


def percent(share: float) -> str:
    """A share as people read it; what is there at all is never shown as 0."""
    return "<0.01 %" if 0 < share < 0.00005 else f"{share:.2%}".replace("%", " %")


def bar(share: float, console: Console) -> str:
    """A bar of at most `BAR` columns, one at least for what is there at all."""
    columns = min(BAR, max(round(share * BAR), share > 0))
    return ("#" if console.options.ascii_only else "█") * columns


def plain(text: str, style: str = "") -> Text:
    """Words of strangers (ids, URLs, details) for a terminal: no markup, no control characters."""
    return Text("".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text), style)


def table(*columns: str, left: int = 1) -> Table:
    """A table without rules that folds its first `left` columns where the terminal is narrow; the rest are numbers."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        if number < left:
            made.add_column(column, overflow="fold")
        else:
            made.add_column(column, justify="right", no_wrap=True)
    return made
