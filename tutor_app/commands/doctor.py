"""``tutor doctor``: tells what works on this computer, each finding in one line. It changes nothing."""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tutor_app import __version__
from tutor_app.adapters.engine.exit_codes import explain_end, explain_missing, rebuild
from tutor_app.adapters.engine.hardware import physical_cores
from tutor_app.adapters.engine.processor import FILE, Memory
from tutor_app.adapters.engine.proof import WRONG
from tutor_app.adapters.engine.proving import card_name, card_works, step_down
from tutor_app.adapters.library import Library
from tutor_app.adapters.models.memory import free_memory
from tutor_app.adapters.whole import ENGINE, QT, cut_off
from tutor_app.commands.report import Finding
from tutor_app.commands.shared import DONE, NO_ANSWER, Subparsers, user_path
from tutor_app.core.confinement import Confinement
from tutor_app.core.errors import TutorError, UserFault
from tutor_app.core.ports import NeverCancelled
from tutor_app.resources import reinstall, resources
from tutor_app.text.amounts import size_text
from tutor_app.tutor import settings_file
from tutor_app.tutor.models import advise_on_memory, best_installed, model_store, unused_models
from tutor_app.tutor.paths import Folders, folders
from tutor_app.tutor.service import connected

REPORT: Final = "mumath-tutor-report.txt"
PACKAGES: Final = (
    *("PySide6", "jinja2", "latex2mathml", "llama_cpp", "markdown_it", "matplotlib", "nacl", "numpy", "platformdirs"),
    *("psutil", "pygments", "pypdf", "starlette", "sympy", "uvicorn", "ziamath"),
)
"""What the program imports of others."""


