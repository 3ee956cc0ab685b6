"""The system calls a program may make, as a seccomp filter.

`program_filter()` assembles a classic BPF program: an allow-list found by a balanced search, so that it is quick to install
(once per run) and to pass. What is in no list is answered ENOSYS, as an old kernel would, and runtimes fall back; what is
known to be dangerous is refused with EPERM, so that it can be told apart. Calls of another architecture (32-bit, x32) kill
the process. A few calls depend on their arguments; only scalars can be examined, never what a pointer leads to.

Standard library only and no imports of ours but the error's, and that lazily: a box's runner may load this file alone.
The caller sets no_new_privs and installs the filter last. Where the kernel knows it, SECCOMP_FILTER_FLAG_SPEC_ALLOW spares
programs the slower memory reads that kernels before 5.16 otherwise impose on filtered processes.

Not covered: which files can be opened (mounts and uid), which processes can be signalled (pid namespace), how much of
anything can be had (cgroups and rlimits), and bugs in the calls that are allowed.
"""

import errno
import platform
import struct
from collections.abc import Iterable
from dataclasses import dataclass

_ALLOW = 0x7FFF0000
_KILL_PROCESS = 0x80000000
_ERRNO = 0x00050000

_NUMBER_OFFSET, _ARCHITECTURE_OFFSET, _ARGUMENTS_OFFSET = 0, 4, 16  # in struct seccomp_data, little-endian
_LOAD, _RETURN = 0x20, 0x06
_IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT = 0x15, 0x35, 0x45
_X32_BIT = 0x40000000
_FARTHEST = 255  # a conditional jump's offset is one byte
_NEAR = 160  # how far back an action may be for a leaf to share it; the comparisons in between need the rest


@dataclass(frozen=True, slots=True)
class Instruction:
    """One struct sock_filter."""

    code: int
    value: int
    if_true: int = 0
    if_false: int = 0

    def pack(self) -> bytes:
        return struct.pack("<HBBI", self.code, self.if_true, self.if_false, self.value)


Code = list[Instruction]


def _numbers(table: str) -> dict[str, tuple[int, int]]:
    """Name -> (number on x86_64, number on aarch64), -1 where there is none."""
    words = table.replace("-", "-1").split()
    return {words[i]: (int(words[i + 1]), int(words[i + 2])) for i in range(0, len(words), 3)}


