"""How much memory is free here, and whether a model fits into it.

Only an advice: the operating system has the last word, and the engine reports what really happened. Nothing here
refuses to load a model.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import psutil

from tutor_app.adapters.models.gguf import GgufInfo, estimate_ram
from tutor_app.text.amounts import size_text

GROUP: Final = Path("/sys/fs/cgroup")


def free_memory(group: Path = GROUP) -> int | None:
    """Bytes that can be allocated without swapping, or None where that cannot be told.

    Args:
        group: Of the files that tell a container's own limit. The system's figure is that of the whole machine there,
            and the limit is what kills.
    """
    try:
        free = int(psutil.virtual_memory().available)
        limit = _left_in_group(group)
    except (OSError, ValueError, RuntimeError):  # psutil's own errors are RuntimeErrors where /proc is not as expected
        return None
    return free if limit is None else min(free, limit)


def _left_in_group(group: Path) -> int | None:
    try:
        limit = (group / "memory.max").read_text(encoding="ascii").strip()
        if limit == "max":
            return None
        used = int((group / "memory.current").read_text(encoding="ascii"))
        stat = dict(line.split() for line in (group / "memory.stat").read_text(encoding="ascii").splitlines())
    except FileNotFoundError:
        return None
    return int(limit) - used + int(stat.get("inactive_file", 0))


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
    shortage = _shortage(info.name, need, free)
    n = n_ctx // 2
    while n >= 1024:
        if estimate_ram(info, n) <= free:
            return f"{shortage} With a context of {n} it would fit: lower it in Settings, or close other programs."
        n //= 2
    return f"{shortage} Close other programs or choose a smaller model."


def advice_before_download(name: str, need: int, free: int | None) -> str:
    """The same for a model that is not here yet.

    Args:
        name: Of the model.
        need: Bytes it takes, roughly, by the catalogue.
        free: From :func:`free_memory`; None gives no advice.
    """
    if free is None or need <= free:
        return ""
    return f"{_shortage(name, need, free)} It would be slow or fail until other programs are closed."


def _shortage(name: str, need: int, free: int) -> str:
    return f"{name} needs about {size_text(need)} of memory and {size_text(free)} are free."
