"""``make bench``: every speed the project promises, as a ratio against a named reference measured in the same run.

Each module beside this one has ``rows()``; name some as arguments to run only those. Absolute numbers depend on
the machine and on what else it does; the ratios much less.
"""

from __future__ import annotations

import importlib
import platform
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent


def main(names: list[str]) -> int:
    """Run the named benches, or all; print the table."""
    sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent.parent)]
    known = sorted(p.stem for p in HERE.glob("*.py") if not p.stem.startswith("_"))
    unknown = [n for n in names if n not in known]
    if unknown:
        print(f"There is no bench {unknown[0]!r}; choose from {', '.join(known)}.", file=sys.stderr)
        return 2
    from tutor_app.adapters.engine.hardware import physical_cores

    print(f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, {physical_cores()} cores, {platform.platform()}\n")
    print(f"| {'what':62} | {'value':>14} | {'reference':44} | {'ratio':>7} |")
    print(f"|{'-' * 64}|{'-' * 15}:|{'-' * 46}|{'-' * 8}:|")
    for name in names or known:
        module = importlib.import_module(name)
        for what, value, unit, reference, ratio in module.rows():
            shown = f"{value:,.3g} {unit}" if value < 1000 else f"{value:,.0f} {unit}"
            print(f"| {what:62} | {shown:>14} | {reference:44} | {f'{ratio:.3g}' if ratio else '':>7} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
