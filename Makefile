# PBM Logistics 360. `make` alone lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

unexport PYTHONDONTWRITEBYTECODE # else each of the many processes compiles every package anew

PYTHON ?= python3
TOOLS := .pbm360/tools
UV := $(shell command -v uv 2>/dev/null || echo $(TOOLS)/bin/uv)
RUN := .venv/bin
INSTALLED := .venv/.installed
INSTALLED_FOR_TESTS := .venv/.installed-for-tests
AIRFLOW_PORT ?= 8080
FAST_TESTS := $(addprefix tests/,domain feeds figures widgets simulate local/pubsub dags/test_structure.py \
	test_environment.py test_settings.py test_runs.py test_warehouse.py test_medallion.py test_oms.py)

.PHONY: help setup up demo test test-fast test-java flink-jars test-flink lint airflow lab dashboards bench notebooks tables smoke down clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(TOOLS)/bin/uv:
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/pip install --quiet --disable-pip-version-check uv

$(INSTALLED): uv.lock pyproject.toml | $(if $(filter $(TOOLS)/bin/uv,$(UV)),$(TOOLS)/bin/uv)
	$(UV) sync --frozen --inexact --all-extras --python 3.11
	@touch $@

$(INSTALLED_FOR_TESTS): $(INSTALLED)
	$(UV) sync --frozen --inexact --all-extras --group airflow --group bench --python 3.11
	@touch $@

setup: $(INSTALLED) ## install the locked packages into .venv (finds uv or installs it)

up: setup ## start the local stack: BigQuery, Pub/Sub, PostgreSQL
	$(RUN)/pbm360 up

demo: setup ## the whole story in under five minutes: simulate, stream, build, open the dashboards
	$(RUN)/pbm360 demo

test: $(INSTALLED_FOR_TESTS) ## run every test
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

test-fast: $(INSTALLED_FOR_TESTS) ## run the tests of everything pure, in under five minutes
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/pytest -n 2 --dist loadfile --no-loadscope-reorder $(FAST_TESTS)

.pbm360/java/%/.fetched: deploy/java/%/pom.xml
	mvn --batch-mode --quiet -f $< dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=$(CURDIR)/$(@D)
	@touch $@

test-java: setup .pbm360/java/expansion/.fetched ## measure Beam's own exactly-once sink (needs Java 17 and Maven)
	$(RUN)/python -m tests.java.expansion

flink-jars: .pbm360/java/flink/.fetched ## fetch Flink and Beam's job server for deploy/java/flink/cluster.py (needs Maven)

test-flink: setup flink-jars ## replay 1,000,000 bronze events on Flink while a task manager is killed (needs Java 17 and Maven)
	$(RUN)/python -m tests.java.flink $(EVENTS)

airflow: up $(INSTALLED_FOR_TESTS) ## start a local Airflow with its web page on 127.0.0.1
	AIRFLOW_HOME=$(CURDIR)/.pbm360/airflow AIRFLOW__CORE__DAGS_FOLDER=$(CURDIR)/dags AIRFLOW__CORE__LOAD_EXAMPLES=False \
	AIRFLOW__API__HOST=127.0.0.1 AIRFLOW__API__PORT=$(AIRFLOW_PORT) AIRFLOW__API__BASE_URL=http://127.0.0.1:$(AIRFLOW_PORT) \
	AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS=True \
	PBM360_STATE_DIR=$(CURDIR)/.pbm360 $(RUN)/airflow standalone

lint: setup ## format and lint Python and notebooks
	$(RUN)/ruff check --fix .
	$(RUN)/ruff format .

lab: up ## open JupyterLab on the notebooks
	$(RUN)/jupyter lab --notebook-dir notebooks --ip 127.0.0.1 --LabApp.default_url=/lab/tree/01_simulate.ipynb

dashboards: up ## serve the dashboards
	$(RUN)/pbm360 dashboards

bench: $(INSTALLED_FOR_TESTS) ## measure speed and memory; writes docs/benchmarks.md
	$(RUN)/python -m tests.benchmarks.run

notebooks: setup ## execute every chapter and store its outputs; CHAPTERS="08 09": store those alone
	$(RUN)/python -m tests.notebooks.execute $(CHAPTERS)

tables: setup ## make the table definitions, the event schema and the template that deploy/ takes from the code
	$(RUN)/python -m pbm360.cloud.table_schemas
	$(RUN)/python -m pbm360.cloud.event_schema
	$(RUN)/python -m pbm360.cloud.flex_template

smoke: $(if $(PROJECT),setup) ## prove on a real account what nothing else can: make smoke PROJECT=your-project
	@test -n "$(PROJECT)" || { echo "which project? make smoke PROJECT=your-project" >&2; exit 2; }
	PBM360_TARGET=gcp PBM360_PROJECT=$(PROJECT) $(RUN)/python -m pbm360.cloud.smoke

down: ## stop everything that was started here
	@if [ -x $(RUN)/pbm360 ]; then $(RUN)/pbm360 down; else echo "nothing is installed here, so nothing runs"; fi

clean: down ## stop, and remove the local stack's data (asks first)
	@read -r -p "Remove .pbm360 with all local data? [y/N] " answer; [ "$$answer" = y ] && rm -rf .pbm360
