"""``augment``: MuMath's eight ways to new questions and solutions, one ``--method`` at a time.

With a teacher (``--teacher`` or ``--endpoint``) every method works on any problems with an answer, here or on the
workers of a Ray cluster (``--ray``). Without one, fobar,
bf-trans, expression, numbers and outline are made by rules from GSM8K's annotated solutions. Every record says its
parent, method, teacher, prompt, seed, and how its label is known.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from trainer.arguments import at_least, not_a_test_set
from trainer.augment.asked import Asked, Method
from trainer.augment.bf_trans import bf_trans, bf_trans_by_rules
from trainer.augment.difficulty import difficulty
from trainer.augment.expression import expression, expression_by_rules
from trainer.augment.fobar import fobar, fobar_asked
from trainer.augment.numbers import numbers, numbers_asked
from trainer.augment.outline import outline, outline_by_rules
from trainer.augment.reorganise import reorganise
from trainer.augment.rephrase import rephrase
from trainer.commands.synthesize import add_votes
from trainer.data.chain import NotAChain
from trainer.data.duplicates import without_duplicates
from trainer.data.problems import Problem, read_problems
from trainer.data.records import Rejects
from trainer.data.testsets import refuse_test_sets
from trainer.runs import Run
from trainer.steps import finish_work
from trainer.synthesize.code_nested import prompt_for
from trainer.synthesize.pseudo import Thresholds, reasoning_prompt
from trainer.teacher import teacher as teachers
from trainer.teacher.judge import Judge
from trainer.teacher.prompts import prompt_named
from trainer.teacher.teacher import Teacher, prompt_hash
from trainer.teacher.work import NotMade, Row, work_through
from trainer.teacher.workers import add_arguments as add_worker_arguments
from trainer.teacher.workers import open_workers
from tutor_app.adapters.sandbox.sessions import Sandbox
from tutor_app.core.errors import UserFault
from tutor_app.core.ports import Cancel, CodeExecutor
from tutor_app.core.transcript import Transcript

BY_TEACHER: Final[dict[str, Method]] = {
    "rephrase": rephrase,
    "reorganise": reorganise,
    "fobar": fobar_asked,
    "bf-trans": bf_trans,
    "expression": expression,
    "difficulty": difficulty,
    "outline": outline,
    "numbers": numbers_asked,
}
BACKWARD: Final = ("fobar", "bf-trans")
"""Methods whose questions state the result and ask for a number before it."""
_CORES: Final = os.cpu_count() or 1


def _fobar(question: str, answer: str, executor: CodeExecutor, *, n: int, seed: int) -> Iterator[Transcript]:
    for i, made in enumerate(fobar(question, answer, executor, seed=seed)):
        if i == n:
            return
        yield made


def _outline(question: str, answer: str, executor: CodeExecutor, *, n: int, seed: int) -> Iterator[Transcript]:
    yield outline_by_rules(question, answer, seed=seed)


BY_RULES: Final[dict[str, Callable[..., Iterator[Transcript]]]] = {
    "fobar": _fobar,
    "bf-trans": bf_trans_by_rules,
    "expression": expression_by_rules,
    "outline": _outline,
    "numbers": numbers,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this step."""
    parser.add_argument("files", nargs="+", type=Path, metavar="PROBLEMS", help="records, GSM8K or MATH lines")
    parser.add_argument("--method", required=True, choices=sorted(BY_TEACHER))
    parser.add_argument("--run", type=Path, required=True, metavar="FOLDER", help="run folder for the result")
    parser.add_argument("--out", default="", metavar="NAME", help="name of the result (default augment-METHOD)")
    parser.add_argument(
        "--per-problem", type=at_least(1), default=1, metavar="N", help="new records of each at most (default 1)"
    )
    parser.add_argument(
        "--tries", type=at_least(1), default=2, metavar="N", help="solutions that may confirm a known answer"
    )
    add_votes(parser, 5)
    parser.add_argument("--limit", type=at_least(0), default=0, metavar="N", help="only the first N problems")
    parser.add_argument("--start", type=at_least(0), default=0, metavar="N", help="pass over the first N problems")
    parser.add_argument("--seed", type=at_least(0), default=0)
    parser.add_argument("--skip", action="store_true", help="go on past broken lines and list them")
    not_a_test_set(parser)
    teachers.add_arguments(parser, temperature=0.7)
    add_worker_arguments(parser)


