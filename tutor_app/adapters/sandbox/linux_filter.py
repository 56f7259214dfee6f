"""The filter of system calls of a confined process on Linux: a list of what is allowed, as a BPF program.

The kernel is the judge (``seccomp(2)``); whatever the list does not name fails with ``EPERM``.
"""

from __future__ import annotations

import ctypes
import errno
import struct
from collections.abc import Callable, Iterable
from typing import Final

from tutor_app.adapters.sandbox.linux_calls import MACHINE, number_of, syscall

# --- seccomp: <linux/seccomp.h>, <linux/filter.h>, <linux/audit.h>
SECCOMP_SET_MODE_FILTER: Final = 1
SECCOMP_FILTER_FLAG_NEW_LISTENER: Final = 8
SECCOMP_RET_KILL_PROCESS: Final = 0x80000000
SECCOMP_RET_USER_NOTIF: Final = 0x7FC00000
SECCOMP_RET_ERRNO: Final = 0x00050000
SECCOMP_RET_ALLOW: Final = 0x7FFF0000
BPF_LD_W_ABS, BPF_JEQ, BPF_JGE, BPF_JSET, BPF_RET = 0x20, 0x15, 0x35, 0x45, 0x06
AUDIT_ARCH: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32_SYSCALL_BIT: Final = 0x40000000

# --- arguments that are looked at
# What pthread_create asks for: everything shared. A thread with descriptors of its own would escape their count.
CLONE_OF_A_THREAD: Final = 0x003D0F00  # VM FS FILES SIGHAND THREAD SYSVSEM SETTLS PARENT_SETTID CHILD_CLEARTID
CLONE_DETACHED: Final = 0x00400000  # without effect, and set by musl

# Calls that need no look at their arguments. Whatever touches the metadata of files (chmod, chown, utimes,
# xattrs), links, devices, other processes, sockets with addresses, shared or anonymous memory files, kernel
# keys, tracing, namespaces or privileges is absent, and thereby refused.
_PLAIN: Final = (  # noqa: SIM905 - one name a line would hide the list
    "read write close fstat poll lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn "
    "pread64 pwrite64 readv writev pipe select sched_yield mremap msync madvise dup dup2 pause "
    "nanosleep getitimer alarm setitimer getpid shutdown getsockname getpeername "
    "getsockopt exit wait4 flock fsync fdatasync ftruncate getdents getcwd fchdir gettimeofday "
    "getrlimit getrusage sysinfo times getuid getgid geteuid getegid getppid getpgrp getgroups getresuid "
    "getresgid capget rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack fstatfs "
    "sched_get_priority_max sched_get_priority_min gettid time futex epoll_create getdents64 "
    "set_tid_address restart_syscall fadvise64 clock_gettime clock_getres clock_nanosleep exit_group "
    "epoll_wait epoll_ctl waitid pselect6 ppoll set_robust_list epoll_pwait timerfd_create "
    "timerfd_settime timerfd_gettime eventfd2 epoll_create1 dup3 pipe2 preadv pwritev getcpu getrandom "
    "membarrier copy_file_range rseq close_range epoll_pwait2 futex_waitv"
).split()

# Calls that take a path, decided by Landlock and the mount namespace, or by the supervisor where there is one.
_PATHS: Final = (  # noqa: SIM905 - one name a line would hide the list
    "open openat stat lstat newfstatat statx access faccessat faccessat2 readlink readlinkat chdir mkdir "
    "mkdirat rmdir unlink unlinkat rename renameat renameat2"
).split()

# What libc does another way when it is told so, but not when it is refused. An fallocate could take a whole disk
# within one call, for no limit of the process counts what is reserved beyond a file's end.
_ABSENT: Final = {
    "clone3": errno.ENOSYS,
    "openat2": errno.ENOSYS,
    "fchmodat2": errno.ENOSYS,
    "fallocate": errno.EOPNOTSUPP,
}

_FCNTL: Final = (0, 1, 2, 3, 4, 5, 6, 7, 1030, 36, 37, 38)  # dup, flags, locks; no owner, signal, lease, pipe size
_IOCTL: Final = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # TCGETS TIOCGWINSZ FIONREAD FIONBIO FIO[N]CLEX
O_PATH: Final = 0o10000000
AF_UNIX, SOCK_STREAM, MSG_OOB = 1, 1, 1
PR_SET_NAME, PR_GET_NAME = 15, 16
_REFUSE: Final = SECCOMP_RET_ERRNO | errno.EPERM


