#!/bin/sh
# The tests of boxes on the docker wall, by socket and by stream. Arguments go to pytest. The image is built if it is not there;
# without an engine all of them skip and say so.
set -u
cd "$(dirname "$0")/../.."

tests="tests/docker_wall tests/attacks tests/fidelity tests/sandbox/test_box.py tests/sandbox/test_pool.py"
judging="tests/sandbox/test_compiler.py tests/service/test_judging.py tests/service/test_verdicts.py
    tests/service/test_functions.py tests/service/test_checkers.py"

if .venv/bin/python -c 'from tests.walls import why_no_engine; raise SystemExit(bool(why_no_engine()))'; then
    .venv/bin/tierline doctor --build-box-image --wall docker || exit 1
fi
status=0
# shellcheck disable=SC2086
.venv/bin/python -m pytest --wall docker --docker-transport socket $tests $judging "$@" || status=$?
# shellcheck disable=SC2086
.venv/bin/python -m pytest --wall docker --docker-transport stream $tests "$@" || status=$?
exit $status
