"""What a client gets: the events of a solution, or of the bare model, as OpenAI's chunks and as this program's own.

A writer takes the events one by one. :meth:`Writer.write` gives what to send of a stream now, :meth:`Writer.body` the
reply of one that is not streamed.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, Final, Literal, Protocol, TypeVar

from tutor_app.core.dialect import MUMATH, injection
from tutor_app.core.events import (
    AnswerFound,
    ClaimsFound,
    CodeDelta,
    CodeEnded,
    CodeStarted,
    EndReason,
    FigureDrawn,
    Finished,
    LeftOut,
    OutputDelta,
    QuestionAsked,
    Reading,
    Recorded,
    RoundStarted,
    RunFinished,
    SolveEvent,
    TextDelta,
    ThoughtDelta,
    ThoughtEnded,
    Usage,
)
from tutor_app.core.part_json import part_to_dict
from tutor_app.core.parts import Answer, Figure, Output
from tutor_app.core.ports import Generation, Piece, PromptProgress, Stopped
from tutor_app.core.solve_settings import feedback
from tutor_app.server.requests import Asked, RequestFault

SHOWN_OUTPUT: Final = 4000
"""Characters of a block's output in the text of a chat."""
DONE: Final = "data: [DONE]\n\n"
_CUT_SHORT: Final = (EndReason.TOKENS, EndReason.SECONDS, EndReason.CONTEXT, EndReason.ROUNDS)


T_contra = TypeVar("T_contra", contravariant=True)


class Writer(Protocol[T_contra]):
    """Turns events into a reply."""

    def write(self, event: T_contra) -> str:
        """What to send of a stream after this event; may be empty.

        Raises:
            RequestFault: If the event says that the request cannot be served; whoever sends decides how to say so.
        """
        ...

    def body(self) -> dict[str, Any]:
        """The whole reply, after the last event."""
        ...

    @property
    def enough(self) -> bool:
        """The work may stop: of what still comes only its end is of interest, which says what it has cost."""
        ...

    @property
    def over(self) -> bool:
        """No further event is of interest."""
        ...


def data(value: Mapping[str, Any], event: str = "") -> str:
    """A server-sent event."""
    name = f"event: {event}\n" if event else ""
    return f"{name}data: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}\n\n"


