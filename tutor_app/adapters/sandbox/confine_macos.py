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


# What numerical libraries ask about the processor. Not ``kern.procargs2``, which tells the arguments and the
# environment of every process of the same user, nor ``kern.hostname``.
_SYSCTL: Final = (
    '(sysctl-name-prefix "hw.") (sysctl-name-prefix "machdep.cpu.") (sysctl-name "kern.argmax") '
    '(sysctl-name "kern.osproductversion") (sysctl-name "kern.osrelease") (sysctl-name "kern.ostype") '
    '(sysctl-name "kern.osversion") (sysctl-name "kern.usrstack64") (sysctl-name "vm.loadavg")'
)


def profile(readable: Iterable[str], scratch: str) -> str:
    """The Seatbelt profile: nothing is allowed but reading the libraries and writing the scratch folder.

    The last rule that matches decides, and ``default`` does not stand for every operation, so some are denied by
    name.
    """
    libraries = " ".join(f"(subpath {_quoted(p)})" for p in (*readable, "/System/Library", "/usr/lib"))
    inside = f"(subpath {_quoted(scratch)})"
    return "\n".join(
        (
            "(version 1)",
            "(deny default)",
            "(deny process-info* nvram* iokit-get-properties file-map-executable)",
            f"(allow file-read* file-map-executable {libraries})",
            f'(allow file-read* {inside} (subpath "/private/var/db/timezone"))',
            '(allow file-read* (literal "/dev/null") (literal "/dev/zero") (literal "/dev/random")',
            '  (literal "/dev/urandom"))',
            f"(allow file-write-create file-write-data file-write-unlink (require-all {inside}",
            "  (require-any (vnode-type REGULAR-FILE) (vnode-type DIRECTORY))))",
            '(allow file-write-data (literal "/dev/null"))',
            f"(allow sysctl-read {_SYSCTL})",
            "(allow process-info-pidinfo process-info-setcontrol (target self))",
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
        _, hard = resource.getrlimit(which)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (value, value))
    library = ctypes.CDLL("/usr/lib/libSystem.B.dylib")
    error = ctypes.c_char_p()
    text = profile(config["read"], scratch).encode()
    # int sandbox_init(const char *profile, uint64_t flags, char **errorbuf); without SANDBOX_NAMED the profile itself
    if library.sandbox_init(text, ctypes.c_uint64(0), ctypes.byref(error)) != 0:
        raise OSError(f"sandbox_init: {(error.value or b'').decode(errors='replace')}")
    return verify(scratch)


def verify(scratch: str) -> dict[str, bool]:
    """Try harmless forbidden things that would work without the profile; returns which promises held."""

    def answer(action: Callable[[], object]) -> int:
        try:
            action()
        except OSError as e:
            return e.errno or -1
        return 0

    def refused(action: Callable[[], object]) -> bool:
        return answer(action) != 0

    def connect() -> None:
        with socket.socket() as s, suppress(ConnectionRefusedError, TimeoutError):
            s.connect(("127.0.0.1", 9))  # whoever is told that nobody listens has reached the network

    probe = Path("/private/tmp", f"tutor-sandbox-probe-{os.getpid()}")
    held = {
        "files": refused(lambda: Path("/etc/passwd").read_bytes()),
        "writes": refused(lambda: probe.write_bytes(b"")),
        "metadata": refused(lambda: Path(scratch).chmod(0o700)),
        "network": refused(connect),
        "processes": refused(lambda: os.waitpid(os.posix_spawn("/usr/bin/true", ["true"], {}), 0)),
        "signals": refused(lambda: os.kill(os.getppid() or 1, 0)),
        "memory": False,  # watched from outside, not bounded
        "existence": answer(lambda: Path("/etc/passwd").stat()) == answer(lambda: Path("/etc/tutor-missing").stat()),
    }
    if not held["writes"]:
        with suppress(OSError):
            probe.unlink()
    return held


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
