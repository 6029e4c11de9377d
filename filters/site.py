"""Which documents belong to one site: those whose addresses share what its owner registered."""

from __future__ import annotations

from urllib.parse import urlsplit

from filters import wordlist

SHARED = frozenset(wordlist.load("filters", "shared_hosts.txt"))


def site_of(url: str) -> str:
    """The registered domain of an address: `docs.scipy.org` is `scipy.org`, `ann.github.io` stays itself.

    `shared_hosts.txt` names the suffixes below which everybody may have a name. What is no address is its own site.
    """
    try:
        host = (urlsplit(url).hostname or "").strip(".")
    except ValueError:
        host = ""
    labels = host.split(".")
    if not host or host.replace(".", "").isdigit() or ":" in host:
        return host or url
    for length in range(len(labels) - 1, 1, -1):
        if ".".join(labels[-length:]) in SHARED:
            return ".".join(labels[-length - 1 :])
    return ".".join(labels[-2:])
