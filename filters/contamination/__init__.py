"""Where the items of benchmarks stand in a corpus: exact, normalised and fuzzy matches, all in one pass."""
