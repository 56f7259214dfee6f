"""``tutor votes``: the attempts behind a solution that was voted for; each can be opened, compared and promoted.

Attempts are counted from 1. To promote one makes it the solution that is shown and exported; the vote stays as it was.
"""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from typing import TextIO

from tutor_app.commands.export import solutions_of
from tutor_app.commands.shared import DONE, Subparsers, opened_folders
from tutor_app.commands.terminal_view import TerminalView
from tutor_app.core.errors import UserFault
from tutor_app.core.parts import Attempt
from tutor_app.core.replaying import replayed
from tutor_app.core.terminal import printable
from tutor_app.core.transcript import Transcript
from tutor_app.core.votes import promoted
from tutor_app.handout.fragment import fragment
from tutor_app.handout.vote_lines import attempt_lines, vote_text
from tutor_app.text.plain import plain


def add_parser(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "votes", parents=[common], help="the attempts behind a voted solution", description=__doc__
    )
    parser.add_argument("solution", metavar="ID|latest|FILE.json", help="a saved solution, or an exported transcript")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--open", type=int, metavar="N", help="show an attempt as a whole")
    what.add_argument("--compare", type=int, nargs=2, metavar="N", help="show where two attempts differ")
    what.add_argument("--promote", type=int, metavar="N", help="make an attempt of a saved solution the one shown")
    what.add_argument("--json", action="store_true", help="print the tally as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show what is asked; returns the exit code.

    Raises:
        UserFault: If there was no vote, or there is no attempt of that number.
    """
    found = solutions_of([args.solution], args.data_dir)
    if not found:
        raise UserFault(f"{args.solution} holds no solution.")
    key, transcript = found[0]
    if not transcript.attempts:
        raise UserFault("That solution was not voted for.", "Ask several times: tutor solve --votes 8.")
    if args.open is not None:
        TerminalView(sys.stdout).show(replayed(_attempt(transcript, args.open).parts))
    elif args.compare is not None:
        first, second = (_attempt(transcript, number) for number in args.compare)
        print_comparison(first, second, args.compare, sys.stdout)
    elif args.promote is not None:
        return _promote(args, key, transcript)
    elif args.json:
        print(json.dumps(report(transcript), ensure_ascii=False))
    else:
        print_votes(transcript, sys.stdout)
    return DONE


def _attempt(transcript: Transcript, number: int) -> Attempt:
    if not 1 <= number <= len(transcript.attempts):
        raise UserFault(f"There is no attempt {number}.", f"Choose one from 1 to {len(transcript.attempts)}.")
    return transcript.attempts[number - 1]


def _promote(args: argparse.Namespace, key: str, transcript: Transcript) -> int:
    from tutor_app.adapters.library import Library

    _attempt(transcript, args.promote)
    if not key:
        raise UserFault(f"{args.solution} is a file, not a saved solution.", "Import it first with tutor import.")
    with Library(opened_folders(args).library) as library:
        library.save(key, promoted(transcript, args.promote - 1), "finished")
    print(f"Attempt {args.promote} is the solution now.")
    return DONE


def print_votes(transcript: Transcript, out: TextIO) -> None:
    """Write the tally and a line for each attempt."""
    for line in vote_text(transcript):
        print(printable(line), file=out)
    for row in attempt_lines(transcript):
        answer = plain(f"${row.answer}$") if row.answer else "-"
        note = f"  ({row.note})" if row.note else ""
        print(printable(f"{'>' if row.chosen else ' '} {row.number}  {answer}  {row.how}{note}"), file=out)


def print_comparison(first: Attempt, second: Attempt, numbers: tuple[int, int], out: TextIO) -> None:
    """Write where two attempts differ, line by line."""
    before, after = (fragment(attempt.parts, "text").splitlines() for attempt in (first, second))
    names = [f"attempt {number}" for number in numbers]
    same = True
    for line in difflib.unified_diff(before, after, names[0], names[1], lineterm="", n=1):
        same = False
        print(printable(line), file=out)
    if same:
        print("The two attempts say the same.", file=out)


def report(transcript: Transcript) -> dict[str, object]:
    """The tally as JSON."""
    plain_form = transcript.to_dict()
    rows = [{name: v for name, v in row.items() if name != "parts"} for row in plain_form["attempts"]]
    answers = [a.answer.latex if a.answer is not None else "" for a in transcript.attempts]
    return {
        "chosen": transcript.chosen + 1,
        "lines": vote_text(transcript),
        "attempts": [{"number": n + 1, "answer": answers[n], **row} for n, row in enumerate(rows)],
    }