ALLOWED = _numbers("""
    read 0 63  write 1 64  open 2 -  close 3 57  stat 4 -  fstat 5 80  lstat 6 -  poll 7 -  lseek 8 62  pread64 17 67
    pwrite64 18 68  readv 19 65  writev 20 66  preadv 295 69  pwritev 296 70  preadv2 327 286  pwritev2 328 287  access 21 -
    faccessat 269 48  faccessat2 439 439  pipe 22 -  pipe2 293 59  select 23 -  pselect6 270 72  ppoll 271 73  dup 32 23
    dup2 33 -  dup3 292 24  sendfile 40 71  splice 275 76  tee 276 77  copy_file_range 326 285  fcntl 72 25  flock 73 32
    fsync 74 82  fdatasync 75 83  sync_file_range 277 84  truncate 76 45  ftruncate 77 46  fallocate 285 47  getdents 78 -
    getdents64 217 61  getcwd 79 17  chdir 80 49  fchdir 81 50  rename 82 -  renameat 264 38  renameat2 316 276  mkdir 83 -
    mkdirat 258 34  rmdir 84 -  creat 85 -  link 86 -  linkat 265 37  unlink 87 -  unlinkat 263 35  symlink 88 -
    symlinkat 266 36  readlink 89 -  readlinkat 267 78  chmod 90 -  fchmod 91 52  fchmodat 268 53  fchmodat2 452 452
    chown 92 -  fchown 93 55  lchown 94 -  fchownat 260 54  umask 95 166  utime 132 -  utimes 235 -  futimesat 261 -
    utimensat 280 88  mknod 133 -  mknodat 259 33  openat 257 56  openat2 437 437  newfstatat 262 79  statx 332 291
    statfs 137 43  fstatfs 138 44  getxattr 191 8  lgetxattr 192 9  fgetxattr 193 10  listxattr 194 11  llistxattr 195 12
    flistxattr 196 13  close_range 436 436
    mprotect 10 226  munmap 11 215  brk 12 214  mremap 25 216  msync 26 227  mincore 27 232  mlock 149 228  mlock2 325 284
    munlock 150 229  mlockall 151 230  munlockall 152 231  pkey_mprotect 329 288  pkey_alloc 330 289  pkey_free 331 290
    mseal 462 462  membarrier 324 283
    fork 57 -  vfork 58 -  execve 59 221  execveat 322 281  exit 60 93  exit_group 231 94  wait4 61 260  waitid 247 95
    getpid 39 172  getppid 110 173  gettid 186 178  getpgid 121 155  getpgrp 111 -  setpgid 109 154  getsid 124 156
    setsid 112 157  getuid 102 174  geteuid 107 175  getgid 104 176  getegid 108 177  getresuid 118 148  getresgid 120 150
    getgroups 115 158  capget 125 90  kill 62 129  tkill 200 130  tgkill 234 131  rt_sigqueueinfo 129 138
    rt_tgsigqueueinfo 297 240  pidfd_open 434 434  pidfd_send_signal 424 424  set_tid_address 218 96  arch_prctl 158 -
    getrlimit 97 163  setrlimit 160 164  getrusage 98 165  getpriority 140 141  ioprio_get 252 31
    rt_sigaction 13 134  rt_sigprocmask 14 135  rt_sigreturn 15 139  rt_sigpending 127 136  rt_sigtimedwait 128 137
    rt_sigsuspend 130 133  sigaltstack 131 132  pause 34 -  futex 202 98  futex_waitv 449 449  set_robust_list 273 99
    get_robust_list 274 100  rseq 334 293  restart_syscall 219 128  sched_yield 24 124  sched_getaffinity 204 123
    sched_getparam 143 121  sched_getscheduler 145 120  sched_getattr 315 275  sched_get_priority_max 146 125
    sched_get_priority_min 147 126  sched_rr_get_interval 148 127  getcpu 309 168
    nanosleep 35 101  clock_nanosleep 230 115  clock_gettime 228 113  clock_getres 229 114  gettimeofday 96 169  time 201 -
    times 100 153  alarm 37 -  getitimer 36 102  setitimer 38 103  timer_create 222 107  timer_settime 223 110
    timer_gettime 224 108  timer_getoverrun 225 109  timer_delete 226 111  timerfd_create 283 85  timerfd_settime 286 86
    timerfd_gettime 287 87
    epoll_create 213 -  epoll_create1 291 20  epoll_ctl 233 21  epoll_wait 232 -  epoll_pwait 281 22  epoll_pwait2 441 441
    eventfd 284 -  eventfd2 290 19  signalfd 282 -  signalfd4 289 74  inotify_init 253 -  inotify_init1 294 26
    inotify_add_watch 254 27  inotify_rm_watch 255 28
    getsockname 51 204  getpeername 52 205  getsockopt 55 209  shutdown 48 210
    uname 63 160  sysinfo 99 179  getrandom 318 278
""")
IGNORED = _numbers("""
    sync 162 81  syncfs 306 267  fadvise64 221 223  readahead 187 213
""")
REFUSED = _numbers("""
    ptrace 101 117  process_vm_readv 310 270  process_vm_writev 311 271  process_madvise 440 440  process_mrelease 448 448
    kcmp 312 272  pidfd_getfd 438 438  perf_event_open 298 241
    unshare 272 97  setns 308 268  chroot 161 51  pivot_root 155 41  mount 165 40  umount2 166 39  mount_setattr 442 442
    move_mount 429 429  open_tree 428 428  fsopen 430 430  fsconfig 431 431  fsmount 432 432  fspick 433 433
    socket 41 198  connect 42 203  bind 49 200  listen 50 201  accept 43 202  accept4 288 242
    bpf 321 280  io_uring_setup 425 425  io_uring_enter 426 426  io_uring_register 427 427  userfaultfd 323 282
    memfd_secret 447 447  keyctl 250 219  add_key 248 217  request_key 249 218  seccomp 317 277  init_module 175 105
    finit_module 313 273  delete_module 176 106  kexec_load 246 104  kexec_file_load 320 294  reboot 169 142  swapon 167 224
    swapoff 168 225  quotactl 179 60  quotactl_fd 443 443  acct 163 89  syslog 103 116  vhangup 153 58  nfsservctl 180 42
    lookup_dcookie 212 18  fanotify_init 300 262  fanotify_mark 301 263  name_to_handle_at 303 264  open_by_handle_at 304 265
    iopl 172 -  ioperm 173 -  modify_ldt 154 -  sethostname 170 161  setdomainname 171 162
    settimeofday 164 170  clock_settime 227 112  adjtimex 159 171  clock_adjtime 305 266
    sched_setaffinity 203 122  sched_setscheduler 144 119  sched_setparam 142 118  sched_setattr 314 274  setpriority 141 140
    ioprio_set 251 30  mbind 237 235  set_mempolicy 238 237  set_mempolicy_home_node 450 450  get_mempolicy 239 236
    migrate_pages 256 238  move_pages 279 239
    setuid 105 146  setgid 106 144  setreuid 113 145  setregid 114 143  setresuid 117 147  setresgid 119 149  setfsuid 122 151
    setfsgid 123 152  setgroups 116 159  capset 126 91
    setxattr 188 5  lsetxattr 189 6  fsetxattr 190 7  removexattr 197 14  lremovexattr 198 15  fremovexattr 199 16
""")
CHECKED = _numbers("""
    clone 56 220  mmap 9 222  madvise 28 233  memfd_create 319 279  ioctl 16 29  prctl 157 167  prlimit64 302 261
    personality 135 92  socketpair 53 199  setsockopt 54 208  sendto 44 206  sendmsg 46 211  sendmmsg 307 269  recvfrom 45 207
    recvmsg 47 212  recvmmsg 299 243
""")


