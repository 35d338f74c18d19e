# Two commands do everything: `make demo` and `make test`.
VENV := .venv
PYTHON := $(VENV)/bin/python
FLASK := $(VENV)/bin/flask
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-setup lint check bench clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(READY): requirements-dev.lock pyproject.toml
	python3 -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 14) else "Visavis needs Python 3.11, 3.12 or 3.13, this is %d.%d" % v)'
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

setup: $(READY) ## Make the virtual environment, the translations and the model pack
	@$(VENV)/bin/pybabel -q compile -f -d app/translations
	@$(PYTHON) -m app.modelpack install --models-dir models
	@$(FLASK) keys generate --if-missing
	@$(FLASK) migrate

demo: setup ## Start the service and the example relying site, print both addresses
	@$(FLASK) demo

test-setup: setup
	@command -v chromium >/dev/null || (apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium)
	@$(PYTHON) -m tests.simulator.install --dir var/test-faces
	@$(PYTHON) -m tests.browser.axe

# Files that share nothing run on every core. Browsers mostly wait for people who move in real time: two at once.
# Crowds of processes, and the calls of the API, which are counted together, run one after another.
ALONE := tests/concurrency tests/sdk $(wildcard tests/functional/test_api_*.py)

test: test-setup ## Run every test
	$(VENV)/bin/pytest -q -n auto --dist loadfile $(addprefix --ignore=,tests/browser $(ALONE))
	$(VENV)/bin/pytest -q -n 2 --dist loadfile tests/browser
	$(VENV)/bin/pytest -q $(ALONE)

lint: $(READY) ## Check style and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy app wsgi.py

check: lint test ## Lint, then test

# One section alone: `python -m tests.benchmark --only NAME`. Accuracy needs labelled pictures: `make bench DATA=DIR`.
bench: setup ## Measure, and write BENCHMARKS.md
	$(PYTHON) -m tests.benchmark $(if $(DATA),--data $(DATA))

clean: ## Remove what was built, keep var/
	rm -rf $(VENV) models .pytest_cache .mypy_cache .ruff_cache
