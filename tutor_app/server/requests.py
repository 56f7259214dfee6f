"""What a client may ask, read from its JSON: every mistake becomes one sentence that names the field."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar

from tutor_app.core.dialect import Span
from tutor_app.core.parsing import parse
from tutor_app.core.parts import Text
from tutor_app.core.ports import Sampling
from tutor_app.core.transcript import Transcript

T = TypeVar("T")

MOST_STOPS: Final = 16
MOST_TOKENS: Final = 131_072
MOST_DIGITS: Final = 100
"""Of a whole number, of which none that means anything here has more than twenty."""
MOST_STOP: Final = 1000
"""Characters of a text that ends a reply."""
MOST_MESSAGES: Final = 200
_NOT_HERE: Final[Mapping[str, tuple[Any, ...]]] = {
    **dict.fromkeys(("tools", "functions", "logprobs", "top_logprobs", "audio", "logit_bias", "suffix", "echo"), ()),
    **dict.fromkeys(("presence_penalty", "frequency_penalty", "min_p", "grammar", "json_schema"), ()),
    "response_format": ({"type": "text"},),
    "modalities": (["text"],),
    "tool_choice": ("none", "auto"),
    "function_call": ("none", "auto"),
    "top_k": (-1,),
    "repeat_penalty": (1,),
    "repetition_penalty": (1,),
}
"""What changes a reply in a way that this server cannot, with values of it that change nothing, as none, 0 and an empty
one do; anything else that it does not know is ignored."""


class RequestFault(Exception):
    """A request that cannot be served, in the form that OpenAI's clients read.

    Attributes:
        status: Of HTTP.
        message: One sentence for a person.
        type: Kind of error, for a program.
        code: The very error, for a program; may be empty.
        param: The field at fault, or empty.
        more: Further fields of the error, as the counts of a context that is exceeded.
        retry_after: Seconds after which to ask again; 0 says nothing of it.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",
        code: str = "",
        param: str = "",
        more: Mapping[str, Any] | None = None,
        retry_after: int = 0,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.type, self.code, self.param = status, message, type, code, param
        self.more, self.retry_after = dict(more or {}), retry_after

    def to_dict(self) -> dict[str, Any]:
        """The body of the reply."""
        error = {"message": self.message, "type": self.type, "param": self.param or None, "code": self.code or None}
        return {"error": error | self.more}


def _wrong(param: str, what: str) -> RequestFault:
    return RequestFault(400, f'"{param}" {what}.', param=param)


