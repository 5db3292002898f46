# A thin front: CMake builds, scripts/ do the rest.
#
#   make demo      build, get a Julia if there is none, run the accumulator on it
#   make check     build everything and pass all tests
#   make check-julias JULIAS="a b c"   the same built tests on each of these; SHORT=1: without those under GC stress
#   make models    the models of tests/models with larger bounds and all mutants: hours (docs/models.md)
#   make bench     measure jltask beside its peers: table, bench/results/*.csv, chart. BENCH="--quick",
#                  BENCH="--julia=PATH" for another Julia, whose version the results' names have
#   make install   PREFIX=/usr/local, DESTDIR=
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

configure = cmake --preset $(1) -DJLT_WERROR=$(or $(WERROR),OFF) > build/$(1).log || { cat build/$(1).log; exit 1; }
build = mkdir -p build && $(call configure,$(1)) && cmake --build build/$(1) -j $(JOBS) $(2) -- --no-print-directory -s

.PHONY: all demo check check-julias models bench install lint clean

all:
	@scripts/setup build
	@$(call build,release,--target jltask)

demo:
	@scripts/setup build julia
	@$(call build,release,--target accumulator) >/dev/null
	@scripts/demo build/release

check:
	@scripts/setup build julia tests
	@scripts/check $(JOBS)

check-julias:
	@scripts/setup build tests
	@$(call build,debug) >/dev/null
	@scripts/check-julias $(if $(SHORT),--short) $(JOBS) build/debug $(JULIAS)

models:
	@scripts/setup tests
	@scripts/check-models --all

bench:
	@scripts/setup build julia bench
	@scripts/bench $(BENCH)

install:
	@scripts/setup build
	@mkdir -p build && cmake --preset release -DCMAKE_INSTALL_PREFIX=$(PREFIX) -DJLT_TESTS=OFF -B build/install >/dev/null
	@cmake --build build/install -j $(JOBS) >/dev/null
	@DESTDIR=$(DESTDIR) cmake --install build/install

lint:
	@scripts/setup build tests lint
	@$(call build,debug)
	@scripts/lint

clean:
	rm -rf build
