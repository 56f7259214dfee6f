"""``tutor solve``: a problem solved in the terminal.

Exit codes: 0 an answer was found; 1 the solution ended without one; 3 the model or the sandbox failed; 130 stopped
by Ctrl+C, with what there was kept.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import sys
import threading
from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tutor_app.commands.models import pull_model
from tutor_app.commands.shared import (
    DONE,
    FAILED,
    INTERRUPTED,
    NO_ANSWER,
    Subparsers,
    add_engine_arguments,
    interrupt_sets,
    usable_folders,
    user_path,
    user_settings,
    with_engine,
)
from tutor_app.core.confinement import Confinement
from tutor_app.core.errors import HostFault, UserFault
from tutor_app.core.events import EndReason, Finished, Recorded, RunFinished, SolveEvent, VoteCast
from tutor_app.core.replaying import replayed
from tutor_app.core.votes import MOST_VOTES
from tutor_app.tutor.paths import Folders
from tutor_app.tutor.worksheets import check_may_solve

if TYPE_CHECKING:
    from tutor_app.core.settings import Settings
    from tutor_app.core.trace import Recording
    from tutor_app.tutor.service import Tutor

log = logging.getLogger(__name__)

TRACE_STEPS: Final = 1000
"""Steps that ``--trace`` records of a block."""


def add_parser(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser("solve", parents=[common], help="solve a problem in the terminal")
    parser.add_argument("problem", help="the problem, or - to read it from standard input")
    add_engine_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print the transcript as JSON instead of the text")
    parser.add_argument("--seed", type=int, help="of the random draw (with --temperature)")
    parser.add_argument("--temperature", type=float, help="0 always takes the likeliest word")
    parser.add_argument(
        "--votes", type=int, default=1, metavar="N", help="ask N times at once and let the attempts vote (try 8)"
    )
    parser.add_argument("--max-rounds", type=int, help="code blocks that may run")
    parser.add_argument("--prompt", default="", help="a name in resources/prompts, none, or a JSON file")
    parser.add_argument("--thinking", action="store_const", const=True, help="let a model that can think do so first")
    parser.add_argument(
        "--reasoning-only", action="store_const", const=True, help="reason in words only; no code is run"
    )
    parser.add_argument(
        "--correct-statements",
        action=argparse.BooleanOptionalAction,
        help="tell the model of a false calculation before it goes on (as the setting says unless given)",
    )
    parser.add_argument("--offline", action="store_true", help="never fetch a model that is missing")
    parser.add_argument("--no-save", action="store_true", help="do not keep the solution in the library")
    parser.add_argument(
        "--trace", type=user_path, metavar="FILE", help="record the code step by step, as JSON, in this file"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Solve the problem; returns the exit code."""
    where = usable_folders(args)
    settings = with_engine(args, user_settings(where))
    chosen = {"seed": args.seed, "temperature": args.temperature, "max_rounds": args.max_rounds}
    chosen |= {"thinking": args.thinking, "reasoning_only": args.reasoning_only}
    chosen |= {"correct_statements": args.correct_statements}
    settings = settings.changed(**{k: v for k, v in chosen.items() if v is not None})
    problem = sys.stdin.buffer.read().decode("utf-8", "replace") if args.problem == "-" else args.problem
    votes = args.votes
    if votes != 1 and not 2 <= votes <= MOST_VOTES:
        raise UserFault(f"--votes {votes} is out of bounds.", f"Ask for 2 to {MOST_VOTES} attempts.")
    if votes > 1 and args.trace is not None:
        raise UserFault("--trace records one solution, not a vote.", "Leave out --votes, or use `tutor step` later.")
    check_may_solve(where.config, problem)
    with opened_tutor(args.model, where, settings, prompt=args.prompt, offline=args.offline, at_once=votes) as tutor:
        return show(
            tutor, problem, where, settings, as_json=args.json, save=not args.no_save, trace=args.trace, votes=votes
        )


@contextlib.contextmanager
def opened_tutor(
    model: str, where: Folders, settings: Settings, *, prompt: str = "", offline: bool = True, at_once: int = 1
) -> Iterator[Tutor]:
    """A tutor for as long as the context lasts; the starter is fetched if there is no model at all and one may."""
    from tutor_app.tutor.models import model_store
    from tutor_app.tutor.service import open_tutor

    if not offline and not settings.server:
        # Nothing is installed at all: the starter is what a newcomer needs. Anything else is a mistake to tell.
        store = model_store(where)
        if not any(not m.problem for m in store.installed()) and model in ("", "starter"):
            pull_model(where, "starter")
    with open_tutor(model, where, settings=settings, prompt=prompt, n_seq=at_once, batched=at_once > 1) as tutor:
        yield tutor