@dataclass(frozen=True, slots=True)
class Job:
    """The work on every problem: one method, by a teacher."""

    method: str
    asked: Asked

    @property
    def teacher(self) -> Teacher:
        """The teacher that is asked."""
        return self.asked.teacher

    def identity(self) -> dict[str, Any]:
        """What the records depend on, besides the options."""
        backward = self.method in BACKWARD
        solving = prompt_hash(prompt_for(self.teacher, "code-backward") if backward else reasoning_prompt(self.teacher))
        prompt = "" if self.method == "fobar" else prompt_hash(prompt_named(self.method))
        return {**self.teacher.identity(), "prompt": prompt, "solving": solving}

    def one(self, problem: Problem, cancel: Cancel) -> Row:
        """The records of a problem."""
        return {"records": [r.to_dict() for r in BY_TEACHER[self.method](problem, self.asked, cancel)]}


@contextmanager
def opened(a: argparse.Namespace) -> Iterator[Job]:
    """The job that the options describe, with a teacher of its own.

    Raises:
        UserFault: If there is no such teacher.
        HostFault: If the teacher fails.
    """
    with teachers.open_teacher(a) as teacher, Judge() as judge:
        thresholds = Thresholds(a.min_votes, a.min_share)
        yield Job(a.method, Asked(teacher, judge, a.per_problem, a.tries, a.votes, thresholds))


def main(a: argparse.Namespace) -> int:
    """Run the step.

    Raises:
        UserFault: If a file cannot be read, holds nothing, or a method needs a teacher and has none.
        HostFault: If the teacher or the sandbox fails.
    """
    if a.votes < 1:
        raise UserFault(f"--votes {a.votes} is too few.", "Give 1 or more.")
    asked_for = bool(a.teacher or a.endpoint)
    if not asked_for and a.method not in BY_RULES:
        names = ", ".join(BY_RULES)
        raise UserFault(f"{a.method} needs a teacher; by rules there are {names}.", "Give --teacher or --endpoint.")
    if not asked_for and (a.ray or a.ray_address or a.ray_gpus):
        raise UserFault("--ray spreads what a teacher is asked; rules need none.", "Give --teacher or --endpoint.")
    a.out = a.out or f"augment-{a.method}"
    rejects = Rejects(strict=not a.skip)
    refuse_test_sets(a.files, allowed=a.not_a_test_set)
    problems = read_problems(a.files, rejects)[a.start :][: a.limit or None]
    run = Run.at(a.run)
    run.may_write(a.out, a.files)
    return _by_teacher(a, run, problems, rejects) if asked_for else _by_rules(a, run, problems, rejects)


def _by_teacher(a: argparse.Namespace, run: Run, problems: list[Problem], rejects: Rejects) -> int:
    with open_workers(a, opened) as workers:
        provenance = run.provenance(a.out, {**workers.identity, **_options(a)}, a.files)
        done = workers.work_through(run, a.out, provenance, problems, a.shard)
    if done is not None:
        print(finish_work(run, a.out, provenance, done, len(problems), rejects.lines, _sift))
    return 0


def _by_rules(a: argparse.Namespace, run: Run, problems: list[Problem], rejects: Rejects) -> int:
    make = BY_RULES[a.method]
    executor = Sandbox()

    def one(problem: Problem, _: Cancel) -> Row:
        if not problem.annotated:
            raise NotMade("a problem whose solution is not annotated step by step, which rules need")
        try:
            made = make(problem.text, problem.annotated, executor, n=a.per_problem, seed=a.seed)
            records = [
                Transcript(
                    r.turns, {**r.meta, "parent_problem": problem.text, "source_line": problem.meta["source_line"]}
                )
                for r in made
            ]
        except NotAChain as e:
            raise NotMade(str(e)) from None
        if not records:
            raise NotMade("no change of it comes out well")
        return {"records": [r.to_dict() for r in records]}

    provenance = run.provenance(a.out, {"teacher": "rules", **_options(a)}, a.files)
    try:
        done = work_through(run.folder, a.out, provenance["identity"], problems, one, parallel=_CORES, shard=a.shard)
    finally:
        executor.close()
    if a.shard.of > 1:
        print(f"Shard {a.shard.number} of {a.shard.of}: {len(done.rows):,} problems done.")
        return 0
    print(finish_work(run, a.out, provenance, done, len(problems), rejects.lines, _sift))
    return 0


def _options(a: argparse.Namespace) -> dict[str, Any]:
    names = ("method", "per_problem", "tries", "votes", "min_votes", "min_share", "limit", "start", "seed")
    return {name: getattr(a, name) for name in names}


def _sift(records: list[Transcript], why: Counter[str]) -> list[Transcript]:
    return without_duplicates(records, why)
