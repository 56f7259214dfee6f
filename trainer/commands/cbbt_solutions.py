"""Graded solutions to train a verifier on: out of the results of ``evaluate --samples``, or of recorded votes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from trainer.cbbt.verifier_report import Solution
from trainer.evaluate.results import Result
from tutor_app.adapters.verifying.reading import reading_text
from tutor_app.adapters.verifying.traits import traits_of
from tutor_app.core.errors import UserFault
from tutor_app.core.parts import Part
from tutor_app.core.transcript import Transcript, claims_of
from tutor_app.core.votes import answer_of
from tutor_app.tutor.checked import StatementChecker, with_claims

Right = Callable[[str, str], bool]
"""Whether an answer is the published one, which comes first."""


def graded_solutions(path: Path, limit: int, checker: StatementChecker, right: Right) -> list[Solution]:
    """The graded solutions of a file, those of the first ``limit`` problems if there is a limit.

    One without an answer casts no vote: there is nothing to verify.

    Raises:
        UserFault: If the file cannot be read or holds none.
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
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # the first line says what was evaluated, the last may be cut off
        problems.update(solution.problem for solution in attempts)
        if limit and len(problems) > limit:
            break
        found += [solution for solution in attempts if solution.answer]
    if not found:
        raise UserFault(f"{path} holds no solutions.", "Make some with: python -m trainer evaluate --samples 8 ...")
    return found


def _attempts(line: str, checker: StatementChecker, right: Right) -> Iterator[Solution]:
    """The solutions of a line: one of ``evaluate``'s results, or all attempts of a vote that came to their end."""
    data = json.loads(line)
    if "vote" not in data:
        result = Result.from_json(line)
        parts = with_claims(result.transcript, checker).solution  # as when it is used
        yield _solution(result.index, result.transcript.problem, parts, result.answer, result.strict == "correct")
        return
    vote, gold = Transcript.from_dict(data["vote"]), str(data["gold"])
    for attempt in vote.attempts:
        if attempt.ended:
            parts = attempt.parts
            if not claims_of(parts):
                parts = with_claims(Transcript.of(vote.problem, *parts), checker).solution
            answer = answer_of(attempt)
            yield _solution(int(data["row"]), vote.problem, parts, answer, bool(answer) and right(gold, answer))


def _solution(index: int, problem: str, parts: tuple[Part, ...], answer: str, right: bool) -> Solution:
    return Solution(index, reading_text(problem, parts), answer, right, tuple(traits_of(problem, parts)))
