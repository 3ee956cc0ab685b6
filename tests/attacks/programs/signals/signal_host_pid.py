# tries: to signal the judge by the process number it has on the host
# ends: exit 0
import json
import os
import sys

told = json.load(sys.stdin)
achieved = []
for pid in range(told["host_pid"] - 2, told["host_pid"] + 3):
    try:
        if pid > 0 and pid != os.getpid():  # a judge in a container may be process 1
            os.kill(pid, 0)
            achieved.append(pid)
    except OSError:
        pass
print(f"ESCAPED: {achieved}" if achieved else "BLOCKED")
