"""Trace tables: the steps of a recording as a table on paper, with the calculations of the lines by choice.

A table is a value; :func:`as_markdown` writes it with its mathematics, and every exporter then sets it like any other
text of a solution (:func:`document`, :func:`with_tables`). Pure functions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tutor_app.core.narration import ending
from tutor_app.core.parts import Code, Figure, Output, Part, Text
from tutor_app.core.trace import Recording
from tutor_app.core.trace_values import Stage, Variable, shown
from tutor_app.core.transcript import Transcript
from tutor_app.core.unfolding import unfolded
from tutor_app.handout.options import Options

MAX_ROWS: Final = 400
MAX_NAMES: Final = 8
CELL_CHARS: Final = 60
LATEX_CHARS: Final = 300
_DASH: Final = "\u2013"


@dataclass(frozen=True, slots=True)
class Cell:
    """The value of a name after a line has run.

    Attributes:
        text: The value, or empty where the name has none.
        latex: Typeset, or empty.
        changed: Whether this very line has changed it.
    """

    text: str = ""
    latex: str = ""
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A line that ran.

    Attributes:
        step: Index of the step.
        line: Number of the line.
        source: Its text.
        cells: A value for each name of the table, after the line.
        stages: How the line's expression was worked out; empty if there is nothing to show.
        sign: What stands between the stages: see :class:`Unfolding`.
        printed: What the line printed.
    """

    step: int
    line: int
    source: str
    cells: tuple[Cell, ...]
    stages: tuple[Stage, ...] = ()
    sign: str = "="
    printed: str = ""

    @property
    def calculation(self) -> str:
        """The stages as text."""
        return f" {self.sign} ".join(s.text for s in self.stages)


@dataclass(frozen=True, slots=True)
class TraceTable:
    """The table.

    Attributes:
        names: Of the columns.
        rows: In the order in which the lines ran.
        note: What is left out, in a sentence, or empty.
        calculations: Whether there is a column of calculations.
    """

    names: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str = ""
    calculations: bool = False

    @property
    def prints(self) -> bool:
        """Whether any of the lines printed something."""
        return any(row.printed for row in self.rows)


def trace_table(
    recording: Recording,
    *,
    lines: Collection[int] = (),
    names: Sequence[str] = (),
    calculations: bool = False,
) -> TraceTable:
    """The steps of chosen lines and variables.

    Args:
        recording: Of a run.
        lines: Numbers of lines; none means all.
        names: Of variables; none means those that change, in the order in which they first do.
        calculations: Whether each line's expression is shown as it is worked out.
    """
    notes = [sentence for sentence in (recording.stopped, ending(recording)) if sentence]
    chosen = tuple(names) or changing_names(recording)
    if not names and len(chosen) > MAX_NAMES:
        notes.append(f"Only the first {MAX_NAMES} of {len(chosen)} names are shown.")
        chosen = chosen[:MAX_NAMES]
    rows: list[Row] = []
    for i in range(len(recording)):
        if recording.columns["event"][i] != 0 or (lines and recording.columns["line"][i] not in lines):
            continue
        if len(rows) == MAX_ROWS:
            notes.append(f"Only the first {MAX_ROWS} rows are shown.")
            break
        rows.append(_row(recording, i, chosen, calculations))
    return TraceTable(chosen, tuple(rows), " ".join(notes), calculations and any(r.stages for r in rows))


def changing_names(recording: Recording) -> tuple[str, ...]:
    """Names whose values a table shows: not functions, in the order in which they first change."""
    found: dict[str, None] = {}
    c = recording.columns
    for number in c["changed"]:
        variable = c.variables[number]
        if variable.text and variable.kind not in ("function", "figure") and not variable.text.startswith("class "):
            found.setdefault(variable.name)
    return tuple(found)


def _row(recording: Recording, i: int, names: tuple[str, ...], calculations: bool) -> Row:
    step = recording.step(i)
    after = recording.effect(i)
    ended = recording.step(after).frame != step.frame  # the function returned: its own names are those of its last step
    state = recording.frames(i if ended else after)
    frame = next((f for f in reversed(state) if f.number == step.frame), state[-1])
    known = {v.name: v for f in (state[0], frame) for v in f.variables}
    marked = frame.changed if after != i and not ended else frozenset[str]()
    unfolding = unfolded(recording, i) if calculations else None
    c = recording.columns["output"]
    return Row(
        i,
        step.line,
        recording.outline.line_text(step.line),
        tuple(_cell(known.get(name), name in marked) for name in names),
        unfolding.stages if unfolding is not None else (),
        unfolding.sign if unfolding is not None else "=",
        " ".join(recording.printed[c[i] : c[after]].split()),
    )


