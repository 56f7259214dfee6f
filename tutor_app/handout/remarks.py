"""What is said about a saved solution: who made it, and why it has no answer. Pure values in, sentences out."""

from __future__ import annotations

from datetime import datetime

from tutor_app.core.transcript import Transcript
from tutor_app.handout import wording
from tutor_app.text.plain import plain


def ending(transcript: Transcript) -> str:
    """A remark for a saved solution that did not end with an answer."""
    if "ended" not in transcript.meta:
        cut = bool(transcript.solution) and transcript.answer is None
        return "This solution was interrupted before its end." if cut else ""
    return wording.ending(transcript)


def provenance(transcript: Transcript) -> str:
    """By whom, where and when: ``Solved by Qwen2.5-Coder 0.5B, 21 Nov 2026 at 21:09``."""
    said = "Solved"
    if name := transcript.meta.get("model"):
        said += f" by {name}"
    try:
        made = datetime.fromisoformat(str(transcript.meta.get("created", "")))
    except ValueError:
        return said if name else "Saved solution"
    return f"{said}, {made.day} {made:%b %Y} at {made:%H:%M}"


def title(problem: str) -> str:
    """What the window is called while it shows a solution of ``problem``."""
    words = plain(problem[:600])[:60]
    return f"{words} \u2013 MuMath Tutor" if words else "MuMath Tutor"
