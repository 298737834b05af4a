# make build | test | lint | bench | fuzz | truth | extra | release-check | snapshot

GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GORELEASER := github.com/goreleaser/goreleaser/v2@v2.13.0
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
COMMIT   := $(shell git rev-parse --short HEAD 2>/dev/null)
DATE     := $(shell git log -1 --format=%cs 2>/dev/null)
LDFLAGS  := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.date=$(DATE)
FUZZTIME := 30s
# Leaves out urfave/cli's own pages: their parser of Markdown takes part in every start.
TAGS     := urfave_cli_no_docs

.PHONY: all build test lint bench fuzz nginx extra release-check snapshot truth

all: build

build:
	CGO_ENABLED=0 go build -trimpath -tags $(TAGS) -ldflags "$(LDFLAGS)" -o wsnginx ./cmd/wsnginx

# The tests that ask a real nginx are skipped where there is none, and fail
# instead with WSNGINX_REQUIRE_NGINX=1.
test: nginx
	go test -timeout 9m ./...

nginx:
	@if PATH="$$PATH:/usr/sbin:/usr/local/sbin" command -v nginx >/dev/null; then exit 0; fi; \
	sudo=; if [ "$$(id -u)" != 0 ]; then sudo="sudo -n"; fi; \
	if command -v apt-get >/dev/null && { [ -z "$$sudo" ] || $$sudo true 2>/dev/null; } && \
	   $$sudo apt-get update -qq && \
	   $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq nginx nginx-extras >/dev/null; then \
	  echo "make: installed nginx for the tests"; \
	else \
	  echo "make: nginx is not installed and could not be; the tests that need it are skipped" >&2; \
	fi

lint:
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "gofmt -l:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go run $(GOLANGCI) run ./...

# wsnginx beside "nginx -t" on the same generated configurations, then the
# packages by themselves.
bench: nginx
	go test -run '^$$' -bench 'Lint|NginxTest|Start|Twice' -benchtime 3x ./cmd/wsnginx
	go test -run '^$$' -bench . -benchmem ./parser ./rules/... ./fixer

fuzz:
	@set -e; for package in $$(go list ./...); do \
	  for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
	    echo "$$package $$target"; \
	    go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package; \
	  done; \
	done

# 20,000 routes of generated configurations, compared with a real nginx
# (docs/truth.md).
truth: nginx
	go test -count 1 -timeout 60m ./cmd/internal/truth -run 'TestTruth|TestMistakes' -v -seeds 5 -routes 20000

# What a package installs besides the program.
extra:
	mkdir -p extra
	go run -ldflags "$(LDFLAGS)" ./cmd/wsnginx man >extra/wsnginx.1
	for shell in bash zsh fish; do go run -ldflags "$(LDFLAGS)" ./cmd/wsnginx completion $$shell >extra/wsnginx.$$shell || exit 1; done

release-check:
	go run $(GORELEASER) check

# What a release would hold, in dist/.
snapshot:
	go run $(GORELEASER) release --snapshot --clean
