"""Confinement on Windows: a Job object around the worker and low integrity inside it. Written from the documented
interfaces (Job objects, ``SetTokenInformation``, ``icacls``, ``PeekNamedPipe``) and **not yet run on Windows by a
person**.

The job bounds memory to the byte, allows one process, takes the clipboard and the desktop away, and ends the
worker with the program. Low integrity forbids writing to anything of the user's but the scratch folder. Neither
forbids reading files or using the network; that needs an AppContainer, and is reported as missing.
"""

from __future__ import annotations

import ctypes
import json
import os
import struct
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

JOB_OBJECT_LIMIT_ACTIVE_PROCESS: Final = 0x00000008
JOB_OBJECT_LIMIT_PROCESS_MEMORY: Final = 0x00000100
JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION: Final = 0x00000400
JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE: Final = 0x00002000
JOB_OBJECT_UILIMIT_ALL: Final = 0x000000FF
JobObjectBasicUIRestrictions, JobObjectExtendedLimitInformation = 4, 9
CREATE_NO_WINDOW: Final = 0x08000000
HANDLE_FLAG_INHERIT: Final = 0x00000001
TOKEN_ADJUST_DEFAULT, TOKEN_QUERY, TokenIntegrityLevel = 0x80, 0x8, 25
SE_GROUP_INTEGRITY: Final = 0x20
LOW_INTEGRITY_SID: Final = bytes((1, 1, 0, 0, 0, 0, 0, 16)) + struct.pack("<I", 0x1000)  # S-1-16-4096

_jobs: list[tuple[subprocess.Popen[bytes], ctypes.c_void_p]] = []
"""Workers and the handles of their jobs: closing one, also by dying, ends the worker."""


def job_limits(memory: int) -> bytes:
    """``JOBOBJECT_EXTENDED_LIMIT_INFORMATION`` of a 64-bit system."""
    flags = JOB_OBJECT_LIMIT_ACTIVE_PROCESS | JOB_OBJECT_LIMIT_PROCESS_MEMORY
    flags |= JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION | JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
    # Basic: two time limits, flags, padding, two working-set sizes, process limit, padding, affinity, two classes
    basic = struct.pack("<qqI4xQQI4xQII", 0, 0, flags, 0, 0, 1, 0, 0, 0)
    return basic + bytes(48) + struct.pack("<QQQQ", memory, 0, 0, 0)  # IO_COUNTERS, then the memory limits


