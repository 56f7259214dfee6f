"""One call for every format."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from tutor_app.core.errors import UserFault
from tutor_app.core.transcript import Transcript
from tutor_app.handout import steps
from tutor_app.handout.options import DEFAULTS, FORMATS, Format, Options

if TYPE_CHECKING:
    from tutor_app.render.typeset import FormulaCache

_SUFFIXES: Final[dict[str, Format]] = {
    "pdf": "pdf", "html": "html", "htm": "html", "tex": "tex", "ipynb": "ipynb", "md": "md", "markdown": "md",
    "json": "json", "jsonl": "json",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export consists of.

    Attributes:
        data: The file.
        files: Pictures that must lie beside it, by name; only LaTeX and Markdown cannot hold theirs themselves.
    """

    data: bytes
    files: Mapping[str, bytes] = field(default_factory=dict)


def export(
    transcripts: Sequence[Transcript],
    format: Format,
    options: Options = DEFAULTS,
    *,
    stem: str = "solution",
    formulas: FormulaCache | None = None,
) -> Exported:
    """Turn solutions into one document.

    Args:
        transcripts: At least one; several get a table of contents.
        format: One of :data:`tutor_app.handout.options.FORMATS`.
        options: What is shown. JSON is always the whole transcript.
        stem: Beginning of the names of pictures that lie beside the document.
        formulas: For PDF, formulas that were typeset before.

    Raises:
        UserFault: If there is nothing to export or the format is unknown.
        HostFault: If a PDF cannot be written on this computer.
    """
    if not transcripts:
        raise UserFault("There is no solution to export.", "Solve a problem first, or open a saved solution.")
    if format != "json":
        transcripts = [steps.resolved(t) for t in transcripts]
    # What a format needs is loaded when it is asked for: a notebook needs no parser of Markdown, Markdown no Qt.
    match format:
        case "json":
            return Exported(as_json(transcripts).encode("ascii" if _has_surrogates(transcripts) else "utf-8"))
        case "md":
            from tutor_app.export.markdown import to_markdown

            return _encoded(*to_markdown(transcripts, options, stem))
        case "html":
            from tutor_app.export.html import to_html

            return _encoded(to_html(transcripts, options), {})
        case "tex":
            from tutor_app.export.tex import to_tex

            return _encoded(*to_tex(transcripts, options, stem))
        case "ipynb":
            from tutor_app.export.notebook import to_notebook

            return _encoded(to_notebook(transcripts, options), {})
        case "pdf":
            from tutor_app.render.pdf import to_pdf

            return Exported(to_pdf(transcripts, options, formulas))
        case _:  # a name from the command line or a file
            raise UserFault(f"{format!r} is no format to export to.", f"Choose one of {', '.join(FORMATS)}.")


def as_json(transcripts: Sequence[Transcript]) -> str:
    """The transcripts, one a line; a single one is the same JSON that the library keeps."""
    text = "\n".join(t.to_json() for t in transcripts) + "\n"
    if _has_surrogates(transcripts):  # half a character, which a model can emit: only escaped it can be stored
        text = "\n".join(json.dumps(t.to_dict(), separators=(",", ":")) for t in transcripts) + "\n"
    return text


def format_of(path: str) -> Format | None:
    """The format that a file's name asks for, or None."""
    return _SUFFIXES.get(PurePath(path).suffix.lower().lstrip("."))


def _has_surrogates(transcripts: Sequence[Transcript]) -> bool:
    return any("\ud800" <= c <= "\udfff" for t in transcripts for c in set(t.to_json()))


def _encoded(text: str, files: Mapping[str, bytes]) -> Exported:
    return Exported(text.encode("utf-8", "replace"), files)
