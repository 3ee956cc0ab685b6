# tries: to learn about the host from its environment, host name, cgroup and mounts
# ends: exit 0
# ways: warm exec
import json
import os
import re
import sys

told = json.load(sys.stdin)
texts = {"environ": repr(dict(os.environ)), "node": os.uname().nodename, "argv": repr(sys.orig_argv), "path": repr(sys.path)}
for name in ("self/environ", "self/cmdline", "self/cgroup", "self/mounts", "self/mountinfo", "self/mountstats", "mounts", "sys/kernel/hostname", "keys", "self/status"):
    try:
        with open(f"/proc/{name}", errors="replace") as file:
            texts[name] = file.read()
    except OSError:
        pass
# mountinfo tells where on the host the interpreter's own packages are; see docs/explanation/threat-model.md.
texts["self/mountinfo"] = "\n".join(line for line in texts["self/mountinfo"].splitlines() if "site-packages" not in line)
found = [f"{path} in {name}" for name, text in texts.items() for path in told["host_paths"] if path in text]
if texts["node"] == told["host_name"]:
    found.append("host name")
groups = {line.split(":", 2)[2] for line in texts.get("self/cgroup", "").splitlines()}
groups = [group for group in groups if not re.fullmatch(r"/|(/\.\.|/box)?/slot(-[0-9a-f]{8})?", group)]
if groups:
    found.append(groups)
print(f"ESCAPED: {found}" if found else "BLOCKED")
