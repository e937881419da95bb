# `make demo` and `make test` are all there is to know; both make the environment .venv first.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: demo test test-fast lint docs fuzz venv colcon clean help

PYTHON ?= python3
# A further index to take torch from. Where no GPU is found and the default index has only CUDA
# builds for this machine (gigabytes), give PyTorch's CPU index here: make demo TORCH_INDEX=…
# pip prefers its +cpu version; the pinned rest still comes from the default index.
TORCH_INDEX ?=
# Anything: open the viewer in the demo.
VIEW ?=

# Versions are pinned in constraints.txt, for every pip below.
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# The environment is complete; what a sourced ROS would mix in is of other versions.
unexport PYTHONPATH AMENT_PREFIX_PATH PYTHONHOME

SOURCES := $(shell find mmser_ros msg srv config launch models cmake -type f ! -name '*.pyc')
BUILD_REQUIRES := $(shell sed -n '/^requires = \[/,/^\]/p' pyproject.toml | grep -o '"[^"]*"')

help:  ## Say what there is to make.
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## /  make \1: /'
	@echo "  PYTHON=…: the Python to make .venv with, 3.10 to 3.12 (now $(PYTHON))"
	@echo "  VIEW=1: make demo opens the viewer, and installs Rerun for it"
	@echo "  TORCH_INDEX=…: an index with CPU builds of torch, for machines without a GPU"

demo: .venv/installed $(if $(VIEW),.venv/viewer)  ## A robot explores a simulated home, and goes to things in it.
	@mmser demo $(if $(VIEW),--viewer rerun)

test: lint docs  ## Lint, types, the documentation and every test.
	python -m pytest -m "not ros" -n auto --maxprocesses 8 --dist loadfile
	python -m pytest -m ros
	@echo "make test: all checks passed"

test-fast: .venv/installed  ## The tests that take a minute: no ROS processes, no training.
	python -m pytest -m "not ros and not slow and not training"

lint: .venv/installed  ## Lint, format and types.
	ruff check .
	ruff format --check .
	mypy

docs: .venv/installed  ## Build the site of the documentation into site/; fail on a broken link.
	NO_MKDOCS_2_WARNING=1 mkdocs build --strict

fuzz: .venv/installed  ## 10,000 odd messages and requests, and as many odd parameter values.
	MMSER_FUZZ_EXAMPLES=10000 python -m pytest test/nodes/memory/test_fuzz.py \
	  test/nodes/test_parameter_fuzz.py

venv: .venv/installed  ## Make the environment .venv with the package in it.

colcon: .venv/installed  ## Build with colcon against the ROS 2 wheels, into install/.
	AMENT_PREFIX_PATH=$(CURDIR)/.venv colcon build --packages-select mmser_ros --cmake-args -G Ninja \
	  -DCMAKE_PROJECT_mmser_ros_INCLUDE=$(CURDIR)/cmake/ros_wheels_fixup.cmake

clean:  ## Remove the environment and everything that was built.
	rm -rf .venv build install log site *.egg-info

.venv/installed: .venv/torch $(SOURCES) package.xml CMakeLists.txt setup.py pyproject.toml
	@echo "building and installing mmser_ros and what it needs …"
	@rm -rf build
	@pip install --quiet $(BUILD_REQUIRES)
	@pip install --quiet --no-build-isolation '.[evaluate,meteor,train,llm,embeddings,demo,simulation,parquet,docs,dev]'
	@rm -rf build *.egg-info
	@touch $@

.venv/viewer: .venv/installed
	@echo "installing Rerun …"
	@pip install --quiet --no-build-isolation '.[viewer]'
	@rm -rf build *.egg-info
	@touch $@

.venv/torch: constraints.txt
	@PYTHON="$(PYTHON)" cmake/prepare.sh
	@echo "installing torch …"
	@pip install --quiet $(if $(TORCH_INDEX),--extra-index-url '$(TORCH_INDEX)') torch
	@python -W ignore -c "import torch; \
	  print('note: this torch is a CUDA build and no GPU is found; TORCH_INDEX in the Makefile says how to spare it') \
	  if torch.version.cuda and not torch.cuda.is_available() else None"
	@touch $@
