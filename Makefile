# Everything begins with setup: on a fresh machine `make demo` and `make test` need Python 3.11 or newer and make.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready
WEB := web/package.json web/package-lock.json web/tsconfig.json web/vite.config.ts $(wildcard web/*.html) \
	$(shell find web/src web/public -type f 2>/dev/null)

.PHONY: setup test check mosquitto demo bench torture screenshot

setup: $(STAMP)

$(STAMP): pyproject.toml hatch_build.py $(WEB)
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed: make PYTHON=...")'
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# Two at a time, a file by one of them: most tests wait for processes of their own. `PYTEST=` runs one after the other.
PYTEST ?= --numprocesses 2 --dist loadfile

test: setup
	$(BIN)/python -m pytest $(PYTEST)

# The second broker, for the tests that run on both; without it they skip. Debian's package, unpacked below .venv.
mosquitto: setup
	scripts/fetch_mosquitto.sh

# Exactly what CI runs before the tests.
check: setup
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	@test -d web/node_modules || PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix web ci --silent
	PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix web run --silent check

demo: setup
	$(BIN)/doorstep demo

bench: setup
	$(BIN)/doorstep bench all

# What must be shown about loss and disorder, in full: half an hour (docs/torture.md). PART=crashes|fuzz|days for one.
TORTURED := .venv/.tortured
PART ?= all

torture: $(TORTURED)
	$(BIN)/python -m tests.torture $(PART)

$(TORTURED): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,torture]'
	@touch $@

screenshot: setup
	$(BIN)/python scripts/screenshot.py
