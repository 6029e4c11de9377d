"""One fastText training, as a program of its own: `python fit.py LINES OUT OPTIONS`, the options a JSON object.

fastText seeds only a tenth of its matrix when it trains on one thread, and leaves the rest as the allocator hands it
over: zeros in fresh memory, rubbish in used memory ("Encountered NaN", or another model every time). So training
runs in a new process, in which glibc is told to hand out zeros.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ZEROED = {"MALLOC_PERTURB_": "255"}  # mallopt(3): memory is filled with the complement of this byte


def fit(lines: Path, out: Path, options: dict[str, dict[str, float]]) -> None:
    """Train on fastText's `lines` and write the quantised model; raises RuntimeError with fastText's own words."""
    # -P: the folder of this file must not be searched for modules, it has a code.py.
    command = [sys.executable, "-P", __file__, str(lines), str(out), json.dumps(options)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", env={**os.environ, **ZEROED})
    if done.returncode:
        raise RuntimeError(f"fastText failed ({done.returncode}): {done.stderr[-1500:]}")


def main(lines: str, out: str, options: str) -> None:
    import fasttext

    chosen = json.loads(options)
    model = fasttext.train_supervised(lines, thread=1, verbose=0, **chosen["train"])
    model.quantize(lines, thread=1, verbose=0, retrain=True, qnorm=True, **chosen["quantize"])
    model.save_model(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
