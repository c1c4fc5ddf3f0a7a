# Trailseal: everything that a checkout can do. Needs Python 3.11 or newer; Node 20 or newer is used where it is there.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check --no-input
LOCKED := --require-hashes --no-deps --only-binary :all: --no-compile
NODE_MODULES := contracts/node_modules
# A Node that setup put into the virtual environment serves where the machine has none.
export PATH := $(if $(wildcard $(BIN)/node),$(CURDIR)/$(BIN):)$(PATH)

TORCH := 2.13.0
# The index to take PyTorch's CPU build from, where pip's own settings do not lead to one.
TORCH_INDEX ?=

ONCE ?=
WORKERS ?= 2
TESTS ?= tests
ROOMS := $(wildcard service ml bench tests contracts/build.py)

.PHONY: help setup run test test-contracts test-python check format lock clean distclean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# -------------------------------------------------------------------------------------------------------------- setup

setup: $(VENV)/.installed $(NODE_MODULES)/.installed ## Install everything below .venv and contracts/node_modules

$(VENV)/.created:
	@command -v $(PYTHON) >/dev/null || { echo "Python is missing: install Python 3.11 or newer, or say PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$$($(PYTHON) --version) is too old: say which Python 3.11 or newer to use, as in make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments: install its venv module (Debian: apt install python3-venv)" >&2; exit 1; }
	@echo "· virtual environment ($$($(PYTHON) --version))"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.torch: $(VENV)/.created
	@echo "· PyTorch $(TORCH), the build for CPUs"
	@wanted=$(TORCH); [ "$$(uname -s)" = Darwin ] || wanted=$(TORCH)+cpu; \
	$(PIP) install --no-deps --no-compile $(if $(TORCH_INDEX),--index-url '$(TORCH_INDEX)') "torch==$$wanted" || { \
	  echo "pip found no torch $$wanted. Tell it where PyTorch's CPU builds are, the address that PyTorch's own page" >&2; \
	  echo "'Start Locally' shows for Linux, Pip, CPU:  make setup TORCH_INDEX=…" >&2; exit 1; }
	@touch $@

$(VENV)/.packages: requirements-dev.txt $(VENV)/.torch
	@echo "· Python packages ($$(grep -c '==' requirements-dev.txt), hashes checked)"
	@$(PIP) install $(LOCKED) --requirement requirements-dev.txt
	@touch $@

$(VENV)/.installed: pyproject.toml $(VENV)/.packages
	@echo "· trailseal"
	@$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(NODE_MODULES)/.installed: contracts/package.json contracts/package-lock.json requirements-node.txt $(VENV)/.created
	@if ! { command -v npm && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)'; } >/dev/null 2>&1; then \
	  echo "· Node (this machine has none, or one older than 20)"; \
	  $(PIP) install $(LOCKED) --requirement requirements-node.txt; \
	fi
	@echo "· Anvil, Forge, solc and OpenZeppelin"
	@# Not `npm ci`: it fails where a registry lacks the binaries of another platform, which nobody here needs.
	@export PATH="$$PATH:$(CURDIR)/$(BIN)"; \
	npm install --prefix contracts --no-save --ignore-scripts --no-audit --no-fund --loglevel error >/dev/null
	@touch $@

# ---------------------------------------------------------------------------------------------------------------- use

run: setup ## Run the whole service here, with its demonstration; ONCE=1 ends after it
	@exec $(BIN)/trailseal demo $(if $(filter-out 0,$(ONCE)),--once)

test: test-contracts test-python ## Run all tests

test-contracts: setup ## Run the contracts' tests only
	@echo "· contracts"
	@# The platform's own binary: npm's launcher of it ends with 0 even where tests fail.
	@cd contracts && export PATH="$$PATH:$(CURDIR)/$(BIN)" && set -- node_modules/@foundry-rs/forge-*/bin/forge && "$$1" test

test-python: setup ## Run the Python tests only; TESTS=path chooses, WORKERS=n is for how many cores
	@# One thread each: workers that share cores wait for each other's threads otherwise, many times as long.
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadscope $(TESTS)

check: setup ## Check format, lint, types, room borders and the committed contract artifacts
	@echo "· format"; $(BIN)/ruff format --quiet --check . || { echo "run: make format" >&2; exit 1; }
	@echo "· lint"; $(BIN)/ruff check --quiet .
	@echo "· types"; $(BIN)/mypy --no-error-summary $(ROOMS)
	@echo "· room borders"; out=$$($(BIN)/lint-imports --no-cache 2>&1) || { echo "$$out" >&2; exit 1; }
	@echo "· contract artifacts"; export PATH="$$PATH:$(CURDIR)/$(BIN)"; $(BIN)/python contracts/build.py --check

format: setup ## Format, and fix what the linter can fix by itself
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --quiet --fix .

# -------------------------------------------------------------------------------------------------------- maintenance

COMPILE = $(BIN)/pip-compile --quiet --generate-hashes --unsafe-package torch --strip-extras --annotation-style line \
  --no-header --no-emit-index-url --no-emit-find-links --no-emit-options --no-emit-trusted-host
# No addresses, no options and none of pip-compile's warning that torch has no hash: only packages.
define TIDY
sed -i.old -e '/^# WARNING/,$$d' -e '/^--/d' $(1) && rm $(1).old
endef

lock: setup ## Resolve the Python packages anew, within pyproject.toml's ranges (some minutes)
	@$(COMPILE) --upgrade --extra dev --extra bench --output-file requirements-dev.txt pyproject.toml requirements-torch.in
	@cp requirements-dev.txt requirements.txt
	@$(COMPILE) --output-file requirements.txt pyproject.toml requirements-torch.in
	@$(COMPILE) --upgrade --output-file requirements-node.txt requirements-node.in
	@for file in requirements requirements-dev requirements-node; do $(call TIDY,$$file.txt); done

clean: ## Remove caches and build outputs; .trailseal, which holds the chain and the database, stays
	@rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache contracts/out contracts/cache
	@find service ml tests contracts bench -name __pycache__ -not -path '*/node_modules/*' -prune -exec rm -rf {} + 2>/dev/null || true

distclean: clean ## Remove everything that setup installed, too
	@rm -rf $(VENV) $(NODE_MODULES)
