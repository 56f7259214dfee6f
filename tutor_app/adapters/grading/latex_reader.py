"""Reads one expression: LaTeX, or the plain text that is close to it.

A recursive descent over a small language, written here because the general LaTeX grammars that exist accept a
*prefix* of what they do not understand ("1,-2" becomes 1), know no matrices, units or Python, and take 30 to 60 ms
for each answer. Nothing is evaluated and nothing is guessed: what is not understood to its last token has no reading.
"""

from __future__ import annotations

from typing import Final

from tutor_app.adapters.grading.latex_atoms import FRACTIONS, MAX_DEPTH, AtomReader
from tutor_app.adapters.grading.lexer import RELATIONS, Token, tokens
from tutor_app.adapters.grading.solution_sets import without_points
from tutor_app.adapters.grading.terms import (
    ONE,
    Both,
    Degrees,
    Group,
    Matrix,
    Number,
    Piecewise,
    Power,
    Product,
    Quantity,
    Ratio,
    Relation,
    Sum,
    Symbol,
    Term,
    Union,
    Unreadable,
    Words,
    children,
    integer,
    negative,
    product,
    quotient,
    total,
    walk,
)
from tutor_app.adapters.grading.units import SCALES


def read_prefix(text: str) -> Term:
    """As much of a text as is one expression, letters as variables; for the published grader, which stops there.

    Raises:
        Unreadable: If not even the beginning can be read.
    """
    return Parser(tokens(text, words=False)).prefix()


