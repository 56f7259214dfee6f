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

It refuses to inspect source code, and to guess: :func:`verify` tries forbidden things and reports what held. The
walls are put up in one order, each relying on those before it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import socket
import stat
import struct
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from tutor_app.adapters.sandbox.linux_calls import KNOWN, call, prctl, syscall
from tutor_app.adapters.sandbox.linux_filter import O_PATH, filter_calls

# --- namespaces and mounts: <linux/sched.h>, <sys/mount.h>, <linux/mount.h>
CLONE_NEWNS: Final = 0x00020000
CLONE_NEWUTS: Final = 0x04000000
CLONE_NEWIPC: Final = 0x08000000
CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWNET: Final = 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 4096
MS_REC, MS_PRIVATE = 1 << 14, 1 << 18
MNT_DETACH: Final = 2
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV = 1, 2, 4
AT_FDCWD: Final = -100
AT_RECURSIVE: Final = 0x8000

# --- prctl: <linux/prctl.h>
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4

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
    prctl(PR_SET_PDEATHSIG, 9)
    if os.getppid() != parent:
        os._exit(0)


def landlock_abi() -> int:
    """Version of Landlock in the running kernel, 0 if it has none or it is switched off."""
    if not KNOWN:
        return 0
    try:
        return syscall("landlock_create_ruleset", None, ctypes.c_size_t(0), LANDLOCK_CREATE_RULESET_VERSION)
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
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    if "mount" in namespaces or not KNOWN:
        handover = None
    # A process that is not dumpable cannot be read by others of the same user; a supervisor must read paths.
    prctl(PR_SET_DUMPABLE, 1 if handover else 0)
    if parent is not None:
        die_with_parent(parent)
    if handover is not None and not handover.possible():
        handover = None
        prctl(PR_SET_DUMPABLE, 0)
    if "mount" not in namespaces:  # a disk that fills is noticed late there, so each file is kept small
        policy = replace(policy, file_bytes=unsized_file_bytes(policy.file_bytes, policy.scratch_bytes))
    _limit(policy, private_user="user" in namespaces)
    abi = _restrict_files(policy.read, scratch)
    filtered = KNOWN
    if filtered:
        listener = filter_calls(os.getpid(), handover is not None)
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
        call("unshare", CLONE_NEWUSER | rest)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"1000 {uid} 1")
        Path("/proc/self/gid_map").write_text(f"1000 {gid} 1")
        entered.insert(0, "user")
    except OSError:
        try:  # a process with CAP_SYS_ADMIN needs no user namespace for the others
            call("unshare", rest)
        except OSError:
            return (), policy.scratch
    try:
        call("sethostname", b"sandbox", 7)
    except OSError:
        entered.remove("uts")
    try:
        scratch = _replace_tree(policy)
    except OSError:  # for example where a security module lets user namespaces be made, but powerless
        entered.remove("mount")
        scratch = policy.scratch
    return tuple(entered), scratch


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    call(
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
    syscall("mount_setattr", AT_FDCWD, target.encode(), AT_RECURSIVE, attr, ctypes.c_size_t(len(attr)))


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
    syscall("pivot_root", b".", b".")
    call("umount2", b".", MNT_DETACH)
    os.chdir("/")
    _mount("none", "/", None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)
    return "/scratch"


# ------------------------------------------------------------------------------- capabilities and rlimits


def _drop_capabilities() -> None:
    """Empty every capability set; for an ordinary user outside a user namespace there is nothing to drop."""
    for capability in range(64):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            break  # beyond the last one, or not ours to drop
    try:
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    except OSError as e:
        if e.errno != errno.EINVAL:
            raise
    header = struct.pack("Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3
    syscall("capset", header, struct.pack("6I", *([0] * 6)))


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
    ruleset = syscall("landlock_create_ruleset", attr, ctypes.c_size_t(len(attr)), 0)
    try:
        read = ACCESS_FS_READ_FILE | ACCESS_FS_READ_DIR
        for path in readable:
            _allow(ruleset, path, read | (ACCESS_FS_WRITE_FILE if path.startswith("/dev/") else 0), handled)
        change = ACCESS_FS_WRITE_FILE | ACCESS_FS_TRUNCATE | ACCESS_FS_MAKE_REG | ACCESS_FS_MAKE_DIR
        change |= ACCESS_FS_REMOVE_FILE | ACCESS_FS_REMOVE_DIR
        _allow(ruleset, scratch, read | change, handled)
        syscall("landlock_restrict_self", ruleset, 0)
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
        syscall("landlock_add_rule", ruleset, LANDLOCK_RULE_PATH_BENEATH, attr, 0)
    finally:
        os.close(fd)


# ------------------------------------------------------------------------------------------------ seccomp


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
