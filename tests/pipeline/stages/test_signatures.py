"""Signatures are datasketch's; short texts have none; similarities are true; no close fingerprints are missed."""

from __future__ import annotations

import re

import numpy as np
import pytest
from datasketch import MinHash as Reference
from datasketch.lsh import _optimal_param
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.stages.signatures import FALSE, MISSED, MinHash, Near, Shingles, SimHash, best_bands

HASHES = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=50)
SPACES = [character for code in range(0x110000) if (character := chr(code)).isspace()]
TEXTS = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(SPACES)), max_size=40)


def reference(hashes: list[int], permutations: int) -> list[int]:
    minhash = Reference(num_perm=permutations, seed=1, scheme="affine32", hashfunc=int)
    minhash.update_batch(hashes)
    return [int(value) for value in minhash.hashvalues]


def array(numbers: list[int]) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    return np.array(numbers, dtype=np.uint32)


@settings(deadline=None)
@given(HASHES, st.sampled_from([16, 128, 200]))
def test_a_signature_is_that_of_datasketch(hashes: list[int], permutations: int) -> None:
    assert MinHash(permutations=permutations).signature(array(hashes)).tolist() == reference(hashes, permutations)


def test_nothing_has_no_signature() -> None:
    with pytest.raises(ValueError, match="no signature"):
        MinHash().signature(Shingles()(""))


@pytest.mark.parametrize(("words", "shingles"), [(0, 0), (1, 0), (4, 0), (5, 1), (6, 2), (100, 96)])
def test_a_text_has_a_shingle_for_each_run_of_words(words: int, shingles: int) -> None:
    assert len(Shingles()(" ".join(f"word{number}" for number in range(words)))) == shingles


def words(text: str) -> list[str]:
    return text.split()


def characters(text: str) -> list[str]:
    return list(" ".join(text.split()))


def tokens(text: str) -> list[str]:
    """Runs of what is no white space and no ASCII sign; ASCII signs one by one."""
    signs = r"!-/:-@\[-^`{-~\x00-\x08\x0e-\x1b\x7f"
    return [token for word in text.split() for token in re.findall(rf"[{signs}]|[^{signs}]+", word)]


@settings(deadline=None)
@given(TEXTS, TEXTS, st.integers(1, 3))
@pytest.mark.parametrize("units", [words, characters, tokens])
def test_texts_have_as_many_shingles_in_common_as_runs_of_their_units(
    units: type[list[str]], left: str, right: str, length: int
) -> None:
    runs = [{tuple(some[n : n + length]) for n in range(len(some) - length + 1)} for some in map(units, (left, right))]
    shingles = Shingles(units.__name__, length)  # type: ignore[arg-type]
    ours, theirs = (set(shingles(text).tolist()) for text in (left, right))
    assert (len(ours), len(theirs), len(ours & theirs)) == (*map(len, runs), len(runs[0] & runs[1]))


@pytest.mark.parametrize("space", SPACES)
def test_every_white_space_parts_words(space: str) -> None:
    assert Shingles(length=2)(f"a{space}b").tolist() == Shingles(length=2)("a b").tolist()


def test_shingles_are_different_and_sorted_and_the_order_of_words_matters() -> None:
    found = Shingles(length=1)("b a c a b").tolist()
    assert found == sorted(set(found))
    assert len(found) == 3
    assert Shingles()("a b c d e").tolist() != Shingles()("b a c d e").tolist()


def test_case_matters_unless_it_is_not_to() -> None:
    assert Shingles(length=1)("A").tolist() != Shingles(length=1)("a").tolist()
    assert Shingles(length=1, lowercase=True)("\u00c4A").tolist() == Shingles(length=1)("\u00e4a").tolist()


