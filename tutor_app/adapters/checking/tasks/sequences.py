"""Tasks of sequences and of changes by a percentage. Loaded only in the checking process."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final, Literal

from tutor_app.adapters.checking import expressions as ex
from tutor_app.adapters.checking.expressions import Unsure
from tutor_app.adapters.checking.tasks.problem import THE, Expected, Problem, Rules, value_of

rule: Final = Rules()
_WHOLE: Final = r"(?P<{}>⟦\d+⟧|\d+)"
_MULTIPLES: Final = rf"{THE} the sum of (?:all )?(?:the )?(?:positive )?multiples of {_WHOLE.format('k')}"


@rule(
    rf"{_MULTIPLES} (?:between|from) {_WHOLE.format('a')} (?:and|to) {_WHOLE.format('b')}(?:,? inclusive)?",
    rf"{_MULTIPLES} (?:less than|below|under) {_WHOLE.format('b')}",
)
def _multiples(p: Problem, m: re.Match[str]) -> Expected:
    """The sum of the multiples in a range; where an end of it is one, it must be told whether it counts."""
    import sympy as sp

    first = m.groupdict().get("a")
    if not first and "positive" not in m[0].lower():
        raise Unsure
    k, high = (ex.whole(ex.scalar(p.formula(m[name]))) for name in ("k", "b"))
    low = ex.whole(ex.scalar(p.formula(first))) if first else 1
    if k < 1 or high - low > 10**6 or (first and "inclusive" not in m[0] and (low % k == 0 or high % k == 0)):
        raise Unsure
    last = high if first else high - 1
    return value_of(sp.Integer(sum(n for n in range(low, last + 1) if n % k == 0)))


@rule(
    rf"{THE} (?:the )?sum of (?:all )?(?:the )?(?P<kind>even |odd |)(?:numbers|integers|whole numbers|natural numbers) "
    rf"(?:from|between) {_WHOLE.format('a')} (?:to|through|and) {_WHOLE.format('b')}(?P<all>,? inclusive)?"
)
def _range(p: Problem, m: re.Match[str]) -> Expected:
    """The sum of the numbers in a range; between two numbers that would count, it must be told whether they do."""
    import sympy as sp

    low, high = (ex.whole(ex.scalar(p.formula(m[name]))) for name in ("a", "b"))
    step = {"even ": 0, "odd ": 1}.get(m["kind"].lower())
    if not 0 <= high - low <= 10**6:
        raise Unsure
    found = [n for n in range(low, high + 1) if step is None or n % 2 == step]
    if "between" in m[0].lower() and not m["all"] and not {low, high}.isdisjoint(found):
        raise Unsure
    return value_of(sp.Integer(sum(found)))


LARGEST: Final = 10_000
"""The place of a term, and the number of terms of a sum."""
MOST_POWERS: Final = 200
"""The same of a geometric sequence."""
_DOTS: Final = re.compile(r"(?:,\s*)?(?:\.{3}|…|\\(?:l|c)?dots)\s*$")


def _given(p: Problem, text: str) -> list[Any]:
    """The terms that are listed, at least three; dots at their end are left out."""
    text = text.strip().rstrip("?!").strip()
    added = re.fullmatch(r"[^,+]+(?: ?\+ ?[^,+]+)+", text)
    if added is not None:
        text = text.replace("+", ",")  # "1 + 2 + 4 + ..."
    if m := re.fullmatch(r"⟦(\d+)⟧(?P<dots>[\s,]*(?:\.{3}|…)?)", text):
        text = p.formulas[int(m[1])]
    values = [ex.scalar(t) for t in _DOTS.sub("", text.rstrip(" .,") if "..." not in text else text).split(",")]
    if len(values) < 3 or not all(v.is_number and v.is_rational for v in values):
        raise Unsure
    return values


Kind = Literal["arithmetic", "geometric"]


def _kind_of(values: list[Any], named: str) -> Kind:
    """Whether the differences or the ratios of the terms are the same.

    Raises:
        Unsure: If neither are, or another kind is named.
    """
    if len({b - a for a, b in pairwise(values)}) == 1 and named != "geometric":
        return "arithmetic"
    if all(v != 0 for v in values) and len({b / a for a, b in pairwise(values)}) == 1 and named != "arithmetic":
        return "geometric"
    raise Unsure


def _nth(values: list[Any], kind: Kind, n: int) -> Any:
    """The term in the place ``n``, from 1.

    Raises:
        Unsure: If a power would be too high.
    """
    first, second = values[:2]
    if kind == "arithmetic":
        return first + (n - 1) * (second - first)
    if n > MOST_POWERS:
        raise Unsure
    return first * (second / first) ** (n - 1)


def _as_read(task: Expected, values: list[Any], kind: Kind, named: str) -> Expected:
    """The task, with how the sequence was read where that is not said; open where the terms often go on otherwise."""
    return task if named else replace(task, how=kind, open=_goes_on_otherwise(values, kind))


def _goes_on_otherwise(values: list[Any], kind: Kind) -> bool:
    """Whether another usual rule gives these three terms: 1, 2, 3, 5; 1, 2, 4, 7; 3, 5, 7, 11."""
    import sympy as sp

    if len(values) > 3:
        return False
    a, b, c = values
    if a + b == c or (kind == "geometric" and c - b == 2 * (b - a)):
        return True
    return all(v.is_Integer and sp.isprime(v) for v in values) and sp.nextprime(a) == b and sp.nextprime(b) == c


@rule(
    rf"{THE} (?:the )?(?P<n>\d+)(?:st|nd|rd|th) term (?:of|in) (?:the |this )?"
    r"(?:(?P<kind>arithmetic|geometric) )?(?:(?:sequence|progression|series):? ?)?(?P<f>.+)"
)
def _term(p: Problem, m: re.Match[str]) -> Expected:
    values, n = _given(p, m["f"]), int(m["n"])
    if not 1 <= n <= LARGEST:
        raise Unsure
    named = (m["kind"] or "").lower()
    kind = _kind_of(values, named)
    return _as_read(value_of(_nth(values, kind, n)), values, kind, named)


@rule(
    rf"{THE} (?:the )?sum of (?:the )?first (?P<n>\d+) terms of (?:the |this )?(?:(?P<kind>arithmetic|geometric) )?"
    r"(?:(?:sequence|progression|series):? ?)?(?P<f>.+)",
    rf"{THE} (?:the )?next (?:number|term) (?:of|in) (?:the |this )?(?:(?P<kind>arithmetic|geometric) )?"
    r"(?:(?:sequence|progression|series|pattern):? ?)?(?P<f>.+)",
)
def _continued(p: Problem, m: re.Match[str]) -> Expected:
    """The sum of the first terms, or the next one; the next of three terms only where their kind is named."""
    import sympy as sp

    values, count, named = _given(p, m["f"]), m.groupdict().get("n"), (m["kind"] or "").lower()
    n = int(count or len(values) + 1)
    if not 1 <= n <= LARGEST or (not count and not named and len(values) < 4):
        raise Unsure
    first, kind = values[0], _kind_of(values, named)
    if kind == "geometric" and values[1] == first:
        raise Unsure
    value = last = _nth(values, kind, n)
    if count and kind == "arithmetic":
        value = sp.Integer(n) * (first + last) / 2
    elif count:
        factor = values[1] / first
        value = (last * factor - first) / (factor - 1)
    return _as_read(value_of(value), values, kind, named)


@rule(
    rf"{THE} (?:the )?(?:(?:formula|expression|rule) for the )?(?:n-?th|⟦(?P<n>\d+)⟧(?:-?th)?) term of (?:the "
    rf")?(?:arithmetic )?"
    r"(?:sequence|progression)?:? ?(?P<f>.+)"
)
def _general_term(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    values = _given(p, m["f"])
    steps = {b - a for a, b in pairwise(values)}
    if len(steps) != 1 or (m["n"] and p.formulas[int(m["n"])].strip() not in ("n", "n^{th}", "n^{\\text{th}}")):
        raise Unsure
    step, named = steps.pop(), "arithmetic" if "arithmetic" in m[0].lower() else ""
    task = value_of(sp.expand(values[0] + (sp.Symbol("n") - 1) * step), form="")
    return _as_read(task, values, "arithmetic", named)


@rule(
    rf"{THE} (?:the )?sum of (?:the )?(?P<kind>arithmetic|(?:infinite )?geometric) (?:series|progression|sequence):? "
    r"?(?P<f>.+)"
)
def _series(p: Problem, m: re.Match[str]) -> Expected:
    text = m["f"].strip().rstrip(".?!") if not m["f"].rstrip(" .").endswith("..") else m["f"].strip()
    text = p.formulas[int(text[1:-1])] if re.fullmatch(r"⟦\d+⟧", text) else text
    text = re.sub(r"\\(?:l|c)?dots|…", "...", text).replace(" ", "")
    endless = re.fullmatch(r"(.+?)[+,]\.{2,3}", text)
    ended = re.fullmatch(r"(.+?)([+,])\.{3}\2(.+)", text)
    if (found := endless or ended) is None:
        raise Unsure
    values = [ex.scalar(t) for t in re.split(r"[+,]", found[1])]
    if len(values) < 3 or not all(v.is_Rational and v != 0 for v in values):
        raise Unsure
    steps, factors = {b - a for a, b in pairwise(values)}, {b / a for a, b in pairwise(values)}
    if endless:
        if "infinite" not in m["kind"].lower() or len(factors) != 1 or not abs(next(iter(factors))) < 1:
            raise Unsure
        return value_of(values[0] / (1 - factors.pop()))
    last = ex.scalar(found[3])
    if m["kind"].lower() == "arithmetic" and len(steps) == 1 and last.is_Rational:
        step = steps.pop()
        count = (last - values[0]) / step + 1 if step else last
        if not step or not count.is_Integer or not 3 <= count <= LARGEST:
            raise Unsure
        return value_of(count * (values[0] + last) / 2)
    raise Unsure


_PART: Final = r"-?(?:\d+(?:\.\d+)?(?:/\d+)?)"


@rule(
    rf"(?:{THE} )?(?:the )?(?:(?:sum|value) of )?(?:the )?(?:infinite )?(?:geometric )?(?:(?:series|sum):? )?"
    rf"(?P<f>⟦\d+⟧|{_PART}(?: ?[-+] ?{_PART}){{2,6}} ?[-+] ?(?:\.\.\.|…|⋯))"
)
def _endless(p: Problem, m: re.Match[str]) -> Expected:
    """A geometric series without an end: "1 + 1/3 + 1/9 + ..."."""
    text = re.sub(r"\\(?:l|c)?dots|…|⋯", "...", p.formula(m["f"].rstrip(".") + "⋯" if "⟦" not in m["f"] else m["f"]))
    found = re.fullmatch(r"(.+?)\s*[-+]\s*\.{3,}", text.strip())
    if found is None:
        raise Unsure
    parts = re.findall(r"[-+]?[^-+]+", found[1].replace(" ", ""))
    values = [ex.scalar(part.removeprefix("+")) for part in parts]
    if len(values) < 3 or not all(v.is_Rational and v != 0 for v in values):
        raise Unsure
    factors = {b / a for a, b in pairwise(values)}
    if len(factors) != 1 or not abs(next(iter(factors))) < 1:
        raise Unsure
    return value_of(values[0] / (1 - factors.pop()))


@rule(
    r"(?:(?:find|compute|calculate|evaluate|what is)(?: the (?:value|sum) of)?:? )?"
    r"(?P<f>-?\d+(?: ?\+ ?\d+){2,6} ?\+ ?(?:\.\.\.|…) ?\+ ?\d+)"
)
def _added_up(_: Problem, m: re.Match[str]) -> Expected:
    """Numbers in equal steps up to a last one: "1 + 2 + 3 + ... + 50"."""
    import sympy as sp

    values = [int(n) for n in re.findall(r"-?\d+", m["f"])]
    *listed, last = values
    steps = {b - a for a, b in pairwise(listed)}
    step = steps.pop()
    count, rest = divmod(last - listed[0], step) if step else (0, 1)
    if steps or rest or not len(listed) <= count < LARGEST:
        raise Unsure
    return value_of(sp.Integer((count + 1) * (listed[0] + last)) / 2)


@rule(
    rf"{THE} (?:the )?sum of (?:all )?(?:the )?first (?P<n>\d+) (?P<kind>(?:positive |natural )?(?:even |odd )?"
    r"(?:positive )?(?:natural |whole |counting )?(?:numbers|integers))"
)
def _first(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    n, kind = int(m["n"]), m["kind"].lower()
    if n > LARGEST or not any(w in kind for w in ("positive", "natural", "counting", "even", "odd")):
        raise Unsure
    if ("even" in kind or "odd" in kind) and "whole" in kind:
        raise Unsure
    return value_of(sp.Integer(n * (n + 1) if "even" in kind else n * n if "odd" in kind else n * (n + 1) // 2))


@rule(
    r"(?P<way>increase|decrease|reduce|raise) (?P<a>.+?) by (?P<p>\d+(?:\.\d+)?) ?(?:\\?%|percent|per cent)",
    r"(?P<way>increase|decrease|reduce|raise) (?P<a>.+?) by ⟦(?P<mark>\d+)⟧",
)
def _changed(p: Problem, m: re.Match[str]) -> Expected:
    if (percent := m.groupdict().get("p")) is None:
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*\\?%", p.formulas[int(m["mark"])])
        if found is None:
            raise Unsure
        percent = found[1]
    value = ex.scalar(p.formula(m["a"]))
    if not value.is_number or not value.is_rational:
        raise Unsure
    part = ex.scalar(percent) / 100
    return value_of(value * (1 + part if m["way"].lower() in ("increase", "raise") else 1 - part))
