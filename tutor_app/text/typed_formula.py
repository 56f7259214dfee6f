r"""From signs to LaTeX: the longest formula that begins at a token, by a recursive descent that never guesses.

``1/2`` is a fraction, ``x^2y`` is :math:`x^2 y`, ``3 1/2`` a mixed number. Where an operator has no right side the
formula ends before it. Nothing is evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tutor_app.text.typed_tokens import FUNCTIONS, ROOTS, SHAPES, Token

MAX_DEPTH: Final = 40
_THIN: Final = r"\,"
_CLOSING: Final = {"(": ")", "[": "]", "{": "}"}
_SIGNS: Final = frozenset(("+", "-", r" \pm ", r" \mp "))
_WRAPPED: Final = frozenset((r"\frac", r"\dfrac", r"\tfrac", r"\binom"))


class NoFormula(Exception):
    """Here is none."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A factor.

    Attributes:
        latex: How it is written.
        bare: Inside of the brackets, if it is one pair of round brackets.
        kind: ``num``, ``var``, ``group``, ``func`` or ``other``.
    """

    latex: str
    bare: str = ""
    kind: str = "other"


class FormulaParser:
    """Reads formulas from tokens; :meth:`chain` is the entrance.

    Args:
        tokens: Of the whole text.
        at: Where to begin.
    """

    def __init__(self, tokens: Sequence[Token], at: int = 0) -> None:
        self._tokens = tokens
        self.at = at
        self._depth = 0

    # -- the tokens ---------------------------------------------------------------------------------------------

    def _peek(self, ahead: int = 0) -> Token | None:
        at = self.at + ahead
        return self._tokens[at] if at < len(self._tokens) else None

    def _is(self, kind: str, *texts: str, ahead: int = 0) -> bool:
        token = self._peek(ahead)
        return token is not None and token.kind == kind and (not texts or token.text in texts)

    def _take(self, kind: str, *texts: str) -> Token:
        token = self._peek()
        if token is None or not self._is(kind, *texts):
            raise NoFormula
        self.at += 1
        return token

    def _word(self, *words: str) -> bool:
        """Take the words if they follow."""
        for k, word in enumerate(words):
            token = self._peek(k)
            if token is None or token.kind not in ("word", "var", "big") or token.text.lower() != word:
                return False
        self.at += len(words)
        return True

    def _tried(self, read: Callable[[], str]) -> str | None:
        start = self.at
        try:
            return read()
        except NoFormula:
            self.at = start
            return None

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
        return out

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
            if side is None:
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
                above = run[0].bare if len(run) == 1 and run[0].bare else _joined(run)
                run = [Piece(rf"\frac{{{above.removeprefix(_THIN)}}}{{{below.removeprefix(_THIN)}}}")]
            elif (token.kind == "op" and token.text not in _SIGNS and token.text != " : ") or self._crosses(run[-1]):
                self.at += 1
                factor = self._tried_factor()
                if factor is None:
                    self.at = start
                    break
                sign = token.text if token.kind == "op" else r" \times "
                done += _joined(run) + sign
                run = [factor]
            elif self._goes_on(run[-1]):
                factor = self._tried_factor()
                if factor is None:
                    self.at = start
                    break
                run.append(factor)
            else:
                break
        return done + _joined(run)

    def _crosses(self, left: Piece) -> bool:
        """Whether an x between two numbers stands for "times": 3 x 4."""
        if left.kind != "num" or not self._is("var", "x", "X") or not self._is("num", ahead=1):
            return False
        return self._tokens[self.at].spaced == self._tokens[self.at + 1].spaced

    def _goes_on(self, left: Piece) -> bool:
        """Whether the next token is one more factor, with no sign between."""
        token = self._peek()
        if token is None:
            return False
        match token.kind:
            case "var":
                if not token.spaced:
                    return True
                if left.kind not in ("num", "var", "group", "other"):
                    return False
                return self._is_factor_after_space(token, left)
            case "num":
                return self._is_mixed(left)
            case "open":
                if not token.spaced:
                    return token.text == "(" or left.kind == "other"
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

    def _is_factor_after_space(self, token: Token, left: Piece) -> bool:
        after = self._peek(1)
        operated = after is not None and (
            after.kind in ("op", "rel", "sup", "sub", "close", "greek", "func", "root")
            or (after.kind == "sign" and after.text in "^_")
        )
        if token.text in ("a", "A", "I"):
            return operated and left.kind != "var"
        if left.kind == "num" and (
            token.text in "xyzntk" or (token.text in "bcdpqrvw" and (after is None or after.kind == "other"))
        ):
            return True
        return operated or (
            (after is None or (after.kind in ("diff", "var") and after.spaced)) and token.text in "xyzr"
        )

    def _is_mixed(self, left: Piece) -> bool:
        """Whether ``1/2`` follows a whole number: ``3 1/2``."""
        if left.kind != "num" or not left.latex.isdigit():
            return False
        stroke, below = self._peek(1), self._peek(2)
        if stroke is None or below is None:
            return False
        first = self._tokens[self.at]
        return (
            first.spaced
            and first.text.isdigit()
            and stroke.text == "/"
            and below.kind == "num"
            and below.text.isdigit()
            and not stroke.spaced
            and not below.spaced
            and int(first.text) < int(below.text)
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

    def _tried_factor(self) -> Piece | None:
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
        return run[0].bare if len(run) == 1 and run[0].bare else _joined(run)

    def _denominator(self) -> str:
        sign = "-" if self._is("op", "-") else ""
        if sign:
            self.at += 1
        start = self._peek()
        piece = self._factor()
        out = piece.bare or piece.latex
        # Letters that are written together are one denominator, "5/xy"; a number and a letter are not, "1/2x".
        while start is not None and start.run and (token := self._peek()) is not None and token.run == start.run:
            out = _joined([Piece(out), self._factor()])
        return sign + out

    # -- factors ------------------------------------------------------------------------------------------------

    def _factor(self) -> Piece:
        token = self._peek()
        if token is None:
            raise NoFormula
        if self._is_mixed_start():
            return self._mixed()
        piece = self._base(token)
        out, kind = piece.latex, piece.kind
        while (post := self._postfix(out, kind)) is not None:
            out, kind = post, "other"
        return piece if out == piece.latex else Piece(out)

    def _is_mixed_start(self) -> bool:
        token = self._peek()
        if token is None or token.kind != "num" or not token.text.isdigit():
            return False
        if self._is("frac", ahead=1):
            return True
        self.at += 1
        found = self._is_mixed(Piece(token.text, kind="num"))
        self.at -= 1
        return found

    def _mixed(self) -> Piece:
        whole = self._take("num").text
        if self._is("frac"):
            return Piece(whole + self._take("frac").text)
        above = self._take("num").text
        self._take("op", "/")
        return Piece(rf"{whole}\frac{{{above}}}{{{self._take('num').text}}}")

    def _postfix(self, out: str, kind: str) -> str | None:
        token = self._peek()
        if token is None:
            return None
        if token.kind == "sup" and not token.spaced:
            self.at += 1
            return f"{out}^{_braced(token.text)}"
        if token.kind == "sub" and not token.spaced:
            self.at += 1
            return f"{out}_{_braced(token.text)}"
        if token.kind == "sign" and token.text in "^_" and not (token.text == "_" and token.spaced):
            start = self.at
            self.at += 1
            script = self._tried(self._script if token.text == "^" else self._index)
            if script is None:
                self.at = start
                return None
            return f"{out}{token.text}{_braced(script)}"
        if token.kind == "sign" and token.text == "°":
            self.at += 1
            return rf"{out}^\circ"
        if token.kind == "sign" and token.text in "!'" and not token.spaced:
            self.at += 1
            return out + token.text
        if kind in ("var", "group") and token.kind == "word" and token.text in ("squared", "cubed"):
            self.at += 1
            return f"{out}^{2 if token.text == 'squared' else 3}"
        return None

    def _script(self) -> str:
        """An exponent."""
        if self._is("op", "-", "+"):
            return self._take("op").text + self._script()
        if self._is("open", "{", "("):
            return self._group(chain=True).bare
        token = self._peek()
        if token is None or token.kind not in ("num", "var", "greek", "frac", "raw", "root", "func", "bar"):
            raise NoFormula
        piece = self._base(token)
        nested = self._postfix(piece.latex, "exponent") if self._is("sign", "^") or self._is("sup") else None
        return nested or piece.latex

    def _index(self) -> str:
        if self._is("open", "{", "("):
            return self._group(chain=True).bare
        token = self._peek()
        if token is None or token.spaced or token.kind not in ("num", "var", "greek"):
            raise NoFormula
        self.at += 1
        return token.text

    def _base(self, token: Token) -> Piece:
        match token.kind:
            case "num" | "var" if self._is_choice():
                self.at += 2
                return Piece(rf"\binom{{{token.text}}}{{{self._factor().latex}}}")
            case "num":
                self.at += 1
                return Piece(token.text.replace(",", "{,}"), kind="num")
            case "var":
                return self._variable(token)
            case "greek" | "frac" | "diff":
                self.at += 1
                return Piece(rf"\,{token.text}" if token.kind == "diff" else token.text)
            case "blank":
                self.at += 1
                return Piece(token.text)
            case "open":
                return self._group()
            case "bar":
                return self._absolute()
            case "root":
                return self._root()
            case "func":
                return self._function(token)
            case "big":
                return self._big(token.text)
            case "raw":
                return self._command(token)
            case "word" if token.text.lower() in ("square", "cube"):
                return self._root_in_words()
            case _:
                raise NoFormula

    def _variable(self, token: Token) -> Piece:
        if token.text == "d" and self._is("op", "/", ahead=1) and self._is("diff", ahead=2):
            name = self._tokens[self.at + 2].text
            self.at += 3
            return Piece(rf"\frac{{d}}{{{name}}}")
        self.at += 1
        return Piece(token.text, kind="var")

    def _is_choice(self) -> bool:
        return self._is("word", "choose", ahead=1)

    def _items(self, opening: str) -> tuple[list[str], str]:
        """What stands in brackets, and the closing one."""
        items: list[str] = []
        while True:
            items.append(self.chain())
            if self._is("bar"):
                self.at += 1
                items[-1] += rf" \mid {self.chain()}"
            if self._is("comma"):
                self.at += 1
                continue
            closing = self._take("close").text
            if closing != _CLOSING[opening] and not (opening in "([" and closing in ")]" and len(items) == 2):
                raise NoFormula
            return items, closing

    def _group(self, *, chain: bool = False) -> Piece:
        opening = self._take("open").text
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise NoFormula
        try:
            if opening == "[" and self._is("open", "["):
                return self._matrix()
            items, closing = self._items(opening)
        finally:
            self._depth -= 1
        inner = ", ".join(items)
        if chain or (opening == "{" and len(items) == 1):
            return Piece(f"{{{inner}}}", bare=inner, kind="group")
        tall = r"\frac" in inner or r"\int" in inner or r"\sum" in inner
        left, right = (rf"\{{{inner}", r"\}") if opening == "{" else (f"{opening}{inner}", closing)
        latex = rf"\left{left}\right{right}" if tall else left + right
        return Piece(latex, bare=inner if opening == "(" and len(items) == 1 else "", kind="group")

    def _matrix(self) -> Piece:
        rows = []
        while True:
            self._take("open", "[")
            rows.append(" & ".join(self._items("[")[0]))
            if self._is("comma"):
                self.at += 1
                continue
            self._take("close", "]")
            return Piece(r"\begin{pmatrix}" + r" \\ ".join(rows) + r"\end{pmatrix}")

    def _absolute(self) -> Piece:
        self._take("bar")
        inner = self.total()
        self._take("bar")
        return Piece(rf"\left|{inner}\right|")

    def _root(self) -> Piece:
        degree = ROOTS[self._take("root").text]
        if self._is("open", "(", "{"):
            return Piece(rf"\sqrt{degree}{{{self._group(chain=True).bare}}}")
        return Piece(rf"\sqrt{degree}{{{self._factor().latex}}}")

    def _root_in_words(self) -> Piece:
        degree = "" if self._tokens[self.at].text.lower() == "square" else "[3]"
        if not self._word("square" if not degree else "cube", "root", "of"):
            raise NoFormula
        piece = self._factor()
        return Piece(rf"\sqrt{degree}{{{piece.bare or piece.latex}}}")

    def _function(self, token: Token) -> Piece:
        if token.text in SHAPES:
            return self._shape(token.text)
        self.at += 1
        out = token.text
        while self._is("sign", "^", "_") or self._is("sup") or self._is("sub"):
            script = self._postfix(out, "func")
            if script is None:
                raise NoFormula
            out = script
        if self._is("open", "("):
            group = self._group()
            return Piece(out + group.latex, kind="func")
        argument = self._argument()
        return Piece(f"{out} {argument}", kind="func")

    def _argument(self) -> str:
        """What a function without brackets is applied to: ``sin 2x``."""
        token = self._peek()
        if token is None or token.kind not in ("num", "var", "greek", "root", "bar", "raw", "frac", "func", "sign"):
            raise NoFormula
        if token.kind == "var" and token.text in ("a", "A", "I") and token.spaced and not token.run:
            raise NoFormula
        run = [self._factor()]
        while (after := self._peek()) is not None and (not after.spaced or after.kind == "greek"):
            if after.kind not in ("var", "greek", "num") or (after.kind == "num" and run[-1].kind == "num"):
                break
            run.append(self._factor())
        return _joined(run)

    def _shape(self, name: str) -> Piece:
        self.at += 1
        opening = self._take("open", "(").text
        items, _ = self._items(opening)
        match name, items:
            case "abs", [inner]:
                return Piece(rf"\left|{inner}\right|")
            case "floor", [inner]:
                return Piece(rf"\lfloor {inner} \rfloor")
            case "ceil", [inner]:
                return Piece(rf"\lceil {inner} \rceil")
            case (("root" | "nthroot"), [degree, inner]):
                return Piece(rf"\sqrt[{degree}]{{{inner}}}")
            case "binom", [above, below]:
                return Piece(rf"\binom{{{above}}}{{{below}}}")
            case _:
                raise NoFormula

    def _command(self, token: Token) -> Piece:
        """A LaTeX command with its arguments, as it is."""
        self.at += 1
        name = token.text
        if name in (r"\left", r"\right", r"\{", r"\}", r"\begin", r"\end"):
            raise NoFormula
        out = name
        wanted = 2 if name in _WRAPPED else 1 if name in (r"\sqrt", r"\text", r"\mathrm", r"\vec", r"\overline") else 0
        if name == r"\sqrt" and self._is("open", "["):
            out += f"[{', '.join(self._bracketed())}]"
        if wanted == 2 and self._is("num") and (digits := self._tokens[self.at].text).isdigit() and len(digits) == 2:
            self.at += 1
            return Piece(f"{out}{{{digits[0]}}}{{{digits[1]}}}")
        for _ in range(wanted):
            out += f"{{{self._group(chain=True).bare}}}" if self._is("open", "{") else f"{{{self._factor().latex}}}"
        if not wanted and len(name) > 2:
            out += " "
        return Piece(out)

    def _bracketed(self) -> list[str]:
        return self._items(self._take("open", "[").text)[0]

    # -- integrals, sums, limits --------------------------------------------------------------------------------

    def _big(self, name: str) -> Piece:
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
        if not written and self._from():
            low, high = self._bounds(name)
            if not self._word("of") and self._is("word"):
                raise NoFormula
        else:
            self._word("of")
        body = self.total()
        if not low and not high and self._from():
            low, high = self._bounds(name)
        if name != "int" and not low:
            raise NoFormula  # "the sum of 3 and 4" is prose
        if name == "int" and r"\,d" not in body:
            body += rf"\,d{_variable_of(body)}"
        bounds = (f"_{_braced(low)}" if low else "") + (f"^{_braced(high)}" if high else "")
        return Piece(rf"\{name}{bounds} {body}")

    def _signed_index(self) -> str:
        sign = self._take("op").text if self._is("op", "-", "+") else ""
        return sign + self._index()

    def _from(self) -> bool:
        token = self._peek()
        if token is not None and token.kind == "comma":
            return False
        return self._word("from")

    def _bounds(self, name: str) -> tuple[str, str]:
        low = self.chain()
        if name != "int" and "=" not in low:
            raise NoFormula
        if not self._word("to"):
            raise NoFormula
        return low, self.total()

    def _limit(self) -> Piece:
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
        return Piece(rf"\lim_{{{below}}} {body}")

    def _limited(self, below: str) -> Piece:
        self._word("of")
        return Piece(rf"\lim_{{{below}}} {self.total()}")

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


def _variable_of(body: str) -> str:
    """The letter over which an integral goes when nobody says so."""
    letters = [c for k, c in enumerate(body) if c.isalpha() and not _in_command(body, k)]
    return "x" if "x" in letters or not letters else next((c for c in letters if c != "e"), "x")


def _in_command(text: str, at: int) -> bool:
    while at > 0 and text[at - 1].isalpha():
        at -= 1
    return at > 0 and text[at - 1] == "\\"


def _braced(script: str) -> str:
    return script if len(script) == 1 else f"{{{script}}}"


def _joined(run: Sequence[Piece]) -> str:
    """Factors beside each other; a command is kept apart from the letter behind it."""
    out = ""
    for piece in run:
        if out and _ends_in_command(out) and piece.latex[:1].isalpha():
            out += " "
        elif out and (out[-1].isdigit() and piece.latex[:1].isdigit()):
            out += r" \cdot "
        elif out and piece.kind == "func":
            out += " "
        out += piece.latex
    return out


def _ends_in_command(text: str) -> bool:
    k = len(text)
    while k and text[k - 1].isalpha():
        k -= 1
    return 0 < k < len(text) and text[k - 1] == "\\"
