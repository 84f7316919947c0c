# The bank on one machine. `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
LINTERS := .venv-lint
# The SageMaker SDK's own: python -m infrastructure.operate.launch
DEPLOY ?= .venv-deploy
# AWS's serving code, of SageMaker's scikit-learn image: tests/serving
SERVING ?= .venv-serving
# pip prints its errors and nothing else: neither progress nor warnings of this machine's settings.
INSTALL := -m pip --disable-pip-version-check install -qq
# The generator of Python clients, and their libraries: tests/workflow/test_generated_client.py
CLIENT ?= .venv-client
# Where the test of accessibility comes from: npm ci has brought all packages once it is there.
AXE := console/node_modules/axe-core/axe.min.js
LOCKING := -q --no-header --no-annotate --universal --generate-hashes --python-version 3.11
MUTANTS := .venv-mutants
FLOWS ?=
MODULES ?=
API ?=
ARTIFACT ?=
UNCHECKED ?=
STAGE ?=
CHROMIUM ?= chromium
export PORT ?= 8000
export AWS_PORT ?= 4566
# From here on a newcomer waits: for the installation, too.
export STARTED_AT := $(shell date +%s)
export QUOTAS ?=
export LIMITS ?= on
export CLOCK ?=
# numpy's thread pools fight over the cores that the models' own processes need.
export OMP_NUM_THREADS ?= 1
# The threads share one lock: 16 malloc arenas would keep 200 MB of free memory, two keep little.
export MALLOC_ARENA_MAX ?= 2
REVIEW ?= 0.1
RUNS ?= 10
CORES ?= $(shell $(PYTHON) -c 'import os; print(os.cpu_count())')
ALL_CORES := OMP_NUM_THREADS=$(CORES) OMP_WAIT_POLICY=PASSIVE SM_NUM_CPUS=$(CORES)

# $(call yes,YES,--yes): the flag if YES=yes. A word that is neither yes nor no stops make.
yes = $(if $(filter-out yes no,$($(1))),$(error $(1)=$($(1)): say yes or no))$(if $(filter yes,$($(1))),$(2))
# $(call option,SMOKE,--smoke): the flag with its value, quoted, if there is one.
option = $(if $($(1)),$(2) '$(subst ','\'',$($(1)))')

# $(stage): the flag of a stage that there is. Any other value stops make.
stage = $(if $(filter dev prod,$(STAGE)),--stage $(STAGE),$(error STAGE is '$(STAGE)': say STAGE=dev or STAGE=prod))

.PHONY: help test-deployments test-beside-deployments lint-code lint-deployment run demo cloud deploy verify-aws aws-checklist destroy key cursor-key token package bench-import bench-peers bench-profile bench-memory soak test test-fast test-deploy test-browser screenshots viewer console lint \
  audit models settings replay-history blend bench bench-serving policy client openapi api-examples iam-policies rollback migrate serving-code cost batch-note evidence evidence-verifier launch \
  lock sbom supply-chain licences simulate-aws review-only webhook replay-events quarantine forget recover drills drill-durability mutants drill-poisoning drill-cold-start drill-stuttering drill-policies drill-desk \
  drill-fuzzing drill-batch drill-retries \
  clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 18

run: $(VENV)/run ## Train, deploy, predict once and serve: API on PORT, AWS on AWS_PORT (LIMITS=off)
	@$(VENV)/bin/python -m bank run

demo: $(VENV)/run ## The same on free ports, until the first prediction
	@$(VENV)/bin/python -m bank demo

cloud: $(VENV)/run ## Serve a new AWS account on AWS_PORT: QUOTAS=granted, or "sagemaker/L-611FA074=3"
	@$(VENV)/bin/python -m bank bare

deploy: $(VENV)/run ## Deploy STAGE (dev or prod) to AWS, or update it; see docs/operations.md
	@$(VENV)/bin/python -m infrastructure.deploy $(stage) $(call yes,YES,--yes) \
	  $(if $(filter no,$(MODELS)),--without-models) $(call option,SMOKE,--smoke)

destroy: $(VENV)/run ## Take STAGE down; the table and the buckets stay without DATA=yes
	@$(VENV)/bin/python -m infrastructure.operate.destroy $(stage) $(call yes,YES,--yes) \
	  $(call yes,DATA,--data) $(call option,CONFIRM,--confirm)

key: $(VENV)/run ## Show STAGE's API key: SCOPE=scoring (outcomes, reading); ROTATE=yes, RETIRE=yes
	@$(VENV)/bin/python -m infrastructure.operate.api_key $(stage) $(call option,SCOPE,--scope) \
	  $(call yes,ROTATE,--rotate) $(call yes,RETIRE,--retire)

