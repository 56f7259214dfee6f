"""A finished solution as the events that a running one has, for whoever shows solutions from events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tutor_app.core.events import (
    AnswerFound,
    ClaimsFound,
    CodeDelta,
    CodeEnded,
    CodeStarted,
    FigureDrawn,
    OutputDelta,
    QuestionAsked,
    RunFinished,
    SolveEvent,
    TextDelta,
    ThoughtDelta,
    ThoughtEnded,
)
from tutor_app.core.parts import Answer, Code, Figure, Output, Part, Question, Text, Thought


def replayed(parts: Sequence[Part]) -> Iterator[SolveEvent]:
    """The events that make these parts; folded by :class:`tutor_app.core.builder.Builder`, they give them again.

    Two texts with nothing between them become one.
    """
    texts = 0
    for part in parts:
        match part:
            case Text(text, claims):
                yield TextDelta(text)
                if claims:
                    yield ClaimsFound(texts, claims)
                texts += 1
            case Thought(text):
                yield ThoughtDelta(text)
                yield ThoughtEnded()
            case Question(text):
                yield QuestionAsked(text)
            case Code(source):
                yield CodeStarted()
                yield CodeDelta(source + "\n")
                yield CodeEnded(source)
            case Output():
                if part.stdout:
                    yield OutputDelta(part.stdout)
                yield RunFinished(part)
            case Figure():
                yield FigureDrawn(part)
            case Answer():
                yield AnswerFound(part)
