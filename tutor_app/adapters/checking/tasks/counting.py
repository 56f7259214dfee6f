"""Tasks of counting: permutations and combinations by their signs, numbers with so many digits, subsets, and sets.

Numbers with conditions are counted one by one, so that no formula can be wrong. Loaded only in the checking process.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable
from typing import Final

from tutor_app.adapters.checking.expressions import Unsure
from tutor_app.adapters.checking.tasks.problem import THE, Expected, Problem, Rules
from tutor_app.adapters.checking.words import NUMBERS

rule: Final = Rules()

MAX_DIGITS: Final = 5
"""Of numbers that are counted one by one."""
_WORDS: Final = {word: n for word, n in NUMBERS.items() if n <= 20}
_COUNT: Final = rf"(?:\d{{1,4}}|{'|'.join(sorted(_WORDS, key=len, reverse=True))})"


def _count(text: str) -> int:
    return _WORDS[text.lower()] if text.lower() in _WORDS else int(text)


def _whole(value: int) -> Expected:
    return Expected((str(value),))


def _arranged(n: int, k: int) -> Expected:
    if not 0 <= k <= n <= 1000:
        raise Unsure
    return _whole(math.perm(n, k))


# --- permutations and combinations ---------------------------------------------------------------------------------

_ASK: Final = r"(?:(?:evaluate|compute|calculate|find|what is|determine|work out|simplify)(?: the value of)?:? )?"
_SIGN: Final = re.compile(
    r"(?:P|\\operatorname\{P\}|\\text\{P\})\s*(?:\\left)?\(\s*(\d+)\s*,\s*(\d+)\s*(?:\\right)?\)"
    r"|(?:\{\})?_?\{?(\d+)\}?\s*(?:P|\\text\{P\}|\\mathrm\{P\})_?\s*\{?(\d+)\}?|P_\{?(\d+)\}?\^\{?(\d+)\}?"
    r"|\^\{?(\d+)\}?\s*P_\{?(\d+)\}?"
)


@rule(rf"{_ASK}(?P<f>⟦\d+⟧|P ?\([\d, ]+\)|\d+ ?P_? ?\d+)")
def _permutation_sign(p: Problem, m: re.Match[str]) -> Expected:
    """``P(6, 2)``, ``6P2``, ``{}_6P_2``."""
    found = _SIGN.fullmatch(p.formula(m["f"]).strip())
    if found is None or (found[5] and int(found[5]) > int(found[6])):
        raise Unsure
    n, k = (int(g) for g in ((found[6], found[5]) if found[5] else [g for g in found.groups() if g]))
    return _arranged(n, k)


_OBJECTS: Final = (
    r"(?:different |distinct )?(?:objects?|things?|items?|elements?|people|persons|students|letters|books|players|cards"
    r"|runners|children|members|numbers|digits)"
)


@rule(
    rf"(?:how many|{THE} (?:the )?number of) permutations (?:of|are there of|can be made (?:from|of)) (?P<n>{_COUNT})"
    rf"(?: {_OBJECTS})?,?(?: taken| chosen| selected)? (?P<k>{_COUNT}) at a time(?: are there)?",
    rf"(?:how many|{THE} (?:the )?number of) permutations (?:of|are there of) (?P<k>{_COUNT})(?: {_OBJECTS})?"
    rf"(?: chosen| taken| selected) from (?P<n>{_COUNT})(?: {_OBJECTS})?(?: are there)?",
    rf"(?:how many|{THE} (?:the )?number of) (?:ordered arrangements|permutations) (?:of|are there of) (?P<n>{_COUNT}) "
    rf"{_OBJECTS}(?: are there)?",
    rf"(?:in )?how many (?:different )?ways can (?P<n>{_COUNT}) (?:different |distinct )(?:{_OBJECTS}) be "
    r"(?:arranged|ordered)(?: in a (?:row|line))?",
)
def _permutations(_: Problem, m: re.Match[str]) -> Expected:
    n = _count(m["n"])
    return _arranged(n, _count(m["k"]) if "k" in m.groupdict() else n)


@rule(
    rf"(?:how many|{THE} (?:the )?number of) combinations (?:of|are there of) (?P<n>{_COUNT})(?: {_OBJECTS})?,?"
    rf"(?: taken| chosen| selected)? (?P<k>{_COUNT}) at a time(?: are there)?",
)
def _combinations(_: Problem, m: re.Match[str]) -> Expected:
    n, k = _count(m["n"]), _count(m["k"])
    if k > n:
        raise Unsure
    return _whole(math.comb(n, k))


_ROLE: Final = (
    r"(?:an? |the )?(?:president|vice[- ]president|secretary|treasurer|captain|co-captain|chair(?:man)?|leader|winner)"
)


@rule(
    rf"(?:in )?how many (?:different )?ways can (?P<r>{_ROLE}(?:(?:,| and|, and) {_ROLE}){{1,3}}) be (?:chosen|elected"
    rf"|selected|picked) (?:from|out of) (?:a (?:group|club|class|team|committee) of )?(?P<n>{_COUNT})(?: {_OBJECTS})?",
)
def _roles(_: Problem, m: re.Match[str]) -> Expected:
    """How many ways there are to give each of several roles to another person."""
    roles = [re.sub(r"^(?:an?|the) ", "", role.lower()) for role in re.split(r",? and |, ", m["r"])]
    if len(set(roles)) < len(roles):
        raise Unsure
    return _arranged(_count(m["n"]), len(roles))


# --- subsets and sets ----------------------------------------------------------------------------------------------

_LISTED: Final = r"(?P<{}>⟦\d+⟧|\{{[^{{}}]*\}})"


def _members(p: Problem, text: str) -> list[str]:
    inner = re.sub(r"^[A-Z]\s*=\s*", "", p.formula(text).replace(r"\left", "").replace(r"\right", "").strip())
    found = re.fullmatch(r"\\?\{(.*?)\\?\}", inner)
    if found is None:
        raise Unsure
    members = [member.strip() for member in found[1].split(",")]
    if not all(re.fullmatch(r"-?\d+|[a-z]", member) for member in members) or len(set(members)) < len(members):
        raise Unsure
    return members


@rule(
    rf"how many (?P<proper>proper )?subsets (?:does|are there of|has|can be formed from|do you get from) (?:a|the) set "
    rf"(?:with|of|that has|containing|having) (?P<n>{_COUNT}) (?:different |distinct )?(?:elements|members|objects)"
    r"(?: have)?(?: in all)?",
    rf"a set has (?P<n>{_COUNT}) elements[.,;] how many (?P<proper>proper )?subsets does (?:it|the set) have",
    rf"how many (?P<proper>proper )?subsets (?:does|are there of|has) (?:the )?(?:set "
    rf")?{_LISTED.format('a')}(?: have)?",
)
def _subsets(p: Problem, m: re.Match[str]) -> Expected:
    n = _count(m["n"]) if "n" in m.groupdict() else len(_members(p, m["a"]))
    if n > 60:
        raise Unsure
    return _whole(2**n - bool(m["proper"]))


@rule(
    rf"{THE} (?:the )?(?P<q>intersection|union) (?:of|between) (?:the )?(?:sets? )?(?:[A-Z] ?= "
    rf"?)?{_LISTED.format('a')} "
    rf"and (?:[A-Z] ?= ?)?{_LISTED.format('b')}",
    rf"(?:let |if |given )?[A-Z] ?= ?{_LISTED.format('a')}(?:,| and) [A-Z] ?= ?{_LISTED.format('b')}[.,;:] ?{THE} "
    r"(?:the )?(?P<q>A ?[∩∪] ?B|intersection of A and B|union of A and B)",
)
def _sets(p: Problem, m: re.Match[str]) -> Expected:
    a, b = _members(p, m["a"]), _members(p, m["b"])
    both = "∩" in m["q"] or m["q"].lower().startswith("intersection")
    found = [x for x in a if x in b] if both else [*a, *(x for x in b if x not in a)]
    return Expected((rf"\{{{', '.join(found)}\}}" if found else r"\emptyset",))


# --- numbers with so many digits -----------------------------------------------------------------------------------

_PRIMES: Final = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47}


def _is_prime(n: int) -> bool:
    return n in _PRIMES or (n > 47 and all(n % d for d in range(2, math.isqrt(n) + 1)))


def _is_power(n: int, exponent: int) -> bool:
    root = round(n ** (1 / exponent))
    return any(r**exponent == n for r in (root - 1, root, root + 1))


Test = Callable[[int], bool]
_DIGIT: Final = r"(?P<d>\d|zero|one|two|three|four|five|six|seven|eight|nine)"


def _said(m: re.Match[str]) -> str:
    """The digit that a condition names."""
    return str(_count(m["d"]))


_PROPERTIES: Final[tuple[tuple[str, Callable[[re.Match[str]], Test]], ...]] = (
    (r"even", lambda _: lambda n: n % 2 == 0),
    (r"odd", lambda _: lambda n: n % 2 == 1),
    (r"prime(?: numbers)?", lambda _: _is_prime),
    (r"(?:perfect )?squares?", lambda _: lambda n: _is_power(n, 2)),
    (r"(?:perfect )?cubes?", lambda _: lambda n: _is_power(n, 3)),
    (r"palindromes?|palindromic", lambda _: lambda n: str(n) == str(n)[::-1]),
    (
        r"(?:not (?P<no>))?(?:divisible by|(?:positive )?multiples of|a multiple of) (?P<k>\d{1,4})",
        lambda m: lambda n: (n % int(m["k"]) == 0) is (m["no"] is None),
    ),
    (
        r"(?:less|smaller) than (?P<k>\d{1,5})|below (?P<k2>\d{1,5})",
        lambda m: lambda n: n < int(m["k"] or m["k2"]),
    ),
    (
        r"(?:greater|larger|more|bigger) than (?P<k>\d{1,5})|above (?P<k2>\d{1,5})",
        lambda m: lambda n: n > int(m["k"] or m["k2"]),
    ),
    (
        r"(?:all )?(?:distinct|different|non-?repeating) digits|no (?:repeated|repeating|equal) digits|no "
        r"digits? repeated"
        r"|(?:all )?(?:their |its |the )?digits (?:are )?(?:all )?(?:distinct|different)",
        lambda _: lambda n: len(set(str(n))) == len(str(n)),
    ),
    (rf"(?:end(?:ing|s)? (?:in|with)|(?:a )?(?:last|units|ones) digit(?: of| is)?) (?:an? )?{_DIGIT}",
     lambda m: lambda n: str(n).endswith(_said(m))),
    (rf"(?:start|begin)(?:ning|ing|s)? (?:in|with) (?:an? )?{_DIGIT}", lambda m: lambda n: str(n).startswith(_said(m))),
    (rf"(?:contain(?:ing|s)?|having|have|with|using) (?:the digit|at least one|the number|an?) {_DIGIT}(?: at "
     rf"least once)?",
     lambda m: lambda n: _said(m) in str(n)),
    (rf"(?:do not contain|not containing|without|contain no|have no|with no)(?: the)?(?: digit)? {_DIGIT}s?",
     lambda m: lambda n: _said(m) not in str(n)),
    (r"(?:only |all )?(?P<p>odd|even) digits(?: only)?|(?:all )?digits (?:that are )?(?:are )?(?:all "
     r")?(?P<p2>odd|even)",
     lambda m: lambda n: all(int(d) % 2 == ((m["p"] or m["p2"]).lower() == "odd") for d in str(n))),
    (
        r"(?:a )?(?:digit sum|sum of (?:the |its |their )?digits|digits (?:that )?(?:add(?:ing)? up|add|sum(?:ming)?))"
        r" (?:of|is|to|equal to|equals) (?P<k>\d{1,2})",
        lambda m: lambda n: sum(map(int, str(n))) == int(m["k"]),
    ),
)  # fmt: skip
_LINK: Final = (
    r"(?:,? ?and |, ?|,? ?but )?(?:(?:that|which|whose|who) )?(?:are |is |have |has |having |with |both )?(?:the )?"
)


def _tests(text: str) -> list[Test]:
    """What every one of the conditions of a text demands.

    Raises:
        Unsure: If it says anything else, or "or".
    """
    tests: list[Test] = []
    rest = text.strip()
    while rest:
        for pattern, made in _PROPERTIES:
            m = re.match(rf"{_LINK}(?:{pattern})(?=[ ,]|$)", rest, re.IGNORECASE)
            if m is not None:
                tests.append(made(m))
                rest = rest[m.end() :].strip()
                break
        else:
            raise Unsure
    return tests


@rule(
    rf"(?:how many|{THE} (?:the )?number of) (?:positive )?(?P<kind>(?:(?:even|odd|positive|prime|palindromic) ?)*)"
    rf"(?P<n>{_COUNT})[- ]digit (?:positive )?(?P<kind2>(?:(?:even|odd|positive|prime) ?)*)"
    r"(?P<what>numbers?|integers?|whole numbers|natural numbers|palindromes|primes|multiples of \d+|perfect squares"
    r"|perfect cubes|squares|cubes)(?: (?:are|is) there)?(?P<c>(?:,? (?!there|exist).+?)?)"
    r"(?: (?:are|is) there(?: in all)?| exist| do we have)?",
)
def _digit_numbers(_: Problem, m: re.Match[str]) -> Expected:
    """How many numbers with so many digits have all of some properties."""
    n = _count(m["n"])
    if not 1 <= n <= MAX_DIGITS:
        raise Unsure
    kinds = [k for k in f"{m['kind'] or ''} {m['kind2'] or ''}".lower().split() if k != "positive"]
    what = m["what"].lower()
    named = "" if re.search(r"numbers?|integers?", what) else what
    condition = re.sub(r"^,? ?(?:there )?(?:are|is) ", "", (m["c"] or "").strip())
    condition = re.sub(r"^(?:of|in) which (?:all )?(?:the )?digits are", "digits are", condition)
    tests = [test for text in (*kinds, named, condition) for test in _tests(text)]
    if n == 1 and not tests:
        raise Unsure  # whether zero is one of them is not certain
    begin = 10 ** (n - 1) if n > 1 else 1
    found = sum(1 for number in range(begin, 10**n) if all(test(number) for test in tests))
    if n == 1 and all(test(0) for test in tests):
        raise Unsure
    return _whole(found)


_FROM: Final = (
    r"(?:can be|could be|are) (?:formed|made|written|created|built|constructed) (?:from|using|with|by using|out of)"
    r"(?: only)? the (?:digits|numbers)(?: in)?"
)
_ONCE: Final = (
    r"without (?:any )?(?:repetition|repeating (?:any )?(?:digits?)?|repeats)(?: of "
    r"digits)?|(?:if|when|where|and) (?:no "
    r"digit(?: (?:is|may be|can be))? (?:repeated|used more than once|used twice)|repetition (?:of digits )?is "
    r"not allowed"
    r"|each digit (?:is|may be|can be|must be) used (?:only once|at most once|exactly once|once)|(?:the "
    r")?digits (?:cannot|"
    r"may not|must not|can't) (?:be repeated|repeat)|repetitions? (?:is|are) not (?:allowed|permitted))"
    r"|(?:using )?each (?:digit )?(?:at most|only|exactly) once"
)
_AGAIN: Final = (
    r"(?:if|when|where|and|with) (?:repetitions? (?:of digits )?(?:is |are )?(?:allowed|permitted)|(?:the )?digits "
    r"(?:can|may) be (?:repeated|used more than once))|with repetition(?: allowed)?"
)


@rule(
    rf"how many (?:different |distinct )?(?P<kind>(?:(?:even|odd) )?)(?P<n>{_COUNT})[- ]digit "
    rf"(?P<kind2>(?:(?:even|odd) )?)"
    rf"(?:positive )?(?:numbers|integers|whole numbers) {_FROM} \{{?(?P<l>\d(?:(?:,| and|, and) ?\d)+)\}}?,? "
    rf"(?:(?P<once>{_ONCE})|(?P<again>{_AGAIN}))",
)
def _made_of_digits(_: Problem, m: re.Match[str]) -> Expected:
    """How many numbers can be made of given digits."""
    n, digits = _count(m["n"]), re.findall(r"\d", m["l"])
    if not 2 <= n <= MAX_DIGITS or len(set(digits)) < len(digits) or (m["once"] and n > len(digits)):
        raise Unsure
    if m["once"] and "exactly" in m["once"] and n != len(digits):
        raise Unsure
    kind = (m["kind"] or m["kind2"] or "").strip()
    tests = _tests(kind)
    chosen = itertools.permutations(digits, n) if m["once"] else itertools.product(digits, repeat=n)
    made = [int("".join(number)) for number in chosen if number[0] != "0"]
    return _whole(sum(1 for number in made if all(test(number) for test in tests)))
