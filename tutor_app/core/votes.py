"""Counts the votes of several attempts: groups equal answers, and tells when more attempts would not matter.

Pure functions over answers. Whether two answers are equal is asked of the caller, which has the grader: an answer in
another form is a vote for the same value, and an empty answer is no vote. The window, the terminal, the exports and
evaluation all count by :func:`grouped` and :func:`count`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tutor_app.core.parts import Answer, Attempt, Question
from tutor_app.core.transcript import Transcript

Equal = Callable[[str, str], bool]

MOST_VOTES: Final = 32
"""Attempts that may be asked for at once."""

PROBABILITIES: Final = "probabilities"
"""Key of a transcript's provenance: how likely each attempt is right, by the model's verifier; null where unknown."""

AGREE: Final = 2
"""Of eight attempts, those that end the vote when they agree, if no other answer has as many votes."""
FIRST: Final = 5
"""Of eight attempts, those that are begun together, and after which a vote ends without such an agreement. Another is
begun only for one that is given up: where five have five answers, the others hardly ever find the right one."""
SLOW: Final = 2.0
"""An attempt that has written so many times what half of those that have ended have written at the most is given up."""
ENOUGH: Final = 3
"""Attempts that must have ended before one is given up."""
SHORT: Final = 300
"""Characters that an attempt counts as having written at the least: beside bare answers, no explanation is long."""

DOUBTS: Final = {
    "output": "its code printed something else",
    "prose": "its words before the code come to something else",
    "failed": "its last code failed",
    "false": "a statement in it is false",
    "unfinished": "it did not come to its end",
    "slow": "it was given up, far longer than the others",
    "unboxed": "the answer was not stated, but taken from its output or its last number",
}
"""What speaks against an attempt, for the user."""


SPAN: Final = 2.0
"""How many times as much as another a vote counts by its probability at the most: a clear majority stays one."""


def enough(votes: int) -> int:
    """How many of so many attempts end the vote when they agree."""
    return max(AGREE, math.ceil(votes * AGREE / 8))


def begun_together(votes: int) -> int:
    """How many of so many attempts are begun together."""
    return max(min(votes, FIRST), math.ceil(votes * FIRST / 8))


def vote_weight(probability: float, power: float) -> float:
    """What a vote counts by the probability that its attempt is right: its odds to a power, between 1/2 and 1.

    By odds, what makes a problem hard or easy for all of its attempts counts for none of them.

    Args:
        probability: Between 0 and 1.
        power: How much the odds are trusted; 0 makes all votes equal.
    """
    if power <= 0:
        return 1.0
    odds = max(probability, 1e-6) / max(1 - probability, 1e-6)
    most = math.sqrt(SPAN)
    return min(most, max(1 / most, math.pow(odds, power))) / most


def grouped(answers: Sequence[str], equal: Equal) -> tuple[tuple[int, ...], ...]:
    """Numbers of the attempts with equal answers, in the order in which the answers were first given.

    Args:
        answers: One an attempt; an empty one belongs to no group.
        equal: Whether two answers have the same value.
    """
    groups: list[list[int]] = []
    for i, answer in enumerate(answers):
        if not answer.strip():
            continue
        home = next((g for g in groups if answers[g[0]] == answer), None)
        # One direction may be refused: 0.33 is a good rounding of 1/3, but 1/3 is not what 0.33 asks for.
        home = home or next((g for g in groups if equal(answers[g[0]], answer) or equal(answer, answers[g[0]])), None)
        if home is None:
            groups.append([i])
        else:
            home.append(i)
    return tuple(map(tuple, groups))


@dataclass(frozen=True, slots=True)
class Option:
    """An answer that was voted for.

    Attributes:
        answer: As the first of its attempts gave it.
        attempts: Their numbers.
        weight: What their votes count together.
    """

    answer: str
    attempts: tuple[int, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Tally:
    """The options of a vote, the one with most first.

    Attributes:
        options: All of them; of equal weights the one with more attempts, then the one that was given first.
        of: All attempts, also those without an answer.
        cut: Attempts that were ended because the vote was decided without them.
        given_up: Attempts that were ended because they were far longer than the others.
    """

    options: tuple[Option, ...] = ()
    of: int = 0
    cut: int = 0
    given_up: int = 0

    @property
    def ended(self) -> int:
        """Attempts that came to their end: those that had a vote."""
        return self.of - self.cut - self.given_up

    @property
    def tied(self) -> bool:
        """Whether another answer has as much as the winner."""
        return len(self.options) > 1 and self.options[0].weight == self.options[1].weight

    @property
    def lead(self) -> float:
        """By how much the winner is ahead."""
        if not self.options:
            return 0.0
        return self.options[0].weight - (self.options[1].weight if len(self.options) > 1 else 0.0)

    def decided(self, left: int) -> bool:
        """Whether the winner wins whatever ``left`` more attempts answer, each with a full vote at most."""
        return bool(self.options) and self.lead > left

    @property
    def agreed(self) -> bool:
        """Whether as many agree as end a vote, and on no other answer."""
        return self.lead > 0 and self.options[0].weight >= enough(self.of)

    def over(self, left: int) -> bool:
        """Whether a vote may end without the ``left`` attempts that have not come to their end."""
        return self.agreed or self.decided(left) or self.ended >= begun_together(self.of)

    def sentence(self) -> str:
        """For the user: ``5 of 8 attempts agree``; empty where there was no vote."""
        if not self.of:
            return ""
        sure = self.decided(self.cut)
        early = f"Ended early after {self.ended} of {self.of} attempts: " if self.cut and not sure else ""
        notes = []
        if self.cut and sure:
            notes.append(f"{self.cut} stopped early, the lead could not be lost")
        if self.given_up:
            notes.append(f"{self.given_up} given up, far longer than the others")
        return "; ".join([f"{early}{self._agreement(early)}", *notes])

    def _agreement(self, early: str) -> str:
        """How many agree; where it is told how many have ended, in short."""
        if not self.options:
            return "none gave an answer" if early else f"None of {self.of} attempts gave an answer"
        votes = len(self.options[0].attempts)
        if self.tied and votes == 1:
            return (
                "no two agree; the first given is shown" if early else "No two attempts agree; the first given is shown"
            )
        if self.tied:
            ties = sum(option.weight == self.options[0].weight for option in self.options)
            return f"{ties} answers are tied with {votes} of {self.of} attempts; the first given is shown"
        agree = "agrees" if votes == 1 else "agree"
        return f"{votes} {agree}" if early else f"{votes} of {self.of} attempts {agree}"


def count(answers: Sequence[str], weights: Sequence[float], equal: Equal) -> tuple[Option, ...]:
    """The options with their weights, the one with most first.

    Args:
        answers: One an attempt, empty where there is none.
        weights: What each vote counts; 0 is no vote.
        equal: Whether two answers have the same value.
    """
    groups = grouped([a if w > 0 else "" for a, w in zip(answers, weights, strict=True)], equal)
    options = [Option(answers[g[0]], g, round(sum(weights[i] for i in g), 6)) for g in groups]
    return tuple(sorted(options, key=lambda o: (-o.weight, -len(o.attempts), o.attempts[0])))


def settled(attempts: Sequence[Attempt], equal: Equal) -> tuple[Attempt, ...]:
    """The attempts, each with the number of the option that it votes for."""
    options = count([answer_of(a) for a in attempts], [a.weight for a in attempts], equal)
    home = {i: n for n, option in enumerate(options) for i in option.attempts}
    return tuple(replace(attempt, option=home.get(i, -1)) for i, attempt in enumerate(attempts))


def tally_of(attempts: Sequence[Attempt]) -> Tally:
    """The tally of attempts that know their options; what :func:`settled` found is not computed anew."""
    options = []
    for n in range(max((a.option for a in attempts), default=-1) + 1):
        numbers = tuple(i for i, attempt in enumerate(attempts) if attempt.option == n)
        if numbers:
            weight = round(sum(attempts[i].weight for i in numbers), 6)
            options.append(Option(answer_of(attempts[numbers[0]]), numbers, weight))
    slow = sum("slow" in a.why for a in attempts)
    return Tally(tuple(options), len(attempts), sum(not a.ended for a in attempts) - slow, slow)


def slow(written: Mapping[int, int], ended: Collection[int]) -> list[int]:
    """Numbers of the attempts to give up.

    Args:
        written: Characters that each attempt has written so far.
        ended: Numbers of those that came to their end.
    """
    if len(ended) < ENOUGH:
        return []
    middle = max(SHORT, sorted(written[n] for n in ended)[len(ended) // 2])
    return [n for n, length in written.items() if n not in ended and length > SLOW * middle]


def answer_of(attempt: Attempt) -> str:
    """The text of its answer, or empty."""
    return attempt.answer.latex if attempt.answer is not None else ""


def representative(tally: Tally, attempts: Sequence[Attempt]) -> int:
    """The attempt to show for the winner: that of most weight, of fewest doubts, with code, the first; or -1."""
    if not tally.options:
        return -1

    def rank(number: int) -> tuple[float, int, bool, int]:
        attempt = attempts[number]
        return -attempt.weight, len(attempt.why), attempt.kind != "code", number

    return min(tally.options[0].attempts, key=rank)


def promoted(transcript: Transcript, number: int) -> Transcript:
    """The transcript with another attempt as its solution.

    The answer tells how many agree with it; what else is known of the answer is kept, and so is what was asked about
    the solution.

    Raises:
        IndexError: If there is no attempt of that number.
    """
    attempt = transcript.attempts[number]
    tally = tally_of(transcript.attempts)
    agree = sum(a.option == attempt.option for a in transcript.attempts) if attempt.option >= 0 else 0
    parts = tuple(_voted(p, agree, tally) if isinstance(p, Answer) else p for p in attempt.parts)
    solution = transcript.solution
    asked = next((n for n, part in enumerate(solution) if isinstance(part, Question)), len(solution))
    parts += solution[asked:]
    sampling = {"temperature": attempt.temperature, "seed": attempt.seed}
    known = transcript.meta.get("sampling")
    sampling = {**known, **sampling} if isinstance(known, dict) else sampling
    found = transcript.with_solution(parts, sampling=sampling, ended=attempt.ended or "stopped")
    return replace(found, chosen=number)


def _voted(answer: Answer, agree: int, tally: Tally) -> Answer:
    """With the votes in its verdict; the verdict of an answer that could not be checked is that vote."""
    if not agree:
        return answer
    kind = "votes" if answer.verdict.kind == "unchecked" else answer.verdict.kind
    begun = tally.of if tally.cut else 0
    return replace(answer, verdict=replace(answer.verdict, kind=kind, agree=agree, of=tally.ended, begun=begun))
