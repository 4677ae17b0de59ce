# Everything this repository can do, one word each: `make help`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
# An installed uv is used; where there is none, one is put beside the environment, not into it.
UV = $(shell command -v uv || echo .venv/uv/bin/uv)
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url pyproject.toml

# Where bytecode isn't kept, each process compiles every library anew: seconds of each start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup dev demo smoke test check simulate mutants bench lock clean

help: ## Say what each word does
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' Makefile

setup: .venv/.locked ## Make .venv with exactly the locked packages; nothing to do while the lock stays as it is

.venv/.locked: requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed.")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -n "$$(command -v uv)" -o -x .venv/uv/bin/uv || $(BIN)/python -m pip install --quiet --target .venv/uv uv
	@echo Installing the locked packages into .venv
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements-dev.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	-@$(BIN)/python -c 'import app.main, app.worker, sandbox.main'  # compiled now, the first start is as fast as the next
	@touch $@

dev: setup ## Run the whole stack on this machine with an empty workspace; Ctrl-C ends it
	@exec $(BIN)/concord dev --with-parent --no-demo

demo: setup ## The same, with a person connected and 200 contacts syncing, to look at
	@exec $(BIN)/concord dev --with-parent

smoke: setup ## The demo without a person: ends with a table of checks, exit 0 or 1 (under 3 minutes)
	@exec $(BIN)/python -m sandbox.smoke

test: setup ## Run every test, in parallel (under 10 minutes)
	@$(BIN)/pytest -n auto --maxprocesses 8 --dist worksteal $(ARGS)

check: setup ## Lint, formatting, types, import rules and the rule tests (under 2 minutes)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/pytest -q tests/rules

SEEDS ?= 10000
simulate: setup ## Play SEEDS random worlds of the pure engine; for each 500 a whole one, two of calendars, one of tasks, and two where a plan is held against its run
	@$(BIN)/python -m tests.simulation.run --cases $(SEEDS) --seed $(or $(SEED),1)
	@PYTHONPATH=.:tests $(BIN)/python -m tests.simulation.whole.run --worlds $$(($(SEEDS) / 500)) --seed $(or $(SEED),1)
	@PYTHONPATH=.:tests $(BIN)/python -m tests.preview.run --worlds $$(($(SEEDS) / 250)) --seed $(or $(SEED),1)
	@PYTHONPATH=.:tests $(BIN)/python -m tests.calendar.play --worlds $$(($(SEEDS) / 500)) --seed $(or $(SEED),1)
	@PYTHONPATH=.:tests $(BIN)/python -m tests.tasks.play --worlds $$(($(SEEDS) / 500)) --seed $(or $(SEED),1)
	@PYTHONPATH=.:tests $(BIN)/python -m tests.calendar.play --worlds $$(($(SEEDS) / 500)) --seed $(or $(SEED),1) --inviting

mutants: setup ## Break the pure modules on purpose, SAMPLE times, and tell which break no test noticed
	@PYTHONPATH=.:tests $(BIN)/python -m tests.mutants.run --sample $(or $(SAMPLE),200) --seed $(or $(SEED),1)

bench: setup ## Measure matching, notifications, preview, pull, push and latency beside their floors
	@exec $(BIN)/python -m bench

lock: setup ## Resolve the newest versions that fit pyproject.toml, and pin them with hashes
	@$(COMPILE) --upgrade --extra sandbox --group dev -o requirements-dev.txt
	@$(COMPILE) --upgrade -c requirements-dev.txt -o requirements.txt

clean: ## Remove .venv, the development stack's data and every cache
	@rm -rf .venv .concord .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis .import_linter_cache dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
