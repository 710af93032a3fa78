# Parcelward. `make` alone lists the targets. Needed: Go 1.26, make, git; the targets install the rest, tools into .bin.
.DEFAULT_GOAL := help
.PHONY: help demo dev test race lint generate bench build tools setup postgres poppler clean

GOLANGCI_LINT := v2.15.0
SQLC := v1.31.1
WORKFLOWCHECK := v0.6.0
# The Temporal CLI's version stands where `starter dev` and the tests build it too.
TEMPORAL := $(shell sed -n 's/.*temporalVersion *= *"\(.*\)"/\1/p' internal/devstack/temporal.go)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: setup ## install what is missing and play the demo orders on real servers (ONCE=1: end by itself, with a verdict)
	@echo "compiling Parcelward: a minute or two the first time" >&2
	@go run ./starter dev --demo $(if $(ONCE),--once)

dev: setup ## run everything on free local ports: Postgres, Temporal, worker, HTTP, simulators
	@echo "compiling Parcelward: a minute or two the first time" >&2
	@go run ./starter dev

test: setup poppler ## set up what they need and run all tests, unit to end-to-end
	@echo "testing, with the servers that the tests start: several minutes" >&2
	go test -timeout 20m $$(go list ./... | grep -v /e2e)
	@echo "playing whole lives on real servers: about five minutes" >&2
	go test -timeout 20m ./starter/e2e

race: ## run the tests that need no server under the race detector (needs a C compiler)
	CGO_ENABLED=1 go test -race -short -timeout 20m ./...

lint: tools ## check style, layers, determinism of workflows, modules and generated files
	go mod verify
	.bin/sqlc diff -f internal/postgres/sqlc.yaml
	.bin/golangci-lint fmt --diff
	@echo "linting: a minute or two the first time" >&2
	.bin/golangci-lint run
	.bin/workflowcheck -config .workflowcheck.yml ./workflows/...

generate: .bin/.sqlc-$(SQLC) ## write the generated files anew
	.bin/sqlc generate -f internal/postgres/sqlc.yaml

bench: setup ## measure; figures as JSON lines on standard output (ONLY=NAME: one of them)
	@go run ./starter bench $(if $(ONLY),--only $(ONLY))

build: ## compile worker and starter into .bin
	go build -o .bin/ ./worker ./starter

tools: .bin/.golangci-lint-$(GOLANGCI_LINT) .bin/.sqlc-$(SQLC) .bin/.workflowcheck-$(WORKFLOWCHECK) ## install the development tools into .bin

# What running needs: Postgres, and the Temporal CLI unless PATH has one.
setup: postgres $(if $(shell command -v temporal 2>/dev/null),,.bin/.temporal-$(TEMPORAL))

postgres:
	@sh scripts/install-postgres.sh

# What only tests need: to read and render the pages of evidence packs.
poppler:
	@sh scripts/install-poppler.sh

clean: ## remove the data of `make dev`
	rm -rf .dev

# $(call tool,name,version,package,how long): installs a tool when its stamp, whose name holds the version, is missing.
define tool
.bin/.$(1)-$(2):
	@echo "building $(1) $(2) into .bin, once: about $(4) on 2 cores" >&2
	@mkdir -p .bin && rm -f .bin/.$(1)-*
	@GOBIN="$$(CURDIR)/.bin" GOFLAGS= CGO_ENABLED=0 go install $(3)@$(2)
	@touch $$@
endef
$(eval $(call tool,golangci-lint,$(GOLANGCI_LINT),github.com/golangci/golangci-lint/v2/cmd/golangci-lint,3 minutes))
$(eval $(call tool,sqlc,$(SQLC),github.com/sqlc-dev/sqlc/cmd/sqlc,2 minutes))
$(eval $(call tool,workflowcheck,$(WORKFLOWCHECK),go.temporal.io/sdk/contrib/tools/workflowcheck,half a minute))
$(eval $(call tool,temporal,$(TEMPORAL),github.com/temporalio/cli/cmd/temporal,3 minutes))
