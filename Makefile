# sigmatrail. Run make help for the targets.

GO        ?= go
VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS    = -s -w -X main.version=$(VERSION)
GOBUILD    = $(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)'
# Functions that glibc has moved into libc are in these on older systems (plugin/glibc.h). With netgo Go looks names up by itself: glibc's
# resolver needs newer symbols, and cannot be told to stop.
OLDLIBS    = -Wl,--push-state,--no-as-needed,-l:libpthread.so.0,-l:libdl.so.2,--pop-state
LINT       = $(GO) tool -modfile=tools/go.mod golangci-lint
FUZZTIME  ?= 60s
BENCH_ARCHIVE_MB ?= 256
KILLS     ?= 100
PURE       = $(shell $(GO) list ./... | grep -v -e /plugin -e /flbhost -e /e2e)

.DEFAULT_GOAL := help
.PHONY: help build demo test race ladder fuzz bench bench-host bench-doors benchmarks lint e2e receivers mutants kills crosscheck fmt generate requirements FORCE

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 12

build: requirements build/sigmatrail build/flb-filter_sigma.so ## build build/sigmatrail and build/flb-filter_sigma.so, with its link build/out_sigma.so

build/sigmatrail: FORCE
	CGO_ENABLED=0 $(GOBUILD) -o $@ ./cmd/sigmatrail

build/flb-filter_sigma.so: FORCE
	CGO_ENABLED=1 CGO_CFLAGS='-O2 -g -include $(CURDIR)/plugin/glibc.h' CGO_LDFLAGS='$(OLDLIBS)' $(GOBUILD) -tags netgo -buildmode=c-shared -o $@ ./plugin
	@rm -f build/flb-filter_sigma.h
	@ln -sf flb-filter_sigma.so build/out_sigma.so

demo: build ## run records through the rules and show what comes out
	@sh demo/run.sh

test: build ## run every test but the end-to-end ones
	$(GO) test $(shell $(GO) list ./... | grep -v /e2e)

race: requirements ## run the tests of the pure Go packages under the race detector
	CGO_ENABLED=1 $(GO) test -race $(PURE)

ladder: requirements ## hold every evaluator, and the built plugin, to the oracle on all shared rules and events
	SIGMA_LADDER=whole $(GO) test -count=1 -v -timeout 30m -run '^Test.*Ladder' ./internal/pipeline ./internal/flbhost

fuzz: requirements ## run every fuzz target for FUZZTIME (60s)
	@GO='$(GO)' FUZZTIME='$(FUZZTIME)' sh tools/fuzz.sh

bench: build ## measure detection against its controls, print the table and write build/bench.json; BENCH_ARCHIVE_MB=1024 scans more
	$(GO) build -o build/bench-table ./bench/table
	@build/bench-table -archive-mb $(BENCH_ARCHIVE_MB) $(BENCH_FLAGS)

bench-host: build ## measure what filters add to the CPU of the fluent-bit on PATH, and write build/bench-host.json
	$(GO) build -o build/bench-host ./bench/host
	@build/bench-host $(BENCH_FLAGS)

bench-doors: build ## measure the Go output and serve against the filter in the fluent-bit on PATH, and write build/bench-doors.json
	$(GO) build -o build/bench-doors ./bench/doors
	@build/bench-doors $(BENCH_FLAGS)

benchmarks: requirements ## run the benchmarks that stand beside the code
	$(GO) test -run '^$$' -bench . -benchmem $(PURE) ./internal/flbhost

lint: requirements ## check style, borders between packages, generated files and module files
	$(LINT) run
	$(LINT) fmt --diff
	$(GO) run ./conf/generate -check
	$(GO) run ./rules/cloudtrail/generate -check
	$(GO) mod tidy -diff
	cd tools && $(GO) mod tidy -diff

e2e: build receivers ## run the tests with a real fluent-bit, which must be on PATH, and those in FLUENT_BIT_HOSTS
	$(GO) test -count=1 -v -timeout 30m ./e2e

receivers: requirements ## build what the end-to-end tests send to, as far as it can be had: the tests of what is missing are skipped
	@GO='$(GO)' sh e2e/receivers/build.sh

mutants: requirements ## change every bundled rule in small ways and name the changes that its tests do not notice; RULES=iam for those with that in their names
	@$(GO) run ./internal/mutate/report rules/cloudtrail $(RULES)

kills: requirements ## kill a process that keeps the state of correlations in a file KILLS (100) times, and look at what it has left
	SIGMA_KILLS=$(KILLS) $(GO) test -count=1 -v -run '^TestKill$$' ./correlate

crosscheck: build ## compare verdicts with pySigma's (pip install pysigma), on EVENTS and RULES if they are given
	python3 bench/crosscheck.py $(EVENTS) $(RULES)

fmt: ## format the code
	$(LINT) fmt

generate: ## rewrite what is derived from the table of settings and from the bundled rules
	$(GO) generate ./...

requirements:
	@GO='$(GO)' sh tools/requirements.sh

FORCE:
