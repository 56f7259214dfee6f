r"""Recognises a problem that is a computation as a whole, in LaTeX, plain typing or words, and computes its answer.

The whole text must be the task: a sentence more, a word that is not understood, and nothing is recognised. It never
guesses. Loaded only in the checking process, where everything has a time limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from tutor_app.adapters.checking import expressions as ex
from tutor_app.adapters.checking.expressions import Unsure
from tutor_app.adapters.checking.symbolic import built

LONGEST: Final = 2000


@dataclass(frozen=True, slots=True)
class Expected:
    """The outcome of a task.

    Attributes:
        golds: The right answer as LaTeX, in every form that an answer may have.
        how: A key of :data:`tutor_app.core.verdicts.HOW`.
        form: The form that is asked for: ``factored``, ``expanded``, ``primes``, ``square``, ``literal`` (the same
            digits), ``percent``, ``decimal``, ``scientific``, ``fraction``, ``mixed`` (a mixed number),
            ``reduced`` (a fraction in lowest terms), ``simplest`` (nothing to reduce or to take out of a root),
            ``equation`` (of the same line, however it is written), ``subject`` (the given
            letter alone on the left), ``new`` (not as in the problem), or empty.
        given: The formula of the problem.
        open: Whether the problem may be meant in another way, so that another answer need not be wrong.
        divided: The quotient and the remainder, where an answer may have the form "3 R 2".
    """

    golds: tuple[str, ...]
    how: str = "recomputed"
    form: str = ""
    given: str = ""
    open: bool = False
    divided: tuple[str, str] | None = None


_FORMULA: Final = re.compile(r"\$\$(.+?)\$\$|(?<!\\)\$(.+?)(?<!\\)\$|\\\[(.+?)\\\]|\\\((.+?)\\\)", re.DOTALL)
_MONEY: Final = re.compile(r"(?<!\\)\$\d[\d,.]*(?=[\s?!;)]|$)")
"""An amount; where every sign begins one, none of them ends a formula."""
_MARK: Final = re.compile(r"⟦(\d+)⟧")
_HARMLESS: Final = re.compile(
    r"\s*(?:Express|Give|Write|Leave|Put) (?:your|the|each)? ?(?:final )?(?:answer|result|solution)s?"
    r" (?:in|as) (?:an? )?(?:exact (?:value|form)|(?:common |reduced |simplified |single )?fraction|mixed number"
    r"|lowest terms|fraction in lowest terms|(?:simplest|simplified)(?: radical| fraction(?:al)?)? form|radians"
    r"|terms of ⟦\d+⟧|simplest terms|(?:improper|common) fraction in lowest terms)\.\s*$"
    r"|\s*(?:Simplify your answer|Show your work|Assume that all variables are positive|Give an exact value"
    r"|Express your answer as a common fraction in lowest terms|Explain(?: your answer)?)\.\s*$",
    re.IGNORECASE,
)
_POLITE: Final = re.compile(
    r"^(?:please |can you |could you |now |(?:question|problem|exercise) ?\d*[:.)] ?)+", re.IGNORECASE
)
_GROUPED: Final = re.compile(r"\d[.,]\d{3}(?!\d)")
"""Thousands or thousandths: what a point means in a German number is not certain."""
_GERMAN: Final = (
    (
        re.compile(
            r"^(?:(?:berechne|bestimme) den )?(?:mittelwert|durchschnitt) (?:von|der zahlen)(?=[ :])", re.IGNORECASE
        ),
        "find the mean of",
    ),
    (re.compile(r"^(?:berechne|rechne aus:?)(?=[ :])", re.IGNORECASE), "compute"),
    (re.compile(r"(?<=\d),? und (?=-?\d)", re.IGNORECASE), " and "),
    (
        re.compile(r"^löse(?: die gleichung)?:? (.+?) nach (⟦\d+⟧|[a-z])(?: auf)?(?=[.!]?$)", re.IGNORECASE),
        r"solve \1 for \2",
    ),
    (re.compile(r"^löse(?: die gleichung)?(?=[ :])", re.IGNORECASE), "solve"),
    (re.compile(r"^vereinfache(?=[ :])", re.IGNORECASE), "simplify"),
    (re.compile(r"^faktorisiere(?=[ :])", re.IGNORECASE), "factor"),
)
_BARE: Final = re.compile(
    r"^(?:the )?((?:(?:mean|average|median|mode|range|determinant|trace|transpose|inverse|limit|vertex"
    r"|(?:first |second |third )?derivative|(?:indefinite )?integral|antiderivative|midpoint|slope"
    r"|standard deviation|population standard deviation|sample standard deviation|prime factors?|prime factori[sz]ation"
    r"|square root|cube root|reciprocal) of|(?:distance|midpoint|slope) (?:from|between)"
    r"|(?:sum|product|gcd|lcm|gcf|hcf|greatest common (?:divisor|factor)|least common multiple) of(?= [-\d⟦])"
    r"|sum of the (?:first|whole|natural|even|odd|integers|numbers)"
    r"|(?:area|perimeter|circumference|volume|surface area) of"
    r"|next (?:number|term) (?:in|of)) )",
    re.IGNORECASE,
)
"""What is asked for, without a word that asks."""
_SPOKEN: Final = (
    (
        re.compile(r"\blog(?:arithm)?(?: to the)? base (\d+) of (\d+(?:/\d+)?)(?!\.?\d)", re.IGNORECASE),
        r"\\log_{\1}(\2)",
    ),
    (re.compile(r"(?<![\w.)-])(\d+(?:\.\d+)?) squared\b", re.IGNORECASE), r"\1^2"),
    (re.compile(r"(?<![\w.)-])(\d+(?:\.\d+)?) cubed\b", re.IGNORECASE), r"\1^3"),
    (
        re.compile(r"\b(sin|cos|tan|cot|sec|csc)(?: of)? ?\(? ?(\d+(?:\.\d+)?) ?degrees? ?\)?", re.IGNORECASE),
        r"\1(\2^\\circ)",
    ),
    (re.compile(r"(?<![\w.)-])(\d+) factorial\b", re.IGNORECASE), r"\1!"),
    (re.compile(r"(?<=\) )(to|and) the origin\b", re.IGNORECASE), r"\1 (0, 0)"),
    (re.compile(r"\bfrom the origin to\b", re.IGNORECASE), "from (0, 0) to"),
    (
        re.compile(
            r"(?<![\w.)-])(\d+(?:\.\d+)?) (?:raised )?to the (?:power(?: of)? (\d+)|(\d+)(?:st|nd|rd|th) power)\b",
            re.IGNORECASE,
        ),
        r"\1^{\2\3}",
    ),
)
"""Operations in words, and how they are typed."""
_THOUSANDS: Final = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_LETTERS: Final = re.compile(r"(?<![A-Za-z\\{])[A-Za-z]{2,3}(?![A-Za-z])")


def _apart(m: re.Match[str]) -> str:
    return m[0] if m[0].lower() in ex.FUNCTIONS else " ".join(m[0])


class Problem:
    """A problem whose formulas are numbered marks in one line of text."""

    def __init__(self, text: str) -> None:
        self.formulas: list[str] = []

        if "$" in text and text.count("$") == len(_MONEY.findall(text)):
            text = text.replace("$", "")

        def take(m: re.Match[str]) -> str:
            inner = next(g for g in m.groups() if g is not None).strip()
            stop = inner[-1] if inner[-1:] in (".", "?", ",") else ""
            self.formulas.append(inner.removesuffix(stop) if stop else inner)
            return f"⟦{len(self.formulas) - 1}⟧{stop}"

        line = " ".join(_FORMULA.sub(take, text).split())
        line = _POLITE.sub("", line)
        if not _GROUPED.search(text):
            for pattern, written in _GERMAN:
                line = pattern.sub(written, line)
        line = _BARE.sub(r"find the \1", line)
        for pattern, written in _SPOKEN:
            line = pattern.sub(written, line)
        while (shorter := _HARMLESS.sub("", line)) != line:
            line = shorter
        self.line = line.strip()

    def formula(self, text: str) -> str:
        """The formula that a piece of the line is: a mark, or one that is typed plainly.

        Raises:
            Unsure: If it is a mixture of both.
        """
        text = text.strip().rstrip(".,;:?").strip()
        if m := _MARK.fullmatch(text):
            # Letters side by side are a product in a formula, and may be a word where it is typed plainly.
            return _LETTERS.sub(_apart, self.formulas[int(m[1])])
        if "⟦" in text or not text:
            raise Unsure
        return re.sub(r"^∫", r"\\int ", text)

    def listed(self, text: str) -> list[str]:
        """The formulas of an enumeration with commas, semicolons and "and".

        Raises:
            Unsure: If a comma may separate two numbers or the thousands of one.
        """
        text = text.strip().rstrip(".?")
        if ";" in text:
            pieces = re.split(r"\s*;\s*(?:and\s+)?|\s+and\s+", text)
            return [_decimal(self.formula(piece)) for piece in pieces]
        found: list[str] = []
        # Nobody writes "1,2 and 3,4" for four numbers: behind "and" a comma is one of thousands or of decimals.
        last = re.search(r"\band (-?\d+,[\d,.]+)$", text)
        if last and not _THOUSANDS.fullmatch(last[1]):
            return [_decimal(self.formula(piece)) for piece in re.split(r"\s*,\s+|\s+and\s+", text)]
        loose = bool(last or re.search(r",\s|⟧,", text))
        for piece in re.split(r"\s*,\s+(?:and\s+)?|(?<=⟧),|\s+and\s+", text):
            if not _MARK.fullmatch(piece.strip()):
                found += _apart_at_commas(self.formula(piece), among=loose, alone=piece == text)
                continue
            inner = self.formula(piece).replace("{,}", "")
            if "(" in inner or "{" in inner:
                found.append(inner)
                continue
            several = re.split(r",\s+|\\text\{ and \}", inner)
            for one in several:
                found += _apart_at_commas(one, among=loose or len(several) > 1, alone=piece == text)
        return [f for f in found if f.strip()]


def _apart_at_commas(text: str, *, among: bool, alone: bool) -> list[str]:
    """The numbers of "3,5,12", or the one of "1,200".

    Args:
        text: A piece without white space behind its commas.
        among: Whether it stands among others that are separated by a comma and a space.
        alone: Whether nothing else is listed.

    Raises:
        Unsure: If both could be meant.
    """
    if "," not in text:
        return [text]
    pieces = text.split(",")
    if _THOUSANDS.fullmatch(text.strip()):
        if among or any(piece[:1] == "0" for piece in pieces[1:]):
            return [text.replace(",", "")]
        if not alone:
            raise Unsure  # "100,200 and 300"
    elif any(re.fullmatch(r"0\d+", piece) for piece in pieces):
        raise Unsure  # "3,5,1,000"
    return pieces


def _decimal(text: str) -> str:
    """A number of a list in which a comma is the decimal comma.

    Raises:
        Unsure: If it may be that of thousands.
    """
    if _THOUSANDS.fullmatch(text.strip()) or text.count(",") > 1:
        raise Unsure
    return re.sub(r"(?<=\d),(?=\d)", ".", text)


Rule = Callable[[Problem, re.Match[str]], Expected]


class Rules:
    """Rules in order: what the whole line of a problem matches, and what computes the task."""

    def __init__(self) -> None:
        self._rules: list[tuple[re.Pattern[str], Rule]] = []

    def __call__(self, *patterns: str) -> Callable[[Rule], Rule]:
        """Register, as a decorator, what computes the tasks of these patterns."""

        def register(work: Rule) -> Rule:
            self._rules.extend((re.compile(f"(?:{p})\\s*[.?!:]?", re.IGNORECASE), work) for p in patterns)
            return work

        return register

    def expected(self, problem: Problem) -> Expected | None:
        """The outcome of the first rule that recognises the problem; None if none does."""
        for pattern, work in self._rules:
            m = pattern.fullmatch(problem.line)
            if m is None:
                continue
            try:
                return work(problem, m)
            except Unsure:
                continue
        return None


def tex(value: Any) -> str:
    """The LaTeX of a value.

    Raises:
        Unsure: If it is none.
    """
    import sympy as sp

    if value is sp.true or value is sp.false or value.has(sp.nan, sp.zoo):
        raise Unsure
    return str(sp.latex(value, inv_trig_style="full"))


def value_of(value: Any, given: str = "", form: str = "new") -> Expected:
    """A task whose answer is one value."""
    return Expected((tex(value),), form=form, given=given)


def with_remainder(task: Expected, dividend: str, divisor: str, *, open_: bool = False) -> Expected:
    """The task of a division, whose answer may be told with a remainder where the numbers are whole and leave one.

    Args:
        task: The division.
        dividend: What is divided.
        divisor: By what.
        open_: Whether something else may be meant where it leaves a remainder.
    """
    if not (dividend.isdecimal() and divisor.isdecimal() and int(divisor)) or int(dividend) % int(divisor) == 0:
        return task
    quotient, remainder = divmod(int(dividend), int(divisor))
    return replace(task, divided=(str(quotient), str(remainder)), open=open_)


ASK: Final = (
    r"(?:(?:evaluate|compute|calculate|find|determine|work out|give) the (?:exact )?(?:(?:definite |indefinite "
    r")?integral|"
    r"expression|limit|sum|product|value of)|what is the (?:exact )?(?:value|result) of|compute|calculate|"
    r"evaluate|find|"
    r"determine|work out|what is|what's|how much is|what does)"
)
THE: Final = r"(?:what is|find|compute|calculate|determine|evaluate|give|state|what are|list)"
OF: Final = (
    r"(?: the)?(?: (?:expression|number|numbers|integers|function|polynomial|matrix|equation|"
    r"fraction|values|data|list|set|two numbers))*:?"
)


def modulo(term: Any, n: int) -> int:
    """A whole expression modulo n, without computing its powers."""
    from tutor_app.adapters.grading.terms import Call, Number, Power, Product, Sum

    match term:
        case Number(value) if value.denominator == 1:
            return int(value) % n
        case Sum(terms):
            return sum(modulo(t, n) for t in terms) % n
        case Product(factors):
            result = 1
            for f in factors:
                result = result * modulo(f, n) % n
            return result
        case Power(base, Number(exponent)) if exponent.denominator == 1 and 0 <= exponent < 10**1000:
            return pow(modulo(base, n), int(exponent), n)
        case Power(base, Power() as exponent):
            whole = built(exponent)
            if whole is None or not whole.is_Integer or whole < 0:
                raise Unsure
            return pow(modulo(base, n), int(whole), n)
        case Call("factorial", (Number(value),)) if value.denominator == 1 and 0 <= value < 10000:
            result = 1
            for k in range(1, int(value) + 1):
                result = result * k % n
            return result % n
        case _:
            raise Unsure


def body_of(text: str) -> str:
    """The expression of a function: without ``f(x) =`` or ``y =`` before it."""
    return re.sub(r"^\s*(?:[a-zA-Z]\s*\(\s*[a-z]\s*\)|y)\s*=\s*", "", text)
