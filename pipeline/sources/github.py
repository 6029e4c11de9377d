"""Source code of whole repositories: the tarballs that GitHub serves for one commit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, ClassVar

from filters.document import Document, Drop
from pipeline.repositories import Repository, RepositoryStream
from pipeline.sources.tarball import Member, read_members
from pipeline.sources.unpack import DamageError, unpacked

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_FOLDER = re.compile(r"(?P<repo>.+)-(?P<sha>[0-9a-f]{7,64})")


@dataclass(frozen=True)
class Github:
    """Every regular file of a repository tarball is one document.

    The top folder is `owner-repo-sha`, and git writes the full commit into the pax global header `comment`
    (git-archive(1)). A member that is neither file nor directory is a Drop `link`.
    """

    reasons: ClassVar[frozenset[str]] = frozenset(
        {
            "empty",
            "truncated",
            "corrupt",
            "bomb",
            "link",
            "unsafe-name",
            "too-large",
            "missing",
            "blocked",
            "other-commit",
        }
    )

    name: str = "github"
    extensions: frozenset[str] = frozenset()
    """Read only files whose name ends so: lower case, with the dot (`.lean`); empty: all. Others are never read."""
    max_member_bytes: int = 100 << 20
    """Largest file that is read, in bytes; 100 MiB is the largest that GitHub accepts."""
    max_members: int = 200_000
    """Most members of one archive, directories among them."""
    max_total_bytes: int = 8 << 30
    """Largest archive, in unpacked bytes."""

    def read(self, key: str, stream: BinaryIO) -> Iterator[Document | Drop]:
        known = stream.repository if isinstance(stream, RepositoryStream) else None
        found = False
        try:
            pieces = unpacked(stream)
            for member in read_members(pieces, max_members=self.max_members, max_total_bytes=self.max_total_bytes):
                found = True
                yield self._record(key, member, known)
        except DamageError as damage:
            yield Drop(key, "read", damage.reason, damage.detail)
            return
        if not found:
            yield Drop(key, "read", "empty")

    def _record(self, key: str, member: Member, known: Repository | None) -> Document | Drop:
        repo, sha, path = coordinates(member.name, member.comment)
        if known:
            if _SHA.fullmatch(member.comment) and member.comment != known.commit:
                raise DamageError("other-commit", f"{member.comment}, not {known.commit}")
            repo, sha = known.repository, known.commit
        place = f"{repo}@{sha}/{path}" if sha else f"{key}/{member.name}"
        url = _url(repo, sha, path)
        reason = member.refusal(self.max_member_bytes)
        if reason in ("link", "unsafe-name"):
            return Drop(place, "read", reason, url=url, size=member.size)
        if self.extensions and PurePosixPath(path).suffix.lower() not in self.extensions:
            return Drop(place, "file-type", "extension", PurePosixPath(path).suffix, url, member.size)
        if reason:
            return Drop(place, "read", reason, f"{member.size} bytes", url, member.size)
        meta: dict[str, object] = {"repo": repo, "sha": sha, "path": path}
        if known:
            meta |= {"fork_of": known.fork_of, "stars": known.stars}
        license, date = (known.license, known.date) if known else ("", "")
        return Document(place, self.name, url=url, date=date, license=license, meta=meta, raw=member.content())


def coordinates(name: str, comment: str) -> tuple[str, str, str]:
    """(`owner-repo`, commit, path) of a member; the commit is the comment's, or the folder's short one."""
    top, _, path = name.partition("/")
    folder = _FOLDER.fullmatch(top)
    if not folder or not path:
        return top if path else "", "", path or name
    full = comment if _SHA.fullmatch(comment) else folder["sha"]
    return folder["repo"], full, path


def _url(repo: str, sha: str, path: str) -> str:
    """Where the file can be seen, if the name tells owner from repository: joined by a hyphen, either may have more."""
    if "/" not in repo:
        repo = repo.replace("-", "/")
    return f"https://github.com/{repo}/blob/{sha}/{path}" if sha and repo.count("/") == 1 else ""
