"""Measures whether telling a model of its false calculations makes it solve more problems.

Usage: ``python packaging/corrections.py DATA.jsonl [--count 100] [--model starter] [--seed 1]``. Each line of the file
is a JSON object with ``question`` and ``answer``, which ends in ``#### 42`` (GSM8K). The problems are drawn at random,
and solved greedily with and without the setting "Correct false calculations at once". Both solutions are the same up to
the first false calculation that closes a paragraph before code has run, so only problems with one are solved twice.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tutor_app.adapters.grading.grader import Grader
from tutor_app.core.settings import Settings
from tutor_app.core.solve import to_the_end
from tutor_app.core.transcript import Transcript
from tutor_app.tutor.paths import Folders
from tutor_app.tutor.service import Tutor, open_tutor, solve_settings

TOLD = "The calculation above has encountered a problem"


def main(argv: list[str] | None = None) -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(description="solve problems with and without the correction of false statements")
    parser.add_argument("data", type=Path)
    parser.add_argument("--count", type=int, default=100, help="problems, drawn at random")
    parser.add_argument("--model", default="starter")
    parser.add_argument("--seed", type=int, default=1, help="of the draw")
    parser.add_argument("--out", type=Path, help="append a JSON object for each problem that was corrected")
    args = parser.parse_args(argv)
    rows = [json.loads(line) for line in args.data.read_text(encoding="utf-8").splitlines() if line.strip()]
    rows = random.Random(args.seed).sample(rows, min(args.count, len(rows)))
    tally = {"plain": 0, "corrected": 0, "told": 0, "gained": 0, "lost": 0}
    began = time.monotonic()
    with Grader() as grader, open_tutor(args.model, Folders.of_user(), settings=Settings()) as tutor:
        for n, row in enumerate(rows, 1):
            gold = str(row["answer"]).rsplit("####", 1)[-1].strip()
            first = solved(tutor, row["question"], correct=True)
            told = TOLD in words(first)
            second = solved(tutor, row["question"], correct=False) if told else first
            right = [
                s.answer is not None and grader.grade(gold, s.answer.latex).verdict == "correct"
                for s in (second, first)
            ]
            tally["told"] += told
            tally["plain"] += right[0]
            tally["corrected"] += right[1]
            tally["gained"] += right[1] and not right[0]
            tally["lost"] += right[0] and not right[1]
            if told and args.out:
                with args.out.open("a", encoding="utf-8") as out:
                    found = {"question": row["question"], "gold": gold, "plain": right[0], "corrected": right[1]}
                    print(json.dumps(found | {"told": words(first), "untold": words(second)}), file=out)
            print(f"{n}: {tally} {time.monotonic() - began:.0f} s", flush=True)
    print(table(args.model, len(rows), tally))
    return 0


def solved(tutor: Tutor, problem: str, *, correct: bool) -> Transcript:
    """One solution."""
    settings = replace(solve_settings(Settings()), correct_statements=correct)
    return to_the_end(tutor.solve(problem, settings=settings)).transcript


def words(transcript: Transcript) -> str:
    """Everything that a solution says."""
    return json.dumps(json.loads(transcript.to_json()))


def table(model: str, count: int, tally: dict[str, int]) -> str:
    """One row for the README, with the exact test of the changed problems (McNemar, two-sided)."""
    changed, fewer = tally["gained"] + tally["lost"], min(tally["gained"], tally["lost"])
    tail = sum(math.comb(changed, k) for k in range(fewer + 1)) / 2**changed
    return (
        f"| {model} | {count} | {tally['told']} | {tally['plain']} | {tally['corrected']} | {tally['gained']} |"
        f" {tally['lost']} | {min(1.0, 2 * tail):.2f} |"
    )


if __name__ == "__main__":
    sys.exit(main())