def show(
    tutor: Tutor,
    problem: str,
    where: Folders,
    settings: Settings,
    *,
    as_json: bool = False,
    save: bool = True,
    trace: Path | None = None,
    votes: int = 1,
) -> int:
    """Solve a problem, showing it as it comes; Ctrl+C stops it and keeps what there is.

    Args:
        tutor: Solves.
        problem: As typed.
        where: The user's folders.
        settings: Of the user.
        as_json: Print the transcript at the end instead of the text as it comes.
        save: Keep the solution in the library.
        trace: Where to write the recording of the code that ran.
        votes: Attempts that vote; 1 solves once. Of a vote, the solution that has won is shown at its end.
    """
    from tutor_app.adapters.library import Library
    from tutor_app.commands.terminal_view import TerminalView
    from tutor_app.core.solve import to_the_end
    from tutor_app.tutor.service import solve_settings
    from tutor_app.tutor.verifiers import opened_verifier
    from tutor_app.tutor.votes import vote

    stop = threading.Event()
    traces: list[Recording] = []
    budgets = replace(solve_settings(settings), record_steps=TRACE_STEPS if trace is not None else 0)
    with contextlib.ExitStack() as stack:
        stack.enter_context(interrupt_sets(stop))
        library = (lambda: stack.enter_context(Library(where.library))) if save else None
        verifier = opened_verifier(where, tutor.engine.info.sha256)
        if verifier is not None:
            stack.enter_context(verifier)
        if votes > 1:
            weigh = settings.weigh_votes
            held = vote(
                tutor,
                problem,
                votes=votes,
                settings=budgets,
                cancel=stop,
                library=library,
                weigh=weigh,
                verifier=verifier,
            )
            events = _at_the_end(held)
        else:
            events = _collecting(
                traces, tutor.solve(problem, settings=budgets, cancel=stop, library=library, verifier=verifier)
            )
        last: Finished | None
        with contextlib.closing(events):  # before the library is: what there is must be kept if printing fails
            if as_json:
                last = to_the_end(events)
                print(last.transcript.to_json())
            else:
                last = TerminalView(sys.stdout, progress=sys.stderr).show(events)
                assert last is not None
                if last.usage.runs:
                    _say_confinement(tutor)
    usage = last.usage
    log.info(
        "solution ended: %s, %d runs, %d tokens, %.1f s",
        last.reason.value,
        usage.runs,
        usage.generated_tokens,
        usage.seconds,
    )
    if trace is not None:
        _write_traces(trace, last.transcript.problem, traces)
    return exit_code(last, stop, answered=last.transcript.answer is not None, as_json=as_json)


def exit_code(last: Finished, stop: threading.Event, *, answered: bool, as_json: bool) -> int:
    """What the command ends with; where only JSON was printed, says beside it what went wrong.

    Args:
        last: The end of the solution or reply.
        stop: Whether it was stopped by Ctrl+C.
        answered: Whether there is what was asked for.
        as_json: JSON was printed.
    """
    if stop.is_set():
        return INTERRUPTED
    if last.detail and as_json:
        print(f"tutor: {last.detail}", file=sys.stderr)
    if last.reason in (EndReason.ENGINE, EndReason.SANDBOX):
        return FAILED
    return DONE if answered else NO_ANSWER


def _collecting(traces: list[Recording], events: Iterable[SolveEvent]) -> Generator[SolveEvent, None, None]:
    for event in events:
        if isinstance(event, RunFinished) and event.recording is not None:
            traces.append(event.recording)
        yield event


def _at_the_end(events: Iterable[SolveEvent]) -> Generator[SolveEvent, None, None]:
    """How a vote goes on, and at its end the solution that has won, as if it had just been made."""
    for event in events:
        if isinstance(event, Finished):
            yield from replayed(event.transcript.solution)
        if isinstance(event, Finished | VoteCast | Recorded):
            yield event


def _say_confinement(tutor: Tutor) -> None:
    """How the code that just ran was confined; the sandbox is still warm, so asking costs nothing to speak of."""
    with contextlib.suppress(HostFault):
        sentence = Confinement(tutor.executor.guarantees()).sentence
        print(f"{sentence} `tutor doctor` tells how.", file=sys.stderr)


def _write_traces(path: Path, problem: str, traces: list[Recording]) -> None:
    from tutor_app.export.files import write_data

    recording: dict[str, Any] = {"problem": problem, "blocks": [json.loads(t.to_json()) for t in traces]}
    write_data(path, json.dumps(recording, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace"))