@dataclass(frozen=True, slots=True)
class Asked:
    """What every request has.

    Attributes:
        model: The model's id; empty takes the one that is served.
        stream: Send the reply as it comes, as server-sent events.
        usage: End a stream with what it cost.
        temperature: How tokens are drawn, as the two after it; None takes the server's.
        top_p: See there.
        seed: See there.
        max_tokens: The most that the model may write at a time; 0 takes the server's.
        stop: Strings that end the reply.
    """

    model: str = ""
    stream: bool = False
    usage: bool = False
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    max_tokens: int = 0
    stop: tuple[str, ...] = ()

    def sampling(self, own: Sampling) -> Sampling:
        """How tokens are drawn: as the server's ``own``, but for what was asked."""
        return Sampling(
            own.temperature if self.temperature is None else self.temperature,
            own.top_p if self.top_p is None else self.top_p,
            own.seed if self.seed is None else self.seed,
        )


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A conversation whose last message is to be answered.

    Attributes:
        asked: See there.
        system: What the client's system messages say.
        earlier: The turns before the last message, each a problem with its solution.
        problem: The last message.
    """

    asked: Asked
    system: str
    earlier: tuple[Transcript, ...]
    problem: str


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """A text that the bare model is to continue.

    Attributes:
        asked: See there.
        spans: The text; control tokens in a plain string are read as such.
        prefix: How many of the spans are the same for every problem.
        progress: Tell how far the prompt is read, in a stream.
    """

    asked: Asked
    spans: tuple[Span, ...]
    prefix: int = 0
    progress: bool = False


@dataclass(frozen=True, slots=True)
class SolveRequest:
    """A problem to solve.

    Attributes:
        asked: See there.
        problem: As typed.
        budgets: Settings of :class:`~tutor_app.core.solve_settings.SolveSettings` that the client chose.
    """

    asked: Asked
    problem: str
    budgets: Mapping[str, Any] = field(default_factory=dict)


def read_json(body: bytes) -> dict[str, Any]:
    """The request's object.

    Raises:
        RequestFault: If it is none.
    """
    try:
        data = json.loads(body, parse_int=_integer, parse_constant=_no_constant)
        json.dumps(data, ensure_ascii=False).encode()
    except RecursionError:
        raise RequestFault(400, "The request is nested too deeply.") from None
    except json.JSONDecodeError as e:
        where = f"line {e.lineno}, character {e.colno}"
        raise RequestFault(400, f"The request is not JSON: what stands at {where} does not belong there.") from None
    except UnicodeEncodeError:
        raise RequestFault(400, "The request holds half of a character, which is no text.") from None
    except UnicodeDecodeError:
        raise RequestFault(400, "The request is not JSON: it is no text in UTF-8.") from None
    if not isinstance(data, dict):
        raise RequestFault(400, "The request is not a JSON object.")
    return data


def _integer(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise RequestFault(
            400, f"The request holds a number of {len(digits):,} digits; at most {MOST_DIGITS} are taken."
        )
    return int(digits)


def _no_constant(name: str) -> float:
    raise RequestFault(400, f"The request is not JSON: {name} is no number there.")


def chat_request(data: Mapping[str, Any]) -> ChatRequest:
    """Read a request for a chat completion.

    Raises:
        RequestFault: If anything of it does not fit.
    """
    messages = data.get("messages")
    if not isinstance(messages, list) or not messages:
        raise _wrong("messages", "must be a list with at least one message")
    if len(messages) > MOST_MESSAGES:
        raise _wrong("messages", f"has {len(messages)} messages; at most {MOST_MESSAGES} are taken")
    said = [_message(message, f"messages[{i}]") for i, message in enumerate(messages)]
    system = "\n\n".join(text for role, text in said if role == "system" and text)
    turns = [(role, text) for role, text in said if role != "system"]
    if not turns or turns[-1][0] != "user":
        raise _wrong("messages", "must end with a message of the user")
    earlier, before = [], ""
    for role, text in turns[:-1]:
        if role == "user":
            before = f"{before}\n\n{text}" if before else text
        elif before:  # a reply without a question, as some programs begin with, is no turn
            earlier.append(Transcript.of(before, *(parse(text) or (Text(text),))))
            before = ""
    problem = f"{before}\n\n{turns[-1][1]}" if before else turns[-1][1]
    return ChatRequest(_asked(data), system, tuple(earlier), problem)


def completion_request(data: Mapping[str, Any]) -> CompletionRequest:
    """Read a request for a completion: ``prompt`` (a string), or this program's own ``spans`` and ``prefix``.

    Raises:
        RequestFault: If anything of it does not fit.
    """
    asked = _asked(data)
    progress = _switch(data, "return_progress")
    if "spans" not in data:
        prompt = data.get("prompt")
        if isinstance(prompt, list) and len(prompt) == 1:
            prompt = prompt[0]
        if not isinstance(prompt, str):
            raise _wrong("prompt", "must be one text")
        if not prompt:
            raise _wrong("prompt", "is empty: there is nothing to go on from")
        return CompletionRequest(asked, (Span(prompt, special=True),), progress=progress)
    spans = data["spans"]
    if not isinstance(spans, list) or not all(
        isinstance(s, list) and [type(v) for v in s] == [str, bool, bool] for s in spans
    ):
        raise _wrong("spans", "must be a list of [text, supervised, special]")
    if not any(text for text, _, _ in spans):
        raise _wrong("spans", "are empty: there is nothing to go on from")
    prefix = _whole(data, "prefix", 0, 0, len(spans))
    return CompletionRequest(asked, tuple(Span(*s) for s in spans), prefix, progress)


def solve_request(data: Mapping[str, Any]) -> SolveRequest:
    """Read a request for a solution.

    Raises:
        RequestFault: If anything of it does not fit.
    """
    problem = data.get("problem")
    if not isinstance(problem, str):
        raise _wrong("problem", "must be a text")
    budgets: dict[str, Any] = {}
    if data.get("max_rounds") is not None:
        budgets["max_rounds"] = _whole(data, "max_rounds", 4, 1, 20)
    if data.get("run_code") is not None:
        budgets["run_code"] = _switch(data, "run_code")
    if data.get("seconds") is not None:
        budgets["seconds"] = _number(data, "seconds", 300.0, 1.0, 86_400.0)
    return SolveRequest(_asked(data), problem, budgets)


def _asked(data: Mapping[str, Any]) -> Asked:
    for name, neutral in _NOT_HERE.items():
        if data.get(name) and data[name] not in neutral:
            raise RequestFault(
                400, f'"{name}" is not supported by this server.', code="unsupported_parameter", param=name
            )
    for name in ("n", "best_of"):
        if _whole(data, name, 1, 1, 128) != 1:
            sentence = f'"{name}" must be 1: ask several times instead.'
            raise RequestFault(400, sentence, code="unsupported_value", param=name)
    model = data.get("model", "")
    if not isinstance(model, str | None):
        raise _wrong("model", "must be a text")
    name = "max_tokens" if data.get("max_completion_tokens") is None else "max_completion_tokens"
    options = {} if data.get("stream_options") is None else data["stream_options"]
    if not isinstance(options, dict):
        raise _wrong("stream_options", "must be an object")
    return Asked(
        model=model or "",
        stream=_switch(data, "stream"),
        usage=_switch(options, "include_usage"),
        temperature=_given(data, "temperature", lambda name: _number(data, name, 0.0, 0.0, 2.0)),
        top_p=_given(data, "top_p", lambda name: _number(data, name, 1.0, 0.0, 1.0) or 1e-6),
        seed=_given(data, "seed", lambda name: _whole(data, name, 0, -(2**63), 2**64) % 2**31),
        max_tokens=_whole(data, name, 0, 1, MOST_TOKENS),
        stop=_stop(data.get("stop")),
    )


def _given(data: Mapping[str, Any], name: str, read: Callable[[str], T]) -> T | None:
    """A field, if it says anything."""
    return None if data.get(name) is None else read(name)


def _stop(value: Any) -> tuple[str, ...]:
    stops = [value] if isinstance(value, str) else [] if value is None else value
    if not isinstance(stops, list) or not all(isinstance(s, str) for s in stops):
        raise _wrong("stop", "must be a text or a list of texts")
    if len(stops) > MOST_STOPS:
        raise _wrong("stop", f"may have at most {MOST_STOPS} texts")
    if any(len(s) > MOST_STOP for s in stops):
        raise _wrong("stop", f"may have texts of at most {MOST_STOP:,} characters")
    return tuple(s for s in stops if s)


def _message(data: Any, where: str) -> tuple[Literal["system", "user", "assistant"], str]:
    if not isinstance(data, dict):
        raise _wrong(where, "must be an object")
    if data.get("role") in ("tool", "function") or data.get("tool_calls") or data.get("function_call"):
        raise _wrong(where, "is about a client's tools, of which this server calls none: leave them out")
    content = data.get("content")
    if isinstance(content, list):  # the newer form: a list of parts
        for part in content:
            if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str):
                raise _wrong(f"{where}.content", "may hold text only: pictures and sound are not understood")
        content = "".join(part["text"] for part in content)
    if not isinstance(content, str):
        raise _wrong(f"{where}.content", "must be a text")
    match data.get("role"):
        case "system" | "developer":
            return "system", content
        case "user":
            return "user", content
        case "assistant":
            return "assistant", content
        case _:
            raise _wrong(f"{where}.role", "must be system, user or assistant")


def _whole(data: Mapping[str, Any], name: str, default: int, least: int, most: int) -> int:
    value = data.get(name)
    if value is None:
        return default
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _wrong(name, f"must be a whole number from {least} to {most}")
    return value


def _number(data: Mapping[str, Any], name: str, default: float, least: float, most: float) -> float:
    value = data.get(name)
    if value is None:
        return default
    if not isinstance(value, int | float) or isinstance(value, bool) or _is_nan(value):
        raise _wrong(name, "must be a number")
    if not least <= value <= most:
        raise _wrong(name, f"must be from {least:g} to {most:g}")
    return float(value)


def _switch(data: Mapping[str, Any], name: str) -> bool:
    value = data.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise _wrong(name, "must be true or false")
    return value


def _is_nan(value: int | float) -> bool:
    return isinstance(value, float) and math.isnan(value)  # a whole number may be too large for a float
