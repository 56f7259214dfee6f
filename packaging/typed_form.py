"""Whether a model solves more problems if their formulas are sent as LaTeX than if they are sent as typed.

Usage: ``python packaging/typed_form.py [DATA.jsonl] [--model starter] [--limit 40]``. Each line of the file is a JSON
object with ``question`` or ``problem`` and its answer behind ``####`` in ``answer``, or as ``answer``; without a file
the program's own samples are taken, whose formulas are LaTeX and are typed plainly for the other form. Only problems
whose two forms differ are asked, each in both forms, greedily; the prompt and the loop are those of the window.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tutor_app.adapters.grading.grader import Grader
from tutor_app.core.settings import Settings
from tutor_app.core.solve import to_the_end
from tutor_app.text.plain import plain
from tutor_app.text.typing import typeset
from tutor_app.tutor.paths import folders
from tutor_app.tutor.samples import sample_problems
from tutor_app.tutor.service import open_tutor, solve_settings


def rows_of(path: Path | None) -> Iterator[tuple[str, str, str]]:
    """Problems as typed, the same with LaTeX, and their answers."""
    if path is None:
        yield from ((plain(sample.problem), sample.problem, sample.answer) for sample in sample_problems())
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        data = json.loads(line)
        typed = str(data.get("question") or data.get("problem"))
        yield typed, typeset(typed), str(data["answer"]).rpartition("####")[2].strip()


def differing(rows: Iterable[tuple[str, str, str]], limit: int) -> list[tuple[str, str, str]]:
    """The first rows whose two forms are not the same."""
    return [row for row in rows if row[0] != row[1]][:limit]


def report(outcomes: list[tuple[bool, bool]]) -> str:
    """How many were solved in which form."""
    typed, latex = (sum(pair[form] for pair in outcomes) for form in (0, 1))
    only = [sum(pair == one for pair in outcomes) for one in ((True, False), (False, True))]
    return (
        f"{len(outcomes)} problems: {typed} right as typed, {latex} right as LaTeX; "
        f"{only[0]} only as typed, {only[1]} only as LaTeX"
    )


def main(arguments: list[str] | None = None) -> int:
    """Ask; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--model", default="starter")
    parser.add_argument("--limit", type=int, default=40)
    parser.add_argument("--max-tokens", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=400.0)
    parser.add_argument("--data-dir", type=Path, default=None, help="where the model is installed")
    args = parser.parse_args(arguments)
    rows = differing(rows_of(args.data), args.limit)
    settings = replace(solve_settings(Settings()), max_tokens=args.max_tokens, seconds=args.seconds)
    outcomes: list[tuple[bool, bool]] = []
    start = time.monotonic()
    with open_tutor(args.model, folders(args.data_dir), check_statements=False) as tutor, Grader() as grader:
        for number, (typed, latex, gold) in enumerate(rows, 1):
            found = []
            for problem in (typed, latex):
                answer = to_the_end(tutor.solve(problem, settings=settings)).transcript.answer
                found.append(answer is not None and grader.grade(gold, answer.latex).verdict == "correct")
            outcomes.append((found[0], found[1]))
            print(f"{number}/{len(rows)} {report(outcomes)}, {time.monotonic() - start:.0f} s", flush=True)
    print(f"{time.strftime('%Y-%m-%d')}, {args.model}: {report(outcomes)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
