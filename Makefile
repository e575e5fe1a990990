# Everything runs in .venv of this checkout; nothing else of the machine is changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help setup demo test test-all check leaderboard pictures docs packaging schemas mutants messages coverage bench bench-codecs bench-metrics bench-listen bench-scale clean

help:
	@echo "make demo      set up, then measure the embedded clips: tables, plots, one HTML page"
	@echo "make test      set up, then the test suite"
	@echo "make test-all  the slow tests too"
	@echo "make check     formatting, lint, types, import layers"
	@echo "make leaderboard  results/leaderboard.* from every record in results/"
	@echo "make bench-codecs  the speed of every codec that runs here"
	@echo "make bench-metrics  our metrics beside the packages for the same: CPU seconds, ratios, differences"
	@echo "make bench-listen  a hundred listeners at once, two minutes"
	@echo "make bench-scale  one worker and two, Ray, the driver's memory, a million cells (CODECBENCH_DATA=folder)"
	@echo "make docs      the documentation as a site: build/site/index.html"
	@echo "make packaging wheel, sdist and extras in empty environments, oldest versions (an hour, 8 GB, the index)"
	@echo "make schemas   configs/schema from the code"
	@echo "make mutants   how often the tests see a fault (docs/tests.md); an hour and more"
	@echo "make coverage  lines and branches that the tests run: build/coverage/index.html"
	@echo "make messages  every error message that the tests meet, in build/messages.md"
	@echo "make pictures  the pictures of the README, from the demo"
	@echo "make bench     the benchmarks of codecbench itself (CODECBENCH_DATA=folder for real audio)"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt setup.sh
	PYTHON="$(PYTHON)" VENV="$(VENV)" sh setup.sh
	touch $(STAMP)

demo: $(STAMP)
	$(BIN)/codecbench demo

# A process for each core, whole files at a time: fixtures of a file are made once.
test: $(STAMP)
	$(BIN)/python -m pytest -n auto --dist loadfile

test-all: $(STAMP)
	$(BIN)/python -m pytest -n auto --dist loadfile -m ""

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# From every public record, and from what papers have published.
leaderboard: $(STAMP)
	$(BIN)/codecbench leaderboard $(patsubst %/run.json,%,$(wildcard results/reference/*/run.json results/records/*/run.json)) \
		--published results/published --output results $(CHECK)

bench: $(STAMP)
	$(BIN)/python -m tests.benchmarks

bench-codecs: $(STAMP)
	$(BIN)/python -m tests.benchmarks_codecs

bench-metrics: $(STAMP)
	$(BIN)/python -m tests.benchmarks_metrics

bench-listen: $(STAMP)
	PYTHONPATH=. $(BIN)/python tests/load_listening.py

bench-scale: $(STAMP)
	$(BIN)/python -m tests.scale

packaging: $(STAMP)
	$(BIN)/python -m tests.installation --extras --oldest

mutants: $(STAMP)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[mutants]'
	$(BIN)/python -m tests.mutants --sample 100

messages: $(STAMP)
	mkdir -p build
	$(BIN)/python -m tests.messages > build/messages.md

coverage: $(STAMP)
	$(BIN)/python -m pip install --quiet -c constraints.txt pytest-cov
	$(BIN)/python -m pytest -n auto --dist loadfile --cov --cov-report=html:build/coverage --cov-report=term:skip-covered

schemas: $(STAMP)
	$(BIN)/python -m tests.schemas

pictures: $(STAMP)
	PYTHONPATH=. $(BIN)/python docs/pictures.py

docs: $(STAMP)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo "build/site/index.html (its search needs a server: python3 -m http.server -d build/site)"

clean:
	rm -rf $(VENV) results/runs .mypy_cache .ruff_cache .pytest_cache .hypothesis
