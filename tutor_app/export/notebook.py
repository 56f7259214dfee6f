"""Solutions as a Jupyter notebook (format 4.5): prose, code cells in order, their real outputs and figures inside.

The code is exactly what ran, so "run all" gives the same outputs where the same packages are installed; a block that
raised is marked so that the rest still runs.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

from tutor_app.core.parts import Answer, Code, Figure, Output, Part, Question, Text, Thought
from tutor_app.core.transcript import Transcript
from tutor_app.export.markdown import false_lines, fenced
from tutor_app.handout import steps, wording
from tutor_app.handout.fragment import quoted
from tutor_app.handout.options import Options
from tutor_app.text.clean import without_controls
from tutor_app.text.delimiters import Segment, map_words
from tutor_app.text.markup import answer_segments, escape_tags, marked, replaced


def to_notebook(transcripts: Sequence[Transcript], options: Options) -> str:
    """The notebook's JSON."""
    cells = _Cells()
    many = len(transcripts) > 1
    if many or options.title.strip():
        contents = "".join(f"\n{n}. {wording.title_of(t)}" for n, t in enumerate(transcripts, 1)) if many else ""
        cells.markdown(f"# {wording.heading(transcripts, options)}\n{contents}")
    for n, t in enumerate(transcripts, 1):
        head = f"## Problem {n}" if many else "## Problem"
        cells.markdown(f"{head}\n\n{prose(wording.problem_of(t))}")
        if hints := wording.hints_given(t, options):
            cells.markdown(f"### {wording.HINTS_GIVEN}\n\n{prose(hints)}")
        if n > 1 and options.solution and options.code:
            # Names of one solution must not help the next: each was run in a namespace of its own.
            cells.code("%reset -f", metadata={"tags": ["reset"]})
        for step in steps.numbered_steps(steps.chosen_parts(t, options, programs=True)):
            if options.steps and step.number:
                cells.markdown(f"### Step {step.number}")
            for part in step.parts:
                cells.add(part)
        if options.solution and options.made:
            known = "\n".join(f"- {name}: {value}" for name, value in wording.provenance(t))
            cells.markdown(f"---\n*How this was made*\n\n{known}\n\n{wording.made_by(t)}")
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
            "title": wording.heading(transcripts, options),
        },
        "cells": cells.cells,
    }
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


class _Cells:
    """Grows a list of cells; outputs go to the code cell before them."""

    def __init__(self) -> None:
        self.cells: list[dict[str, Any]] = []
        self._code: dict[str, Any] | None = None
        self._count = 0

    def add(self, part: Part) -> None:
        match part:
            case Text():
                self.markdown("\n\n".join([prose(part.text), *false_lines(part.claims)]))
            case Thought():
                self.markdown(quoted(f"*Thoughts*\n\n{prose(part.text)}"))
            case Question():
                self.markdown(f"### Question\n\n{prose(wording.question_of(part.text))}")
            case Code():
                self.code(without_controls(part.source))
            case Output():
                self._output(part)
            case Figure():
                self._figure(part)
            case Answer():
                value = "".join(
                    _literal(s.source) if s.kind == "text" else f"${s.source}$" for s in answer_segments(part.latex)
                )
                verdict = _literal(wording.answer_check(part))
                self.markdown(f"**Answer:** {value}" + (f"\n\n{verdict}" if verdict else ""))

    def markdown(self, text: str) -> None:
        """A cell of prose."""
        self._code = None
        self._append({"cell_type": "markdown", "metadata": {}, "source": _lines(text.strip("\n"))})

    def code(self, source: str, metadata: dict[str, Any] | None = None) -> None:
        """A cell of code without outputs yet."""
        cell = {
            "cell_type": "code",
            "execution_count": None,
            "metadata": metadata or {},
            "outputs": [],
            "source": _lines(source),
        }
        appended = self._append(cell)
        self._code = None if metadata else appended

    def _append(self, cell: dict[str, Any]) -> dict[str, Any]:
        text = f"{len(self.cells)}:{''.join(cell['source'])}"
        # The same solution gives the same file: an identifier from what the cell holds, not from chance.
        cell = {"id": hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12], **cell}
        self.cells.append(cell)
        return cell

    def _output(self, output: Output) -> None:
        cell = self._code
        if cell is None:  # its code was left out
            self.markdown(fenced("text", without_controls(wording.output_text(output)) or "(no output)"))
            return
        self._count += 1
        cell["execution_count"] = self._count
        outputs = cell["outputs"]
        if output.stdout:
            outputs.append({"output_type": "stream", "name": "stdout", "text": _lines(output.stdout)})
        if output.warnings:
            outputs.append({"output_type": "stream", "name": "stderr", "text": _lines(output.warnings + "\n")})
        if output.value:
            data: dict[str, Any] = {"text/plain": _lines(output.value)}
            if output.value_latex:
                data["text/latex"] = _lines(f"$\\displaystyle {output.value_latex}$")
            outputs.append(
                {"output_type": "execute_result", "execution_count": self._count, "metadata": {}, "data": data}
            )
        if output.error is not None or output.status != "ok":
            error = output.error
            text = wording.error_text(output) or wording.STATUS.get(output.status, output.status)
            outputs.append(
                {
                    "output_type": "error",
                    "ename": error.type if error is not None else output.status,
                    "evalue": error.message if error is not None else text,
                    "traceback": text.split("\n"),
                }
            )
            cell["metadata"] = {"tags": ["raises-exception"]}

    def _figure(self, figure: Figure) -> None:
        data: dict[str, Any] = {"text/plain": _lines(figure.alt or "figure")}
        if figure.svg:  # a notebook program takes the richest that it can show
            data["image/svg+xml"] = _lines(figure.svg)
        if figure.png:
            data["image/png"] = figure.png
        if self._code is not None:
            self._code["outputs"].append({"output_type": "display_data", "metadata": {}, "data": data})
        elif figure.png:
            alt = without_controls(figure.alt).replace("[", "(").replace("]", ")")
            self.markdown(f"![{alt}](data:image/png;base64,{figure.png})")
        else:
            self.markdown(f"*[figure: {without_controls(figure.alt)}]*")


def prose(text: str) -> str:
    """Prose with formulas between dollars, which is what Jupyter typesets; money keeps its backslash."""
    text, formulas = marked(text)
    # A mark in code is no formula there: none is put in code.
    return replaced(map_words(text, _escaped), formulas, str, _formula).strip("\n")


def _formula(s: Segment) -> str:
    if s.kind == "inline":
        return f"${s.source}$"
    return s.source if s.source.startswith("\\begin{") and s.raw == s.source else f"$${s.source}$$"


def _literal(text: str) -> str:
    return _escaped(re.sub(r"([\\`*_\[\]#|])", r"\\\1", text))


def _escaped(text: str) -> str:
    return re.sub(r"\\?\$", r"\\$", escape_tags(text))


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True) if text else []
