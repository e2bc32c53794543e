# An index of Scripts/; `make` alone lists it.

.PHONY: help demo build test check check-sanitized format docs bench fuzz doctor

help: ## List these targets
	@awk -F ":.*## " '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' Makefile

demo: ## Set up, fetch model and data, build, and run the demo
	Scripts/demo

build: ## Set up and build the tool into .build/release/varlora
	Scripts/build

test: ## Set up, build and run all tests
	Scripts/test

check: ## Format, source rules, no warnings, tests: what a change has to pass
	Scripts/check

check-sanitized: ## Run the C++ kernels under the address and undefined-behaviour sanitizers
	Scripts/check-sanitized

format: ## Format all Swift files
	Scripts/format

docs: ## Build the documentation into .build/docs; warnings are errors
	Scripts/docs

bench: ## Measure against PEFT + ivon-opt and write docs/benchmarks.md (about an hour)
	Scripts/bench

fuzz: ## Fuzz every parser for a minute; Scripts/fuzz --seconds N [TARGET...] for more
	Scripts/fuzz

doctor: ## Print what a build on this machine finds
	Scripts/doctor