class _Program:
    """A classic BPF program over ``struct seccomp_data``, written top to bottom."""

    def __init__(self) -> None:
        self.code: list[tuple[int, int, int, int]] = []

    def load(self, offset: int) -> None:
        self.code.append((BPF_LD_W_ABS, 0, 0, offset))

    def test(self, op: int, value: int, jt: int, jf: int) -> None:
        self.code.append((op, jt, jf, value & 0xFFFFFFFF))

    def ret(self, action: int) -> None:
        self.code.append((BPF_RET, 0, 0, action))

    def rule(self, name: str, body: Callable[[], None]) -> None:
        """Run ``body``, which must end in returns on every path, for one system call."""
        number = number_of(name)
        if number < 0:
            return
        at = len(self.code)
        self.test(BPF_JEQ, number, 0, 0)
        body()
        op, jt, _, value = self.code[at]
        self.code[at] = (op, jt, len(self.code) - at - 1, value)

    def allow(self) -> None:
        """Allow the call."""
        self.ret(SECCOMP_RET_ALLOW)

    def one_of(self, index: int, values: Iterable[int]) -> Callable[[], None]:
        """A body that allows the call if an argument is one of some values."""

        def body() -> None:
            self.load(_arg(index))
            for value in values:
                self.test(BPF_JEQ, value, 0, 1)
                self.ret(SECCOMP_RET_ALLOW)
            self.ret(_REFUSE)

        return body

    def null(self, index: int, then: Callable[[], None]) -> Callable[[], None]:
        """A body that refuses the call unless an argument is a null pointer."""

        def body() -> None:
            for offset in (_arg(index), _arg(index) + 4):
                self.load(offset)
                self.test(BPF_JEQ, 0, 1, 0)
                self.ret(_REFUSE)
            then()

        return body

    def bits(self, index: int, mask: int, *, if_set: int, if_clear: int) -> Callable[[], None]:
        """A body that decides by bits of an argument."""

        def body() -> None:
            self.load(_arg(index))
            self.test(BPF_JSET, mask, 0, 1)
            self.ret(if_set)
            self.ret(if_clear)

        return body

    def stream_pair(self) -> None:
        """Allow a socket pair if it is a stream."""
        # A stream pair is how asyncio wakes its loop; a datagram pair could be sent to other addresses.
        self.load(_arg(0))
        self.test(BPF_JEQ, AF_UNIX, 1, 0)
        self.ret(_REFUSE)
        self.load(_arg(1))
        for flags in (0, 0o4000, 0o2000000, 0o2004000):  # SOCK_NONBLOCK, SOCK_CLOEXEC
            self.test(BPF_JEQ, SOCK_STREAM | flags, 0, 1)
            self.ret(SECCOMP_RET_ALLOW)
        self.ret(_REFUSE)

    def packed(self) -> bytes:
        return b"".join(struct.pack("HBBI", *line) for line in self.code)


def _arg(index: int) -> int:
    """Offset of the low word of an argument (both architectures are little endian)."""
    return 16 + 8 * index


def build_filter(pid: int, *, supervise: bool) -> bytes:
    """The system-call filter of the process ``pid``, as an array of ``struct sock_filter``.

    Args:
        pid: The process itself; signals are allowed to it alone.
        supervise: Whether calls that take a path are referred to a supervisor.
    """
    p = _Program()
    p.load(4)
    p.test(BPF_JEQ, AUDIT_ARCH[MACHINE], 1, 0)
    p.ret(SECCOMP_RET_KILL_PROCESS)
    p.load(0)
    p.test(BPF_JGE, X32_SYSCALL_BIT, 0, 1)
    p.ret(SECCOMP_RET_KILL_PROCESS)
    for name in _PLAIN:
        p.rule(name, p.allow)
    path = SECCOMP_RET_USER_NOTIF if supervise else SECCOMP_RET_ALLOW
    for name in _PATHS:
        # Landlock does not judge O_PATH, which would tell whether a file exists and open ways around it.
        if name in ("open", "openat"):
            p.rule(name, p.bits(1 if name == "open" else 2, O_PATH, if_set=_REFUSE, if_clear=path))
        else:
            p.rule(name, lambda: p.ret(path))
    for name, code in _ABSENT.items():
        p.rule(name, lambda code=code: p.ret(SECCOMP_RET_ERRNO | code))  # type: ignore[misc]
    p.rule("clone", p.one_of(0, (CLONE_OF_A_THREAD, CLONE_OF_A_THREAD | CLONE_DETACHED)))
    p.rule("kill", p.one_of(0, (pid,)))
    p.rule("tgkill", p.one_of(0, (pid,)))
    p.rule("sched_getaffinity", p.one_of(0, (0, pid)))
    p.rule("prlimit64", p.null(2, p.one_of(0, (0, pid))))
    p.rule("fcntl", p.one_of(1, _FCNTL))
    p.rule("ioctl", p.one_of(1, _IOCTL))
    p.rule("prctl", p.one_of(0, (PR_SET_NAME, PR_GET_NAME)))
    p.rule("sendto", p.null(4, p.bits(3, MSG_OOB, if_set=_REFUSE, if_clear=SECCOMP_RET_ALLOW)))
    p.rule("recvfrom", p.bits(3, MSG_OOB, if_set=_REFUSE, if_clear=SECCOMP_RET_ALLOW))
    p.rule("socketpair", p.stream_pair)
    p.ret(_REFUSE)
    return p.packed()


def filter_calls(pid: int, supervise: bool) -> int:
    """Install the filter; returns the listener's descriptor, or -1."""
    code = build_filter(pid, supervise=supervise)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))  # struct sock_fprog
    if supervise:
        return syscall("seccomp", SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, program)
    syscall("seccomp", SECCOMP_SET_MODE_FILTER, 0, program)
    return -1
