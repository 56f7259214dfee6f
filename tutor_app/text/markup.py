r"""Model prose as Markdown with the formulas taken out: the one way in which window, PDF and exports read it.

:func:`marked` puts numbered marks in the places of formulas, which :data:`MARK` finds, and escapes stars that multiply;
:func:`read` parses what it gives. HTML stays text, except for line breaks, raised and lowered text; links and pictures
are never followed. Also the little that several formats need to know about answers. Standard library and markdown-it
only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final

from tutor_app.text.clean import without_controls
from tutor_app.text.delimiters import Segment, fences, map_words, split
from tutor_app.text.scan import braces
from tutor_app.text.tex_prose import as_markdown

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

MARK: Final = re.compile("\ue000(\\d+)\ue001")
KNOWN_TAG: Final = re.compile(
    r"<br\s*/?>|</br\s*>|<(su[bp])\s*>(?=[^<>]*</\1\s*>)|(?<=[^<>])</su[bp]\s*>", re.IGNORECASE
)
"""The tags of HTML that mean in prose what they mean in a page."""
_PRIVATE: Final = re.compile("[\ue000\ue001]")
_DEEPEST: Final = 16
"""Levels of lists and quotations; a list counts two."""
_QUOTE_MARKS: Final = re.compile(r"\n[ \t]*(?:>[ \t]?)+")
_BREAK: Final = re.compile(r"(?:<br\s*/?>|</br\s*>)[ \t]*\n?", re.IGNORECASE)
_SCRIPT: Final = re.compile(r"<(su[bp])\s*>", re.IGNORECASE)
_ENTITIES: Final = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&nbsp;": "~", "&#39;": "'", "&quot;": "''"}
_ENTITY: Final = re.compile("|".join(_ENTITIES))
_STARS: Final = re.compile(r"\\.|\*+", re.DOTALL)
_PARAGRAPH_END: Final = re.compile(r"(\n[ \t>]*\n)")
_LETTERS_BEFORE: Final = re.compile(r"(?:[A-Za-z]{2}|\ue001)$")
_LETTERS_AFTER: Final = re.compile(r"[A-Za-z]{2}|\ue000")
_LETTER: Final = r"(?<![^\W\d_])[^\W\d_](?![^\W\d_])"
_FACTOR_BEFORE: Final = re.compile(rf"(?:\d|[)\]}}\ue001!]|{_LETTER})[ \t]*$")
_FACTOR_AFTER: Final = re.compile(rf"[ \t]*(?:[-+]?[\d.]|[(\[{{\ue000\u221a]|{_LETTER})")
_ARITHMETIC: Final = re.compile(rf"(?:[\d.,+\-/^()\[\]! \t*=\u2212\u221a]|\ue000\d+\ue001|{_LETTER})+")
_DELIMITER: Final = re.compile(r"\\([\[\]()])|\\.", re.DOTALL)


@cache
def load_markdown() -> MarkdownIt:
    """The parser, imported at the first call."""
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import blockquote, list_block

    # Indented code, setext headings and link definitions are never meant by a model and swallow its mathematics.
    parser = (
        MarkdownIt("commonmark", {"html": False, "maxNesting": 2 * _DEEPEST})
        .enable(["table", "strikethrough"])
        .disable(["code", "lheading", "html_block", "html_inline", "reference"])
    )
    parser.block.ruler.at("blockquote", _bounded(blockquote), {"alt": ["paragraph", "reference", "blockquote", "list"]})
    parser.block.ruler.at("list", _bounded(list_block), {"alt": ["paragraph", "reference", "blockquote"]})
    parser.inline.ruler.before("entity", "known_tags", _read_tag)
    return parser


def _bounded(rule: Callable[[StateBlock, int, int, bool], bool]) -> Callable[[StateBlock, int, int, bool], bool]:
    """A rule of lists or quotations that leaves what is nested too deep as text.

    Beyond its own limit the parser drops the rest of the text.
    """

    def bounded(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        return state.level < _DEEPEST and rule(state, start, end, silent)

    return bounded


def _read_tag(state: StateInline, silent: bool) -> bool:
    """Rule of the parser: ``<br>`` is a line break, ``<sup>`` and ``<sub>`` with their ends are raised and lowered."""
    src, at, end = state.src, state.pos, state.posMax
    if m := _BREAK.match(src, at, end):
        if not silent:
            state.push("hardbreak", "br", 0)
        state.pos = m.end()
        return True
    if not (m := _SCRIPT.match(src, at, end)):
        return False
    closing = re.compile(rf"</{m[1]}\s*>", re.IGNORECASE).search(src, m.end(), end)
    if closing is None:
        return False
    if not silent:
        tag = m[1].lower()
        state.push(f"{tag}_open", tag, 1)
        state.pos, state.posMax = m.end(), closing.start()
        state.md.inline.tokenize(state)
        state.push(f"{tag}_close", tag, -1)
    state.pos, state.posMax = closing.end(), end
    return True


def marked(text: str) -> tuple[str, list[Segment]]:
    """The text with a mark in the place of each formula, ready to be read as Markdown; and the formulas."""
    formulas: list[Segment] = []
    out = ""
    for s in split(_PRIVATE.sub("\ufffd", without_controls(text))).segments:
        if s.kind == "text":
            out += s.source
        else:
            out += f"\ue000{len(formulas)}\ue001"
            # What is copied of a quoted formula is the formula, without the marks of the quotation.
            quoted = all(line.lstrip().startswith(">") for line in s.raw.split("\n")[1:])
            raw = _QUOTE_MARKS.sub("\n", s.raw) if quoted else s.raw
            formulas.append(replace(s, source=_ENTITY.sub(lambda m: _ENTITIES[m[0]], s.source), raw=raw))
    return map_words(_indented(out), lambda words: escape_stars(_with_delimiters(as_markdown(words)))), formulas


def read(text: str) -> tuple[list[Token], list[Segment]]:
    """Tokens of the prose and the formulas its marks number."""
    prose, formulas = marked(text)
    return load_markdown().parse(prose), formulas


def _indented(text: str) -> str:
    """The text with every fence as far to the right as it begins, so that it does not leave its list."""
    out, at = "", 0
    for start, end in fences(text):
        line = text.rfind("\n", 0, start) + 1
        width = len(text[line:start].expandtabs(4))
        first, *body, last = text[start:end].split("\n")
        if (
            not width
            or ">" in text[line:start]
            or (width < 4 and not text[line:start].strip() and not _in_list(text, line))
        ):
            continue
        margin = " " * width
        short = any(row.strip() and not row.expandtabs(4).startswith(margin) for row in body)
        rows = [margin + row if short and row.strip() else row for row in body]
        out += text[at:start] + "\n".join((first, *rows, margin + last.strip()))
        at = end
    return out + text[at:]


def _with_delimiters(text: str) -> str:
    """The text with the delimiters of mathematics that have no partner as they were written.

    Markdown would take their backslash for an escape.
    """
    return _DELIMITER.sub(lambda m: f"\\{m[0]}" if m[1] else m[0], text)


def _in_list(text: str, at: int) -> bool:
    return re.search(r"(?m)^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]", text[:at]) is not None


def escape_stars(text: str) -> str:
    """The text with a backslash before the stars between numbers and names: they multiply, they do not emphasise.

    Between two whole words a star ends what an earlier one began, or begins what a later one ends.
    """
    if "*" not in text:
        return text
    return "".join(part if n % 2 else _escaped_stars(part) for n, part in enumerate(_PARAGRAPH_END.split(text)))


def _escaped_stars(text: str) -> str:
    runs = [m for m in _STARS.finditer(text) if m[0][0] == "*"]
    kinds = [_kind_of_stars(text, m) for m in runs]
    # For each run the kind of the next one as long that is not between two words, counted from the end.
    following: list[str] = []
    latest: dict[str, str] = {}
    for m, kind in zip(reversed(runs), reversed(kinds), strict=True):
        following.append(latest.get(m[0], ""))
        if kind != "between":
            latest[m[0]] = kind
    following.reverse()
    multiplying = _multiplying(text, runs, kinds)
    out, at = "", 0
    opened: set[str] = set()
    for m, kind, after in zip(runs, kinds, following, strict=True):
        if m.start() in multiplying:
            out += text[at : m.start()] + "\\*" * len(m[0])
            at = m.end()
        elif kind == "opens":
            opened.add(m[0])
        elif kind == "closes":
            opened.discard(m[0])
        elif kind == "between":
            words_after = _LETTERS_AFTER.match(text, m.end()) is not None
            if m[0] in opened and after != "closes" and words_after:
                opened.discard(m[0])
            elif (
                m[0] not in opened
                and after == "closes"
                and words_after
                and _LETTERS_BEFORE.search(text[: m.start()][-2:])
            ):
                opened.add(m[0])
            else:
                out += text[at : m.start()] + "\\*" * len(m[0])
                at = m.end()
    return out + text[at:]


def _multiplying(text: str, runs: list[re.Match[str]], kinds: list[str]) -> set[int]:
    """Where pairs of stars stand that would emphasise arithmetic between two factors, as in ``2 *3* 4``.

    A number alone between two of ``**`` is one of a row of numbers, in bold.
    """
    found: set[int] = set()
    opened: dict[str, re.Match[str]] = {}
    for m, kind in zip(runs, kinds, strict=True):
        if kind == "opens":
            opened[m[0]] = m
        elif kind == "closes" and (first := opened.pop(m[0], None)):
            inside = text[first.end() : m.start()]
            if (
                "\n" not in inside
                and _FACTOR_BEFORE.search(text[max(0, first.start() - 20) : first.start()])
                and _FACTOR_AFTER.match(text, m.end())
                and _ARITHMETIC.fullmatch(inside)
                and (len(m[0]) == 1 or re.search(r"[-+*/^(=\u2212]|[^\W\d_]", inside))
            ):
                found.update((first.start(), m.start()))
    return found


def _kind_of_stars(text: str, m: re.Match[str]) -> str:
    before, after = text[m.start() - 1 : m.start()], text[m.end() : m.end() + 1]
    if _ends_factor(before) and _begins_factor(after):
        return "between"
    if after and not after.isspace() and (not before or not before.isalnum()):
        return "opens" if not before or before.isspace() or before in "([{\"'\u201c-" or after.isalnum() else "closes"
    return "closes" if before and not before.isspace() else ""


def _ends_factor(c: str) -> bool:
    return c != "" and (c in ")]}\ue001!'\u221e\xb0%" or _is_letter_of_mathematics(c))


def _begins_factor(c: str) -> bool:
    return c != "" and (c in "([{\ue000\\-\u2212\u221a\u221e" or _is_letter_of_mathematics(c))


def _is_letter_of_mathematics(c: str) -> bool:
    """Whether a character is a digit or letter of formulas: Latin, Greek, a small digit; other scripts have words."""
    return c.isalnum() and (c.isascii() or "\u0370" <= c <= "\u03ff" or unicodedata.category(c) == "No")


def escape_tags(text: str) -> str:
    """Words for a format that takes HTML for HTML: all tags but the few known ones become text."""
    return re.sub(r"<(?=[A-Za-z/!?])", lambda m: "<" if KNOWN_TAG.match(text, m.start()) else "&lt;", text)


def without_emphasis(text: str) -> str:
    """Prose as one writes it where nothing can be bold: the stars and ticks of Markdown are gone, products stay."""
    text = re.sub(r"(?<!\\)\*\*|`", "", map_words(text, escape_stars))
    return text.replace("\\*", "*")


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


_LITERAL: Final = re.compile(
    r"\d\s+\d|\d:\d|\d[eE][-+]?\d|[!<>=]=|\d-\d+-\d|\*|(?<!\\)[&%#$~`\"]|[^\x00-\x7f\u2212\u221e\u03c0\u221a\xb0\xb1\xd7\xf7\u2260\u2264\u2265]"
)
_APART: Final = re.compile(r"[{}]|(?<![A-Za-z])[A-Za-z]\s+[A-Za-z](?![A-Za-z])|\d\s+(?!(?:or|and|to)\b)[A-Za-z]")
_UNIT: Final = re.compile(r"\d\s+(?!(?:or|and|to)\b)[A-Za-z]{2,}[\^/]")
_LATEX: Final = re.compile(r"\\[A-Za-z]|\\[{}%$&#,;!|]|[\^_]")
_WORD: Final = re.compile(r"(?<![\\A-Za-z{])[^\W\d_]{2,}(?:['\u2019-][^\W\d_]+)*(?![A-Za-z(}])")
_LONG_SCRIPT: Final = re.compile(r"([\^_])\s*(?:\(([^()]+)\)|([-+]?\d{2,}|[-+]\d))")
"""An exponent or index of several characters without braces, of which TeX would raise the first alone."""
_NAMES = "sin cos tan cot sec csc log ln exp lim max min gcd lcm mod pi det dim sqrt"
_FUNCTIONS: Final = frozenset(_NAMES.split())
_CODE_NAMES: Final = re.compile(
    rf"(?<![A-Za-z])(?:{'|'.join(_FUNCTIONS)}|a(?:rc)?(?:sin|cos|tan)|abs|cbrt|binomial|factorial)(?![A-Za-z\s])"
    r"|(?<![A-Za-z])[A-Z][A-Za-z]{2,}(?=\()"
)
"""Names that stand in an expression of Python, where they are no products of letters."""


def answer_segments(latex: str) -> list[Segment]:
    """An answer as words and formulas: it may be bare LaTeX, words, or prose with delimiters.

    What is no LaTeX is shown as it was written: TeX would run words together and swallow braces and spaces.
    """
    segments = [s for s in split(without_controls(latex)).segments if s.source.strip()]
    if any(s.kind != "text" for s in segments):
        return segments
    source = without_controls(latex).strip()
    if not source:
        return []
    if "\\" not in source and "{" not in source:
        source = _LONG_SCRIPT.sub(r"\1{\2\3}", source)
    is_latex = _LATEX.search(source) is not None
    if not is_latex and any(p.search(source) for p in (_LITERAL, _APART, _CODE_NAMES)):
        return [Segment("text", source, source)]
    if "\\" not in source and _UNIT.search(source):
        return [Segment("text", source, source)]
    out: list[Segment] = []
    at = 0
    for begin, end in _words(source, is_latex):
        _add_formula(out, source[at:begin])
        out.append(Segment("text", source[begin:end], source[begin:end]))
        at = end
    _add_formula(out, source[at:])
    return out


def _words(source: str, is_latex: bool) -> list[tuple[int, int]]:
    """Where runs of words lie outside braces, with the spaces and commas around them."""
    found: list[tuple[int, int]] = []
    depth, at = 0, 0
    for m in _WORD.finditer(source):
        depth += sum(1 if b[0] == "{" else -1 for b in braces(source, at, m.start()))
        at = m.start()
        before, after = source[m.start() - 1 : m.start()], source[m.end() : m.end() + 1]
        bare = (not before or before in " \n,.(") and (not after or after in " \n,.:;!?)")
        if depth or not bare or (is_latex and m[0].lower() in _FUNCTIONS):
            continue
        begin = m.start() - (len(source[: m.start()]) - len(source[: m.start()].rstrip(" ,.")))
        end = m.end() + (len(source[m.end() :]) - len(source[m.end() :].lstrip(" ,.:;!?")))
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return found


def _add_formula(out: list[Segment], source: str) -> None:
    if not source.strip():
        return
    is_plain = _LATEX.search(source) is None and (_LITERAL.search(source) or not re.search(r"\w", source))
    out.append(Segment("text", source, source) if is_plain else Segment("inline", source.strip(), source))
