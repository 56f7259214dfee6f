"""``make-code``: GSM8K's calculator annotations to code solutions that were run and verified.

No teacher is asked: :mod:`trainer.synthesize.make_code` makes each from the solution's own steps, or leaves it out.
"""

from __future__ import annotations

import argparse

from trainer.arguments import add_input_files, add_limits
from trainer.data.gsm8k import gsm8k_line
from trainer.data.records import read_lines
from trainer.data.testsets import refuse_test_sets
from trainer.runs import Run
from trainer.steps import InputFiles, OpenExecutor, run_each
from trainer.synthesize.make_code import make
from tutor_app.adapters.sandbox.sessions import Sandbox
from tutor_app.core.ports import CodeExecutor
from tutor_app.core.transcript import Transcript


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this step."""
    add_input_files(parser, "FILE")
    add_limits(parser)


def main(a: argparse.Namespace) -> int:
    """Run the step; the faults are those of :func:`make_code`."""
    run = Run.at(a.run)
    print(make_code(run, InputFiles.of(a, run), Sandbox, limit=a.limit, seed=a.seed))
    return 0


def make_code(run: Run, files: InputFiles, executor: OpenExecutor, *, limit: int = 0, seed: int = 0) -> str:
    """GSM8K training files to ``make-code.jsonl``; returns what to tell.

    Raises:
        UserFault: If a file cannot be read, holds nothing or is a test set, or a line is bad.
        SandboxFault: If code cannot be run here at all.
    """
    refuse_test_sets(files.paths, allowed=files.not_tests)
    run.may_write("make-code", files.paths)
    rejects = files.rejects()
    lines = [x for path in files.paths for x in read_lines(path, gsm8k_line, rejects)]
    lines = lines[: limit or None]

    def one(item: tuple[str, str, int], running: CodeExecutor) -> list[Transcript]:
        return [make(*item, running, seed=seed)]

    provenance = run.provenance("make-code", {"limit": limit, "seed": seed}, files.paths)
    return run_each(run, "make-code", provenance, lines, one, executor, rejects.lines)
