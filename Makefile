# `make help` explains itself. Every target sets up what it needs.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
SECONDS ?= 600
BIN := .venv/bin
READY := .venv/.ready
LOWEST := .venv-lowest
SPARK := .venv-spark
WHEEL := build/wheel
export PYTHONHASHSEED := 0
# Small arrays: two cores are better spent on two processes than on two BLAS threads.
export OMP_NUM_THREADS ?= 1
# Every process of a test would compile the package again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup report compare test check test-lowest wheel-check docs format lab browser services spark spark-tests bench fuzz sample lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## create .venv with everything the project needs

$(READY): requirements-setup.lock requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "python3 is missing: install Python 3.11 to 3.13."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	  || { echo "Python 3.11 to 3.13 is needed; found $$($(PYTHON) --version). Choose one: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
	  || { echo "python3-venv is missing: install the package python3-venv."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-setup.lock
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-build-isolation --no-deps -e .
	@touch $@

report: $(READY) ## publish the segmentation report of the embedded CDNOW log
	@$(BIN)/clvlab report params/cdnow.yaml

compare: $(READY) ## publish the comparisons of strategies: CDNOW's sample and the lighting retailer
	@$(BIN)/clvlab compare params/compare_cdnow.yaml
	@$(BIN)/clvlab compare params/compare_lighting.yaml

test: $(READY) ## run all tests
	@$(BIN)/pytest -q -n 2 --dist worksteal

check: $(READY) ## format, lint, types, stripped notebooks, tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/nbstripout --verify notebooks/*.ipynb notebooks/zh/*.ipynb
	@$(BIN)/pytest -q -n 2 --dist worksteal

test-lowest: $(READY) ## run the unit tests at the lowest versions that pyproject.toml allows
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(LOWEST)
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(LOWEST)/bin/python --resolution lowest-direct --group test -e .
	@$(LOWEST)/bin/pytest -q -n 2 --dist worksteal --ignore tests/notebooks --ignore tests/browser --ignore tests/recipes

wheel-check: report ## publish the same report with nothing but the built wheel, and walk a newcomer's way with it
	@rm -rf $(WHEEL) && mkdir -p $(WHEEL)/empty
	@$(BIN)/python -m hatchling build -t wheel -d $(WHEEL) >/dev/null
	@$(BIN)/uv venv --quiet --python $(BIN)/python $(WHEEL)/venv
	@$(BIN)/uv pip install --quiet --python $(WHEEL)/venv/bin/python --constraints requirements.lock $(WHEEL)/*.whl
	@cp params/cdnow.yaml $(WHEEL)/empty
	@mkdir $(WHEEL)/empty/reports && cp -p reports/.pseudonym-key $(WHEEL)/empty/reports
	@cd $(WHEEL)/empty && ../venv/bin/clvlab report cdnow.yaml && ../venv/bin/clvlab notebooks
	@cmp reports/cdnow/latest/report.html $(WHEEL)/empty/reports/cdnow/latest/report.html
	@diff -r -x ".ipynb_checkpoints" notebooks $(WHEEL)/empty/notebooks
	@$(BIN)/uv pip install --quiet --python $(WHEEL)/venv/bin/python --constraints requirements.lock "$$(echo $(WHEEL)/*.whl)[lab]"
	@mkdir $(WHEEL)/newcomer && cd $(WHEEL)/newcomer && sh ../../../tests/newcomer.sh "$$(cd ../venv/bin && pwd)"

docs: $(READY) ## build the documentation into build/site, without a warning or a broken link
	@rm -rf build/site
	@$(BIN)/python -m sphinx -q -W --keep-going -d build/docs/doctrees docs build/site

browser: $(READY) ## look at the published reports in headless Chromium
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
	  test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null \
	  || { echo "chromium is missing: install the package chromium."; exit 1; }
	@$(BIN)/pytest -q -n 2 --dist loadfile -m browser tests/browser

services: $(READY) ## read from and write into a PostgreSQL server, which is started for it
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && exit 0; \
	  test "$$(id -u)" = 0 && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null \
	  || { echo "PostgreSQL is missing: install the package postgresql."; exit 1; }
	@$(BIN)/pytest -q -m services tests/databases

spark: $(READY) ## read from a Spark and score on it, which is started for it; a machine without Java says so and goes on
	@command -v java >/dev/null && exit 0; \
	  test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless >/dev/null \
	  || true
	@if command -v java >/dev/null; then $(MAKE) --no-print-directory spark-tests; \
	  else echo "The tests on Spark are left out, for Java is missing: install the package openjdk-17-jre-headless."; fi

spark-tests: $(SPARK)/.ready
	@$(SPARK)/bin/pytest -q -m spark tests/spark

$(SPARK)/.ready: requirements-spark.lock pyproject.toml | $(READY)
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(SPARK)
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(SPARK)/bin/python --require-hashes -r requirements-spark.lock
	@$(BIN)/uv pip install --quiet --python $(SPARK)/bin/python --no-build-isolation --no-deps -e .
	@touch $@

format: $(READY) ## put the code and the notebooks into shape
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@$(BIN)/nbstripout notebooks/*.ipynb notebooks/zh/*.ipynb

fuzz: $(READY) ## damage logs and see that each is accounted for or refused (SECONDS=600)
	@$(BIN)/python -m tests.fuzz --seconds $(SECONDS)

lab: $(READY) ## open the notebooks in JupyterLab
	@$(BIN)/jupyter lab notebooks/00_start.ipynb

sample: $(READY) ## write data/sample anew
	@$(BIN)/python data/sample/generate.py

lock: ## resolve all requirements*.lock anew from pyproject.toml
	@test -x $(BIN)/uv || { $(PYTHON) -m venv .venv && $(BIN)/python -m pip install --quiet --require-hashes -r requirements-setup.lock; }
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --group setup --universal --python-version 3.11 \
	  --quiet --generate-hashes --no-emit-index-url -o requirements-setup.lock
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile pyproject.toml --extra lab --extra crm --extra databases --group dev --universal --python-version 3.11 \
	  --quiet --generate-hashes --no-emit-index-url -o requirements.lock
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile pyproject.toml --extra spark --group test --universal --python-version 3.11 \
	  --constraints requirements.lock --quiet --generate-hashes --no-emit-index-url -o requirements-spark.lock

bench: $(READY) ## compare our speed with that of others, and see how it grows with logs and customers (some two hours)
	@$(BIN)/python benchmarks/against_lifetimes.py
	@$(BIN)/python benchmarks/against_plain.py
	@$(BIN)/python benchmarks/start_up.py
	@$(BIN)/python benchmarks/large_logs.py --rows 1e6 1e7 1e8
	@$(BIN)/python benchmarks/whole_path.py
	@$(BIN)/python benchmarks/scale.py --million
	@$(BIN)/python benchmarks/report_at_size.py

clean: ## remove .venv and caches; what runs published stays
	@rm -rf .venv $(LOWEST) $(SPARK) .mypy_cache .ruff_cache .hypothesis build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
