# Two commands: `make report` and `make test`. Everything they need is set up on first use, once.
#   make report CORPUS=path/to/folder     the same for your own articles
#   make export CORPUS=…                  every table as CSV
#   make lab CORPUS=…                     JupyterLab on the notebooks
#   make sample CORPUS=… CODEBOOK=…      sentences to be coded by hand, with sheets for the coders
#   make collect CORPUS=…                 read the sheets back
#   make validate CODED=path/to/coded/set  every coder beside people's codes
#   make examples CODEBOOK=…               a codebook on its own examples
#   make train CODED=…                    a coder learnt from people's codes
#   make test                             every test
#   make fuzz                             random input for long (ARGS=-k NAME for one test)
#   make faults N=100                     runs killed at random moments, a full disk, a read-only one
#   make bench                            how fast the steps are, beside the usual notebook (ARGS=… as in benchmarks/bench.py --help)
# `make` only prepares the environment; the verbs live in `python -m analysis --help`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready-$(shell cat requirements.txt pyproject.toml | cksum | cut -d' ' -f1)

# Words of the command line are passed on; variables that merely happen to be in the environment (NAME is, on some systems) are not.
quoted = '$(1)=$(subst ','\'',$($(1)))'
WORDS := $(foreach word,CORPUS TOPIC NAME GROUP COLUMNS CODED VARIABLE EMBEDDINGS TRAINED LEXICON CODEBOOK VARIABLES ARTICLES UNITS STRATA CODERS SEED FILES TEXT STYLE ENGINE SCHEDULER,$(if $(filter command,$(origin $(word))),$(call quoted,$(word))))

.PHONY: report export test lab sample collect validate examples train bench fuzz faults requirements help
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# \{0,1\}//p' Makefile | head -13

report export: $(READY)
	@$(BIN)/python -m analysis $@ $(WORDS)

test: $(READY)
	@$(BIN)/python -m analysis test $(ARGS)

lab: $(READY)
	@$(BIN)/python -m analysis lab $(WORDS)

sample collect: $(READY)
	@$(BIN)/python -m analysis $@ $(WORDS)

validate: $(READY)
	@$(BIN)/python -m analysis validate $(WORDS)

examples: $(READY)
	@$(BIN)/python -m analysis examples $(WORDS)

train: $(READY)
	@$(BIN)/python -m analysis train $(WORDS)

fuzz: $(READY)
	@HYPOTHESIS_PROFILE=long $(BIN)/python -m analysis test tests/test_fuzz.py tests/test_hard_input.py $(ARGS)

faults: $(READY)
	@$(BIN)/python tests/faults.py

bench: $(READY)
	@$(BIN)/python benchmarks/bench.py $(ARGS)

$(READY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "This suite needs Python 3.11 or newer; `make PYTHON=python3.12 …` names another one.")'
	@echo "Setting up the environment in $(VENV) (once; about 40 seconds) …"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Pins every dependency with its hash, for all platforms; needs `uv`. No registry's address is recorded.
requirements:
	uv pip compile pyproject.toml --universal --extra html --extra learn --extra test --extra setup --generate-hashes --no-emit-index-url --no-header --quiet -o requirements.txt
