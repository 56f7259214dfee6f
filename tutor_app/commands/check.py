"""``tutor check``: checks every statement of a text or of a saved solution, and says which are false.

With ``--work`` it checks a student's own lines, each against the one before and the problem. Exit codes: 0 nothing is
false; 1 a statement or line is false; 2 the file could not be read; 3 checking is not possible here.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any, BinaryIO, Final, TextIO

from tutor_app.adapters.checking.checker import Checker, Excerpt
from tutor_app.commands.shared import DONE, Subparsers, interrupt_sets, usable_folders, user_path, user_settings
from tutor_app.core.against_output import differing
from tutor_app.core.claims import Claim, Tally, claim_line
from tutor_app.core.errors import UserFault
from tutor_app.core.part_json import TranscriptFormatError
from tutor_app.core.terminal import printable
from tutor_app.core.transcript import Transcript
from tutor_app.core.work import PICTURE_BEGINNINGS, PICTURE_ENDINGS, WorkHint, WorkReport
from tutor_app.text.decoding import decoded
from tutor_app.tutor.checked import pieces_of, with_contradictions
from tutor_app.tutor.work import check_work, report_lines

SOMETHING_FALSE: Final = 1
MAX_BYTES: Final = 64 << 20


def add_parser(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "check", parents=[common], help="check every statement of a text or solution", description=__doc__
    )
    parser.add_argument("file", nargs="?", help="a text, or a solution exported as JSON; - for standard input")
    parser.add_argument(
        "--work", metavar="FILE", help="a student's own work, one formula in a line; - for standard input"
    )
    parser.add_argument("--problem", default="", metavar="TEXT", help="the problem that the work is about")
    parser.add_argument("--hint", action="store_true", help="with --work: also one hint about the first false line")
    parser.add_argument("--model", default="", help="who gives the hint; without one it is that of the mistake")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check the file; returns the exit code."""
    if args.work is not None and args.file is not None:
        raise UserFault("Give either a file or --work FILE, not both.")
    if args.work is not None:
        hinter = (lambda report, checker: _hint(args, report, checker)) if args.hint else None
        return run_work(args.work, args.problem, as_json=args.json, hinter=hinter)
    if args.file is None:
        raise UserFault("There is no file to check.", "Give a file, - for standard input, or --work FILE.")
    if args.problem or args.hint:
        raise UserFault(f"{'--problem' if args.problem else '--hint'} goes with --work FILE only.")
    return run_check(args.file, as_json=args.json)


def _hint(args: argparse.Namespace, report: WorkReport, checker: Checker) -> WorkHint:
    """One hint about the first false line; Ctrl+C ends it."""
    import threading

    from tutor_app.commands.solve import opened_tutor
    from tutor_app.tutor.work_hints import work_hint

    stop = threading.Event()
    where = usable_folders(args)
    with interrupt_sets(stop), ExitStack() as stack:
        tutor = None
        try:
            tutor = stack.enter_context(opened_tutor(args.model, where, user_settings(where)))
        except UserFault:
            if args.model:
                raise
        return work_hint(args.problem, report, checker, tutor, stop)


def run_work(
    path: str,
    problem: str,
    *,
    as_json: bool = False,
    stdin: BinaryIO | None = None,
    out: TextIO | None = None,
    hinter: Callable[[WorkReport, Checker], WorkHint] | None = None,
) -> int:
    """Check the student's lines in a file; returns the exit code.

    Args:
        path: The file, or ``-`` for standard input.
        problem: That the lines are about; may be empty.
        as_json: Print one JSON object.
        stdin: In the place of standard input.
        out: In the place of standard output.
        hinter: Gives a hint about the first false line; None for no hint.

    Raises:
        UserFault: If it cannot be read.
    """
    out = out or sys.stdout
    work = _read(path, stdin)
    with Checker() as checker:
        found = check_work(problem, work, checker)
        hint = hinter(found, checker) if hinter is not None and found.first_fault is not None else None
    if as_json:
        data: dict[str, Any] = {
            "first_fault": None if found.first_fault is None else found.first_fault + 1,
            "lines": [{"line": k, **asdict(line)} for k, line in enumerate(found.lines, 1)],
            "answer": asdict(found.answer),
            "said": list(found.sentences()),
        }
        if hint is not None:
            data["hint"] = asdict(hint)
        print(json.dumps(data, ensure_ascii=False), file=out)
    else:
        for line in report_lines(found):
            print(printable(line), file=out)
        if hint is not None:
            print(printable(f"{hint.title}: {hint.text}"), file=out)
    return DONE if found.first_fault is None and found.answer.kind != "wrong" else SOMETHING_FALSE


def run_check(path: str, *, as_json: bool = False, stdin: BinaryIO | None = None, out: TextIO | None = None) -> int:
    """Check the text in the file ``path``, or on standard input for ``-``; returns the exit code.

    Raises:
        UserFault: If it cannot be read.
    """
    out = out or sys.stdout
    content = _read(path, stdin)
    transcript = _transcript(content)
    pieces: list[Excerpt] = [("text", content)] if transcript is None else pieces_of(transcript.solution)
    with Checker() as checker:
        claims: Sequence[tuple[Claim, ...]] = checker.check(pieces)
    number = ""
    if transcript is not None:
        parts, answer = transcript.solution, transcript.answer
        claims = with_contradictions(claims, parts, transcript.problem)
        number = differing(transcript.replies[0][1], answer.latex) if answer is not None else ""
    found = [(part, claim) for part, of_part in enumerate(claims) for claim in of_part]
    tally = Tally.of(claim for _, claim in found)
    if as_json:
        print(json.dumps(report(tally, found) | {"code_printed": number}, ensure_ascii=False), file=out)
    else:
        for _, claim in found:
            print(printable(claim_line(claim)), file=out)
        if number and transcript is not None and transcript.answer is not None:
            print(printable(f"The answer is {transcript.answer.latex}, but the code printed {number}."), file=out)
        print(tally.sentence() or "no statement that could be checked", file=out)
    return SOMETHING_FALSE if tally.false else DONE


def _transcript(content: str) -> Transcript | None:
    """The solution that a text holds as JSON, if it does."""
    if content.lstrip().startswith("{"):
        with contextlib.suppress(TranscriptFormatError):
            return Transcript.from_json(content)
    return None


def report(tally: Tally, found: list[tuple[int, Claim]]) -> dict[str, Any]:
    """The JSON form."""
    return {
        "statements": tally.total,
        "checked": tally.checked,
        **asdict(tally),
        "reasons": dict(Counter(claim.reason for _, claim in found)),
        "claims": [{"part": part, **asdict(claim)} for part, claim in found],
    }


def _read(path: str, stdin: BinaryIO | None) -> str:
    try:
        if path == "-":
            data = (stdin or sys.stdin.buffer).read(MAX_BYTES + 1)
        else:
            with user_path(path).open("rb") as file:
                data = file.read(MAX_BYTES + 1)
    except OSError as e:
        raise UserFault(f"{path} cannot be read: {e.strerror}.") from None
    if len(data) > MAX_BYTES:
        raise UserFault(f"{path} is longer than {MAX_BYTES >> 20} MiB.", "Check it in pieces.")
    if path.lower().endswith(PICTURE_ENDINGS) or data.startswith(PICTURE_BEGINNINGS):
        raise UserFault(f"{path} is a picture or a PDF and cannot be read here.", "Type what is in it.")
    text = decoded(data)
    if text is None:
        raise UserFault(f"{path} is not UTF-8 text.", "Save it as UTF-8.")
    return text