cursor-key: $(VENV)/run ## Rotate the key that signs STAGE's cursors: those of the key before stay good
	@$(VENV)/bin/python -m infrastructure.operate.cursor_key $(stage)

token: $(VENV)/run ## Sign in to STAGE's user pool in a browser, and print the ID token
	@$(VENV)/bin/python -m infrastructure.operate.sign_in_flow $(stage)

verify-aws: $(VENV)/run ## Check what only a real account proves; YES=yes adds the checks that change it
	@$(VENV)/bin/python -m infrastructure.verify $(stage) $(call yes,YES,--yes)

aws-checklist: $(VENV)/run ## Write docs/aws-checklist.md from the list that verify-aws runs
	@$(VENV)/bin/python -m infrastructure.verify.page

package: $(VENV)/run ## Build what Lambda gets, in build/lambda
	@$(VENV)/bin/python -m infrastructure.packing.lambda_package

# Chalice packs two of its files; what it needs itself Lambda does not get.
lock: $(VENV)/dev ## Write requirements.lock: what Lambda gets, by hashes
	@mkdir -p build
	@printf '# What Lambda gets, by its hashes: make lock writes it from requirements.txt and Chalice.\n' > build/requirements.lock
	@$(VENV)/bin/uv pip compile $(LOCKING) requirements.txt >> build/requirements.lock
	@grep '^chalice==' requirements-run.txt | $(VENV)/bin/uv pip compile $(LOCKING) --no-deps - >> build/requirements.lock
	@mv build/requirements.lock requirements.lock

sbom: $(VENV)/dev ## CycloneDX of the Lambda package, and of STAGE=dev's models or ARTIFACT=file
	@$(VENV)/bin/python -m infrastructure.supply_chain.sbom $(call option,ARTIFACT,--artifact) $(if $(STAGE),$(stage))

supply-chain: $(VENV)/dev ## Known advisories, and strings that look like secrets (UNCHECKED=fine)
	@$(VENV)/bin/python -m infrastructure.supply_chain $(if $(filter fine,$(UNCHECKED)),--unchecked-is-fine)

licences: $(VENV)/dev ## The licences of what is shipped, into docs/supply-chain.md
	@$(VENV)/bin/python -m infrastructure.supply_chain.licences_page

bench-import: $(VENV)/run ## How long that package takes to import, cold
	@$(VENV)/bin/python -m bank.cold_import

test-fast: $(VENV)/dev ## Unit tests and the examples in docstrings: no cloud, under 20 s
	@$(VENV)/bin/python -m pytest -n 2 --dist worksteal tests/unit chalicelib

test: $(VENV)/dev $(CLIENT)/ready ## The tests of the bank: core, embedded cloud, training, whole workflows
	@$(VENV)/bin/python -m pytest -n 2 --dist loadfile \
	  tests/contract tests/training tests/unit tests/workflow

test-deploy: $(VENV)/dev $(DEPLOY)/ready $(SERVING)/ready ## The tests of deploying, permissions, training by hand, and serving
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target test-deployments test-beside-deployments

# Deployments write build/ and .chalice/deployed, so that they run one after the other.
test-deployments:
	@$(VENV)/bin/python -m pytest tests/deploy

test-beside-deployments:
	@$(VENV)/bin/python -m pytest tests/audit tests/launch tests/serving

test-browser: $(VENV)/browser $(AXE) ## The console and the viewer, in the distribution's Chromium (CHROMIUM=path)
	@command -v '$(CHROMIUM)' > /dev/null || { echo "No browser: apt-get install chromium, or CHROMIUM=/path/to/it"; exit 1; }
	@CHROMIUM="$$(command -v '$(CHROMIUM)')" $(VENV)/bin/python -m pytest tests/browser

lint: $(VENV)/dev $(LINTERS)/done ## Style, types, import rules, template, state machine, permissions
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint-code lint-deployment

lint-code:
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy app.py bank bench chalicelib datasets stepfunctions infrastructure localcloud training workbench
	@$(VENV)/bin/lint-imports

