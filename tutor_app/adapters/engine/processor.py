"""The part of llama.cpp that computes, chosen for this processor: the fastest of the libraries that really runs here.

An installer brings one library for each family of processors (``libggml-cpu-haswell.so``, ``-zen4.so``...), and each
says whether this processor has its instructions. What a processor says is not always what a hypervisor lets it do, so
a library is proved by computing with it in the model process; one that dies of an illegal instruction, or computes
something else (:mod:`~tutor_app.adapters.engine.proof`), is refused from then on, and the next one is taken. What was
found is kept for this processor. A build from source has one library, and nothing is chosen here: set-up has built it
for this processor, and reads what was kept. Loading happens in the model process only.

A library for a graphics card (``libggml-vulkan.so``) may be put beside those of an installer, and is then used, too,
once :mod:`~tutor_app.adapters.engine.proving` has seen it compute.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

FILE: Final = "processor.json"
"""Keeps what was found, beside the kept prompts."""
PREFIX: Final = "ggml-cpu-"
SUFFIXES: Final = (".so", ".dll", ".dylib")
BUILT_FOR: Final = {"AVX512": "avx512", "AVX_VNNI": "avxvnni", "AVX2": "avx2", "SSE3": "basic"}
"""What llama.cpp says of itself, the most first, and the name of the level that set-up has built it for."""
UNPROVED: Final = ("sapphirerapids",)
"""Uses the tile registers (AMX), which hypervisors hide in ways that no query tells; never taken."""


CARDS: Final = ("cuda", "hip", "sycl", "vulkan")
"""What libraries for graphics cards are called, which lie beside the others where there are several."""
WITHOUT_CARD: Final = {"GGML_DISABLE_VULKAN": "1", "CUDA_VISIBLE_DEVICES": "", "HIP_VISIBLE_DEVICES": ""}
"""Variables of a process that no graphics driver is to be loaded in: one that is broken may end it at any time."""


def variants(folder: Path) -> list[Path]:
    """The libraries that this processor has every instruction of, the fastest first; none for a build with one."""
    scored = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if name_of(path) not in ("", *UNPROVED):
            with contextlib.suppress(OSError, AttributeError):
                score = int(ctypes.CDLL(str(path)).ggml_backend_score())
                if score > 0:
                    scored.append((score, path))
    return [path for _, path in sorted(scored, key=lambda found: -found[0])]


def name_of(path: Path) -> str:
    """``zen4`` of ``libggml-cpu-zen4.so``; empty for any other file."""
    stem = path.stem.removeprefix("lib")
    return stem.removeprefix(PREFIX) if stem.startswith(PREFIX) and path.suffix in SUFFIXES else ""


def built_for(system_info: str) -> str:
    """The level of a build with one library, of what ``llama_print_system_info`` says; empty if it is not for x86."""
    having = set(re.findall(r"(\w+) = 1\b", system_info))
    return next((name for feature, name in BUILT_FOR.items() if feature in having), "")


def one_of_several(variant: str) -> bool:
    """Whether a library of this name has others beside it, which may be taken in its place."""
    return variant not in ("", *BUILT_FOR.values())


def chosen(folder: Path, refused: Sequence[str]) -> Path | None:
    """The fastest library that is not refused, else the one that asks for least; None for a build with only one."""
    found = variants(folder)
    return next((path for path in found if name_of(path) not in refused), found[-1] if found else None)


def load(folder: Path, refused: Sequence[str]) -> str:
    """Load :func:`chosen` and return its name; empty for a build that has only one."""
    path = chosen(folder, refused)
    if path is None:
        return ""
    # The functions of llama.cpp's own registry: it holds what is loaded for the whole process.
    ggml = ctypes.CDLL(str(next(p for p in sorted(folder.iterdir()) if p.name.startswith(("libggml.", "ggml.")))))
    ggml.ggml_backend_load.restype = ctypes.c_void_p
    for library in (*cards(folder), path):
        ggml.ggml_backend_load(os.fsencode(library))
    return name_of(path)


def cards(folder: Path) -> list[Path]:
    """The libraries for graphics cards in a folder; none in a process that is to do without."""
    if "GGML_DISABLE_VULKAN" in os.environ:
        return []
    begins = tuple(f"{start}ggml-{card}" for card in CARDS for start in ("lib", ""))
    return [path for path in sorted(folder.iterdir()) if path.name.startswith(begins) and path.suffix in SUFFIXES]


def take(refused: Sequence[str]) -> str:
    """Load the library for this processor beside llama.cpp's own, if there are several.

    Returns:
        Its name, or that of the instructions that the only one was built for.
    """
    import llama_cpp

    name = load(Path(llama_cpp.__file__).parent / "lib", refused)
    return name or built_for(llama_cpp.llama_print_system_info().decode())


def would_take(refused: Sequence[str]) -> str:
    """What :func:`take` would return, with nothing loaded for good."""
    import llama_cpp

    path = chosen(Path(llama_cpp.__file__).parent / "lib", refused)
    return name_of(path) if path is not None else built_for(llama_cpp.llama_print_system_info().decode())


@dataclass(frozen=True, slots=True)
class Known:
    """What was found out on this processor.

    Attributes:
        proved: Libraries that have computed, and what uses a graphics card if that has.
        refused: Those that died of an illegal instruction, or of the card's driver, or computed wrongly.
    """

    proved: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(slots=True)
class Memory:
    """Keeps what was found out, for each processor that the user's folder has been used on.

    Attributes:
        file: Where; None keeps it for this process only.
        known: Of this processor.
    """

    file: Path | None
    known: Known = field(init=False)

    def __post_init__(self) -> None:
        kept = self._read().get(processor())
        lists = [kept.get(name) if isinstance(kept, dict) else None for name in ("proved", "refused")]
        good = [tuple(str(item) for item in found) if isinstance(found, list) else () for found in lists]
        self.known = Known(*good)

    def prove(self, variant: str) -> None:
        """A library has computed; what failed before, with another driver perhaps, is forgotten."""
        if variant and (variant not in self.known.proved or variant in self.known.refused):
            proved, refused = (
                tuple(name for name in names if name != variant) for names in (self.known.proved, self.known.refused)
            )
            self._keep(Known((*proved, variant), refused))

    def refuse(self, variant: str) -> None:
        """A library has died of an illegal instruction, or computed wrongly."""
        proved = tuple(name for name in self.known.proved if name != variant)
        if variant and variant not in self.known.refused:
            self._keep(Known(proved, (*self.known.refused, variant)))

    def refuses(self, variant: str) -> bool:
        """Whether it has died of an illegal instruction, or computed wrongly."""
        return variant in self.known.refused

    def _read(self) -> dict[str, object]:
        if self.file is not None:
            with contextlib.suppress(OSError, ValueError, RecursionError):
                data = json.loads(self.file.read_bytes())
                return data if isinstance(data, dict) else {}
        return {}

    def _keep(self, known: Known) -> None:
        self.known = known
        if self.file is None:
            return
        data = self._read() | {processor(): {"proved": list(known.proved), "refused": list(known.refused)}}
        with contextlib.suppress(OSError):  # it is found out again the next time
            self.file.parent.mkdir(parents=True, exist_ok=True)
            part = self.file.with_name(f"{self.file.name}.{os.getpid()}.part")
            part.write_text(json.dumps(data, indent=1), encoding="utf-8")
            part.replace(self.file)


def processor() -> str:
    """Tells processors apart: name and features as the system gives them, or what Python knows."""
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        wanted = ("model name", "flags", "Features", "CPU part")
        found = dict.fromkeys(line for line in lines if line.startswith(wanted))
        import hashlib  # and with it OpenSSL, 4 MB

        return hashlib.sha256("\n".join(found).encode()).hexdigest()[:16]
    return f"{platform.machine()} {platform.processor()}"
