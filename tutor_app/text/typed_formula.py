r"""From signs to LaTeX: the longest formula that begins at a token, by a recursive descent that never guesses.

``1/2`` is a fraction, ``x^2y`` is :math:`x^2 y`, ``3 1/2`` a mixed number. Where an operator has no right side the
formula ends before it. Nothing is evaluated.
"""

from __future__ import annotations

from typing import Final

from tutor_app.text.typed_cursor import MAX_DEPTH, Factor, NoFormula, joined
from tutor_app.text.typed_limits import BoundedParser
from tutor_app.text.typed_tokens import FUNCTIONS, Token

_THIN: Final = r"\,"
_APPLIED: Final = frozenset("fghpqrFGHPQ")
"""Letters that, right in front of a bracket, are a function as a rule."""
_SIGNS: Final = frozenset(("+", "-", r" \pm ", r" \mp "))


class FormulaParser(BoundedParser):
    """Reads formulas from tokens; :meth:`chain` is the entrance.

    Args:
        tokens: Of the whole text.
        at: Where to begin.
    """

    # -- relations, sums, products ------------------------------------------------------------------------------

    def chain(self) -> str:
        """Sides with relations between them.

        Raises:
            NoFormula: If no formula begins here.
        """
        sides, relations = self.sides()
        out = sides[0]
        for relation, side in zip(relations, sides[1:], strict=True):
            out += f" {relation}\\ ?" if side == "?" else f" {relation} {side}"
        return out + (self._modulus() if r"\equiv" in relations else "")

    def _modulus(self) -> str:
        """The "(mod n)" behind a congruence; empty if there is none."""
        start = self.at
        if self._is("open", "("):
            self.at += 1
            if self._word("mod") and (modulus := self._tried(self.total)) is not None and self._is("close", ")"):
                self.at += 1
                return rf" \pmod{{{modulus}}}"
        self.at = start
        return ""

    def sides(self) -> tuple[list[str], list[str]]:
        """Sides, and the relations between them.

        Raises:
            NoFormula: If no formula begins here.
        """
        sides = [self.total()]
        relations: list[str] = []
        while self._is("rel"):
            start = self.at
            relation = self._take("rel").text
            if self._is("sign", "?"):
                self.at += 1
                return [*sides, "?"], [*relations, relation]
            side = self._tried(self.total)
            if side is None or (len(side) == 1 and side.isalpha() and self._is("open", "(") and not self._spaced()):
                self.at = start
                break
            sides.append(side)
            relations.append(relation)
        return sides, relations

    def total(self) -> str:
        """Terms added."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise NoFormula
        try:
            return self._total()
        finally:
            self._depth -= 1

    def _total(self) -> str:
        out = ""
        if self._is("op") and self._tokens[self.at].text in _SIGNS:
            out = self._take("op").text.strip()
            after = self._peek()
            if after is not None and after.spaced and self.at > 1 and not self._tokens[self.at - 1].spaced:
                raise NoFormula  # a hyphen or dash of the prose
            out += " " if out.startswith("\\") else ""
        out += self._term()
        while self._is("op") and self._tokens[self.at].text in (*_SIGNS, " : "):
            start = self.at
            sign = self._take("op").text
            if sign == " : " and not self._is_ratio(start):
                self.at = start
                break
            term = self._tried(self._term)
            if term is None:
                signed = self._tried(self._signed_term)
                if signed is None:
                    self.at = start
                    break
                term = f"({signed})" if signed.startswith("-") else signed
            out += f" {sign.strip()} {term}"
        return out

    def _is_ratio(self, colon: int) -> bool:
        """Whether a colon divides: there is white space on both of its sides, or on none."""
        after = self._peek()
        return after is not None and after.spaced == self._tokens[colon].spaced

    def _signed_term(self) -> str:
        sign = self._take("op", *_SIGNS).text.strip()
        return f"{sign}{self._term()}"

    def _term(self) -> str:
        done = ""
        run = [self._factor()]
        while True:
            start = self.at
            token = self._peek()
            if token is None:
                break
            if token.kind == "op" and token.text == "/":
                self.at += 1
                below = self._tried(self._whole_denominator if token.spaced else self._denominator)
                if below is None:
                    self.at = start
                    break
                above = run[0].bare if len(run) == 1 and run[0].bare else joined(run)
                if not token.spaced and run[-1].kind != "num":
                    below += self._rest_of_denominator(below)
                run = [Factor(rf"\frac{{{above.removeprefix(_THIN)}}}{{{below.removeprefix(_THIN)}}}")]
            elif (token.kind == "op" and token.text not in _SIGNS and token.text != " : ") or self._crosses(run[-1]):
                self.at += 1
                factor = self._tried_factor()
                if factor is None:
                    self.at = start
                    break
                sign = token.text if token.kind == "op" else r" \times "
                done += joined(run) + sign
                run = [factor]
            elif run and self._word("mod"):
                factor = self._tried_factor()
                if factor is None:
                    self.at = start
                    break
                done += joined(run) + r" \bmod "
                run = [factor]
            elif self._goes_on(run[-1]):
                factor = self._tried_factor()
                if factor is None:
                    self.at = start
                    break
                run.append(factor)
            else:
                break
        return done + joined(run + self._two_letters(run))

    def _two_letters(self, run: list[Factor]) -> list[Factor]:
        """Two letters at the end of a product that begins with a fraction: "1/2 b h"."""
        one, other, after = (self._peek(k) for k in range(3))
        ends = after is None or after.text in (".", ",", "?", "\n")
        if run[0].latex.startswith(r"\frac") and one is not None and other is not None and ends:
            letters = (one, other)
            if all(t.kind == "var" and t.spaced and len(t.text) == 1 and t.text != "a" for t in letters):
                return [self._factor(), self._factor()]
        return []

    def _spaced(self) -> bool:
        """Whether white space stands before the next token."""
        token = self._peek()
        return token is not None and token.spaced

    def _crosses(self, left: Factor) -> bool:
        """Whether an x between two numbers stands for "times": 3 x 4."""
        if left.kind != "num" or not self._is("var", "x", "X") or not self._is("num", ahead=1):
            return False
        return self._tokens[self.at].spaced == self._tokens[self.at + 1].spaced

    def _goes_on(self, left: Factor) -> bool:
        """Whether the next token is one more factor, with no sign between."""
        token = self._peek()
        if token is None:
            return False
        match token.kind:
            case "var":
                if not token.spaced:
                    return True
                if left.latex == r"\pi" and token.text in "knm":
                    return True  # "2 pi k"
                if left.kind not in ("num", "var", "group", "other"):
                    return False
                return self._is_factor_after_space(token, left)
            case "num":
                return self._is_mixed(left)
            case "open":
                if not token.spaced:
                    return token.text == "(" or left.kind == "other" or (left.kind == "num" and self._group_has_sign())
                applied = left.kind in ("num", "group", "other") and self._group_has_sign()
                return token.text == "(" and (applied or left.latex.startswith(r"\frac{d}{d"))
            case "greek" | "root" | "frac" | "raw" | "diff":
                return True
            case "func":
                return left.kind != "var" or not token.spaced or token.text in FUNCTIONS.values()
            case "bar":
                return not token.spaced and left.kind == "num"
            case _:
                return False

    def _is_factor_after_space(self, token: Token, left: Factor) -> bool:
        after = self._peek(1)
        operated = after is not None and (
            after.kind in ("op", "rel", "sup", "sub", "close", "greek", "func", "root")
            or (after.kind == "sign" and after.text in "^_")
        )
        second = self._peek(2)
        powered = second is not None and not second.spaced and (second.kind == "sup" or second.text == "^")
        if left.kind == "other" and after is not None and after.kind == "var" and after.spaced and powered:
            return True  # "1/2 g t^2"
        if token.run and left.latex.startswith(r"\frac"):
            return True  # "1/2 mv^2"
        if token.text in ("a", "A", "I"):
            return operated and left.kind != "var"
        if left.kind == "num" and (
            token.text in "xyzntk" or (token.text in "bcdpqrvw" and (after is None or after.kind == "other"))
        ):
            return True
        if left.kind == "other" and token.text in "hb" and (after is None or after.text in (".", ",", "\n", "?")):
            return True  # "pi r^2 h"
        return operated or (
            (after is None or (after.kind in ("diff", "var") and after.spaced)) and token.text in "xyzr"
        )

    def _group_has_sign(self) -> bool:
        """Whether the bracket that opens here holds an operator."""
        depth = 0
        for token in self._tokens[self.at : self.at + 60]:
            depth += (token.kind == "open") - (token.kind == "close")
            if token.kind == "op" and token.text != " : ":
                return True
            if token.kind in ("word", "other", "opaque") or not depth:
                return False
        return False

    def _tried_factor(self) -> Factor | None:
        start = self.at
        try:
            return self._factor()
        except NoFormula:
            self.at = start
            return None

    def _whole_denominator(self) -> str:
        """Behind a stroke with white space on both sides: all that is written together, "/ 2a"."""
        after = self._peek()
        if after is None or not after.spaced:
            return self._denominator()
        run = [self._factor()]
        while (
            (token := self._peek()) is not None and not token.spaced and token.kind in ("var", "greek", "open", "root")
        ):
            run.append(self._factor())
        return run[0].bare if len(run) == 1 and run[0].bare else joined(run)

    def _rest_of_denominator(self, below: str) -> str:
        """Letters right behind a number below what is no number itself: "(a+b)/2c", "3x/4y", but not "1/2x"."""
        rest: list[Factor] = []
        if not below.isdigit():
            return ""
        while (token := self._peek()) is not None and token.kind in ("var", "greek") and not token.spaced:
            rest.append(self._factor())
        return joined(rest)

    def _denominator(self) -> str:
        sign = "-" if self._is("op", "-") else ""
        if sign:
            self.at += 1
        start = self._peek()
        piece = self._factor()
        out = piece.bare or piece.latex
        after = self._peek()
        if (
            piece.kind == "var"
            and piece.latex in _APPLIED
            and after is not None
            and after.text == "("
            and not after.spaced
        ):
            return sign + piece.latex + self._factor().latex  # "f(x)/g(x)"
        if out == r"\partial":
            out = joined([Factor(out), self._factor()])
        # Letters that are written together are one denominator, "5/xy"; a number and a letter are not, "1/2x".
        while start is not None and start.run and (token := self._peek()) is not None and token.run == start.run:
            out = joined([Factor(out), self._factor()])
        return sign + out
