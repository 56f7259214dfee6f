"""Tasks of numbers: divisors, primes, remainders, means, percent, units, points.

Loaded only in the checking process.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from tutor_app.adapters.checking import expressions as ex
from tutor_app.adapters.checking.expressions import Unsure
from tutor_app.adapters.checking.tasks.problem import OF, THE, Expected, Problem, Rules, modulo, tex, value_of
from tutor_app.adapters.checking.words import NUMBERS, PARTS
from tutor_app.adapters.grading.units import measure

rule: Final = Rules()


@rule(rf"{THE} (?:the )?(?P<what>square root|cube root|square|cube|reciprocal|absolute value) of (?P<f>.+)")
def _single(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    value = ex.scalar(p.formula(m["f"]))
    if not value.is_number or not value.is_real:
        raise Unsure
    works: dict[str, Callable[[Any], Any]] = {
        "square root": sp.sqrt,
        "cube root": lambda v: sp.real_root(v, 3),
        "square": lambda v: v**2,
        "cube": lambda v: v**3,
        "reciprocal": lambda v: 1 / v,
        "absolute value": sp.Abs,
    }
    return value_of(works[m["what"].lower()](value))


@rule(
    rf"{THE} (?:the )?(?P<what>gcd|gcf|hcf|lcm|greatest common (?:divisor|factor)|highest common "
    rf"factor|least common (?:multiple|denominator)|lowest common multiple)(?: \((?:gcd|gcf|hcf|lcm)"
    rf"\))?(?: of|:){OF} (?P<f>.+)",
    r"(?P<what>gcd|gcf|hcf|lcm|greatest common (?:divisor|factor)|least common multiple) ?(?:of )"
    r"?\(?(?P<f>[\d, ]+?(?:and [\d ]+)?)\)?",
)
def _common(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    values = [ex.scalar(t) for t in p.listed(m["f"])]
    if len(values) < 2:
        raise Unsure
    for v in values:
        ex.whole(v)
    least = m["what"].lower()[:3] in ("lcm", "lea", "low")
    return value_of((sp.ilcm if least else sp.igcd)(*map(int, values)) + sp.Integer(0))


@rule(
    rf"{THE} (?:the )?prime factori[sz]ation of{OF} (?P<f>.+)",
    r"(?:write|express) (?P<f>.+?) as (?:a|the) product of (?:its )?prime(?: (?:factors|numbers|powers)|s)",
    r"factor (?P<f>\d+) into primes?",
)
def _primes(p: Problem, m: re.Match[str]) -> Expected:
    n = ex.whole(ex.scalar(p.formula(m["f"])))
    if not 1 < n < 10**18:
        raise Unsure
    return Expected((str(n), *_factor_lists(n)[1:]), form="primes", given=str(n))


def _factor_lists(n: int) -> tuple[str, str, str]:
    """Its prime factors as lists: each once, each as often as it divides, each with its power."""
    import sympy as sp

    found = sorted(sp.factorint(n).items())
    each = [str(q) for q, times in found for _ in range(times)]
    powers = [f"{q}^{{{times}}}" if times > 1 else str(q) for q, times in found]
    return ", ".join(str(q) for q, _ in found), ", ".join(each), ", ".join(powers)


@rule(r"is (?P<f>⟦\d+⟧|\d+) (?:an? )?prime(?: number)?")
def _is_prime(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    n = ex.whole(ex.scalar(p.formula(m["f"])))
    if not 1 < n < 10**18:
        raise Unsure
    return Expected((r"\text{Yes}" if sp.isprime(n) else r"\text{No}",))


@rule(rf"{THE} (?:all )?(?:of )?(?:the )?(?:positive )?(?:factors|divisors) of (?P<f>⟦\d+⟧|\d+)")
def _every_divisor(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    n = ex.whole(ex.scalar(p.formula(m["f"])))
    if not 1 < n < 10**9:
        raise Unsure
    return Expected((", ".join(map(str, sp.divisors(n))),))


@rule(rf"{THE} (?:the )?(?:complex )?(?P<what>modulus|magnitude|conjugate)(?: of){OF} (?P<f>⟦\d+⟧|[^()]+)")
def _complex(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    value = ex.scalar(p.formula(m["f"]))
    if not value.is_number or not value.has(sp.I):
        raise Unsure
    return value_of(sp.conjugate(value) if m["what"].lower() == "conjugate" else sp.Abs(value))


@rule(
    r"how many (?:positive )?(?:integer )?(?P<what>divisors|factors) (?:does|are there of|has) (?P<f>.+?)(?: have)?",
    rf"{THE} (?:the )?(?P<what>(?:number|sum) of (?:all )?(?:the )?(?:positive )?(?:integer )"
    rf"?(?:divisors|factors)) of{OF} (?P<f>.+)",
    rf"{THE} (?:the )?(?P<what>(?:greatest|largest|smallest) prime (?:factor|divisor)) of{OF} (?P<f>.+)",
    rf"{THE} (?:the )?(?:set of )?(?:all )?(?:the )?(?:distinct )?(?P<what>prime (?:factors|divisors))"
    rf" of{OF} (?P<f>.+)",
    rf"{THE} (?:the )?(?P<what>sum of the (?:distinct )?(?:prime) (?:factors|divisors)) of{OF} (?P<f>.+)",
)
def _divisors(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    n = ex.whole(ex.scalar(p.formula(m["f"])))
    if not 1 < n < 10**18:
        raise Unsure
    what = m["what"].lower()
    if "integer" in m[0].lower() and "positive" not in m[0].lower():
        raise Unsure  # the negative ones may be meant, too
    primes = sorted(sp.factorint(n))
    if "sum of the" in what and "prime" in what:
        if "distinct" not in what and sum(sp.factorint(n).values()) != len(primes):
            raise Unsure
        return value_of(sp.Integer(sum(primes)))
    if what.startswith("prime"):
        lists = (*_factor_lists(n), str(n))
        # Each once, each as often as it divides, or the product of them, unless it is said.
        return (
            Expected(lists[:1])
            if re.search("distinct|different|set of", m[0], re.I)
            else Expected(lists, form="primes")
        )
    if "prime" in what:
        return value_of(sp.Integer(primes[0] if what.startswith("smallest") else primes[-1]))
    return value_of(sp.Integer(sp.divisor_sigma(n) if what.startswith("sum") else sp.divisor_count(n)))


@rule(
    rf"{THE} (?:the )?(?P<what>(?:arithmetic )?mean|average|median|(?:unique )?mode|range|sum|product)"
    rf"(?: of)?{OF} (?P<f>.+)",
    rf"{THE} (?:the )?(?P<what>standard deviation)(?: of)?{OF} (?P<f>.+?) as (?P<all>a whole population)(?:\. "
    rf"give an exact value)?",
    rf"{THE} (?:the )?(?P<what>(?:(?:population|sample) )?standard deviation|population variance|sample variance)"
    rf"(?: of)?{OF} (?P<f>.+)",
)
def _statistics(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    texts = p.listed(m["f"])
    values = [ex.scalar(t) for t in texts]
    if len(values) < 2 or not all(v.is_number and v.is_real for v in values):
        raise Unsure
    what, n = m["what"].lower(), sp.Integer(len(values))
    ordered = sorted(values, key=lambda v: float(v))
    mean = sum(values, sp.Integer(0)) / n
    if what.endswith(("mean", "average")):
        return value_of(mean)
    if what == "sum":
        return value_of(mean * n)
    if what == "product":
        return value_of(sp.prod(values))
    if what == "range":
        return value_of(ordered[-1] - ordered[0])
    if what == "median":
        k = len(values) // 2
        return value_of(ordered[k] if len(values) % 2 else (ordered[k - 1] + ordered[k]) / 2)
    if what.endswith("mode"):
        most = max(values.count(v) for v in values)
        modes = [v for v in set(values) if values.count(v) == most]
        if len(modes) != 1:
            raise Unsure
        return value_of(modes[0])
    squares = sum(((v - mean) ** 2 for v in values), sp.Integer(0))
    which = "population" if m.groupdict().get("all") else what
    # A list may be a whole population or a sample of one: where it is not said, both are right.
    below = [n] if "population" in which else [n - 1] if "sample" in which else [n, n - 1]
    spreads = [squares / k if what.endswith("variance") else sp.sqrt(squares / k) for k in below]
    return Expected(tuple(map(tex, spreads)), form="new")


@rule(
    r"(?:what is|find|compute|calculate|evaluate)? ?(?P<a>[\d^+*() -]+) (?:mod|modulo|%) (?P<b>\d+)",
    r"(?:what is|find|compute|calculate|evaluate)? ?(?P<f>⟦\d+⟧)",
    r"(?:what is|find|compute|calculate|evaluate|reduce) (?P<a>.+?) (?:mod|modulo) (?P<b>⟦\d+⟧|\d+)",
)
def _mod(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    groups = m.groupdict()
    if groups.get("f"):
        found = re.fullmatch(r"(.+?)\\(?:pmod|bmod|mod)\s*\{?\s*(\d+)\s*\}?", p.formula(m["f"]).strip())
        if found is None or "=" in found[1]:
            raise Unsure
        a, b = found[1], found[2]
    else:
        a, b = p.formula(m["a"]), p.formula(m["b"])
    modulus = ex.whole(ex.scalar(b))
    if modulus < 1:
        raise Unsure
    return value_of(sp.Integer(modulo(ex.term_of(a), modulus)))


@rule(
    rf"{THE} (?:the )?(?P<f>⟦\d+⟧)",
    rf"{THE} (?:the )?(?:modular |multiplicative )?inverse of (?P<a>⟦\d+⟧|\d+),? \(?(?:mod|modulo) (?P<b>⟦\d+⟧|\d+)\)?",
    rf"{THE} (?:the )?(?:modular |multiplicative )?inverse of (?P<g>⟦\d+⟧)",
)
def _modular_inverse(p: Problem, m: re.Match[str]) -> Expected:
    """The number from 0 to n - 1 that gives 1 times another one, modulo n."""
    import sympy as sp

    groups = m.groupdict()
    if groups.get("a"):
        a, n = p.formula(groups["a"]), p.formula(groups["b"])
    else:
        inverse = r"\^\s*\{\s*-1\s*\}" if groups.get("f") else ""
        written = p.formula(groups.get("f") or groups["g"]).strip()
        found = re.fullmatch(rf"(\d+)\s*{inverse}\s*\\(?:pmod|bmod|mod)\s*\{{?\s*(\d+)\s*\}}?", written)
        if found is None:
            raise Unsure
        a, n = found[1], found[2]
    number, modulus = ex.whole(ex.scalar(a)), ex.whole(ex.scalar(n))
    if modulus < 2 or sp.igcd(number, modulus) != 1:
        raise Unsure
    return value_of(sp.Integer(pow(number, -1, modulus)))


@rule(rf"{THE} (?:the )?(?:units?|last|ones) digit of (?P<f>⟦\d+⟧|[\d^*!() ]+)")
def _last_digit(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    return value_of(sp.Integer(modulo(ex.term_of(p.formula(m["f"])), 10)))


_SCALE: Final = r"(?:degrees? |° ?)?(?:{}|{})"


@rule(
    rf"(?:convert|change) (?P<f>-?\d+(?:\.\d+)?) ?{_SCALE.format('f', 'fahrenheit')} (?:in)?to "
    rf"{_SCALE.format('c', 'celsius')}",
    rf"(?:convert|change) (?P<c>-?\d+(?:\.\d+)?) ?{_SCALE.format('c', 'celsius')} (?:in)?to "
    rf"{_SCALE.format('f', 'fahrenheit')}",
)
def _temperature(_: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    groups = m.groupdict()
    warm = groups.get("f")
    value = (sp.Rational(warm) - 32) * 5 / 9 if warm else sp.Rational(groups["c"]) * 9 / 5 + 32
    unit = "C" if groups.get("f") else "F"
    return Expected((tex(value), f"{tex(value)}^\\circ \\text{{ {unit}}}", f"{tex(value)}^\\circ"))


@rule(
    r"(?:what is|find|calculate|compute)?:? ?(?P<a>⟦\d+⟧|[\d.,/]+) ?(?:\\?%|percent|per cent) of "
    r"(?P<b>⟦\d+⟧|[\d.,/]+)",
    r"(?P<c>⟦\d+⟧|[\d.,]+) is what percent(?:age)? of (?P<b>⟦\d+⟧|[\d.,]+)",
    r"what percent(?:age)? of (?P<b>⟦\d+⟧|[\d.,]+) is (?P<c>⟦\d+⟧|[\d.,]+)",
    r"what (?:number )?is (?P<a>⟦\d+⟧|[\d.,/]+) ?(?:\\?%|percent|per cent) of (?P<b>⟦\d+⟧|[\d.,/]+)",
    r"(?P<part>⟦\d+⟧|[\d.,/]+) is (?P<a>⟦\d+⟧|[\d.,/]+) ?(?:\\?%|percent|per cent) of (?:what|which) number",
)
def _percent(p: Problem, m: re.Match[str]) -> Expected:
    groups = m.groupdict()
    if groups.get("part"):
        rate = ex.scalar(re.sub(r"\\?%$", "", p.formula(groups["a"])))
        return value_of(100 * ex.scalar(p.formula(groups["part"])) / rate)
    base = ex.scalar(p.formula(groups["b"]).replace("\\%", "").replace("%", ""))
    if groups.get("a"):
        return value_of(ex.scalar(re.sub(r"\\?%$", "", p.formula(groups["a"]))) * base / 100)
    part = ex.scalar(p.formula(groups["c"]))
    value = tex(100 * part / base)
    return Expected((value, f"{value}\\%"))


_PART: Final = rf"(?:(?:(?P<many>an?|{'|'.join(NUMBERS)})[ -])?(?P<word>{'|'.join(PARTS)}))"


@rule(
    rf"(?:(?:what is|what's|find|calculate|compute|evaluate|work out|how much is):? )?"
    rf"(?P<part>\d+ ?/ ?\d+|⟦\d+⟧|{_PART}) of "
    r"(?P<b>⟦\d+⟧|\d[\d.,]*(?: ?/ ?\d+)?)"
)
def _part(p: Problem, m: re.Match[str]) -> Expected:
    """A fraction of a number: "2/3 of 9", "three quarters of 20"."""
    if m["word"]:
        if m["many"] is None and m["word"].lower() != "half":
            raise Unsure  # "third of 12"
        each = PARTS[m["word"].lower()] * NUMBERS.get((m["many"] or "one").lower(), 1)
        fraction = ex.scalar(str(each))
    else:
        fraction = ex.scalar(p.formula(m["part"]))
    if not fraction.is_Rational or fraction.is_Integer:
        raise Unsure
    return value_of(fraction * ex.scalar(p.formula(m["b"]).replace(",", "")))


@rule(
    r"(?:what|which) fraction of (?P<b>⟦\d+⟧|\d[\d.,]*|an?|one)(?: (?P<v>[a-z]+))? is "
    r"(?P<a>⟦\d+⟧|\d[\d.,]*)(?: (?P<u>[a-z]+))?",
    r"(?:express|write) (?P<a>⟦\d+⟧|\d[\d.,]*)(?: (?P<u>[a-z]+))? as a fraction of (?P<b>⟦\d+⟧|\d[\d.,]*|an?|one)"
    r"(?: (?P<v>[a-z]+))?",
)
def _fraction_of(p: Problem, m: re.Match[str]) -> Expected:
    """What part one quantity is of another, in any units of the same kind."""
    import sympy as sp

    if bool(m["u"]) != bool(m["v"]):
        raise Unsure
    part = ex.scalar(p.formula(m["a"]).replace(",", ""))
    whole = sp.Integer(1) if m["b"].lower() in ("a", "an", "one") else ex.scalar(p.formula(m["b"]).replace(",", ""))
    if m["u"] and m["u"].lower() != m["v"].lower():
        one, two = measure(m["u"]), measure(m["v"])
        if one is None or two is None or one[0] != two[0] or one[0].startswith("temperature"):
            raise Unsure
        factor = one[1] / two[1]
        part *= sp.Rational(factor.numerator, factor.denominator)
    elif m["b"].lower() in ("a", "an", "one"):
        raise Unsure
    return value_of(part / whole, form="reduced")


@rule(
    r"convert (?P<a>⟦\d+⟧|[\d.,/]+) ?(?P<u>[a-z ]+?) (?:to|into) (?P<v>[a-z ]+)",
    r"how many (?P<v>[a-z]+) are (?:there )?in (?P<a>⟦\d+⟧|[\d.,/]+|an?|one) ?(?P<u>[a-z]+)",
)
def _convert(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    one, two = measure(m["u"].strip()), measure(m["v"].strip())
    if one is None or two is None or one[0] != two[0] or one[0].startswith("temperature"):
        raise Unsure
    amount = sp.Integer(1) if m["a"].lower() in ("a", "an", "one") else ex.scalar(p.formula(m["a"]))
    factor = one[1] / two[1]
    value = tex(amount * sp.Rational(factor.numerator, factor.denominator))
    return Expected((value, f"{value} \\text{{ {m['v'].strip()}}}"))


@rule(
    rf"{THE} (?:the )?(?P<what>distance|slope|gradient|midpoint)(?: of the (?:line|segment|line segment))?(?: "
    rf"between| from| through| of| joining| passing through| with endpoints| connecting)?(?: the)?(?: "
    rf"points?| line segment with endpoints| segment with endpoints)? (?P<a>⟦\d+⟧|\([^()]*\)) (?:and|"
    rf"to) (?P<b>⟦\d+⟧|\([^()]*\))",
)
def _points(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    a, b = ex.point(p.formula(m["a"])), ex.point(p.formula(m["b"]))
    if len(a) != len(b):
        raise Unsure
    what = m["what"].lower()
    if what == "distance":
        return value_of(sp.sqrt(sum((u - v) ** 2 for u, v in zip(a, b, strict=True))))
    if what == "midpoint":
        return Expected((f"({', '.join(tex((u + v) / 2) for u, v in zip(a, b, strict=True))})",))
    if len(a) != 2 or a[0] == b[0]:
        raise Unsure
    return value_of((b[1] - a[1]) / (b[0] - a[0]))
