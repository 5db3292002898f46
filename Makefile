# A thin front: CMake builds, scripts/ do the rest.
#
#   make demo      build, get a Julia if there is none, run the accumulator on it
#   make check     build everything and pass all tests
#   make check-julias JULIAS="a b c"   the same built tests on each of these; SHORT=1: without those under GC stress
#   make models    the models of tests/models with larger bounds and all mutants: hours (docs/models.md)
#   make bench     measure jltask beside its peers: table, bench/results/*.csv, chart. BENCH="--quick",
#                  BENCH="--julia=PATH" for another Julia, whose version the results' names have
#   make random    OPERATIONS=10000000 SEEDS=20 FIRST=1: random operations on the core alone, half of them with random
#                  yields at its steps, and a twentieth of them on Julia
#   make fuzz      SECONDS=600: libFuzzer chooses the operations, on the core; what it finds is kept in build/fuzz/corpus
#   make soak      MINUTES=30 SEED=: full load on Julia, and whether anything is lost or grows; a line each minute
#   make install   PREFIX=/usr/local, DESTDIR=
#   make abi       whether programs built with the last release run with this library (CONTRIBUTING.md, Releases)
#   make deb       Debian packages in build/deb, and what lintian says of them
#   make check-deb the same, then installs them here, runs debian/tests and removes them; as root
#   make lint      clang-format and clang-tidy
#
# JULIA=/path/to/julia (an executable or an installation folder) chooses the Julia; else JLTASK_JULIA or PATH does.

PREFIX ?= /usr/local
DESTDIR ?=
JULIA ?= $(JLTASK_JULIA)
JOBS ?= $(shell nproc 2>/dev/null || echo 2)

ifneq ($(JULIA),)
export JLTASK_JULIA := $(JULIA)
endif

build = scripts/build $(1) $(JOBS) $(2)

OPERATIONS ?= 10000000
SEEDS ?= 20
FIRST ?= 1
SECONDS ?= 600
MINUTES ?= 30

.PHONY: all demo check check-julias models bench random fuzz soak install abi deb check-deb lint clean

all:
	@scripts/setup build
	@$(call build,release,--target jltask)
	@echo build/release/src/libjltask.so

demo:
	@scripts/setup build julia
	@$(call build,release,--target accumulator)
	@scripts/demo build/release

check:
	@scripts/setup build julia tests abi
	@scripts/check $(JOBS)

check-julias:
	@scripts/setup build tests
	@$(call build,debug)
	@scripts/check-julias $(if $(SHORT),--short) $(JOBS) build/debug $(JULIAS)

models:
	@scripts/setup tests
	@scripts/check-models --all

bench:
	@scripts/setup build julia bench
	@scripts/bench $(BENCH)

random:
	@scripts/setup build julia tests
	@$(call build,release,--target core_random core_random_perturbed julia_random)
	@scripts/random $$(($(OPERATIONS) / 2)) $(SEEDS) $(FIRST) build/release/tests/random/core_random \
		build/release/tests/random/core_random_perturbed
	@scripts/random $$(($(OPERATIONS) / 20)) $(SEEDS) $(FIRST) build/release/tests/random/julia_random

fuzz:
	@scripts/setup build tests fuzz
	@$(call build,fuzz,--target core_fuzz)
	@mkdir -p build/fuzz/corpus
	@cd build/fuzz && tests/random/core_fuzz -max_total_time=$(SECONDS) -max_len=800 -len_control=0 -timeout=100 \
		-rss_limit_mb=0 -print_final_stats=1 corpus ../../tests/random/corpus

soak:
	@scripts/setup build julia tests
	@$(call build,release,--target julia_soak)
	@build/release/tests/random/julia_soak $(MINUTES) $(SEED)

install:
	@scripts/setup build
	@PREFIX=$(PREFIX) $(call build,install)
	@DESTDIR=$(DESTDIR) cmake --install build/install

abi:
	@scripts/setup build abi
	@$(call build,release,--target jltask)
	@scripts/check-abi build/release/src/libjltask.so

deb:
	@scripts/setup package
	@scripts/deb $(JOBS)

check-deb: deb
	@scripts/setup autopkgtest
	@scripts/check-deb

lint:
	@scripts/setup build tests lint
	@$(call build,debug)
	@scripts/lint

clean:
	rm -rf build
