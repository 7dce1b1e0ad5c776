# The first command is `make demo`. Everything runs in .venv, which is made from the locks; the project is never
# installed anywhere else, since other distributions have packages of the same names.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.run-installed
DEV_STAMP := $(VENV)/.dev-installed
CRASH ?= --kills 200
# `make test TESTS=` takes those as well
TESTS ?= -m 'not slow'
CODE := pipelines connectors matching reporting review mock_population_api

.DEFAULT_GOAL := help
.PHONY: help demo test crash lint types contracts security advisories check docs lock samples clean

help:
	@echo 'make demo       a whole trial on synthetic people: a registry, four provinces, a run, its report'
	@echo 'make test       the tests but for the slow ones (TESTS= for all)'
	@echo 'make crash      whole runs killed 200 times at random until they are done (CRASH="--kills 1000" for longer)'
	@echo 'make check      lint, types, import contracts, bandit, secrets'
	@echo 'make advisories known flaws of the dependencies, where the public list can be asked'
	@echo 'make docs       the pictures in docs/images again, of a synthetic world (Chromium, LibreOffice Calc)'
	@echo 'make lock       resolve the dependencies anew into requirements/*.lock'
	@echo 'make samples    make data/samples again from its seed'
	@echo 'make clean      delete the trial and all caches'

# a lock is complete, so nothing is resolved (an older pip stumbles over extras in a lock with hashes); the build backend
# comes from the lock too
$(RUN_STAMP): requirements/run.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/run.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# everything of run.lock is in dev.lock too
$(DEV_STAMP): requirements/dev.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@ $(RUN_STAMP)

demo: $(RUN_STAMP)
	$(BIN)/identity-sync demo

# tests that share a Prefect server stay on one worker, in two groups of about the same length; the order is that of tests/conftest.py
test: $(DEV_STAMP)
	$(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder $(TESTS)

# what is killed at random leaves what an undisturbed run leaves
crash: $(DEV_STAMP)
	$(BIN)/python -m benchmarks.crash $(CRASH)

lint: $(DEV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV_STAMP)
	$(BIN)/mypy $(CODE)

contracts: $(DEV_STAMP)
	$(BIN)/lint-imports

# what ruff does not know: bandit's own checks, and secrets that got into the tree
security: $(DEV_STAMP)
	$(BIN)/python -m bandit --quiet --recursive --configfile pyproject.toml $(CODE)
	.ci/secrets

# known flaws of the dependencies: asks the public list, and says so where it can't
advisories: $(DEV_STAMP)
	$(BIN)/python .ci/advisories

check: lint types contracts security

docs: $(DEV_STAMP)
	$(BIN)/python -m benchmarks.pictures docs/images

# no address of an index ever stands in a lock: each machine has its own
LOCK := $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-index-url \
	--no-emit-find-links --no-emit-trusted-host --no-emit-options --extra build

lock: $(DEV_STAMP)
	$(LOCK) -o requirements/run.lock pyproject.toml
	$(LOCK) --extra test --extra lint --extra lock -c requirements/run.lock -o requirements/dev.lock pyproject.toml

samples: $(RUN_STAMP)
	$(BIN)/mock-population-api generate --people 10000 --seed 20261101 --provinces 01,66 --students 820 --teachers 140 --format csv --out data/samples

clean:
	rm -rf var matching/__pycache__/compiled-* mock_population_api/__pycache__/searching-* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
