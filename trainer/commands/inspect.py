"""``inspect``: samples of every method side by side, with their parents and their checks.

Records of any files are grouped by method. Of each method some are shown, drawn by a hash, so that the same files show
the same samples: the question it was made from, the new question, the solution, how the label is known, and what a
look at the record finds: whether the boxed answer is the label, whether all code ran, which blocks are not supervised.
Control characters in what a teacher wrote are shown, never sent to the terminal.
"""

from __future__ import annotations

import argparse
import textwrap
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from trainer.arguments import at_least
from trainer.data.records import Rejects, read_records, stable_fraction
from trainer.runs import METRICS
from trainer.teacher.judge import Judge
from trainer.teacher.replies import in_circles, misexplains, text_fault
from tutor_app.core.answers import find_answer
from tutor_app.core.errors import UserFault
from tutor_app.core.parts import Code, Output, Text
from tutor_app.core.terminal import printable
from tutor_app.core.transcript import Transcript

WIDTH: Final = 100
"""Characters of a line."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this step."""
    parser.add_argument("files", nargs="+", type=Path, metavar="RECORDS")
    parser.add_argument("--n", type=at_least(1), default=2, metavar="N", help="samples of each method (default 2)")
    parser.add_argument("--method", default="", metavar="NAME", help="only this method")
    parser.add_argument("--seed", type=at_least(0), default=0, help="another seed shows other samples")
    parser.add_argument("--skip", action="store_true", help="go on past broken lines")


def main(a: argparse.Namespace) -> int:
    """Run the step.

    Raises:
        UserFault: If a file cannot be read, holds nothing, or no record has the method.
        HostFault: If answers cannot be graded.
    """
    by_method: dict[str, list[Transcript]] = defaultdict(list)
    files = [f for f in a.files if f.name != METRICS] or a.files  # runs/data/*.jsonl has a run's numbers, too
    for record in read_records(files, Rejects(strict=not a.skip)):
        by_method[str(record.meta["method"])].append(record)
    if a.method and a.method not in by_method:
        raise UserFault(f"No record is of the method {a.method}.", f"There are: {', '.join(sorted(by_method))}.")
    with Judge() as judge:
        for method in [a.method] if a.method else sorted(by_method):
            records = by_method[method]
            labels = Counter(str(r.meta.get("label", "gold")) for r in records)
            known = ", ".join(f"{label} {n:,}" for label, n in labels.most_common())
            print(printable(f"{f'= {method} ':=<{WIDTH}}\n{len(records):,} records; answers known by: {known}\n"))
            for record in drawn(records, a.n, a.seed):
                print(printable(shown(record, checks(record, judge))))
    return 0


def drawn(records: Sequence[Transcript], n: int, seed: int) -> list[Transcript]:
    """``n`` records, the same of the same files."""
    return sorted(records, key=lambda r: stable_fraction(f"{r.meta['id']}/{seed}"))[:n]


def checks(record: Transcript, judge: Judge) -> list[str]:
    """What a look at a record finds, one line each; a fault begins with "FAULT".

    Raises:
        HostFault: If answers cannot be graded.
    """
    parts = record.solution
    found: list[str] = []
    gold, answer = str(record.meta.get("gold", "")), find_answer(parts)
    if not gold:
        found.append("no label")
    elif answer is None:
        found.append("FAULT: no answer")
    else:
        same = judge.equal(gold, answer.latex)
        found.append(f"the answer {answer.latex} is the label" if same else f"FAULT: {answer.latex}, not {gold}")
    outputs = [p for p in parts if isinstance(p, Output)]
    failed = sum(p.status != "ok" for p in outputs)
    if outputs:
        found.append(f"{_counted(len(outputs), 'output')}, {_counted(failed, 'error')}")
    if outputs and outputs[-1].status != "ok":
        found.append("FAULT: the last code failed")
    unsupervised = sum(isinstance(p, Code) and not p.supervised for p in parts)
    if unsupervised:
        found.append(f"{_counted(unsupervised, 'block')} not supervised")
    words = "\n".join(p.text for p in parts if isinstance(p, Text))
    if fault := "the words run in circles" if in_circles(words) else text_fault(words, record.problem):
        found.append(f"FAULT: {fault}")
    if misexplains(words):
        found.append("FAULT: words are explained wrongly")
    found += [f"FAULT: a statement is false: {claim.text}" for claim in judge.false_statements(parts)]
    return found


def _counted(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n or 'no'} {what}s"


def shown(record: Transcript, found: Sequence[str]) -> str:
    """A record with its parent and what was found of it."""
    meta = record.meta
    lines = [f"- {meta['id']}"]
    if meta.get("parent_problem") and meta["parent_problem"] != record.problem:
        lines += _block("from", str(meta["parent_problem"]))
    lines += _block("question", record.problem)
    for part in record.solution:
        match part:
            case Text():
                lines += _block("words", part.text)
            case Code():
                lines += _block("code" if part.supervised else "code, not supervised", part.source)
            case Output():
                lines += _block("output", part.feedback or part.stdout)
    known = [str(meta.get("label", "gold"))]
    if votes := meta.get("votes"):
        known.append(f"{votes[0]} of {votes[1]} votes")
    known += [str(meta[key]) for key in ("teacher", "prompt", "bug") if meta.get(key)]
    lines += _block("known by", ", ".join(known))
    return "\n".join([*lines, *(f"  * {line}" for line in found), ""])


def _block(name: str, text: str) -> list[str]:
    """Lines of a text beside its name."""
    wrapped = [part for line in text.strip().splitlines() for part in textwrap.wrap(line, WIDTH - 14) or [""]]
    first, *rest = wrapped or [""]
    if len(name) > 10:
        return [f"  {name}:", *(f"  {'':<10}| {line}" for line in (first, *rest))]
    return [f"  {name:<10}| {first}", *(f"  {'':<10}| {line}" for line in rest)]