class Parser(AtomReader):
    """Recursive descent over the tokens of one answer."""

    def __init__(self, found: list[Token], *, signs_inside: bool = True) -> None:
        """Read tokens.

        Args:
            found: From :func:`~tutor_app.adapters.grading.lexer.tokens`.
            signs_inside: Whether a plus-minus sign in brackets stands for two values there, or for two answers.
        """
        super().__init__(found)
        self._signs_inside = signs_inside
        self._sign = 1
        self._two_signs = False

    def whole(self) -> Term:
        """The answer; every token must have been understood."""
        term = self._list(())
        if self._at < len(self._tokens):
            raise Unreadable(f"left over: {self._tokens[self._at].text!r}")
        return term

    def prefix(self) -> Term:
        """The expression at the beginning, whatever follows."""
        return self._sum()

    # --- levels, loosest first -------------------------------------------------------------------------------

    def _list(self, closers: tuple[str, ...]) -> Term:
        """Values up to a closing bracket (not consumed): one of them, or a group without brackets."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Unreadable("nested too deeply")
        items: list[Term] = []
        seps: set[str] = set()
        while True:
            while self._peek().kind == "sep":
                seps.add(self._next().text)
            token = self._peek()
            if token.kind == "end" or (token.kind in ("op", "cmd") and token.text in closers):
                break
            items.extend(self._either_sign())
            if self._peek().kind != "sep":
                break
        self._depth -= 1
        if not items:
            raise Unreadable("nothing where a value should be")
        if len(items) > 1 and (found := _joined(items, seps)) is not None:
            return found
        return items[0] if len(items) == 1 else Group(tuple(items))

    def _either_sign(self) -> list[Term]:
        """One value, or the two that a plus-minus sign stands for."""
        if self._depth > 1 and not self._signs_inside:
            return [self._union()]
        start, outer = self._at, (self._sign, self._two_signs)
        written = list(self._tokens)  # a number that a fraction took apart is whole again
        self._sign, self._two_signs = 1, False
        values = [self._union()]
        if self._two_signs:
            self._tokens, self._at, self._sign = written, start, -1
            values.append(self._union())
        self._sign, self._two_signs = outer
        return values

    def _union(self) -> Term:
        parts = [self._intersection()]
        while self._take(r"\cup"):
            parts.append(self._intersection())
        if self._take(r"\setminus", r"\backslash", r"\smallsetminus"):
            match parts[-1]:
                case Relation((*names, whole), ops) if ops[-1] == "in":
                    left = without_points(whole, self._relation())
                    parts[-1] = Relation((*names, left[0] if len(left) == 1 else Union(tuple(left))), ops)
                case whole:
                    parts[-1:] = without_points(whole, self._relation())
        if len(parts) == 1:
            return parts[0]
        match parts[0]:
            # "x \in A \cup B" belongs together as "x in (A u B)".
            case Relation((*names, first), ops) if ops[-1] == "in":
                return Relation((*names, Union((first, *parts[1:]))), ops)
            case _:
                return Union(tuple(parts))

    def _intersection(self) -> Term:
        parts = [self._relation()]
        while self._take(r"\cap"):
            parts.append(self._relation())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _relation(self) -> Term:
        members, ops = [self._member()], []
        while (token := self._peek()).text in RELATIONS and token.kind in ("op", "cmd"):
            self._at += 1
            ops.append(RELATIONS[token.text])
            members.append(self._member())
        bracketed = self._peek().text == "(" and self._peek(1).text in (r"\mod", r"\bmod")
        if bracketed or self._peek().text in (r"\pmod", r"\mod", r"\bmod"):
            if not ops:  # "3 (mod 7)" names no variable
                members, ops = [Words(""), *members], ["==mod"]
            self._at += 2 if bracketed else 1
            members.append(self._atom())
            ops.append("mod")
            if bracketed:
                self._expect(")")
        return Relation(tuple(members), tuple(ops)) if ops else members[0]

    def _member(self) -> Term:
        """A value with its currency sign before it or its unit behind it."""
        minus = self._peek().text == "-" and self._peek(1).text in ("$", r"\$")
        currency = False
        if minus:
            self._at += 1
        while self._take("$", r"\$"):
            currency = True
        value = self._ratio()
        unit = self._unit()
        if minus:
            value = negative(value)
        if currency and not (unit and unit.strip(" .").lower() in ("cent", "cents")):
            value = Quantity(product(integer(SCALES.get(unit.partition(" ")[0], 1)), value), "$")
        elif unit in ("degree", "degrees", "deg"):
            value = value if isinstance(value, Degrees) else Degrees(value)
        elif unit and not (unit in SCALES and not currency):
            scale, _, unit = unit.partition(" ") if unit.partition(" ")[0] in SCALES else ("", "", unit)
            value = Quantity(product(integer(SCALES[scale]), value) if scale else value, unit)
        elif unit:
            value = Quantity(value, unit)
        return value

    def _unit(self) -> str:
        words: list[str] = []
        while True:
            token = self._peek()
            if token.kind == "text":
                words.append(token.text)
                self._at += 1
            elif self._take("%", r"\%"):
                words.append("%")
            elif self._take("$", r"\$"):
                words.append("$")
            elif words and token.text == "^":
                self._at += 1
                power = self._tex_argument()
                if not isinstance(power, Number) or abs(power.value) not in (1, 2, 3):
                    raise Unreadable("a unit with that power")
                words[-1] += f"^{power.value}"
            elif token.text == "/" and self._peek(1).kind == "text":
                self._at += 1
                words.append("/")
            else:
                return " ".join(words)

    def _ratio(self) -> Term:
        members = [self._sum()]
        while self._take(":", r"\colon"):
            members.append(self._sum())
        return Ratio(tuple(members)) if len(members) > 1 else members[0]

    def _sum(self) -> Term:
        terms = []
        while True:
            sign = 1
            while (token := self._peek()).text in ("+", "-", r"\pm", r"\mp") and token.kind in ("op", "cmd"):
                self._at += 1
                if token.text in (r"\pm", r"\mp"):
                    self._two_signs = True
                    sign *= self._sign if token.text == r"\pm" else -self._sign
                elif token.text == "-":
                    sign = -sign
            term = self._product()
            terms.append(term if sign > 0 else negative(term))
            if self._peek().text not in ("+", "-", r"\pm", r"\mp"):
                return total(*terms)

    def _product(self) -> Term:
        start = self._at
        value = self._power()
        # A whole number right before a proper fraction is a mixed number.
        whole = value if self._at == start + 1 and isinstance(value, Number) and value.places is None else None
        while True:
            token = self._peek()
            if self._take("*", r"\cdot", r"\times", r"\ast"):
                value, whole = product(value, self._signed()), None
            elif token.text == "/" and self._peek(1).kind == "text":
                return value
            elif self._take("/"):
                value, whole = quotient(value, self._signed()), None
            elif self._take(r"\div"):
                value, whole = quotient(value, self._divisor()), None
            elif self._starts_atom(token):
                follows = self._power()
                if whole is not None and token.text in FRACTIONS and _is_proper(follows):
                    value = total_number(whole, follows)
                else:
                    value = product(value, follows)
                whole = None
            else:
                return value

    def _divisor(self) -> Term:
        """The divisor behind a sign of division: the slash of a fraction binds tighter, as in 3/4 ÷ 2/5."""
        value = self._signed()
        while self._peek(1).kind != "text" and self._take("/"):
            value = quotient(value, self._signed())
        return value

    def _signed(self) -> Term:
        """A factor, which after an operator may carry a sign."""
        sign = 1
        while self._peek().text in ("+", "-"):
            sign *= -1 if self._next().text == "-" else 1
        return self._power() if sign > 0 else negative(self._power())


def _joined(items: list[Term], seps: set[str]) -> Term | None:
    """Conditions joined by "or" or by "and"; None for a list of values."""
    if not all(isinstance(t, Relation) for t in items):
        return None
    unequal = any(isinstance(t, Relation) and "=" not in t.ops for t in items)
    names = {frozenset(part.name.partition("_")[0] for part in walk(t) if isinstance(part, Symbol)) for t in items}
    if "or" in seps and (unequal or len(names) > 1):
        return Union(tuple(items))
    if "and" in seps and unequal and "or" not in seps:
        return Both(tuple(items))
    return None


_COMPOSITE: Final = (Group, Union, Both, Piecewise, Relation, Ratio, Quantity, Words, Matrix)


def check(term: Term) -> None:
    """Refuse arithmetic with what is no number, such as a product of a variable and a list."""
    for part in walk(term):
        if isinstance(part, Sum | Product | Power | Degrees) and any(isinstance(c, _COMPOSITE) for c in children(part)):
            raise Unreadable("arithmetic with what is no number")


def total_number(whole: Number, fraction: Term) -> Term:
    """A mixed number."""
    assert isinstance(fraction, Number)
    return Number(whole.value + fraction.value)


def _is_proper(term: Term) -> bool:
    return isinstance(term, Number) and term.places is None and 0 < term.value < ONE.value
