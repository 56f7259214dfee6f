r"""Plain typing as mathematics: ``x^2 - 5x + 6 = 0`` becomes ``$x^{2} - 5x + 6 = 0$``, and prose stays prose.

What stands between dollar signs already, and code, is left as it is. Money, dates, times, amounts with a unit and
addresses stay text. Where a formula is not certain, the text stays as typed. Nothing is corrected or evaluated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from tutor_app.text.decimal_commas import doubtful
from tutor_app.text.delimiters import split
from tutor_app.text.pasted import text_of_html
from tutor_app.text.plain import plain
from tutor_app.text.typed_cursor import NoFormula
from tutor_app.text.typed_formula import FormulaParser
from tutor_app.text.typed_pieces import with_pieces
from tutor_app.text.typed_scattered import scattered
from tutor_app.text.typed_tokens import GREEK_SIGNS, Token, is_rewritten, normalized, tokens

LONGEST: Final = 20_000
"""Characters; a longer text stays as it is."""
SHOWN: Final = 3
_MARKUP: Final = re.compile(r"(?is)<span\b[^<>]*\bclass=.*</span\s*>|<(?P<tag>(?:[a-z]+:)?math)\b.*?</(?P=tag)\s*>")
"""Copied from a page: its formulas in elements for programs, or the signs as it shows them."""
_DEFINED: Final = re.compile(
    r"(?<![\\\w$])(?:[A-Za-z]\w*(?:\([a-z]\))?'?\s*=\s*)\\begin\{(cases|[pbvBV]?matrix)\}.*?\\end\{\1\}", re.S
)
"""A name that is set equal to an environment of LaTeX, typed without dollar signs."""
_SIZES: Final = re.compile(r"\\(?:left|right|big|Big|displaystyle)(?![A-Za-z])\s*")
_COMPUTING: Final = frozenset(
    """is compute calculate evaluate find of simplify solve equals factor expand determine add subtract""".split()  # noqa: SIM905
)
_RANGES: Final = frozenset(
    """pages page ages age from between years year grades grade rooms room numbers lines line chapters chapter pp p
    ch score won by won lost games exercises exercise problems problem questions question season""".split()  # noqa: SIM905
)
_OF_RATIOS: Final = frozenset(("ratio", "proportion", "verhältnis", "rapport", "is", "as", "and", "of", "that", "if"))
_TELLS_FORMULA: Final = frozenset(
    ("squared", "cubed", "choose", "root", "Wurzel", "Quadratwurzel", "Kubikwurzel", "racine")
)
_SINGLE: Final = frozenset((r"\pi", r"\theta", r"\infty"))
_NAMED: Final = frozenset("fghFGHPpquvsryTan")


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that was found in what is typed.

    Attributes:
        source: As typed.
        latex: As read.
    """

    source: str
    latex: str


@dataclass(frozen=True, slots=True)
class Typed:
    """How a text was read.

    Attributes:
        text: The same text with its formulas between dollar signs.
        formulas: Those that were found, in order.
        doubtful: Numbers with a comma that may be a decimal, or two numbers; they are as typed.
        apart: Lines whose formula has fallen apart, as text from a PDF does; they are as typed.
    """

    text: str
    formulas: tuple[Formula, ...] = ()
    doubtful: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()

    def sentence(self) -> str:
        """How it was read, in a line for the user; empty where everything is as typed and nothing is in doubt."""
        remark = ""
        if self.doubtful:
            number = self.doubtful[0]
            first, _, second = number.partition(",")
            remark = f"{number} stays: write {first}.{second}, or {first}; {second} for two numbers"
        elif self.apart:
            line = self.apart[0] if len(self.apart[0]) <= _LONGEST_SHOWN else f"{self.apart[0][:_LONGEST_SHOWN]}\u2026"
            remark = f"{line} stays as it is: powers, fractions and bounds have lost their places, type them"
        if not self.formulas:
            return remark
        shown = "; ".join(plain(f"${f.latex}$") for f in self.formulas[:SHOWN])
        more = len(self.formulas) - SHOWN
        read = f"Read as: {shown}" + (f"; and {more} more" if more > 0 else "")
        return f"{remark}. {read}" if remark else read  # the doubt first: the line may be too short for both


