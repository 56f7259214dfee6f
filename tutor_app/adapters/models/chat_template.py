"""Turns a GGUF's own chat template into a few fixed strings, so that any chat model can be spoken to.

The template is rendered on messages whose contents are marks; what stands between the marks are the fixed strings.
They are accepted only if putting them together again gives exactly what the template gave. So the rest of the
program needs no template engine, knows which stretches are the model's control tokens and which are a person's text,
and can keep the common beginning of two prompts.

It refuses templates whose frame around a message depends on more than the roles: the answer is None, and another
dialect must be chosen. The template is of unknown origin and is rendered in a child process with limits.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from tutor_app.adapters.models.gguf import GgufInfo

MAX_TEMPLATE: Final = 2**18
"""Characters; the longest in use have about 20,000."""
MAX_FRAME: Final = 2**14
DEADLINE: Final = 20.0
"""Seconds for the child process; it takes a quarter of one."""

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a prompt: ``fixed`` ones are the model's own control text, the others somebody's words."""

    text: str
    fixed: bool


@dataclass(frozen=True, slots=True)
class TemplateParts:
    """What stands around the contents of a conversation.

    Attributes:
        system_open: Before the system text.
        system_close: After it.
        user_open: Before a user's words.
        user_close: After them.
        assistant_open: Before the model's words; a prompt ends with it.
        assistant_close: After them; the model ends its turn with its beginning.
        begin: Before everything (the begin-of-sequence token's text, or empty).
        first_user_open: Replaces ``user_open`` right after a system text (some templates nest the two).
        reply_open: Replaces ``assistant_open`` before a reply that is already there (some templates leave, for
            example, the space before the words to the model).
        system_in_user: The template knows no system text: it goes in front of the first user's words.
    """

    system_open: str
    system_close: str
    user_open: str
    user_close: str
    assistant_open: str
    assistant_close: str
    begin: str = ""
    first_user_open: str | None = None
    reply_open: str | None = None
    system_in_user: bool = False

    @property
    def is_chatml(self) -> bool:
        """Whether this is ChatML, for which the program has prompts of its own."""
        return replace(self, begin="") == CHATML

    def pieces(self, system: str, messages: Sequence[tuple[Role, str]], *, generate: bool = True) -> tuple[Piece, ...]:
        """The whole prompt, fixed and free stretches told apart; adjacent ones of a kind are joined.

        Args:
            system: The system text; may be empty.
            messages: Turns in order, the user's first.
            generate: Whether the model is to speak next.
        """
        parts: list[Piece] = [Piece(self.begin, True)]
        nested = bool(system) and not self.system_in_user
        if nested:
            parts += [Piece(self.system_open, True), Piece(system, False), Piece(self.system_close, True)]
        for i, (role, text) in enumerate(messages):
            if role == "user":
                first = i == 0 and nested and self.first_user_open is not None
                parts.append(Piece(self.first_user_open or "" if first else self.user_open, True))
                if i == 0 and system and self.system_in_user:
                    text = f"{system}\n\n{text}"
                parts += [Piece(text, False), Piece(self.user_close, True)]
            else:
                opened = self.assistant_open if self.reply_open is None else self.reply_open
                parts += [Piece(opened, True), Piece(text, False), Piece(self.assistant_close, True)]
        if generate:
            parts.append(Piece(self.assistant_open, True))
        joined: list[Piece] = []
        for p in parts:
            if not p.text:
                continue
            if joined and joined[-1].fixed == p.fixed:
                joined[-1] = Piece(joined[-1].text + p.text, p.fixed)
            else:
                joined.append(p)
        return tuple(joined)


CHATML: Final = TemplateParts(
    system_open="<|im_start|>system\n",
    system_close="<|im_end|>\n",
    user_open="<|im_start|>user\n",
    user_close="<|im_end|>\n",
    assistant_open="<|im_start|>assistant\n",
    assistant_close="<|im_end|>\n",
)


def parts_of(info: GgufInfo) -> TemplateParts | None:
    """The parts of a model file's template, or None if it has none or cannot be taken apart."""
    return template_parts(info.chat_template, info.bos_token, info.eos_token) if info.chat_template else None


# Plain letters: contents that no template trims, escapes or looks into.
_SYSTEM: Final = "QsysKappaQ"
_USER: Final = ("QaskAlphaQ", "QaskBetaQ")
_REPLY: Final = "QreplyGammaQ"


def template_parts(template: str, bos: str = "", eos: str = "", *, deadline: float = DEADLINE) -> TemplateParts | None:
    """Take a chat template apart.

    Args:
        template: Jinja2 source.
        bos: Text of the begin-of-sequence token.
        eos: Text of the end-of-sequence token.
        deadline: Seconds for rendering.

    Returns:
        The parts, or None if the template is broken, hostile, or its frames are not fixed strings.
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
    texts = _render(template, bos, eos, cases, deadline)
    if texts is None:
        return None
    found = _with_system(texts[:4], bos) or _without_system(texts[4:], bos)
    if found is None or max(len(f) for f in _frames(found)) > MAX_FRAME:
        return None
    return found


def _with_system(texts: list[str | None], bos: str) -> TemplateParts | None:
    frames = _between(texts[0], _SYSTEM, _USER[0], _REPLY, _USER[1])
    if frames is None:
        return None
    head, after_system, after_user, after_reply, _ = frames
    turn = _turn(texts[1:], (after_user, after_reply), (_SYSTEM, _USER[0]))
    if turn is None:
        return None
    begin, system_open = (bos, head[len(bos) :]) if bos and head.startswith(bos) else ("", head)
    # Where the user's frame after the system text is the usual one, what stands before it closes the system text.
    usual = bool(turn.user_open) and after_system.endswith(turn.user_open)
    parts = replace(
        turn,
        begin=begin,
        system_open=system_open,
        system_close=after_system.removesuffix(turn.user_open) if usual else after_system,
        first_user_open=None if usual else "",
    )
    return parts if _same(parts, _SYSTEM, _USER[0], texts[2]) else None


def _without_system(texts: list[str | None], bos: str) -> TemplateParts | None:
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
    return parts if _same(parts, "", _USER[0], texts[2]) else None


def _turn(texts: list[str | None], between: tuple[str, str], before: tuple[str, ...]) -> TemplateParts | None:
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
    opened, told = asking.removeprefix(user_close), after_user.removeprefix(user_close)
    return TemplateParts(
        system_open="",
        system_close="",
        user_open=after_reply.removeprefix(assistant_close),
        user_close=user_close,
        assistant_open=opened,
        assistant_close=assistant_close,
        reply_open=None if told == opened else told,
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


def _same(parts: TemplateParts, system: str, user: str, rendered: str | None) -> bool:
    return "".join(p.text for p in parts.pieces(system, [("user", user)])) == rendered


def _frames(p: TemplateParts) -> tuple[str, ...]:
    return (p.begin, p.system_open, p.system_close, p.user_open, p.user_close, p.assistant_open, p.assistant_close)


def _render(
    template: str,
    bos: str,
    eos: str,
    cases: Sequence[tuple[Sequence[tuple[str, str]], bool]],
    deadline: float,
) -> list[str | None] | None:
    """The renderings, in a child process; None if it had to be killed or died."""
    said = {
        "template": template,
        "bos": bos,
        "eos": eos,
        "cases": [
            {"messages": [{"role": r, "content": c} for r, c in messages], "generate": generate}
            for messages, generate in cases
        ],
    }
    worker = Path(__file__).with_name("chat_template_worker.py")
    try:
        done = subprocess.run(
            [sys.executable, "-P", str(worker)],
            input=json.dumps(said).encode(),
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
