"""Solutions as GitHub-flavoured Markdown.

GitHub reads mathematics after it has read Markdown, so backslashes and stars inside plain dollars get lost; a formula
that has any is written in its safe forms, ``$`...`$`` and a ``math`` fence. Dollars that are money are kept money.
Figures are files beside the document, because pictures inside one are not shown there: SVG, or PNG where a figure has
no vector form.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from typing import Final

from tutor_app.core.claims import Claim
from tutor_app.core.parts import Answer, Code, Figure, Output, Part, Question, Text, Thought
from tutor_app.core.transcript import Transcript
from tutor_app.handout import steps, wording
from tutor_app.handout.fragment import quoted
from tutor_app.handout.options import Options
from tutor_app.text.clean import clean_svg, without_controls
from tutor_app.text.delimiters import Segment, map_words
from tutor_app.text.markup import MARK, answer_segments, escape_tags, marked

_UNSAFE: Final = re.compile(r"\\[^A-Za-z]|[*<>`|~\n]|_.*_|\[.*\]\(")
_MARGIN: Final = re.compile(r"[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+|>[ \t]?)*")
_MONEY: Final = "<span>$</span>"


def to_markdown(transcripts: Sequence[Transcript], options: Options, stem: str) -> tuple[str, dict[str, bytes]]:
    """The document, and its pictures by name."""
    many = len(transcripts) > 1
    pictures = Pictures(stem, as_svg)
    out = []
    if many or options.title.strip():
        out.append(f"# {_line(wording.heading(transcripts, options))}")
    if many:
        out.append(
            "\n".join(f"{n}. [{_line(wording.title_of(t))}](#problem-{n})" for n, t in enumerate(transcripts, 1))
        )
    for n, t in enumerate(transcripts, 1):
        out.append(f"## Problem {n}" if many else "## Problem")
        out.append(prose(wording.problem_of(t).strip()))
        if hints := wording.hints_given(t, options):
            out += [f"{'###' if many else '##'} {wording.HINTS_GIVEN}", prose(hints)]
        if options.solution:
            out += _solution(t, options, pictures, "###" if many else "##")
    return "\n\n".join(p for p in out if p) + "\n", pictures.files


class Pictures:
    """Names for the figures of a document that cannot hold them.

    Args:
        stem: Beginning of the names.
        vector: The vector form that the document can show, with the ending of its name; None if a figure has none.
    """

    def __init__(self, stem: str, vector: Callable[[Figure], tuple[str, bytes] | None]) -> None:
        self._stem = re.sub(r"[^\w.-]+", "-", stem).strip("-.") or "solution"
        self._vector = vector
        self.files: dict[str, bytes] = {}

    def add(self, figure: Figure) -> str:
        """Keep a figure; returns its name, or an empty one if it has no picture."""
        ending, data = self._vector(figure) or ("png", _png(figure))
        if not data:
            return ""
        name = f"{self._stem}-figure-{len(self.files) + 1}.{ending}"
        self.files[name] = data
        return name


def as_svg(figure: Figure) -> tuple[str, bytes] | None:
    """Its SVG, cleaned: unlike a picture inside a page, a file can be opened alone, and then scripts would run."""
    cleaned = clean_svg(figure.svg)
    return ("svg", cleaned.encode()) if cleaned else None


def _png(figure: Figure) -> bytes:
    try:
        data = base64.b64decode(figure.png, validate=False)
    except ValueError:
        return b""
    return data if data.startswith(b"\x89PNG") else b""


def _solution(t: Transcript, options: Options, pictures: Pictures, level: str) -> list[str]:
    out = [f"{level} Solution"]
    for step in steps.numbered_steps(steps.chosen_parts(t, options)):
        if options.steps and step.number:
            out.append(f"{level}# Step {step.number}")
        out += [_part(p, pictures, level) for p in steps.without_silent_outputs(step.parts)]
    if options.made:
        known = "\n".join(f"- {k}: {_line(v)}" for k, v in wording.provenance(t))
        out += ["---", "*How this was made*", known, _line(wording.made_by(t))]
    return out


def _part(part: Part, pictures: Pictures, level: str) -> str:
    match part:
        case Text():
            return "\n\n".join([prose(part.text.strip("\n")), *false_lines(part.claims)])
        case Thought():
            return quoted(f"*Thoughts*\n\n{prose(part.text)}")
        case Question():
            return f"{level} Question\n\n{prose(wording.question_of(part.text))}"
        case Code():
            return fenced("python", without_controls(part.source))
        case Output():
            shown = fenced("text", without_controls(wording.output_text(part)) or "(no output)")
            if part.value_latex and not part.stdout and not part.warnings:
                shown = _formula(Segment("display", part.value_latex, part.value_latex), "")
            hint = part.error.hint if part.error is not None else ""
            return f"Output:\n\n{shown}" + (f"\n\n*{_line(hint)}*" if hint else "")
        case Figure():
            alt = _line(part.alt or "Figure drawn by the code").replace("[", "(").replace("]", ")")
            name = pictures.add(part)
            return f"![{alt}]({name})" if name else f"*[figure: {alt}]*"
        case Answer():
            value = "".join(
                _literal(s.source) if s.kind == "text" else _formula(s, "x") for s in answer_segments(part.latex)
            )
            verdict = _literal(wording.answer_check(part))
            return f"{level} Answer\n\n{value}" + (f"\n\n{verdict}" if verdict else "")


def fenced(kind: str, text: str) -> str:
    """A fenced block, its fence longer than any inside."""
    ticks = "```"
    while ticks in text:
        ticks += "`"
    newline = "\n"
    return f"{ticks}{kind}{newline}{text.rstrip(newline)}{newline}{ticks}"


def prose(text: str) -> str:
    """Prose with its formulas in the forms that GitHub reads."""
    text, formulas = marked(text)
    text = map_words(text, _escaped)
    out, at = "", 0
    after_display = False
    for m in MARK.finditer(text):
        out += text[at : m.start()].lstrip(" " if after_display else "")
        s = formulas[int(m[1])]
        out += _formula(s, out.rsplit("\n", 1)[-1])
        # What follows begins a line of its own, whose spaces would be a margin.
        after_display = s.kind == "display" and not out.endswith("$")
        if s.kind == "display" and out.endswith(("```", "$$")):
            out += "\n"
        at = m.end()
    out += text[at:].lstrip(" " if after_display else "")
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"(?m)^(```|\$\$)\n[ \t]*([.,;:])[ \t]*$", r"\1", out)).strip("\n")


def _escaped(text: str) -> str:
    return re.sub(r"\\?\$", _MONEY, escape_tags(text))


def _formula(s: Segment, line: str) -> str:
    source = s.source.strip()
    margin = _MARGIN.match(line)
    if s.kind == "display" and not line.lstrip().startswith("|"):
        # In a list or a quotation the block must keep to its margin.
        indent = "" if margin is None else re.sub(r"[^>\s]", " ", margin[0])
        body = source.replace("\n", f"\n{indent}")
        safe = "\n\n" not in source and not _UNSAFE.search(source.replace("\n", " ")) and not indent.strip()
        opening, closing = ("$$", "$$") if safe else ("```math", "```")
        before = f"\n\n{indent}" if line.strip() else ""
        return f"{before}{opening}\n{indent}{body}\n{indent}{closing}\n{indent}"
    source = " ".join(source.split())
    if s.kind == "display":
        source = f"\\displaystyle {source}"
    if line.lstrip().startswith("|"):  # a bar would end the cell of the table
        source = source.replace("\\|", "\\Vert ").replace("|", "\\vert ")
    if _UNSAFE.search(source):
        return f"$`{source}`$" if "`" not in source else f"`{source}`"
    return f"${source}$"


def _line(text: str) -> str:
    return _literal(" ".join(without_controls(text).split()))


def _literal(text: str) -> str:
    return _escaped(re.sub(r"([\\`*_\[\]#|])", r"\\\1", text))


def false_lines(claims: Sequence[Claim]) -> list[str]:
    """The remarks under a text on its false statements, a paragraph each."""
    return [f"**\u2717 {_literal(said)}**{_literal(right)}" for said, right in wording.false_statements(claims)]
