# One command each on a fresh machine with Python >= 3.11 and a package index. ARGS="…" is handed on.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.PHONY: setup demo test check bench faults fuzz serve clean

setup: .venv/.ready

.venv/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup
	$(BIN)/warnengine demo $(ARGS)

test: setup
	$(BIN)/python -m pytest -n 4 --dist loadfile $(ARGS)

bench: setup
	$(BIN)/python -m tests.bench $(ARGS)

# The matrix of faults against the real process, into docs/faults/latest.json; ARGS=--core is what CI runs, "--only 1,5" some.
faults: setup
	$(BIN)/python -m tests.faults $(ARGS)

# The reader against mutations of messages, by atheris; ARGS="--seconds 3600".
fuzz: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "atheris>=3,<4"
	$(BIN)/python -m tests.fuzz $(ARGS)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/warnengine rules check rules

serve: setup
	$(BIN)/warnengine serve $(ARGS)

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
