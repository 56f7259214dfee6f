"""The marks by which reasoning models set their thoughts apart from the solution.

The list is closed on purpose: any other tag that a model writes is text.
"""

from __future__ import annotations

import re
from typing import Final, Literal

MarkKind = Literal["open", "close", "silent"]

_TAGS: Final = (
    "think",
    "thinking",
    "thought",
    "thoughts",
    "reason",
    "reasoning",
    "reflection",
    "analysis",
    "scratchpad",
    "inner_thoughts",
    "inner_monologue",
    "internal_monologue",
    "seed:think",
)
_PAIRS: Final = (
    *((f"<{tag}>", f"</{tag}>") for tag in _TAGS),
    *((f"<|{tag}|>", f"<|/{tag}|>") for tag in _TAGS),
    *((f"[{tag}]", f"[/{tag}]") for tag in _TAGS[:2]),
    ("\u25c1think\u25b7", "\u25c1/think\u25b7"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|start_thinking|>", "<|end_thinking|>"),
    ("<|channel>thought", "<channel|>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("<unused94>", "<unused95>"),
)
# Harmony, the form of gpt-oss, names a channel before each message; "final" is the solution.
_CHANNELS: Final = ("<|channel|>analysis<|message|>", "<|channel|>commentary<|message|>")
_SILENT: Final = (
    "<|channel|>final<|message|>",
    "<|start|>assistant",
    "<|end|>",
    "<|return|>",
    "<|begin_of_solution|>",
    "<|end_of_solution|>",
    "<|start_response|>",
    "<|end_response|>",
    "<answer>",
    "</answer>",
    "<response>",
    "</response>",
    "<think/>",
)
# Any of these also ends a thought: each begins the solution, or ends a message.
_ENDS_CHANNEL: Final = ("<|channel|>final<|message|>", "<|end|>", "<|return|>", "<|begin_of_solution|>")

_CLOSES: Final[dict[str, str]] = {
    **dict(_PAIRS),
    # The message of the thought ends, and one of the solution begins.
    **dict.fromkeys(_CHANNELS, "<|end|><|start|>assistant<|channel|>final<|message|>"),
}

_KINDS: Final[dict[str, MarkKind]] = {
    **dict.fromkeys((*(o for o, _ in _PAIRS), *_CHANNELS), "open"),
    **dict.fromkeys((c for _, c in _PAIRS), "close"),
    **dict.fromkeys(_SILENT, "silent"),
}
MARK: Final = re.compile("|".join(re.escape(m) for m in _KINDS), re.IGNORECASE)
"""Any mark; none is the beginning of another."""
_LONGEST: Final = max(map(len, _KINDS))
_FIRST: Final = frozenset(m[0] for m in _KINDS)


def mark_kind(mark: str) -> MarkKind:
    """What a match of :data:`MARK` does: open a thought, close one, or nothing (it is only not shown)."""
    return _KINDS[mark.lower()]


def ends_thought(mark: str) -> bool:
    """Whether a mark that stands within a thought ends it."""
    return _KINDS[mark.lower()] == "close" or mark.lower() in _ENDS_CHANNEL


def closing_mark(text: str) -> str:
    """What closes the thought that ``text`` leaves open, by its last opening mark; the commonest one without any."""
    opened = [m[0].lower() for m in MARK.finditer(text) if mark_kind(m[0]) == "open"]
    return _CLOSES[opened[-1]] if opened else "</think>"


def unfinished_mark(text: str) -> int:
    """How many of the last characters of ``text`` may be the beginning of a mark."""
    for start in range(max(0, len(text) - _LONGEST + 1), len(text)):
        tail = text[start:].lower()
        if tail[0] in _FIRST and any(m.startswith(tail) for m in _KINDS):
            return len(text) - start
    return 0


def opens_thought(frame: str) -> bool:
    """Whether a frame leaves a thought open: its last mark of a thought is an opening one."""
    kinds = [kind for m in MARK.finditer(frame) if (kind := mark_kind(m[0])) != "silent"]
    return bool(kinds) and kinds[-1] == "open"


def closes_thought(frame: str) -> bool:
    """Whether a frame writes the whole of a thought itself, so that the model writes none."""
    kinds = [kind for m in MARK.finditer(frame) if (kind := mark_kind(m[0])) != "silent"]
    return bool(kinds) and kinds[-1] == "close"


def mentions_thought(template: str) -> bool:
    """Whether a chat template knows of thoughts."""
    return any(mark_kind(m[0]) != "silent" for m in MARK.finditer(template))
