# `make run` starts the exporter, `make test` tests everything; `make` alone lists the rest.
# PYTHON=… chooses the interpreter (3.11 or newer), ARGS="--config F" goes to `knockwatch serve`.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?=
ARGS ?=

# Compiled code is kept whatever the environment says: without it pytest rewrites 500 files at each run.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help run test check bench fleet fuzz lab oracle golden docs dashboards demo lock audit sbom wheel screenshot preview clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/installed ## install into .venv what is missing, then start the exporter
	@exec $(BIN)/knockwatch serve $(ARGS)

# Those with real parts mostly wait, so two files of them run at a time; first the others, which do not.
test: $(VENV)/installed-dev ## everything: style, types, imports, unit tests, tests with real parts
	@sh tests/system/install.sh
	@$(MAKE) --no-print-directory style
	@$(BIN)/pytest -q -n 2 -m "not system"; unit=$$?; \
	$(BIN)/pytest -n 2 --dist loadfile -m system; system=$$?; [ $$unit$$system = 00 ]

# In two halves, a process each: workers that report each test to another process take a fifth more.
HALF := $(addprefix tests/,agent/ commands/ dashboards/ fleet/ metrics/ storage/ transports/ web/)
REST := $(filter-out $(HALF) tests/system/,$(wildcard tests/*/ tests/test_*.py))
QUICK := $(BIN)/pytest -q -m "not system and not thorough" --hypothesis-profile quick

check: $(VENV)/installed-dev style ## style, and what fails soonest: for each commit
	@said=$$(mktemp); $(QUICK) $(HALF) >"$$said" 2>&1 & half=$$!; \
	$(QUICK) $(REST); rest=$$?; wait $$half; half=$$?; cat "$$said"; rm "$$said"; [ $$half$$rest = 00 ]

.PHONY: style
style: $(VENV)/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	@for board in dashboards/*.dashboard.py; do $(BIN)/mypy "$$board" || exit 1; done
	$(BIN)/lint-imports

bench: $(VENV)/installed-dev ## what is lost, and what it costs, into docs/performance.md (root); ARGS=--quick for a taste
	@$(BIN)/python -m tests.bench.run $(ARGS)

fleet: $(VENV)/installed-dev ## what a fleet costs, measured with a real Kafka, into docs/fleet.md; ARGS=--quick
	@sh tests/system/install.sh
	@$(BIN)/python -m tests.bench.run_fleet $(ARGS)

fuzz: $(VENV)/installed-dev ## what strangers send, for a minute; ARGS="--seconds 3600" for an hour
	@$(BIN)/python -m tests.fuzz.run $(ARGS)

lab: $(VENV)/installed-dev ## is each name right? a home made of real parts, with every kind of NAT (root)
	@sh tests/system/install.sh
	@$(BIN)/python -m tests.lab.run $(ARGS)

oracle: $(VENV)/installed-dev ## is each message counted once? kills, full disks, clock jumps (root); ARGS="--rounds 1000"
	@sh tests/system/install.sh
	@$(BIN)/python -m tests.oracle $(ARGS)

golden: $(VENV)/installed-dev ## rewrite the expected results of the corpus; then read the diff
	$(BIN)/python -m tests.golden

docs: $(VENV)/installed-dev ## rewrite the generated pages
	$(BIN)/python -m tools.docs

dashboards: $(VENV)/installed-dev ## rewrite dashboards/generated from its sources
	$(BIN)/python -m dashboards.build

demo: $(VENV)/installed ## the founding case, played live against a fresh exporter
	@if $(BIN)/knockwatch healthcheck >/dev/null 2>&1; then \
	  echo "make: a knockwatch runs here already; play into it with: $(BIN)/knockwatch demo" >&2; \
	  exit 1; fi; \
	state=$$(mktemp -d); $(BIN)/knockwatch serve --state-dir "$$state" & server=$$!; \
	trap 'kill $$server 2>/dev/null; wait $$server; rm -rf "$$state"' EXIT; trap 'exit 0' INT TERM; \
	until $(BIN)/knockwatch healthcheck >/dev/null 2>&1; do \
	  kill -0 $$server 2>/dev/null || exit 1; sleep 0.2; done; \
	$(BIN)/knockwatch demo || exit 1; \
	if [ -t 0 ]; then echo "The page stays until you press Ctrl-C."; wait $$server; fi

lock: $(VENV)/installed-dev ## rewrite the hashes of what the image installs; ARGS=--upgrade for newer versions
	@$(BIN)/python -m tools.lock $(ARGS)

audit: $(VENV)/installed-dev ## known vulnerabilities of what is locked; 2 where advisories cannot be read
	@$(BIN)/python -m tools.audit $(ARGS)

sbom: $(VENV)/installed-dev ## build/sbom.json, of what the image holds of Python (CycloneDX)
	@$(BIN)/python -m tools.sbom

wheel: $(VENV)/installed-dev ## dist/knockwatch-….whl, the same bytes wherever it is built
	@SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)} $(BIN)/python -m hatchling build -t wheel

screenshot: $(VENV)/installed-dev ## rewrite docs/images/page.png
	$(BIN)/python -m tests.system.screenshot docs/images/page.png

preview: $(VENV)/installed-dev ## pictures of the dashboards, by Grafana's components (needs npm)
	$(BIN)/python -m tools.preview.preview $(ARGS)

clean: ## remove what these commands made, the virtual environment too
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A name on PATH is not yet a Python that works, nor one that can make environments: ask each.
$(BIN)/python:
	@for python in $(or $(PYTHON),python3.13 python3.12 python3.11 python3); do \
	  if "$$python" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	  then exec "$$python" -m venv --clear $(VENV); fi; \
	done; \
	echo "make: no Python >= 3.11 with venv among: $(or $(PYTHON),python3.13 python3.12 python3.11 python3)" >&2; \
	echo "make: name one with PYTHON=/path/to/python3 (Debian: apt install python3-venv)" >&2; exit 1

$(VENV)/installed: pyproject.toml $(BIN)/python
	@echo "installing into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

# `--group` needs pip 25.1, newer than what most interpreters bring along.
$(VENV)/installed-dev: $(VENV)/installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev
	@touch $@