def start_in_job(
    command: Iterable[str], config: Mapping[str, Any], base: Path, fds: Iterable[int], env: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start a worker and put it into a job of its own; it is given no code before this returns.

    Raises:
        OSError: If a step failed; the process is ended then.
    """
    import msvcrt

    windows: Any = ctypes
    tools: Any = msvcrt
    popen: Any = subprocess
    kernel = _kernel()
    _close_jobs_of_the_dead(kernel)
    # From here, for in its job the worker can start no other program. Without it low integrity could write nowhere.
    icacls = Path(os.environ.get("SYSTEMROOT", "C:\\Windows"), "System32", "icacls.exe")
    label = [str(icacls), str(config["policy"]["scratch"]), "/setintegritylevel", "(OI)(CI)L"]
    subprocess.run(label, capture_output=True, check=False, creationflags=CREATE_NO_WINDOW)
    handles = [tools.get_osfhandle(fd) for fd in fds]
    for handle in handles:
        kernel.SetHandleInformation(ctypes.c_void_p(handle), HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT)
    full = dict(config) | dict(zip(("commands", "events", "raw"), handles, strict=True))
    child = subprocess.Popen(
        [*command, json.dumps(full)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=dict(env),
        cwd=base,
        startupinfo=popen.STARTUPINFO(lpAttributeList={"handle_list": handles}),
        creationflags=CREATE_NO_WINDOW,
    )
    process = ctypes.c_void_p(int(getattr(child, "_handle")))  # noqa: B009 - private, but the only way to it
    job = ctypes.c_void_p(kernel.CreateJobObjectW(None, None))
    limits = job_limits(int(config["policy"]["memory"]))
    ui = struct.pack("<I", JOB_OBJECT_UILIMIT_ALL)
    done = job.value and kernel.SetInformationJobObject(job, JobObjectExtendedLimitInformation, limits, len(limits))
    done = done and kernel.SetInformationJobObject(job, JobObjectBasicUIRestrictions, ui, len(ui))
    if not (done and kernel.AssignProcessToJobObject(job, process)):
        code = windows.get_last_error()
        child.kill()
        child.wait()
        kernel.CloseHandle(job)
        raise OSError(f"job object: error {code}")
    _jobs.append((child, job))
    return child


def _kernel() -> Any:
    """kernel32, told which results are handles: they do not fit into an int."""
    windows: Any = ctypes
    kernel = windows.WinDLL("kernel32", use_last_error=True)
    kernel.CreateJobObjectW.restype = ctypes.c_void_p
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    return kernel


def _close_jobs_of_the_dead(kernel: Any) -> None:
    alive = [(child, job) for child, job in _jobs if child.poll() is None]
    for child, job in _jobs:
        if child.returncode is not None:
            kernel.CloseHandle(job)
    _jobs[:] = alive


def peek(fd: int) -> bool:
    """Whether a pipe has something to read or is at its end (``PeekNamedPipe``)."""
    import msvcrt

    windows: Any = ctypes
    tools: Any = msvcrt
    available = ctypes.c_ulong()
    handle = ctypes.c_void_p(tools.get_osfhandle(fd))
    ok = windows.WinDLL("kernel32").PeekNamedPipe(handle, None, 0, None, ctypes.byref(available), None)
    return not ok or available.value > 0


def open_handles(handles: Iterable[int]) -> list[int]:
    """Descriptors of inherited pipe handles, in the worker."""
    import msvcrt

    tools: Any = msvcrt
    return [tools.open_osfhandle(h, 0) for h in handles]


def confine(config: Mapping[str, Any]) -> dict[str, bool]:
    """Lower the integrity of this process for good; returns what holds, by trial where that is harmless."""
    os.chdir(config["policy"]["scratch"])
    low = _lower_integrity() if sys.platform == "win32" else False
    return {
        "files": False,
        "writes": low and _refused_write(),
        "metadata": low,
        "network": False,
        "processes": _refused_process(),
        "signals": low,
        "memory": True,  # the job's limit, without which the worker would not have been let live
        "existence": False,
    }


def _lower_integrity() -> bool:
    windows: Any = ctypes
    advapi, kernel = windows.WinDLL("advapi32"), _kernel()
    token = ctypes.c_void_p()
    access = TOKEN_ADJUST_DEFAULT | TOKEN_QUERY
    if not advapi.OpenProcessToken(ctypes.c_void_p(kernel.GetCurrentProcess()), access, ctypes.byref(token)):
        return False
    sid = ctypes.create_string_buffer(LOW_INTEGRITY_SID, len(LOW_INTEGRITY_SID))
    label = struct.pack("<QI4x", ctypes.addressof(sid), SE_GROUP_INTEGRITY)  # TOKEN_MANDATORY_LABEL
    done = advapi.SetTokenInformation(token, TokenIntegrityLevel, label, len(label) + len(LOW_INTEGRITY_SID))
    kernel.CloseHandle(token)
    return bool(done)


def _refused_process() -> bool:
    """Whether the job, which this process may not be in yet, keeps it from starting another."""
    program = Path(os.environ.get("SYSTEMROOT", "C:\\Windows"), "System32", "where.exe")
    for _ in range(20):
        try:
            subprocess.run([str(program), "/?"], capture_output=True, check=False)
        except OSError:
            return True
        time.sleep(0.05)
    return False


def _refused_write() -> bool:
    probe = Path(os.environ.get("SYSTEMDRIVE", "C:") + "\\Users\\Public\\tutor-sandbox-probe")
    try:
        probe.write_bytes(b"")
    except OSError:
        return True
    with suppress(OSError):
        probe.unlink()
    return False
