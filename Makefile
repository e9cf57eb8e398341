# stdsl: `make demo` to see it work, `make test` before a change goes in.
#
#   PYTHON=python3.12        the interpreter that .venv is made with
#   TORCH_INDEX=<URL>        an index with another build of PyTorch, such as one for CPUs

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2
# Tests of a file stay together, for they share runs that take long.
# Where several tests share the cores, torch's own threads only get in each other's way. The tests start hundreds of
# processes: where PYTHONDONTWRITEBYTECODE is set, each would compile all modules anew; an empty value is as if it were not.
QUIETLY := OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=

.PHONY: setup demo test lint test-slow test-postgres fuzz kills kills-evolution soak bench clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(if $(TORCH_INDEX),PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --index-url $(TORCH_INDEX) torch)
	PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --editable ".[test]"
	$(BIN)/python -m stdsl.compiler.analysis.sums.pairs.machine.available
	touch $@

demo: setup
	$(BIN)/stdsl run examples/quickstart.space

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy -p stdsl

test: lint
	$(QUIETLY) $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

test-slow: setup
	$(QUIETLY) $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m slow

# Trials in a PostgreSQL server that the tests start; they say why where they cannot (initdb, psycopg).
test-postgres: setup
	$(QUIETLY) $(BIN)/python -m pytest -m slow -rs tests/postgres

# Mutants of all texts of the project; going on with build/fuzz where it was. `--help` says more.
MUTANTS ?= 50000
fuzz: setup
	PYTHONPATH=tests $(QUIETLY) $(BIN)/python -m fuzz $(MUTANTS)

# Tiny runs killed at random moments and gone on with; going on with build/kills where it was.
KILLS ?= 200
kills: setup
	PYTHONPATH=tests $(QUIETLY) $(BIN)/python -m kills $(KILLS)

# An evolution of sixty trials with one, two and three hands and on a Ray cluster of two machines, each killed so often at random
# moments (workers, a machine, the leading process) and gone on with: the same trials and the same last population.
MOMENTS ?= 20
kills-evolution: setup
	PYTHONPATH=tests $(QUIETLY) $(BIN)/python -m kills.evolution $(MOMENTS)

# Random spaces in every form, held to an independent interpreter: goes on where it was stopped. One in so many networks is
# exported to ONNX, and each that has a layer none before had.
PAIRS ?= 5000
ONNX_EVERY ?= 10
soak: setup
	$(QUIETLY) $(BIN)/python tests/generators/soak.py --pairs $(PAIRS) --jobs $(WORKERS) --onnx-every $(ONNX_EVERY) --least 50

# The demo over five seeds takes half an hour and is run by itself: `python benchmarks/demo.py --help`.
bench: setup
	for name in check parse robustness; do echo "== $$name"; $(BIN)/python benchmarks/$$name.py || exit 1; done

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