def _give(action: int) -> Code:
    return [Instruction(_RETURN, action)]


def _refuse(error: int) -> Code:
    return _give(_ERRNO | error)


def _argument(index: int) -> Instruction:
    """Load the low half of an argument; the kernel reads no more than that of those checked here."""
    return Instruction(_LOAD, _ARGUMENTS_OFFSET + 8 * index)


def _only(index: int, values: tuple[int, ...], error: int = errno.EPERM) -> Code:
    """Allow if the argument is one of `values`."""
    tests = [Instruction(_IF_EQUAL, value, if_true=len(values) - i) for i, value in enumerate(values)]
    return [_argument(index), *tests, *_refuse(error), *_give(_ALLOW)]


def _not(index: int, values: tuple[int, ...], error: int = errno.EPERM) -> Code:
    """Refuse if the argument is one of `values`."""
    tests = [Instruction(_IF_EQUAL, value, if_true=len(values) - i) for i, value in enumerate(values)]
    return [_argument(index), *tests, *_give(_ALLOW), *_refuse(error)]


def _without(index: int, bits: int, error: int = errno.EPERM) -> Code:
    """Refuse if any of `bits` is set in the argument."""
    return [_argument(index), Instruction(_IF_ANY_BIT, bits, if_true=1), *_give(_ALLOW), *_refuse(error)]


_AF_UNIX = 1
_MSG_OOB = 0x1  # out-of-band data on AF_UNIX: rarely used, often broken (CVE-2025-38236)
_MAP_HUGETLB = 0x40000  # the host's huge pages are not charged to the memory cgroup
_MFD_HUGETLB = 0x4
_MADV_MERGEABLE = 12  # merging equal pages tells a program what others hold
_SO_ATTACH = (26, 50, 51, 52)  # SO_ATTACH_FILTER, _BPF, _REUSEPORT_CBPF, _REUSEPORT_EBPF
_CLONE_REFUSED = 0x7E020000 | 0x8000 | 0x2000  # every CLONE_NEW*; CLONE_PARENT: children of the runner's; CLONE_PTRACE
_PERSONALITY_QUERY = 0xFFFFFFFF
_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5451, 0x5450, 0x802C542A, 0x5402, 0x5403, 0x5404, 0x540F, 0x5429, 0x5411, 0x40049409)
"""TCGETS (isatty), TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, TCGETS2, TCSETS, TCSETSW, TCSETSF, TIOCGPGRP, TIOCGSID,
TIOCOUTQ, FICLONE (cp). Not TIOCSTI and TIOCLINUX, which type into a terminal."""
_PRCTLS = (15, 16, 0x53564D41, 1, 2, 3, 4, 7, 21, 23, 27, 29, 30, 37, 38, 39, 40, 41, 42, 51, 52, 54, 55, 56, 0x41555856)
"""SET_NAME, GET_NAME, SET_VMA (names of mappings), SET_PDEATHSIG, GET_PDEATHSIG, GET_DUMPABLE, SET_DUMPABLE, GET_KEEPCAPS,
GET_SECCOMP, CAPBSET_READ, GET_SECUREBITS, SET_TIMERSLACK, GET_TIMERSLACK, GET_CHILD_SUBREAPER, SET_NO_NEW_PRIVS,
GET_NO_NEW_PRIVS, GET_TID_ADDRESS, SET_THP_DISABLE, GET_THP_DISABLE, SVE_GET_VL, GET_SPECULATION_CTRL, PAC_RESET_KEYS,
SET_TAGGED_ADDR_CTRL, GET_TAGGED_ADDR_CTRL, GET_AUXV."""

