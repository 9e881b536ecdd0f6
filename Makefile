# `make` alone lists what there is.

PYTHON ?= python3
TORCH_INDEX ?=
VARIANT ?= small
WEIGHTS ?=
RUNTIME ?=
PRECISION ?=
CONFIG ?=
PARAMS ?=
DATA ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --constraint constraints.txt
PIPELINE = $(BIN)/python -m model_serving.pipelines $(1) $(if $(CONFIG),--config '$(CONFIG)') $(if $(PARAMS),--params $(PARAMS))
NETWORK = --variant '$(VARIANT)' $(if $(WEIGHTS),--weights '$(WEIGHTS)')
COMPOSE := docker compose $(if $(GPU),-f docker-compose.yml -f docker-compose.gpu.yml)

# Each stamp says that an installation is complete and newer than what asked for it.
SERVICE := $(VENV)/.runtime
TRAINING := $(VENV)/.training
ONNX := $(VENV)/.onnx
DEVELOPMENT := $(VENV)/.development

.DEFAULT_GOAL := help
.PHONY: help setup up model onnx data train eval test check bench bench-model soak load docs lock build_all c_up c_down clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z_-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "PYTHON=python3.12      another Python (3.11 to 3.13), before there is a $(VENV)"
	@echo "RUNTIME=torch          for the model: auto, torch, compile, onnx or openvino; PRECISION=auto, equal or reduced"
	@echo "TORCH_INDEX=<URL>      PyTorch's index of CPU wheels, to spare machines without an NVIDIA GPU the CUDA download"

setup: $(SERVICE) ## .venv with all that `make up` needs

up: $(SERVICE) ## Redis, TorchServe and the proxy on http://localhost:8000, until Ctrl-C
	@$(BIN)/rematte up

model: $(SERVICE) $(if $(filter onnx,$(RUNTIME)),$(ONNX)) ## the model archive; official weights: VARIANT=base WEIGHTS=path/ckpt_base.pth
	@$(BIN)/python -m model_serving.archive $(NETWORK) $(if $(RUNTIME),--runtime '$(RUNTIME)') $(if $(PRECISION),--precision '$(PRECISION)') --out model-store
	@touch model-store/inspyrenet.mar # up to date, also where nothing had to be built

onnx: $(ONNX) ## the network as build/inspyrenet.onnx; VARIANT= and WEIGHTS= as for the model (docs/runtimes.md)
	@$(BIN)/python -m model_serving.exporting $(NETWORK)

data: $(TRAINING) ## data sets for training, CONFIG=mine.yml for one's own (docs/datasets.md)
	@$(call PIPELINE,data_ingestion data_preprocessing)

train: $(TRAINING) ## weights from what `make data` left; CONFIG= and PARAMS= as there (docs/training.md)
	@$(call PIPELINE,model_training)

eval: override PARAMS := $(strip $(PARAMS) $(if $(WEIGHTS),model_evaluation.weights='$(WEIGHTS)') \
	$(if $(DATA),model_evaluation.manifest='$(DATA)'))
eval: $(TRAINING) ## how good weights are; WEIGHTS=path DATA=build/data/manifest.csv, PARAMS= (docs/evaluation.md)
	@$(call PIPELINE,model_evaluation)

test: $(DEVELOPMENT) ## the whole suite
	$(BIN)/python -m pytest

check: $(DEVELOPMENT) ## linters and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/yamllint --strict .
	$(BIN)/hadolint Dockerfile-build
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml docker-compose.gpu.yml

soak: $(DEVELOPMENT) ## 100,000 requests with 20,000 hang-ups, 10,000 of all kinds, 10,000 damaged: nothing wrong or left
	$(BIN)/python -m benchmarks.soak
	$(BIN)/python -m benchmarks.mixed
	$(BIN)/python -m benchmarks.fuzz

bench: $(DEVELOPMENT) ## measures, and writes docs/benchmarks.md
	$(BIN)/python -m benchmarks

bench-model: $(DEVELOPMENT) ## a hundred pictures through every model and runtime; writes docs/model-benchmark.md
	$(BIN)/python -m benchmarks.hundred

load: $(DEVELOPMENT) ## annotators who send the same pictures again, to a running server
	$(BIN)/locust -f tests/load/locustfile.py --headless -u 8 -t 30s --host http://127.0.0.1:8000

docs: $(SERVICE) ## the pages that are made from the code
	$(BIN)/python -m scripts.settings_pages

lock: ## constraints.txt anew, for Python 3.11 to 3.13; torch stays where it is
	$(PYTHON) scripts/lock.py

build_all: ## Docker: the images (GPU=1: for NVIDIA)
	$(COMPOSE) build

c_up: ## Docker: start
	$(COMPOSE) up --detach --wait

c_down: ## Docker: stop
	$(COMPOSE) down

clean: ## removes whatever the above have made here, .venv too
	rm -rf $(VENV) .run build dist model-store/*.mar *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(SERVICE): pyproject.toml constraints.txt scripts/virtual_environment.py
	$(PYTHON) scripts/virtual_environment.py $(VENV)
	$(if $(TORCH_INDEX),$(INSTALL) --no-deps --index-url '$(TORCH_INDEX)' torch torchvision)
	$(INSTALL) --editable .
	@touch $@

$(TRAINING): $(SERVICE)
	$(INSTALL) --editable '.[training]'
	@touch $@

$(ONNX): $(SERVICE)
	$(INSTALL) --editable '.[onnx]'
	@touch $@

$(DEVELOPMENT): $(SERVICE)
	$(INSTALL) --editable '.[dev,training,onnx]'
	@touch $@ $(TRAINING) $(ONNX)
