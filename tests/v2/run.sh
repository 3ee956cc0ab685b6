#!/usr/bin/env bash
# The tests that depend on control groups, on a machine whose hierarchy is v2 alone: as root, then as an ordinary user with a
# delegated group of its own. The machine is an emulated guest, about ten times slower than this one.
#
#   tests/v2/run.sh [PYTEST ARGUMENTS...]      without arguments: the sandbox, attack and verdict tests of what boxes do
#   V2_AS="root user"                          as whom; also `container`: root in a control group namespace, and `engine`:
#                              that with a worker's capabilities alone and control groups mounted read-only
#   V2_GUEST=path/to/v2-guest.sh               what boots the guest: runs its arguments there, this folder being /src
#   V2_GUEST_SECONDS=5400                      longest life of the guest
#
# Exit status: 0 all passed, 1 some failed, 2 there is no guest, 124 the guest did not finish.
set -euo pipefail
cd "$(dirname "$0")/../.."

guest=${V2_GUEST:-../shared/tools/v2-guest.sh}
as=${V2_AS:-root user}
export V2_GUEST_SECONDS=${V2_GUEST_SECONDS:-5400}

lack() { echo "test-v2: $1" >&2; exit 2; }
[ -x "$guest" ] || lack "no guest: $guest is not there. Set V2_GUEST to a command that boots a pure cgroup v2 machine and runs its
arguments there; or run the tests on such a machine: pytest tests/sandbox tests/attacks tests/service/test_verdicts.py"
[ "$(id -u)" = 0 ] || lack "building the guest's disk needs root"
python=.venv/bin/python
[ -x "$python" ] || python=python3
"$python" -c 'import tomllib' 2>/dev/null || lack "Python 3.11 or later is needed: run make setup-dev"
guest=$(realpath "$guest")

# Compilers are left out: no control group changes what they do, and emulation takes an hour for their headers.
if [ $# -eq 0 ]; then
  set -- tests/sandbox tests/attacks tests/service/test_verdicts.py -k "not cpp and not compiled and not java and not exec" \
    --ignore tests/sandbox/test_compiler.py --ignore tests/sandbox/test_languages.py --ignore tests/attacks/test_compile_attacks.py
fi

# The guest installs this again when its text changes.
mapfile -t needed < <("$python" tests/v2/needs.py)
[ ${#needed[@]} -gt 0 ] || lack "pyproject.toml could not be read"
pins=''
[ -f constraints.txt ] && pins="-c /src/constraints.txt" && mark=$(sha256sum <constraints.txt)
setup="unset PIP_FIND_LINKS; : ${mark:-}; python3 -m venv /opt/tierline && /opt/tierline/bin/pip install -q $pins $(printf '%q ' "${needed[@]}")"

exec 9>"${TMPDIR:-/tmp}/tierline-test-v2.lock" # two builds of the guest's disk at once would mix
flock --nonblock 9 || { echo "test-v2: waiting for another run to end" >&2; flock 9; }
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
chmod 755 "$copy"
tar -c --exclude-vcs --exclude='.*_cache' --exclude=./.venv --exclude=./.hypothesis --exclude=__pycache__ --exclude=./bench/out . |
  tar -x -C "$copy" --no-same-owner
cd "$copy"
status=0
"$guest" --setup "$setup" -- bash tests/v2/in_guest.sh "$as" "$@" || status=$?
[ $status -ne 124 ] || echo "test-v2: give it more time with V2_GUEST_SECONDS" >&2
exit $status
