/* Starts a confined program by vfork and exec: the fast twin of spawn.py, which works without it.
 *
 * The child shares the runner's memory until exec, so it calls nothing that allocates, locks or changes other threads'
 * state; identity is changed by raw system calls because the C library's wrappers would signal other threads. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

struct limit { int kind; unsigned long value; };

struct request { /* must match _Request in spawn.py */
    const char *path;
    char *const *argv;
    char *const *envp;
    const char *folder;
    void *filter;
    int streams[5]; /* for descriptors 0, 1, 2 and, of a program that its first run compiles, two more */
    int stream_count;
    int attach[8];
    int attach_count;
    struct limit limits[8];
    int limit_count;
    int uid; /* -1: rootless, keep the uid and drop the capabilities */
    int into; /* cgroup v2 folder to be born in, or -1 */
    int failed_step;
    int error;
};

enum { ATTACH = 1, STREAMS, LIMITS, IDENTITY, FOLDER, SECCOMP, EXEC };

static int become(int uid) {
    if (uid >= 0)
        return syscall(SYS_setresgid, uid, uid, uid) || syscall(SYS_setresuid, uid, uid, uid);
    unsigned header[2] = {0x20080522, 0}, none[6] = {0};
    return syscall(SYS_capset, header, none);
}

static int failed(struct request *r, int step) {
    r->error = errno;
    r->failed_step = step;
    return -1;
}

/* What Jail.enter does in Python: groups first (they need the descriptors), the filter last (it forbids the rest). */
int tierline_enter(struct request *r) {
    r->failed_step = 0;
    for (int i = 0; i < r->attach_count; i++)
        if (write(r->attach[i], "0", 1) != 1)
            return failed(r, ATTACH);
    setsid();
    for (int i = 0; i < r->stream_count; i++)
        if (dup2(r->streams[i], i) < 0)
            return failed(r, STREAMS);
    if (syscall(SYS_close_range, (unsigned)r->stream_count, ~0u, 0u) < 0)
        for (int fd = r->stream_count, last = sysconf(_SC_OPEN_MAX); fd < last; fd++)
            close(fd);
    for (int i = 0; i < r->limit_count; i++) {
        struct rlimit value = {r->limits[i].value, r->limits[i].value};
        if (setrlimit(r->limits[i].kind, &value))
            return failed(r, LIMITS);
    }
    if (chdir(r->folder))
        return failed(r, FOLDER);
    if (become(r->uid))
        return failed(r, IDENTITY);
    if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)) /* else /proc/self belongs to somebody else */
        return failed(r, IDENTITY);
    if (prctl(PR_SET_SECCOMP, 2 /* filter */, r->filter, 0, 0))
        return failed(r, SECCOMP);
    return 0;
}

/* clone3 without a stack of the child's own, so it has to happen inside the function whose frame both go on in, as vfork does
 * by special treatment: the child must not return from here. Compiled without a red zone. */
static inline __attribute__((always_inline)) long clone_in_place(struct clone_args *args) {
#if defined(__x86_64__)
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "0"(SYS_clone3), "D"(args), "S"(sizeof *args) : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long number __asm__("x8") = SYS_clone3;
    register long first __asm__("x0") = (long)args;
    register long second __asm__("x1") = sizeof *args;
    __asm__ volatile("svc 0" : "+r"(first) : "r"(number), "r"(second) : "memory");
    return first;
#else
    return -ENOSYS;
#endif
}

int tierline_spawn(struct request *r) {
    struct clone_args args = {.flags = CLONE_VM | CLONE_VFORK | CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = r->into};
    r->failed_step = 0;
    long pid = r->into < 0 ? vfork() : clone_in_place(&args);
    if (pid != 0)
        return pid; /* -1, or -errno from clone3 */
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    if (tierline_enter(r) == 0) {
        execve(r->path, r->argv, r->envp);
        failed(r, EXEC);
    }
    _exit(127);
}

/* fork, but born in a control group. `tid` is where the C library keeps the main thread's id: its own fork sets that too. */
int tierline_fork(int into, void *tid) {
    struct clone_args args = {.flags = CLONE_INTO_CGROUP | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID,
                              .exit_signal = SIGCHLD,
                              .child_tid = (unsigned long)tid,
                              .cgroup = into};
    long pid = syscall(SYS_clone3, &args, sizeof args);
    return pid < 0 ? -errno : pid;
}
