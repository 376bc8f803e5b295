# Everything a person needs day to day. `make help` lists it.

.DEFAULT_GOAL := help
SHELL := /bin/sh
# Options that change the rules' own messages would only confuse: what is printed is what the programs say.
MAKEFLAGS += --no-print-directory

# The first Python on this machine that is new enough; name another one with PYTHON=….
PYTHON ?= $(shell for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$candidate && break; done)
NO_PYTHON = echo "Python 3.11 or newer is needed and none was found; install it, or name one: make run PYTHON=/path/to/python3" >&2; exit 1
VENV ?= .venv
ARGS ?=

.PHONY: help run test lint fmt bench manage

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

run: ## Start everything (PORT=8000, HOST=127.0.0.1, DATA_DIR=.data); Ctrl-C stops it
	@test -n "$(PYTHON)" || { $(NO_PYTHON); }
	@exec $(PYTHON) -m config.start run

test: ## Run the tests beside servers of their own (ARGS="tests/leads -x")
	@test -n "$(PYTHON)" || { $(NO_PYTHON); }
	@exec $(PYTHON) -m config.start test $(ARGS)

lint: ## Check style, types, layers and templates
	@test -n "$(PYTHON)" || { $(NO_PYTHON); }
	@exec $(PYTHON) -m config.start lint

fmt: ## Format the code
	@test -n "$(PYTHON)" || { $(NO_PYTHON); }
	@exec $(PYTHON) -m config.start fmt

bench: ## Measure (BENCH="ingest outbox" for some of them)
	@test -n "$(PYTHON)" || { $(NO_PYTHON); }
	@exec $(PYTHON) -m config.start bench $(BENCH)

manage: ## manage.py beside the running servers (ARGS="showmigrations")
	@exec $(VENV)/bin/python manage.py $(ARGS)
