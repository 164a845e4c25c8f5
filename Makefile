# The verbs of this repository. A fresh machine needs git, make, a C compiler, Python 3.11 with venv, and rustup.

CARGO ?= cargo
PYTHON ?= python3
FUNCTIONS := starter transform loader catalog reporter
VENV := .venv
TOOLS := target/tools
BENCH := target/bench
FUZZ := $(CURDIR)/target/fuzz
FUZZ_TARGETS := csv json xml avro parquet unpack encoding
FUZZ_SECONDS ?= 60

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test certify check build bench bench-load fuzz python clean

help: ## list the verbs
	@awk -F ':.* ## ' '/^[a-z-]+:.* ## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## build, then play the whole pipeline on real data on this machine
	$(CARGO) run --locked --bin sluice -- demo

test: check python ## everything: check, Rust tests, Python checks by independent clients
	$(CARGO) build --locked --workspace --tests --bins
	$(CARGO) test --locked --workspace
	$(VENV)/bin/python -m pytest tests/python

certify: ## run the rules of the warehouse's double against a real workgroup; tests/tests/pipeline/redshift/mod.rs says how
	TEST_AWS=1 $(CARGO) test --locked -p tests --test pipeline redshift::a_real_workgroup

check: ## format, lints, documentation, guards of the architecture
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps
	$(PYTHON) tests/python/architecture.py
	@# What is fuzzed is built of the same versions as what is delivered. Without its defaults it needs no C++ compiler.
	cp Cargo.lock fuzz/Cargo.lock
	$(CARGO) clippy --manifest-path fuzz/Cargo.toml --no-default-features --target-dir target -- -D warnings
	$(PYTHON) -m compileall -q bench

build: $(TOOLS)/stamp ## five arm64 zips for Lambda, under target/lambda/
	rustup target add aarch64-unknown-linux-gnu
	PATH="$(CURDIR)/$(TOOLS)/bin:$$PATH" $(CARGO) lambda build --locked --release --arm64 --output-format zip \
		$(addprefix -p ,$(FUNCTIONS))
	@for function in $(FUNCTIONS); do \
		zip=target/lambda/$$function/bootstrap.zip; \
		bytes=$$(wc -c < $$zip); \
		printf '%10d bytes  %s\n' $$bytes $$zip; \
		if [ $$bytes -gt 8000000 ]; then echo "$$zip: over 8 MB, a cold start pays for it"; exit 1; fi; \
	done

bench: $(BENCH)/stamp ## speed and memory, side by side with DuckDB and lxml (bench/README.md); ARGS are run.py's
	$(CARGO) build --locked --release --bin sluice
	$(BENCH)/venv/bin/python bench/run.py $(ARGS)

bench-load: $(BENCH)/stamp ## speed and memory of the warehouse's double: COPY, and publish in each mode (ARGS are load.py's)
	$(CARGO) build --locked --release --bin sluice
	$(BENCH)/venv/bin/python bench/load.py $(ARGS)

fuzz: ## each decoder on what a fuzzer finds, for FUZZ_SECONDS (60) each; what was found stays in target/fuzz/corpus
	@rustup run nightly rustc --version >/dev/null 2>&1 || \
		{ echo "fuzzing needs the nightly compiler: rustup toolchain install nightly --profile minimal"; exit 1; }
	@test -x $(FUZZ)/tools/bin/cargo-fuzz || command -v cargo-fuzz >/dev/null || \
		{ echo "fuzzing needs cargo-fuzz: $(CARGO) install --locked cargo-fuzz --root $(FUZZ)/tools"; exit 1; }
	cp Cargo.lock fuzz/Cargo.lock
	@for target in $(FUZZ_TARGETS); do \
		mkdir -p $(FUZZ)/corpus/$$target $(FUZZ)/artifacts/$$target; \
		PATH="$(FUZZ)/tools/bin:$$PATH" cargo +nightly fuzz run --fuzz-dir fuzz --target-dir $(FUZZ)/build $$target \
			$(FUZZ)/corpus/$$target $(CURDIR)/tests/cases -- -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 \
			-artifact_prefix=$(FUZZ)/artifacts/$$target/ || exit 1; \
	done

python: $(VENV)/stamp ## the virtual environment of the Python checks

clean: ## remove what was built, and the virtual environment
	$(CARGO) clean
	rm -rf $(VENV)

$(VENV)/stamp: tests/python/requirements.txt tests/python/constraints.txt
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check \
		-r tests/python/requirements.txt -c tests/python/constraints.txt
	touch $@

$(BENCH)/stamp: bench/requirements.txt
	$(PYTHON) -m venv --clear $(BENCH)/venv
	$(BENCH)/venv/bin/pip install --quiet --disable-pip-version-check -r bench/requirements.txt
	touch $@

$(TOOLS)/stamp: infra/requirements.txt
	$(PYTHON) -m venv --clear $(TOOLS)
	$(TOOLS)/bin/pip install --quiet --disable-pip-version-check -r infra/requirements.txt
	touch $@
