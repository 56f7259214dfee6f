"""Turns a GGUF's own chat template into a :class:`Dialect`, so that any chat model can be spoken to.

The template is rendered on messages whose contents are marks; what stands between the marks are the frames. They are
accepted only if putting them together again gives exactly what the template gave. So the rest of the program needs no
template engine, knows which stretches are the model's control tokens and which are a person's text, and can keep the
common beginning of two prompts.

It refuses templates whose frame around a message depends on more than the roles; then MuMath-Code's own form is
spoken, and a note says so. The template is of unknown origin and is rendered in a child process with limits.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

from tutor_app.adapters.models.gguf import read_gguf
from tutor_app.adapters.models.installed import InstalledModel
from tutor_app.core.dialect import CHATML, DIALECTS, MUMATH, Dialect, PromptSet, header
from tutor_app.core.parts import Text
from tutor_app.core.thoughts import MARK, mark_kind, mentions_thought
from tutor_app.core.transcript import Transcript

MAX_TEMPLATE: Final = 2**18
"""Characters; the longest in use have about 20,000."""
MAX_FRAME: Final = 2**14
DEADLINE: Final = 20.0
"""Seconds for the child process; it takes a quarter of one."""

_NO_TEMPLATE: Final = "This file has no chat template; MuMath-Code's own form is spoken."
_UNUSABLE: Final = (
    "This file's chat template cannot be used: it is broken, or what it puts around a message depends on more than "
    "who speaks. MuMath-Code's own form is spoken instead."
)


@dataclass(frozen=True, slots=True)
class DialectChoice:
    """How a model is spoken to.

    Attributes:
        dialect: Its wire form.
        note: One sentence for the user where the file's own template is not what is spoken, else empty.
    """

    dialect: Dialect
    note: str = ""


def choose_dialect(model: InstalledModel, *, thinking: bool = False) -> DialectChoice:
    """The model's wire form: the catalogue's word, else its own chat template, else MuMath-Code's.

    Args:
        model: Which.
        thinking: Ask a template that can be asked for it to let the model think first.

    Raises:
        ModelFileFault: If the model's file cannot be read.
    """
    if model.dialect in DIALECTS:
        return DialectChoice(DIALECTS[model.dialect])
    info = read_gguf(model.weights)
    if not info.chat_template.strip():
        return DialectChoice(MUMATH, _NO_TEMPLATE)
    dialect = template_dialect(info.chat_template, info.bos_token, info.eos_token, thinking=thinking)
    return DialectChoice(MUMATH, _UNUSABLE) if dialect is None else DialectChoice(dialect)


def dialect_of(model: InstalledModel, *, thinking: bool = False) -> Dialect:
    """The model's wire form; see :func:`choose_dialect`."""
    return choose_dialect(model, thinking=thinking).dialect


# Plain letters: contents that no template trims, escapes or looks into.
_SYSTEM: Final = "QsysKappaQ"
_USER: Final = ("QaskAlphaQ", "QaskBetaQ")
_REPLY: Final = "QreplyGammaQ"


@lru_cache(maxsize=32)
def template_dialect(
    template: str, bos: str = "", eos: str = "", *, thinking: bool = False, deadline: float = DEADLINE
) -> Dialect | None:
    """Take a chat template apart; what was found is kept by the template's text.

    Args:
        template: Jinja2 source.
        bos: Text of the begin-of-sequence token.
        eos: Text of the end-of-sequence token.
        thinking: The value of ``enable_thinking``, by which templates of hybrid models are asked for a thought.
        deadline: Seconds for rendering.

    Returns:
        The dialect, or None if the template is broken, hostile, or its frames are not fixed strings.
    """
    if not template.strip() or len(template) > MAX_TEMPLATE:
        return None
    system = ("system", _SYSTEM)
    talk = (("user", _USER[0]), ("assistant", _REPLY), ("user", _USER[1]))
    cases = [
        ((system, *talk), True),
        ((system, *talk[:2]), False),
        ((system, talk[0]), True),
        ((system, talk[0]), False),
        (talk, True),
        (talk[:2], False),
        (talk[:1], True),
        (talk[:1], False),
    ]
    texts = _render(template, bos, eos, cases, thinking, deadline)
    if texts is None:
        return None
    found = _with_system(texts[:4], texts[6], bos) or _without_system(texts[4:], bos)
    if found is None or max(len(f) for f in _frames(found)) > MAX_FRAME:
        return None
    return _named(found, bos, may_think=mentions_thought(template))