class StopStrings:
    """Ends a text at the first of some strings, however the text is cut into pieces."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stops)
        self._held = ""
        self.met = False

    def feed(self, text: str) -> str:
        """What of the text so far may be sent now."""
        if not self._stops or self.met:
            return "" if self.met else text
        self._held += text
        at = min((i for s in self._stops if (i := self._held.find(s)) >= 0), default=-1)
        if at >= 0:
            self.met = True
            return self._held[:at]
        keep = next((n for n in range(min(len(self._held), self._longest), 0, -1) if self._may_begin(n)), 0)
        sent, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return sent

    def finish(self) -> str:
        """What was held back, at the end of the text."""
        rest, self._held = ("" if self.met else self._held), ""
        return rest

    @property
    def _longest(self) -> int:
        return max(len(s) for s in self._stops) - 1

    def _may_begin(self, n: int) -> bool:
        return any(s.startswith(self._held[-n:]) for s in self._stops)


class _SolutionText:
    """The events of a solution as one text: prose, fenced code, fenced output, what was drawn in words."""

    def __init__(self) -> None:
        self._line_start = True

    def of(self, event: SolveEvent) -> str:
        match event:
            case TextDelta(text) | CodeDelta(text):
                return self._said(text)
            case CodeStarted():
                return self._said(f"{self._break()}```python\n")
            case CodeEnded():
                return self._said(f"{self._break()}```\n")
            case RunFinished(output):
                return self._said(injection(feedback(output, SHOWN_OUTPUT), MUMATH, at_line_start=self._line_start))
            case FigureDrawn(figure):
                return self._said(f"{self._break()}[Figure: {figure.alt or 'a plot'}]\n")
        return ""

    def _break(self) -> str:
        return "" if self._line_start else "\n"

    def _said(self, text: str) -> str:
        self._line_start = text.endswith("\n") if text else self._line_start
        return text


class ChatWriter:
    """A solution as a chat completion: code and outputs stand in the text, a thought in ``reasoning_content``."""

    def __init__(self, asked: Asked, model: str) -> None:
        self._asked, self._model = asked, model
        self._id, self._created = f"chatcmpl-{uuid.uuid4().hex}", int(time.time())
        self._text, self._stops = _SolutionText(), StopStrings(asked.stop)
        self._words: list[str] = []
        self._thought: list[str] = []
        self._end: Finished | None = None
        self._begun = False

    @property
    def over(self) -> bool:
        """The solution has ended."""
        return self._end is not None

    @property
    def enough(self) -> bool:
        """A stop string was met."""
        return self._stops.met

    def write(self, event: SolveEvent) -> str:
        """See :meth:`Writer.write`."""
        if isinstance(event, Finished):
            if not self.enough:
                refuse_unbegun(event, begun=self._begun, param="messages")
            return self._ended(event)
        if self.enough:
            return ""
        if isinstance(event, ThoughtDelta):
            self._thought.append(event.text)
            return self._chunk({"reasoning_content": event.text})
        return self._content(self._stops.feed(self._text.of(event)))

    def body(self) -> dict[str, Any]:
        """See :meth:`Writer.body`."""
        message: dict[str, Any] = {"role": "assistant", "content": "".join(self._words)}
        if self._thought:
            message["reasoning_content"] = "".join(self._thought)
        choice = {"index": 0, "message": message, "finish_reason": self._reason(), "logprobs": None}
        usage = _usage(self._end.usage) if self._end is not None else _usage(Usage())
        return self._head("chat.completion") | {"choices": [choice], "usage": usage} | self._more()

    def _content(self, text: str) -> str:
        if not text:
            return ""
        self._words.append(text)
        return self._chunk({"content": text})

    def _ended(self, event: Finished) -> str:
        rest = self._content(self._stops.finish())
        self._end = event
        out = rest + self._chunk({}, self._reason(), self._more())
        if self._asked.usage:
            usage = _usage(event.usage)
            out += data(self._head("chat.completion.chunk") | {"choices": [], "usage": usage})
        return out + DONE

    def _chunk(self, delta: Mapping[str, Any], reason: str | None = None, more: Mapping[str, Any] | None = None) -> str:
        if not self._begun:
            delta = {"role": "assistant"} | dict(delta)
        self._begun = True
        choice = {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}
        return data(self._head("chat.completion.chunk") | {"choices": [choice]} | dict(more or {}))

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self._id, "object": kind, "created": self._created, "model": self._model}

    def _reason(self) -> Literal["stop", "length"]:
        cut_short = not self.enough and self._end is not None and self._end.reason in _CUT_SHORT
        return "length" if cut_short else "stop"

    def _more(self) -> dict[str, Any]:
        """What OpenAI's form has no place for: why the solution ended, and its checked answer."""
        if self._end is None or self.enough:
            return {}
        answer = self._end.transcript.answer
        said = {"ended": self._end.reason.value, "sentence": self._end.sentence()}
        return {"tutor": said | {"answer": part_to_dict(answer) if answer is not None else None}}


def refuse_unbegun(event: Finished, *, begun: bool, param: str) -> None:
    """Say a solution that failed before its first word as an error.

    Raises:
        RequestFault: If it did.
    """
    solution = event.transcript.solution
    if begun or any(not isinstance(part, Answer) for part in solution):
        return
    if event.reason is EndReason.CONTEXT:
        raise context_exceeded(event.usage.prompt_tokens, param)
    if event.reason in (EndReason.ENGINE, EndReason.SANDBOX):
        raise RequestFault(503, event.sentence(), type="server_error", code=event.reason.value)


def context_exceeded(tokens: int, param: str = "") -> RequestFault:
    """The error for a prompt of so many tokens; whoever sends it adds the size of the context."""
    return RequestFault(
        400,
        "The problem and what stands before it do not fit the model's context.",
        type="exceed_context_size_error",
        code="context_length_exceeded",
        param=param,
        more={"n_prompt_tokens": tokens},
    )


