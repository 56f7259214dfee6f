"""The command line: ``tutor`` opens the window; its subcommands do the same work in a terminal.

Exit codes: 0 done (for ``solve``: an answer was found); 1 ``solve`` ended without an answer, or a check found
something wrong; 2 the request was not understood; 3 something on this computer failed; 130 interrupted.
``tutor exec`` has its own, told by ``tutor exec --help``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

from tutor_app import __version__
from tutor_app.commands import export as export_command
from tutor_app.core.confinement import Confinement
from tutor_app.core.errors import HostFault, TutorError, UserFault
from tutor_app.core.events import EndReason, Finished
from tutor_app.tutor.paths import Folders, folders

if TYPE_CHECKING:
    from tutor_app.core.settings import Settings
    from tutor_app.tutor.service import Tutor

DONE: Final = 0
NO_ANSWER: Final = 1
USAGE: Final = 2
FAILED: Final = 3
INTERRUPTED: Final = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the command; returns the exit code."""
    parser = _parser()
    args = parser.parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code: int = args.run(args)
        return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe has gone; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except UserFault as e:
        print(f"tutor: {e}", file=sys.stderr)
        return USAGE
    except TutorError as e:
        print(f"tutor: {e}", file=sys.stderr)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--data-dir", type=Path, default=argparse.SUPPRESS, help="keep everything in this folder instead of your own"
    )
    parser = argparse.ArgumentParser(prog="tutor", description=__doc__, parents=[common])
    parser.add_argument("--version", action="version", version=f"tutor {__version__}")
    parser.set_defaults(run=_window, data_dir=None)
    commands = parser.add_subparsers(title="commands", metavar="")

    solve = commands.add_parser("solve", parents=[common], help="solve a problem in the terminal")
    solve.add_argument("problem", help="the problem, or - to read it from standard input")
    solve.add_argument("--model", default="", help="starter, standard, a model's id, or a GGUF file")
    solve.add_argument("--json", action="store_true", help="print the transcript as JSON instead of the text")
    solve.add_argument("--seed", type=int, help="of the random draw (with --temperature)")
    solve.add_argument("--temperature", type=float, help="0 always takes the likeliest word")
    solve.add_argument("--max-rounds", type=int, help="code blocks that may run")
    solve.add_argument("--prompt", default="", help="a name in resources/prompts, none, or a JSON file")
    solve.add_argument("--offline", action="store_true", help="never fetch a model that is missing")
    solve.add_argument("--no-save", action="store_true", help="do not keep the solution in the library")
    solve.add_argument("--trace", type=Path, metavar="FILE", help="record the code step by step, as JSON, in this file")
    solve.set_defaults(run=_solve)

    run = commands.add_parser("exec", parents=[common], help="run Python exactly as a model's code is run")
    run.add_argument("file", help="a Python file, or - for standard input")
    run.add_argument("--json", action="store_true", help="print the outcome as one JSON object")
    run.add_argument("--timeout", type=float, default=10.0, metavar="S", help="wall seconds (default 10)")
    run.set_defaults(run=_exec)

    models = commands.add_parser("models", parents=[common], help="list, fetch and check models")
    models.set_defaults(run=_models_list)
    actions = models.add_subparsers(title="actions", metavar="")
    actions.add_parser("list", parents=[common], help="what there is and what is here").set_defaults(run=_models_list)
    pull = actions.add_parser("pull", parents=[common], help="fetch a model (again: go on with it)")
    pull.add_argument("name", help="starter, standard, or an id from the list")
    pull.set_defaults(run=_models_pull)
    verify = actions.add_parser("verify", parents=[common], help="check a model's file, bit by bit")
    verify.add_argument("name")
    verify.set_defaults(run=_models_verify)
    imported = actions.add_parser("import", parents=[common], help="use a GGUF file of your own, where it lies")
    imported.add_argument("path", type=Path)
    imported.add_argument("--name", help="how it is called here")
    imported.add_argument("--base", default="", metavar="MODEL", help="the model that the file, an adapter, belongs to")
    imported.set_defaults(run=_models_import)
    remove = actions.add_parser("rm", parents=[common], help="delete a fetched model, or forget an imported one")
    remove.add_argument("name")
    remove.set_defaults(run=_models_remove)

    exporting = commands.add_parser("export", parents=[common], help="solutions as PDF, HTML, LaTeX, notebook ...")
    export_command.add_arguments(exporting)
    exporting.set_defaults(run=export_command.run_export)

    bringing = commands.add_parser("import", parents=[common], help="take exported solutions (JSON) into the library")
    bringing.add_argument("files", nargs="+", type=Path, metavar="FILE.json", help="made by export --to json")
    bringing.set_defaults(run=_import)

    doctor = commands.add_parser("doctor", parents=[common], help="what works on this computer, and what does not")
    doctor.set_defaults(run=_doctor)
    return parser


