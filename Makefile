# An index of Scripts/; `make` alone lists it.

.PHONY: help demo build test check format docs bench doctor

help: ## List these targets
	@awk -F ":.*## " '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

demo: ## Set up, fetch model and data, build, and run the demo
	Scripts/demo

build: ## Set up and build the tool into .build/release/varlora
	Scripts/build

test: ## Set up, build and run all tests
	Scripts/test

check: ## Format, source rules, no warnings, tests: what a change has to pass
	Scripts/check

format: ## Format all Swift files
	Scripts/format

docs: ## Build the documentation into .build/docs; warnings are errors
	Scripts/docs

bench: ## Measure against PEFT + ivon-opt and write docs/benchmarks.md (about an hour)
	Scripts/bench

doctor: ## Print what a build on this machine finds
	Scripts/doctor
