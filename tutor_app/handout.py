"""What goes into a handout: the choices of whoever makes one, and what of a transcript they leave.

Shared by every exporter and by the page builder, so that a PDF and a notebook of the same solution agree. Values
and pure functions only: it knows nothing of files, fonts or formats.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Final, Literal

from tutor_app import __version__
from tutor_app.core.events import EndReason
from tutor_app.core.transcript import Answer, Code, Figure, Output, Part, Text, Transcript
from tutor_app.ui.delimiters import split
from tutor_app.ui.plain import plain

Format = Literal["pdf", "html", "tex", "ipynb", "md", "json"]
Paper = Literal["a4", "letter"]

FORMATS: Final[dict[Format, str]] = {
    "pdf": "PDF",
    "html": "Web page",
    "tex": "LaTeX",
    "ipynb": "Jupyter notebook",
    "md": "Markdown",
    "json": "Transcript (JSON)",
}
"""Formats and their names for the reader."""
VERDICTS: Final = {"correct": "agrees with the known answer", "incorrect": "differs from the known answer"}
STATUS: Final = {
    "timeout": "This block took too long and was stopped.",
    "stopped": "This block was stopped.",
    "died": "The process that ran this block ended.",
    "refused": "This block was not run.",
}
"""What is said of a block without an error of its own that did not end well."""

_DOLLAR: Final = "\uff04"
_BOXED: Final = re.compile(r"\\(?:boxed|fbox)\s*(?=\{)")


@dataclass(frozen=True, slots=True)
class Options:
    """The choices.

    Attributes:
        solution: False leaves the problems only: an exercise sheet.
        code: Whether code is shown.
        output: Whether what it printed and drew is shown.
        answer: False leaves out the final answer and empties every ``\\boxed{}``; the steps may still tell it.
        steps: Whether steps are numbered.
        made: Whether it is said how the solution was made.
        title: Of the whole document, or empty.
        paper: Size of a page.
        large: Large print.
    """

    solution: bool = True
    code: bool = True
    output: bool = True
    answer: bool = True
    steps: bool = False
    made: bool = True
    title: str = ""
    paper: Paper = "a4"
    large: bool = False


DEFAULTS: Final = Options()


def parts(transcript: Transcript, options: Options) -> tuple[Part, ...]:
    """The parts of the solution that the choices leave, in order.

    A figure that precedes its block's output keeps its place: it was drawn while the block ran.
    """
    if not options.solution:
        return ()
    return tuple(_chosen(transcript.solution, options))


def _chosen(solution: Sequence[Part], options: Options) -> Iterator[Part]:
    for part in solution:
        match part:
            case Text():
                text = part.text if options.answer else without_boxes(part.text)
                if text.strip():
                    yield replace(part, text=text)
            case Code():
                if options.code:
                    yield part
            case Output() | Figure():
                if options.output:
                    yield part
            case Answer():
                if options.answer:
                    yield part


def steps(chosen: Sequence[Part]) -> list[tuple[Part, ...]]:
    """The parts cut into steps: prose and the code it leads to with its output; the answer belongs to the last."""
    found: list[list[Part]] = [[]]
    for part in chosen:
        before = found[-1][-1] if found[-1] else None
        after_run = isinstance(before, Code | Output | Figure)
        starts = before is not None and (isinstance(part, Text) or (isinstance(part, Code) and after_run))
        if starts:
            found.append([])
        found[-1].append(part)
    return [tuple(step) for step in found if step]


def told(step: Sequence[Part]) -> list[Part]:
    """The parts without outputs that say nothing after a picture: it says that something came of the code."""
    return [
        part
        for before, part in pairwise((None, *step))
        if part is not None and not (isinstance(before, Figure) and isinstance(part, Output) and _is_silent(part))
    ]


def _is_silent(output: Output) -> bool:
    return output.status == "ok" and not (output.stdout.strip() or output.value or output.error or output.truncated)


def without_boxes(text: str) -> str:
    """The text with an empty box in the place of every boxed result; a box that never closes stays as it is."""
    out, at = "", 0
    while m := _BOXED.search(text, at):
        end = _closing(text, m.end())
        if end < 0:
            break
        out += text[at : m.start()] + r"\boxed{\phantom{000}}"
        at = end
    return out + text[at:]


def _closing(text: str, at: int) -> int:
    depth = 0
    for m in re.compile(r"\\.|[{}]", re.DOTALL).finditer(text, at):
        depth += {"{": 1, "}": -1}.get(m[0], 0)
        if depth == 0 and m[0] == "}":
            return m.end()
    return -1


def title_of(transcript: Transcript, longest: int = 80) -> str:
    """The problem in one plain line, cut at a word."""
    # Dollars that are money must not be taken for the ends of formulas.
    segments = split(transcript.problem[: 8 * longest]).segments
    marked = "".join(s.source.replace("$", _DOLLAR) if s.kind == "text" else s.raw for s in segments)
    text = re.sub(r"\*\*|`|(?m:^ {0,3}#{1,6} )", "", plain(marked)).replace("\\" + _DOLLAR, "$").replace(_DOLLAR, "$")
    if len(text) <= longest:
        return text or "Solution"
    return text[:longest].rsplit(" ", 1)[0].rstrip(" ,.;:") + "\u2026"


def heading(transcripts: Sequence[Transcript], options: Options) -> str:
    """Title of the whole document."""
    if options.title.strip():
        return " ".join(options.title.split())
    if len(transcripts) == 1:
        return title_of(transcripts[0])
    return "Worked solutions" if options.solution else "Problems"


def date_of(transcript: Transcript) -> str:
    """When it was made, as ``2026-11-21 22:10``, or empty."""
    raw = str(transcript.meta.get("created") or transcript.meta.get("date") or "")
    try:
        return datetime.fromisoformat(raw).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return raw[:40]


def provenance(transcript: Transcript) -> list[tuple[str, str]]:
    """How the solution was made: (what, text) pairs; only what is known."""
    meta = transcript.meta
    known: list[tuple[str, str]] = []

    def add(name: str, value: object) -> None:
        text = " ".join(str(value).split())[:200] if value not in (None, "") else ""
        if text:
            known.append((name, text))

    add("Model", meta.get("model"))
    add("Date", date_of(transcript))
    add("Engine", meta.get("engine"))
    add("Ran on", meta.get("device"))
    sampling = meta.get("sampling")
    if isinstance(sampling, dict) and "temperature" in sampling:
        add(
            "Temperature",
            f"{sampling['temperature']:g}" if sampling["temperature"] else "0 (always the likeliest word)",
        )
        if sampling["temperature"]:
            add("Seed", sampling.get("seed"))
    usage = meta.get("usage")
    if isinstance(usage, dict) and usage.get("seconds"):
        add("Time", f"{usage['seconds']:.0f} s, {usage.get('runs', 0)} blocks of code run")
    add("Source", meta.get("source"))
    add("Licence", meta.get("licence"))
    answer = transcript.answer
    if answer is not None and answer.verdict in VERDICTS:
        add("Check", f"The answer {VERDICTS[answer.verdict]}.")
    add("End", ending(transcript))
    return known


def ending(transcript: Transcript) -> str:
    """One sentence if the solution did not end with an answer, else empty."""
    try:
        reason = EndReason(str(transcript.meta.get("ended", "")))
    except ValueError:
        return ""
    return "" if reason is EndReason.ANSWERED else str(transcript.meta.get("detail") or reason.sentence())


def made_by(transcript: Transcript) -> str:
    """One sentence about the maker of it all; claims nothing of a solution that was brought in from elsewhere."""
    if not transcript.meta.get("engine"):
        return f"Set by MuMath Tutor {__version__}."
    return (
        f"Made with MuMath Tutor {__version__}: a language model wrote the words and the code; "
        "the outputs are what the code printed when it was run."
    )


def output_text(output: Output) -> str:
    """What a block printed, its value and why it failed, as plain text."""
    lines = [output.stdout.rstrip("\n"), output.value]
    if output.truncated:
        lines.append("\u2026 output was cut at its limit")
    if output.error is not None:
        lines.append(error_text(output))
    elif output.status in STATUS:
        lines.append(f"({STATUS[output.status]})")
    return "\n".join(line for line in lines if line)


def error_text(output: Output) -> str:
    """The traceback of a failed block, its last line included, or empty."""
    error = output.error
    if error is None:
        return ""
    text = error.traceback.rstrip("\n")
    if error.last_line not in text:
        text = f"{text}\n{error.last_line}" if text else error.last_line
    return text
