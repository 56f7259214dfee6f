"""Reads one expression: LaTeX, or the plain text that is close to it.

A recursive descent over a small language, written here because the general LaTeX grammars that exist accept a
*prefix* of what they do not understand ("1,-2" becomes 1), know no matrices, units or Python, and take 30 to 60 ms
for each answer. Nothing is evaluated and nothing is guessed: what is not understood to its last token has no reading.

Longer than most files here because the grammar is one recursion: its levels call each other in a ring.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from tutor_app.adapters.grading.environments import EnvironmentReader
from tutor_app.adapters.grading.lexer import FUNCTIONS, GREEK, RELATIONS, Token, tokens
from tutor_app.adapters.grading.solution_sets import without_points
from tutor_app.adapters.grading.terms import (
    INFINITY,
    MINUS_ONE,
    ONE,
    Based,
    Both,
    Call,
    Constant,
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
    root,
    total,
    walk,
)
from tutor_app.adapters.grading.units import SCALES

MAX_DEPTH: Final = 60
_DECORATIONS: Final = frozenset(
    {
        r"\overline", r"\vec", r"\hat", r"\bar", r"\mathbf", r"\boldsymbol", r"\bm", r"\mathit", r"\mathsf",
        r"\mathcal", r"\boxed", r"\fbox", r"\underline", r"\overrightarrow", r"\widehat", r"\tilde", r"\mathbb",
    }
)  # fmt: skip
_FRACTIONS: Final = frozenset((r"\frac", r"\dfrac", r"\tfrac", r"\cfrac", r"\nicefrac", r"\sfrac"))
_CLOSERS: Final = {"(": (")", "]"), "[": (")", "]"), r"\{": (r"\}",), "{": ("}",), "|": ("|",)}
_FUNCTION_NAME: Final = re.compile(r"[fgh](?:_[a-z]{1,3})?'*(?:\^-1)?|P'*")
_DEGREE: Final = frozenset((r"\circ", r"\degree"))


def read_prefix(text: str) -> Term:
    """As much of a text as is one expression, letters as variables; for the published grader, which stops there.

    Raises:
        Unreadable: If not even the beginning can be read.
    """
    return Parser(tokens(text, words=False)).prefix()


class Parser(EnvironmentReader):
    """Recursive descent over the tokens of one answer."""

    def __init__(self, found: list[Token], *, signs_inside: bool = True) -> None:
        """Read tokens.

        Args:
            found: From :func:`~tutor_app.adapters.grading.lexer.tokens`.
            signs_inside: Whether a plus-minus sign in brackets stands for two values there, or for two answers.
        """
        super().__init__(found)
        self._signs_inside = signs_inside
        self._depth = 0
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
            elif self._take("/", r"\div"):
                value, whole = quotient(value, self._signed()), None
            elif self._starts_atom(token):
                follows = self._power()
                if whole is not None and token.text in _FRACTIONS and _is_proper(follows):
                    value = total_number(whole, follows)
                else:
                    value = product(value, follows)
                whole = None
            else:
                return value

    def _signed(self) -> Term:
        """A factor, which after an operator may carry a sign."""
        sign = 1
        while self._peek().text in ("+", "-"):
            sign *= -1 if self._next().text == "-" else 1
        return self._power() if sign > 0 else negative(self._power())

    def _starts_atom(self, token: Token) -> bool:
        previous = self._tokens[self._at - 1]
        if token.kind in ("num", "based"):
            # "2 3" is no product; "x2" and ")2" are.
            return previous.kind not in ("num", "based", "text")
        if token.kind in ("name", "func", "const"):
            return True
        if token.kind == "op":
            return token.text in ("(", "{") or (token.text == "[" and previous.text not in (")", "]"))
        if token.kind == "cmd":
            return token.text in _FRACTIONS or token.text[1:] in _ATOM_COMMANDS or token.text in _DECORATIONS
        return False

    def _power(self) -> Term:
        base = self._atom()
        while True:
            if self._take("!"):
                base = Call("factorial", (base,))
            elif self._peek().text in ("^", "**") and self._peek().kind == "op":
                stars = self._next().text == "**"
                if self._degree_sign():
                    base = Degrees(base)
                    continue
                self._depth += 1
                if self._depth > MAX_DEPTH:
                    raise Unreadable("nested too deeply")
                base = Power(base, self._signed() if stars else self._exponent())
                self._depth -= 1
            elif self._peek().text in _DEGREE:
                self._at += 1
                base = Degrees(base)
            else:
                return base

    def _degree_sign(self) -> bool:
        if self._take(*_DEGREE):
            return True
        if self._peek().text == "{" and self._peek(1).text in _DEGREE and self._peek(2).text == "}":
            self._at += 3
            return True
        return False

    def _exponent(self) -> Term:
        if self._peek().text in ("-", "+"):
            return negative(self._exponent()) if self._next().text == "-" else self._exponent()
        if self._peek().text == "{":
            return self._tex_argument()
        value = self._atom()
        if self._peek().text == "^" and self._peek(1).text not in _DEGREE:
            self._at += 1
            value = Power(value, self._exponent())
        return value

    # --- atoms -----------------------------------------------------------------------------------------------

    def _atom(self) -> Term:
        token = self._next()
        if token.kind == "num":
            return number(token.text)
        if token.kind == "based":
            digits, _, base = token.text.partition("_")
            return Based(digits, int(base.strip("{} ")))
        if token.kind == "const":
            return Constant(token.text)
        if token.kind == "name":
            return self._name(token.text)
        if token.kind == "func":
            return self._function(FUNCTIONS[token.text], token.text)
        if token.kind == "text":
            return Words(token.text.strip(" :"), marked=True)
        if token.kind == "op" and token.text in ("(", "[", "{", "|"):
            return self._bracketed(token.text)
        if token.kind == "cmd":
            return self._command(token.text)
        raise Unreadable(f"unexpected {token.text!r}" if token.text else "ends too early")

    def _name(self, name: str) -> Term:
        if name == "e":
            return Constant("e")
        if name == "i":
            return Constant("i")
        if self._peek().text == "_":
            self._at += 1
            name = f"{name}_{self._subscript()}"
        if name in ("f", "g", "h") and self._is_inverse():
            self._at += 5 if self._peek(1).text == "{" else 3
            name += "^-1"
        if _FUNCTION_NAME.fullmatch(name) and self._peek().text == "(":
            self._at += 1
            inside = self._list((")",))
            self._expect(")")
            return Call(name, inside.items if isinstance(inside, Group) and not inside.brackets else (inside,))
        return Symbol(name)

    def _is_inverse(self) -> bool:
        """Whether the exponent -1 and an argument follow, as in the name of an inverse function."""
        following = "".join(self._peek(k).text for k in range(6))
        return following.startswith(("^-1(", "^{-1}("))

    def _subscript(self) -> str:
        if self._take("{"):
            parts = []
            while not self._take("}"):
                if self._peek().kind == "end":
                    raise Unreadable("a brace without its partner")
                parts.append(self._next().text)
            return "".join(parts)
        return self._next().text

    def _bracketed(self, opening: str) -> Term:
        closers = _CLOSERS[opening]
        if opening in ("{", r"\{", "[") and self._take(*closers):
            if opening == "{":
                raise Unreadable("an empty group")
            return Group((), "{}")
        inside = self._list(closers)
        closing = self._expect(*closers)
        if opening == "|":
            return Call("abs", (inside,))
        several = isinstance(inside, Group) and not inside.brackets
        if opening in ("{", r"\{"):
            if opening == r"\{" or several:
                return Group(inside.items if isinstance(inside, Group) and several else (inside,), "{}")
            return inside
        if isinstance(inside, Group) and several:
            return Group(inside.items, opening + closing)
        if opening == "[" and closing == "]":
            # Of one value: brackets for grouping, or a list of one; the comparison lets a group of one be its item.
            return Group((inside,), "[]") if isinstance(inside, Group) else inside
        if opening != "(" or closing != ")":
            raise Unreadable("brackets that do not match")
        return inside

    def _function(self, name: str, written: str) -> Term:
        if name in ("sqrt", "cbrt"):
            index: Term | None = None if name == "sqrt" else integer(3)
            if self._peek().text == "[":
                self._at += 1
                index = self._list(("]",))
                self._expect("]")
            return root(self._tex_argument() if self._peek().text == "{" else self._power(), index)
        base: Term | None = integer(10) if name == "log10" else None
        if name == "log10":
            name = "log"
        exponent: Term | None = None
        while self._peek().text in ("_", "^"):
            if self._next().text == "_":
                base = self._tex_argument()
            else:
                exponent = self._exponent()
        if exponent == MINUS_ONE and name in ("sin", "cos", "tan"):
            name, exponent = f"a{name}", None
        args = self._arguments()
        if base is not None:
            args = (*args, base)
        if name == "cis" and len(args) == 1:
            value: Term = Power(Constant("e"), product(Constant("i"), args[0]))
        elif name == "exp":
            value = Power(Constant("e"), args[0])
        elif name in ("max", "min", "gcd", "lcm") or len(args) == 1 or (name == "log" and len(args) == 2):
            value = Call(name, args)
        else:
            raise Unreadable(f"{written} of several values")
        return value if exponent is None else Power(value, exponent)

    def _arguments(self) -> tuple[Term, ...]:
        if self._take("("):
            inside = self._list((")",))
            self._expect(")")
            return inside.items if isinstance(inside, Group) and not inside.brackets else (inside,)
        # \sin 3x: numbers, variables and fractions up to the next operator or function
        value = self._signed()
        while self._starts_atom(self._peek()) and self._peek().kind in ("num", "name", "const", "cmd"):
            if self._peek().text[1:] in FUNCTIONS and self._peek().text != r"\sqrt":
                break
            value = product(value, self._power())
        return (value,)

    def _tex_argument(self) -> Term:
        """What TeX takes as one argument: a brace group, or a single token, of a number its first digit."""
        token = self._peek()
        if token.kind == "num" and len(token.text) > 1 and token.text[0] != ".":
            self._tokens[self._at] = Token("num", token.text[1:])
            return number(token.text[0])
        if self._take("{"):
            inside = self._list(("}",))
            self._expect("}")
            return Group(inside.items, "{}") if isinstance(inside, Group) and not inside.brackets else inside
        return self._atom()

    def _command(self, command: str) -> Term:
        name = command[1:]
        if command in _FRACTIONS:
            above = self._tex_argument()
            return quotient(above, self._tex_argument())
        if name in FUNCTIONS:
            if name == "sqrt":
                index: Term | None = None
                if self._take("["):
                    index = self._list(("]",))
                    self._expect("]")
                return root(self._tex_argument(), index)
            return self._function(FUNCTIONS[name], name)
        if name in ("pi", "infty"):
            return Constant("pi" if name == "pi" else "oo")
        if name in GREEK:
            return self._name(name)
        if command in _DECORATIONS:
            if name == "mathbb" and self._peek(1).text == "R":
                self._tex_argument()
                return Group((negative(INFINITY), INFINITY), "()")
            return self._tex_argument()
        if name in ("binom", "dbinom", "tbinom"):
            return Call("binomial", (self._tex_argument(), self._tex_argument()))
        if command == r"\{":
            return self._bracketed(command)
        if name in ("emptyset", "varnothing"):
            return Group((), "{}")
        if name in ("lvert", "vert"):
            return self._until("abs", r"\rvert" if name == "lvert" else r"\vert")
        if name in ("lfloor", "lceil"):
            return self._until("floor" if name == "lfloor" else "ceiling", rf"\r{name[1:]}")
        if name == "begin":
            return self._matrix()
        raise Unreadable(f"the command {command}")

    def _until(self, name: str, closer: str) -> Term:
        inside = self._list((closer,))
        self._expect(closer)
        return Call(name, (inside,))


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
_ATOM_COMMANDS: Final = frozenset(
    {"pi", "infty", "binom", "dbinom", "tbinom", "lvert", "lfloor", "lceil", "begin", "{"} | set(FUNCTIONS) | GREEK
)


def check(term: Term) -> None:
    """Refuse arithmetic with what is no number, such as a product of a variable and a list."""
    for part in walk(term):
        if isinstance(part, Sum | Product | Power | Degrees) and any(isinstance(c, _COMPOSITE) for c in children(part)):
            raise Unreadable("arithmetic with what is no number")


def number(text: str) -> Number:
    """A number as written, decimals with their precision."""
    mantissa, _, exponent = text.lower().partition("e")
    scale = int(exponent or 0)
    if "." not in mantissa:
        return Number(Fraction(int(mantissa)) * Fraction(10) ** scale)
    whole, _, places = mantissa.partition(".")
    value = Fraction(int((whole + places) or "0"), 10 ** len(places)) * Fraction(10) ** scale
    digits = len((whole + places).lstrip("0"))
    return Number(value, len(places) - scale, digits) if places else Number(value)


def total_number(whole: Number, fraction: Term) -> Term:
    """A mixed number."""
    assert isinstance(fraction, Number)
    return Number(whole.value + fraction.value)


def _is_proper(term: Term) -> bool:
    return isinstance(term, Number) and term.places is None and 0 < term.value < ONE.value