def _folders(args: argparse.Namespace) -> Folders:
    found = folders(args.data_dir)
    found.create()
    return found


def _settings(where: Folders) -> Settings:
    from tutor_app.tutor.settings_file import load

    settings, complaints = load(where.settings)
    for complaint in complaints:
        print(f"tutor: {complaint}", file=sys.stderr)
    return settings


# --- the window, or the terminal in its place ---------------------------------------------------------------


def _window(args: argparse.Namespace) -> int:
    where = _folders(args)
    if not _has_display():
        return _terminal(where)
    from tutor_app.app import run_window

    return run_window(where)


def _has_display() -> bool:
    """Whether a window can be shown; ``QT_QPA_PLATFORM`` overrules what the system says."""
    if os.environ.get("QT_QPA_PLATFORM"):
        return True
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _terminal(where: Folders) -> int:
    """Without a display: ask for problems here; without anyone to ask, show one being solved."""
    from tutor_app.tutor.samples import sample_problems

    settings = _settings(where)
    with _tutor("", where, settings) as tutor:
        if not sys.stdin.isatty():
            sample = sample_problems()[0]
            print(f"No display and no terminal: solving a sample problem.\n\n{sample.problem}\n")
            return _show(tutor, sample.problem, where, settings)
        print(f"No display: working in the terminal with {tutor.engine.info.name}. An empty line ends.")
        while True:
            try:
                problem = input("\nProblem> ").strip()
            except EOFError:
                return DONE
            if not problem:
                return DONE
            try:
                _show(tutor, problem, where, settings)
            except UserFault as e:
                print(e)


@contextlib.contextmanager
def _tutor(
    model: str, where: Folders, settings: Settings, *, prompt: str = "", offline: bool = True
) -> Iterator[Tutor]:
    from tutor_app.tutor.service import model_store, open_tutor

    if not offline:
        # Nothing is installed at all: the starter is what a newcomer needs. Anything else is a mistake to tell.
        store = model_store(where)
        if not any(not m.problem for m in store.installed()) and model in ("", "starter"):
            _pull(where, "starter")
    with open_tutor(model, where, settings=settings, prompt=prompt) as tutor:
        yield tutor


# --- solve ----------------------------------------------------------------------------------------------------


def _solve(args: argparse.Namespace) -> int:
    where = _folders(args)
    settings = _settings(where)
    chosen = {"seed": args.seed, "temperature": args.temperature, "max_rounds": args.max_rounds}
    settings = settings.changed(**{k: v for k, v in chosen.items() if v is not None})
    problem = sys.stdin.buffer.read().decode("utf-8", "replace") if args.problem == "-" else args.problem
    with _tutor(args.model, where, settings, prompt=args.prompt, offline=args.offline) as tutor:
        return _show(tutor, problem, where, settings, as_json=args.json, save=not args.no_save, trace=args.trace)


def _show(
    tutor: Tutor,
    problem: str,
    where: Folders,
    settings: Settings,
    *,
    as_json: bool = False,
    save: bool = True,
    trace: Path | None = None,
) -> int:
    """Solve a problem, showing it as it comes; Ctrl+C stops it and keeps what there is."""
    from tutor_app.adapters.library import Library
    from tutor_app.commands.terminal import TerminalView
    from tutor_app.core.solve import to_the_end
    from tutor_app.tutor.service import solve_settings

    stop = threading.Event()
    with contextlib.ExitStack() as stack:
        stack.enter_context(_interrupt_sets(stop))
        events = tutor.solve(
            problem,
            settings=solve_settings(settings),
            cancel=stop,
            library=(lambda: stack.enter_context(Library(where.library))) if save else None,
        )
        last: Finished | None
        if as_json:
            last = to_the_end(events)
            print(last.transcript.to_json())
        else:
            last = TerminalView(sys.stdout, progress=sys.stderr).show(events)
            assert last is not None
            if last.usage.runs:
                _say_confinement(tutor)
    if stop.is_set():
        return INTERRUPTED
    if trace is not None:
        _write_traces(tutor, last, trace)
    if last.detail and as_json:
        print(f"tutor: {last.detail}", file=sys.stderr)
    if last.reason in (EndReason.ENGINE, EndReason.SANDBOX):
        return FAILED
    return DONE if last.transcript.answer is not None else NO_ANSWER


def _say_confinement(tutor: Tutor) -> None:
    """How the code that just ran was confined; the sandbox is still warm, so asking costs nothing to speak of."""
    with contextlib.suppress(HostFault):
        sentence = Confinement(tutor.executor.guarantees()).sentence
        print(f"{sentence} `tutor doctor` tells how.", file=sys.stderr)


