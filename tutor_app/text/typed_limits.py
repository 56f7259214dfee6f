"""Integrals, sums, products and limits of a typed formula, with their bounds in signs or in words."""

from __future__ import annotations

from tutor_app.text.typed_cursor import Factor, NoFormula, braced
from tutor_app.text.typed_factors import FactorParser


class BoundedParser(FactorParser):
    """Reads what is taken over a range or towards a point."""

    def _big(self, name: str) -> Factor:
        sign = self._peek()
        self.at += 1
        if name == "lim":
            return self._limit()
        low = high = ""
        while self._is("sign", "^", "_") or self._is("sub") or self._is("sup"):
            token = self._peek()
            assert token is not None
            self.at += 1
            if token.kind in ("sub", "sup"):
                script, below = token.text, token.kind == "sub"
            else:
                below = token.text == "_"
                script = self._signed_index() if below else self._script()
            low, high = (script, high) if below else (low, script)
        written = bool(low or high)
        start = self.at
        found = self._tried_bounds(name) if not written and self._from() else None
        if found is not None:
            low, high = found
            if not self._word("of") and self._is("word"):
                raise NoFormula
        else:
            self.at = start  # "von x^2 von 0 bis 3": the same word stands before both
            self._word("of")
        body = self.total()
        if not low and not high and self._from(named=name != "int"):
            low, high = self._bounds(name)
        if name != "int" and not low:
            raise NoFormula  # "the sum of 3 and 4" is prose
        if name == "int" and r"\,d" not in body and self._is("var", "d") and self._is("var", ahead=1):
            self.at += 1
            body += rf"\,d{self._take('var').text}"
        is_sign = sign is not None and sign.end - sign.start == 1
        if name == "int" and is_sign and not low and not high and _has_fallen_apart(body):
            raise NoFormula
        if name == "int" and r"\,d" not in body:
            body += rf"\,d{_variable_of(body)}"
        bounds = (f"_{braced(low)}" if low else "") + (f"^{braced(high)}" if high else "")
        return Factor(rf"\{name}{bounds} {body}")

    def _signed_index(self) -> str:
        sign = self._take("op").text if self._is("op", "-", "+") else ""
        return sign + self._index()

    def _from(self, *, named: bool = False) -> bool:
        """Take the word before bounds; those of a sum, which name their variable, may follow "for"."""
        token = self._peek()
        if token is not None and token.kind == "comma":
            return False
        return self._word("from") or (named and self._word("for"))

    def _tried_bounds(self, name: str) -> tuple[str, str] | None:
        try:
            return self._bounds(name)
        except NoFormula:
            return None

    def _bounds(self, name: str) -> tuple[str, str]:
        low = self.chain()
        if name != "int" and "=" not in low:
            raise NoFormula
        if not self._word("to"):
            raise NoFormula
        return low, self.total()

    def _limit(self) -> Factor:
        if self._is("sign", "_"):
            self.at += 1
            below = self._script()
            return self._limited(below)
        if self._is("open", "("):
            start = self.at
            group = self._group()
            if r"\to" in group.bare:
                return self._limited(group.bare)
            self.at = start
        self._word("as")
        below_or_none = self._tried(self._approach)
        if below_or_none is not None:
            self._word("of")
            return self._limited(below_or_none)
        self._word("of")
        body = self.total()
        self._word("as")
        below = self._approach()
        return Factor(rf"\lim_{{{below}}} {body}")

    def _limited(self, below: str) -> Factor:
        self._word("of")
        return Factor(rf"\lim_{{{below}}} {self.total()}")

    def _approach(self) -> str:
        name = self._take("var").text if self._is("var") else self._take("greek").text
        if self._is("rel", r"\to", r"\rightarrow"):
            self.at += 1
        elif not (self._word("approaches") or self._word("goes", "to") or self._word("tends", "to")):
            raise NoFormula
        sign = self._take("op").text if self._is("op", "-", "+") else ""
        point = self._factor().latex
        side = ""
        if self._is("op", "+", "-") and not self._tokens[self.at].spaced:
            after = self._peek(1)
            if after is not None and after.spaced:
                side = "^" + self._take("op").text
        return rf"{name} \to {sign}{point}{side}"


def _has_fallen_apart(body: str) -> bool:
    """Whether bounds may stand behind the sign of an integral like factors: ``∫ 0 1 x 2 dx``."""
    return body.startswith("0") or body.rstrip().isdigit()


def _variable_of(body: str) -> str:
    """The letter over which an integral goes when nobody says so."""
    letters = [c for k, c in enumerate(body) if c.isalpha() and not _in_command(body, k)]
    return "x" if "x" in letters or not letters else next((c for c in letters if c != "e"), "x")


def _in_command(text: str, at: int) -> bool:
    while at > 0 and text[at - 1].isalpha():
        at -= 1
    return at > 0 and text[at - 1] == "\\"
