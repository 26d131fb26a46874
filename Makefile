# make demo: set-up and the whole loop, live in the browser.   make test: set-up and every test.   make help: the rest.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.relens-ready
STATIC := src/relens/server/static/index.html
WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -name schema.d.ts 2>/dev/null)

.PHONY: help setup web demo test check format bench interop screenshots clean

help:
	@echo "make setup    make .venv with relens in it and build the web pages"
	@echo "make demo     set up, then run the whole loop on a built-in stream, live in the browser"
	@echo "make test     set up, then run every test"
	@echo "make check    formatting, lint, types, import contracts, documentation"
	@echo "make bench    every benchmark, one JSON line each"
	@echo "make screenshots  every page, light and dark, into screenshots/ (URL=... draws a running server)"
	@echo "make interop  real clients and peers, each in its own virtual environment"

setup: $(STAMP) web

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Relens needs Python 3.11 or newer; this is %d.%d. Try: make PYTHON=python3.12" % sys.version_info[:2]) if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || (echo "Python's venv module is missing: on Debian, apt-get install python3-venv"; exit 1)
	@echo "Installing Relens and its libraries into .venv (about 350 MB to download the first time, most of it PyTorch for the trainer)."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	@RELENS_SKIP_WEB=1 $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[train,postgresql,dev]'
	@touch $@

web: $(STATIC)

$(STATIC): $(STAMP) $(WEB_SOURCES)
	@$(BIN)/python build_web.py

demo: setup
	$(BIN)/relens demo

# Two processes at the least, since tests mostly wait for servers; a file stays in one of them, with its server.
test: setup
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

check: setup
	$(BIN)/ruff format --check src tests benchmarks *.py
	$(BIN)/ruff check src tests benchmarks *.py
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m tests.docs
	$(BIN)/python build_web.py --check

format:
	$(BIN)/ruff format src tests benchmarks *.py
	$(BIN)/ruff check --fix src tests benchmarks *.py

bench: setup
	$(BIN)/python -m benchmarks

interop: setup
	$(BIN)/python -m pytest tests/interop -p no:cacheprovider

screenshots: setup
	$(BIN)/python -m tests.browser.screenshots $(URL)

clean:
	rm -rf .venv web/node_modules src/relens/server/static build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
