"""Amounts in words, the same everywhere: bytes, elapsed time, time left."""

from __future__ import annotations


def size_text(count: float) -> str:
    """Bytes in decimal units: ``491 MB``, ``1.12 GB``."""
    n = round(count)
    if n < 1000:
        return f"{n} byte{'s' if n != 1 else ''}"
    unit, factor = next(((u, f) for u, f in (("kB", 1e3), ("MB", 1e6)) if n < 999.5 * f), ("GB", 1e9))
    x = n / factor
    return f"{x:.0f} {unit}" if x >= 99.95 else f"{x:.3g} {unit}"


def duration(seconds: float, whole: bool = False) -> str:
    """Elapsed time: ``4.2 s``, ``1 min 07 s``; ``whole`` for a count that is still running."""
    if seconds < 59.95:
        return f"{seconds:.0f} s" if whole else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def time_left(seconds: float) -> str:
    """An estimate, no finer than it can be: ``44 s``, ``3 min``, ``2.0 h``."""
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    if whole < 5400:
        return f"{round(whole / 60)} min"
    return f"{whole / 3600:.1f} h"
