r"""Model prose for exporters: Markdown with the formulas taken out, read exactly as the window reads it.

:func:`read` cuts out the formulas, parses what is left with the same rules as the window, and leaves numbered marks
in the tokens, which :data:`MARK` finds. HTML stays text, links and pictures are never followed. Also the little that
several formats need to know about formulas. Standard library and markdown-it only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

from tutor_app.text.delimiters import Segment, split

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MARK: Final = re.compile("\ue000(\\d+)\ue001")
_PRIVATE: Final = re.compile("[\ue000\ue001]")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return (
        MarkdownIt("commonmark", {"html": False, "maxNesting": 12})
        .enable(["table", "strikethrough"])
        .disable(["code", "lheading", "html_block", "html_inline", "reference"])
    )


def read(text: str) -> tuple[list[Token], list[Segment]]:
    """Tokens of the prose and the formulas its marks number."""
    formulas: list[Segment] = []
    marked = ""
    for s in split(_PRIVATE.sub("\ufffd", clean(text))).segments:
        if s.kind == "text":
            marked += s.source
        else:
            marked += f"\ue000{len(formulas)}\ue001"
            formulas.append(s)
    return _markdown().parse(marked), formulas


def clean(text: str) -> str:
    """Text without control characters and direction overrides; tabs and line ends stay."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def restored(text: str, formulas: Sequence[Segment]) -> str:
    """The text with its marks turned back into what was written, for code and addresses."""
    return MARK.sub(lambda m: formulas[int(m[1])].raw if int(m[1]) < len(formulas) else "", text)


def replaced(
    text: str, formulas: Sequence[Segment], words: Callable[[str], str], formula: Callable[[Segment], str]
) -> str:
    """The text with ``words`` applied between its marks and ``formula`` in their places."""
    out, at = "", 0
    for m in MARK.finditer(text):
        out += words(text[at : m.start()])
        if int(m[1]) < len(formulas):
            out += formula(formulas[int(m[1])])
        at = m.end()
    return out + words(text[at:])


def answer_segments(latex: str) -> list[Segment]:
    """An answer as words and formulas: it may be bare LaTeX, words, or prose with delimiters."""
    segments = [s for s in split(clean(latex)).segments if s.source.strip()]
    if any(s.kind != "text" for s in segments):
        return segments
    if re.search(r"[A-Za-z]{3,}", latex) and not re.search(r"[\\^_={}]", latex):
        return segments
    source = clean(latex).strip()
    return [Segment("inline", source, source)] if source else []
