"""The hardware that a model can use: processor cores, and the graphics that llama.cpp was built for."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

import psutil


def physical_cores() -> int:
    """Cores this process may use, hyper-threads counted once; at least 1."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if platform.system() == "Darwin":  # only the fast ones: decoding is as slow as the slowest thread
        query = ["sysctl", "-n", "hw.perflevel0.physicalcpu"]
        found = subprocess.run(query, capture_output=True, text=True, check=False).stdout.strip()
        if found.isdigit():
            return int(found)
    return max(1, min(usable, psutil.cpu_count(logical=False) or usable))


def gpu_backends() -> tuple[str, ...]:
    """What the installed llama.cpp was built for besides the CPU, told by the libraries beside it."""
    from importlib.util import find_spec

    spec = find_spec("llama_cpp")
    folders = [Path(p) / "lib" for p in (spec.submodule_search_locations or ())] if spec else []
    files = [f.name.lower() for d in folders if d.is_dir() for f in d.iterdir()]
    return tuple(b for b in ("cuda", "metal", "vulkan", "hip", "sycl") if any(b in f for f in files))
