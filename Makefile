# Checkpoint. `make run` needs Go alone; `make deps test` (as root, Debian) installs what the tests need and passes them.
SHELL       := /bin/bash
export CHECKPOINT_SHARED ?= $(abspath ../shared)
VERSION     ?= $(shell git describe --tags --match 'v[0-9]*' --dirty 2>/dev/null || echo dev-$$(git describe --always --dirty 2>/dev/null || echo unknown))
LDFLAGS     := -s -w -X main.version=$(VERSION)
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.7.0
ARGS        ?=

.PHONY: help build run test check cross bench bench-read fuzz deps clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

build: ## the product and the lab, without cgo, into build/
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o build/ ./firmware/cmd/checkpoint ./simulators/cmd/lab

run: build ## a hall on this machine: bench, centre and the real program; Ctrl-C ends it (ARGS="--people 200 --fast" ends by itself)
	build/lab $(ARGS)

test: ## every test; fails with one sentence where something is missing
	@.ci/need
	go vet ./...
	@rm -f build/vectors.jsonl; mkdir -p build
	CHECKPOINT_VECTORS_REPORT=$(CURDIR)/build/vectors.jsonl go test -timeout 20m $$(go list ./... | grep -v /cmd/lab)
	go test -p 1 -timeout 20m ./simulators/cmd/lab/...
	go build -tags opencv -o build/checkpoint-opencv ./firmware/cmd/checkpoint
	go test -tags opencv $$(go list -tags opencv -f '{{range .Imports}}{{if eq . "gocv.io/x/gocv"}}{{$$.ImportPath}}{{end}}{{end}}' ./...)
	@.ci/vectors build/vectors.jsonl

check: cross ## formatting, vet, staticcheck (staticcheck.conf), and the builds of cross
	@test -z "$$(git ls-files '*.go' | xargs gofmt -l)" || { git ls-files '*.go' | xargs gofmt -l; echo 'make check: run gofmt -w on these files' >&2; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...

cross: ## the product for every processor it runs on, without cgo
	@for processor in amd64 arm64 arm; do echo "go build for $$processor"; \
		CGO_ENABLED=0 GOOS=linux GOARCH=$$processor GOARM=7 go build -trimpath -o /dev/null ./firmware/cmd/checkpoint || exit 1; done

bench: ## figures, each beside something named, in one run
	go test -run '^$$' -bench . -benchmem ./...

bench-read: ## our reader of codes beside gozxing, ZBar and zxing-cpp on all sets of frames, on one core (SEED=2 makes other fresh pictures)
	@.ci/peers/build
	@go test -c -o build/symbol.test ./firmware/symbol
	@cd firmware/symbol && GOMAXPROCS=1 taskset -c $(or $(CORE),0) $(CURDIR)/build/symbol.test -test.run '^TestTable$$' -peers $(CURDIR)/build/peers -seed $(or $(SEED),1) -repeats $(or $(REPEATS),3)
	@build/symbol.test -test.run '^TestNegatives$$' -test.v -negatives $(or $(NEGATIVES),100000)

fuzz: ## every fuzz test for FUZZ (default 3m) each; what reaches new code stays in testdata/fuzz (ONLY=trust runs some)
	.ci/fuzz $(or $(FUZZ),3m) $(ONLY)

deps: ## what the tests need beyond Go (Debian, as root)
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk fonts-inter zbar-tools \
		g++ libzbar-dev libzxing-dev pkg-config libopencv-dev
	go mod download

clean: ## build/ and nothing else
	rm -rf build
