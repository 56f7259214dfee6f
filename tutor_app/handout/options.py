"""The choices of whoever makes a handout, shared by every exporter and the page builder. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

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
"""Formats and their names for the user."""


@dataclass(frozen=True, slots=True)
class Options:
    """The choices.

    Attributes:
        solution: False leaves the problems only: an exercise sheet.
        code: Whether code is shown.
        output: Whether what it printed and drew is shown.
        answer: False leaves out the final answer and empties every ``\\boxed{}``; the steps may still tell it.
        steps: Whether steps are numbered.
        thoughts: Whether what a reasoning model thought is shown, which is no part of the solution.
        statements: Whether it is said which statements of the solution are false, and how many were checked.
        hints: Whether the hints that were given for a problem are listed after it; without answers, those that show the
            result are left out.
        made: Whether it is said how the solution was made.
        trace_tables: Whether the code runs again, and a table of its steps follows each block.
        calculations: Whether these tables show how each line is worked out.
        title: Of the whole document, or empty.
        paper: Size of a page.
        large: Large print.
    """

    solution: bool = True
    code: bool = True
    output: bool = True
    answer: bool = True
    steps: bool = False
    thoughts: bool = False
    statements: bool = True
    hints: bool = False
    made: bool = True
    trace_tables: bool = False
    calculations: bool = True
    title: str = ""
    paper: Paper = "a4"
    large: bool = False


DEFAULTS: Final = Options()
