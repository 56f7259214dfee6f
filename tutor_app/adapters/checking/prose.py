"""Reads arithmetic in prose: "7 stickers/page * 6 pages = 42 stickers", "20 % of $80 is $16", "half of 318".

A recursive descent over the tokens of :mod:`~tutor_app.adapters.checking.scanner`. Unit words are read and dropped;
whether a phrase of words was harmless enough to be dropped is noted (:attr:`Expression.loose`), so that nothing is
called false on the strength of a guess. Where an expression begins and ends is decided here, its value is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking.cursor import Cursor
from tutor_app.adapters.checking.scanner import LETTER_A, Token
from tutor_app.adapters.checking.words import (
    BREAKS,
    LOOSE,
    MULTIPLES,
    NUMBERS,
    PARTS,
    RESULTING,
    SCALES,
    TALKING,
    VARIABLES,
)
from tutor_app.adapters.grading.algebra import rational
from tutor_app.adapters.grading.latex_atoms import number
from tutor_app.adapters.grading.terms import (
    ONE,
    Call,
    Number,
    Power,
    Symbol,
    Term,
    Unreadable,
    integer,
    negative,
    product,
    quotient,
    root,
    total,
)

LETTERS: Final = VARIABLES | frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_AS_WRITTEN: Final = {letter: written for written, letter in LETTER_A.items()}
ROOTS: Final = {"√": None, "∛": integer(3), "∜": integer(4)}
UNIT_LETTERS: Final = frozenset("cdghlmpsACFJKLNVW")
"""Letters that may be units where a space stands before them."""
MAX_UNIT_WORDS: Final = 9
MAX_DEPTH: Final = 30
_HUNDREDTH: Final = Number(Fraction(1, 100))


@dataclass(frozen=True, slots=True)
class Expression:
    """A value as written.

    Attributes:
        term: What it stands for, percent as hundredths and a million as what it is.
        begin: Index of its first token.
        end: Index after its last token, units included.
        place: Where its last character stands in the text, trailing unit words left out.
        operations: How many operations it has.
        loose: A phrase of words was dropped that may have meant more than a unit.
        units: The unit words and signs, in order.
        first: Its first operand, where it has several.
        adds: It has a sum or difference.
        others: Other readings: without percent signs and words of scale, or ended at a dash.
    """

    term: Term
    begin: int
    end: int
    place: int
    operations: int
    loose: bool
    units: tuple[str, ...]
    first: Term | None
    adds: bool
    others: tuple[Term, ...] = ()


class ProseReader(Cursor):
    """Reads one expression from a list of tokens."""

    def __init__(self, tokens: Sequence[Token], values: dict[str, Term] | None = None) -> None:
        super().__init__(tokens, values or {})
        self._reset(0, hundredths=True)

    def _reset(self, at: int, *, hundredths: bool) -> None:
        self._at, self._hundredths = at, hundredths
        self._depth = self._operations = self._place = 0
        self._loose = self._marked = self._worded = False
        self._units: list[str] = []
        self._dashed: Term | None = None
        self._first: Term | None = None
        self._part: Term | None = None
        self._adds = False

    def read(self, at: int, *, stop: int | None = None) -> Expression | None:
        """The expression that begins at token ``at``; None if there is none, or it does not reach to ``stop``."""
        terms: list[Term] = []
        first: Term | None = None
        dashed: Term | None = None
        for hundredths in (True, False):
            self._reset(at, hundredths=hundredths)
            self._stop, self._closed = len(self._tokens) if stop is None else stop, stop is not None
            try:
                terms.append(self._sum())
            except (Unreadable, RecursionError, ZeroDivisionError, ValueError):
                return None
            if stop is not None and self._at != stop:
                return None
            first = first or self._first
            dashed = dashed or self._dashed
            if not self._marked:
                break
        return Expression(
            terms[0], at, self._at, self._place, self._operations, self._loose,
            tuple(self._units), first, self._adds,
            (*terms[1:], *((dashed,) if dashed is not None else ())),
        )  # fmt: skip

    # --- levels ----------------------------------------------------------------------------------------------

    def _sum(self) -> Term:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Unreadable("nested too deeply")
        value = self._product()
        while True:
            if self._closed and self._is("line") and self._is("op", "+", 1) and self._operand_follows(2):
                self._at += 1  # the next line goes on with a plus sign
            token = self._peek()
            if token is None or token.kind != "op" or token.text not in "+-" or not self._operand_follows(1):
                break
            if token.text == "-" and self._worded and token.spaced and self._depth == 1 and not self._closed:
                self._dashed = value  # "= 15 apples - 3 of them": the dash may be none of the arithmetic
            self._first = self._first or value
            self._adds = True
            self._at += 1
            self._skip_line()
            self._operations += 1
            part, whole = self._part, self._dashed
            right = self._product()
            change = right if token.text == "+" else negative(right)
            if part is not None and self._depth == 1:
                self._dashed = total(whole if whole is not None else value, product(part, change))  # "half of 3 + 5"
            if self._tokens[self._at - 1].kind == "pct" and self._depth == 1:
                self._dashed = product(value, total(ONE, change))  # "$50 - 20%"
            value = total(value, change)
        self._depth -= 1
        return value

    def _product(self) -> Term:
        value, divided = self._signed(), False
        while True:
            token = self._peek()
            if token is None:
                return value
            if token.kind == "op" and self._divides(token) and self._operand_follows(1):
                slash = token.text == "/" and not token.spaced and token.end - token.start == 1
                if not slash:
                    self._first = self._first or value
                if token.text != "*":
                    # "150 minutes / 5 minutes/100 meters" has no clear order.
                    self._loose = self._loose or (divided and (token.spaced or bool(self._units)))
                    divided = True
                self._at += 1
                self._skip_line()
                self._operations += 1
                fraction = self._tight_fraction() if token.text == "/" else None
                if fraction is None and token.text != "*" and self._divides_again():
                    self._loose = True  # "14 / 1 / 4"
                right = fraction if fraction is not None else self._signed()
                value = product(value, right) if token.text == "*" else quotient(value, right)
            elif token.kind == "op" and token.text == "mod" and self._operand_follows(1):
                self._at += 1
                self._operations += 1
                value = _remainder(value, self._signed())
            elif token.kind == "open" and token.text == "(" and self._operand_follows(1) and not self._after_unit():
                self._operations += 1
                value = product(value, self._power())
            elif (
                token.kind == "word"
                and token.text in LETTERS
                and not token.spaced
                and self._tokens[self._at - 1].kind == "close"
            ):
                self._operations += 1
                value = product(value, self._power_of_variable())
            elif self._is("word", "of") and self._operand_follows(1) and self._is_part():
                self._first = value
                self._part = value
                self._at += 1
                self._operations += 1
                value = product(value, self._signed())
            else:
                return value

    def _tight_fraction(self) -> Term | None:
        """The fraction that is written closer together than the division by it: "60 / 3/4"."""
        a, slash, b = self._peek(), self._peek(1), self._peek(2)
        if a is None or slash is None or b is None or not (a.kind == b.kind == "num" and slash.text == "/"):
            return None
        if not a.spaced or slash.spaced or b.spaced:
            return None
        self._at += 3
        self._place = b.end
        self._operations += 1
        self._loose = True
        value = quotient(number(a.text), number(b.text))
        self._unit()
        return value

    def _divides_again(self) -> bool:
        after = self._peek(1)
        return after is not None and after.kind == "op" and after.text == "/" and self._operand_follows(2)

    def _divides(self, token: Token) -> bool:
        """Whether the sign multiplies or divides; a colon does with space on both sides, else it ends a label."""
        if token.text == ":":
            after = self._peek(1)
            return token.spaced and after is not None and after.spaced
        return token.text in ("*", "/")

    def _after_unit(self) -> bool:
        return self._tokens[self._at - 1].kind == "word" and self._tokens[self._at - 1].text not in VARIABLES

    def _is_part(self) -> bool:
        """Whether what was just read is a fraction or a percentage, of which there can be a part "of" something."""
        before = self._tokens[self._at - 1]
        if before.kind in ("pct", "vulgar") or (before.kind == "word" and before.text.lower() in PARTS):
            return True
        return before.kind == "num" and self._at >= 2 and self._tokens[self._at - 2].text == "/"

    def _signed(self) -> Term:
        sign = 1
        while self._is("op", "-") or self._is("op", "+"):
            sign = -sign if self._next().text == "-" else sign
        value = self._power()
        return value if sign > 0 else negative(value)

    def _power(self) -> Term:
        value = self._atom()
        while True:
            if self._is("op", "^"):
                self._at += 1
                self._operations += 1
                value = Power(value, self._signed())
            elif self._is("op", "!") and not self._tokens[self._at].spaced:
                self._next()
                self._operations += 1
                value = Call("factorial", (value,))
            elif self._is("word", "squared") or self._is("word", "cubed"):
                self._operations += 1
                value = Power(value, integer(2 if self._next().text == "squared" else 3))
            elif self._is("pct") or self._is("word", "percent"):
                self._next()
                self._marked = True
                self._units.append("%")
                value = product(_HUNDREDTH, value) if self._hundredths else value
            elif (token := self._peek()) is not None and token.kind == "word" and token.text.lower() in SCALES:
                self._next()
                self._marked = True
                value = product(value, integer(SCALES[token.text.lower()])) if self._hundredths else value
            else:
                break
        self._unit()
        return value

    # --- atoms -----------------------------------------------------------------------------------------------

    def _atom(self) -> Term:
        cents = False
        if self._is("cur"):
            sign = self._next().text
            self._units.append(sign)
            cents = sign == "¢"
            if self._is("op", "-"):
                self._next()
                return negative(self._atom())
        token = self._next()
        if token.kind == "num":
            return self._cents(self._number(token), cents)
        if token.kind == "vulgar":
            above, _, below = token.text.partition("/")
            return quotient(integer(int(above)), integer(int(below)))
        if token.kind == "open":
            value = self._sum()
            if self._next().kind != "close":
                raise Unreadable("a bracket without its partner")
            return value
        if token.kind == "op" and token.text in ROOTS:
            self._operations += 1
            return root(self._atom(), ROOTS[token.text])
        if token.kind == "word":
            return self._word(token)
        raise Unreadable("no value")

    def _number(self, token: Token) -> Term:
        value = number(token.text)
        follows = self._peek()
        if follows is not None and follows.kind == "vulgar":
            self._next()
            above, _, below = follows.text.partition("/")
            return Number(value.value + Fraction(int(above), int(below)))
        if value.places is None and (mixed := self._fraction_part()) is not None:
            return Number(value.value + mixed)
        if self._is_coefficient():
            self._operations += 1
            return product(value, self._power_of_variable())
        return value

    def _is_coefficient(self) -> bool:
        """Whether a letter multiplies the number just read: "15x", "15 x"; not "15 m", "15 x -3"."""
        letter, after, follows = self._peek(), self._peek(1), self._peek(2)
        if letter is None or letter.kind != "word" or letter.text not in LETTERS:
            return False
        if not letter.spaced:
            return True
        if letter.text not in VARIABLES or letter.text in UNIT_LETTERS or letter.text in self._values:
            return False
        if after is None or after.kind in ("rel", "close", "line", "pct", "cur"):
            return True
        if after.kind == "op":
            return not (after.text == "-" and after.spaced and follows is not None and not follows.spaced)
        return (after.kind == "sep" and after.text in ".,;:?!") or (after.kind == "word" and after.text in BREAKS)

    def _power_of_variable(self) -> Term:
        token = self._next()
        value: Term = self._values.get(token.text) or _letter(token)
        if self._is("op", "^"):
            self._next()
            return Power(value, self._signed())
        return value

    def _fraction_part(self) -> Fraction | None:
        """The proper fraction of a mixed number: "2 1/2", "2 and 1/2"."""
        ahead = 1 if self._is("word", "and") else 0
        numbers = [self._peek(ahead), self._peek(ahead + 1), self._peek(ahead + 2)]
        if any(t is None for t in numbers):
            return None
        a, slash, b = (t for t in numbers if t is not None)
        if a.kind == b.kind == "num" and slash.text == "/" and a.spaced and not slash.spaced and not b.spaced:
            if "." in a.text + b.text or not 0 < int(a.text) < int(b.text):
                return None
            self._at += ahead + 3
            self._place = b.end
            return Fraction(int(a.text), int(b.text))
        return None

    def _cents(self, value: Term, cents: bool) -> Term:
        word = self._peek()
        if cents or (word is not None and (word.text == "¢" or word.text.lower() in ("cents", "cent"))):
            self._marked = True
            return product(_HUNDREDTH, value) if self._hundredths else value
        return value

    def _word(self, token: Token) -> Term:
        word = token.text.lower()
        if token.text in self._values:
            return self._values[token.text]
        if word in ("half", "third", "quarter", "fourth") and self._is("word", "of"):
            self._operations += 1
            self._at += 1
            self._part = Number(PARTS[word])
            return product(self._part, self._signed())
        if word in MULTIPLES and self._operand_follows(0):
            self._operations += 1
            self._part = integer(MULTIPLES[word])
            return product(integer(MULTIPLES[word]), self._signed())
        if word in NUMBERS:
            value = NUMBERS[word]
            if value in range(20, 100, 10) and self._is("op", "-"):
                value += self._hyphened_digit()
            part = self._peek()
            if part is not None and part.kind == "word" and part.text.lower() in PARTS and value:
                self._next()
                return Number(value * PARTS[part.text.lower()])
            return integer(value)
        if token.text in ("f", "g", "h") and self._is("open", "(") and not self._tokens[self._at].spaced:
            self._operations += 1
            return Call(token.text, (self._atom(),))
        if token.text in VARIABLES and not self._joined_word():
            return _letter(token)
        raise Unreadable("a word that is no value")

    def _joined_word(self) -> bool:
        """Whether the letter just read is the beginning of "t-shirts" or "g/day"."""
        sign, word = self._peek(), self._peek(1)
        if sign is None or word is None or sign.kind != "op" or sign.text not in "-/":
            return False
        return word.kind == "word" and len(word.text) > 1 and not sign.spaced and not word.spaced

    def _hyphened_digit(self) -> int:
        """The end of "forty-two"."""
        ones = self._peek(1)
        if ones is None or ones.spaced or not 0 < NUMBERS.get(ones.text.lower(), 0) < 10:
            return 0
        self._at += 2
        self._place = ones.end
        return NUMBERS[ones.text.lower()]

    def _unit(self) -> None:
        """Take the unit words after a value, if an operator or the end follows them: they are then a part of it."""
        j, words, per = self._at, list[str](), False
        beside = self._peek()
        if beside is not None and beside.text in LETTERS and not beside.spaced and self._tokens[j - 1].kind == "close":
            return  # "(5/2)x"
        while True:
            token = self._tokens[j] if j < self._stop else None
            if token is None:
                break
            low = token.text.lower()
            if (
                token.kind == "word"
                and low not in BREAKS
                and low not in NUMBERS
                and token.text not in VARIABLES
                and token.text not in self._values
                and not _is_indexed(token.text)
            ):
                if low == "of" and not words:
                    break
                per = per or low == "per"
                words.append(f"/{low}" if per else low)
            elif token.kind == "op" and token.text in "/-" and self._glued_word(j, token, words):
                per = per or token.text == "/"
            elif token.kind == "cur" and not words and self._tokens[j - 1].kind == "num" and not self._value_at(j + 1):
                words.append(token.text)
            elif token.kind == "open" and token.spaced and (close := self._remark(j)) > 0:
                words.append("(")
                j = close
            else:
                break
            if len(words) > MAX_UNIT_WORDS:
                return
            j += 1
        if not words:
            return
        token = self._tokens[j] if j < self._stop else None
        ends = token is None and self._stop < len(self._tokens)
        if self._closed and token is not None and token.kind == "line":
            after = self._tokens[j + 1] if j + 1 < len(self._tokens) else None
            ends = ends or (after is not None and (j + 1 == self._stop or after.text == "+"))
        closes = token is not None and token.kind == "close" and self._depth > 1
        # "30n gives -18n" is no difference: what a verb tells begins behind it.
        goes_on = (
            token is not None
            and token.kind == "op"
            and (token.text in ("+", "-", "*", "/") and self._value_at(j + 1))
            and words[-1] not in RESULTING
        )
        if ends or closes or goes_on:
            place = self._place
            self._at = j
            self._loose = self._loose or (ends and not TALKING.isdisjoint(words)) or not LOOSE.isdisjoint(words)
            self._units.extend(words[:2] if words[0] in ("square", "cubic", "sq", "cu") else words[:1])
            self._worded = True
            self._place = self._tokens[j - 1].end if not ends else place

    def _glued_word(self, j: int, token: Token, words: list[str]) -> bool:
        """Whether the sign joins words: "miles/hour", "6-ounce", "$5/hour"."""
        after = self._tokens[j + 1] if j + 1 < self._stop else None
        if after is None or after.kind != "word" or after.text in VARIABLES:
            return False
        if token.text == "-":
            return not token.spaced and not after.spaced and after.text.islower()
        return after.text.lower() not in NUMBERS or bool(words)

    def _value_at(self, j: int) -> bool:
        return self._operand_follows(j - self._at)

    def _remark(self, j: int) -> int:
        """Index of the closing bracket of a remark in words only; 0 if it is none."""
        for k in range(j + 1, min(j + 12, self._stop)):
            token = self._tokens[k]
            if token.kind == "close":
                return k if k > j + 1 else 0
            if token.kind != "word" or token.text in VARIABLES:
                return 0
        return 0


def _is_indexed(word: str) -> bool:
    """Whether it is a letter with an index, "x_1" or "x1", and no unit as "m2" is."""
    return "_" in word or (word[1:].isdigit() and word[0] not in "mM")


def _letter(token: Token) -> Symbol:
    return Symbol(_AS_WRITTEN.get(token.text, token.text))


def _remainder(value: Term, divisor: Term) -> Term:
    a, b = rational(value), rational(divisor)
    if a is None or b is None or a.denominator != 1 or b.denominator != 1 or b <= 0:
        raise Unreadable("a remainder of what is no whole number")
    return integer(int(a) % int(b))
