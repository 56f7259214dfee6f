"""Confinement of the calling process by the Linux kernel: namespaces, rlimits, capabilities, Landlock, seccomp.

A thin ctypes layer that uses the kernel's own names, so that each line can be checked against the manual pages
(``landlock(7)``, ``seccomp(2)``, ``user_namespaces(7)``, ``mount_setattr(2)``). No root is needed. It is applied
by a process to itself, once, before a byte of untrusted code is seen; it cannot be undone.

Several independent walls, so that one missing does not open the box:

* a system-call filter that *lists what is allowed* (everything else fails with ``EPERM``): no sockets, no new
  processes, no signals to others, no change of file metadata, none of the exotic kernel interfaces;
* Landlock: files can be read below the interpreter's and the libraries' folders and written in the scratch
  folder only;
* namespaces where they are allowed: a file tree that holds nothing else, an empty network, a sized scratch;
* where the file tree cannot be replaced, the few calls that take a path can be referred to a supervisor
  (``SECCOMP_RET_USER_NOTIF``, see :mod:`tutor_app.adapters.sandbox.confine_notify`), so that even the existence of a
  private file stays unknown and the number of files is bounded.

It refuses to inspect source code, and to guess: :func:`verify` tries forbidden things and reports what held. It is one
long file because the walls are put up in one order, each relying on those before it, and are checked as a whole.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import socket
import stat
import struct
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

_libc: Final = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

# --- namespaces and mounts: <linux/sched.h>, <sys/mount.h>, <linux/mount.h>
CLONE_NEWNS: Final = 0x00020000
CLONE_NEWUTS: Final = 0x04000000
CLONE_NEWIPC: Final = 0x08000000
CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWNET: Final = 0x40000000
# What pthread_create asks for: everything shared. A thread with descriptors of its own would escape their count.
CLONE_OF_A_THREAD: Final = 0x003D0F00  # VM FS FILES SIGHAND THREAD SYSVSEM SETTLS PARENT_SETTID CHILD_CLEARTID
CLONE_DETACHED: Final = 0x00400000  # without effect, and set by musl
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = (
    1,
    2,
    4,
    8,
    32,
    4096,
    16384,
    1 << 18,
)
MNT_DETACH: Final = 2
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV = 1, 2, 4
AT_FDCWD: Final = -100
AT_RECURSIVE: Final = 0x8000

# --- prctl: <linux/prctl.h>
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
PR_SET_NAME, PR_GET_NAME = 15, 16

# --- Landlock: <linux/landlock.h>
LANDLOCK_CREATE_RULESET_VERSION: Final = 1
LANDLOCK_RULE_PATH_BENEATH: Final = 1
ACCESS_FS_WRITE_FILE: Final = 1 << 1
ACCESS_FS_READ_FILE: Final = 1 << 2
ACCESS_FS_READ_DIR: Final = 1 << 3
ACCESS_FS_REMOVE_DIR: Final = 1 << 4
ACCESS_FS_REMOVE_FILE: Final = 1 << 5
ACCESS_FS_MAKE_DIR: Final = 1 << 7
ACCESS_FS_MAKE_REG: Final = 1 << 8
ACCESS_FS_TRUNCATE: Final = 1 << 14
_FS_BITS: Final = (0, 13, 14, 15, 15, 16)  # number of file-system rights known to ABI 0..5 (none added by 6, 7)

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

MACHINE: Final = platform.machine() if sys.platform == "linux" else ""
_COLUMN: Final = {"x86_64": 0, "aarch64": 1}

# System-call numbers, x86_64 and aarch64, from the kernel's unistd headers; -1: the architecture has none.
NR: Final[dict[str, tuple[int, int]]] = {
    "read": (0, 63), "write": (1, 64), "open": (2, -1), "close": (3, 57), "stat": (4, -1), "fstat": (5, 80),
    "lstat": (6, -1), "poll": (7, -1), "lseek": (8, 62), "mmap": (9, 222), "mprotect": (10, 226),
    "munmap": (11, 215), "brk": (12, 214), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139), "ioctl": (16, 29), "pread64": (17, 67), "pwrite64": (18, 68), "readv": (19, 65),
    "writev": (20, 66), "access": (21, -1), "pipe": (22, -1), "select": (23, -1), "sched_yield": (24, 124),
    "mremap": (25, 216), "msync": (26, 227), "mincore": (27, 232), "madvise": (28, 233), "dup": (32, 23),
    "dup2": (33, -1), "pause": (34, -1), "nanosleep": (35, 101), "getitimer": (36, 102), "alarm": (37, -1),
    "setitimer": (38, 103), "getpid": (39, 172), "socket": (41, 198), "sendto": (44, 206), "recvfrom": (45, 207),
    "shutdown": (48, 210), "getsockname": (51, 204), "getpeername": (52, 205), "socketpair": (53, 199),
    "setsockopt": (54, 208), "getsockopt": (55, 209), "clone": (56, 220), "exit": (60, 93), "wait4": (61, 260),
    "kill": (62, 129), "uname": (63, 160), "fcntl": (72, 25), "flock": (73, 32), "fsync": (74, 82),
    "fdatasync": (75, 83), "ftruncate": (77, 46), "getdents": (78, -1), "getcwd": (79, 17), "chdir": (80, 49),
    "fchdir": (81, 50), "rename": (82, -1), "mkdir": (83, -1), "rmdir": (84, -1), "creat": (85, -1),
    "unlink": (87, -1), "readlink": (89, -1), "gettimeofday": (96, 169),
    "getrlimit": (97, 163), "getrusage": (98, 165), "sysinfo": (99, 179), "times": (100, 153),
    "getuid": (102, 174), "getgid": (104, 176), "geteuid": (107, 175), "getegid": (108, 177),
    "getppid": (110, 173), "getpgrp": (111, -1), "getgroups": (115, 158), "getresuid": (118, 148),
    "getresgid": (120, 150), "capget": (125, 90), "rt_sigpending": (127, 136), "rt_sigtimedwait": (128, 137),
    "rt_sigsuspend": (130, 133), "sigaltstack": (131, 132), "fstatfs": (138, 44),
    "sched_get_priority_max": (146, 125), "sched_get_priority_min": (147, 126), "prctl": (157, 167),
    "gettid": (186, 178), "time": (201, -1), "futex": (202, 98), "sched_getaffinity": (204, 123),
    "epoll_create": (213, -1), "getdents64": (217, 61), "set_tid_address": (218, 96),
    "restart_syscall": (219, 128), "fadvise64": (221, 223), "clock_gettime": (228, 113),
    "clock_getres": (229, 114), "clock_nanosleep": (230, 115), "exit_group": (231, 94), "epoll_wait": (232, -1),
    "epoll_ctl": (233, 21), "tgkill": (234, 131), "waitid": (247, 95), "openat": (257, 56),
    "mkdirat": (258, 34), "newfstatat": (262, 79), "unlinkat": (263, 35), "renameat": (264, 38),
    "readlinkat": (267, 78), "faccessat": (269, 48), "pselect6": (270, 72), "ppoll": (271, 73),
    "set_robust_list": (273, 99), "epoll_pwait": (281, 22), "timerfd_create": (283, 85), "fallocate": (285, 47),
    "timerfd_settime": (286, 86), "timerfd_gettime": (287, 87), "eventfd2": (290, 19), "epoll_create1": (291, 20),
    "dup3": (292, 24), "pipe2": (293, 59), "preadv": (295, 69), "pwritev": (296, 70), "prlimit64": (302, 261),
    "getcpu": (309, 168), "renameat2": (316, 276), "seccomp": (317, 277), "getrandom": (318, 278),
    "membarrier": (324, 283), "copy_file_range": (326, 285), "statx": (332, 291), "rseq": (334, 293),
    "clone3": (435, 435), "close_range": (436, 436), "openat2": (437, 437), "pidfd_getfd": (438, 438),
    "faccessat2": (439, 439), "epoll_pwait2": (441, 441), "mount_setattr": (442, 442),
    "landlock_create_ruleset": (444, 444), "landlock_add_rule": (445, 445), "landlock_restrict_self": (446, 446),
    "futex_waitv": (449, 449), "fchmodat2": (452, 452), "capset": (126, 91), "pivot_root": (155, 41),
    "memfd_create": (319, 279), "fchmod": (91, 52), "truncate": (76, 45),
}  # fmt: skip

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


@dataclass(frozen=True, slots=True)
class Policy:
    """What a confined process may still do.

    Attributes:
        read: Folders and files that may be read, with all that is below them.
        scratch: The only folder that may be written; replaced by a sized one of its own where that is possible.
        root: An empty folder on which a new file tree can be mounted.
        memory: Bytes of address space.
        cpu: Seconds of processor time, over the life of the process.
        scratch_bytes: Size of the scratch folder.
        file_bytes: Size of one file.
        open_files: Descriptors.
        threads: Threads of the process.
        namespaces: Whether to try namespaces at all.
    """

    read: tuple[str, ...]
    scratch: str
    root: str
    memory: int = 1 << 30
    cpu: int = 300
    scratch_bytes: int = 64 << 20
    file_bytes: int = 16 << 20
    open_files: int = 64
    threads: int = 64
    namespaces: bool = True


@dataclass(frozen=True, slots=True)
class Confined:
    """What :func:`confine` achieved.

    Attributes:
        landlock: ABI in force, 0 if none.
        seccomp: Whether the system-call filter is in force.
        namespaces: Names of the namespaces entered (``user mount net ipc uts``).
        scratch: Where the scratch folder is now.
        supervised: Whether a supervisor answers for paths.
    """

    landlock: int
    seccomp: bool
    namespaces: tuple[str, ...]
    scratch: str
    supervised: bool = False


def _syscall(name: str, *args: object) -> int:
    result: int = _libc.syscall(ctypes.c_long(NR[name][_COLUMN[MACHINE]]), *args)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return result


def _call(name: str, *args: object) -> int:
    result: int = getattr(_libc, name)(*args)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return result


def _prctl(option: int, *args: int) -> None:
    _call("prctl", option, *(ctypes.c_ulong(a) for a in (*args, 0, 0, 0, 0)[:4]))


def column() -> int:
    """Column of :data:`NR` for this computer."""
    return _COLUMN[MACHINE]


def pidfd_getfd(pidfd: int, fd: int) -> int:
    """A copy of descriptor ``fd`` of another process (``pidfd_getfd(2)``)."""
    return _syscall("pidfd_getfd", pidfd, fd, 0)


class Handover(Protocol):
    """Takes the listener of the system-call filter to a supervisor."""

    def possible(self) -> bool:
        """Whether there is one that can take it."""
        ...

    def give(self, listener: int) -> None:
        """Hand it over and close it here."""
        ...


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent thread ends; at once if ``parent`` is gone already.

    The kernel forgets the wish when the process changes its credentials, so it is renewed after that.
    """
    _prctl(PR_SET_PDEATHSIG, 9)
    if os.getppid() != parent:
        os._exit(0)