def _named(found: Dialect, bos: str, *, may_think: bool) -> Dialect:
    """ChatML by its name; any other template with what ends a turn and what a text could forge."""
    if replace(found, name=CHATML.name, begin="", stop=CHATML.stop) == CHATML:
        return replace(CHATML, begin=found.begin, may_think=may_think) if found.begin or may_think else CHATML
    frames = (found.user_open, found.user_close, found.assistant_open, found.assistant_close, found.system_open)
    marks = [m for frame in frames for m in _marks(frame)]
    user = [m for m in _marks(found.user_open) if m != bos] or [found.user_open.strip()]
    # A short word such as "Q:" may end a longer one; at the beginning of a line it does not.
    stop = [mark if len(mark) > _SHORT_MARK else f"\n{mark}" for mark in user if mark]
    stop += _marks(found.assistant_close)[:1] or [found.assistant_close.strip()]
    return replace(
        found,
        stop=tuple(dict.fromkeys(s for s in stop if s)),
        plain_marks=tuple(dict.fromkeys(marks)),
        may_think=may_think,
    )


# What a frame is recognised by: a tag or a control token, a word in brackets, a heading, words with a colon.
_FRAME_MARK: Final = re.compile(
    r"<<?/?[^<>\s]{1,60}>>?|\[/?[^\[\]\s]{2,60}\]|#{2,}[ \t]*[^\s#][^\n:#]{0,40}:?|[^\W\d_][\w ]{0,30}:"
)
_SHORT_MARK: Final = 3


def _marks(frame: str) -> list[str]:
    """The words and tokens of a frame that a text could forge; marks of thoughts are none of them."""
    spoken = MARK.sub(lambda m: m[0] if mark_kind(m[0]) == "silent" else "\n", frame)
    return [m[0].strip() for m in _FRAME_MARK.finditer(spoken)]


def _with_system(texts: list[str | None], without: str | None, bos: str) -> Dialect | None:
    frames = _between(texts[0], _SYSTEM, _USER[0], _REPLY, _USER[1])
    if frames is None:
        return None
    head, after_system, after_user, after_reply, _ = frames
    turn = _turn(texts[1:], (after_user, after_reply), (_SYSTEM, _USER[0]))
    if turn is None:
        return None
    # What stands before a first question without a system text, unless the template then writes one of its own.
    bare = _between(without, _USER[0])
    begin = bare[0].removesuffix(turn.user_open) if bare is not None and bare[0].endswith(turn.user_open) else bos
    begin = begin if head.startswith(begin) else bos if head.startswith(bos) else ""
    system_open = head.removeprefix(begin)
    # Where the user's frame after the system text is the usual one, what stands before it closes the system text.
    usual = bool(turn.user_open) and after_system.endswith(turn.user_open)
    parts = replace(
        turn,
        begin=begin,
        system_open=system_open,
        system_close=after_system.removesuffix(turn.user_open) if usual else after_system,
        first_user_open=None if usual else "",
    )
    return parts if _gives(parts, _SYSTEM, texts) else None