def _write_traces(tutor: Tutor, last: Finished, path: Path) -> None:
    """Run the solution's blocks once more, in a fresh session, and record each of them."""
    from tutor_app.core.events import RunFinished
    from tutor_app.core.ports import Never
    from tutor_app.core.transcript import Code

    blocks = [p.source for p in last.transcript.solution if isinstance(p, Code)]
    session = tutor.executor.open()
    try:
        ends = [list(session.run(block, cancel=Never(), record_steps=1000))[-1] for block in blocks]
        traces = [json.loads(e.trace.to_json()) for e in ends if isinstance(e, RunFinished) and e.trace is not None]
    finally:
        session.close()
    try:
        path.write_text(
            json.dumps({"problem": last.transcript.problem, "blocks": traces}, ensure_ascii=False, indent=1)
        )
    except OSError as e:
        raise UserFault(f"The recording cannot be written to {path}: {e.strerror}.", "Choose another file.") from None


@contextlib.contextmanager
def _interrupt_sets(stop: threading.Event) -> Iterator[None]:
    """The first Ctrl+C stops the solution in good order, a second one the program."""

    def on_interrupt(_signal: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    old = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, old)


# --- exec -----------------------------------------------------------------------------------------------------


def _exec(args: argparse.Namespace) -> int:
    from tutor_app.commands.exec import run_exec

    return run_exec(args.file, as_json=args.json, timeout=args.timeout)


# --- models ---------------------------------------------------------------------------------------------------


def _models_list(args: argparse.Namespace) -> int:
    from tutor_app.adapters.models.store import size_text
    from tutor_app.tutor.service import model_store

    store = model_store(_folders(args))
    here = {m.id: m for m in store.installed()}
    for e in store.entries():
        mark = "installed" if e.id in here else "" if e.sources else "make it with the trainer"
        role = f" ({', '.join(e.roles)})" if e.roles else ""
        size = size_text(e.bytes) if e.bytes else "-"
        print(f"{e.id + role:34} {size:>9}  {e.licence[:30]:30}  {mark}")
    for m in here.values():
        if m.by_reference:
            kind = "your own file" if m.base is None else f"adapter of {m.base.name}"
            print(f"{m.id:34} {size_text(m.bytes):>9}  {kind[:30]:30}  {m.problem or m.path}")
    return DONE


def _models_pull(args: argparse.Namespace) -> int:
    _pull(_folders(args), args.name)
    return DONE


def _pull(where: Folders, name: str) -> None:
    from tutor_app.adapters.models.store import describe
    from tutor_app.core.values import Progress
    from tutor_app.tutor.service import model_store

    store = model_store(where)
    stop = threading.Event()
    tty = sys.stderr.isatty()
    told = -1

    def progress(p: Progress) -> None:
        nonlocal told
        tenth = int(10 * p.done / p.total) if p.total else 0
        if tty:
            sys.stderr.write(f"\r\x1b[K{describe(p)}")
        elif tenth != told:
            sys.stderr.write(f"{describe(p)}\n")
        told = tenth
        sys.stderr.flush()

    with _interrupt_sets(stop):
        try:
            model = store.pull(name, progress, stop)
        finally:
            if tty and told >= 0:
                sys.stderr.write("\n")
    print(f"{model.name} is installed: {model.path}")


def _models_verify(args: argparse.Namespace) -> int:
    from tutor_app.tutor.service import model_store

    model = model_store(_folders(args)).verify(args.name)
    print(f"{model.name}: every bit is as it should be (sha256 {model.sha256}).")
    return DONE


def _models_import(args: argparse.Namespace) -> int:
    from tutor_app.adapters.models.chat_template import choose_dialect
    from tutor_app.tutor.service import model_store

    model = model_store(_folders(args)).import_(args.path, args.name, base=args.base)
    choice = choose_dialect(model)
    print(f"{model.name} can be used now, as: --model {model.id} (it speaks: {choice.dialect.name})")
    if choice.note:
        print(choice.note)
    return DONE


def _models_remove(args: argparse.Namespace) -> int:
    from tutor_app.tutor.service import model_store

    print(model_store(_folders(args)).remove(args.name))
    return DONE


# --- import ---------------------------------------------------------------------------------------------------


def _import(args: argparse.Namespace) -> int:
    from tutor_app.adapters.library import Library
    from tutor_app.export import read_transcripts
    from tutor_app.tutor.recorder import import_transcripts

    # All files are read before the first is taken: a mistake in the last one leaves nothing half done.
    transcripts = [t for path in args.files for t in read_transcripts(path)]
    with Library(_folders(args).library) as library:
        print(import_transcripts(transcripts, library).sentence)
    return DONE


# --- doctor ---------------------------------------------------------------------------------------------------


def _doctor(args: argparse.Namespace) -> int:
    from tutor_app.commands.doctor import examine

    good = True
    for finding in examine(folders(args.data_dir)):
        good &= finding.ok
        print(f"{'ok ' if finding.ok else '!! '} {finding.name:16} {finding.text}")
    return DONE if good else NO_ANSWER
