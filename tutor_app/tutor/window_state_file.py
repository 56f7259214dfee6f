"""The file of the window's place, as JSON. Reading never fails: what cannot be used counts as never written."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, fields
from pathlib import Path

from tutor_app.adapters.files import write_file
from tutor_app.core.window_state import WindowState

_LARGEST = 100_000
"""Pixels; larger numbers are nobody's screen and overflow Qt's."""

_LATER = frozenset(("stepper_width", "stepper_spread", "stepper_parts", "export"))
"""What the first version did not write."""


def load(path: Path) -> WindowState:
    """Read it; the default if there is none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        values = {
            f.name: data.get(f.name, f.default) if f.name in _LATER else data[f.name] for f in fields(WindowState)
        }
    except (OSError, ValueError, LookupError, AttributeError, TypeError, RecursionError):
        return WindowState()
    defaults = asdict(WindowState())
    numbers = [v for v in values.values() if type(v) is int]
    if any(type(v) is not type(defaults[k]) for k, v in values.items()) or any(abs(n) > _LARGEST for n in numbers):
        return WindowState()
    return WindowState(**values)


def save(path: Path, state: WindowState) -> None:
    """Write it; a failure loses nothing that anybody typed, so it is not reported."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, json.dumps(asdict(state)).encode())
