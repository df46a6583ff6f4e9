.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DATA ?= $(or $(TOOLSHED_DATA),../shared/data)
DATASETS ?= sealtools-test-in sealtools-test-out toole-multi toole-single
PIPELINES ?= default instant hybrid dense bm25 bm25-paper
PORT ?= 8321

.PHONY: help lock setup demo serve test test-mcp1 check bench eval eval-legal eval-cost wheel-test

help: ## List the targets.
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

# What the lock names is taken with its hash and nothing else; torch alone comes without, see constraints.txt.
PIP_INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check
$(VENV)/.installed: pyproject.toml requirements.lock constraints.txt hatch_build.py
	$(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) --require-hashes --no-deps -r requirements.lock
	$(PIP_INSTALL) --no-build-isolation -c constraints.txt -e '.[all,dev]'
	touch $@

# The newest versions that pyproject.toml allows; those of the lock stay unless LOCK='--upgrade'.
LOCK ?=
lock: ## Write requirements.lock anew after a change of pyproject.toml.
	test -x build/lock/bin/uv || { $(PYTHON) -m venv build/lock && build/lock/bin/pip install --quiet uv; }
	printf "torch ; sys_platform == 'never'\n" > build/lock/overrides.txt
	build/lock/bin/uv pip compile pyproject.toml --extra all --extra dev --overrides build/lock/overrides.txt \
	  --universal --python-version 3.11 --generate-hashes --no-annotate --quiet $(LOCK) \
	  --custom-compile-command 'make lock' -o requirements.lock

setup: $(VENV)/.installed ## Install everything into .venv.

demo: setup ## Index a sample catalog and a real MCP server, and answer queries.
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/toolshed demo

serve: setup ## Serve the REST API over ./shed.
	$(BIN)/toolshed serve --port $(PORT)

# Files of tests side by side; a file's tests share what is dear to set up.
JOBS ?= 2
test: setup ## Run the tests, JOBS files at a time.
	TOOLSHED_DATA=$(DATA) $(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile

check: setup ## Formatting, lint, types, direction of imports.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

eval: setup ## Run the pipelines over the official data sets; writes runs/ and reports/.
	for dataset in $(DATASETS); do \
	  TOOLSHED_DATA=$(DATA) $(BIN)/toolshed eval compare $$dataset $(PIPELINES) --out runs || exit 1; \
	done
	TOOLSHED_DATA=$(DATA) $(BIN)/toolshed eval report runs --out reports --catalog-sizes sealtools-dev

eval-legal: setup ## Sentences, passages and retrieval of legal text.
	TOOLSHED_DATA=$(DATA) $(BIN)/toolshed eval sentences $(DATA)/legal
	TOOLSHED_DATA=$(DATA) $(BIN)/toolshed eval passages $(DATA)/legal
	$(BIN)/toolshed eval legalbench-rag --benchmark test

eval-cost: setup ## Backbone selection replayed on BFCL, and the picture of pass rate over cost.
	TOOLSHED_DATA=$(DATA) $(BIN)/toolshed cost replay bfcl_2024-08-11 \
	  --policies ours,thompson,paretobandit,best_single,per_class_best,cheapest,random
	TOOLSHED_DATA=$(DATA) $(BIN)/toolshed cost replay bfcl_2024-08-11 --policies ours,thompson --requests 1700
	TOOLSHED_DATA=$(DATA) $(BIN)/toolshed cost replay bfcl_2024-08-11 --policies ours --check
	TOOLSHED_DATA=$(DATA) $(BIN)/toolshed cost replay bfcl_2024-08-11 --policies ours --floor 0.85 \
	  --scenarios stationary --seeds 40
	TOOLSHED_DATA=$(DATA) $(BIN)/toolshed cost replay bfcl_2024-08-11 --policies ours,cheapest \
	  --scenarios stationary --failure-price 0.001 --pace 0.0000734
	TOOLSHED_DATA=$(DATA) $(BIN)/toolshed cost report --table bfcl_2024-08-11 --plot evals/pictures/pass-rate-over-cost.png

BENCH := evals/results/bench.json
bench: setup ## Time and memory, beside peers and over sizes: a file of results, tables and plots. Takes hours.
	for part in speed cold indexing peers sizes; do \
	  TOOLSHED_DATA=$(DATA) $(BIN)/toolshed bench $$part --results $(BENCH) || exit 1; \
	done
	$(BIN)/toolshed bench draw $(BENCH) --out evals/pictures

# Releases of the SDK from before leave streams of their own to the garbage collector.
MCP1_WARNINGS := -W ignore::ResourceWarning -W ignore::pytest.PytestUnraisableExceptionWarning
test-mcp1: setup ## Run the tests of MCP servers with the first major version of the SDK, newest and oldest.
	for requirements in 'mcp<2' 'mcp==1.20.0 pydantic<2.13'; do \
	  rm -rf build/mcp1 && $(BIN)/pip install --quiet --no-warn-conflicts --target build/mcp1 $$requirements && \
	  PYTHONPATH=build/mcp1 $(BIN)/python -c "import mcp; assert 'build/mcp1' in mcp.__file__" && \
	  PYTHONPATH=build/mcp1 $(BIN)/python -m pytest -q -n $(JOBS) $(MCP1_WARNINGS) \
	    tests/toolshed/catalog/test_mcp_servers.py tests/toolshed/catalog/test_mcp_misbehaviour.py \
	    tests/toolshed/catalog/test_mcp_oauth.py tests/toolshed/catalog/test_mcp_http.py || exit 1; \
	done

wheel-test: setup ## Run the tests against the built wheel instead of the checkout.
	rm -rf build/wheel && mkdir -p build/wheel/checkout
	$(BIN)/pip wheel --quiet --no-deps -w build/wheel .
	$(PYTHON) -m venv build/wheel/venv
	build/wheel/venv/bin/pip install --quiet -c constraints.txt "$$(ls build/wheel/*.whl)[all,dev]"
	cp -r tests evals README.md CHANGELOG.md CONTRIBUTING.md LICENSE Makefile pyproject.toml docker-compose.yml \
	  build/wheel/checkout
	cd build/wheel/checkout && TOOLSHED_DATA=$(abspath $(DATA)) ../venv/bin/python -m pytest -q -o pythonpath=.
