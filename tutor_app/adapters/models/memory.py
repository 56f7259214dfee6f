"""How much memory is free here, and whether a model fits into it.

Only an advice: the operating system has the last word, and the engine reports what really happened. Nothing here
refuses to load a model.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

from tutor_app.adapters.models.gguf import GgufInfo, estimate_ram
from tutor_app.text.amounts import size_text


def free_memory() -> int | None:
    """Bytes that can be allocated without swapping, or None where that cannot be told."""
    try:
        if sys.platform == "win32":
            return _windows()
        if sys.platform == "darwin":
            return _macos()
        return _linux()
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def memory_advice(info: GgufInfo, n_ctx: int, free: int | None) -> str:
    """One sentence if the model with this context will not fit into ``free`` bytes, else empty.

    Args:
        info: The model.
        n_ctx: Context in tokens.
        free: From :func:`free_memory`; None gives no advice.
    """
    need = estimate_ram(info, n_ctx)
    if free is None or need <= free:
        return ""
    said = _said(info.name, need, free)
    n = n_ctx // 2
    while n >= 1024:
        if estimate_ram(info, n) <= free:
            return f"{said} With a context of {n} it would fit: lower it in Settings, or close other programs."
        n //= 2
    return f"{said} Close other programs or choose a smaller model."


def advice_before_download(name: str, need: int, free: int | None) -> str:
    """The same for a model that is not here yet.

    Args:
        name: Of the model.
        need: Bytes it takes, roughly, by the catalogue.
        free: From :func:`free_memory`; None gives no advice.
    """
    if free is None or need <= free:
        return ""
    return f"{_said(name, need, free)} It would be slow or fail until other programs are closed."


def _said(name: str, need: int, free: int) -> str:
    return f"{name} needs about {size_text(need)} of memory and {size_text(free)} are free."


def _linux() -> int | None:
    free = None
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            free = int(line.split()[1]) * 1024
    # In a container the kernel's figure is the whole machine's; the group's own limit is what kills.
    group = Path("/sys/fs/cgroup")
    try:
        limit = (group / "memory.max").read_text(encoding="ascii").strip()
        if limit != "max":
            used = int((group / "memory.current").read_text(encoding="ascii"))
            stat = dict(line.split() for line in (group / "memory.stat").read_text(encoding="ascii").splitlines())
            left = int(limit) - used + int(stat.get("inactive_file", 0))
            free = left if free is None else min(free, left)
    except FileNotFoundError:
        pass
    return free


def _macos() -> int | None:
    said = subprocess.run(["/usr/bin/vm_stat"], capture_output=True, text=True, timeout=5, check=True).stdout
    head, *lines = said.splitlines()
    page = int("".join(c for c in head if c.isdigit()))
    pages = 0
    for line in lines:
        name, _, value = line.partition(":")
        if name in ("Pages free", "Pages inactive", "Pages speculative", "Pages purgeable"):
            pages += int(value.strip().rstrip("."))
    return page * pages or None


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of the Windows API."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        ("total", ctypes.c_uint64),
        ("available", ctypes.c_uint64),
        ("rest", ctypes.c_uint64 * 5),
    )


def _windows() -> int | None:
    if sys.platform == "win32":
        status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
        if ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
            return int(status.available)
    return None
