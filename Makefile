# Every word works from a bare checkout: it makes .venv, installs the pinned packages and goes on.
# Settings reach the programs through the environment: make run PORT=9000 WEB_CONCURRENCY=4

PYTHON ?= python3
PROCESSES ?= 4
# Handed out in their order: tests that empty the database stand last, and those before them want the migrations' rows.
SPREAD := --dist load --maxschedchunk 2 -n $(PROCESSES)
PYTEST_ARGS ?=
# Whose tests must reach what decides. To count that takes twice the time, so that the others run apart.
COVERING := $(addprefix tests/,api engine recorder services snapshot vapi webhook)
FAULTS_REPORT := $(CURDIR)/test-results/faults.jsonl
BIN := .venv/bin
CLIENTS := tests/clients
CODE := config routing tests manage.py benchmarks docs
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes

.DEFAULT_GOAL := help
.PHONY: help setup run test test-clients fuzz report-faults check bench screenshots audit clean pins chromium

help: ## show the words
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile

setup: .venv/.runtime ## make .venv and install what the server needs

run: .venv/.runtime ## serve on http://127.0.0.1:8000 (PORT, HOST, WEB_CONCURRENCY)
	@exec $(BIN)/python manage.py serve

test: .venv/.dev chromium ## run the checks, then the tests on SQLite and on PostgreSQL
	@$(MAKE) --no-print-directory check
ifneq ($(PYTEST_ARGS),)
	$(BIN)/python -m pytest $(SPREAD) $(PYTEST_ARGS)
else
	$(BIN)/python -m pytest $(SPREAD) --cov --cov-report= $(COVERING)
	$(BIN)/coverage report
	$(BIN)/python -m pytest $(SPREAD) $(COVERING:%=--ignore=%)
endif
	TEST_DATABASE=postgres $(BIN)/python -m pytest $(SPREAD) $(PYTEST_ARGS)

test-clients: .venv/.dev $(CLIENTS)/.venv/.ready $(CLIENTS)/node_modules/.ready chromium ## run Vapi's own SDKs against the server (slow, needs npm)
	$(BIN)/python -m pytest $(CLIENTS) $(PYTEST_ARGS)

test-faults: .venv/.dev ## injure real servers and databases under load (about 12 minutes; FAULTS_SECONDS=30 is the long run)
	$(BIN)/python -m pytest tests/faults tests/attacks -m '' -s $(PYTEST_ARGS)

fuzz: .venv/.dev ## try 210,000 random inputs on everything that reads what strangers send (FUZZ_ROUNDS=15; a minute each)
	FUZZ_ROUNDS=$${FUZZ_ROUNDS:-15} $(BIN)/python -m pytest tests/fuzz $(SPREAD) $(PYTEST_ARGS)

check: .venv/.dev ## lint, types, templates, migrations, the API's description, import direction
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy $(CODE)
	$(if $(shell find templates -name '*.html'),$(BIN)/djlint templates --lint --quiet)
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python manage.py makemigrations --check --dry-run
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null
	$(BIN)/lint-imports

report-faults: .venv/.dev ## run the tests that injure the server and write README's table of promises
	@mkdir -p $(dir $(FAULTS_REPORT)) && rm -f $(FAULTS_REPORT)
	FAULTS_SECONDS=$${FAULTS_SECONDS:-30} FAULTS_REPORT=$(FAULTS_REPORT) $(MAKE) --no-print-directory test-faults
	$(BIN)/python -m docs.report_faults $(FAULTS_REPORT)

bench: .venv/.dev ## measure into benchmarks/RESULTS.md (PART="decide webhook" for some parts)
	$(BIN)/python -m benchmarks $(PART)

screenshots: .venv/.dev chromium ## take the pictures of README anew (docs/images)
	$(BIN)/python -m docs.screenshots

audit: .venv/.dev ## ask for known vulnerabilities of the pinned packages (needs the network)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-audit
	@$(BIN)/pip-audit --strict --require-hashes --disable-pip --requirement requirements-dev.txt --progress-spinner off || \
		{ echo "pip-audit: not clean. Vulnerabilities are listed above; if none is, the advisories could not be reached and nothing is known."; exit 1; }

clean: ## remove what was installed or generated; your data stays in data/
	rm -rf .venv benchmarks/.venv $(CLIENTS)/.venv $(CLIENTS)/node_modules benchmarks/http/node_modules staticfiles htmlcov .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis \
		.import_linter_cache .grimp_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

pins: .venv/.dev ## pin the newest versions that pyproject.toml allows (needs the network)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile $(PIN_OPTIONS) --output-file requirements.txt pyproject.toml
	$(BIN)/uv pip compile $(PIN_OPTIONS) --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml

PIN_OPTIONS := --quiet --no-strip-extras --upgrade --universal --generate-hashes --python-version 3.11 \
	--no-header --no-emit-index-url --no-emit-find-links

# The browser tests drive the system's own browser.
chromium:
	@grep -rqs 'mark\.browser' tests --include='test_*.py' || exit 0; \
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	else \
		echo "The browser tests need Chromium: install it (Debian: sudo apt-get install chromium), then repeat." >&2; exit 1; \
	fi

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "Switchboard needs Python 3.11 to 3.13: name one, for example make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.runtime: requirements.txt | .venv/bin/python
	$(INSTALL) -r requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt | .venv/bin/python
	$(INSTALL) -r requirements-dev.txt
	@touch .venv/.runtime $@

$(CLIENTS)/.venv/.ready: $(CLIENTS)/requirements.txt | .venv/bin/python
	$(BIN)/python -m venv $(CLIENTS)/.venv
	$(CLIENTS)/.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input -r $(CLIENTS)/requirements.txt
	@touch $@

$(CLIENTS)/node_modules/.ready: $(CLIENTS)/package-lock.json
	@command -v npm >/dev/null || { echo "The SDKs need Node.js 20 or newer with npm: install them, then repeat." >&2; exit 1; }
	npm ci --prefix $(CLIENTS) --loglevel error
	@touch $@
