"""A solution as text to paste elsewhere: plain, Markdown, LaTeX. Pure text in, text out."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tutor_app.core.transcript import Answer, Code, Figure, Output, Part, Text, Transcript
from tutor_app.ui.delimiters import split

_TEX = {
    "\\": "\\textbackslash{}", "&": "\\&", "%": "\\%", "#": "\\#", "_": "\\_", "{": "\\{", "}": "\\}", "$": "\\$",
    "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "\\textless{}", ">": "\\textgreater{}",
}  # fmt: skip


def as_markdown(transcript: Transcript) -> str:
    """Markdown with the mathematics as it was written."""
    out = ["**Problem.** " + transcript.problem.strip()]
    for part in transcript.solution:
        match part:
            case Text():
                out.append(part.text.strip())
            case Code():
                out.append(_fence("python", part.source))
            case Output():
                if text := output_text(part):
                    out.append(_fence("output", text))
            case Figure():
                out.append(f"*[figure: {part.alt or 'drawn by the code'}]*")
            case Answer():
                out.append(f"**Answer:** {_dollars(part.latex)}")
    return "\n\n".join(p for p in out if p) + "\n"


def as_text(transcript: Transcript) -> str:
    """Plain text; formulas stay LaTeX, code and output are indented."""
    out = ["Problem: " + transcript.problem.strip()]
    for part in transcript.solution:
        match part:
            case Text():
                out.append(part.text.strip())
            case Code():
                out.append(_indent(part.source))
            case Output():
                if text := output_text(part):
                    out.append("Output:\n" + _indent(text))
            case Figure():
                out.append(f"[figure: {part.alt or 'drawn by the code'}]")
            case Answer():
                out.append(f"Answer: {part.latex}")
    return "\n\n".join(p for p in out if p) + "\n"


def as_latex(transcript: Transcript) -> str:
    """A LaTeX fragment for a document with amsmath."""
    out = ["\\paragraph{Problem.} " + _prose(transcript.problem.strip())]
    for part in transcript.solution:
        match part:
            case Text():
                out.append(_prose(part.text.strip()))
            case Code():
                out.append(_verbatim(part.source))
            case Output():
                if text := output_text(part):
                    out.append(_verbatim(text))
            case Figure():
                out.append("% figure: " + " ".join((part.alt or "drawn by the code").split()))
            case Answer():
                out.append(f"\\[\\boxed{{{part.latex.strip().strip('$')}}}\\]")
    return "\n\n".join(p for p in out if p) + "\n"


def output_text(output: Output) -> str:
    """What a block printed, its value, and its error."""
    lines = [output.stdout.rstrip("\n"), output.value]
    if output.error is not None:
        lines.append(output.error.last_line)
    elif output.status != "ok":
        lines.append(f"({output.status})")
    return "\n".join(line for line in lines if line)


def answers(parts: Iterable[Part]) -> str:
    """LaTeX of the final answer, or empty."""
    return next((p.latex for p in reversed(list(parts)) if isinstance(p, Answer)), "")


def _dollars(latex: str) -> str:
    return latex if any(s.kind != "text" for s in split(latex).segments) else f"${latex}$"


def _fence(kind: str, text: str) -> str:
    ticks = "```"
    while ticks in text:  # a longer fence than any inside
        ticks += "`"
    return f"{ticks}{kind}\n{text}\n{ticks}"


def _indent(text: str) -> str:
    return "\n".join("    " + line for line in text.split("\n"))


def _verbatim(text: str) -> str:
    return "\\begin{verbatim}\n" + text.replace("\\end{verbatim}", "\\end {verbatim}") + "\n\\end{verbatim}"


def _prose(text: str) -> str:
    out = ""
    for s in split(text).segments:
        if s.kind == "display":
            out += s.source if s.source.startswith("\\begin") else f"\\[{s.source}\\]"
        elif s.kind == "inline":
            out += f"${s.source}$"
        else:
            plain = s.source.replace("\\$", "$")
            pieces = re.split(r"(\*\*[^*\n]+\*\*|`[^`\n]+`)", plain)
            for piece in pieces:
                if len(piece) > 4 and piece.startswith("**"):
                    out += "\\textbf{" + _escape(piece[2:-2]) + "}"
                elif len(piece) > 2 and piece.startswith("`"):
                    out += "\\texttt{" + _escape(piece[1:-1]) + "}"
                else:
                    out += _escape(piece)
    return out


def _escape(text: str) -> str:
    return "".join(_TEX.get(c, c) for c in text)