lint-deployment:
	@$(VENV)/bin/cfn-lint infrastructure/template/resources.yaml infrastructure/template/governance.yaml
	@$(VENV)/bin/python -m stepfunctions.lint build/stepfunctions
	@$(VENV)/bin/statelint --ignore=URI,FLOAT build/stepfunctions/*.asl.json
	@$(LINTERS)/bin/checkov --config-file .checkov.yaml
	@$(LINTERS)/bin/python -W ignore -m infrastructure.template.policy_lint

rollback: $(VENV)/run ## Bring a model's former version back: STAGE=dev MODEL=Tradicional (VERSION=…)
	@$(VENV)/bin/python -m infrastructure.operate.rollback $(stage) --model '$(MODEL)' \
	  $(call option,VERSION,--version)

migrate: $(VENV)/run ## Move STAGE's decisions to the day index's shards; see docs/operations.md
	@$(VENV)/bin/python -m infrastructure.operate.migrate $(stage)

audit: $(VENV)/run ## Run everything under its own role: each permission and who uses it
	@$(VENV)/bin/python -m bank.audit

policy: $(VENV)/run ## Find the cut-offs for a bad rate: TARGET=0.04 REVIEW=0.1 CONFIDENT=yes
	@$(VENV)/bin/python -m workbench.policy --review $(REVIEW) $(if $(TARGET),--target $(TARGET)) \
	  $(call yes,CONFIDENT,--confident)

models: $(VENV)/models ## Our models against the usual libraries: docs/models.md (half an hour)
	@$(ALL_CORES) $(VENV)/bin/python -m workbench.study

settings: $(VENV)/models ## The third model's settings for credit.toml, by what came after each quarter
	@$(ALL_CORES) $(VENV)/bin/python -m workbench.study.tree_settings

replay-history: $(VENV)/models ## Retrain month by month, 2004 to 2008: docs/retraining.md (15 minutes)
	@OMP_WAIT_POLICY=PASSIVE $(VENV)/bin/python -m workbench.history

blend: $(VENV)/run ## The decision's weights for credit.toml, fitted on the calibration period
	@$(ALL_CORES) $(VENV)/bin/python -m workbench.blend

bench: $(VENV)/run ## What a score costs, one by one and in a batch, beside the estimators themselves
	@$(VENV)/bin/python -m workbench.score_cost

bench-serving: $(VENV)/run $(SERVING)/ready ## How long a container takes to start and answer: docs/serving.md
	@$(VENV)/bin/python -m tests.serving.measure

bench-peers: $(VENV)/bench ## POST /predict beside its peers (half an hour): PEERS="fastapi floor" CLIENTS="1 8"
	@$(VENV)/bin/python -m bench compare $(call option,PEERS,--peers) $(call option,CLIENTS,--clients) \
	  $(call option,ROUNDS,--rounds) $(call option,SECONDS,--seconds) $(call yes,REUSE,--reuse)

bench-profile: $(VENV)/bench ## Where the time of POST /predict goes, by package and function: SECONDS=20
	@$(VENV)/bin/python -m bench profile $(call option,CLIENTS,--clients) \
	  $(call option,SECONDS,--seconds) $(call yes,REUSE,--reuse)

bench-memory: $(VENV)/bench ## Memory, restart and pages by stored decisions: DECISIONS="1000 100000"
	@$(VENV)/bin/python -m bench memory $(call option,DECISIONS,--decisions) $(call yes,REUSE,--reuse)

soak: $(VENV)/bench ## Mixed load for long: memory, threads, files and p99 stay flat (MINUTES=60)
	@$(VENV)/bin/python -m bench soak $(call option,MINUTES,--minutes) $(call yes,REUSE,--reuse)

client: $(CLIENT)/ready ## Generate a Python client, in build/bank_client: API=http://127.0.0.1:8000
	@mkdir -p build
	@PATH="$(abspath $(CLIENT))/bin:$$PATH" $(CLIENT)/bin/openapi-python-client generate --meta none --overwrite --fail-on-warning \
	  $(if $(API),--url '$(API)/openapi.json',--path docs/openapi.json) --output-path build/bank_client

openapi: $(VENV)/run ## Write docs/openapi.json, the description of the API
	@$(VENV)/bin/python -m infrastructure.operate.api_description

api-examples: $(VENV)/run ## Ask a bank on real loans for each example of the API's description (2 minutes)
	@$(VENV)/bin/python -m bank.api_examples

iam-policies: $(VENV)/run ## Write the policy files and the template's roles from their declaration
	@$(VENV)/bin/python -m infrastructure.template

screenshots: $(VENV)/browser ## Screenshots of the console's pages, into docs/screenshots (CHROMIUM=path)
	@CHROMIUM="$$(command -v '$(CHROMIUM)')" $(VENV)/bin/python -m tests.browser.screenshots

viewer: $(VENV)/run ## Bring the pinned files of Swagger UI for /docs, by npm (they are committed)
	@$(VENV)/bin/python -m infrastructure.packing.viewer_package

console: $(VENV)/dev ## Build the console from console/, by npm (the bundle is committed)
	@$(VENV)/bin/python -m infrastructure.packing.console_package

serving-code: $(VENV)/run ## Add the code under training/ to what an artifact may bring along
	@$(VENV)/bin/python -m infrastructure.packing.serving_code

recover: $(VENV)/run ## Continue from the copy of a damaged database; `make run` says when
	@$(VENV)/bin/python -m bank recover

drills: $(VENV)/dev ## A fault of each AWS call, and each guard taken out: docs/drills.md (FLOWS=)
	@$(VENV)/bin/python -m tests.drills $(FLOWS)

drill-durability: $(VENV)/dev ## Full disks and locks under load, kills, restarts: RUNS=10 (half an hour)
	@$(VENV)/bin/python -m tests.drills.durability $(RUNS)

mutants: $(VENV)/dev $(MUTANTS)/ready ## Would a test notice? Changes of MODULES="gate" (AGAIN=yes): docs/mutants.md
	@$(VENV)/bin/python -m tests.mutants $(call yes,AGAIN,--again) $(MODULES)

drill-poisoning: $(VENV)/dev ## False outcomes with a stolen key move no decision (half an hour; SIZE=small)
	@$(VENV)/bin/python -m pytest tests/training/test_poisoning.py
	@$(VENV)/bin/python -m tests.drills.poisoning '$(or $(SIZE),full)'

drill-policies: $(VENV)/dev ## 1,000 decisions under three policies, and a forged one: each is replayed
	@$(VENV)/bin/python -m tests.drills.policies

drill-batch: $(VENV)/dev ## A batch of real applications with a kill in the middle (ROWS=100000)
	@$(VENV)/bin/python -m tests.drills.batch $(ROWS)

drill-fuzzing: $(VENV)/dev ## Requests by the API's own description, all checks (CASES=60, an operation)
	@$(VENV)/bin/python -m tests.drills.fuzzing $(CASES)

drill-retries: $(VENV)/dev ## 1,000 clients retry while endpoints stop and the server is killed (MINUTES=10)
	@$(VENV)/bin/python -m tests.drills.retries $(MINUTES)

drill-desk: $(VENV)/dev ## A day at the desk: reviews, contests, an erasure, a forgery (MINUTES=120)
	@$(VENV)/bin/python -m tests.drills.desk $(MINUTES)

drill-cold-start: $(VENV)/dev ## Answers while an endpoint is stopped for 12 s (2 minutes; RATES="2 7")
	@$(VENV)/bin/python -m tests.drills.cold_start $(or $(RATES),2 7)

drill-stuttering: $(VENV)/dev ## A model that answers now and then: how long 3 clients wait for it (3 minutes)
	@$(VENV)/bin/python -m tests.drills.stuttering

evidence: $(VENV)/run ## An archive for an examiner: STAGE=dev FROM=2026-11-01 TO=2026-11-28 (CHECK=a.zip)
	@$(VENV)/bin/python -m infrastructure.operate.evidence_pack $(stage) \
	  $(call option,FROM,--from) $(call option,TO,--to) $(call option,CHECK,--check)

evidence-verifier: $(VENV)/run ## The SHA-256 of verify.py in the archives that this release writes
	@$(VENV)/bin/python -m infrastructure.operate.evidence_pack --verifier

forget: ## Remove all that the embedded cloud keeps: decisions, models, the API key
	rm -rf .localcloud

cost: $(VENV)/run ## The monthly bill, and that of the usual alternatives
	@$(VENV)/bin/python -m infrastructure.account.cost

batch-note: $(VENV)/run ## What a batch of ten million takes on AWS and costs, into docs/batches.md
	@$(VENV)/bin/python -m infrastructure.account.batch_note

simulate-aws: $(VENV)/dev ## Latency, cost and limits of POST /predict on AWS: docs/aws-simulation.md
	@$(VENV)/bin/python -m infrastructure.account.aws_path

launch: $(DEPLOY)/ready ## Start the trainings by hand: make launch STAGE=dev
	@$(DEPLOY)/bin/python -m infrastructure.operate.launch $(stage)

webhook: $(VENV)/run ## Subscribe to events: STAGE=dev NAME=core URL=https://… EVENTS=all (ROTATE=yes)
	@$(VENV)/bin/python -m infrastructure.webhooks.subscription $(stage) $(call option,NAME,--name) \
	  $(call option,URL,--url) $(call option,EVENTS,--events) \
	  $(call yes,ROTATE,--rotate) $(call yes,RETIRE,--retire) $(call yes,REMOVE,--remove)

replay-events: $(VENV)/run ## Send a day's events again, with their ids: STAGE=dev DAY=2026-11-28 (NAME=core)
	@$(VENV)/bin/python -m infrastructure.webhooks.replay_day $(stage) \
	  $(call option,DAY,--day) $(call option,NAME,--name)

review-only: $(VENV)/run ## Leave every decision to a person: STAGE=dev MODE=on (off, show)
	@$(VENV)/bin/python -m infrastructure.operate.review_only $(stage) $(MODE)

quarantine: $(VENV)/run ## List the outcomes that were held back: STAGE=dev (RELEASE=id, REJECT=id)
	@$(VENV)/bin/python -m infrastructure.operate.quarantine $(stage) \
	  $(call option,RELEASE,--release) $(call option,REJECT,--reject)

clean: ## Remove the environment and all that the embedded cloud keeps
	rm -rf $(VENV) $(LINTERS) .venv-deploy .venv-serving .venv-client $(MUTANTS) .localcloud

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Making a Python environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(DEPLOY)/ready: requirements.txt requirements-deploy.txt
	@echo "Installing the SageMaker SDK (half a minute, once)"
	@test -x $(DEPLOY)/bin/python || $(PYTHON) -m venv $(DEPLOY)
	@$(DEPLOY)/bin/python $(INSTALL) -r requirements-deploy.txt
	@touch $@

# As its Dockerfile does, collections.Mapping is named as Python 3.10 and newer have it.
$(SERVING)/ready: requirements-serving.txt
	@echo "Installing AWS's serving code (half a minute, once)"
	@test -x $(SERVING)/bin/python || $(PYTHON) -m venv $(SERVING)
	@$(SERVING)/bin/python $(INSTALL) --no-deps -r requirements-serving.txt
	@sed -i 's/^import collections$$/import collections.abc/; s/collections\.Mapping/collections.abc.Mapping/' \
	  $(SERVING)/lib/python3.*/site-packages/sagemaker_containers/_mapping.py
	@touch $@

