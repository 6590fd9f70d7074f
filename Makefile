# Hearthline. `make run` and `make test` on a fresh clone of a fresh machine do all the set-up.
SHELL := /bin/bash
API := var/env/api/bin/python
BOT := var/env/bot/bin/python
export PYTHONDONTWRITEBYTECODE ?= 1
# Three processes; what shares a system stays together (tests/conftest.py).
SPLIT := -n 3 --dist loadscope --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help run setup train test test-fast check format bench lock clean

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

run: setup ## set everything up (the first time: some minutes) and serve http://127.0.0.1:8000 until Ctrl-C
	@exec $(API) -m api.run

setup: ## both environments, from requirements/*.txt
	@python3 requirements/install.py api bot

train: setup ## the understanding, if its texts changed since
	@$(API) -m api.assistant.training

# Compiled Python is kept (__pycache__): without it each process works ten seconds through the tests' assertions.
test test-fast: export PYTHONDONTWRITEBYTECODE =

test: setup train ## all tests, on real processes
	@python3 requirements/install.py browser
	@$(API) -m pytest tests $(SPLIT)

test-fast: setup ## the tests that need no processes and no database: within a minute
	@$(API) -m pytest tests -m "not slow and not database" -n 2 --dist loadscope

check: setup ## format, lint, types, import rules
	$(API) -m ruff format --check .
	$(API) -m ruff check .
	$(API) -m mypy
	var/env/api/bin/lint-imports --no-logo

format: setup ## format and mend what the linter can
	$(API) -m ruff format .
	$(API) -m ruff check --fix .

bench: setup train ## speed, size and understanding, each beside its rival
	@$(API) -m tests.bench

lock: ## write requirements/*.txt anew from pyproject.toml
	@bash requirements/lock.sh

clean: ## remove everything that was made (environments, database, model)
	rm -rf var .rasa build hearthline.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +
