"""Judges one link of a chain, "a + b = c" of "a + b = c = d", in the context of what was said before it."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from copy import copy
from typing import Final

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.chains import Chain
from tutor_app.adapters.checking.clauses import (
    begins_supposed,
    clause_before,
    introduces,
    is_asked,
    is_condition,
    is_refuted,
    is_supposed,
    is_told,
    seeks,
    supposes_arithmetic,
)
from tutor_app.adapters.checking.consequences import judge_consequence, judge_put, judge_solution, judge_valued
from tutor_app.adapters.checking.context import Context
from tutor_app.adapters.checking.doubts import (
    doubt_of,
    equal_without_degrees,
    is_money_by_money,
    means_whole,
    readings_of,
    stands_alone,
)
from tutor_app.adapters.checking.facts import Fact, fact_of
from tutor_app.adapters.checking.false_laws import Told, told_of
from tutor_app.adapters.checking.formal import judge_formal
from tutor_app.adapters.checking.judging import Judgement, divides_by_zero, factors, judge, shown, unit_ratio
from tutor_app.adapters.checking.posed import Rewriting, rewriting_of
from tutor_app.adapters.checking.prose import Expression
from tutor_app.adapters.checking.rewritings import (
    judge_announced,
    judge_between,
    judge_collected,
    judge_nearly,
    judge_powers,
    judge_rewriting,
    judge_slip,
)
from tutor_app.adapters.checking.words import (
    AMBIGUOUS,
    ARROWS,
    CONCLUDING,
    CONDITIONS,
    CONNECTING,
    LEADING,
    SOLVING,
    UNDEFINED,
)
from tutor_app.adapters.grading.algebra import linear, rational, same
from tutor_app.adapters.grading.terms import (
    Call,
    Constant,
    Number,
    Symbol,
    Term,
    negative,
    product,
    symbols,
    total,
    walk,
)
from tutor_app.adapters.grading.units import measure

MAX_GAP: Final = 60
"""Characters between two equations of which the second is said to follow from the first."""
LOOK_BACK: Final = 40
"""Characters before the end of a piece with which what changes the meaning of the whole may begin."""
_INDEX: Final = re.compile(
    r"(?:^|[_{(,$\n]\s*|\b(?:[Ff]or|[Ww]hen|[Ww]here|[Ll]et|[Ee]ach|[Ii]f|and|of)\s+)i\s*=|[a-z]_\{?i(?![a-z])"
    r"|(?<![a-zA-Z])i\s*\\(?:leq?|geq?|in)(?![a-z])|[$ ]i\$?-?th"
)
"""Where i is an index, it is not the imaginary unit."""
_MODULUS: Final = re.compile(r"(?:\\p?mod|\bmod(?:ulo)?)\s*[{$(]*\s*(\d{1,9})")
_BASED: Final = re.compile(
    r"(?<!has )(?<!have )(?<!with )(?<!having )\bbase[- ](?:\$|\d|two|six|seven|eight|nine)|\d_\{?\d|clock arithmetic"
    r"|(?:\d|twelve|four)[- ]hour clock"
)
_MODULAR: Final = re.compile(
    r"\\p?mod|\\equiv|\b(?:modulo|mod)\b|\d_\{?\d|congruent|clock arithmetic"
    rf"|{_BASED.pattern}"
)
"""Where it occurs, "4 * 5 = 6" may be meant in another arithmetic."""
_UNENDED: Final = re.compile(r"\s*[-+*×·,]?\s*(?:\.\.\.|…)")
"""What goes on behind a member, as in "1 + 2 + ... + 100"."""
_ANEW: Final = re.compile(r"(?i)\b(?:case|cases|or|if|suppose|otherwise|alternatively|possibility)\b")
"""Between two equations: the second begins something else."""
_CALLED: Final = re.compile(r"(?<![a-zA-Z\\\d])[a-zA-Z]\s*(?:\\left)?\(\s*-?\d")
_INVENTED: Final = re.compile(
    r"(?i)\b(?:planets?|mars|martians?|venus|jupiter|saturn|mercury|moons?|aliens?|galax\w+|imagin\w+|fiction\w*|calendars?"
    r"|kingdoms?|island(?:ers)?|fantas\w+|suppose (?:that )?(?:an?|each|every|the) (?:week|day|year|hour|month))\b"
)
_SO: Final = re.compile(
    r"[\s$.,;]*(?:\\\)|\\\])?[\s$.,;]*(?:so|thus|hence|therefore|then|this gives)[\s,$]*(?:\\\(|\\\[)?\s*"
)
"""Between the definition of a function and its value."""


class Links:
    """Judges the links of one solution's chains, and keeps what they define.

    Attributes:
        context: What was said so far.
        bare: The piece that is read, without notes and Markdown.
        equation_end: Where the last equation of the piece ends, or -1.
        invented: It speaks of a world whose calendar may be another.
        facts: Equations with unknowns that the piece tells for certain, in order.
        told: All that it tells about unknowns, in order.
        rewritings: Lone equations of it that were called wrong rewritings.
    """

    def __init__(self) -> None:
        self.context = Context()
        self.facts: list[Fact] = []
        self.told: list[Told] = []
        self.rewritings: list[Rewriting] = []
        self.bare = ""
        self.equation_end = -1
        self._modular = self._based = self._index = self.invented = False
        self._moduli: set[int] = set()

    def again(self, bare: str, context: Context, equation_end: int, begin: int) -> Links:
        """Links for a text that is the same up to a place, with what was known there."""
        other = copy(self)
        other.context, other.bare, other.equation_end = context, bare, equation_end
        other.facts = [fact for fact in self.facts if fact.start < begin]
        other.told = [one for one in self.told if one.start < begin]
        other.rewritings = [one for one in self.rewritings if one.start < begin]
        return other

    def take_in(self, bare: str) -> bool:
        """Look for what changes the meaning of the whole; returns whether there is more of it than before."""
        new = bare[max(0, len(self.bare) - LOOK_BACK) :]
        before = (self._modular, self._based, self._index, self.invented, len(self._moduli))
        self.invented = self.invented or _INVENTED.search(new) is not None
        self._modular = self._modular or _MODULAR.search(new) is not None
        self._based = self._based or _BASED.search(new) is not None
        self._index = self._index or _INDEX.search(new) is not None
        self._moduli |= {int(m[1]) for m in _MODULUS.finditer(new)}
        return before != (self._modular, self._based, self._index, self.invented, len(self._moduli))

    def judged(self, chain: Chain, k: int) -> Judgement | None:
        """The verdict on the k-th link of a chain, from 0, or None if it states nothing. What it defines is kept."""
        try:
            found = self._link(chain, k)
            fact = None if self._modular else fact_of(chain, k, found, self.bare)
            told = None if self._modular else told_of(chain, k, found, self.bare)
        except (ArithmeticError, ValueError, RecursionError):
            return Judgement("unchecked", "beyond")
        if fact is not None:
            self.facts.append(fact)
        if (rewriting := rewriting_of(chain, k, found)) is not None:
            self.rewritings.append(rewriting)
        if told is not None:
            self.told.append(told)
        return found

    def _link(self, chain: Chain, k: int) -> Judgement | None:
        """The verdict on one link, or None if it states nothing: a definition, a condition, "5 = 5"."""
        left, relation, right = chain.members[k], chain.relations[k], chain.members[k + 1]
        a, b = left.value, right.value
        if chain.formula and (found := judge_formal(chain, k, self.context)) is not None:
            return found
        if not chain.formula and _UNENDED.match(self.bare, right.end):
            return Judgement("unchecked", "unreadable")
        if relation in ("mod", "congruent") or (k and chain.relations[k - 1] == "mod"):
            return None
        if a is None or b is None:
            if relation == "is" or (a is None and not chain.formula):
                return None
            return Judgement("unchecked", "unreadable")
        if any(map(divides_by_zero, (a.term, b.term))):
            return self._undefined(chain, k, a)
        names = symbols(a.term) | symbols(b.term)
        if names and not {n.lower() for n in names}.isdisjoint((*a.units[:1], *b.units[:1])):
            return Judgement("unchecked", "units")  # "2000 L * 0.8 = 1600 L"
        if names:
            return None if relation == "is" else self._with_names(chain, k, a, b)
        if not a.operations and not b.operations:
            return self._plain(chain, k, a, b)
        if relation == "is" and (not a.operations or b.operations or not left.clear):
            return None
        if self._is_slope(a.term) and isinstance(a.term, Call) and relation == "=":
            return self._slope(chain, a.term, b.term)
        if self._calls(a) or self._calls(b):
            return self._applied(chain, k, a, b)
        found = judge(
            readings_of(a), relation, readings_of(b), approximate=chain.approximate, whole=means_whole(chain, a)
        )
        if found.reason == "whole_part" and not right.clear:
            return Judgement("unchecked", "unclear")  # "17 / 5 = 3 remainder 2"
        if found.verdict == "true" and is_money_by_money(chain, k, a, b, self.bare):
            return Judgement("false", "measured", f"{shown(b.term)}, which is no amount of money")
        if found.verdict != "false":
            return found
        if supposes_arithmetic(chain) or is_asked(chain) or is_refuted(chain):
            return None
        if equal_without_degrees(chain, a, b):
            return Judgement("true", "degrees")
        doubt = doubt_of(chain, k, a, b) or self._other_arithmetic(a.term, b.term)
        return Judgement("unchecked", doubt) if doubt else found

    def _undefined(self, chain: Chain, k: int, a: Expression) -> Judgement | None:
        """The verdict on a link of which a side divides by zero."""
        members = chain.members[k : k + 2]
        numeric = not any(symbols(member.value.term) for member in members if member.value is not None)
        posed = supposes_arithmetic(chain) if numeric else is_condition(chain)
        if posed or is_refuted(chain) or chain.relations != ("=",) * len(chain.relations):
            return None
        said = {*chain.before, *chain.after}
        if not UNDEFINED.isdisjoint(said) or not all(member.clear for member in members):
            return Judgement("unchecked", "beyond")
        value = "" if divides_by_zero(a.term) else shown(a.term)
        return Judgement("false", "division_by_zero", value or "not defined")

    def _plain(self, chain: Chain, k: int, a: Expression, b: Expression) -> Judgement | None:
        """The verdict on a link between two numbers: an order, a conversion of units, the end of a chain."""
        relation, clear = chain.relations[k], chain.members[k].clear and chain.members[k + 1].clear
        if is_condition(chain) or is_refuted(chain) or relation == "is":
            return None
        if relation in ("<", ">", "<=", ">=") and not (a.units or b.units):
            found = judge((a.term,), relation, (b.term,))
            if chain.spelled[k] and k == 0 and not stands_alone(chain):
                return None
            return found if clear or found.verdict == "true" else None
        if relation not in ("=", "~"):
            return None
        conversion = factors(a.units[:1], b.units[:1])
        if conversion and len(a.units) == 1 and not {a.units[0], b.units[0]} & AMBIGUOUS:
            factor = unit_ratio(a.units[0], b.units[0])
            found = judge((product(Number(factor), a.term),), "=", (b.term,), approximate=relation == "~")
            certain = clear and k == 0 and len(b.units) == 1 and chain.members[0].first
            return found if found.verdict != "false" or certain else None
        if k and chain.relations[k - 1] == "=" and clear and set(a.units) == set(b.units):
            found = judge(readings_of(a), "=", readings_of(b), approximate=chain.approximate)
            return found if found.verdict == "false" else None
        if a.others and not b.others and same(a.term, b.term):
            return Judgement("true", "exact")  # "12 dozen = 144"
        return None

    def _other_arithmetic(self, a: Term, b: Term) -> str:
        """Whether the sides may be equal in an arithmetic that the text speaks of, or a letter of them be a name."""
        if self._index and any(isinstance(p, Constant) and p.name == "i" for t in (a, b) for p in walk(t)):
            return "constant"
        if not self._modular:
            return ""
        difference = rational(total(a, negative(b)))
        if self._based or difference is None or difference.denominator != 1:
            return "base"
        return "base" if any(n > 1 and difference % n == 0 for n in self._moduli) else ""

    # --- with names ------------------------------------------------------------------------------------------

    def _with_names(self, chain: Chain, k: int, a: Expression, b: Expression) -> Judgement | None:
        context, relation = self.context, chain.relations[k]
        if relation not in ("=", "~"):
            return self._ordered(chain, k, a, b)
        if same(a.term, b.term):
            return Judgement("true", "identity") if a.term != b.term else None
        if isinstance(a.term, Call) and isinstance(a.term.args[0], Symbol) and a.term.name.rstrip("'") in "fghP":
            variable = a.term.args[0].name
            if self._is_slope(a.term):
                return self._slope(chain, a.term, b.term)
            if a.term.name in context.functions:
                if same(context.resolved(a.term, named=False), b.term):
                    return Judgement("true", "substituted")
                context.several.add(a.term.name)
                context.told[a.term.name] = False  # in pieces: "x + 1 for x < 0, and x^2 for x > 0"
                return None if is_condition(chain) else Judgement("unchecked", "function")
            context.define_function(a.term.name, variable, b.term, told=introduces(chain, variable, b.term))
            context.defined = "" if seeks(chain) else a.term.name, chain.members[k + 1].end
            return None
        if len(chain.relations) > 1 and (found := judge_between(chain, k) or judge_nearly(chain, k, a, b)) is not None:
            return found
        name = a.term.name if isinstance(a.term, Symbol) else b.term.name if isinstance(b.term, Symbol) else ""
        if name:
            return self._value(chain, k, name, b.term if isinstance(a.term, Symbol) else a.term)
        return self._equation(chain, k, a, b)

    def _is_slope(self, term: Term) -> bool:
        """Whether it is a derivative, "f'(x)" or "f''(2)", of a function that was defined."""
        if not isinstance(term, Call) or not term.name.endswith("'") or len(term.args) != 1:
            return False
        return term.name.rstrip("'") in self.context.functions

    def _slope(self, chain: Chain, call: Call, said: Term) -> Judgement | None:
        """The verdict on "f'(x) = ..." and "f'(2) = ..." after f was defined."""
        name = call.name.rstrip("'")
        at = self.context.resolved(call.args[0], named=not isinstance(call.args[0], Symbol))
        variable, body = self.context.functions[name]
        right = symbolic.derivative(body, variable, at, times=len(call.name) - len(name))
        other = symbolic.built(said)
        equal = None if right is None or other is None else symbolic.equal(right, other)
        if equal:
            return Judgement("true", "derivative")
        once = self.context.is_told(name) or name not in self.context.several
        if equal is None or not once or is_condition(chain) or is_refuted(chain) or symbols(said) - symbols(at):
            return Judgement("unchecked", "function")
        return Judgement("false", "derivative", symbolic.shown(right))

    def _value(self, chain: Chain, k: int, name: str, term: Term) -> Judgement | None:
        """A name is said to have a value: its definition, or the solution of an equation."""
        context = self.context
        if not chain.formula and not chain.members[k].clear:
            context.latest = None  # "the total of 5 and x = 12" of which "x = 12" was read
            return None if is_condition(chain) else Judgement("unchecked", "unclear")
        value = context.resolved(term)
        numeric = not symbols(value)
        known = context.values.get(name)
        if numeric and name not in symbols(term):
            context.give(name, value, chain.members[k + 1].end, supposed=begins_supposed(chain))
            reason = context.solves(name, value)
            if reason:
                context.define(name, value)
                return None if is_supposed(chain) else Judgement("true", reason)
            if known is not None and same(known, value):
                told = context.is_told(name) and known != value
                stated = (k or symbols(term) or told) and not is_supposed(chain)
                return Judgement("true", "substituted") if stated else None
            if known is not None and context.is_told(name) and not symbols(known) and not is_told(chain):
                found = judge((context.resolved(known),), "=", (value,), approximate=chain.approximate)
                if found.verdict == "rounded":
                    return found
                certain = rational(known) is not None and not isinstance(known, Number)
                if found.verdict == "false" and certain and not is_condition(chain):
                    return Judgement("false", "value", shown(known))
            wrong = self._wrong_solution(chain, name, value) or self._wrong_value(chain, known, value)
            if wrong is None and not k and context.latest is not None and (gap := self._gap(chain)) is not None:
                wrong = judge_solution(chain, name, value, context.latest, gap)
            if wrong is not None:
                return wrong
        if not numeric and (reason := context.follows(Symbol(name), term)):
            said_before = is_supposed(chain) or context.repeats(Symbol(name), term)
            return None if said_before else Judgement("true", reason)
        asked = any(True for _ in context.about(frozenset((name,))))
        if name not in symbols(term):
            context.define(name, value if numeric else term, told=is_told(chain))
        if not numeric:
            context.state(Symbol(name), term)
            self._told(chain, k, Symbol(name), term)
        if asked and not is_condition(chain):
            return Judgement("unchecked", "value" if numeric else "equation")
        return None

    def _wrong_solution(self, chain: Chain, name: str, value: Term) -> Judgement | None:
        """A value is told as the solution of the linear equation right before it, and is not."""
        if rational(value) is None or not self._follows_at_once(chain, value=True):
            return None
        found = self.context.root(name)
        if found is None or found[0] is not self.context.equations[-1]:
            return None
        judged = judge((found[1],), "=", (value,), approximate=chain.approximate)
        if judged.verdict == "rounded":
            return judged
        return Judgement("false", "solution", f"{name} = {shown(found[1])}") if judged.verdict == "false" else None

    def _wrong_equation(self, chain: Chain, a: Expression, b: Expression) -> Judgement | None:
        """A linear equation is told as a consequence of the one before, and has another solution."""
        names = symbols(a.term) | symbols(b.term)
        if len(names) != 1 or not self._follows_at_once(chain):
            return None
        (name,) = names
        found, stated = self.context.root(name), linear(total(a.term, negative(b.term)))
        if found is None or found[0] is not self.context.equations[-1] or stated is None:
            return None
        judged = judge((found[1],), "=", (Number(-stated[1] / stated[0]),))
        if judged.verdict != "false" or judged.reason == "approximate":
            return None
        return Judgement("false", "equation", f"{name} = {shown(found[1])} by the equation before")

    def _told(self, chain: Chain, k: int, left: Term, right: Term) -> None:
        """An equation was told, and ends here."""
        self.equation_end = chain.members[k + 1].end
        self.context.tell(left, right, self.equation_end, supposed=begins_supposed(chain))

    def _gap(self, chain: Chain) -> str | None:
        """The text between the last equation and a chain; None if it does not stand behind it."""
        start = chain.members[0].start
        return self.bare[self.equation_end : start] if 0 <= self.equation_end <= start else None

    def _slipped(self, chain: Chain, a: Expression, b: Expression) -> Judgement | None:
        """The verdict on an equation that is told to follow from the last one, and is one number away from that."""
        if (given := self.context.given) is not None and (
            found := judge_put(chain, a, b, given, self.bare)
        ) is not None:
            return found
        latest, gap = self.context.latest, self._gap(chain)
        return None if latest is None or gap is None else judge_consequence(chain, a, b, latest, gap)

    def _follows_at_once(self, chain: Chain, *, value: bool = False) -> bool:
        """Whether the text says that an equation, or a value, follows from the equation right before it."""
        words, (left, right) = clause_before(chain), chain.members[:2]
        leading = LEADING if value else ARROWS
        if (words and words[0] in CONDITIONS) or not (left.clear and right.clear):
            return False
        if 0 <= self.equation_end <= left.start and _ANEW.search(self.bare[self.equation_end : left.start]):
            return False
        names = {n for m in (left, right) if m.value is not None for n in symbols(m.value.term)}
        if chain.formula and _CALLED.search(left.source):
            return False  # "p(3) = 5" for a function p
        if chain.formula and not (
            self._goes_on(left.start, names | leading)
            and ((value and self._concludes(left.start)) or all(map(self.context.agreed_root, names)))
        ):
            return False
        sides = [m.value for m in (left, right) if m.value is not None]
        if any((m := measure(u)) is not None and m[0] not in ("money", "percent") for v in sides for u in v.units):
            return False  # "3x = 1 hour, thus 3x = 60 minutes"
        if any(v.units and not v.operations and not symbols(v.term) for v in sides[:1]):
            return False  # "one pen is equal to 2x"
        return not SOLVING.isdisjoint(chain.before) or (CONNECTING | leading).issuperset(words)

    def _goes_on(self, start: int, more: AbstractSet[str]) -> bool:
        """Whether nothing but connecting words stands between the last equation and what begins at ``start``."""
        if not 0 <= self.equation_end <= start:
            return False
        gap = self.bare[self.equation_end : start].lower()
        if not re.search(r"[a-z]|\n|\\\\", gap):
            return False  # "49 - 4c = 1, 49 - 4c = 9": cases
        return len(gap) < MAX_GAP and (SOLVING | CONNECTING | more).issuperset(re.findall(r"[a-z]+", gap))

    def _concludes(self, start: int) -> bool:
        """Whether a word between the last equation and what begins at ``start`` says that it follows from that one."""
        return not CONCLUDING.isdisjoint(re.findall(r"[a-z]+", self.bare[self.equation_end : start].lower()))

    def _wrong_value(self, chain: Chain, known: Term | None, value: Term) -> Judgement | None:
        """A name is given another value right after a calculation of it: "x = 45/5. Calculating, we get x = 8"."""
        if known is None or symbols(known) or not isinstance(value, Number) or SOLVING.isdisjoint(chain.before):
            return None
        if isinstance(known, Number) and known.value.denominator == 1:
            return None
        judged = judge((known,), "=", (value,))
        return Judgement("false", "value", shown(known)) if judged.verdict == "false" else None

    def _equation(self, chain: Chain, k: int, a: Expression, b: Expression) -> Judgement | None:
        context = self.context
        names = symbols(a.term) | symbols(b.term)
        found = judge_rewriting(chain, a, b)
        if found is not None and not (found.verdict == "false" and context.follows(a.term, b.term)):
            return found
        if not k and not any(True for _ in context.about(names)) and (found := judge_announced(chain, a, b)):
            return found
        left, right = context.resolved(a.term), context.resolved(b.term)
        if not (symbols(left) | symbols(right)) and same(left, right):
            return Judgement("true", "substituted")
        if not (symbols(left) | symbols(right)) and all(map(context.is_told, names)) and not is_condition(chain):
            found = judge((left,), "=", (right,), approximate=chain.approximate)
            if found.verdict in ("rounded", "false") and not context.equations and not is_refuted(chain):
                return found
        if (valued := judge_valued(chain, names, left, right, context, self.bare)) is not None:
            return valued
        reason = context.follows(a.term, b.term)
        # In "A = B = A" the second link follows from the first, but that one is no condition.
        back = k > 0 and (before := chain.members[k - 1].value) is not None and same(before.term, b.term)
        if reason and not back:
            self._told(chain, k, a.term, b.term)
            said_before = is_supposed(chain) or context.repeats(a.term, b.term)
            return None if said_before else Judgement("true", reason)
        if not k and (found := judge_nearly(chain, k, a, b) or judge_powers(chain, a, b)) is not None:
            return found
        if (found := judge_slip(chain, k, a, b) or judge_collected(chain, k, a, b)) is not None:
            return found
        known = list(context.about(names))
        unknowns = names.union(*(symbols(e.difference) for e in known))
        new = len(known) < len(unknowns) if len(names) > 1 else not known
        wrong = None if k else self._wrong_equation(chain, a, b) or self._slipped(chain, a, b)
        if not (chain.formula or (chain.members[k].clear and chain.members[k + 1].clear)):
            context.latest = None  # "a + 2 = 2(b + 2)" of which "2 = 2" was read
            return None if is_condition(chain) else Judgement("unchecked", "unclear")
        if not (chain.spelled[k] and a.units):
            context.state(a.term, b.term)
            self._told(chain, k, a.term, b.term)
        if wrong is not None:
            return wrong
        if new or is_condition(chain):
            return None
        return Judgement("unchecked", "equation")

    def _ordered(self, chain: Chain, k: int, a: Expression, b: Expression) -> Judgement | None:
        left, right = self.context.resolved(a.term), self.context.resolved(b.term)
        if symbols(left) or symbols(right) or is_condition(chain):
            return None if is_condition(chain) else Judgement("unchecked", "inequality")
        found = judge((left,), chain.relations[k], (right,))
        return Judgement("true", "substituted") if found.verdict == "true" else Judgement("unchecked", "inequality")

    # --- with functions --------------------------------------------------------------------------------------

    def _calls(self, value: Expression) -> bool:
        return isinstance(value.term, Call) and value.term.name in ("f", "g", "h", "P")

    def _just_defined(self, chain: Chain, k: int, name: str) -> bool:
        """Whether the function was defined right before, and "so" leads from that to its value."""
        defined, end = self.context.defined
        gap = self.bare[end : chain.members[k].start].lower()
        return defined == name and not k and _SO.fullmatch(gap) is not None and self.context.told.get(name) is not None

    def _applied(self, chain: Chain, k: int, a: Expression, b: Expression) -> Judgement | None:
        left, right = self.context.resolved(a.term), self.context.resolved(b.term)
        if left == a.term or symbols(left) or symbols(right):
            return None if is_condition(chain) else Judgement("unchecked", "function")
        found = judge((left,), chain.relations[k], (right,), approximate=chain.approximate)
        if found.verdict == "true":
            return Judgement("true", "substituted")
        if is_condition(chain) or is_refuted(chain):
            return None
        known = isinstance(a.term, Call) and (
            self.context.is_told(a.term.name) or self._just_defined(chain, k, a.term.name)
        )
        return (
            found if found.verdict == "rounded" or (known and b.operations == 0) else Judgement("unchecked", "function")
        )