def landlock_abi() -> int:
    """Version of Landlock in the running kernel, 0 if it has none or it is switched off."""
    if MACHINE not in _COLUMN:
        return 0
    try:
        return _syscall("landlock_create_ruleset", None, ctypes.c_size_t(0), LANDLOCK_CREATE_RULESET_VERSION)
    except OSError:
        return 0


def unsized_file_bytes(file_bytes: int, scratch_bytes: int) -> int:
    """Size of one file where the scratch folder has no size of its own."""
    return min(file_bytes, scratch_bytes // 16)


def confine(policy: Policy, parent: int | None, handover: Handover | None = None) -> Confined:
    """Confine the calling process for good; it must have a single thread.

    Args:
        policy: What it may still do.
        parent: Process whose end must end this one; None if it was not its main thread that started this one,
            for the kernel means the thread.
        handover: Way to a supervisor of paths, used where the file tree could not be replaced.

    Raises:
        OSError: If a step that every supported kernel can do failed.
    """
    with suppress(OSError):  # when memory is short the kernel shall end this process, not the program
        Path("/proc/self/oom_score_adj").write_text("1000")
    namespaces, scratch = _enter_namespaces(policy) if policy.namespaces else ((), policy.scratch)
    os.chdir(scratch)
    _drop_capabilities()
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    if "mount" in namespaces or MACHINE not in _COLUMN:
        handover = None
    # A process that is not dumpable cannot be read by others of the same user; a supervisor must read paths.
    _prctl(PR_SET_DUMPABLE, 1 if handover else 0)
    if parent is not None:
        die_with_parent(parent)
    if handover is not None and not handover.possible():
        handover = None
        _prctl(PR_SET_DUMPABLE, 0)
    if "mount" not in namespaces:  # a disk that fills is noticed late there, so each file is kept small
        policy = replace(policy, file_bytes=unsized_file_bytes(policy.file_bytes, policy.scratch_bytes))
    _limit(policy, private_user="user" in namespaces)
    abi = _restrict_files(policy.read, scratch)
    filtered = MACHINE in _COLUMN
    if filtered:
        listener = _filter_calls(os.getpid(), handover is not None)
        if handover is not None:
            handover.give(listener)
    return Confined(abi, filtered, namespaces, scratch, handover is not None)


# --------------------------------------------------------------------------------------------- namespaces


def _enter_namespaces(policy: Policy) -> tuple[tuple[str, ...], str]:
    """Enter as many namespaces as are allowed and replace the file tree; returns their names and the scratch."""
    uid, gid = os.getuid(), os.getgid()
    rest = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS
    entered = ["mount", "net", "ipc", "uts"]
    try:
        _call("unshare", CLONE_NEWUSER | rest)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"1000 {uid} 1")
        Path("/proc/self/gid_map").write_text(f"1000 {gid} 1")
        entered.insert(0, "user")
    except OSError:
        try:  # a process with CAP_SYS_ADMIN needs no user namespace for the others
            _call("unshare", rest)
        except OSError:
            return (), policy.scratch
    try:
        _call("sethostname", b"sandbox", 7)
    except OSError:
        entered.remove("uts")
    try:
        scratch = _replace_tree(policy)
    except OSError:  # for example where a security module lets user namespaces be made, but powerless
        entered.remove("mount")
        scratch = policy.scratch
    return tuple(entered), scratch


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    _call(
        "mount",
        source.encode(),
        target.encode(),
        kind.encode() if kind else None,
        ctypes.c_ulong(flags),
        data.encode() if data else None,
    )


