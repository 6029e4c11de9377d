# Two commands do everything on a new machine: make quickstart, make test.
PYTHON ?= python3.11
BIN := .venv/bin
OUT ?= runs/quickstart

.PHONY: quickstart real-sample test check bench lock lmplz weights clean

quickstart: .venv/installed  ## run every stage on the embedded sample and show what came of it
	$(BIN)/proofpile run manifests/quickstart.toml --out $(OUT) --workers 2

real-sample: .venv/installed  ## the same on real data: make real-sample DATA=FOLDER (manifests/real-sample.toml says of what shape)
	$(BIN)/python tests/benchmarks/pack_code.py $(DATA)/code build/real-code
	$(BIN)/proofpile run manifests/real-sample.toml --set root=$(DATA) --out runs/real-sample --workers 2

test: .venv/installed  ## the whole test suite
	$(BIN)/pytest -q -n 2 --dist loadfile

check: .venv/installed  ## linters and the type checker
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/installed  ## print the figures of tests/benchmarks
	for bench in tests/benchmarks/bench_*.py; do $(BIN)/python $$bench || exit 1; done

RECALL := tests/benchmarks/maths_recall
maths-recall: .venv/installed build/maths_recall/installed  ## formulas kept of pages that real renderers made (its debian.txt first)
	$(BIN)/python $(RECALL)

build/maths_recall/installed: $(RECALL)/package.json $(RECALL)/requirements.txt $(RECALL)/requirements-peers.txt
	mkdir -p build/maths_recall/node
	cp $(RECALL)/package.json build/maths_recall/node
	npm install --prefix build/maths_recall/node --ignore-scripts --no-audit --no-fund --loglevel=error
	$(PYTHON) -m venv build/maths_recall/tools && $(PYTHON) -m venv build/maths_recall/peer
	build/maths_recall/tools/bin/pip install --quiet -r $(RECALL)/requirements.txt
	build/maths_recall/peer/bin/pip install --quiet -r $(RECALL)/requirements-peers.txt
	cd build/maths_recall/tools/bin && ln -sf ../lib/python3*/site-packages/pypandoc/files/pandoc .
	touch $@

lmplz: .venv/installed  ## build KenLM's trainer from its sdist; only `proofpile train perplexity` needs it
	$(BIN)/python -m filters.lmplz

weights: lmplz  ## gather the texts of tests/benchmarks/training.toml (Debian, npm, git) and train the models that ship
	mkdir -p build/training
	$(BIN)/python tests/benchmarks/gather_training.py build/training build/training.jsonl
	$(BIN)/proofpile train math-score build/training.jsonl --out filters/weights/math_score.ftz
	$(BIN)/proofpile train perplexity build/training.jsonl --out filters/weights/perplexity.klm

# The lock names packages and hashes, no registry: pip asks the one that this machine is set up for.
.venv/installed: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv || python3 -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

lock:  ## resolve pyproject.toml anew (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links --quiet --output-file requirements.lock

clean:
	rm -rf .venv build runs *.egg-info
