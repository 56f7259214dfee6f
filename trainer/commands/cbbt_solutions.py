"""Graded solutions to train a verifier on: out of the results of ``evaluate --samples``, or of recorded votes."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from trainer.cbbt.verifier.report import Solution, with_equal_answers
from trainer.cbbt.verifier.training import Parts, split_by_problem
from trainer.data.testsets import refuse_results_of_test_sets
from trainer.evaluate.results import Result
from trainer.runs import json_of
from tutor_app.adapters.checking.checker import Checker
from tutor_app.adapters.grading.grader import Grader
from tutor_app.adapters.verifying.reading import problem_of, reading_text
from tutor_app.adapters.verifying.traits import traits_of
from tutor_app.core.errors import UserFault
from tutor_app.core.parts import Part
from tutor_app.core.transcript import Transcript, claims_of
from tutor_app.core.votes import answer_of
from tutor_app.tutor.checked import StatementChecker, with_claims

VERDICTS: Final = ("correct", "incorrect", "unknown")
"""Of the grader; what it could not compare counts as not right."""
Right = Callable[[str, str], bool]
"""Whether an answer is the published one, which comes first."""


def graded_parts(a: argparse.Namespace) -> tuple[list[Solution], Parts]:
    """The graded solutions of ``--solutions`` and ``--held-out``, those that are held out last, and their parts.

    Raises:
        UserFault: If a file cannot be read, holds a test set, or shares problems with the other.
        HostFault: If statements cannot be checked: a verifier would learn that there are none.
    """
    files = [a.solutions] + ([a.held_out] if a.held_out else [])
    for path in files:
        refuse_results_of_test_sets(path, allowed=a.not_a_test_set)
    with Grader() as grader, Checker() as checker:

        def equal(one: str, other: str) -> bool:
            return grader.grade(one, other).verdict == "correct"

        found = [with_equal_answers(graded_solutions(path, a.limit, checker, equal), equal) for path in files]
    solutions, held_out = found[0], found[1] if a.held_out else []
    if common := {problem_of(s.text) for s in solutions} & {problem_of(s.text) for s in held_out}:
        raise UserFault(
            f"{len(common)} of the problems of {a.held_out} are in {a.solutions}, too.",
            "Hold out solutions of other problems.",
        )
    held_out = [replace(s, problem=-1 - s.problem) for s in held_out]  # both files may count their problems from 0
    every = solutions + held_out
    parts = split_by_problem(every, a.seed, {s.problem for s in held_out})
    rows = np.concatenate([parts.train, parts.validation, parts.held_out])
    ends = np.cumsum([len(parts.train), len(parts.validation)])
    return [every[i] for i in rows], Parts(*np.split(np.arange(len(rows)), ends))


def graded_solutions(path: Path, limit: int, checker: StatementChecker, right: Right) -> list[Solution]:
    """The graded solutions of a file, those of the first ``limit`` problems if there is a limit.

    One without an answer casts no vote: there is nothing to verify.

    Raises:
        UserFault: If the file cannot be read or holds none.
        HostFault: If statements cannot be checked.
    """
    found: list[Solution] = []
    problems: set[int] = set()
    try:
        lines = path.read_text(encoding="utf-8").split("\n")  # a text may hold U+2028, which ends no JSON line
    except (OSError, UnicodeDecodeError) as e:
        raise UserFault(f"{path} cannot be read: {e}.", "Give a result file of evaluate.") from None
    for line in lines:
        try:
            attempts = list(_attempts(line, checker, right))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue  # the first line says what was evaluated, the last may be cut off
        problems.update(solution.problem for solution in attempts)
        if limit and len(problems) > limit:
            break
        found += [solution for solution in attempts if solution.answer]
    if not found:
        raise UserFault(
            f"{path} holds no graded solutions that came to an answer.",
            "Make some with: python -m trainer evaluate --samples 8 ...",
        )
    return found


def _attempts(line: str, checker: StatementChecker, right: Right) -> Iterator[Solution]:
    """The solutions of a line: one of ``evaluate``'s results, or all attempts of a vote that came to their end."""
    data = json_of(line)
    if "vote" not in data:
        result = Result.from_json(line)
        _need_label(result.index, result.strict in VERDICTS)
        parts = with_claims(result.transcript, checker, needed=True).solution  # as when it is used
        yield _solution(result.index, result.transcript.problem, parts, result.answer, result.strict == "correct")
        return
    vote, gold, row = Transcript.from_dict(data["vote"]), data["gold"], data["row"]
    _need_label(row, isinstance(gold, str) and bool(gold.strip()))
    for attempt in vote.attempts:
        if attempt.ended:
            parts = attempt.parts
            if not claims_of(parts):
                parts = with_claims(Transcript.of(vote.problem, *parts), checker, needed=True).solution
            answer = answer_of(attempt)
            yield _solution(row, vote.problem, parts, answer, bool(answer) and right(gold, answer))


def _need_label(problem: object, graded: bool) -> None:
    """See that a line says of which problem it is, and what is right: without, all would count as wrong.

    Raises:
        ValueError: If it does not.
    """
    if not isinstance(problem, int) or isinstance(problem, bool) or not graded:
        raise ValueError("the line is not graded")


def _solution(index: int, problem: str, parts: tuple[Part, ...], answer: str, right: bool) -> Solution:
    return Solution(index, reading_text(problem, parts), answer, right, tuple(traits_of(problem, parts)))
