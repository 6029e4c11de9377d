"""Signatures are datasketch's; short texts have none; estimates are near the truth."""

from __future__ import annotations

import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.stages.minhash import CHUNK, Permutations, best_bands, shingle_hashes, similarity, sketch

HASHES = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=50)


def reference(hashes: list[int], permutations: int) -> list[int]:
    minhash = MinHash(num_perm=permutations, seed=1, scheme="affine32", hashfunc=int)
    minhash.update_batch(hashes)
    return [int(value) for value in minhash.hashvalues]


@settings(deadline=None)
@given(HASHES, st.sampled_from([16, 128, 200]))
def test_a_signature_is_that_of_datasketch(hashes: list[int], permutations: int) -> None:
    signature = Permutations(permutations, 0.7).signature(np.array(hashes, dtype=np.uint32))
    assert signature.tolist() == reference(hashes, permutations)


@pytest.mark.parametrize("shingles", [CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_a_long_text_is_hashed_in_chunks_that_do_not_show(shingles: int) -> None:
    hashes = list(range(0, shingles * 7, 7))
    signature = Permutations(64, 0.7).signature(np.array(hashes, dtype=np.uint32))
    assert signature.tolist() == reference(hashes, 64)


def test_nothing_has_no_signature() -> None:
    with pytest.raises(ValueError, match="no signature"):
        Permutations(16, 0.7).signature(shingle_hashes("", 5))


@pytest.mark.parametrize(("words", "shingles"), [(0, 0), (1, 0), (4, 0), (5, 1), (6, 2), (100, 96)])
def test_a_text_has_a_shingle_for_each_run_of_words(words: int, shingles: int) -> None:
    text = " ".join(f"word{number}" for number in range(words))
    assert len(set(shingle_hashes(text, 5).tolist())) == shingles


@given(st.lists(st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1), min_size=1), st.integers(1, 6))
def test_only_the_words_and_their_order_make_shingles(words: list[str], shingle: int) -> None:
    apart, wrapped = (shingle_hashes(space.join(words), shingle).tolist() for space in (" ", " \r\n\u00a0\t"))
    assert apart == wrapped
    assert len(apart) == max(0, len(words) - shingle + 1)


def test_the_order_of_words_matters() -> None:
    assert shingle_hashes("a b c d e", 5) != shingle_hashes("b a c d e", 5)


@pytest.mark.parametrize(("threshold", "bands"), [(0.7, (14, 9)), (1.0, (1, 128))])
def test_bands_are_those_of_datasketch(threshold: float, bands: tuple[int, int]) -> None:
    assert best_bands(threshold, 128) == bands
    assert len(Permutations(128, threshold).band_keys(np.arange(128, dtype=np.uint32))) == bands[0]


def test_a_band_key_depends_on_its_band_and_on_each_of_its_rows() -> None:
    permutations = Permutations(128, 0.7)
    same = np.zeros(128, dtype=np.uint32)
    keys = permutations.band_keys(same)
    assert len(set(keys)) == permutations.bands
    for row in range(permutations.bands * permutations.rows):
        other = same.copy()
        other[row] = 1
        changed = [before != after for before, after in zip(keys, permutations.band_keys(other), strict=True)]
        assert changed == [band == row // permutations.rows for band in range(permutations.bands)]


@pytest.mark.parametrize("shared", [0, 300, 700, 950, 1000])
def test_similarity_is_estimated_without_bias(shared: int) -> None:
    """The mean of 30 estimates of 256 permutations lies within four standard errors."""
    truth = shared / (2000 - shared)
    permutations = Permutations(256, 0.7)
    random = np.random.default_rng(shared)
    estimates = []
    for _ in range(30):
        hashes = random.integers(0, 2**32, 2000 - shared, dtype=np.uint32)
        left, right = (permutations.signature(some) for some in (hashes[:1000], hashes[-1000:]))
        estimates += similarity(*(np.frombuffer(sketch(some), dtype=np.uint8)[None] for some in (left, right))).tolist()
    error = np.sqrt(max(truth * (1 - truth), 1 / 256) / 256 / 30)
    assert abs(np.mean(estimates) - truth) <= 4 * error


def test_only_equal_sketches_are_wholly_similar() -> None:
    sketches = np.arange(256, dtype=np.uint8)[None].repeat(2, axis=0)
    assert similarity(sketches[:1], sketches[1:]).tolist() == [1.0]
    sketches[1, 0] += 1
    assert similarity(sketches[:1], sketches[1:])[0] < 1