def add_parser(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser("doctor", parents=[common], help="what works on this computer, and what does not")
    parser.add_argument(
        "--report",
        nargs="?",
        type=user_path,
        const=Path(REPORT),
        metavar="FILE",
        help=f"write it, the settings and the end of the log to a text file that you can send (default {REPORT})",
    )
    parser.add_argument("--with-problems", action="store_true", help="put your latest problems into the report, too")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the findings; returns 1 if something does not work."""
    from tutor_app.commands.report import write_report

    where = folders(args.data_dir)
    findings: list[Finding] = []
    for finding in examine(where):
        findings.append(finding)
        print(finding.line)
    if args.report is not None:
        write_report(args.report, where, findings, problems=args.with_problems)
        print(f"The report is in {args.report}; read it before you send it.")
    return DONE if all(f.ok for f in findings) else NO_ANSWER


def examine(folders: Folders) -> Iterator[Finding]:
    """Look at everything, the quick things first."""
    yield Finding("program", True, f"tutor {__version__}, Python {platform.python_version()}, {platform.platform()}")
    yield packages()
    yield _processor()
    free = free_memory()
    text = f"{size_text(free)} free" if free is not None else "cannot be told on this system"
    yield Finding("memory", free is None or free > 1_500_000_000, text)
    yield from writable_folders(folders)
    yield engine(folders)
    yield from examine_models(folders)
    yield _window()
    yield from _sandbox()
    yield newer_version(folders)


def packages(needed: Sequence[str] = PACKAGES) -> Finding:
    """Whether every package that the program needs is installed."""
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        return Finding("packages", False, f"{', '.join(missing)} missing: install the program again")
    for name, patterns in (("llama_cpp", ENGINE), ("PySide6", QT)):
        if library := cut_off(name, patterns):
            return Finding("packages", False, f"{library} is cut off. {reinstall()}")
    return Finding("packages", True, f"all {len(needed)} are there")


WIDE: Final = {
    **{"AVX2": "avx2", "AVX-VNNI": "avx_vnni", "AVX-512": "avx512f", "VNNI": "avx512_vnni", "BF16": "avx512_bf16"}
}
"""What makes llama.cpp fast, and how Linux names it."""


def _processor() -> Finding:
    cores = physical_cores()
    text = f"{platform.machine()}, {cores} core{'s' if cores != 1 else ''}"
    flags: set[str] = set()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("flags", "Features")):
                flags = set(line.partition(":")[2].split())
                break
    except OSError:
        return Finding("processor", True, text)
    if platform.machine() in ("x86_64", "AMD64"):
        text += "".join(f", {name}" for name, flag in WIDE.items() if flag in flags) or ", without AVX2"
    return Finding("processor", True, text)


def writable_folders(folders: Folders) -> Iterator[Finding]:
    """Whether the user's folders can be made and written to, and what is in the library."""
    for name, folder in (("data", folders.data), ("settings", folders.config), ("cache", folders.cache)):
        place = folder
        while not place.exists() and place != place.parent:
            place = place.parent
        writable = place.is_dir() and os.access(place, os.W_OK)
        room = shutil.disk_usage(place).free
        text = f"{folder} ({size_text(room)} free)" if writable else f"{folder} cannot be written; use --data-dir"
        yield Finding(f"{name} folder", writable, text)
    try:
        resources()
    except TutorError as e:
        yield Finding("resources", False, str(e))
    if folders.library.exists():
        try:
            with Library(folders.library) as library:
                count = library.count()
            yield Finding("library", True, f"{count} solution{'s' if count != 1 else ''}")
        except TutorError as e:
            yield Finding("library", False, str(e))


def engine(folders: Folders) -> Finding:
    """What llama.cpp computes with here, and whether it computes rightly."""
    memory = Memory(None)  # what is found out here is not kept: this changes nothing
    memory.known = Memory(folders.prompts / FILE).known
    outcome = step_down(memory)
    if outcome.failed:
        kind = f" for {outcome.variant}" if outcome.variant else ""
        why = outcome.why if outcome.code == WRONG else "an instruction is missing"
        return Finding("engine", False, f"llama.cpp{kind} does not run on this processor ({why}). {rebuild()}")
    if outcome.code:
        explained = explain_missing(outcome.why) if outcome.code > 0 else explain_end(outcome.code, outcome.why)
        return Finding("engine", False, " ".join(explained))
    card = f"uses the graphics card ({card_name()})" if card_works(memory) else "CPU only"
    text = f"llama-cpp-python {outcome.version}, {card}, computes rightly"
    text += f" with {outcome.variant}" if outcome.variant else ""
    refused = [name for name in memory.known.refused if name != outcome.variant]
    return Finding("engine", True, text + (f"; {', '.join(refused)} failed here" if refused else ""))


def examine_models(folders: Folders) -> Iterator[Finding]:
    """Look at the installed models, whether they fit into memory, and at those of other programs."""
    store = model_store(folders)
    settings = settings_file.load(folders.settings)[0]
    n_ctx = settings.n_ctx
    if settings.server:
        try:
            info = connected(settings).info
            yield Finding("server", True, f"{info.name}, {info.device}, {info.n_seq} at once")
        except TutorError as e:
            yield Finding("server", False, str(e))
    try:
        for model in store.installed():
            text = f"{model.name}, {size_text(model.bytes)}"
            yield Finding("model", not model.problem, f"{text}: {model.problem}" if model.problem else text)
            if advice := advise_on_memory(store, model.id, n_ctx):
                yield Finding("model", True, advice)
        if not settings.server:
            best_installed(store)
    except TutorError as e:
        yield Finding("model", False, str(e))
    for found in unused_models(store):
        text = f"{found.name}, {size_text(found.bytes)}, of {found.app}; to use it: tutor models import {found.path}"
        yield Finding("other models", True, text)


def newer_version(folders: Folders) -> Finding:
    """Asks only if the settings allow it; that it cannot be asked is no fault of a computer without a network."""
    settings = settings_file.load(folders.settings)[0]
    if not settings.check_updates:
        return Finding("newer version", True, "not looked for; Settings can switch it on")
    try:
        from tutor_app.adapters.updates.signed_note import UntrustedNote
        from tutor_app.tutor.updates import Updates
    except ImportError as e:
        return Finding("newer version", False, f"cannot be looked for: {e}")
    try:
        answer = Updates(folders).look(settings, NeverCancelled())
    except (UntrustedNote, UserFault) as e:
        return Finding("newer version", False, str(e))
    except TutorError as e:
        return Finding("newer version", True, str(e))
    return Finding("newer version", True, f"{answer.sentence} {answer.note.page}" if answer.newer else answer.sentence)


def _window() -> Finding:
    probe = "from PySide6 import QtWidgets, __version__; print(__version__)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    if done.returncode:
        words = [f"{name} is cut off" if (name := cut_off("PySide6", QT)) else "", *done.stderr.strip().splitlines()]
        why = words[0] or (words[-1] if len(words) > 1 else done.returncode)
        return Finding("window", False, f"Qt does not load ({why}). {reinstall()}")
    display = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY")
    if sys.platform in ("win32", "darwin") or display:
        return Finding("window", True, f"Qt {done.stdout.strip()}")
    return Finding("window", True, f"Qt {done.stdout.strip()}; no display here, so the terminal is used")


def _sandbox() -> Iterator[Finding]:
    from tutor_app.adapters.sandbox.sessions import guarantees

    try:
        found = guarantees()
    except TutorError as e:
        yield Finding("sandbox", False, str(e))
        return
    confinement = Confinement(found)
    yield Finding("sandbox", not confinement.missing, confinement.sentence)
    for guarantee in found:
        text = f"{guarantee.name}: {guarantee.how}"
        yield Finding("sandbox", guarantee.held or not guarantee.required, text)
