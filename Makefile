# `make run` and `make test` make the environment they need, once: .venv holds it, and a stamp in it
# says that its packages are installed. PYTHON=… chooses another interpreter.

VENV := .venv
BIN := $(VENV)/bin
PACKAGES := $(VENV)/.packages
SYSTEM := $(VENV)/.system
SCRIPT := assets/scripts/draw_debug_ui.jank

# The first Python that is new and old enough: `python3` is asked first, as it is the user's choice.
SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11, \
	$(shell $(p) -c '$(SUITABLE)' 2>/dev/null && command -v $(p))))
UV := $(shell command -v uv 2>/dev/null)

# The test suite's parts; two of them run at a time.
PARTS := soak tests-app tests-cpp tests-engine $(addprefix conformance-,interop language language-repeated interop-repeated)
CPP_TESTS := $(addprefix tests/,cling interruption loading native stubs)

.PHONY: help run test setup lint format bench doctor clean $(PARTS)

help: ## what there is to make
	@grep -E '^[a-z]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed 's/:.*## /\t/' | expand -t 10

run: setup ## open the window on the example script
	@$(BIN)/tierscope run $(SCRIPT)

# A part that fails does not hide those after it: all run, then it fails and says which parts and tests did.
test: export TIERSCOPE_TEST_FAILURES := $(CURDIR)/build/failed-tests.txt
test: setup $(SYSTEM) ## lint, types, every test
	@mkdir -p build; : > $$TIERSCOPE_TEST_FAILURES; failed=""; \
	part() { name=$$1; shift; echo "$$*"; "$$@" || failed="$$failed $$name"; }; \
	part lint $(BIN)/ruff check .; \
	part format $(BIN)/ruff format --check .; \
	part types $(BIN)/mypy; \
	part tests $(MAKE) --no-print-directory --keep-going -j2 -O $(PARTS); \
	if [ -n "$$failed" ]; then cat $$TIERSCOPE_TEST_FAILURES; echo "Failed:$$failed" >&2; exit 1; fi

# Each in a process of its own: C++ exceptions find their handlers more slowly with all that Cling compiled before.
tests-app:
	$(BIN)/pytest tests/app tests/gui
tests-cpp:
	$(BIN)/pytest $(CPP_TESTS)
tests-engine:
	$(BIN)/pytest $(addprefix --ignore=,tests/app tests/gui tests/conformance $(CPP_TESTS))
soak:
	$(BIN)/tierscope soak --minutes 2 --seed 1 --headless || { echo "the soak of two minutes" >> $${TIERSCOPE_TEST_FAILURES:-/dev/null}; exit 1; }
conformance-interop:
	$(BIN)/pytest tests/conformance/interop tests/conformance/fuzz --ignore-glob='*/test_repeated.py'
conformance-language:
	$(BIN)/pytest tests/conformance/language --ignore-glob='*/test_repeated.py'
conformance-interop-repeated conformance-language-repeated: conformance-%-repeated:
	$(BIN)/pytest tests/conformance/$*/test_repeated.py

setup: $(PACKAGES) ## the environment alone
	@$(BIN)/python -m runtime.native.build >/dev/null

lint: setup ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup ## format the Python code and mend what ruff can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup ## the benchmarks
	$(BIN)/tierscope bench

doctor: setup ## what is installed and what is missing
	@$(BIN)/tierscope doctor

clean: ## remove everything that was made, .venv included
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find runtime -name '*.so' -delete

# pyrsistent is built here: for some Pythons its published wheel lacks the C extension.
$(PACKAGES): pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 was found; make PYTHON=/path/to/python" >&2; exit 3; }
	@$(PYTHON) -m app.system --install base
	@echo "Installing into $(VENV) with $(PYTHON): some two minutes, most of them compile cppyy."
ifneq ($(UV),)
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
	$(UV) pip install --python $(BIN)/python --no-binary pyrsistent -e '.[dev]'
else
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --no-binary pyrsistent -e '.[dev]'
endif
	@echo "Precompiling the C++ standard headers for Cling."
	$(BIN)/python -c 'import cppyy'
	@touch $@

$(SYSTEM): app/system.py | $(PACKAGES)
	@$(BIN)/python -m app.system --install base display
	@touch $@
