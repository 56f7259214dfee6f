# `make run` sets everything up and opens the tutor; `make test` sets everything up and runs the tests.
# ENGINE=cuda builds llama.cpp for an NVIDIA card (needs the CUDA toolkit), ENGINE=vulkan for most others (tried on a card that
# the processor computes); on a Mac Metal is always in.
# ARGS go to the program that a target starts: make test ARGS="-k library", make run ARGS="solve '2+2?'".

PYTHON ?= python3
ENGINE ?=
ARGS ?=
DATA ?=
N ?=

BIN := .venv/bin
# As many tests at once as there are cores, but no more than the real engine has memory for. Who has none left takes
# some of another's, a run of neighbours, so that what a module sets up is seldom set up twice.
PARALLEL := -n logical --maxprocesses 4 --dist worksteal
PYTEST := QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest $(PARALLEL)
# Beside the trainer's own, the tests that need its packages.
OF_TRAINER := tests/trainer tests/contracts/test_language_model.py tests/packaging/test_gpu_check.py tests/packaging/test_teacher_load.py
# The tests start the program hundreds of times; it need not be compiled each time.
COMPILE := $(BIN)/python -m compileall -q tutor_app trainer
SETUP := $(PYTHON) packaging/bootstrap.py $(if $(ENGINE),--engine $(ENGINE))

.DEFAULT_GOAL := help
.PHONY: help setup run installer clean dev test slow trainer check fmt golden screenshots bench claims corrections formulas hints load pages replay soak steps typed verdicts votes work

##@ Use it

help:  ## this list
	@awk -F ':.*## *' '/^##@/ {print substr($$0, 5) ":"} /^[a-z]+:.*##/ {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "ENGINE=cpu|cuda|metal|vulkan|avx2|basic chooses how llama.cpp is built; it is remembered."

setup:  ## everything that running needs, into .venv
	@$(SETUP)

run: setup  ## set up, fetch the starter model, open the tutor
	@$(BIN)/tutor models pull starter || echo "Going on without it; the tutor offers it again."
	@$(BIN)/tutor $(ARGS)

installer: setup  ## dist/mumath-tutor_*.deb, with its own Python and llama.cpp (on Debian 12; ARGS="--fast --keep")
	@$(BIN)/python packaging/installer/deb.py $(ARGS)

clean:  ## remove .venv and what tools left; models, solutions and the built wheel stay
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

##@ Develop it

dev:  ## everything that developing needs, into .venv
	@$(SETUP) --extra dev

test: dev  ## set up, fetch the starter model if it can be had, run the tests of every day
	@$(BIN)/tutor models pull starter || echo "The starter model cannot be had, so the tests that need it are left out."
	@$(COMPILE)
	@$(PYTEST) --ignore=tests/trainer $(ARGS)

slow: dev  ## the long tests: the real starter model in all its uses, soaks, LaTeX, the largest inputs
	@$(BIN)/tutor models pull starter || echo "The starter model cannot be had, so the tests that need it are left out."
	@$(COMPILE)
	@$(PYTEST) -m slow --slow $(ARGS)

trainer: dev  ## install the trainer's packages (PyTorch; large) and run its tests
	@$(BIN)/python -m pip install -q -c packaging/constraints.txt -e ".[trainer]"
	@$(COMPILE)
	@OMP_NUM_THREADS=1 $(PYTEST) $(OF_TRAINER) $(ARGS)

check: dev  ## format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy packaging/bootstrap.py
	$(BIN)/lint-imports

fmt: dev  ## format, and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

golden: dev  ## freeze the pictures of formulas anew; look at build/golden.png before you commit them
	@$(BIN)/python packaging/formulas.py --golden $(or $(DATA),build/golden.png)

screenshots: dev  ## the pictures of the README, from the running window (needs a display)
	@$(BIN)/python packaging/screenshots.py $(ARGS)

##@ Measure it (most read problems or solutions: DATA=FILE.jsonl)

bench: dev  ## measure speed; prints a table (ARGS="engine window" for some of it)
	@$(BIN)/tutor models pull starter
	@QT_QPA_PLATFORM=offscreen $(BIN)/python packaging/bench $(ARGS)

claims: dev  ## check every statement of a file of solutions: DATA=FILE.jsonl (ARGS="--out F", --mutate)
	@$(BIN)/python packaging/claims.py $(DATA) $(ARGS)

corrections: dev  ## solve problems with and without the correction of false statements: DATA=FILE.jsonl N=100
	@$(BIN)/python packaging/corrections.py $(DATA) --count $(or $(N),100) $(ARGS)

formulas: dev  ## typeset every formula of a file: DATA=FILE.jsonl
	@QT_QPA_PLATFORM=offscreen $(BIN)/python packaging/formulas.py $(DATA) $(ARGS)

hints: dev  ## check that no hint gives an answer away: DATA=FILE.jsonl of questions and solutions (ARGS="--limit N")
	@$(BIN)/python packaging/hints.py $(DATA) $(ARGS)

load: dev  ## many clients ask a server of the starter at once (ARGS="--clients 50 --eager 10 --minutes 10 --tokens 4")
	@$(BIN)/tutor models pull starter
	@$(BIN)/python packaging/serve_load.py $(ARGS)

pages: dev  ## build PDFs of a file's solutions: DATA=FILE.jsonl N=200
	@QT_QPA_PLATFORM=offscreen $(BIN)/python packaging/pages.py $(DATA) --count $(or $(N),200) $(ARGS)

replay: dev  ## run the code of recorded solutions again: DATA=FILE.jsonl
	@$(BIN)/python packaging/replay.py $(DATA) $(ARGS)

soak: dev  ## run N=1000 solutions, then say what is left behind (ARGS=--chaos breaks things meanwhile)
	@$(BIN)/python packaging/soak.py --count $(or $(N),1000) $(ARGS)

steps: dev  ## record the code of recorded solutions and walk each recording to its end: DATA=FILE.jsonl
	@$(BIN)/python packaging/steps.py $(DATA) $(ARGS)

typed: dev  ## whether problems are solved more often as typed or as LaTeX: DATA=FILE.jsonl, or the samples (ARGS="--model standard --limit 40")
	@$(BIN)/python packaging/typed_form.py $(DATA) $(ARGS)

verdicts: dev  ## check the answers of a file of problems, right and wrong ones: DATA=FILE.jsonl (ARGS=--list)
	@$(BIN)/python packaging/verdicts.py $(DATA) $(ARGS)

votes: dev  ## solve short problems greedily and by a vote of eight: DATA=FILE.jsonl N=60 (ARGS="--out F")
	@$(BIN)/python packaging/votes.py $(DATA) --count $(or $(N),60) $(ARGS)

work: dev  ## judge labelled works of students, line by line: DATA=FILE.jsonl, or the tests' own (ARGS=--list)
	@$(BIN)/python packaging/student_work.py $(DATA) $(ARGS)
