from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters import wordlist
from filters.site import site_of


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://docs.scipy.org/doc/a.html", "scipy.org"),
        ("http://scipy.org", "scipy.org"),
        ("https://Math.StackExchange.com:443/q/1", "math.stackexchange.com"),
        ("https://www.maths.ox.ac.uk/x", "ox.ac.uk"),
        ("https://a.b.readthedocs.io/en", "b.readthedocs.io"),
        ("https://github.io/", "github.io"),
        ("http://127.0.0.1:8000/x", "127.0.0.1"),
        ("http://[::1]/x", "::1"),
        ("http://localhost/x", "localhost"),
        ("papers/one.tex", "papers/one.tex"),
        ("http://[broken", "http://[broken"),
        ("", ""),
    ],
)
def test_site_of(url: str, site: str) -> None:
    assert site_of(url) == site


@pytest.mark.parametrize("suffix", wordlist.load("filters", "shared_hosts.txt"))
def test_names_below_a_shared_host_are_sites_of_their_own(suffix: str) -> None:
    assert site_of(f"https://www.ann.{suffix}/x") == f"ann.{suffix}"
    assert site_of(f"https://bob.{suffix}") == f"bob.{suffix}"


@given(st.text())
def test_no_address_makes_it_raise(url: str) -> None:
    assert isinstance(site_of(url), str)
