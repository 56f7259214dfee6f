"""Checks that files of the program and its packages are whole: an interrupted installation may leave them cut off.

Loading a shared library whose end is missing is no exception: the process dies of SIGBUS as soon as it touches a page
that the file does not have, and says nothing. Nor does a script say anything that ends before it begins its work.
"""

from __future__ import annotations

import contextlib
import importlib.util
import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

QT: Final = (
    *("Qt*.abi3.so", "libpyside6.abi3.so*", "Qt/lib/libicu*", "Qt/plugins/platforms/*"),
    *(f"Qt/lib/libQt6{part}.so.6" for part in ("Core", "DBus", "Gui", "Widgets", "PrintSupport", "Svg", "XcbQpa")),
)
"""Files of the package PySide6 that the window needs first."""
ENGINE: Final = ("lib/*.so*",)
"""Files of the package llama_cpp."""
_CALLS_MAIN: Final = re.compile(rb"^    (?:main\(\)|sys\.exit\(main\(\)\))\s*\Z", re.M)
_HEAD: Final = struct.Struct("<6s34xQ10xHH2x")
"""Of an ELF file: its mark for 64 bits, where its table of sections is, an entry's size, and how many there are."""


def cut_off(package: str, patterns: Sequence[str]) -> str:
    """The name of a package's library that is empty or ends too early; empty if none does, or the package is gone."""
    spec = None
    with contextlib.suppress(ImportError, ValueError):
        spec = importlib.util.find_spec(package)
    folders = [Path(place) for place in (spec.submodule_search_locations or ())] if spec is not None else []
    return next((path.name for path in _cut_off(_files(folders, patterns))), "")


def script_fault(script: Path) -> str:
    """Why the script of a child process is not whole (it must end by calling ``main``); empty if it is."""
    name = f"the program's own file {script.parent.name}/{script.name}"
    try:
        end = script.read_bytes()[-100:]
    except OSError:
        return f"{name} is missing" if not script.exists() else f"{name} cannot be read"
    return "" if _CALLS_MAIN.search(end) else f"{name} is cut off"


def _files(folders: Iterable[Path], patterns: Sequence[str]) -> Iterator[Path]:
    for folder in folders:
        for pattern in patterns:
            yield from folder.glob(pattern)


def _cut_off(files: Iterable[Path]) -> Iterator[Path]:
    for path in files:
        with contextlib.suppress(OSError), path.open("rb") as file:
            head = file.read(_HEAD.size)
            size = file.seek(0, 2)
            if not size:
                yield path
            elif len(head) == _HEAD.size:
                mark, sections, entry, count = _HEAD.unpack(head)
                if mark == b"\x7fELF\x02\x01" and sections + entry * count > size:
                    yield path
