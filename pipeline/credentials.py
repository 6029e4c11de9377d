"""Tokens that servers ask for: taken from the environment, told to their own host only, never written down."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

HUB = "https://huggingface.co"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class CredentialsError(OSError):
    """A token cannot be used; the message says which and why, but not the token."""


def hub() -> str:
    """Where Hugging Face's hub is: `HF_ENDPOINT`, as its own programs understand it, or the usual place."""
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or HUB


def headers(url: str) -> dict[str, str]:
    """What a request to this URL must carry to be let in: the hub's `HF_TOKEN`; nothing to any other host.

    Redirects lead elsewhere (the hub's to a signed URL); urllib3 takes the token off before it follows one to another
    host. Raises CredentialsError for a token that would be sent in the clear, or is none.
    """
    token = os.environ.get("HF_TOKEN", "").strip()
    if not token or not _is_hubs(url):
        return {}
    if urlsplit(url).scheme != "https" and urlsplit(url).hostname not in LOOPBACK:
        raise CredentialsError("HF_ENDPOINT is not https: HF_TOKEN is not sent in the clear")
    if not re.fullmatch(r"[!-~]+", token):
        raise CredentialsError("HF_TOKEN is no token: it holds white space or characters beyond ASCII")
    return {"Authorization": f"Bearer {token}"}


def advice(url: str, status: int) -> str:
    """What to do about a server that does not let us in; empty if it is not for want of credentials."""
    if status not in (401, 403) or not _is_hubs(url):
        return ""
    page = re.sub(r"/(?:resolve|tree)/.*", "", re.sub(r"/api/(?:models/)?", "/", url, count=1))
    token = "HF_TOKEN is set, but not enough" if os.environ.get("HF_TOKEN", "").strip() else "HF_TOKEN is not set"
    return f"{token}: accept the conditions at {page}, make a token that may read it, and set HF_TOKEN where units run"


def _is_hubs(url: str) -> bool:
    return _origin(url) == _origin(hub())


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port
