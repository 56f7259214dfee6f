"""Checks the statements of a solution while it is being made: every paragraph as soon as it is complete.

A check that cannot be made never stops a solution: its statements then simply are not checked.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, Protocol

from tutor_app.core.against_output import contradicted, with_claim
from tutor_app.core.builder import Builder
from tutor_app.core.claims import Claim
from tutor_app.core.errors import HostFault
from tutor_app.core.events import (
    AnswerFound,
    ClaimsFound,
    CodeStarted,
    Finished,
    SolveEvent,
    TextDelta,
    ThoughtEnded,
)
from tutor_app.core.parts import Answer, Output, Part, Text
from tutor_app.core.transcript import Transcript, claims_of
from tutor_app.core.verdicts import Verdict
from tutor_app.text.delimiters import split

log = logging.getLogger(__name__)

PARAGRAPH: Final = "\n"
"""What ends a stretch of prose that can be checked: models write a statement to its end before they break the line."""


class StatementChecker(Protocol):
    """Checks the pieces of one solution, see :class:`tutor_app.adapters.checking.checker.Checker`."""

    def begin(self) -> None:
        """Get ready beforehand; does not wait."""
        ...

    def check(self, pieces: Sequence[tuple[str, str]], /) -> Sequence[tuple[Claim, ...]]:
        """The claims of every piece.

        Raises:
            HostFault: If nothing can be checked.
        """
        ...

    def answer(self, problem: str, answer: str, outputs: Sequence[str] = (), /) -> Verdict:
        """Whether an answer is what the problem asks for.

        Raises:
            HostFault: If nothing can be checked.
        """
        ...

    def close(self) -> None:
        """End its process; safe to call twice."""
        ...


def checked(
    events: Iterator[SolveEvent], builder: Builder, checker: StatementChecker, problem: str = ""
) -> Iterator[SolveEvent]:
    """Pass ``events`` on with a :class:`ClaimsFound` after every paragraph that has statements.

    Args:
        events: Of the solve loop.
        builder: That the loop fills; it is given the claims.
        checker: Of statements.
        problem: As it is solved.
    """
    checker.begin()
    check = _Check(builder, checker, problem)
    for event in events:
        if isinstance(event, AnswerFound):
            yield from check.run()
        if isinstance(event, Finished):
            yield from check.run()
            event = replace(event, transcript=event.transcript.with_solution(builder.parts()))
        yield event
        if (isinstance(event, TextDelta) and PARAGRAPH in event.text) or isinstance(event, CodeStarted):
            yield from check.run(whole=isinstance(event, CodeStarted))
        elif isinstance(event, ThoughtEnded):
            check.forget()


def with_claims(transcript: Transcript, checker: StatementChecker, *, needed: bool = False) -> Transcript:
    """A finished solution with its statements checked, for one that was made without; else as it is.

    Raises:
        HostFault: If they cannot be checked, and are ``needed``.
    """
    parts = transcript.solution
    if claims_of(parts) or not any(isinstance(part, Text) for part in parts):
        return transcript
    try:
        found = checker.check(pieces_of(parts))
    except HostFault as e:
        if needed:
            raise
        log.warning("statements are not checked: %s", e)
        return transcript
    of_pieces = iter(with_contradictions(found, parts, transcript.problem))
    checked_parts = list[Part]()
    for part in parts:
        claims = next(of_pieces) if isinstance(part, Text | Output) else ()
        checked_parts.append(replace(part, claims=claims) if isinstance(part, Text) else part)
    return transcript.with_solution(tuple(checked_parts))


class _Check:
    """The claims that are known, and how much of the text they are of."""

    def __init__(self, builder: Builder, checker: StatementChecker, problem: str) -> None:
        self._builder, self._checker, self._problem = builder, checker, problem
        self._answered = False
        texts = [part for part in builder.parts() if isinstance(part, Text)]  # of a solution that goes on
        self._before = {number: part.claims for number, part in enumerate(texts)}
        self._known = dict(self._before)
        self._lengths: dict[int, int] = {}
        self._works = True

    def forget(self) -> None:
        """What was text turned out to be a thought, so the texts are numbered anew."""
        self._known = dict(self._before)
        self._lengths.clear()

    def run(self, *, whole: bool = True) -> Iterator[ClaimsFound]:
        """Check what is new; unless ``whole``, up to the last line that is complete."""
        if not self._works:
            return
        parts = self._builder.parts()
        answered = any(isinstance(part, Answer) for part in parts)
        pieces = pieces_of(parts, whole=whole)
        texts = [len(text) for kind, text in pieces if kind == "text"]
        same = all(self._lengths.get(n) == length for n, length in enumerate(texts))
        if same and answered == self._answered:
            return
        try:
            found = self._checker.check(pieces)
        except HostFault as e:
            log.warning("statements are not checked: %s", e)
            self._works = False
            return
        found = with_contradictions(found, parts, self._problem)
        self._lengths, self._answered = dict(enumerate(texts)), answered
        claims = (of_piece for (kind, _), of_piece in zip(pieces, found, strict=True) if kind == "text")
        for number, of_text in enumerate(claims):
            if of_text != self._known.get(number, ()):
                self._known[number] = of_text
                event = ClaimsFound(number, of_text)
                self._builder.apply(event)
                yield event


def with_contradictions(
    found: Sequence[tuple[Claim, ...]], parts: Sequence[Part], problem: str
) -> list[tuple[Claim, ...]]:
    """The claims of every piece, and the statements before code that prints another number than they state."""
    against = contradicted(parts, problem)
    pieces = [n for n, part in enumerate(parts) if isinstance(part, Text | Output)]
    return [with_claim(claims, against.get(n)) for n, claims in zip(pieces, found, strict=True)]


def pieces_of(parts: Sequence[Part], *, whole: bool = True) -> list[tuple[str, str]]:
    """The solution as the checker takes it; of a text that is being written what is complete."""
    pieces: list[tuple[str, str]] = []
    for k, part in enumerate(parts):
        if isinstance(part, Text):
            text = part.text
            if k == len(parts) - 1 and not whole:
                text = text[: text.rfind(PARAGRAPH) + 1]
                opened = split(text).open_at
                text = text[:opened] if opened >= 0 else text
            pieces.append(("text", text))
        elif isinstance(part, Output):
            pieces.append(("output", part.stdout or part.value))
    return pieces