_CHECKS: dict[str, Code] = {
    "clone": _without(0, _CLONE_REFUSED),
    "ioctl": _only(1, _IOCTLS, errno.ENOTTY),
    "madvise": _not(2, (_MADV_MERGEABLE,), errno.EINVAL),
    "memfd_create": _without(1, _MFD_HUGETLB),
    "mmap": _without(3, _MAP_HUGETLB, errno.ENOMEM),
    "personality": _only(0, (_PERSONALITY_QUERY,)),
    "prctl": _only(0, _PRCTLS),
    "prlimit64": _only(0, (0,)),
    "recvfrom": _without(3, _MSG_OOB),
    "recvmmsg": _without(3, _MSG_OOB),
    "recvmsg": _without(2, _MSG_OOB),
    "sendmmsg": _without(3, _MSG_OOB),
    "sendmsg": _without(2, _MSG_OOB),
    "sendto": _without(3, _MSG_OOB),
    "setsockopt": _not(2, _SO_ATTACH),
    "socketpair": _only(0, (_AF_UNIX,)),
}


@dataclass(frozen=True, slots=True)
class Architecture:
    """What differs between processors."""

    audit: int
    """AUDIT_ARCH_*, as the kernel reports it to a filter."""
    column: int
    """Of the tables above."""
    x32: bool = False
    """Whether a second calling convention shares the architecture's number."""


_ARCHITECTURES = {"x86_64": Architecture(0xC000003E, 0, x32=True), "aarch64": Architecture(0xC00000B7, 1)}


def program_filter(machine: str | None = None) -> bytes:
    """The filter for programs on `machine` (default: this one), packed as an array of struct sock_filter.

    Raises WallUnavailable for processors that have no table here.
    """
    machine = machine or platform.machine()
    if machine not in _ARCHITECTURES:
        from sandbox.errors import WallUnavailable

        known = " and ".join(_ARCHITECTURES)
        raise WallUnavailable(f"no system call filter for {machine} processors: run the judge on {known}")
    return b"".join(instruction.pack() for instruction in assemble(_ARCHITECTURES[machine]))


def assemble(architecture: Architecture) -> Code:
    """Check the architecture, then search the number."""
    code = [
        Instruction(_LOAD, _ARCHITECTURE_OFFSET),
        Instruction(_IF_EQUAL, architecture.audit, if_true=1),
        *_give(_KILL_PROCESS),
        Instruction(_LOAD, _NUMBER_OFFSET),
    ]
    if architecture.x32:
        code += [Instruction(_IF_AT_LEAST, _X32_BIT, if_false=1), *_give(_KILL_PROCESS)]
    return code + Search(_ranges(architecture.column)).code


def _ranges(column: int) -> list[tuple[int, Code]]:
    """(first number, what to do from there on), rising; neighbours that do the same are one range."""
    actions: dict[int, Code] = {}
    for table, code in ((ALLOWED, _give(_ALLOW)), (IGNORED, _refuse(0)), (REFUSED, _refuse(errno.EPERM))):
        actions.update(_by_number(table.values(), column, code))
    for name, numbers in CHECKED.items():
        actions[numbers[column]] = _CHECKS[name]
    actions.pop(-1, None)

    ranges: list[tuple[int, Code]] = []
    for number in range(max(actions) + 2):
        code = actions.get(number, _refuse(errno.ENOSYS))
        if not ranges or ranges[-1][1] != code:
            ranges.append((number, code))
    return ranges


def _by_number(table: Iterable[tuple[int, int]], column: int, code: Code) -> dict[int, Code]:
    return {numbers[column]: code for numbers in table}


class Search:
    """A balanced tree of comparisons with the number, which is in the accumulator.

    Laid out from its end, since jumps only go forward: so what several ranges do is written once, as long as a jump reaches it.
    """

    def __init__(self, ranges: list[tuple[int, Code]]) -> None:
        self._backwards: Code = []
        self._written: dict[tuple[Instruction, ...], int] = {}
        self._place(ranges)
        self.code = self._backwards[::-1]

    def _place(self, ranges: list[tuple[int, Code]]) -> int:
        """Write the search of `ranges`; gives the place of its first instruction, counted from the end."""
        if len(ranges) == 1:
            return self._leaf(ranges[0][1])
        middle = len(ranges) // 2
        high, low = self._place(ranges[middle:]), self._place(ranges[:middle])
        here = len(self._backwards)
        self._backwards.append(Instruction(_IF_AT_LEAST, ranges[middle][0], self._jump(here, high), self._jump(here, low)))
        return here

    def _leaf(self, code: Code) -> int:
        written = self._written.get(tuple(code))
        if written is None or len(self._backwards) - written > _NEAR:
            self._backwards += reversed(code)
            written = self._written[tuple(code)] = len(self._backwards) - 1
        return written

    def _jump(self, here: int, there: int) -> int:
        distance = here - there - 1
        if distance > _FARTHEST:
            raise AssertionError(f"a jump over {distance} instructions: split the tables")
        return distance
