# The programs, the tests and the demo. `make` alone builds the programs into bin/.
CARGO ?= cargo
PROGRAMS := etcd-mesos-scheduler etcd-mesos-executor
NEXTEST_PROFILE := $(if $(CI),ci,default)
# rustup puts cargo where a non-login shell does not look.
export PATH := $(PATH):$(or $(CARGO_HOME),$(HOME)/.cargo)/bin

.PHONY: all test demo clean
all:
	$(CARGO) build --release --package etcd-mesos $(PROGRAMS:%=--bin %)
	install -D -t bin $(PROGRAMS:%=$(or $(CARGO_TARGET_DIR),target)/release/%)

# Unit tests, and tests on real etcd and a genuine Mesos, which the setup installs.
test:
	scripts/setup
	$(CARGO) test --workspace --doc --quiet
	$(CARGO) nextest run --workspace --profile $(NEXTEST_PROFILE)

# A Mesos cluster with etcd on it, on this machine.
demo:
	scripts/setup --run
	$(MAKE) all
	$(CARGO) run --release --quiet --package xtask -- demo

clean:
	$(CARGO) clean
	rm -rf bin
