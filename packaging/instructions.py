"""For which instructions of this processor llama.cpp is built from source, and whether they compute rightly.

A level is a set of options of the build. Those that a processor names are tried from the fastest on; each is built,
installed and proved by a process that computes with it (``tutor_app/adapters/engine/proof.py``). What fails is refused
on this processor from then on, in the file in which the program remembers the libraries of an installer. AMX is in no
level: a hypervisor may hide it in ways that no query tells.

Part of ``bootstrap.py``: of the standard library alone, and parsed by an older Python.
"""

from __future__ import annotations

import contextlib
import platform
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tutor_app.adapters.engine.processor import Memory

ROOT = Path(__file__).resolve().parent.parent
WRONG = 3  # the exit code of a proof that computed something else
NO_CARD = 4  # of one that was to use a graphics card, and found none
CPUINFO = Path("/proc/cpuinfo")

# llama.cpp's options, and what the processor must name for them: compilers take the first five for one option.
AVX512 = {
    "AVX512": {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"},
    "AVX512_VBMI": {"avx512vbmi"},
    "AVX512_VNNI": {"avx512_vnni"},
    "AVX512_BF16": {"avx512_bf16"},
}
AVX_VNNI = {"AVX_VNNI": {"avx_vnni"}}
AVX2 = {"avx", "avx2", "bmi2", "fma", "f16c"}  # what llama.cpp's options say without being asked


class Level(NamedTuple):
    """Instructions that llama.cpp is built for: their name, and the options of the build."""

    name: str
    options: tuple[str, ...] = ()


PORTABLE = Level("avx2")
BASIC = Level("basic", tuple(f"-DGGML_{name}=OFF" for name in ("AVX", "AVX2", "BMI2", "FMA", "F16C")))
ONLY = Level("")  # of processors that are not x86


def named() -> set[str]:
    """What the processor says that it has; nothing where the system does not tell."""
    with contextlib.suppress(OSError):
        for line in CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("flags"):
                return set(line.partition(":")[2].split())
    return set()


def levels() -> list[Level]:
    """Those of this processor, the fastest first."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return [ONLY]
    flags = named()
    if not flags:  # not Linux: most have AVX2, and the proof finds out
        return [PORTABLE, BASIC]
    found = []
    wide = [option for option, needed in AVX512.items() if needed <= flags]
    vnni = [option for option, needed in AVX_VNNI.items() if needed <= flags]
    if flags >= AVX2:
        if "AVX512" in wide:
            found.append(Level("avx512", tuple(f"-DGGML_{option}=ON" for option in wide + vnni)))
        if vnni:
            found.append(Level("avxvnni", tuple(f"-DGGML_{option}=ON" for option in vnni)))
        found.append(PORTABLE)
    return [*found, BASIC]


def memory(cache: Path) -> Memory:
    """What has been found out on this processor, as the program keeps it."""
    sys.path.insert(0, str(ROOT))
    try:
        from tutor_app.adapters.engine import processor
    finally:
        sys.path.remove(str(ROOT))
    return processor.Memory(cache / "prompts" / processor.FILE)


class Refused(Exception):
    """The processor does not do what llama.cpp was built for; the text says how that showed."""


class Broken(Exception):
    """llama.cpp does not start, for a reason that has nothing to do with the processor."""


def prove(python: str) -> None:
    """Let the installed llama.cpp compute, in a process of its own.

    Raises:
        Refused: If it met an instruction that is missing, or computed something else.
        Broken: If it does not start.
    """
    run, said = _proof(python)
    if run.returncode in (-getattr(signal, "SIGILL", 4), 0xC000001D):
        raise Refused("this processor lacks an instruction that it uses")
    if run.returncode == WRONG:
        raise Refused(said)
    if run.returncode:
        raise Broken(said)


def prove_card(python: str, cache: Path, engine: str) -> str:
    """Let the graphics card compute, and remember whether it does; what is wrong with it, empty if nothing is.

    One that failed before is tried anew: there may be another driver now.
    """
    run, said = _proof(python, "--card")
    if run.returncode == NO_CARD:
        return "no card was found"
    if run.returncode == 0:
        memory(cache).prove(engine)
        return ""
    memory(cache).refuse(engine)
    return said


def _proof(python: str, *arguments: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """What a proof was, and the last line of its errors."""
    command = [python, "-m", "tutor_app.adapters.engine.proof", *arguments]
    run = subprocess.run(command, cwd=str(ROOT), capture_output=True, text=True, check=False)
    return run, (run.stderr.strip().splitlines() or [f"it ended with {run.returncode}"])[-1]
