"""Factors of a typed formula: numbers, letters, brackets, roots and functions, with powers and indices."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

from tutor_app.text.typed_cursor import MAX_DEPTH, Factor, NoFormula, TokenCursor, braced, joined
from tutor_app.text.typed_tokens import ROOTS, SHAPES, Token

_CLOSING: Final = {"(": ")", "[": "]", "{": "}"}
_ROOTS_IN_WORDS: Final = {"square": "", "cube": "[3]", "fourth": "[4]", "fifth": "[5]", "sixth": "[6]", "nth": "[n]"}
_ROOTS_ABROAD: Final = {"wurzel": "", "quadratwurzel": "", "kubikwurzel": "[3]", "racine": ""}
_AFTER_A_LETTER: Final = frozenset(
    """squared cubed plus minus times over is equals and or if when where for to in with has can be""".split()  # noqa: SIM905
)
"""Words behind which "a" is a letter of a formula, and no article."""
_WRAPPED: Final = frozenset((r"\frac", r"\dfrac", r"\tfrac", r"\binom"))


_OF_SETS: Final = (r" \cap ", r" \cup ", r" \setminus ")


class FactorParser(TokenCursor, ABC):
    """Reads one factor; what stands between factors is for the class that derives from it."""

    @abstractmethod
    def chain(self) -> str:
        """Sides with relations between them."""

    @abstractmethod
    def total(self) -> str:
        """Terms added."""

    @abstractmethod
    def _big(self, name: str) -> Factor:
        """An integral, a sum, a product or a limit."""

    def _is_mixed(self, left: Factor) -> bool:
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

    def _factor(self) -> Factor:
        token = self._peek()
        if token is None:
            raise NoFormula
        if self._is_mixed_start():
            return self._mixed()
        factor = self._base(token)
        out, kind = factor.latex, factor.kind
        while (post := self._postfix(out, kind)) is not None:
            out, kind = post, "other"
        return factor if out == factor.latex else Factor(out)

    def _is_mixed_start(self) -> bool:
        token = self._peek()
        if token is None or token.kind != "num" or not token.text.isdigit():
            return False
        if self._is("frac", ahead=1):
            return True
        self.at += 1
        found = self._is_mixed(Factor(token.text, kind="num"))
        self.at -= 1
        return found

    def _mixed(self) -> Factor:
        whole = self._take("num").text
        if self._is("frac"):
            return Factor(whole + self._take("frac").text)
        above = self._take("num").text
        self._take("op", "/")
        return Factor(rf"{whole}\frac{{{above}}}{{{self._take('num').text}}}")

    def _postfix(self, out: str, kind: str) -> str | None:
        token = self._peek()
        if token is None:
            return None
        if token.kind == "sup" and not token.spaced:
            self.at += 1
            return f"{out}^{braced(token.text)}"
        if token.kind == "sub" and not token.spaced:
            self.at += 1
            return f"{out}_{braced(token.text)}"
        if token.kind == "sign" and token.text in "^_" and not (token.text == "_" and token.spaced):
            start = self.at
            self.at += 1
            script = self._tried(self._script if token.text == "^" else self._index)
            if script is None:
                self.at = start
                return None
            return f"{out}{token.text}{braced(script)}"
        if token.kind == "sign" and token.text == "°":
            self.at += 1
            return rf"{out}^\circ"
        if kind == "num" and token.kind == "dots" and not token.spaced and "." in out:
            after = self._peek(1)
            if after is not None and after.kind in ("op", "rel"):
                self.at += 1
                return out + r"\ldots"
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
        factor = self._base(token)
        raised = self._is("sign", "^") or self._is("sup") or self._is("sub")
        nested = self._postfix(factor.latex, "exponent") if raised else None
        return nested or factor.latex

    def _index(self) -> str:
        if self._is("open", "{", "("):
            return self._group(chain=True).bare
        token = self._peek()
        if token is None or token.spaced or token.kind not in ("num", "var", "greek"):
            raise NoFormula
        self.at += 1
        return token.text

    def _base(self, token: Token) -> Factor:
        match token.kind:
            case "num" if self._is_ordinal():
                self.at += 2
                return self._root_of(f"[{token.text}]")
            case "num" | "var" if self._is_choice():
                self.at += 2
                return Factor(rf"\binom{{{token.text}}}{{{self._factor().latex}}}")
            case "num":
                self.at += 1
                return Factor(token.text.replace(",", "{,}"), kind="num")
            case "var":
                return self._variable(token)
            case "greek" | "frac" | "diff":
                self.at += 1
                return Factor(rf"\,{token.text}" if token.kind == "diff" else token.text)
            case "blank":
                self.at += 1
                return Factor(token.text)
            case "dots":
                return self._dots()
            case "sup" if self._is("root", ahead=1) and not self._tokens[self.at + 1].spaced:
                return self._root_with_index(token)
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
            case "word" if (degree := _ROOTS_ABROAD.get(token.text.lower())) is not None and self._is_root_abroad():
                return Factor(rf"\sqrt{degree}{{{self._factor().latex}}}")
            case "word" if token.text.lower() in _ROOTS_IN_WORDS:
                self.at += 1
                return self._root_of(_ROOTS_IN_WORDS[token.text.lower()])
            case _:
                raise NoFormula

    def _variable(self, token: Token) -> Factor:
        if token.text == "d" and self._is("op", "/", ahead=1) and self._is("diff", ahead=2):
            name = self._tokens[self.at + 2].text
            self.at += 3
            return Factor(rf"\frac{{d}}{{{name}}}")
        self.at += 1
        return Factor(token.text, kind="var")

    def _is_choice(self) -> bool:
        return self._is("word", "choose", ahead=1) and self._tokens[self.at].text != "I"

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

    def _group(self, *, chain: bool = False) -> Factor:
        before = self._tokens[self.at - 1] if self.at else None
        opening = self._take("open").text
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise NoFormula
        try:
            if opening == "[" and self._is("open", "["):
                return self._matrix()
            if opening == "[" and (rows := self._rows()) is not None:
                return rows
            items, closing = self._items(opening)
        finally:
            self._depth -= 1
        inner = ", ".join(items)
        is_set = any(sign in inner for sign in (r"\mid", r"\in ", " : ")) or (
            before is not None and (before.kind == "rel" or before.text in _OF_SETS)
        )
        if chain or (opening == "{" and len(items) == 1 and not is_set):
            return Factor(f"{{{inner}}}", bare=inner, kind="group")
        tall = r"\frac" in inner or r"\int" in inner or r"\sum" in inner
        left, right = (rf"\{{{inner}", r"\}") if opening == "{" else (f"{opening}{inner}", closing)
        latex = rf"\left{left}\right{right}" if tall else left + right
        return Factor(latex, bare=inner if opening == "(" and len(items) == 1 else "", kind="group")

    def _rows(self) -> Factor | None:
        """A matrix whose rows end with semicolons, ``[1 2; 3 4]``; None if the bracket holds something else."""
        start = self.at
        rows: list[list[str]] = []
        row: list[str] = []
        while not self._is("close", "]"):
            if self._is("comma", ";"):
                self.at += 1
                rows.append(row)
                row = []
                continue
            sign = self._take("op").text if self._is("op", "-") else ""
            token = self._peek()
            if token is None or token.kind not in ("num", "var", "frac") or (row and not sign and not token.spaced):
                self.at = start
                return None
            self.at += 1
            row.append(sign + token.text)
        rows.append(row)
        if len(rows[0]) < 2 or any(len(row) != len(rows[0]) for row in rows):
            self.at = start
            return None
        self._take("close", "]")
        return Factor(r"\begin{pmatrix}" + r" \\ ".join(" & ".join(row) for row in rows) + r"\end{pmatrix}")

    def _matrix(self) -> Factor:
        rows = []
        while True:
            self._take("open", "[")
            rows.append(" & ".join(self._items("[")[0]))
            if self._is("comma"):
                self.at += 1
                continue
            self._take("close", "]")
            return Factor(r"\begin{pmatrix}" + r" \\ ".join(rows) + r"\end{pmatrix}")

    def _absolute(self) -> Factor:
        self._take("bar")
        inner = self.total()
        self._take("bar")
        return Factor(rf"\left|{inner}\right|")

    def _root(self) -> Factor:
        degree = ROOTS[self._take("root").text]
        if self._is("open", "(", "{"):
            return Factor(rf"\sqrt{degree}{{{self._group(chain=True).bare}}}")
        return Factor(rf"\sqrt{degree}{{{self._factor().latex}}}")

    def _root_with_index(self, index: Token) -> Factor:
        """A root whose index is written before its sign."""
        self.at += 1
        if index.text not in (*"3456789n",) or ROOTS[self._tokens[self.at].text]:
            raise NoFormula
        self.at += 1
        inner = self._group(chain=True).bare if self._is("open", "(", "{") else self._factor().latex
        return Factor(rf"\sqrt[{index.text}]{{{inner}}}")

    def _is_ordinal(self) -> bool:
        """Whether "th root of" follows a number: "the 5th root of 32"."""
        suffix = self._peek(1)
        ordinal = suffix is not None and not suffix.spaced and suffix.text in ("st", "nd", "rd", "th")
        return ordinal and self._is("word", "root", ahead=2)

    def _root_of(self, degree: str) -> Factor:
        """The root of what follows, told in words; how far it goes must be certain, and "a" may be an article."""
        if not self._word("root", "of"):
            raise NoFormula
        after = self._peek(1)
        letter = after is None or after.kind != "word" or after.text.lower() in _AFTER_A_LETTER
        if self._is("var", "a", "A", "I") and not letter:
            raise NoFormula
        factor = self._factor()
        if not factor.bare and self._is("op", "+", "-"):
            raise NoFormula
        return Factor(rf"\sqrt{degree}{{{factor.bare or factor.latex}}}")

    def _is_root_abroad(self) -> bool:
        """Take "Wurzel aus" or "racine carrée de", where a number, a letter or a bracket follows; else nothing."""
        start, first = self.at, self._tokens[self.at].text.lower()
        self.at += 1
        if (first != "racine" or self._word("carrée")) and self._word("of"):
            after = self._peek(1)
            ends = after is None or after.kind not in ("op", "num") or after.spaced
            if self._is("num") or (self._is("var") and ends) or self._is("open", "("):
                return True
        self.at = start
        return False

    def _dots(self) -> Factor:
        """Dots for terms or factors that are left out: an operator stands before them, and one or nothing behind."""
        before = self._tokens[self.at - 1] if self.at else None
        after = self._peek(1)
        if before is None or before.kind not in ("op", "comma"):
            raise NoFormula
        if after is not None and after.kind not in ("op", "comma", "rel", "close", "other"):
            raise NoFormula
        self.at += 1
        return Factor(r"\dots")

    def _function(self, token: Token) -> Factor:
        if token.text in SHAPES:
            return self._shape(token.text)
        self.at += 1
        out = token.text
        if out == r"\log" and self._word("base"):
            out += f"_{braced(self._index_in_words())}"
        while self._is("sign", "^", "_") or self._is("sup") or self._is("sub"):
            script = self._postfix(out, "func")
            if script is None:
                raise NoFormula
            out = script
        if self._is("open", "(") or (out == r"\det" and self._is("open", "[")):
            group = self._group()
            return Factor(out + group.latex, kind="func")
        argument = self._argument()
        return Factor(f"{out} {argument}", kind="func")

    def _index_in_words(self) -> str:
        """The base of "log base 2 of 32"."""
        token = self._peek()
        if token is None or token.kind not in ("num", "var"):
            raise NoFormula
        self.at += 1
        if not self._word("of") and not self._is("open", "("):
            raise NoFormula
        return token.text

    def _argument(self) -> str:
        """What a function without brackets is applied to: ``sin 2x``."""
        token = self._peek()
        if token is None or token.kind not in ("num", "var", "greek", "root", "bar", "raw", "frac", "func", "sign"):
            raise NoFormula
        if token.kind == "var" and token.text in ("a", "A", "I") and token.spaced and not token.run:
            after = self._peek(1)  # "sin a + sin b", and not "log a table"
            goes_on = ("op", "rel", "close", "func", "comma", "sup", "sub", "bar")
            if after is not None and after.kind not in goes_on and after.text not in ("^", "_"):
                raise NoFormula
        run = [self._factor()]
        while (after := self._peek()) is not None and (not after.spaced or after.kind == "greek"):
            if after.kind not in ("var", "greek", "num") or (after.kind == "num" and run[-1].kind == "num"):
                break
            run.append(self._factor())
        return joined(run)

    def _shape(self, name: str) -> Factor:
        self.at += 1
        opening = self._take("open", "(").text
        items, _ = self._items(opening)
        match name, items:
            case "abs", [inner]:
                return Factor(rf"\left|{inner}\right|")
            case "floor", [inner]:
                return Factor(rf"\lfloor {inner} \rfloor")
            case "ceil", [inner]:
                return Factor(rf"\lceil {inner} \rceil")
            case (("root" | "nthroot"), [degree, inner]):
                return Factor(rf"\sqrt[{degree}]{{{inner}}}")
            case (("binom" | "nCr"), [above, below]):
                return Factor(rf"\binom{{{above}}}{{{below}}}")
            case _:
                raise NoFormula

    def _command(self, token: Token) -> Factor:
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
            return Factor(f"{out}{{{digits[0]}}}{{{digits[1]}}}")
        for _ in range(wanted):
            out += f"{{{self._group(chain=True).bare}}}" if self._is("open", "{") else f"{{{self._factor().latex}}}"
        if not wanted and len(name) > 2:
            out += " "
        return Factor(out)

    def _bracketed(self) -> list[str]:
        return self._items(self._take("open", "[").text)[0]