def _cell(variable: Variable | None, changed: bool) -> Cell:
    if variable is None:
        return Cell()
    typeset = shown(variable)
    latex = typeset.latex if len(typeset.latex) <= LATEX_CHARS else ""
    return Cell(" ".join(variable.text.split()), latex, changed)


# ------------------------------------------------------------------------------------------------- writing


def as_markdown(table: TraceTable) -> str:
    """The table in Markdown with LaTeX."""
    head = ["Line", "Code", *(f"`{n}`" for n in table.names)]
    head += ["Calculation"] if table.calculations else []
    head += ["Printed"] if table.prints else []
    rows = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for row in table.rows:
        cells = [str(row.line), _code(row.source), *map(_value, row.cells)]
        cells += [_calculation(row)] if table.calculations else []
        cells += [_code(row.printed) if row.printed else ""] if table.prints else []
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows) + (f"\n\n{table.note}" if table.note else "")


def _value(cell: Cell) -> str:
    if not cell.text:
        return _DASH
    return _formula(cell.text, cell.latex)


def _calculation(row: Row) -> str:
    """The stages as formulas of their own, so that they can stand on several lines, each with its sign before it."""
    return f" {row.sign}\u00a0".join(_formula(s.text, s.latex) for s in row.stages)


def _formula(text: str, latex: str) -> str:
    if not text:
        return ""
    if not latex or len(latex) > LATEX_CHARS:
        return _code(text)
    latex = latex.replace(r"\|", r"\Vert ").replace("|", r"\vert ")  # a bar would end the cell
    return f"${' '.join(latex.split())}$"


def _code(text: str) -> str:
    text = text if len(text) <= CELL_CHARS else text[: CELL_CHARS - 1] + "\u2026"
    return "`" + text.replace("`", "'").replace("|", "\\|") + "`"


def as_text(table: TraceTable) -> str:
    """The table for a terminal."""
    head = ["line", "code", *table.names]
    head += ["calculation"] if table.calculations else []
    head += ["printed"] if table.prints else []
    rows = []
    for row in table.rows:
        cells = [str(row.line), row.source, *((c.text + ("*" if c.changed else "")) or _DASH for c in row.cells)]
        cells += [row.calculation] if table.calculations else []
        cells += [row.printed] if table.prints else []
        rows.append([c if len(c) <= CELL_CHARS else c[: CELL_CHARS - 1] + "\u2026" for c in cells])
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = ["  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in (head, *rows)]
    lines.insert(1, "  ".join("-" * w for w in widths))
    return "\n".join([*lines, *([table.note] if table.note else [])])


def document(recording: Recording, table: TraceTable, title: str) -> Transcript:
    """A transcript that every exporter sets as a page: the code, what it printed, and its table."""
    parts: tuple[Part, ...] = (Code(recording.source), *recording.figures, recording.result, Text(as_markdown(table)))
    return Transcript.of(title, *parts)


def with_chosen_tables(
    transcript: Transcript, options: Options, record_all: Callable[[Sequence[Part]], Sequence[Recording]]
) -> Transcript:
    """The transcript with the trace tables that the options ask for.

    Args:
        transcript: A solution.
        options: Without solutions there are no tables.
        record_all: Records every block of a solution.
    """
    if not (options.trace_tables and options.solution):
        return transcript
    recordings = record_all(transcript.solution)
    tables = {n: trace_table(r, calculations=options.calculations) for n, r in enumerate(recordings)}
    drawn = set(_drawn_blocks(transcript))
    return with_tables(transcript, {n: table for n, table in tables.items() if table.rows and n not in drawn})


def _drawn_blocks(transcript: Transcript) -> Iterator[int]:
    """Numbers of the blocks by which this program draws: nobody follows those step by step on paper."""
    block = 0
    for drawn, (_, reply) in zip((False, *transcript.drawn), transcript.replies, strict=True):
        for part in reply:
            if isinstance(part, Code):
                if drawn:
                    yield block
                block += 1


def with_tables(transcript: Transcript, tables: Mapping[int, TraceTable]) -> Transcript:
    """The transcript with a table after each block of its solution that has one.

    Args:
        transcript: A solution.
        tables: By the number of the block, from 0.
    """
    if not transcript.turns or not tables:
        return transcript
    parts: list[Part] = []
    pending: TraceTable | None = None
    block = -1
    for part in transcript.solution:
        if pending is not None and not isinstance(part, Output | Figure):
            parts.append(_titled(pending))
            pending = None
        if isinstance(part, Code):
            block += 1
            pending = tables.get(block)
        parts.append(part)
    if pending is not None:
        parts.append(_titled(pending))
    return transcript.with_solution(tuple(parts))


def _titled(table: TraceTable) -> Text:
    return Text(f"**Trace table**\n\n{as_markdown(table)}\n")