class CompletionWriter:
    """What the bare model writes, as a text completion."""

    def __init__(self, asked: Asked, model: str, *, progress: bool = False) -> None:
        self._asked, self._model, self._progress = asked, model, progress
        self._id, self._created = f"cmpl-{uuid.uuid4().hex}", int(time.time())
        self._words: list[str] = []
        self._end: Stopped | None = None

    @property
    def over(self) -> bool:
        """The model has stopped."""
        return self._end is not None

    def write(self, event: Generation) -> str:
        """See :meth:`Writer.write`."""
        match event:
            case PromptProgress(done, total, evaluated) if self._progress:
                read = {"total": total, "cache": done - evaluated, "processed": evaluated}
                return data(self._head() | {"choices": [], "prompt_progress": read})
            case Piece(text, tokens):
                self._words.append(text)
                return data(self._head() | {"choices": [self._choice(text, None)], "n_tokens": tokens})
            case Stopped() as stopped:
                if stopped.reason == "context" and not self._words:
                    raise context_exceeded(stopped.prompt_tokens, "prompt")
                self._end = stopped
                final = data(self._head() | {"choices": [self._choice("", self._reason())]} | self._more())
                usage = data(self._head() | {"choices": [], "usage": self._usage()}) if self._asked.usage else ""
                return final + usage + DONE
        return ""

    @property
    def enough(self) -> bool:
        """Never before its end: the stop strings are the model's own."""
        return False

    def body(self) -> dict[str, Any]:
        """See :meth:`Writer.body`."""
        choice = self._choice("".join(self._words), self._reason())
        return self._head() | {"choices": [choice], "usage": self._usage()} | self._more()

    def _head(self) -> dict[str, Any]:
        return {"id": self._id, "object": "text_completion", "created": self._created, "model": self._model}

    def _choice(self, text: str, reason: str | None) -> dict[str, Any]:
        return {"index": 0, "text": text, "finish_reason": reason, "logprobs": None}

    def _reason(self) -> Literal["stop", "length"]:
        return "length" if self._end is not None and self._end.reason in ("length", "context") else "stop"

    def _more(self) -> dict[str, Any]:
        if self._end is None:
            return {}
        return {"stop_reason": self._end.stop or None, "stopped": asdict(self._end)}

    def _usage(self) -> dict[str, Any]:
        end = self._end or Stopped("cancelled")
        return _tokens(end.prompt_tokens, end.generated_tokens) | {
            "prompt_tokens_details": {"cached_tokens": max(0, end.prompt_tokens - end.evaluated_tokens)}
        }


class SolveWriter:
    """A solution in this program's own form: every event by name, and at last the transcript."""

    def __init__(self, asked: Asked, model: str) -> None:
        self._model = model
        self._end: Finished | None = None
        self._begun = False

    @property
    def over(self) -> bool:
        """The solution has ended."""
        return self._end is not None

    def write(self, event: SolveEvent) -> str:
        """See :meth:`Writer.write`."""
        if isinstance(event, Finished):
            refuse_unbegun(event, begun=self._begun, param="problem")
            self._end = event
            return data(self.body(), "finished")
        name, value = event_to_dict(event)
        self._begun = self._begun or not isinstance(event, Recorded | RoundStarted | Reading)
        return data(value, name)

    @property
    def enough(self) -> bool:
        """Never before its end."""
        return False

    def body(self) -> dict[str, Any]:
        """See :meth:`Writer.body`."""
        assert self._end is not None
        return {
            "model": self._model,
            "reason": self._end.reason.value,
            "sentence": self._end.sentence(),
            "usage": asdict(self._end.usage),
            "transcript": self._end.transcript.to_dict(),
        }


_NAMES: Final[dict[type[SolveEvent], str]] = {
    Recorded: "recorded",
    QuestionAsked: "question",
    LeftOut: "left_out",
    RoundStarted: "round",
    Reading: "reading",
    TextDelta: "text",
    ThoughtDelta: "thought",
    ThoughtEnded: "thought_ended",
    CodeStarted: "code_started",
    CodeDelta: "code",
    CodeEnded: "code_ended",
    OutputDelta: "output",
    FigureDrawn: "figure",
    RunFinished: "run",
    ClaimsFound: "claims",
    AnswerFound: "answer",
}


def event_to_dict(event: SolveEvent) -> tuple[str, dict[str, Any]]:
    """An event's name and its fields; parts are in the transcript's own form, recordings are left out."""
    return _NAMES[type(event)], dict(_plain_fields(event))


def _plain_fields(event: SolveEvent) -> Iterator[tuple[str, Any]]:
    for f in fields(event):
        value = getattr(event, f.name)
        if isinstance(value, Output | Figure | Answer):
            yield f.name, part_to_dict(value)
        elif f.name == "claims":
            yield f.name, [asdict(claim) for claim in value]
        elif f.name != "recording":
            yield f.name, value


def _usage(usage: Usage) -> dict[str, Any]:
    return _tokens(usage.prompt_tokens, usage.generated_tokens)


def _tokens(prompt: int, generated: int) -> dict[str, Any]:
    return {"prompt_tokens": prompt, "completion_tokens": generated, "total_tokens": prompt + generated}
