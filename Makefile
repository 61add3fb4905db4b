# Every target sets up what it needs: a virtual environment in .venv, the pinned dependencies, and
# the project itself. TORCH=cpu takes torch from PyTorch's CPU index instead of the default one.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
UV_VERSION := 0.13.8
LOCK := deploy/locks/dev.txt
# Once installed with TORCH=cpu, the environment stays so until told otherwise.
TORCH ?= $(if $(wildcard $(VENV)/.installed-cpu),cpu,default)
STAMP := $(VENV)/.installed-$(TORCH)

.DEFAULT_GOAL := help
.PHONY: help install demo test unit explore lint format benchmark accuracy lock contracts clean

help:  ## Print this list.
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

install: $(STAMP)  ## Create .venv with everything: worker, training, tests.

$(VENV)/.uv-$(UV_VERSION):
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	  || { echo "error: Python 3.11 to 3.13 is needed; name one with PYTHON=/path/to/python3" >&2; exit 3; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(STAMP): $(VENV)/.uv-$(UV_VERSION) $(LOCK) pyproject.toml
ifeq ($(TORCH),cpu)
	# The CPU build has other files than the lock's digests name, and none of the CUDA packages.
	grep -vE '^ *(--hash|#)' $(LOCK) | sed 's/ *\\$$//' | grep -vE '^(nvidia-|cuda-|triton)' > $(VENV)/cpu.txt
	$(UV) pip install --quiet --python $(BIN)/python --torch-backend cpu -r $(VENV)/cpu.txt
else
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r $(LOCK)
endif
	$(UV) pip install --quiet --python $(BIN)/python --no-deps -e .
	@rm -f $(VENV)/.installed-*
	@touch $@

demo: install  ## Show the whole job on real parts, in about three minutes.
	$(BIN)/tickets demo

test: install lint  ## Lint, type check, and run all tests on a real Kafka.
	$(BIN)/python -m pytest

unit: install  ## Only the tests that need neither Kafka nor a trained model.
	$(BIN)/python -m pytest -n auto tests/unit tests/contract -m "not install and not kafka and not model"

explore: install  ## Property tests on examples drawn anew, for as long as that takes.
	$(BIN)/python -m pytest tests/unit tests/contract -m hypothesis --hypothesis-profile exploring

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m schemas.generate --check

format: install  ## Format the code.
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

contracts: install  ## Write the JSON Schema and AsyncAPI files anew from the models.
	$(BIN)/python -m schemas.generate

benchmark: install  ## Measure throughput and memory side by side; writes benchmarks/results/.
	$(BIN)/python -m benchmarks.throughput

accuracy: install  ## Train the full recipe over three seeds (hours) and measure; writes benchmarks/results/.
	$(BIN)/python -m benchmarks.accuracy

lock: $(VENV)/.uv-$(UV_VERSION)  ## Resolve the dependencies anew and pin them.
	$(UV) pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-header \
	  --no-annotate pyproject.toml -o deploy/locks/worker.txt
	$(UV) pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-header \
	  --no-annotate pyproject.toml --extra broker --extra training --group dev -o $(LOCK)
	$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate --constraint $(LOCK) deploy/locks/mlflow.in \
	  -o deploy/locks/mlflow.txt

clean:  ## Remove the virtual environment and caches of this checkout.
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
