"""Confinement of the calling process on macOS: a Seatbelt profile and rlimits. Written from the documented
interfaces (``sandbox_init(3)``, ``setrlimit(2)``, ``libproc.h``) and **not yet run on a Mac by a person**.

The system's memory limits do not bound a Mac process, so the program watches its footprint from outside
(:func:`footprint`). There is no equivalent of a sized scratch folder either: it is watched too.
"""

from __future__ import annotations

import ctypes
import os
import resource
import socket
import struct
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

_RUSAGE_INFO_V0_BYTES: Final = 96
_PHYS_FOOTPRINT_OFFSET: Final = 72  # after the 16 bytes of ri_uuid and seven uint64_t


def _quoted(path: str) -> str:
    """A path as a string of the profile's language."""
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'


def profile(readable: Iterable[str], scratch: str) -> str:
    """The Seatbelt profile: nothing is allowed but reading the libraries and writing the scratch folder."""
    read = " ".join(f"(subpath {_quoted(p)})" for p in readable)
    inside = f"(subpath {_quoted(scratch)})"
    return "\n".join(
        (
            "(version 1)",
            "(deny default)",
            f"(allow file-read* {read} {inside})",
            '(allow file-read* (literal "/dev/null") (literal "/dev/zero") (literal "/dev/urandom"))',
            f"(allow file-write-create file-write-data file-write-unlink (require-all {inside}",
            "  (require-any (vnode-type REGULAR-FILE) (vnode-type DIRECTORY))))",
            '(allow file-write-data (literal "/dev/null"))',
            "(allow sysctl-read)",
            "(allow signal (target self))",
        )
    )


def confine(config: Mapping[str, Any]) -> dict[str, bool]:
    """Confine this process for good; returns what holds by trial.

    Raises:
        OSError: If the system refused the profile; no code is run then.
    """
    policy = config["policy"]
    scratch = os.path.realpath(policy["scratch"])
    os.chdir(scratch)
    for which, value in (
        (resource.RLIMIT_CPU, policy["cpu"]),
        (resource.RLIMIT_FSIZE, policy["file_bytes"]),
        (resource.RLIMIT_NOFILE, policy["open_files"]),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(which, (value, value))
    library = ctypes.CDLL("/usr/lib/libSystem.B.dylib")
    error = ctypes.c_char_p()
    text = profile(config["read"], scratch).encode()
    if library.sandbox_init(text, ctypes.c_uint64(0), ctypes.byref(error)) != 0:
        raise OSError(f"sandbox_init: {(error.value or b'').decode(errors='replace')}")
    return verify()


def verify() -> dict[str, bool]:
    """Try harmless forbidden things; returns which promises held."""

    def refused(action: Callable[[], object]) -> bool:
        try:
            action()
        except OSError:
            return True
        return False

    def connect() -> None:
        with socket.socket() as s:
            s.connect(("127.0.0.1", 9))

    def listed() -> bool:
        with suppress(ConnectionRefusedError, TimeoutError):
            connect()
            return False
        return False

    try:
        network = listed()
    except OSError:
        network = True
    return {
        "files": refused(lambda: Path("/etc/passwd").read_bytes()),
        "writes": refused(lambda: Path("/tmp/tutor-sandbox-probe").write_bytes(b"")),
        "metadata": refused(lambda: Path("/tmp").chmod(0o777)),
        "network": network,
        "processes": refused(lambda: os.posix_spawn("/usr/bin/true", ["true"], {})),
        "signals": refused(lambda: os.kill(os.getppid() or 1, 0)),
        "memory": False,  # watched from outside, not bounded
        "existence": refused(lambda: Path("/etc/passwd").stat()),
    }


def footprint(pid: int) -> int:
    """Physical memory of a process in bytes (``proc_pid_rusage``), 0 if unknown."""
    try:
        library = ctypes.CDLL("/usr/lib/libproc.dylib")
    except OSError:
        return 0
    buffer = ctypes.create_string_buffer(_RUSAGE_INFO_V0_BYTES)
    if library.proc_pid_rusage(pid, 0, buffer) != 0:
        return 0
    (value,) = struct.unpack_from("Q", buffer.raw, _PHYS_FOOTPRINT_OFFSET)
    return int(value)
