"""``alter``: new verified problems without a teacher: other numbers, masked numbers (FOBAR), corrected errors."""

from __future__ import annotations

import argparse
from typing import Final, Literal

from trainer.arguments import add_input_files, add_limits, at_least
from trainer.augment.correct import correct
from trainer.augment.fobar import fobar
from trainer.augment.numbers import numbers
from trainer.data.chain import NotAChain
from trainer.data.gsm8k import gsm8k_line
from trainer.data.records import parse_record, read_lines
from trainer.data.testsets import refuse_test_sets
from trainer.runs import Run
from trainer.steps import InputFiles, OpenExecutor, run_each
from tutor_app.adapters.sandbox.sessions import Sandbox
from tutor_app.core.ports import CodeExecutor
from tutor_app.core.transcript import Transcript

Method = Literal["numbers", "fobar", "correct"]
METHODS: Final[tuple[Method, ...]] = ("numbers", "fobar", "correct")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this step."""
    add_input_files(parser, "FILE")
    parser.add_argument(
        "--method",
        required=True,
        choices=METHODS,
        help="numbers and fobar read GSM8K training files; correct reads records of make-code",
    )
    parser.add_argument(
        "--per-problem", type=at_least(1), default=2, metavar="N", help="new problems for each at most (default 2)"
    )
    add_limits(parser)


def main(a: argparse.Namespace) -> int:
    """Run the step; the faults are those of :func:`alter_problems`."""
    run = Run.at(a.run)
    files = InputFiles.of(a, run)
    print(alter_problems(run, files, a.method, Sandbox, per_problem=a.per_problem, limit=a.limit, seed=a.seed))
    return 0


def alter_problems(
    run: Run,
    files: InputFiles,
    method: Method,
    executor: OpenExecutor,
    *,
    per_problem: int = 2,
    limit: int = 0,
    seed: int = 0,
) -> str:
    """New records to ``alter-METHOD.jsonl``: GSM8K files for numbers and fobar, records for correct.

    Raises:
        UserFault: If a file cannot be read, holds nothing or is a test set, or a line is bad.
        SandboxFault: If code cannot be run here at all.
    """
    refuse_test_sets(files.paths, allowed=files.not_tests)
    rejects = files.rejects()
    step = f"alter-{method}"
    run.may_write(step, files.paths)
    provenance = run.provenance(step, {"per_problem": per_problem, "limit": limit, "seed": seed}, files.paths)
    if method == "correct":
        records = [r for path in files.paths for r in read_lines(path, parse_record, rejects)][: limit or None]

        def repair(record: Transcript, running: CodeExecutor) -> list[Transcript]:
            made = correct(record, running, seed=seed)
            if made is None:
                raise NotAChain("no bug fits this code")
            return [made]

        return run_each(run, step, provenance, records, repair, executor, rejects.lines)
    lines = [x for path in files.paths for x in read_lines(path, gsm8k_line, rejects)][: limit or None]

    def rewrite(item: tuple[str, str, int], running: CodeExecutor) -> list[Transcript]:
        question, answer, _ = item
        if method == "fobar":
            return list(fobar(question, answer, running, seed=seed))[:per_problem]
        return list(numbers(question, answer, running, n=per_problem, seed=seed))

    return run_each(run, step, provenance, lines, rewrite, executor, rejects.lines)