def _set_attr(target: str, attributes: int) -> None:
    # struct mount_attr: attr_set, attr_clr, propagation, userns_fd
    attr = struct.pack("QQQQ", attributes, 0, 0, 0)
    _syscall("mount_setattr", AT_FDCWD, target.encode(), AT_RECURSIVE, attr, ctypes.c_size_t(len(attr)))


def _replace_tree(policy: Policy) -> str:
    """Make a file tree of read-only library folders and a sized scratch, and let go of the old one."""
    root = policy.root
    _mount("none", "/", None, MS_REC | MS_PRIVATE)
    _mount("sandbox", root, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=755")
    for path in policy.read:
        real = os.path.realpath(path)
        for shown in {path, real}:
            inside = root + shown
            if os.path.lexists(inside):
                continue  # within a folder bound before
            if Path(real).is_dir():
                Path(inside).mkdir(parents=True, exist_ok=True)
            else:
                Path(inside).parent.mkdir(parents=True, exist_ok=True)
                Path(inside).touch()
            _mount(real, inside, None, MS_BIND | MS_REC)
            device = Path(real).is_char_device()
            _set_attr(inside, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | (0 if device else MOUNT_ATTR_NODEV))
    for link in ("/lib", "/lib64"):  # on merged-/usr systems the loader looks for libraries through these
        if Path(link).is_symlink() and not os.path.lexists(root + link):
            Path(root + link).symlink_to(Path(link).readlink())
    Path(root, "scratch").mkdir()
    options = f"size={policy.scratch_bytes},nr_inodes=4096,mode=700"
    _mount("scratch", root + "/scratch", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options)
    os.chdir(root)
    _syscall("pivot_root", b".", b".")
    _call("umount2", b".", MNT_DETACH)
    os.chdir("/")
    _mount("none", "/", None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)
    return "/scratch"


# ------------------------------------------------------------------------------- capabilities and rlimits


def _drop_capabilities() -> None:
    """Empty every capability set; for an ordinary user outside a user namespace there is nothing to drop."""
    for capability in range(64):
        try:
            _prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            break  # beyond the last one, or not ours to drop
    try:
        _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    except OSError as e:
        if e.errno != errno.EINVAL:
            raise
    header = struct.pack("Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3
    _syscall("capset", header, struct.pack("6I", *([0] * 6)))


def _limit(policy: Policy, *, private_user: bool) -> None:
    limits = {
        resource.RLIMIT_AS: policy.memory,
        resource.RLIMIT_CPU: policy.cpu,
        resource.RLIMIT_FSIZE: policy.file_bytes,
        resource.RLIMIT_NOFILE: policy.open_files,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_NICE: 0,
        resource.RLIMIT_RTPRIO: 0,
    }
    if private_user:
        # Outside a user namespace this would count every process of the person at the computer.
        limits[resource.RLIMIT_NPROC] = policy.threads * 4
    for which, value in limits.items():
        _, hard = resource.getrlimit(which)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (value, value))


# ----------------------------------------------------------------------------------------------- Landlock


def _restrict_files(readable: Iterable[str], scratch: str) -> int:
    """Limit files to ``readable`` and ``scratch``, TCP to nothing, signals to this process; returns the ABI."""
    abi = landlock_abi()
    if not abi:
        return 0
    handled = (1 << _FS_BITS[min(abi, 5)]) - 1
    net = 0b11 if abi >= 4 else 0  # LANDLOCK_ACCESS_NET_BIND_TCP, _CONNECT_TCP
    scoped = 0b11 if abi >= 6 else 0  # LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, _SIGNAL
    attr = struct.pack("QQQ", handled, net, scoped)[: 8 if abi < 4 else 16 if abi < 6 else 24]
    ruleset = _syscall("landlock_create_ruleset", attr, ctypes.c_size_t(len(attr)), 0)
    try:
        read = ACCESS_FS_READ_FILE | ACCESS_FS_READ_DIR
        for path in readable:
            _allow(ruleset, path, read | (ACCESS_FS_WRITE_FILE if path.startswith("/dev/") else 0), handled)
        change = ACCESS_FS_WRITE_FILE | ACCESS_FS_TRUNCATE | ACCESS_FS_MAKE_REG | ACCESS_FS_MAKE_DIR
        change |= ACCESS_FS_REMOVE_FILE | ACCESS_FS_REMOVE_DIR
        _allow(ruleset, scratch, read | change, handled)
        _syscall("landlock_restrict_self", ruleset, 0)
    finally:
        os.close(ruleset)
    return abi


def _allow(ruleset: int, path: str, access: int, handled: int) -> None:
    try:
        fd = os.open(path, O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # a library folder that does not exist needs no rule
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            access &= ACCESS_FS_READ_FILE | ACCESS_FS_WRITE_FILE | ACCESS_FS_TRUNCATE
        attr = struct.pack("=Qi", access & handled, fd)
        _syscall("landlock_add_rule", ruleset, LANDLOCK_RULE_PATH_BENEATH, attr, 0)
    finally:
        os.close(fd)


# ------------------------------------------------------------------------------------------------ seccomp


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
        number = NR[name][_COLUMN[MACHINE]]
        if number < 0:
            return
        at = len(self.code)
        self.test(BPF_JEQ, number, 0, 0)
        body()
        op, jt, _, value = self.code[at]
        self.code[at] = (op, jt, len(self.code) - at - 1, value)

    def packed(self) -> bytes:
        return b"".join(struct.pack("HBBI", *line) for line in self.code)


_REFUSE: Final = SECCOMP_RET_ERRNO | errno.EPERM


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

    def one_of(index: int, values: Iterable[int]) -> Callable[[], None]:
        def body() -> None:
            p.load(_arg(index))
            for value in values:
                p.test(BPF_JEQ, value, 0, 1)
                p.ret(SECCOMP_RET_ALLOW)
            p.ret(_REFUSE)

        return body

    def null(index: int, then: Callable[[], None]) -> Callable[[], None]:
        def body() -> None:
            for offset in (_arg(index), _arg(index) + 4):
                p.load(offset)
                p.test(BPF_JEQ, 0, 1, 0)
                p.ret(_REFUSE)
            then()

        return body

    def allow() -> None:
        p.ret(SECCOMP_RET_ALLOW)

    def bits(index: int, mask: int, *, if_set: int, if_clear: int) -> Callable[[], None]:
        def body() -> None:
            p.load(_arg(index))
            p.test(BPF_JSET, mask, 0, 1)
            p.ret(if_set)
            p.ret(if_clear)

        return body

    def socketpair() -> None:
        # A stream pair is how asyncio wakes its loop; a datagram pair could be sent to other addresses.
        p.load(_arg(0))
        p.test(BPF_JEQ, AF_UNIX, 1, 0)
        p.ret(_REFUSE)
        p.load(_arg(1))
        for flags in (0, 0o4000, 0o2000000, 0o2004000):  # SOCK_NONBLOCK, SOCK_CLOEXEC
            p.test(BPF_JEQ, SOCK_STREAM | flags, 0, 1)
            p.ret(SECCOMP_RET_ALLOW)
        p.ret(_REFUSE)

    p.load(4)
    p.test(BPF_JEQ, AUDIT_ARCH[MACHINE], 1, 0)
    p.ret(SECCOMP_RET_KILL_PROCESS)
    p.load(0)
    p.test(BPF_JGE, X32_SYSCALL_BIT, 0, 1)
    p.ret(SECCOMP_RET_KILL_PROCESS)
    for name in _PLAIN:
        p.rule(name, allow)
    path = SECCOMP_RET_USER_NOTIF if supervise else SECCOMP_RET_ALLOW
    for name in _PATHS:
        # Landlock does not judge O_PATH, which would tell whether a file exists and open ways around it.
        if name in ("open", "openat"):
            p.rule(name, bits(1 if name == "open" else 2, O_PATH, if_set=_REFUSE, if_clear=path))
        else:
            p.rule(name, lambda: p.ret(path))
    for name, code in _ABSENT.items():
        p.rule(name, lambda code=code: p.ret(SECCOMP_RET_ERRNO | code))  # type: ignore[misc]
    p.rule("clone", one_of(0, (CLONE_OF_A_THREAD, CLONE_OF_A_THREAD | CLONE_DETACHED)))
    p.rule("kill", one_of(0, (pid,)))
    p.rule("tgkill", one_of(0, (pid,)))
    p.rule("sched_getaffinity", one_of(0, (0, pid)))
    p.rule("prlimit64", null(2, one_of(0, (0, pid))))
    p.rule("fcntl", one_of(1, _FCNTL))
    p.rule("ioctl", one_of(1, _IOCTL))
    p.rule("prctl", one_of(0, (PR_SET_NAME, PR_GET_NAME)))
    p.rule("sendto", null(4, bits(3, MSG_OOB, if_set=_REFUSE, if_clear=SECCOMP_RET_ALLOW)))
    p.rule("recvfrom", bits(3, MSG_OOB, if_set=_REFUSE, if_clear=SECCOMP_RET_ALLOW))
    p.rule("socketpair", socketpair)
    p.ret(_REFUSE)
    return p.packed()


def _filter_calls(pid: int, supervise: bool) -> int:
    """Install the filter; returns the listener's descriptor, or -1."""
    code = build_filter(pid, supervise=supervise)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))  # struct sock_fprog
    if supervise:
        return _syscall("seccomp", SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, program)
    _syscall("seccomp", SECCOMP_SET_MODE_FILTER, 0, program)
    return -1


# ----------------------------------------------------------------------------------------------- evidence


def verify(confined: Confined) -> dict[str, bool]:
    """Try harmless forbidden things in the confined process; returns which promises held."""

    def refused(action: Callable[[], object]) -> bool:
        try:
            action()
        except OSError:
            return True
        return False

    def missing(path: str) -> bool:
        try:
            Path(path).stat()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return False

    return {
        "files": refused(lambda: Path("/etc/passwd").read_bytes()) and refused(lambda: list(Path("/home").iterdir())),
        "writes": refused(lambda: Path("/tmp/tutor-sandbox-probe").write_bytes(b"")),
        "metadata": refused(lambda: Path(confined.scratch).chmod(0o700)),
        "network": refused(lambda: socket.socket().close()) and refused(lambda: socket.socket(socket.AF_UNIX).close()),
        "processes": refused(lambda: os.posix_spawn("/bin/true", ["true"], {})),
        "signals": refused(lambda: os.kill(os.getppid() or 1, 0)),
        "memory": refused(lambda: os.close(os.memfd_create("probe"))),
        "existence": missing("/etc/passwd") and missing("/proc/1"),
    }
