# Everything that is done more than once. CI calls these too.

# Where the tools that cargo does not ship are kept between runs.
TOOLS := target/tools
DENY := $(TOOLS)/bin/cargo-deny
DENY_VERSION := 0.20.2
GRPCURL := $(TOOLS)/bin/grpcurl
GRPCURL_VERSION := v1.9.3

.PHONY: test fmt lint doc deny unit proto api-docs oracle bench ghz ghz-smoke unit-check container-check demo setup

# All that has to hold, from a bare machine: installs what it needs, runs everything.
test: setup fmt lint proto unit ghz-smoke unit-check container-check doc deny

# The toolchain that rust-toolchain.toml names.
setup:
	@command -v cc >/dev/null || (apt-get update -qq && apt-get install -y -qq build-essential)
	cargo --version

fmt:
	cargo fmt --check

lint:
	cargo clippy --all-targets --locked -- -D warnings

# buf's lint, and what would break callers with an older proto.
proto:
	sh scripts/proto_check.sh

# docs/api.md from the comments of the proto. That it is current is a test.
api-docs:
	UPDATE_EXPECT=1 cargo test --locked --test it api_docs::

# What the README's examples need; those are tested as they are printed.
$(GRPCURL):
	@command -v go >/dev/null || (apt-get update -qq && apt-get install -y -qq golang-go)
	GOBIN=$(abspath $(TOOLS))/bin go install github.com/fullstorydev/grpcurl/cmd/grpcurl@$(GRPCURL_VERSION)

# One build serves the unit tests, the one integration binary and the case files.
unit: $(GRPCURL)
	AUPD_GRPCURL=1 PATH="$(abspath $(TOOLS))/bin:$$PATH" cargo test --locked
	target/debug/aupd test demo/cases
	target/debug/aupd test tests/cases --fixtures demo/cases
	target/debug/aupd bundle validate policies

doc:
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --locked --quiet

$(DENY):
	cargo install cargo-deny --version $(DENY_VERSION) --locked --debug --root $(TOOLS) --quiet

# Licences, bans and sources of dependencies. Advisories change by themselves and are no test.
deny: $(DENY)
	$(DENY) --log-level error check licenses bans sources

# The compiled rules against Cedar's authorizer, two million pairs of a rule and a request.
oracle:
	ORACLE_PAIRS=2000000 ORACLE_SEED=1000000 cargo test --locked --release --test it oracle:: -- --nocapture

# The load harness: aupd beside both floors, one table.
bench:
	python3 bench/run.py

# The load test with ghz: aupd and the floor, mixed requests, as calls, batches and streams. 20 minutes.
ghz:
	python3 bench/ghz/run.py

# That it works: the data are current, and a few seconds of each on what the tests built.
ghz-smoke:
	python3 bench/ghz/data.py --check
	cargo build --locked --quiet --bin aupd --example floor
	python3 bench/ghz/run.py --quick --skip-build --profile debug >/dev/null

# One text to 1,000 recipients, and tens of thousands of rules of accounts' own.
bench-batch:
	python3 bench/batch.py

bench-tenants:
	python3 bench/tenants.py

# The unit by systemd's own checks.
unit-check:
	sh deploy/test_unit.sh

# The steps of the container file, without an engine. Builds everything once more, with the libraries of the system in it.
container-check:
	sh deploy/test_container_steps.sh

# A service with the example accounts.
demo:
	cargo run --release -- serve --demo
