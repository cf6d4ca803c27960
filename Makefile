# `make` lists what there is. Python 3.11 or newer and make are all that is needed.

PYTHONS := python3.13 python3.12 python3.11 python3 python
VENV := .venv
PY := $(VENV)/bin/python
# The build writes r4.msgpack first and this last.
DEFINITIONS := fhirserver/model/r4_resources.bin

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
run: $(VENV)/.run $(DEFINITIONS) ## Set up and run the server with the demo hospital; ARGS="--port 9000"
	@exec $(PY) -m fhirserver up --demo $(ARGS)

.PHONY: test
test: $(VENV)/.dev $(DEFINITIONS) ## Set up and run the tests; T=tests/search for a part
ifdef T
	$(PY) -m pytest $(T)
else
	$(PY) -m pytest -m "not slow" -n auto
	$(PY) -m pytest -m slow || test $$? -eq 5  # 5: there are none
endif

.PHONY: lint
lint: $(VENV)/.dev ## Check style, types, layers and known holes in dependencies
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PY) -m conformance.dependencies.audit

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

UV_COMPILE = $(VENV)/uv/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url $(UPGRADE)

.PHONY: wheel
wheel: $(VENV)/.run $(DEFINITIONS) ## Build the package: dist/*.whl
	@$(PY) -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

.PHONY: lock
lock: $(VENV)/uv/.made ## Write the locked requirements again; UPGRADE=--upgrade for newer versions
	$(UV_COMPILE) --extra build --extra dev --extra aws --extra vault pyproject.toml -o requirements/dev.txt
	$(UV_COMPILE) --extra build pyproject.toml -o requirements/run.txt

.PHONY: clean
clean: ## Remove what was built; the data in var/ stay
	rm -rf $(VENV) $(DEFINITIONS) fhirserver/model/r4.msgpack .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist
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
