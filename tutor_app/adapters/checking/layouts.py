r"""Statements that are made by where things stand: sums in columns over a line, and tables with formulas as headers.

A column of numbers with a line under it states that what stands under the line is its result. A table states of each
of its rows that a column holds what its header says: ``x | x^2``, ``total = price * quantity``, "f(x)" after f was
defined. Refuses to guess: a layout that is not understood to its last part states nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from tutor_app.adapters.checking.context import Context, replaced
from tutor_app.adapters.checking.formulas import value_of
from tutor_app.adapters.checking.judging import Judgement, judge
from tutor_app.adapters.checking.words import WRONGLY
from tutor_app.adapters.grading.algebra import rational
from tutor_app.adapters.grading.latex_atoms import number
from tutor_app.adapters.grading.terms import (
    Call,
    Number,
    Symbol,
    Term,
    negative,
    product,
    quotient,
    symbols,
    total,
    walk,
)

MAX_LINES: Final = 40
"""Of one layout."""
MAX_CELLS: Final = 400
LOOK: Final = 160
"""Characters before and behind a layout in which words may say that it is wrong or asked for."""

_SIGNS: Final = {
    "+": "+",
    "-": "-",
    "−": "-",
    "–": "-",
    "×": "*",
    "x": "*",
    "X": "*",
    "*": "*",
    "·": "*",
    "÷": "/",
    "/": "/",
}
_LINE: Final = re.compile(r"[^\n]*")
_RULE: Final = re.compile(r"\s*(?:-{2,}|_{2,}|={2,}|[—─━⎯‒–−]+|\\hline|\\cline\{[\d-]*\})\s*")
_FENCE: Final = re.compile(r"\s*(?:```\w*|~~~|\$\$|\\\[|\\\])\s*")
_OPERAND: Final = re.compile(
    r"\s*(?P<sign>[-+−–×xX*·÷/])?\s*(?P<cur>\\?\$|[€£¥])?\s*(?P<value>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?P<unit>\s*(?:%|[^\W\d_]+(?:[ /][^\W\d_]+){0,2}|\([^()\d]{1,30}\)))?\s*"
)
_ARRAY: Final = re.compile(
    r"\\begin\s*\{(array|tabular|aligned|align)\*?\}\s*(?:\{[^{}]*\})?(?P<body>.{1,1500}?)\\end\s*\{\1\*?\}", re.DOTALL
)
_ROW: Final = re.compile(r"\\\\(?:\s*\[[^\]\n]*\])?")
_HLINE: Final = re.compile(r"\\hline|\\cline\s*\{[^{}]*\}|\\underline\s*(?=\{)|\\(?:top|mid|bottom)rule")
_OPERATORS: Final = (
    (r"\times", "×"),
    (r"\cdot", "×"),
    (r"\div", "÷"),
    (r"\$", "$"),
    ("{,}", ","),
    ("\\,", " "),
    ("~", " "),
)
_OTHERWISE: Final = re.compile(
    r"(?i)\b(?:binary|base|hexadecimal|octal|modulo?|clock|puzzle|digits?)\b|\?\s*$|mistakes?\b|errors?\b"
)
"""Beside a sum in columns: its numerals may mean something else, or it may be shown because it is wrong."""

_TRIED: Final = re.compile(
    r"(?i)\b(?:guess|suppos|assum|test|check|hypothes|conjectur|model|predict|estimat|approx|not\b|wrong|fit|measur|observ"
    r"|data\b|try|pieces|different|another|other\b)"
)
"""Near a table: what was said before it may be tried by it."""
_DELIMITER: Final = re.compile(r"\s*\|?(?:\s*:?-+:?\s*\|)+\s*(?::?-+:?\s*)?")
_GAPS: Final = re.compile(r"\t+|[ ]{2,}")
_WRAP: Final = re.compile(r"^[\s$*_`]+|[\s$*_`]+$|\\[()]")
_PLAIN: Final = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "²": "^2", "³": "^3", "⁴": "^4"})
_COMMAND: Final = re.compile(r"\\(?:[dt]?frac|sqrt|pi|cdot|times|left|right)(?![a-zA-Z])")
_ROOT: Final = re.compile(r"√\s*(\([^()]*\)|[\d.]+|[a-zA-Z])")


Stated = tuple[int, int, Judgement]
"""Where it stands in the text, where it ends, and the verdict on it."""
Cell = tuple[int, int, str]
"""Where it begins and ends in the text, and what stands in it."""


def laid_out(text: str, begin: int) -> list[tuple[int, int]]:
    """Where the stretches of a text from a place on begin and end that may be layouts, in order."""
    spans: list[tuple[int, int]] = []
    lines = [(m.start(), m.end()) for m in _LINE.finditer(text, begin) if m.end() > m.start() or m.end() == len(text)]
    block: list[tuple[int, int]] = []
    for start, end in [*lines, (len(text), len(text))]:
        gap = block and text.count("\n", block[-1][1], start) > 1
        if start == end or gap or _FENCE.fullmatch(text, start, end):
            if 1 < len(block) <= MAX_LINES:
                spans.append((block[0][0], block[-1][1]))
            block = []
        if start < end and not _FENCE.fullmatch(text, start, end):
            block.append((start, end))
    spans += [(m.start(), m.end()) for m in _ARRAY.finditer(text, begin)]
    return sorted(span for span in spans if _is_layout(text[span[0] : span[1]]))


def _is_layout(block: str) -> bool:
    """Whether a look at its signs says that it may be one."""
    return (
        "|" in block
        or "&" in block
        or r"\hline" in block
        or r"\underline" in block
        or re.search(r"^\s*(?:[-_=]{2,}|[—─━⎯‒–−]+)\s*$|\t|\S {2,}\S", block, re.MULTILINE) is not None
    )


def stated(text: str, span: tuple[int, int], context: Context) -> Iterator[Stated]:
    """The claims of a layout, with verdicts.

    Args:
        text: In which it stands.
        span: Where it begins and ends.
        context: What was said before it.
    """
    start, end = span
    near = text[max(0, start - LOOK) : start] + " " + text[end : end + LOOK]
    tried = _TRIED.search(near) is not None
    array = _ARRAY.match(text, start, end)
    if array is not None:
        rows = list(_latex_rows(text, array.start("body"), array.end("body")))
        if all(len(row) == 1 for row in rows):
            yield from _columns(text, [row[0] for row in rows])
        else:
            yield from _table([row for row in rows if len(row) > 1], context, tried=tried)
        return
    lines = [(m.start(), m.end(), m[0]) for m in _LINE.finditer(text, start, end) if m[0].strip()]
    yield from _columns(text, lines)
    yield from _table(_plain_rows(lines), context, tried=tried)


# --- sums in columns ----------------------------------------------------------------------------------------------


def _latex_rows(text: str, begin: int, end: int) -> Iterator[list[Cell]]:
    """The rows of an array, a line as a row of its own."""
    at = begin
    for stop, after in [*((m.start(), m.end()) for m in _ROW.finditer(text, begin, end)), (end, end)]:
        row, cut = text[at:stop], at
        for line in _HLINE.finditer(row):
            if line[0].startswith((r"\hline", r"\cline", r"\midrule")) and not row[: line.start()].strip():
                yield [(at + line.start(), at + line.end(), r"\hline")]
            row = row[: line.start()] + " " * len(line[0]) + row[line.end() :]
        ruled = r"\underline" in text[at:stop]
        if row.strip():
            cells: list[Cell] = []
            for part in row.split("&"):
                shown_part = part.translate({ord("{"): " ", ord("}"): " "}) if ruled else part
                for written, sign in _OPERATORS:
                    shown_part = shown_part.replace(written, sign)
                cells.append((cut, cut + len(part), shown_part))
                cut += len(part) + 1
            if len(cells) > 1 and all(not c[2].strip(" +-×") for c in cells[:-1]):
                sign = "".join(c[2].strip() for c in cells[:-1])
                cells = [(cells[0][0], cells[-1][1], f"{sign}{cells[-1][2]}")]
            yield cells
        if ruled:
            yield [(stop, stop, r"\hline")]
        at = after


def _columns(text: str, lines: Sequence[Cell]) -> Iterator[Stated]:
    """The calculations in columns among some lines: numbers under each other, a line, the result."""
    operands: list[tuple[Cell, re.Match[str]]] = []
    k = 0
    while k < len(lines):
        cell = lines[k]
        m = _OPERAND.fullmatch(cell[2])
        if m is not None:
            operands.append((cell, m))
            k += 1
            continue
        if (
            _RULE.fullmatch(cell[2])
            and len(operands) > 1
            and any(o["sign"] for _, o in operands[1:])
            and k + 1 < len(lines)
        ):
            step = _second_rule(lines, k + 1)
            result = lines[step]
            said = _OPERAND.fullmatch(result[2])
            if said is not None and said["sign"] in (None, "-", "−"):
                place, end = operands[0][0][0], result[1]
                found = _worked([o for _, o in operands], said, (text[:place][-LOOK:], text[end : end + LOOK]))
                if found is not None:
                    yield place, end, found
                k = step + 1
                operands = []
                continue
        operands = []
        k += 1


def _second_rule(lines: Sequence[Cell], k: int) -> int:
    """Where the result of a long multiplication stands, or ``k``: under its partial products is a second line."""
    at = k
    while at < len(lines) and _OPERAND.fullmatch(lines[at][2]):
        at += 1
    ruled = at > k + 1 and at + 1 < len(lines) and _RULE.fullmatch(lines[at][2]) is not None
    return at + 1 if ruled and _OPERAND.fullmatch(lines[at + 1][2]) else k


def _worked(matches: Sequence[re.Match[str]], said: re.Match[str], near: tuple[str, str]) -> Judgement | None:
    """The verdict on a result under a line.

    Args:
        matches: What stands above the line.
        said: What stands under it.
        near: The text before and behind.
    """
    signs = [_SIGNS[m["sign"]] if m["sign"] else "" for m in matches]
    listed = len(set(signs)) == 1 and signs[0] in ("-", "*")
    if (
        listed
        or not set(signs[1:]) - {""}
        or len({*signs[1:]} & {"*", "/"}) > 1
        or ({"*", "/"} & {*signs} and len(matches) > 2)
    ):
        return None
    values = [number(m["value"].replace(",", "")) for m in matches]
    result: Term = number(said["value"].replace(",", ""))
    if said["sign"]:
        result = negative(result)
    readings = [_combined(values, signs)]
    if len(values) > 2 and not signs[0] and len(matches[0]["value"]) < max(len(m["value"]) for m in matches):
        readings.append(_combined(values[1:], signs[1:]))  # what is carried stands over it
    found = judge(readings, "=", (result,))
    if found.verdict == "true" and len(readings) > 1 and judge(readings[1:], "=", (result,)).verdict != "true":
        return Judgement("unchecked", "unclear")
    if found.verdict != "false":
        return found if found.verdict == "true" else Judgement("unchecked", "approximate")
    words = {w.lower() for part in near for w in re.findall(r"[^\W\d_]+", part)}
    units = {(m["unit"] or "").strip(" ()").lower().removesuffix("s") for m in [*matches, said]} - {""}
    digits = "".join(m["value"] for m in [*matches, said])
    if len(units) > 1 or not WRONGLY.isdisjoint(words) or any(map(_OTHERWISE.search, near)):
        return Judgement("unchecked", "units" if len(units) > 1 else "unclear")
    if set(digits) <= set("01,"):
        return Judgement("unchecked", "base")
    return found


def _combined(values: Sequence[Number], signs: Sequence[str]) -> Term:
    value: Term = negative(values[0]) if signs[0] == "-" else values[0]
    subtracted = "-" in signs[1:] and "+" not in signs[1:] and len(values) == 2
    for other, sign in zip(values[1:], signs[1:], strict=True):
        if sign == "*":
            value = product(value, other)
        elif sign == "/":
            value = quotient(value, other)
        else:
            value = total(value, negative(other) if sign == "-" or (not sign and subtracted) else other)
    return value


# --- tables -------------------------------------------------------------------------------------------------------


def _plain_rows(lines: Sequence[Cell]) -> list[list[Cell]]:
    """The cells of lines that are cut by bars, tabs or wide gaps; empty where they are no table."""
    bars = [line for line in lines if "|" in line[2]]
    ruled = len(bars) > 1 and any(_DELIMITER.fullmatch(line[2]) for line in bars)
    rows: list[list[Cell]] = []
    for start, _, line in bars if len(bars) > 1 else lines:
        if _DELIMITER.fullmatch(line) or _RULE.fullmatch(line) or set(line.strip()) <= set("-+|= "):
            continue
        cells: list[Cell] = []
        cuts = [m.span() for m in (re.finditer(r"\|", line) if len(bars) > 1 else _GAPS.finditer(line))]
        at = 0
        for a, b in [*cuts, (len(line), len(line))]:
            if line[at:a].strip() or (at > 0 and b < len(line)):
                cells.append((start + at, start + a, line[at:a]))
            at = b
        rows.append(cells)
    return rows if ruled or len(rows) > 2 or len(bars) > 1 else []


def _table(rows: Sequence[Sequence[Cell]], context: Context, *, tried: bool) -> Iterator[Stated]:
    """The claims of the rows of a table, by the header of their columns.

    Args:
        rows: Its cells.
        context: What was said before it.
        tried: A formula that stands outside of it may be one that it is to confirm.
    """
    rows = [row for row in rows if not (len(row) == 1 and _RULE.fullmatch(row[0][2]))]
    if len(rows) < 2 or len(rows[0]) < 2 or len({len(row) for row in rows}) > 1 or len(rows) * len(rows[0]) > MAX_CELLS:
        return
    sideways = all(_value(cell) is not None for row in rows for cell in row[1:])
    if sideways:
        rows = list(zip(*rows, strict=True))
    header, *body = rows
    if any(_value(cell) is not None for cell in header):
        return
    names = [_name_of(cell[2]) for cell in header]
    for column, cell in enumerate(header):
        formula = _formula_of(cell[2], [name for n, name in enumerate(names) if name and n != column])
        if formula is None and not names[column]:
            continue
        others = formula is None or ("=" not in cell[2] and any(len(name) > 1 for name in symbols(formula)))
        held = [(row, found) for row in body if (found := _held(row, column, formula, names, context)) is not None]
        for row, judgement in _certain(held, others):
            start = row[column][0] if sideways else row[0][0]
            end = row[column][1] if sideways else row[column or -1][1]
            if formula is None and tried and judgement.verdict == "false":
                continue
            yield start, end, judgement


def _certain(
    held: Sequence[tuple[Sequence[Cell], tuple[Judgement, Term, Term]]], needs_others: bool
) -> Iterator[tuple[Sequence[Cell], Judgement]]:
    """The claims of the rows of a column; where it is not certain that they follow its header, none is false."""
    right = sum(1 for _, (judgement, _, _) in held if judgement.verdict != "false")
    if len(held) - right > max(right, 1):
        return  # rows that are tried, or a header that means something else
    ratios = {rational(quotient(said, meant)) for _, (_, meant, said) in held if rational(meant)}
    scaled = len(held) > 1 and not right and len(ratios) == 1
    for row, (judgement, _, _) in held:
        if judgement.verdict == "false" and (scaled or (needs_others and 2 * right <= len(held))):
            continue
        # Where it takes the other rows to make one false, it is tried whether another number would be.
        tried = needs_others and judgement.verdict == "true"
        yield row, replace(judgement, reason="substituted") if tried else judgement


def _held(
    row: Sequence[Cell], column: int, formula: Term | None, names: Sequence[str], context: Context
) -> tuple[Judgement, Term, Term] | None:
    """The verdict on one cell of a row, the value that it has by the header, and the one that stands there."""
    said = _value(row[column])
    if said is None:
        return None
    values = {name: _value(row[k]) for k, name in enumerate(names) if name and k != column}
    known = {name: value for name, value in values.items() if value is not None}
    meant = formula if formula is not None else _from_before(names[column], set(known), context)
    if meant is None or not symbols(meant) or not symbols(meant) <= known.keys():
        return None
    if len(symbols(meant)) > 1 and all(rational(value) in (0, 1) for value in (*known.values(), said)):
        return None  # of "p + q" another sum may be meant
    for name in symbols(meant):
        meant = replaced(meant, name, known[name])
    decimal = isinstance(said, Number) and bool(said.places)
    found = judge((meant,), "=", (said,), approximate=decimal)
    return None if found.verdict == "unchecked" else (found, meant, said)


def _from_before(name: str, known: set[str], context: Context) -> Term | None:
    """The content of a column as the text before the table tells it: the function "f(x)", or the name "y"."""
    call = re.fullmatch(r"([fghyP])\((\w)\)", name)
    if call is not None and call[1] not in context.several and call[1] in context.functions and call[2] in known:
        variable, body = context.functions[call[1]]
        return replaced(body, variable, Symbol(call[2]))
    value = context.values.get(name)
    told = value is not None and symbols(value) <= known and name not in context.several
    return value if told else None


def _rooted(text: str) -> str:
    return _ROOT.sub(lambda m: rf"\sqrt{{{m[1]}}}", text)


def _bare(cell: str) -> str:
    return _WRAP.sub("", _WRAP.sub("", cell)).strip()


def _value(cell: Cell) -> Term | None:
    """The number that a cell holds, at the end of its calculation if there is one."""
    text = _bare(cell[2]).rpartition("=")[2].strip()
    m = _OPERAND.fullmatch(text)
    if m is not None and m["sign"] in (None, "-", "−", "–", "+"):
        value: Term = number(m["value"].replace(",", ""))
        return negative(value) if m["sign"] and m["sign"] != "+" else value
    if not re.search(r"\d", text) or len(text) > 40 or re.search(r"[a-zA-Z]{2,}", _COMMAND.sub("", text)):
        return None
    found = value_of(_rooted(text))
    return (
        None
        if found is None or symbols(found.term) or any(isinstance(p, Call) for p in walk(found.term))
        else found.term
    )


_NAME: Final = re.compile(r"[a-zA-Z]|[a-zA-Z]+(?: [a-zA-Z]+){0,2}|[fghyP]\s*\([a-zA-Z]\)")


def _sides_of(header: str) -> tuple[str, str]:
    """A header as the name of its column, and the formula for it; either may be empty."""
    text = re.sub(r"(?<=\w)\s+\([a-zA-Z$€£¥%°./ ]{1,20}\)$", "", _bare(header)).translate(_PLAIN)
    sides = [side.strip() for side in text.split("=")]
    if len(sides) > 2:
        return "", ""
    if len(sides) == 1:
        return (text, "") if _NAME.fullmatch(text) else ("", text)
    left, right = sides if _NAME.fullmatch(sides[0]) else reversed(sides)
    return (left, right) if _NAME.fullmatch(left) else ("", "")


def _name_of(header: str) -> str:
    """How the header of another column may call one: by its letter, its words, or the left side of its formula."""
    name = _sides_of(header)[0]
    return name.replace(" ", "") if "(" in name else name.lower() if len(name) > 1 else name


def _formula_of(header: str, others: Sequence[str]) -> Term | None:
    """The formula in a header, made of the names of other columns; None if there is none."""
    name, text = _sides_of(header)
    if not text and len(name) > 1 and all(letter in others for letter in name):
        text = name  # "xy"
    letters = (x for x in "zyxwvutsrqponmlkjhgfdcba" if x not in others)
    renamed: dict[str, str] = {}
    for word in sorted((o for o in others if len(o) > 1 and "(" not in o), key=len, reverse=True):
        pattern = rf"(?i)(?<![a-zA-Z]){re.escape(word)}(?![a-zA-Z])"
        if re.search(pattern, text):
            letter = next(letters, "")
            if not letter:
                return None
            renamed[letter] = word
            text = re.sub(pattern, letter, text)
    words = re.findall(r"[a-zA-Z]{2,}", _COMMAND.sub(" ", text))
    if not text or "%" in text or any(letter not in others for word in words for letter in word):
        return None
    found = value_of(_rooted(text))
    if found is None or isinstance(found.term, Symbol) or any(isinstance(p, Call) for p in walk(found.term)):
        return None
    term: Term = found.term
    for letter, word in renamed.items():
        term = replaced(term, letter, Symbol(word))
    return term if symbols(term) and symbols(term) <= set(others) else None
