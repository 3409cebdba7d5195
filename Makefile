# Kizuki. `make` alone lists what it can do.

GO      ?= go
TEMPL   ?= $(GO) run github.com/a-h/templ/cmd/templ@v0.3.977
DATA    ?= ./data
ADDR    ?= 127.0.0.1:8080
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

.DEFAULT_GOAL := help
.PHONY: help run build assets generate fmt test test-go test-web e2e race fuzz bench clean

help: ## show this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build, fill a demo workspace, serve it at http://127.0.0.1:8080
	bin/kizuki demo --addr $(ADDR) --data $(DATA)/demo

build: assets ## build bin/kizuki
	$(GO) build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/kizuki ./cmd/kizuki

assets: node_modules/.stamp ## bundle css and scripts into the binary's folder
	npm run --silent build

node_modules/.stamp: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

generate: ## write the Go files of the templ files
	$(TEMPL) generate -path internal

fmt: ## format Go and templ files
	gofmt -w cmd internal bench
	$(TEMPL) fmt internal

test: assets test-go test-web e2e ## everything that must be green before a stop

test-go: ## Go tests on SQLite and PostgreSQL
	$(GO) vet ./...
	$(GO) test -skip '^TestOthersGetThrough$$' ./...
	$(GO) test -p 1 -run '^TestOthersGetThrough$$' ./internal/intake ./internal/bulk # have a clock: by themselves

test-web: node_modules/.stamp ## types of the scripts
	npm run --silent check

e2e: build ## the main journeys in a real browser
	npm run --silent e2e

race: ## Go tests with the race detector
	$(GO) test -race ./...

fuzz: ## each fuzz target for half a minute
	@for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p 2>/dev/null | grep '^Fuzz'); do \
	    echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime 30s $$p || exit 1; done; done

bench: ## the figures we claim, as ratios measured in one run (some 20 minutes)
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 90m ./bench ./internal/contract

clean: ## remove what was built (never your data)
	rm -rf bin internal/web/assets/dist/*.css internal/web/assets/dist/*.js
