"""``synthesize``: code-nested solutions by a teacher, really run, kept only where the answer is known to be right.

The answer that a solution must come to is the problem's own or, where it has none, what ``--votes`` solutions in words
agree on. With ``--teacher runs/stage2`` a model is trained on what it solved itself (rejection sampling): further
rounds get ``--round 2 --known EARLIER`` and draw anew. Nothing that overlaps a test set of ``--against`` is written.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from trainer.arguments import at_least, not_a_test_set, seconds, share
from trainer.augment.by_chance import right_by_chance
from trainer.data.decontaminate import read_test_set
from trainer.data.duplicates import without_duplicates
from trainer.data.problems import Problem, read_problems
from trainer.data.records import Rejects, question_id, read_records, record_id
from trainer.data.testsets import refuse_test_sets
from trainer.runs import Run
from trainer.steps import NothingMade, finish_work, stamped
from trainer.synthesize.code_nested import Attempt, attempt, prompt_for, refusal, shown_sentences
from trainer.synthesize.pseudo import Thresholds, elect, reasoning_prompt
from trainer.teacher import teacher as teachers
from trainer.teacher.judge import Judge
from trainer.teacher.teacher import Teacher, prompt_hash
from trainer.teacher.work import NotMade, Row
from trainer.teacher.workers import add_arguments as add_worker_arguments
from trainer.teacher.workers import open_workers
from tutor_app.core.dialect import PromptSet
from tutor_app.core.errors import UserFault
from tutor_app.core.ports import Cancel
from tutor_app.core.problem import check_problem
from tutor_app.core.transcript import Transcript
from tutor_app.tutor.service import load_prompt

METHOD = "code-nested"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this step."""
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="PROBLEMS", help="records, GSM8K or MATH lines, questions"
    )
    parser.add_argument("--run", type=Path, required=True, metavar="FOLDER", help="run folder for the result")
    parser.add_argument("--out", default="synthesize", metavar="NAME", help="name of the result (default synthesize)")
    parser.add_argument(
        "--against", nargs="+", type=Path, required=True, metavar="TEST", help="benchmark files (JSONL)"
    )
    parser.add_argument(
        "--samples", type=at_least(1), default=4, metavar="N", help="solutions tried of each problem (default 4)"
    )
    parser.add_argument(
        "--keep", type=at_least(1), default=2, metavar="N", help="solutions kept of each problem (default 2)"
    )
    parser.add_argument(
        "--calls", type=at_least(1), default=4, metavar="N", help="blocks that may run in one (default 4)"
    )
    parser.add_argument("--seconds", type=seconds, default=300.0, metavar="S", help="wall time of one solution")
    parser.add_argument(
        "--code-seconds", type=seconds, default=10.0, metavar="S", help="wall time of one block (default 10)"
    )
    parser.add_argument("--prompt", default="", help="a name in resources/prompts, a JSON file, or none")
    add_votes(parser, 0)
    parser.add_argument(
        "--round", type=at_least(1), default=1, metavar="N", help="of rejection sampling; each draws anew"
    )
    parser.add_argument(
        "--known",
        nargs="+",
        type=Path,
        default=[],
        metavar="RECORDS",
        help="none like them is kept; of earlier rounds, --keep counts them",
    )
    parser.add_argument("--limit", type=at_least(0), default=0, metavar="N", help="only the first N problems")
    parser.add_argument("--start", type=at_least(0), default=0, metavar="N", help="pass over the first N problems")
    parser.add_argument("--seed", type=at_least(0), default=0)
    parser.add_argument("--skip", action="store_true", help="go on past broken lines and list them")
    not_a_test_set(parser)
    teachers.add_arguments(parser, temperature=0.8)
    add_worker_arguments(parser)


def add_votes(parser: argparse.ArgumentParser, default: int) -> None:
    """The options of a majority."""
    parser.add_argument(
        "--votes",
        type=at_least(0),
        default=default,
        metavar="K",
        help=f"solutions in words that vote (default {default})",
    )
    parser.add_argument("--min-votes", type=at_least(0), default=3, metavar="N", help="least for an answer (default 3)")
    parser.add_argument("--min-share", type=share, default=0.5, metavar="X", help="least of all samples (default 0.5)")


BY_CHANCE: Final = "the code is right by chance"
"""Of code that with other numbers comes to another answer than the problem, see :func:`right_by_chance`."""


