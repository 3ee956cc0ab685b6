#!/usr/bin/env bash
# The guest's part of run.sh: in_guest.sh "root user" PYTEST ARGUMENTS...
set -uo pipefail
as=$1
shift
[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] || { echo "test-v2: this machine's control groups are not v2 alone" >&2; exit 2; }
dmesg -n 1 # the kernel's out-of-memory reports would run through pytest's output

export TIERLINE_TEST_SLOWNESS=${TIERLINE_TEST_SLOWNESS:-10} PYTHONDONTWRITEBYTECODE=1
tests=(/opt/tierline/bin/python -m pytest -v -p no:cacheprovider -o timeout=1800 --durations=10)

# Each keeps what it writes for itself: the folder here is root's.
as_root() { HOME=/root HYPOTHESIS_STORAGE_DIRECTORY=/tmp/root.hypothesis "${tests[@]}" "$@"; }

# What `systemd-run --user --scope -p Delegate=yes` gives: a group that belongs to the user, with the user's process in it.
as_user() (
  id judge >/dev/null 2>&1 || useradd --create-home judge
  group=/sys/fs/cgroup/judge.scope
  mkdir -p "$group"
  chown judge "$group" "$group"/cgroup.{procs,threads,subtree_control}
  echo "$BASHPID" >"$group/cgroup.procs"
  exec setpriv --reuid judge --regid judge --init-groups env HOME=/home/judge USER=judge HYPOTHESIS_STORAGE_DIRECTORY=/tmp/judge.hypothesis "${tests[@]}" --basetemp=/tmp/judge "$@"
)

# A container with a control group namespace of its own: its root group is not the machine's, and processes sit in it.
as_container() (
  group=/sys/fs/cgroup/container
  mkdir -p "$group"
  echo "$BASHPID" >"$group/cgroup.procs"
  exec unshare --cgroup --mount bash -c 'umount /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"' bash "${tests[@]}" "$@"
)

# The same as an engine makes it for a worker: control groups mounted read-only, and the capabilities of docker-compose.yml.
as_engine() (
  group=/sys/fs/cgroup/engine
  mkdir -p "$group"
  echo "$BASHPID" >"$group/cgroup.procs"
  exec unshare --cgroup --mount bash -c 'umount /sys/fs/cgroup && mount -t cgroup2 -o ro cgroup2 /sys/fs/cgroup && exec setpriv --bounding-set "$@"' \
    bash -all,+sys_admin,+setuid,+setgid,+chown "${tests[@]}" "$@"
)

failed=0
summaries=''
for who in $as; do
  printf '\n=== as %s, %s\n' "$who" "$(uname -r)"
  "as_$who" "$@" 2>&1 | tee "/tmp/$who.log"
  status=${PIPESTATUS[0]}
  [ "$status" = 0 ] || failed=1
  summaries+="as $who (exit $status): $(tail -n 1 "/tmp/$who.log")"$'\n'
done
printf '\n%s' "$summaries"
exit $failed
