# Everything a person types. `make` alone lists it; each line is also what CI runs.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

export PATH := $(or $(CARGO_HOME),$(HOME)/.cargo)/bin:$(PATH)
PORT ?= 8080
DATA_DIR ?= ./data
KILLS ?= 100
FROM ?= 10000
COUNT ?= 1000
JOBS ?= 1
SHAPE ?= --clinic
export PORT DATA_DIR

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## Start a demo clinic on http://127.0.0.1:8080 (PORT=, DATA_DIR=)
	@scripts/setup run
	@exec scripts/run

.PHONY: test
test: ## Run every check and test, and say where the time went
	@scripts/test all

.PHONY: build
build: ## Build server and browser bundle in release mode
	@scripts/setup run
	@scripts/cargo build --release --locked --package telehealth --package telehealth-recogniser
	@scripts/bundle

.PHONY: fmt
fmt: ## Format the Rust code
	@scripts/cargo fmt --all

.PHONY: lint
lint: ## Check formatting, lints, docs, house rules and licences
	@scripts/test fmt tidy clippy clippy-web docs deny

.PHONY: unit
unit: ## Run the tests that need no browser
	@scripts/test unit

.PHONY: e2e
e2e: ## Run the browser tests, foreign WebRTC and FHIR clients, invented requests
	@scripts/test bundle server e2e interop fhir schemathesis

.PHONY: restore
restore: ## Lose disks, restore backups and logs, and say what was lost
	@scripts/setup test
	@scripts/test server restore

.PHONY: networks
networks: ## Visits over bad networks, with Chromium and Firefox (needs root)
	@scripts/setup networks
	@scripts/test bundle server networks

.PHONY: chaos
chaos: ## Lose servers, machines and stores of a cluster again and again (KILLS=, MINUTES=, SEED=; needs root)
	@scripts/setup test
	@scripts/test server
	@KILLS=$(KILLS) tests/run-cluster chaos

.PHONY: chaos-database
chaos-database: ## 100 requests/s to a cluster whose database is late, hangs, is gone and comes back (needs root)
	@scripts/setup test
	@scripts/test server
	@tests/run-cluster database

.PHONY: chaos-rolling
chaos-rolling: ## 100 requests/s while every server of a cluster is restarted (OLD=; needs root)
	@scripts/setup test
	@scripts/test server
	@tests/run-cluster rolling

.PHONY: chaos-soak
chaos-soak: ## Visits of a cluster for an hour with one fault a minute (MINUTES=, SEED=; needs root)
	@scripts/setup test
	@scripts/test server
	@tests/run-cluster soak

.PHONY: sim
sim: ## Play seeded consultations in virtual time until one has a fault (FROM=, COUNT=, JOBS=, SHAPE=--full)
	@scripts/cargo build --profile sim --locked --package sfu-sim
	@sfu/sim/search $(FROM) $(COUNT) $(JOBS) $(SHAPE)

.PHONY: sim-sum
sim-sum: ## Say how many call-minutes the engine as it is has played without a fault
	@sfu/sim/search --sum

.PHONY: fuzz
fuzz: ## Search for inputs that break a parser (TARGET=, SECONDS=); without TARGET list them
	@scripts/fuzz $(if $(TARGET),$(TARGET) $(or $(SECONDS),60))

.PHONY: screenshots
screenshots: ## Photograph every page into tests/out/screens
	@scripts/test bundle server screenshots

.PHONY: bench
bench: ## Print the benchmarks and draw plots: visits, pages, media beside peers, the clinical service on both databases
	@scripts/setup bench
	@scripts/bench

.PHONY: up
up: ## Start a whole installation with docker compose (SITE=, ADDRESS=)
	@deploy/secrets
	@docker compose -f deploy/compose.yaml up --build --detach

.PHONY: image
image: ## Build the image and show that it runs as it is meant to (needs docker or podman)
	@deploy/image

.PHONY: deploy-check
deploy-check: ## Check everything under deploy/, and judge image and chart by their security
	@scripts/setup test
	@scripts/test server deploy
	@tests/run-deploy-policies

.PHONY: handbook
handbook: ## Do what the operator's handbook says, on machines of its own (needs root)
	@scripts/setup networks
	@scripts/test server bundle handbook

.PHONY: soak-phone
soak-phone: ## Call the telephone line for two hours and see what it keeps (MINUTES=)
	@scripts/test server
	@MINUTES=$(or $(MINUTES),120) tests/run-soak-phone

.PHONY: captions
captions: ## Build the recogniser of captions in release mode, and fetch its weights (FOLDER=)
	@scripts/cargo build --release --locked --package telehealth-recogniser
	@scripts/weights $(or $(FOLDER),weights)

.PHONY: captions-weights
captions-weights: ## Fetch the weights of captions, 133 MB with pinned hashes (FOLDER=)
	@scripts/weights $(or $(FOLDER),weights)

.PHONY: encoder
encoder: ## Build the sentence encoder in release mode, and fetch its weights (FOLDER=)
	@scripts/cargo build --release --locked --package telehealth-encoder
	@scripts/encoder-weights $(or $(FOLDER),weights)

.PHONY: captions-measure
captions-measure: ## Measure the recogniser on real speech (PROMPTS= of each language)
	@scripts/setup captions
	@tests/run-captions-weights $(or $(PROMPTS),40)

.PHONY: clean
clean: ## Remove what was built; ./data stays
	@rm -rf target target-web dist dist.new dist.old node_modules tests/node_modules tests/.venv tests/deploy/.venv tests/out deploy/out
