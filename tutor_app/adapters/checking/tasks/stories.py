"""Tasks told in a sentence or two: changes by a percentage, sequences by their first term, vectors, draws from a bag.

As everywhere in this package the whole text must be understood: a number too many, and nothing is recognised. Loaded
only in the checking process.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any, Final

from tutor_app.adapters.checking import expressions as ex
from tutor_app.adapters.checking.expressions import Unsure
from tutor_app.adapters.checking.tasks.problem import THE, Expected, Problem, Rules, value_of

rule: Final = Rules()

_NUMBER: Final = re.compile(r"(?<![\w.,])\d+(?:,\d{3})*(?:\.\d+)?(?![\w,]|\.\d)")
_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?) ?(?:\\?%|percent\b|per cent\b)")
_UP: Final = re.compile(
    r"\b(?:increase[sd]?|ris(?:es|en|e)|rose|raise[sd]?|go(?:es|ne) up|went up|grow[sn]?|grew|gain(?:s|ed))\b", re.I
)
_DOWN: Final = re.compile(
    r"\b(?:decrease[sd]?|reduce[sd]?|fall(?:s|en)?|fell|drop(?:s|ped)?|discounted|marked down|lowered|cut"
    r"|go(?:es|ne) down|went down|loses|lost|% off|percent off|discount|reduction|sale of)\b|% off",
    re.I,
)
_THING: Final = r"(?:price|cost|value|salary|wage|population|weight|height|amount)"
_NOW: Final = re.compile(
    rf"(?:what (?:is|will be) (?:the|its) (?:(?:new|sale|final|reduced|discounted|current) )?{_THING}(?: now| then)?"
    r"|what does it cost(?: now| then)?|how much does (?:it|the \w+) cost(?: now)?|what is it (?:now|then)"
    rf"|find the (?:new|sale|final|reduced|discounted) {_THING}|how much is it now"
    r"|what is the (?:sale|new|final) price)(?: of the \w+)?[?.]*$",
    re.I,
)
_BEFORE: Final = re.compile(
    rf"(?:(?:what (?:was|is)|find) (?:the|its) (?:original|old|previous|first|full) {_THING}"
    r"|what was (?:it|the price) before(?: \w+ \w+)?|(?:how much (?:was it|did it cost)|what did it cost)"
    r" (?:before|originally))"
    r"(?: of the \w+)?[?.]*$",
    re.I,
)
_AFTER: Final = r"\b(?:to|now costs?|costs? now|sale price is|new price is|is now)\b[^\d]*"
_AFTERWARDS: Final = re.compile(
    rf"\bafter (?:an? )?(?:{_PERCENT.pattern} )?(?:discount|reduction|decrease|increase|rise|raise)\b", re.I
)
"""The amount is the one after the change: "costs 40 euros after a reduction of 20%"."""
_MORE: Final = re.compile(
    r"\b(?:then|twice|double[sd]?|half|halve[sd]?|third|each"
    r"|per|tax|tip|two|three|four|five|second|again|years?|months?|"
    r"another|further|more|less|both|total|together|compound\w*|interest)\b",
    re.I,
)


@rule(r"(?P<story>(?=.*(?:%|percent|per cent)).{12,300}?)")
def _percentage(p: Problem, m: re.Match[str]) -> Expected:
    """One amount and one percentage: what it is then, or what it was before."""
    import sympy as sp

    story = re.sub(r"⟦(\d+)⟧", lambda f: p.formulas[int(f[1])], m["story"]).replace("\\%", "%").replace("\\$", "$")
    asked = next((a for a in (_NOW, _BEFORE) if a.search(story)), None)
    if asked is None:
        raise Unsure
    told = asked.sub("", story)
    percents, up, down = _PERCENT.findall(told), _UP.search(told), _DOWN.search(told)
    amounts = _NUMBER.findall(_PERCENT.sub(" ", told))
    if len(percents) != 1 or len(amounts) != 1 or (up is None) == (down is None) or _MORE.search(told):
        raise Unsure
    change = ex.scalar(percents[0]) / 100
    factor = 1 + change if up is not None else 1 - change
    amount = ex.scalar(amounts[0].replace(",", ""))
    after = re.search(_AFTER + re.escape(amounts[0]), told, re.I) or _AFTERWARDS.search(told)
    if (asked is _BEFORE) != (after is not None) or factor == 0:
        raise Unsure
    return value_of(sp.nsimplify(amount / factor if asked is _BEFORE else amount * factor))


_MANY: Final = {"": 1, "twice": 2, "double": 2, "thrice": 3, "two times": 2, "three times": 3,
                "four times": 4, "five times": 5, "six times": 6, "half": Fraction(1, 2), "half of": Fraction(1, 2),
                "a third of": Fraction(1, 3), "one third of": Fraction(1, 3),
                "a quarter of": Fraction(1, 4)}  # fmt: skip
_MULTIPLE: Final = rf"(?P<k>{'|'.join(filter(None, _MANY))}|\d+ times|) ?a (?:certain )?number"
_N: Final = r"(?P<{}>\d+(?:\.\d+)?)"
_RESULT: Final = (
    rf"(?:is equal to|is|equals|gives|makes) {_N.format('r')}\. "
    r"(?:what is|what's|find|determine|what was) (?:the|this|that) number"
)


@rule(
    rf"{_MULTIPLE}(?: (?P<op>increased by|plus|decreased by|diminished by|minus) {_N.format('c')})? {_RESULT}",
    rf"{_N.format('c')} (?P<op>more|less) than {_MULTIPLE} {_RESULT}",
    rf"the (?P<op>sum) of {_MULTIPLE} and {_N.format('c')} {_RESULT}",
)
def _number(p: Problem, m: re.Match[str]) -> Expected:
    """A number of which a multiple, more or less by another, is told."""
    import sympy as sp

    named = " ".join(m["k"].lower().split())
    many = sp.Rational(_MANY[named]) if named in _MANY else sp.Integer(named.split()[0])
    operation, change = (m["op"] or "").lower(), ex.scalar(m["c"] or "0")
    down = operation.startswith(("decreased", "diminished", "minus", "less"))
    if many == 0:
        raise Unsure
    return value_of(sp.nsimplify((ex.scalar(m["r"]) + (change if down else -change)) / many))


@rule(
    r"the sum of (?P<n>two|three|four|five) consecutive (?P<step>even |odd )?(?:positive )?"
    r"(?:integers|whole numbers|numbers) (?:is|equals) (?P<r>\d+)\. (?:what is|find|determine) the "
    r"(?P<which>smaller|smallest|larger|largest|greater|greatest|middle|first|last)"
    r"(?: one| integer| number| of them| of the (?:integers|numbers|two|three))?"
)
def _consecutive(p: Problem, m: re.Match[str]) -> Expected:
    """One of several whole numbers in a row, by their sum."""
    import sympy as sp

    n, total = {"two": 2, "three": 3, "four": 4, "five": 5}[m["n"].lower()], int(m["r"])
    kind = (m["step"] or "").strip().lower()
    step = 2 if kind else 1
    first, rest = divmod(total - step * n * (n - 1) // 2, n)
    which = m["which"].lower()
    if rest or (kind and (first % 2 == 0) != (kind == "even")) or (which == "middle" and n % 2 == 0):
        raise Unsure
    place = {"s": 0, "f": 0, "m": n // 2}.get(which[0], n - 1)
    return value_of(sp.Integer(first + step * place))


_SEQUENCE: Final = r"(?P<kind>arithmetic|geometric) (?:sequence|progression|series)"
_FIRST: Final = r"(?P<a>-?\d+(?:\.\d+)?)(?:,| and) (?:and )?(?:the |its )?"
_STEP: Final = r"(?:common )?(?P<how>difference|ratio)(?: is| of)? ?(?P<d>-?\d+(?:\.\d+)?(?:/\d+)?)"


@rule(
    rf"(?:the )?first term of an? {_SEQUENCE} is {_FIRST}{_STEP}[.,;]? {THE} (?:the )?(?P<n>\d+)(?:st|nd|rd|th) term",
    rf"an? {_SEQUENCE} has first term {_FIRST}{_STEP}[.,;]? {THE} (?:the |its )?(?P<n>\d+)(?:st|nd|rd|th) term",
)
def _nth(p: Problem, m: re.Match[str]) -> Expected:
    n, first, step = int(m["n"]), ex.scalar(m["a"]), ex.scalar(m["d"])
    if (m["how"].lower() == "ratio") != (m["kind"].lower() == "geometric") or not 1 <= n <= 200:
        raise Unsure
    return value_of(first * step ** (n - 1) if m["how"].lower() == "ratio" else first + (n - 1) * step)


_TERM: Final = r"-?\d+(?:\.\d+)?(?:/\d+)?"


@rule(
    rf"{THE} (?:the )?sum (?:to infinity )?of (?:the |an )?(?:infinite )?geometric "
    rf"(?:sequence|progression|series) (?:with|"
    rf"whose) (?:a )?first term (?:is |of )?(?P<a>{_TERM}),? and (?:a |whose )?common ratio (?:is |of )?(?P<d>{_TERM})",
    rf"an? (?:infinite )?geometric (?:sequence|progression|series) has (?:a )?first term (?:of )?(?P<a>{_TERM}),? and "
    rf"(?:a )?common ratio (?:of )?(?P<d>{_TERM})[.;,] {THE} (?:its sum|the sum of the (?:series|sequence))(?: "
    rf"to infinity)?",
)
def _endless(_: Problem, m: re.Match[str]) -> Expected:
    """The sum of a geometric series that is told by its first term and its ratio."""
    first, ratio = ex.scalar(m["a"]), ex.scalar(m["d"])
    if not abs(ratio) < 1 or ratio == 0 or "inf" not in m[0].lower():
        raise Unsure
    return value_of(first / (1 - ratio))


_VECTOR: Final = r"(?:⟦\d+⟧|[(<\[][^()<>\[\]]*[)>\]])"


def _members(p: Problem, text: str) -> list[Any]:
    inner = re.sub(r"^[a-z]\s*=\s*", "", p.formula(text))
    return list(ex.point(f"({inner.strip()[1:-1]})"))


_DOT: Final = re.compile(r"[a-z]\s*(?:·|\*|\.|and|⋅|\\cdot)\s*[a-z]")


@rule(
    rf"{THE} (?:the )?(?:dot|scalar|inner) product of (?:the )?(?:vectors )?(?P<a>{_VECTOR}) and (?P<b>{_VECTOR})",
    rf"(?:let |given )?(?P<n>[a-z]) ?= ?(?P<a>{_VECTOR})(?:,| and) (?P<k>[a-z]) ?= ?(?P<b>{_VECTOR})[.,;:]? {THE} "
    r"(?:the )?(?:dot product of )?(?P<q>[a-z] ?(?:·|\*|\.|and|⋅) ?[a-z])",
    rf"(?:let |given )?(?P<a>⟦\d+⟧)(?:,| and) (?P<b>⟦\d+⟧)[.,;:]? {THE} (?:the )?(?:dot product of )?(?P<q>⟦\d+⟧)",
)
def _dot(p: Problem, m: re.Match[str]) -> Expected:
    a, b = _members(p, m["a"]), _members(p, m["b"])
    asked = m.groupdict().get("q")
    if asked is not None and not _DOT.fullmatch(p.formula(asked) if "⟦" in asked else asked):
        raise Unsure
    if len(a) != len(b) or len(a) not in (2, 3):
        raise Unsure
    return value_of(sum((u * v for u, v in zip(a, b, strict=True)), start=a[0] * 0))


@rule(
    rf"{THE} (?:the )?(?:length|magnitude|norm) of (?:the )?(?:vector )?(?:[a-z] ?= ?)?(?P<a>{_VECTOR})",
)
def _length(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    return value_of(sp.sqrt(sum(u**2 for u in _members(p, m["a"]))))


_COUNT: Final = {"one": 1, "two": 2, "three": 3}
_BALLS: Final = "(?:balls?|marbles?|counters?|beads?|sweets?)"


@rule(
    rf"an? (?:bag|box|jar|urn) (?:has|contains|holds) (?P<a>\d+) (?P<c>[a-z]+)(?: {_BALLS})?,? and (?P<b>\d+) "
    rf"(?P<e>[a-z]+) {_BALLS}[.;,] (?P<n>one|two|three) (?:{_BALLS} )?(?:is|are) (?:drawn|taken|picked|chosen)"
    r"(?: at random)?(?P<how> without replacement| with replacement)?[.;,] (?:what is|find) the probability that "
    rf"(?:both|all(?: three)?|it|the {_BALLS})(?: of them)? (?:are|is) (?P<q>[a-z]+)"
)
def _draws(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    n, counts = _COUNT[m["n"].lower()], {m["c"].lower(): int(m["a"]), m["e"].lower(): int(m["b"])}
    wanted, everything = counts.get(m["q"].lower()), sum(counts.values())
    if wanted is None or len(counts) != 2 or (n > 1 and m["how"] is None) or n > everything:
        raise Unsure
    kept = (m["how"] or "").strip().startswith("without")
    found = Fraction(1)
    for k in range(n):
        found *= Fraction(wanted - k * kept, everything - k * kept)
    return value_of(sp.Rational(found.numerator, found.denominator))
