# make demo      watch an AWS account being onboarded, on a local AWS and a local Clumio API
# make test      everything: lint, types, unit tests, reports in a browser, Molecule scenarios
# make chaos     runs that stop at every one of their calls, and what a plain rerun makes of it (an hour)
# make bench     what it costs, compared with a playbook of amazon.aws and with a plain script (ROUNDS=5)
# make bench-fleet  what fleets of 1 to 200 connections cost, and what follows from it for larger ones
# make venv      only the tools, in .venv
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3
VENV   := $(CURDIR)/.venv
BIN    := $(VENV)/bin
# Stands for a finished installation of exactly these requirements at exactly this place.
READY  := $(VENV)/.ready-$(shell cat requirements-dev.txt Makefile | cksum | cut -d' ' -f1)
# What only the benchmarks need stays out of .venv.
VENV_BENCH  := $(CURDIR)/.venv-bench
READY_BENCH := $(VENV_BENCH)/.ready-$(shell cksum < benchmarks/requirements.txt | cut -d' ' -f1)
ROUNDS ?= 5
export PATH := $(BIN):$(PATH)

.PHONY: help venv demo test lint unit chromium browser molecule chaos bench bench-fleet pin clean

help:
	@grep -E '^# make ' Makefile | cut -c3-

venv: $(READY)

$(READY):
	rm -f $(VENV)/.ready-*
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	$(BIN)/python -c 'import pathlib, sysconfig; \
	  link = pathlib.Path(sysconfig.get_path("purelib"), "ansible_collections", "clumio", "aws"); \
	  link.parent.mkdir(parents=True, exist_ok=True); link.unlink(missing_ok=True); link.symlink_to("$(CURDIR)")'
	touch $@

demo: venv
	sandbox/demo.sh

test: lint unit browser molecule

lint: venv
	ruff check .
	ruff format --check .
	yamllint --strict .
	mypy
	antsibull-changelog lint
	ansible-lint

unit: venv
	pytest

# The browser of the tests of reports, from the distribution (Debian, Ubuntu), unless there is one.
chromium:
	command -v chromium chromium-browser google-chrome > /dev/null || { \
	  sudo=; test "$$(id -u)" = 0 || sudo=sudo; \
	  $$sudo apt-get update --quiet=2; \
	  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends \
	    chromium fonts-liberation; }

browser: venv chromium
	pytest --numprocesses 0 tests/report

# What a run that was cut short has left, Molecule takes for made.
molecule: venv
	molecule destroy > /dev/null
	molecule test --all --workers 2 --report

chaos: venv
	python -m chaos

$(READY_BENCH):
	rm -f $(VENV_BENCH)/.ready-*
	test -x $(VENV_BENCH)/bin/python || $(PYTHON) -m venv $(VENV_BENCH)
	$(VENV_BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --requirement benchmarks/requirements.txt
	touch $@

bench: venv $(READY_BENCH)
	python -m benchmarks.compare --rounds $(ROUNDS)

bench-fleet: venv $(READY_BENCH)
	python -m benchmarks.fleet

pin:
	rm -rf .venv-pin && $(PYTHON) -m venv .venv-pin
	.venv-pin/bin/pip install --quiet --requirement requirements-dev.in
	{ echo '# Made from requirements-dev.in by `make pin`. Do not edit by hand.'; .venv-pin/bin/pip freeze; } > requirements-dev.txt
	rm -rf .venv-pin

clean:
	rm -rf .venv .venv-bench .demo .sandbox .ansible .hypothesis .mypy_cache .pytest_cache .ruff_cache
