"""Which licences are allowed, and whose code is left out."""

from __future__ import annotations

import pytest

from filters.document import Document, Drop
from filters.license import License, OptOut, read_opt_outs, readings
from filters.wordlist import load

PERMISSIVE = load("filters", "permissive_licenses.txt")


def document(license: str = "", **meta: object) -> Document:
    return Document("owner/name@sha/a.v", "code", "coq", text="Qed.", license=license, meta=dict(meta))


def word(outcome: Document | Drop) -> str:
    return f"{outcome.rule}/{outcome.reason}" if isinstance(outcome, Drop) else "kept"


@pytest.mark.parametrize("name", PERMISSIVE)
def test_every_permissive_licence_is_one(name: str) -> None:
    assert word(License(("permissive",))(document(name))) == "kept"
    assert word(License(("permissive",))(document(name.lower()))) == "kept"


@pytest.mark.parametrize("name", ["GPL-3.0", "AGPL-3.0-only", "LGPL-2.1", "MPL-2.0", "CC-BY-NC-4.0", "EPL-2.0"])
def test_other_licences_are_not_permissive(name: str) -> None:
    outcome = License(("permissive",))(document(name))
    assert word(outcome) == "license/not-allowed"
    assert isinstance(outcome, Drop)
    assert outcome.detail == name


@pytest.mark.parametrize("name", ["", "NOASSERTION", "none", "other", "unknown"])
def test_what_nobody_knows_is_not_allowed(name: str) -> None:
    assert word(License(("MIT",))(document(name))) == "license/unknown"


def test_by_default_everything_is_allowed() -> None:
    assert all(word(License()(document(name))) == "kept" for name in ("", "GPL-3.0", "MIT"))


@pytest.mark.parametrize(
    ("allowed", "licenses", "expected"),
    [
        (("mit",), ["MIT"], "kept"),
        (("MIT", "Apache-2.0"), ["MIT", "Apache-2.0"], "kept"),
        (("MIT",), ["MIT", "GPL-3.0"], "license/not-allowed"),
        (("permissive", "GPL-3.0"), ["GPL-3.0", "ISC"], "kept"),
        (("MIT",), [], "license/unknown"),
    ],
)
def test_of_several_licences_each_must_be_allowed(allowed: tuple[str, ...], licenses: list[str], expected: str) -> None:
    first = licenses[0] if licenses else ""
    assert word(License(allowed)(document(first, licenses=licenses))) == expected


LIST = OptOut(read_opt_outs("# who asked\nAlice\nbob/Proofs  # and this one\n\nhy-phen/a-b\n"))


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ({"repo": "alice/anything"}, "opt-out/user"),
        ({"repo": "ALICE/x"}, "opt-out/user"),
        ({"repo": "Bob/proofs"}, "opt-out/repository"),
        ({"repo": "bob/other"}, "kept"),
        ({"repo": "malice/x"}, "kept"),
        ({"repo": "x/alice"}, "kept"),
        ({"repo": "carol/proofs", "fork_of": "bob/Proofs"}, "opt-out/repository"),
        ({"repo": "carol/x", "fork_of": "alice/x"}, "opt-out/user"),
        ({"repo": "bob-Proofs"}, "opt-out/repository"),
        ({"repo": "alice-x-y"}, "opt-out/user"),
        ({"repo": "hy-phen-a-b"}, "opt-out/repository"),
        ({"repo": "hy-phen-a"}, "kept"),
        ({"repo": None}, "kept"),
        ({}, "kept"),
    ],
)
def test_who_asked_to_be_left_out_is(meta: dict[str, object], expected: str) -> None:
    assert word(LIST(document(**meta))) == expected


def test_a_hyphen_may_part_owner_from_name() -> None:
    assert list(readings("a/b-c")) == [("a", "b-c")]
    assert list(readings("a-b-c")) == [("a", "b-c"), ("a-b", "c")]


@pytest.mark.parametrize("line", ["a/b/c", "https://github.com/a/b", "two words", "a/", "/b", "ümlaut"])
def test_a_line_that_would_never_match_is_an_error(line: str) -> None:
    with pytest.raises(ValueError, match=r"line 2: .* is neither"):
        read_opt_outs(f"alice\n{line}\n")
