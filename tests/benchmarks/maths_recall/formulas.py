"""Like formulas.mjs, with the engines of PyPI."""

import json
import sys

from latex2mathml.converter import convert

for line in sys.stdin:
    _, kind, tex = json.loads(line)
    print(json.dumps(convert(tex, display="inline" if kind == "inline" else "block")))