def read_typed(text: str) -> Typed:
    """Read what a student typed or pasted.

    Args:
        text: Plain text, perhaps with LaTeX between dollar signs, or MathML.
    """
    if len(text) > LONGEST or not text.strip():
        return Typed(text)
    formulas: list[Formula] = []
    apart: list[str] = []
    as_typed = text
    text = _MARKUP.sub(lambda m: text_of_html(m[0]), text)
    if "$" not in text:
        text = with_pieces(_DEFINED.sub(r"$\g<0>$", text), latex_of)
    read, at = "", 0
    for foreign in _FOREIGN.finditer(text):
        read += _read_segments(text[at : foreign.start()], formulas, apart) + foreign[0]
        at = foreign.end()
    read += _read_segments(text[at:], formulas, apart)
    if formulas and sum(segment.kind != "text" for segment in split(read).segments) < len(formulas):
        return Typed(as_typed)  # a dollar sign that stands alone would pair with those of the formulas
    prose = "\n".join(segment.source for segment in split(text).segments if segment.kind == "text")
    return Typed(read, tuple(formulas), doubtful(prose), tuple(apart))


@lru_cache(maxsize=64)
def typeset(text: str) -> str:
    """A text that is shown again and again, with its formulas between dollar signs; a letter alone stays one."""
    return read_typed(text).text if len(text.strip()) > 1 else text


def _read_segments(text: str, formulas: list[Formula], apart: list[str]) -> str:
    out = []
    segments = split(text).segments
    for n, segment in enumerate(segments):
        if segment.kind == "text":
            before, behind = _BESIDE * (n > 0), _BESIDE * (n < len(segments) - 1)
            prose = _read_prose(f"{before}{segment.source}{behind}", formulas, apart)
            out.append(prose.removeprefix(before).removesuffix(behind))
        else:
            out.append(segment.raw)
    return "".join(out)


_FOREIGN: Final = re.compile(r"\[asy\].*?\[/asy\]|\\begin\{tabular\}.*?\\end\{tabular\}", re.S)
"""Programs and tables inside a text: what stands in them is no formula of the prose."""
_LONGEST_SHOWN: Final = 24
_BESIDE: Final = "\ufffc"
"""Stands for a formula in dollar signs beside prose: "A" before "$90^\\circ$ rotation" is not alone in its line."""
_ARTICLE: Final = re.compile(
    r"\b(?:the|an?|das|den|der|la)[ ]+(?:(?:definite|indefinite|infinite|finite)[ ]+)?$|\bl['\u2019]$", re.I
)


def latex_of(line: str) -> str | None:
    """The LaTeX of a line that is one formula as a whole; None if it is something else."""
    signs = _SIZES.sub("", normalized(once(line)).strip().strip("$").strip())
    found = tokens(signs)
    parser = FormulaParser(found)
    try:
        latex = parser.chain()
    except NoFormula:
        return None
    return latex if parser.at == len(found) else None


_MOST_WORDS: Final = 24


def once(text: str) -> str:
    """The LaTeX source of a formula that was copied from a KaTeX page as three texts in a row.

    Such a page offers the formula's signs, its source and its signs again: ``x2−5x^2-5x2−5``.
    """
    lines = text.split("\n")
    if len(lines) > 2 and all(len(line.strip()) < 80 for line in lines):
        whole = _once("".join(lines))
        if whole is not None:
            return whole
    return "\n".join(_once(line) or _once_inside(line) for line in lines)


def _once_inside(line: str) -> str:
    """A line of prose with the formulas in it that were copied so; their source may have white space."""
    if not any(c in line for c in "^\\_{"):
        return line
    words, out, k = line.split(" "), [], 0
    while k < len(words):
        end = next((end for end in range(min(len(words), k + _MOST_WORDS), k, -1) if _is_thrice(words[k:end])), k)
        out.append(_once_word(" ".join(words[k:end])) if end > k else words[k])
        k = max(end, k + 1)
    return " ".join(out)


def _is_thrice(words: list[str]) -> bool:
    """Whether some words are a formula that was copied so; what begins like prose is not looked at."""
    run = " ".join(words)
    if len(run) < 9 or "$" in run or run.count(words[0][:1]) < 3 or re.fullmatch(r"[A-Za-z]{2,}[.,:;?!]?", words[0]):
        return False
    return any(c in run for c in "^\\_{") and _once_word(run) != run


def _once_word(word: str) -> str:
    bare = word.rstrip(".,;:?!")
    found = _once(bare)
    return word if found is None else found + word[len(bare) :]


