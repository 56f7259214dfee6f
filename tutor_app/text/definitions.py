r"""Definitions and references of a solution: ``\newcommand`` and its kin, ``\label``, ``\ref`` and ``\eqref``.

:class:`Definitions` goes through the texts of a solution in order and rewrites each, so that whoever shows a formula
need not know of the others: macros are expanded, what defines is left out, a labelled formula gets a number and a
reference says it. Text in, text out; refuses to execute anything else of TeX (conditionals, counters, catcodes).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tutor_app.text.delimiters import Segment, map_words, split
from tutor_app.text.scan import ENVIRONMENTS, argument, group_end, levels, replace_command, skip_blanks

_CONCERNED: Final = re.compile(
    r"\\(?:(?:re|provide)?(?:new)?command|[gex]?def|let|DeclareMathOperator|DeclarePairedDelimiter|label|(?:eq|auto|[cC])?ref)(?![A-Za-z])"
)
_DEFINES: Final = re.compile(
    r"\\(?:(newcommand|renewcommand|providecommand|DeclareMathOperator|DeclarePairedDelimiter)(\*?)|([gex]?def)|(let))(?![A-Za-z])"
)
_COMMAND: Final = re.compile(r"\\([A-Za-z]+|.)", re.DOTALL)
_NAME: Final = re.compile(r"\s*(?:\{\s*\\([A-Za-z]+|[^A-Za-z\s])\s*\}|\\([A-Za-z]+|[^A-Za-z\s]))")
_OPTION: Final = re.compile(r"\s*\[([^\[\]]*)\]")
_PARAMETERS: Final = re.compile(r"\s*((?:#[1-9]\s*)*)(?=\{)")
_LET: Final = re.compile(r"\s*\\([A-Za-z]+)\s*=?\s*(\\[A-Za-z]+|\\.|[^\s\\])", re.DOTALL)
_REFERENCE: Final = re.compile(r"\\(eqref|ref|autoref|[cC]ref)\*?\s*\{([^{}]*)\}")
_TIED: Final = re.compile(r"(?<=[\w.])~(?=\\(?:eqref|ref|autoref|[cC]ref)(?![A-Za-z]))")
"""The space of TeX that no line breaks at, as in ``Eq.~\\eqref{a}``."""
_LABEL: Final = re.compile(r"\\label\s*\{([^{}]*)\}")
_TAG: Final = re.compile(r"\\tag\*?\s*(?=\{)")
_LATE: Final = re.compile(r"(\$\$|\\\]|\\end\s*\{[A-Za-z]+\*?\})((?:[ \t]*\n?[ \t]*\\(?:label|tag\*?)\s*\{[^{}]*\})+)")
_SCRIPT_BEFORE: Final = re.compile(r"(?:[\^_]|\\(?:[dtc]?frac|[dt]?binom|sqrt))\s*$")
_MAX_EXPANSIONS: Final = 500
_MAX_CHARS: Final = 20_000
_OPENERS: Final = {"$$": ("$$", "$$"), "\\[": ("\\[", "\\]"), "\\(": ("\\(", "\\)")}


@dataclass(frozen=True, slots=True)
class _Macro:
    count: int
    default: str | None
    body: str
    starred: bool = False  # may be written with a star, which changes nothing here


class Definitions:
    """What the formulas so far have defined and labelled.

    Going through the same text again changes nothing.
    """

    def __init__(self) -> None:
        self._macros: dict[str, _Macro] = {}
        self._labels: dict[str, str] = {}
        self._tags: set[str] = set()
        self._budget = 0

    def note(self, texts: Iterable[str]) -> None:
        """Number the labels of texts, so that those before them can refer to them."""
        formulas = [
            s.source for text in texts if "\\label" in text or "\\tag" in text for s in split(_gathered(text)).segments
            if s.kind != "text"
        ]  # fmt: skip
        rows = [row for source in formulas for row in _rows(source)]
        self._tags.update(tag for row in rows if (tag := _tag(row)))
        for row in rows:
            for m in _LABEL.finditer(row):
                if m[1] not in self._labels:
                    self._labels[m[1]] = _tag(row) or self._next_number()

    def resolve(self, text: str) -> str:
        """The text with its macros expanded, its definitions left out and its references in numbers."""
        if not _CONCERNED.search(text) and not (self._macros and "\\" in text):
            return text
        self.note([text])
        self._budget = _MAX_EXPANSIONS
        out = ""
        for s in split(_gathered(text)).segments:
            out += map_words(s.source, self._words) if s.kind == "text" else self._formula(s)
        return out

    def resolve_formula(self, latex: str) -> str:
        """One formula without delimiters, resolved."""
        self._budget = _MAX_EXPANSIONS
        return self._referred(self._expanded(latex), is_formula=True) if "\\" in latex else latex

    def _next_number(self) -> str:
        number = 1
        while str(number) in self._tags:
            number += 1
        self._tags.add(str(number))
        return str(number)

    def _words(self, text: str) -> str:
        """Words between formulas: definitions stand there too, and macros that nobody put between dollars do not."""
        out, at = "", 0
        while m := _DEFINES.search(text, at):
            end = self._define(text, m)
            out += text[at : m.start() if end >= 0 else m.end()]
            at = end if end >= 0 else m.end()
        return self._referred(_LABEL.sub("", out + text[at:]), is_formula=False)

    def _formula(self, s: Segment) -> str:
        source = self._referred(self._expanded(s.source), is_formula=True)
        source = self._tagged(source, s.kind == "display")
        if source == s.source:
            return s.raw
        if not source.strip():
            return ""
        if "\n" in source and re.search(r"\n[ \t]*>", s.raw):  # a line without its mark would leave the quotation
            source = " ".join(source.split())
        if s.raw[:2] in _OPENERS:
            opener, closer = _OPENERS[s.raw[:2]]
            return f"{opener}{source}{closer}"
        return source if source.startswith(("\\begin", "\\boxed")) and s.kind == "display" else f"\\({source}\\)"

    def _tagged(self, source: str, display: bool) -> str:
        """Labels become tags where there is none."""
        if "\\label" not in source:
            return source
        out = source
        for row in _rows(source):
            labels = _LABEL.findall(row)
            bare = _LABEL.sub("", row).rstrip()
            if labels and display and not _tag(row):
                tag = f" \\tag{{{self._labels.get(labels[0], '')}}}"
                end = re.search(r"\\end\s*\{(?:equation|multline)\*?\}$", bare)
                bare = bare[: end.start()].rstrip() + tag + end[0] if end else bare + tag
            out = out.replace(row, bare, 1) if labels else out
        return out

    def _referred(self, text: str, *, is_formula: bool) -> str:
        def said(m: re.Match[str]) -> str:
            values = [self._labels.get(name.strip(), "??") for name in m[2].split(",")]
            if is_formula:
                values = [v if v.isdigit() else f"\\text{{{v}}}" for v in values]
            else:
                values = [v if "$" in v else v.replace("*", "\\*") for v in values]
            listed = ", ".join(values if m[1] == "ref" else [f"({v})" for v in values])
            kind = {"cref": "equation ", "Cref": "Equation ", "autoref": "equation "}.get(m[1], "")
            return f"\\text{{{kind}}}{listed}" if is_formula and kind else kind + listed

        return _REFERENCE.sub(said, _TIED.sub("\u00a0", text)) if "ref" in text else text

    # -- macros ---------------------------------------------------------------------------------------------------

    def _expanded(self, source: str, inside: frozenset[str] = frozenset()) -> str:
        out, at = "", 0
        while m := _COMMAND.search(source, at):
            out += source[at : m.start()]
            at = m.end()
            if definition := _DEFINES.match(source, m.start()):
                end = self._define(source, definition)
                if end >= 0:
                    at = end
                    continue
            macro = self._macros.get(m[1])
            if macro is None or m[1] in inside or self._budget <= 0 or len(out) > _MAX_CHARS:
                out += m[0]
                continue
            self._budget -= 1
            written, at = _applied(macro, source, at)
            written = self._expanded(written, inside | {m[1]})
            if _SCRIPT_BEFORE.search(out[-12:]):
                written = f"{{{written}}}"
            elif re.search(r"\\[A-Za-z]+$", written) and source[at : at + 1].isalpha():
                written += " "
            elif re.search(r"\\[A-Za-z]+$", out) and written[:1].isalpha():
                written = " " + written
            out += written
        return out + source[at:] if inside or not at else (out + source[at:]).strip()

    def _define(self, text: str, m: re.Match[str]) -> int:
        """Take a definition in; returns where it ends, or -1 if it is none."""
        if m[4]:
            let = _LET.match(text, m.end())
            if let is None:
                return -1
            self._macros[let[1]] = self._macros.get(let[2][1:], _Macro(0, None, let[2]))
            return let.end()
        name = _NAME.match(text, m.end())
        if name is None:
            return -1
        at, count, default = name.end(), 0, None
        if m[3]:
            parameters = _PARAMETERS.match(text, at)
            if parameters is None:
                return -1
            count, at = parameters[1].count("#"), parameters.end()
        elif m[1] != "DeclareMathOperator" and (option := _OPTION.match(text, at)):
            if not re.fullmatch(r"\s*[0-9]\s*", option[1]):
                return -1
            count, at = int(option[1]), option.end()
            if option := _OPTION.match(text, at):
                default, at = option[1], option.end()
        at = skip_blanks(text, at)
        end = group_end(text, at)
        if end < 0:
            return -1
        body = text[at + 1 : end - 1].strip()
        if m[1] == "DeclarePairedDelimiter":
            right, end = argument(text, end)
            self._macros[name[1] or name[2]] = _Macro(1, None, f"\\left{body} #1 \\right{right} ", starred=True)
            return end
        if m[1] == "DeclareMathOperator":
            body = f"\\operatorname{m[2]}{{{body}}}"
        known = name[1] or name[2]
        if m[1] != "providecommand" or known not in self._macros:
            self._macros[known] = _Macro(count, default, body)
        return end


def resolved(texts: Iterable[str]) -> list[str]:
    """The texts of one solution, in order, each resolved; references may point to later texts."""
    definitions = Definitions()
    texts = list(texts)
    definitions.note(texts)
    return [definitions.resolve(text) for text in texts]


def _applied(macro: _Macro, source: str, at: int) -> tuple[str, int]:
    """The body of a macro with the arguments that stand at ``at``, and where they end."""
    arguments = []
    if macro.starred and source[at : at + 1] == "*":
        at += 1
    for n in range(macro.count):
        if n == 0 and macro.default is not None:
            option = _OPTION.match(source, at)
            arguments.append(option[1] if option else macro.default)
            at = option.end() if option else at
        else:
            found, at = argument(source, at)
            arguments.append(found)
    body = re.sub(r"#([1-9])", lambda m: arguments[int(m[1]) - 1] if int(m[1]) <= len(arguments) else "", macro.body)
    return body, at


def _gathered(text: str) -> str:
    """The text with labels and tags that follow a display moved into it."""

    def inside(m: re.Match[str]) -> str:
        return " ".join(m[2].split()) + m[1]

    return _LATE.sub(inside, text) if "\\label" in text else text


def _rows(source: str) -> list[str]:
    """The rows of an alignment, each of which can have a number; other formulas are one row."""
    m = re.match(r"\\begin\s*\{(?:align|gather|eqnarray|flalign|alignat)\*?\}", source)
    if m is None:
        return [source]
    rows, start = [], m.end()
    for token, at, depth in levels(source, m.end(), pairs=ENVIRONMENTS):
        if depth == 0 and (token == "\\\\" or token in ENVIRONMENTS[1]):
            rows.append(source[start:at])
            start = at + len(token)
            if token != "\\\\":
                break
    return rows


def _tag(row: str) -> str:
    found: list[str] = []

    def take(arguments: list[str]) -> str:
        found.append(arguments[0])
        return ""

    if m := _TAG.search(row):
        replace_command(row[m.start() :].replace("\\tag*", "\\tag", 1), "tag", 1, take)
    return found[0] if found else ""
