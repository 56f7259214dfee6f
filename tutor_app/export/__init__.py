"""Solutions as files to hand out: PDF, a web page, LaTeX, a notebook, Markdown, and the transcript itself.

:func:`export` turns transcripts into bytes, :func:`write_export` puts them into files that are either whole or not
there. Everything but PDF is made without Qt; PDF needs a ``QGuiApplication``. Every format carries the problem, the
reasoning, the code, its real output and figures, the answer, the verdict if there is one, and how it was made;
:class:`tutor_app.handout.options.Options` says what is left out.
"""

from __future__ import annotations

from tutor_app.export.face import Exported, export, format_of
from tutor_app.export.files import file_name, read_transcripts, suggested_name, write_export, write_figure

__all__ = [
    "Exported",
    "export",
    "file_name",
    "format_of",
    "read_transcripts",
    "suggested_name",
    "write_export",
    "write_figure",
]
