# tries: to open whatever devices there are, for memory, disks, consoles, terminals, virtual machines and the network
# ends: exit 0
import os

HARMLESS = {"null", "zero", "full", "random", "urandom", "stdin", "stdout", "stderr", "fd", "shm"}
HARMLESS |= {"tty", "ptmx", "pts", "mqueue"}  # names that a container has; they must not open
achieved = [name for name in os.listdir("/dev") if name not in HARMLESS]
for name in ("mem", "kmem", "port", "kmsg", "sda", "vda", "tty", "console", "tty0", "ptmx", "pts/0", "kvm", "fuse", "net/tun", "vsock", "loop-control", "userfaultfd"):
    try:
        os.open(f"/dev/{name}", os.O_RDWR)
        achieved.append(f"opened {name}")
    except OSError:
        pass
print(f"ESCAPED: {achieved}" if achieved else "BLOCKED")
