"""Parts of a solution as text to paste elsewhere: plain, Markdown, LaTeX. Pure values in, text out.

A fragment, not a document: it has no preamble, no provenance and no files beside it. Whole documents are the
exporters' work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from tutor_app.core.parts import Answer, Code, Figure, Output, Part, Question, Text, Thought
from tutor_app.handout.prose_tex import TexProse
from tutor_app.handout.wording import output_text
from tutor_app.text.delimiters import Segment
from tutor_app.text.markup import answer_segments

Form = Literal["text", "markdown", "latex"]
FORMS: Final[dict[Form, str]] = {"text": "text", "markdown": "Markdown", "latex": "LaTeX"}
"""The forms and their names for the user."""

_TEX: Final = {
    "\\": "\\textbackslash{}", "&": "\\&", "%": "\\%", "#": "\\#", "_": "\\_", "{": "\\{", "}": "\\}", "$": "\\$",
    "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "\\textless{}", ">": "\\textgreater{}",
}  # fmt: skip


def fragment(parts: Sequence[Part], form: Form, problem: str = "") -> str:
    """The parts as text; with the problem in front, if one is given.

    Args:
        parts: Of a solution, in order.
        form: In plain text and Markdown, formulas stay as they were written.
        problem: LaTeX prose.
    """
    write = {"text": _as_text, "markdown": _as_markdown, "latex": _as_latex}[form]
    out = []
    if problem.strip():
        head = {"text": "Problem: ", "markdown": "**Problem.** ", "latex": "\\paragraph{Problem.} "}[form]
        out.append(head + (_tex_prose(problem.strip()) if form == "latex" else problem.strip()))
    out += [write(part) for part in parts]
    return "\n\n".join(p for p in out if p) + "\n"


def _as_text(part: Part) -> str:
    match part:
        case Text():
            return part.text.strip()
        case Thought():
            return "Thoughts:\n" + _indent(part.text.strip())
        case Question():
            return "Question: " + part.text.strip()
        case Code():
            return _indent(part.source)
        case Output():
            text = output_text(part)
            return "Output:\n" + _indent(text) if text else ""
        case Figure():
            return f"[figure: {part.alt or 'drawn by the code'}]"
        case Answer():
            return f"Answer: {part.latex}"


def _as_markdown(part: Part) -> str:
    match part:
        case Text():
            return part.text.strip()
        case Thought():
            return quoted(f"*Thoughts*\n\n{part.text.strip()}")
        case Question():
            return f"**Question.** {part.text.strip()}"
        case Code():
            return _fence("python", part.source)
        case Output():
            text = output_text(part)
            return _fence("output", text) if text else ""
        case Figure():
            return f"*[figure: {part.alt or 'drawn by the code'}]*"
        case Answer():
            value = "".join(s.source if s.kind == "text" else f"${s.source}$" for s in answer_segments(part.latex))
            return f"**Answer:** {value}"


def _as_latex(part: Part) -> str:
    match part:
        case Text():
            return _tex_prose(part.text.strip())
        case Thought():
            return f"\\begin{{quote}}\\small\\emph{{Thoughts.}} {_tex_prose(part.text.strip())}\\end{{quote}}"
        case Question():
            return "\\paragraph{Question.} " + _tex_prose(part.text.strip())
        case Code():
            return _verbatim(part.source)
        case Output():
            text = output_text(part)
            return _verbatim(text) if text else ""
        case Figure():
            return "% figure: " + " ".join((part.alt or "drawn by the code").split())
        case Answer():
            value = "".join(
                f"\\text{{{_escape(s.source)}}}" if s.kind == "text" else s.source for s in answer_segments(part.latex)
            )
            return f"\\[\\boxed{{{value}}}\\]"


def quoted(markdown: str) -> str:
    """Markdown as a quotation; a fence in it that is never closed ends with it."""
    return "\n".join(f"> {line}".rstrip() for line in markdown.split("\n"))


def _fence(kind: str, text: str) -> str:
    ticks = "```"
    while ticks in text:  # a longer fence than any inside
        ticks += "`"
    return f"{ticks}{kind}\n{text}\n{ticks}"


def _indent(text: str) -> str:
    return "\n".join("    " + line for line in text.split("\n"))


def _verbatim(text: str) -> str:
    return "\\begin{verbatim}\n" + text.replace("\\end{verbatim}", "\\end {verbatim}") + "\n\\end{verbatim}"


def _escape(text: str) -> str:
    return "".join(_TEX.get(c, c) for c in text)


def _tex_formula(s: Segment) -> str:
    if s.kind == "inline":
        return f"${s.source}$"
    return f"\n{s.source}\n" if s.source.startswith("\\begin") else f"\n\\[{s.source}\\]\n"


_tex_prose: Final = TexProse(_escape, _tex_formula, _verbatim)