@pytest.mark.parametrize(("threshold", "bands"), [(0.7, (18, 7)), (0.8, (12, 10)), (1.0, (1, 128))])
def test_bands_are_those_of_datasketch_where_a_miss_weighs_four_times_a_false_candidate(
    threshold: float, bands: tuple[int, int]
) -> None:
    assert best_bands(threshold, 128) == MinHash(threshold).cut == bands


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.6, 0.75, 0.85, 0.9, 0.95])
@pytest.mark.parametrize("permutations", [16, 100])
def test_the_best_bands_are_found_as_datasketch_finds_them(threshold: float, permutations: int) -> None:
    theirs = _optimal_param(threshold, permutations, FALSE, MISSED)
    assert best_bands(threshold, permutations) == theirs


def test_bands_may_be_given() -> None:
    method = MinHash(bands=14, rows=8)
    assert len(method.keys(array([1, 2, 3]))) == 14
    assert method.chance(0.8) == pytest.approx(1 - (1 - 0.8**8) ** 14)


def test_a_band_key_depends_on_its_band_and_on_each_of_its_rows() -> None:
    from pipeline.stages.kernels import band_hashes

    def keys(signature: np.ndarray[tuple[int], np.dtype[np.uint32]]) -> list[int]:
        found = np.empty(6, np.uint64)
        band_hashes(signature, 6, 3, found)
        return found.tolist()

    same = np.zeros(20, dtype=np.uint32)
    assert len(set(keys(same))) == 6
    for row in range(18):
        other = same.copy()
        other[row] = 1
        changed = [before != after for before, after in zip(keys(same), keys(other), strict=True)]
        assert changed == [band == row // 3 for band in range(6)]


@pytest.mark.parametrize("shared", [0, 300, 700, 950, 1000])
def test_signatures_agree_as_often_as_texts_are_alike(shared: int) -> None:
    """The mean over 30 pairs, 256 permutations each, lies within four standard errors."""
    truth = shared / (2000 - shared)
    random, method = np.random.default_rng(shared), MinHash(permutations=256)
    estimates = []
    for _ in range(30):
        hashes = random.integers(0, 2**32, 2000 - shared, dtype=np.uint32)
        estimates.append(np.mean(method.signature(hashes[:1000]) == method.signature(hashes[-1000:])))
    error = np.sqrt(max(truth * (1 - truth), 1 / 256) / 256 / 30)
    assert abs(np.mean(estimates) - truth) <= 4 * error


@settings(deadline=None)
@given(st.lists(st.sets(st.integers(0, 30)), min_size=2, max_size=6))
def test_similarity_is_that_of_the_sets(sets: list[set[int]]) -> None:
    evidence = array([number for some in sets for number in sorted(some)])
    starts = np.cumsum([0, *map(len, sets)])
    left, right = np.triu_indices(len(sets))
    found = MinHash().similarity(evidence, starts, left, right).tolist()
    for one, other, similarity in zip(left, right, found, strict=True):
        either = sets[one] | sets[other]
        assert similarity == (len(sets[one] & sets[other]) / len(either) if either else 0)


@settings(deadline=None)
@given(st.integers(0, 2**64 - 1), st.sets(st.integers(0, 63), max_size=8), st.integers(0, 5))
def test_fingerprints_within_the_bound_share_a_key_and_are_alike(number: int, bits: set[int], hamming: int) -> None:
    method = SimHash(hamming)
    other = number ^ sum(1 << bit for bit in bits)
    shared = set(method.keys_of(number).tolist()) & set(method.keys_of(other).tolist())
    assert shared or len(bits) > hamming
    evidence = np.array([number, other], "<u8").view("<u4")
    (similarity,) = method.similarity(evidence, np.array([0, 2, 4]), np.array([0]), np.array([1]))
    assert similarity == 1 - len(bits) / 64
    assert (similarity >= Near(method=method).threshold) == (len(bits) <= hamming)


def test_a_fingerprint_goes_by_the_majority_of_the_shingles() -> None:
    method = SimHash()
    single = [method.fingerprint(array([number])) for number in (1, 2, 3)]
    majority = sum(1 << bit for bit in range(64) if sum(one >> bit & 1 for one in single) > 1)
    assert method.fingerprint(array([1, 2, 3])) == majority
    assert len(set(single)) == 3
