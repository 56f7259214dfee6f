"""Answers for the paths a confined process asks about, where its file tree could not be replaced.

Landlock keeps the contents of other files out of reach on its own. But it lets a process learn *whether* a path
exists, and it cannot bound how much is written. So the calls that take a path are referred by seccomp to a
supervisor outside (``SECCOMP_RET_USER_NOTIF``, ``seccomp_unotify(2)``), which reads the path, and either lets
the kernel go on or answers "no such file".

It is no wall of its own: threads of the confined process may change a path after it was judged and so learn
that a file exists. They never learn more, because the kernel's answer to the call is still Landlock's.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import socket
import stat
import struct
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from tutor_app.adapters.sandbox.linux_calls import MACHINE, number_of, pidfd_getfd

SECCOMP_IOCTL_NOTIF_RECV: Final = 0xC0502100
SECCOMP_IOCTL_NOTIF_SEND: Final = 0xC0182101
SECCOMP_USER_NOTIF_FLAG_CONTINUE: Final = 1
_NOTIF: Final = struct.Struct("QIIiIQ6Q")  # struct seccomp_notif
_RESP: Final = struct.Struct("QqiI")  # struct seccomp_notif_resp
AT_FDCWD: Final = -100
PATH_MAX: Final = 4096
MAX_DEPTH: Final = 40
MAX_FOLDER_NAME: Final = 64
"""With MAX_DEPTH of such names a path stays below PATH_MAX, so what is in it can be counted and removed."""
SMALLEST: Final = 4096
_MODES: Final = {"mkdir": 1, "mkdirat": 2}

# Where each call has its paths: (argument of the folder's descriptor or -1, argument of the path).
_PATHS: Final[dict[str, tuple[tuple[int, int], ...]]] = {
    "open": ((-1, 0),), "openat": ((0, 1),), "stat": ((-1, 0),), "lstat": ((-1, 0),), "newfstatat": ((0, 1),),
    "statx": ((0, 1),), "access": ((-1, 0),), "faccessat": ((0, 1),), "faccessat2": ((0, 1),),
    "readlink": ((-1, 0),), "readlinkat": ((0, 1),), "chdir": ((-1, 0),), "mkdir": ((-1, 0),),
    "mkdirat": ((0, 1),), "rmdir": ((-1, 0),), "unlink": ((-1, 0),), "unlinkat": ((0, 1),),
    "rename": ((-1, 0), (-1, 1)), "renameat": ((0, 1), (2, 3)), "renameat2": ((0, 1), (2, 3)),
}  # fmt: skip
_FLAGS: Final = {"open": 1, "openat": 2}
_RENAME: Final = frozenset(("rename", "renameat", "renameat2"))
_DELETE: Final = _RENAME | {"unlink", "unlinkat"}


class Judge:
    """Decides by path alone.

    Args:
        readable: Folders and files of the libraries.
        scratch: The writable folder.
        quota: Bytes that the scratch folder may come to hold.
        pid: The process; what it deleted but still holds counts too.
        file_bytes: To which a file that is open may grow.
    """

    def __init__(self, readable: Iterable[str], scratch: str, quota: int, pid: int = 0, file_bytes: int = 0) -> None:
        self._roots = [os.path.realpath(r) for r in readable]
        self._scratch = os.path.realpath(scratch)
        self._quota, self._pid, self._file_bytes = quota, pid, file_bytes
        self._deletes = False
        self._above: set[str] = set()
        for root in (*self._roots, self._scratch):
            while root != "/":
                root = str(Path(root).parent)
                self._above.add(root)

    def __call__(self, call: str, paths: Iterable[str], flags: int = 0, mode: int = 0o777) -> int:
        """0 to let the kernel decide, else the error to answer.

        Args:
            call: Name of the system call.
            paths: Absolute paths as the kernel would see them.
            flags: Of an open.
            mode: Of a folder to be made; one that its owner could not list would hide what is in it.
        """
        makes = call in ("mkdir", "mkdirat")
        if makes and mode & 0o700 != 0o700:
            return errno.EPERM
        reals = []
        for path in paths:
            # Links are followed as the kernel would follow them, for Landlock judges where they lead. Only those of
            # /proc mean something else to each process, so none of them is.
            if self._within(os.path.normpath(path), "/proc"):
                return errno.ENOENT
            real = os.path.realpath(path)
            reals.append(real)
            if self._within(real, self._scratch):
                writes = call in _FLAGS and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
                if makes and real.count("/") - self._scratch.count("/") > MAX_DEPTH:
                    return errno.EDQUOT
                if makes and _long_name(real):
                    return errno.ENAMETOOLONG
                if (writes or makes) and self._to_come() > self._quota:
                    return errno.EDQUOT
                self._deletes = self._deletes or call in _DELETE
            elif not any(self._within(real, r) for r in self._roots) and real not in self._above:
                return errno.ENOENT
        # Into other folders nothing is moved at all: Landlock refuses that, as between two disks.
        if call in _RENAME and any(Path(r).is_dir() for r in reals) and any(map(_long_name, reals)):
            return errno.ENAMETOOLONG
        return 0

    def _to_come(self) -> int:
        """What the scratch folder may come to hold without another file being opened."""
        return used(self._scratch, self._pid, self._file_bytes, mapped=self._deletes) + self._file_bytes

    @staticmethod
    def _within(path: str, root: str) -> bool:
        return path == root or path.startswith(root + "/")


def _long_name(path: str) -> bool:
    return len(os.fsencode(Path(path).name)) > MAX_FOLDER_NAME


def used(scratch: str, pid: int, file_bytes: int = 0, *, mapped: bool = False) -> int:
    """Bytes held by a scratch folder and by what the process deleted from it but keeps.

    Args:
        scratch: Folder.
        pid: Process.
        file_bytes: What each file that is open counts for at least.
        mapped: Whether to look for deleted files that are held by a mapping alone.
    """
    total = 0
    files: dict[tuple[int, int], int] = {}
    pending = [scratch]
    while pending:
        with suppress(OSError), os.scandir(pending.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(status.st_mode):
                        pending.append(entry.path)
                        total += max(status.st_blocks * 512, SMALLEST)
                    else:
                        files[status.st_dev, status.st_ino] = _cost(status)
    with suppress(OSError), os.scandir(f"/proc/{pid}/fd") as entries:
        for entry in entries:
            with suppress(OSError):
                status = entry.stat()
                key = status.st_dev, status.st_ino
                deleted = status.st_nlink == 0 and str(Path(entry.path).readlink()).startswith(scratch + "/")
                if key in files or (deleted and stat.S_ISREG(status.st_mode)):
                    files[key] = max(_cost(status), file_bytes)
    if mapped:
        with suppress(OSError):
            for line in Path(f"/proc/{pid}/maps").read_bytes().splitlines():
                if line.endswith(b"(deleted)") and os.fsencode(scratch) in line:
                    device, inode = line.split(maxsplit=5)[3:5]
                    major, minor = device.split(b":")
                    files.setdefault((os.makedev(int(major, 16), int(minor, 16)), int(inode)), file_bytes)
    return total + sum(files.values())


def _cost(status: os.stat_result) -> int:
    """Of a file: its holes may be filled at any time, and even an empty one costs the disk something."""
    return max(status.st_blocks * 512, status.st_size, SMALLEST)


class Supervisor:
    """Serves the notifications of one confined process.

    Args:
        pid: The process.
        listener: Descriptor of its filter's listener.
        judge: Decides.
    """

    def __init__(self, pid: int, listener: int, judge: Callable[[str, list[str], int, int], int]) -> None:
        self._pid, self.listener, self._judge = pid, listener, judge
        self._memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
        self._names = {number_of(name): name for name in _PATHS if number_of(name) >= 0}

    def answer(self) -> None:
        """Receive and answer one call."""
        buffer = bytearray(_NOTIF.size)
        try:
            fcntl.ioctl(self.listener, SECCOMP_IOCTL_NOTIF_RECV, buffer)
        except OSError:
            return  # the caller was killed or interrupted meanwhile
        ident, _, _, number, _, _, *args = _NOTIF.unpack(buffer)
        try:
            error = self._decide(self._names[number], args)
        except (OSError, KeyError, ValueError):
            error = errno.EACCES
        flags = 0 if error else SECCOMP_USER_NOTIF_FLAG_CONTINUE
        with suppress(OSError):
            fcntl.ioctl(self.listener, SECCOMP_IOCTL_NOTIF_SEND, _RESP.pack(ident, 0, -error, flags))

    def close(self) -> None:
        """Let go; calls that still wait fail."""
        os.close(self.listener)
        os.close(self._memory)

    def _decide(self, call: str, args: list[int]) -> int:
        paths = []
        for folder, where in _PATHS[call]:
            path = os.fsdecode(self._text(args[where]))
            if not path:
                continue  # about a descriptor, not about a path
            if not path.startswith("/"):
                fd = ctypes.c_int(args[folder] & 0xFFFFFFFF).value if folder >= 0 else AT_FDCWD
                link = "cwd" if fd == AT_FDCWD else f"fd/{fd}"
                path = str(Path(f"/proc/{self._pid}/{link}").readlink() / path)
            paths.append(path)
        flags = args[_FLAGS[call]] & 0xFFFFFFFF if call in _FLAGS else 0
        return self._judge(call, paths, flags, args[_MODES[call]] & 0o7777 if call in _MODES else 0o777)

    def _text(self, address: int) -> bytes:
        """The string at an address of the process; reads page by page, as the next page may not exist."""
        data = b""
        while len(data) < PATH_MAX:
            page = 4096 - (address + len(data)) % 4096
            data += os.pread(self._memory, page, address + len(data))
            end = data.find(b"\0")
            if end >= 0:
                return data[:end]
        raise ValueError("path too long")


class Handover:
    """The confined process's side: offers its listener, and keeps no way to answer itself."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link

    def possible(self) -> bool:
        """Whether the supervisor may take descriptors from this process at all."""
        return self._offer(self._link.fileno())

    def give(self, listener: int) -> None:
        """Hand the listener over and let go of it.

        Raises:
            OSError: If the supervisor did not take it.
        """
        taken = self._offer(listener)
        os.close(listener)
        if not taken:
            raise OSError(errno.EACCES, "the supervisor did not take the listener")

    def _offer(self, fd: int) -> bool:
        self._link.sendall(struct.pack("i", fd))
        return self._link.recv(1) == b"y"


def take(link: socket.socket, pidfd: int) -> int:
    """The supervisor's side: take the descriptor that is offered on ``link``; -1 if that is not possible."""
    data = link.recv(4)
    if len(data) < 4:
        return -1
    try:
        fd = pidfd_getfd(pidfd, struct.unpack("i", data)[0]) if pidfd >= 0 and MACHINE else -1
    except OSError:
        fd = -1
    link.sendall(b"y" if fd >= 0 else b"n")
    return fd