def _once(line: str) -> str | None:
    squeezed = normalized(line).strip()
    size = len(squeezed)
    if not 6 <= size <= 600 or not any(c in squeezed for c in "^\\_{"):
        return None
    for end in range(1, size // 2):
        first = _signs(squeezed[:end])
        if not first or _signs(squeezed[-end:])[-1:] != first[-1:]:
            continue
        for start in range(size - 1, end + len(first) - 1, -1):
            last = _signs(squeezed[start:])
            if len(last) > len(first):
                break
            middle = squeezed[end:start]
            if (
                last == first
                and len(first) > 1
                and any(c in middle for c in "^\\_{")
                and _signs(_bare(middle)) == first
            ):
                return f"${middle.strip()}$"
    return None


def _signs(text: str) -> str:
    return "".join(text.split()).replace("−", "-")


_COMMANDS: Final = {
    r"\cdot": "⋅", r"\times": "×", r"\div": "÷", r"\le": "≤", r"\leq": "≤", r"\ge": "≥", r"\geq": "≥", r"\ne": "≠",
    r"\neq": "≠", r"\pm": "±", r"\int": "∫", r"\sum": "∑", r"\prod": "∏", r"\infty": "∞", r"\to": "→", r"\in": "∈",
    r"\circ": "∘", r"\cup": "∪", r"\cap": "∩", **{rf"\{name}": sign for sign, name in GREEK_SIGNS.items()},
}  # fmt: skip


def _bare(latex: str) -> str:
    """The signs of a formula in the order in which a page shows them."""
    text = re.sub(r"\\[,;:! ]|\\(?:left|right)(?![a-zA-Z])", "", latex)
    text = re.sub(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}", r"\1\2", text)
    text = re.sub(r"\\sqrt\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\\[a-zA-Z]+", lambda m: _COMMANDS.get(m[0], m[0][1:]), text)
    return re.sub(r"[\^_{}]", "", text)


def _read_prose(text: str, formulas: list[Formula], apart: list[str]) -> str:
    signs = _SIZES.sub("", normalized(once(text)))
    if "$" in signs and "$" not in text:
        return "".join(
            _formulas(s.source, formulas, apart) if s.kind == "text" else _kept(s.raw, s.source, formulas)
            for s in split(signs).segments
        )
    many = len(formulas)
    out = _formulas(signs, formulas, apart)
    return text if len(formulas) == many and is_rewritten(text) else out


def _kept(raw: str, source: str, formulas: list[Formula]) -> str:
    formulas.append(Formula(raw, source))
    return raw


def _formulas(text: str, formulas: list[Formula], apart: list[str]) -> str:
    found = tokens(text)
    made, at = [], 0
    while at < len(found):
        if _begins_inside_word(found, at, text) or _names_the_next(found, at) or _is_announced(found, at):
            at += 1
            continue
        parser = FormulaParser(found, at)
        try:
            latex = parser.chain()
        except NoFormula:
            at += 1
            continue
        end = parser.at
        if latex.startswith("+") or not _is_formula(found, at, end, text):
            # A formula may still begin behind what was no formula, but not inside a compound or an amount.
            at = end if _is_compound(found, end, text) or end == at + 1 else _next(found, at, end)
            continue
        made.append((at, end, latex))
        at = end
    rows, kept = text.split("\n"), scattered(found, [(at, end) for at, end, _ in made], text)
    apart += [rows[k].strip() for k in sorted(kept)]
    out, last = "", 0
    for at, end, latex in made:
        if text.count("\n", 0, found[at].start) in kept:
            continue
        start, stop = _without_article(found[at], text, last), found[end - 1].end
        out += f"{text[last:start]}${latex}$"
        formulas.append(Formula(text[start:stop], latex))
        last = stop
    return out + text[last:]


def _without_article(first: Token, text: str, last: int) -> int:
    """Where a formula begins whose sign is said as a noun: "the integral of" is all of it the integral's sign."""
    article = _ARTICLE.search(text, last, first.start) if first.kind == "big" else None
    return article.start() if article else first.start


def _next(found: list[Token], at: int, end: int) -> int:
    """Where to look on after a rejected formula: behind its first token if that is an article, else behind it."""
    return at + 1 if found[at].text in ("a", "A", "I") else end


def _begins_inside_word(found: list[Token], at: int, text: str) -> bool:
    """Whether a letter or digit stands directly before: part of a name like H2O, or behind a hyphen of a word."""
    start = found[at].start
    if start and (text[start - 1].isalnum() or text[start - 1] == "_") and found[at].run == 0:
        return at > 0 and found[at - 1].kind in ("word", "opaque", "num", "var")
    sign = found[at - 1] if at > 1 else None
    if sign is not None and not found[at].spaced and not sign.spaced:
        hangs = sign.text in ("-", "/", "^", "_") or (sign.kind == "op" and sign.text != " : ")
        return hangs and found[at - 2].kind in ("word", "opaque")
    return False


def _names_the_next(found: list[Token], at: int) -> bool:
    """Whether a word only says what the sign behind it is: "the integral ∫ x dx", "the integral of ∫ x dx"."""
    word = found[at]
    behind = next((t for t in found[at + 1 : at + 3] if t.text.lower() != "of"), None)
    if behind is None or word.kind != "big" or word.end - word.start < 2:
        return False
    return (behind.kind, behind.text) == (word.kind, word.text)


def _is_announced(found: list[Token], at: int) -> bool:
    """Whether a letter only says what is looked for: "find x : 2x + 3 = 7", with a space before the colon."""
    behind = [(t.kind, t.text, t.spaced) for t in found[at + 1 : at + 3]]
    if found[at].kind != "var" or not at or found[at - 1].kind != "word" or found[at - 1].text.lower() in _OF_RATIOS:
        return False
    return len(behind) == 2 and behind[0] == ("op", " : ", True) and behind[1][2]


def _is_compound(found: list[Token], end: int, text: str) -> bool:
    """Whether the formula goes on as a word: "x-axis", "3-digit", "2nd"."""
    if end >= len(found):
        return False
    after = found[end]
    if not after.spaced and after.kind in ("word", "var", "num", "opaque", "big", "func"):
        return True
    behind = found[end + 1] if end + 1 < len(found) else None
    return (
        behind is not None
        and after.text in ("-", "/")
        and not after.spaced
        and not behind.spaced
        and behind.kind in ("word", "opaque", "big", "func")
    )


def _is_formula(found: list[Token], at: int, end: int, text: str) -> bool:
    """Whether tokens that can be read as a formula are meant as one."""
    inside = found[at:end]
    if _is_compound(found, end, text) or any(t.kind == "opaque" for t in inside) or _is_cut(found, at, end, text):
        return False
    alone = _is_alone(found, at, end, text)
    if any(_is_typed_index(t, text) for t in inside) and not _joins_indexed(inside, alone):
        return False
    if len(inside) == 1:
        return inside[0].text in _SINGLE or inside[0].kind == "frac" or (alone and inside[0].kind in ("var", "greek"))
    kinds = {t.kind for t in inside}
    if kinds & {"rel", "sup", "root", "func", "big", "raw", "frac"}:
        return not _is_article(found, at, inside)
    signs = {t.text for t in inside if t.kind == "sign"}
    if signs & {"^", "_", "°"} or any(t.text in _TELLS_FORMULA for t in inside):
        return True
    operators = [t for t in inside if t.kind == "op"]
    if "!" in signs:
        return alone or bool(operators) or _before(found, at) in _COMPUTING or _followed(found, end)
    if "'" in signs:
        return inside[0].text in _NAMED and len(inside) > 2
    if "greek" in kinds or "bar" in kinds:
        return True
    if operators:
        return _is_operation(found, at, end, alone)
    return _is_juxtaposed(inside, alone)


def _is_typed_index(token: Token, text: str) -> bool:
    return token.kind == "sub" and text[token.start].isascii()


def _joins_indexed(inside: list[Token], alone: bool) -> bool:
    """Whether letters with a number behind them are calculated with: "x1 + x2", not "A4" or "rooms B1-B4"."""
    signs = {t.text for t in inside if t.kind in ("op", "rel")}
    if signs <= {"-", "/", " : "} and all(t.text.isupper() for t in inside if t.kind == "var"):
        return alone and bool(signs)
    return bool(signs)


def _is_cut(found: list[Token], at: int, end: int, text: str) -> bool:
    """Whether it is a part of something longer that cannot be read: an operator stands before it, or behind it."""
    after = found[end] if end < len(found) else None
    if after is not None:
        behind = found[end + 1] if end + 1 < len(found) else None
        if after.kind == "comma" and not after.spaced and behind is not None and behind.kind == "num":
            return not behind.spaced and found[end - 1].kind == "num"
        if (
            after.kind == "comma"
            and not after.spaced
            and behind is not None
            and behind.kind == "var"
            and not behind.spaced
        ):
            third = found[end + 2] if end + 2 < len(found) else None
            return found[end - 1].kind == "var" and (third is None or third.kind not in ("rel", "open"))
        if after.kind in ("dots", "sup", "sub") and not after.spaced:
            return True
        if after.kind == "var" and behind is not None and behind.kind == "num" and not behind.spaced:
            return True  # "G m123": a letter with such a number is not read
        if after.kind == "opaque" and found[end - 1].text in ("x", "X") and found[end - 1].spaced:
            return found[end - 2 if end > 1 else 0].kind == "num" and text[after.start].isdigit()  # "5 x 4 m"
        if after.kind == "sign" and after.text in "^_" and not after.spaced:
            return True
        if after.kind in ("op", "rel") and after.text not in ("-", " : ") and behind is not None:
            prose = behind.kind == "word" or (behind.kind == "other" and behind.text == "\n")
            return not prose and not (after.text.strip() == r"\cdot" and not behind.spaced)
    before = found[at - 1] if at else None
    if before is not None and before.text in ("Σ", "Π", "∇", "∂", r"\Sigma"):
        return True
    if before is None or before.kind not in ("op", "rel") or before.text in ("-", " : "):
        return bool(before is not None and before.text == "-" and not before.spaced and not found[at].spaced)
    first = found[at - 2] if at > 1 else None
    at_start = first is None or "\n" in text[first.end : before.start] or first.text == "\n"
    return not at_start and first is not None and (first.kind not in ("word", "other") or first.text in "∇Σ∑")


def _is_article(found: list[Token], at: int, inside: list[Token]) -> bool:
    """Whether "a" or "I" is a word: "a sin x curve"."""
    second = inside[1]
    return inside[0].text in ("a", "A", "I") and second.spaced and second.kind in ("func", "var", "num", "root")


def _is_alone(found: list[Token], at: int, end: int, text: str) -> bool:
    """Whether there is nothing else in its line but signs."""
    start, stop = found[at].start, found[end - 1].end
    before = text[text.rfind("\n", 0, start) + 1 : start]
    cut = text.find("\n", stop)
    after = text[stop : cut if cut >= 0 else len(text)]
    return not re.search(r"[^\s.,:;?!]", before + after)


def _before(found: list[Token], at: int) -> str:
    return found[at - 1].text.lower() if at else ""


def _followed(found: list[Token], end: int) -> bool:
    return end < len(found) and found[end].kind in ("rel", "op")


def _is_operation(found: list[Token], at: int, end: int, alone: bool) -> bool:
    inside = found[at:end]
    operators = [t for t in inside if t.kind == "op"]
    names = [t.text for t in inside if t.kind == "var"]
    texts = {t.text for t in operators}
    if texts == {" : "}:
        return False  # a ratio reads well as typed
    if texts - {"-", "/", " : "}:
        return True
    spaced = all(t.spaced and _spaced_after(found, t) for t in operators)
    if any(t.kind == "open" for t in inside):
        return True
    if "-" in texts and not names:
        cue = _before(found, at)
        if inside[0].kind == "op" and len(operators) == 1:
            return alone or cue in _COMPUTING  # a negative number
        return alone or cue in _COMPUTING or (spaced and cue not in _RANGES and texts == {"-"}) or "/" in texts
    if texts == {"/"} and names:
        return alone or not all(n.isupper() for n in names)
    if names and all(n.isupper() for n in names):
        return alone or spaced
    return True


def _spaced_after(found: list[Token], token: Token) -> bool:
    k = found.index(token) + 1
    return k < len(found) and found[k].spaced


def _is_juxtaposed(inside: list[Token], alone: bool) -> bool:
    first, second = inside[0], inside[1]
    if second.kind == "open" and not second.spaced:
        return (
            first.text in _NAMED
            or any(t.kind == "comma" for t in inside)
            or (first.kind == "num" and len(inside) > 4)
            or alone
        )
    if first.kind == "open":
        return (alone and len(inside) > 3) or (
            any(t.kind == "comma" for t in inside) and (first.text != "(" or _is_tuple(inside))
        )
    if first.kind == "num" and second.kind == "var":
        return alone or second.text in "xyz" or len(inside) > 2
    return alone or any(t.run for t in inside)


def _is_tuple(inside: list[Token]) -> bool:
    return any(t.kind == "num" for t in inside) or all(t.kind in ("var", "open", "close", "comma") for t in inside)
