"""Atoms of an expression, and their powers: numbers, names, brackets, functions and LaTeX commands."""

from __future__ import annotations

import re
from abc import abstractmethod
from fractions import Fraction
from typing import Final

from tutor_app.adapters.grading.environments import EnvironmentReader
from tutor_app.adapters.grading.lexer import FUNCTIONS, GREEK, Token
from tutor_app.adapters.grading.terms import (
    INFINITY,
    MINUS_ONE,
    Based,
    Call,
    Constant,
    Degrees,
    Group,
    Number,
    Power,
    Symbol,
    Term,
    Unreadable,
    Words,
    integer,
    negative,
    product,
    quotient,
    root,
)

MAX_DEPTH: Final = 60
_DECORATIONS: Final = frozenset(
    {
        r"\overline", r"\vec", r"\hat", r"\bar", r"\mathbf", r"\boldsymbol", r"\bm", r"\mathit", r"\mathsf",
        r"\mathcal", r"\boxed", r"\fbox", r"\underline", r"\overrightarrow", r"\widehat", r"\tilde", r"\mathbb",
    }
)  # fmt: skip
FRACTIONS: Final = frozenset((r"\frac", r"\dfrac", r"\tfrac", r"\cfrac", r"\nicefrac", r"\sfrac"))
_CLOSERS: Final = {"(": (")", "]"), "[": (")", "]"), r"\{": (r"\}",), "{": ("}",), "|": ("|",)}
_FUNCTION_NAME: Final = re.compile(r"[fgh](?:_[a-z]{1,3})?'*(?:\^-1)?|P'*")
_DEGREE: Final = frozenset((r"\circ", r"\degree"))
_ATOM_COMMANDS: Final = frozenset(
    {"pi", "infty", "binom", "dbinom", "tbinom", "lvert", "lfloor", "lceil", "begin", "{"} | set(FUNCTIONS) | GREEK
)


class AtomReader(EnvironmentReader):
    """Reads one atom, or a power of it; sums and products in it are the subclass's."""

    def __init__(self, found: list[Token]) -> None:
        super().__init__(found)
        self._depth = 0

    @abstractmethod
    def _signed(self) -> Term:
        """A power, or the negative of one."""

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
            return token.text in FRACTIONS or token.text[1:] in _ATOM_COMMANDS or token.text in _DECORATIONS
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
        if command in FRACTIONS:
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