$(VENV)/run: requirements.txt requirements-run.txt | $(VENV)/bin/python
	@echo "Installing what the bank needs (about a minute, once)"
	@$(VENV)/bin/python $(INSTALL) -r requirements-run.txt
	@touch $@

$(CLIENT)/ready: requirements-client.txt
	@echo "Installing the generator of clients (10 seconds, once)"
	@test -x $(CLIENT)/bin/python || $(PYTHON) -m venv $(CLIENT)
	@$(CLIENT)/bin/python $(INSTALL) -r requirements-client.txt
	@touch $@

$(VENV)/dev: requirements-dev.txt $(VENV)/run
	@echo "Installing what the tests need"
	@$(VENV)/bin/python $(INSTALL) -r requirements-dev.txt
	@touch $@

# An environment of their own: checkov pins an older boto3.
$(LINTERS)/done: requirements-lint.txt | $(VENV)/bin/python
	@echo "Installing the linters of the template and the permissions"
	@$(VENV)/bin/python -m venv $(LINTERS)
	@$(LINTERS)/bin/python $(INSTALL) -r requirements-lint.txt
	@touch $@

# The mutation tests' own environment: its tests run in the usual one.
$(MUTANTS)/ready: requirements-mutants.txt
	@echo "Installing cosmic-ray (10 seconds, once)"
	@test -x $(MUTANTS)/bin/python || $(PYTHON) -m venv $(MUTANTS)
	@$(MUTANTS)/bin/python $(INSTALL) -r requirements-mutants.txt
	@touch $@

$(AXE): console/package-lock.json
	@command -v npm > /dev/null || { echo "No npm, which the console's packages come by: apt-get install npm"; exit 1; }
	@echo "Installing the console's packages (seconds, once)"
	@cd console && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

$(VENV)/browser: requirements-browser.txt $(VENV)/dev
	@echo "Installing the driver of the browser (50 MB, once)"
	@$(VENV)/bin/python $(INSTALL) -r requirements-browser.txt
	@touch $@

$(VENV)/bench: requirements-bench.txt $(VENV)/run
	@echo "Installing what the comparison with peers needs"
	@$(VENV)/bin/python $(INSTALL) -r requirements-bench.txt
	@touch $@

$(VENV)/models: requirements-models.txt $(VENV)/run
	@echo "Installing the libraries to compare with (about a gigabyte, once)"
	@$(VENV)/bin/python $(INSTALL) -r requirements-models.txt
	@touch $@