def _without_system(texts: list[str | None], bos: str) -> Dialect | None:
    frames = _between(texts[0], _USER[0], _REPLY, _USER[1])
    if frames is None:
        return None
    head, after_user, after_reply, _ = frames
    turn = _turn(texts[1:], (after_user, after_reply), (_USER[0],))
    if turn is None:
        return None
    if head.endswith(turn.user_open):
        parts = replace(turn, begin=head.removesuffix(turn.user_open), system_in_user=True)
    elif bos and turn.user_open.startswith(bos) and head == turn.user_open:
        parts = replace(turn, system_in_user=True)
    else:
        return None
    return parts if _gives(parts, "", texts) else None


def _turn(texts: list[str | None], between: tuple[str, str], before: tuple[str, ...]) -> Dialect | None:
    """The frames of a user's and an assistant's turn.

    Args:
        texts: Rendered: a finished reply without a new prompt; a question with a prompt; a question without one.
        between: What stood between the question and the reply, and between the reply and the next question.
        before: Marks of the contents up to the question.
    """
    after_user, after_reply = between
    done = _between(texts[0], *before, _REPLY)
    asked = _between(texts[1], *before)
    bare = _between(texts[2], *before)
    if done is None or asked is None:
        return None
    # Some templates write an end-of-text after the very last turn: only what also stands inside a talk counts.
    assistant_close = _common(done[-1], after_reply)
    # What follows a question that is to be answered may differ from what precedes a reply that is there.
    asking = asked[-1]
    user_close = _common(asking, after_user)
    if bare is not None:
        user_close = _common(user_close, bare[-1])
    assistant_open, before_reply = asking.removeprefix(user_close), after_user.removeprefix(user_close)
    return Dialect(
        name="template",
        user_open=after_reply.removeprefix(assistant_close),
        user_close=user_close,
        assistant_open=assistant_open,
        assistant_close=assistant_close,
        reply_open=None if before_reply == assistant_open else before_reply,
    )


def _between(text: str | None, *marks: str) -> list[str] | None:
    """What stands before, between and after the marks, if each occurs once and in this order."""
    if text is None or any(text.count(m) != 1 for m in marks):
        return None
    frames, rest = [], text
    for m in marks:
        before, found, rest = rest.partition(m)
        if not found:
            return None
        frames.append(before)
    return [*frames, rest]


def _common(a: str, b: str) -> str:
    """The common beginning, not cut inside a control token such as ``<|end|>``."""
    n = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    if n == len(a) or n == len(b):
        return a[:n]
    return re.sub(r"[<\[][^<>\[\]\s]*$", "", a[:n])


def _gives(dialect: Dialect, system: str, texts: list[str | None]) -> bool:
    """Whether the dialect renders a question, and one after a worked example, as the template did."""
    example = (Transcript.of(_USER[0], Text(_REPLY)),)
    talk = header(dialect, _USER[1], PromptSet(system=system, demonstrations=example))
    asked = header(dialect, _USER[0], PromptSet(system=system))
    return ["".join(s.text for s in spans) for spans in (talk, asked)] == [texts[0], texts[2]]


def _frames(p: Dialect) -> tuple[str, ...]:
    return (p.begin, p.system_open, p.system_close, p.user_open, p.user_close, p.assistant_open, p.assistant_close)


def _render(
    template: str,
    bos: str,
    eos: str,
    cases: Sequence[tuple[Sequence[tuple[str, str]], bool]],
    thinking: bool,
    deadline: float,
) -> list[str | None] | None:
    """The renderings, in a child process; None if it had to be killed or died."""
    request = {
        "template": template,
        "bos": bos,
        "eos": eos,
        "thinking": thinking,
        "cases": [
            {"messages": [{"role": r, "content": c} for r, c in messages], "generate": generate}
            for messages, generate in cases
        ],
    }
    worker = Path(__file__).with_name("chat_template_worker.py")
    try:
        done = subprocess.run(
            [sys.executable, "-P", str(worker)],
            input=json.dumps(request).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=deadline,
            check=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        texts = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    if not isinstance(texts, list) or len(texts) != len(cases):
        return None
    return [t if isinstance(t, str) else None for t in texts]
