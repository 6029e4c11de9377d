"""The data card: what a trainer is given, by source, subset and split, for who meets the corpus without its tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from manifests import Total
from pipeline.shares import MEANING, Share, table

HEAD = """\
# What is in this corpus

Documents, bytes of their text in UTF-8, and tokens, of which the last of each document ends it. The counts are those of
the receipts, and of the `.idx` files.

| source | subset | split | documents | bytes | tokens |
| --- | --- | --- | ---: | ---: | ---: |
"""


def card(totals: Mapping[str, Total], shares: Sequence[Share]) -> str:
    """Markdown; `totals` are by `source/subset/split`."""
    rows = [(*parts(name), total) for name, total in totals.items()]
    rows.append(("all", "", "", sum(totals.values(), Total())))
    lines = (f"| {' | '.join(names)} | {_numbers(total)} |\n" for *names, total in rows)
    return f"{HEAD}{''.join(lines)}\n# The mixture\n\n{MEANING}\n```text\n{table(shares)}\n```\n"


def parts(name: str) -> tuple[str, str, str]:
    """`source/subset/split` taken apart; a subset may itself have slashes."""
    source, _, rest = name.partition("/")
    subset, _, split = rest.rpartition("/")
    return source, subset, split


def _numbers(total: Total) -> str:
    return " | ".join(f"{number:,}" for number in (total.documents, total.bytes, total.tokens))