@dataclass(frozen=True, slots=True)
class Job:
    """The work on every problem: solve it by the teacher, judge, keep."""

    teacher: Teacher
    judge: Judge
    prompt: PromptSet
    thresholds: Thresholds
    samples: int
    keep: int
    calls: int
    seconds: float
    code_seconds: float
    votes: int
    round: int
    shown: frozenset[str]

    def identity(self) -> dict[str, Any]:
        """What the solutions depend on, besides the options."""
        solving = {"solving": prompt_hash(reasoning_prompt(self.teacher))} if self.votes else {}
        return {**self.teacher.identity(), "prompt": prompt_hash(self.prompt), **solving}

    def one(self, problem: Problem, cancel: Cancel) -> Row:
        """The solutions of a problem that are kept, and why the others are not."""
        try:
            check_problem(problem.text)
        except UserFault:
            raise NotMade("the problem is too long") from None
        gold, how = self._gold(problem, cancel)
        records: list[dict[str, Any]] = []
        refused: list[str] = []
        first = (self.round - 1) * self.samples
        for sample in range(first, first + self.samples):
            made = attempt(
                self.teacher,
                problem.text,
                sample,
                cancel,
                prompt=self.prompt,
                calls=self.calls,
                seconds=self.seconds,
                code_seconds=self.code_seconds,
            )
            why = refusal(made, problem.text, gold, self.judge, self.shown)
            if not why and problem.annotated:
                ran = made.blocks_that_ran
                why = BY_CHANCE if right_by_chance(problem.text, problem.annotated, ran, self.teacher.executor) else ""
            if why:
                refused.append(why)
                continue
            records.append(self._record(problem, made, gold, how, sample).to_dict())
            if len(records) == self.keep:
                break
        return {"records": records, "refused": refused}

    def _gold(self, problem: Problem, cancel: Cancel) -> tuple[str, dict[str, Any]]:
        label: dict[str, Any] = {k: problem.meta[k] for k in ("label", "votes") if k in problem.meta}
        if problem.gold:
            votes = label.get("votes")
            if votes and not self.thresholds.met(int(votes[0]), int(votes[1])):
                raise NotMade("the votes do not agree")
            return problem.gold, label or {"label": "gold"}
        if not self.votes:
            raise NotMade("a problem without an answer, and no votes were asked for")
        election = elect(self.teacher, problem.text, self.votes, cancel, self.judge)
        election.check(self.thresholds)
        return election.answer, {"label": "majority", "votes": [election.votes, election.samples]}

    def _record(self, problem: Problem, made: Attempt, gold: str, how: dict[str, Any], sample: int) -> Transcript:
        meta = {
            "id": record_id(str(problem.meta["source"]), METHOD, problem.text, self.teacher.name, sample, made.seed),
            "source": problem.meta["source"],
            "source_id": problem.meta["source_id"],
            "parent": problem.id,
            "parent_method": str(problem.meta.get("method", "original")),
            "method": METHOD,
            "licence": problem.meta["licence"],
            "teacher": self.teacher.name,
            "prompt": prompt_hash(self.prompt),
            "seed": made.seed,
            "round": self.round,
            "failed_blocks": made.failed_blocks,
            "gold": gold,
            **how,
        }
        return Transcript.of(problem.text, *made.parts, meta=meta)


@contextmanager
def opened(a: argparse.Namespace) -> Iterator[Job]:
    """The job that the options describe, with a teacher of its own.

    Raises:
        UserFault: If there is no such teacher or prompt.
        HostFault: If the teacher fails.
    """
    with teachers.open_teacher(a) as teacher, Judge() as judge:
        prompt = load_prompt(a.prompt, teacher.dialect) if a.prompt else prompt_for(teacher)
        thresholds = Thresholds(a.min_votes, a.min_share)
        yield Job(
            teacher,
            judge,
            prompt,
            thresholds,
            a.samples,
            a.keep,
            a.calls,
            a.seconds,
            a.code_seconds,
            a.votes,
            a.round,
            shown_sentences(prompt),
        )


def main(a: argparse.Namespace) -> int:
    """Run the step.

    Raises:
        UserFault: If a file cannot be read, holds nothing, or options do not fit.
        HostFault: If the teacher or the sandbox fails.
    """
    refuse_test_sets([*a.files, *a.known], allowed=a.not_a_test_set)
    run, rejects = Run.at(a.run), Rejects(strict=not a.skip)
    run.may_write(a.out, [*a.files, *a.against, *a.known])
    known = read_records(a.known, rejects) if a.known else []
    solved = Counter(question_id(r.problem) for r in known if r.meta.get("method") == METHOD)
    everything = read_problems(a.files, rejects)[a.start :][: a.limit or None]
    problems = [p for p in everything if solved[question_id(p.text)] < a.keep]
    tests = [read_test_set(t) for t in a.against]
    problems = [p for p in problems if not any(t.overlap(p.text, 13) for t in tests)]
    if not problems:
        raise NothingMade("No problem is left to solve.", "Give others, or keep more of each with --keep.")
    with open_workers(a, opened) as workers:
        names = (
            "samples",
            "keep",
            "calls",
            "seconds",
            "code_seconds",
            "votes",
            "round",
            "limit",
            "start",
            "min_votes",
            "min_share",
        )
        options = {**workers.identity, **{name: getattr(a, name) for name in names}}
        provenance = run.provenance(a.out, options, [*a.files, *a.against, *a.known])
        done = workers.work_through(run, a.out, provenance, problems, a.shard)

    def sift(records: list[Transcript], why: Counter[str]) -> list[Transcript]:
        unique = without_duplicates(records, why, known)
        return stamped(run, a.out, unique, a.against, why)

    if done is not None:
        print(finish_work(run, a.out, provenance, done, len(problems), rejects.lines, sift))
    return 0
