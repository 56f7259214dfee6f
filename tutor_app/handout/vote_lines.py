"""A vote in words: a line for each answer that was voted for, and one for each attempt. Values in, text out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tutor_app.core.parts import Attempt
from tutor_app.core.transcript import Transcript
from tutor_app.core.votes import DOUBTS, PROBABILITIES, answer_of, tally_of
from tutor_app.text.plain import plain

_KINDS: Final = {"code": "code", "reasoning": "words alone"}


@dataclass(frozen=True, slots=True)
class OptionLine:
    """An answer that was voted for.

    Attributes:
        answer: As LaTeX.
        votes: Attempts that gave it.
        weight: What they count together, as text.
        attempts: Their numbers from 1, as text.
        chosen: Whether the solution that is shown gave it.
    """

    answer: str
    votes: int
    weight: str
    attempts: str
    chosen: bool

    @property
    def sentence(self) -> str:
        """Everything but the answer: ``3 attempts (1, 4, 6), counting 2.5``."""
        said = f"{self.votes} attempt{'s' if self.votes != 1 else ''} ({self.attempts})"
        return said if self.weight == str(self.votes) else f"{said}, counting {self.weight}"


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One attempt.

    Attributes:
        number: From 1.
        how: ``code, always the likeliest word``.
        answer: As LaTeX, or empty.
        note: What speaks against it, or why it has no answer; empty if nothing does.
        chosen: Whether it is the solution that is shown.
    """

    number: int
    how: str
    answer: str
    note: str
    chosen: bool


def vote_sentence(transcript: Transcript) -> str:
    """The outcome in one sentence without a full stop; empty where there was no vote."""
    said = tally_of(transcript.attempts).sentence()
    right = right_of_100(transcript)
    return f"{said}; by its verifier {right} of 100 answers like this are right" if said and right is not None else said


def right_of_100(transcript: Transcript) -> int | None:
    """How many of 100 answers like the one shown are right, by the model's verifier; None if it has not said."""
    known = transcript.meta.get(PROBABILITIES)
    if not isinstance(known, list | tuple) or not 0 <= transcript.chosen < len(known):
        return None
    value = known[transcript.chosen]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        return None
    return round(100 * value)


def option_lines(transcript: Transcript) -> list[OptionLine]:
    """A line for each answer, the one with most first."""
    found = []
    for option in tally_of(transcript.attempts).options:
        numbers = ", ".join(str(i + 1) for i in option.attempts)
        chosen = transcript.chosen in option.attempts
        found.append(OptionLine(option.answer, len(option.attempts), f"{option.weight:.4g}", numbers, chosen))
    return found


def attempt_lines(transcript: Transcript) -> list[AttemptLine]:
    """A line for each attempt, in order."""
    return [
        AttemptLine(n + 1, _how(attempt), answer_of(attempt), _note(attempt), n == transcript.chosen)
        for n, attempt in enumerate(transcript.attempts)
    ]


def vote_text(transcript: Transcript) -> list[str]:
    """The tally as lines of plain text, the outcome first; none where there was no vote."""
    if not transcript.attempts:
        return []
    lines = [f"{vote_sentence(transcript)}."]
    return lines + [f"{plain(f'${o.answer}$')}: {o.sentence}" for o in option_lines(transcript)]


def _how(attempt: Attempt) -> str:
    drawn = f"temperature {attempt.temperature:g}, seed {attempt.seed}" if attempt.temperature else "the likeliest word"
    return f"{_KINDS[attempt.kind]}, {drawn}"


def _note(attempt: Attempt) -> str:
    if not attempt.ended and not attempt.parts:
        return "not begun"
    if not attempt.ended:
        return "given up, far longer than the others" if "slow" in attempt.why else "stopped early"
    if attempt.answer is None:
        return "no answer"
    return "; ".join(DOUBTS.get(word, word) for word in attempt.why)
