# The bank on one machine. `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check
export PORT ?= 8000
export AWS_PORT ?= 4566
# numpy's thread pools fight over the cores that the models' own processes need.
export OMP_NUM_THREADS ?= 1
REVIEW ?= 0.1
CORES ?= $(shell $(PYTHON) -c 'import os; print(os.cpu_count())')

.PHONY: help run demo test lint models blend bench policy policies clean

help: ## This list
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/run ## Train, deploy, predict once and serve: the API on PORT, AWS on AWS_PORT
	@$(VENV)/bin/python -m localcloud run

demo: $(VENV)/run ## The same on free ports, until the first prediction
	@$(VENV)/bin/python -m localcloud demo

test: $(VENV)/dev ## All tests
	@$(VENV)/bin/python -m pytest

lint: $(VENV)/dev ## Style, types, import rules, template and state machine
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy chalicelib stepfunctions infrastructure localcloud
	@$(VENV)/bin/lint-imports
	@$(VENV)/bin/cfn-lint infrastructure/resources.yaml
	@$(VENV)/bin/python -m stepfunctions.lint

policy: $(VENV)/run ## Cut-offs for a bad rate among the approved, on real loans: TARGET=0.04 REVIEW=0.1
	@$(VENV)/bin/python -m training.policy --review $(REVIEW) $(if $(TARGET),--target $(TARGET))

models: $(VENV)/models ## Our models against the usual libraries: docs/models.md (15 minutes)
	@OMP_NUM_THREADS=$(CORES) SM_NUM_CPUS=$(CORES) $(VENV)/bin/python -m training.study

blend: $(VENV)/run ## The decision's weights for credit.toml, fitted on the calibration period
	@OMP_NUM_THREADS=$(CORES) SM_NUM_CPUS=$(CORES) $(VENV)/bin/python -m training.blend

bench: $(VENV)/run ## What a score costs, one by one and in a batch, beside the estimators themselves
	@$(VENV)/bin/python -m training.bench

policies: $(VENV)/run ## Write .chalice/policy-*.json from infrastructure/policies.py
	@$(VENV)/bin/python -m infrastructure.policies

clean: ## Remove the environment and all that the embedded cloud keeps
	rm -rf $(VENV) .localcloud

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run: requirements.txt requirements-run.txt | $(VENV)/bin/python
	@echo "Installing what the bank needs (about a minute, once)"
	@$(PIP) install -r requirements-run.txt
	@touch $@

$(VENV)/dev: requirements-dev.txt $(VENV)/run
	@echo "Installing what the tests need"
	@$(PIP) install --quiet -r requirements-dev.txt
	@touch $@

$(VENV)/models: requirements-models.txt $(VENV)/run
	@echo "Installing the libraries to compare with (about a gigabyte, once)"
	@$(PIP) install --quiet -r requirements-models.txt
	@touch $@
