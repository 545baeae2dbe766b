# The programs, the tests and the demo. `make` alone builds the programs into bin/.
CARGO ?= cargo
PROGRAMS := etcd-mesos-scheduler etcd-mesos-executor etcd-mesos-proxy
# rustup puts cargo where a non-login shell does not look.
export PATH := $(PATH):$(or $(CARGO_HOME),$(HOME)/.cargo)/bin

.PHONY: all test demo clean
all:
	$(CARGO) build --locked --release --package etcd-mesos $(PROGRAMS:%=--bin %)
	install -D -t bin $(PROGRAMS:%=$(or $(CARGO_TARGET_DIR),target)/release/%)

test:
	scripts/test

demo:
	scripts/demo

clean:
	$(CARGO) clean
	rm -rf bin
