"""The n-gram models of a mixture search: what KenLM's programs are given, and how a document is scored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from filters.lmplz import DEFAULT, PROGRAMS
from filters.train import TrainingError
from pipeline.ngrams import LINE, NGrams, lines

LMPLZ = """#!/bin/sh
echo "$@" > {folder}/options
while [ $# -gt 0 ]; do case $1 in --text) text=$2;; esac; shift; done
cp "$text" {folder}/text
"""


class Uniform:
    def score(self, line: str, bos: bool, eos: bool) -> float:
        assert not bos
        assert not eos
        return -2.0 * len(line.split())


def test_lines_are_all_ids_in_order() -> None:
    ids = np.arange(2 * LINE + 3)
    assert [len(line.split()) for line in lines(ids)] == [LINE, LINE, 3]
    assert [int(word) for line in lines(ids) for word in line.split()] == ids.tolist()


def test_the_programs_get_every_sequence_and_the_size_of_the_vocabulary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, script in (("lmplz", LMPLZ.replace("{folder}", str(tmp_path))), ("build_binary", "#!/bin/sh\n")):
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr("kenlm.Model", lambda path: Uniform())
    score = NGrams(tmp_path, 300).learn(iter([np.array([[1, 2], [3, 4]]), np.array([[5, 6]])]), seed=0)
    assert (tmp_path / "text").read_text() == "1 2\n3 4\n5 6\n"
    assert "--vocab_pad 300 --interpolate_unigrams 1" in (tmp_path / "options").read_text()
    assert score(np.arange(LINE + 1)) == pytest.approx(-2.0 * (LINE + 1))


def test_a_program_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="build it with"):
        NGrams(tmp_path, 300).learn([np.array([[1, 2]])], seed=0)


@pytest.mark.skipif(not all((DEFAULT / "bin" / name).is_file() for name in PROGRAMS), reason="needs `make lmplz`")
def test_what_was_learnt_is_likelier_and_what_never_was_is_not_impossible() -> None:
    rows = np.tile(np.arange(40), (50, 1))
    score = NGrams((DEFAULT / "bin").resolve(), 1_000).learn([rows], seed=0)
    assert 0 > score(np.arange(40)) > score(np.arange(40)[::-1]) > score(np.full(40, 999)) > -40 * 6
