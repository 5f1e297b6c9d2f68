# Two commands do all set-up:  make demo  and  make test.  `make format` tidies before a commit.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3.11
VENV ?= .venv
OUT ?= demo
BIN := $(VENV)/bin
PIP := PYTHONDONTWRITEBYTECODE=1 $(BIN)/python -m pip --disable-pip-version-check -q -q
TEST_PACKAGES := chromium dicom3tools poppler-utils libegl1 libgl1-mesa-dri postgresql redis-server dcmtk fonts-wqy-microhei
export PIP_NO_INPUT := 1

.PHONY: demo test lint types contracts pytest pytest-most pytest-beside long pictures docs api format clean system-packages

demo: $(BIN)/python ## draw the built-in study in a fresh environment
	@echo "Installing Limner (the core, without torch) into $(VENV) ..."
	@$(PIP) install --no-compile .  # no bytecode in advance: it is made for what is used
	@$(BIN)/python .ci/venv_size.py $(VENV)
	@$(BIN)/limner demo -o $(OUT) --force

test: $(BIN)/python system-packages ## everything that must hold: lint, types, import contracts, tests
	@echo "Installing what training and the tests need into $(VENV) ..."
	@$(PIP) install -e '.[train,dev]'
	@$(MAKE) --no-print-directory lint types contracts pytest

lint:
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types:
	$(BIN)/mypy

contracts:
	$(BIN)/lint-imports

# Two processes, one for each core: most tests, and beside them those that no clock looks at, whose output comes when they end. Training has one
# of its own: after all other native libraries, in one process, torch crashed there now and then.
BESIDE := tests/scene tests/forecast tests/plan tests/data tests/tasks tests/infer
pytest:
	@$(MAKE) --no-print-directory -k -j2 pytest-most pytest-beside

pytest-most:
	$(BIN)/python -m pytest -m "not long" $(patsubst %,--ignore=%,tests/train $(BESIDE))

pytest-beside:
	@told=$$(mktemp); trap 'rm -f "$$told"' EXIT; failed=0; for some in tests/train "$(BESIDE)"; do \
	$(BIN)/python -m pytest -m "not long" -p no:cacheprovider $$some >> "$$told" 2>&1 || failed=1; done; cat "$$told"; exit $$failed

long: ## what takes minutes each: kills at random times, attacks on every route
	$(BIN)/python -m pytest -m long

pictures: ## the screenshots of the README and docs/workstation.md, made by the tests that walk through the pages
	LIMNER_PICTURES=docs/workstation $(BIN)/python -m pytest tests/web/workstation -m pictures

docs: ## write the pages that are generated
	$(BIN)/python -m typer limner.cli utils docs --name limner --output docs/commands.md

api: ## write web/src/api/schema.d.ts, the types of the server's answers
	$(BIN)/python web/openapi.py > web/openapi.json
	cd web && npm run --silent api

format:
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:
	rm -rf $(OUT) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

$(BIN)/python:
	@.ci/make_venv.sh $(PYTHON) $(VENV)

system-packages:
	@.ci/system_packages.sh $(TEST_PACKAGES)
