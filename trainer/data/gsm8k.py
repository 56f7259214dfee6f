"""GSM8K's calculator annotations as an exact arithmetic chain.

A solution line such as ``Natalia sold 48/2 = <<48/2=24>>24 clips in May.`` gives a step of
:mod:`trainer.data.chain`: an expression over literals and earlier results. A solution whose chain ends elsewhere than
at its answer is refused.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Collection, Sequence
from fractions import Fraction
from typing import Any, Final

from trainer.data.chain import (
    Chain,
    Literal,
    Neg,
    Node,
    NotAChain,
    Op,
    Ref,
    Step,
    _value,
    calculates,
    leaves,
    number,
    parse_expression,
    shown,
)
from trainer.data.quantity_words import is_noun_phrase, is_quantity
from trainer.data.records import BadLine, text_field

_ANNOTATION: Final = re.compile(r"<<([^<>]*)>>")
_BARE: Final = r"(?<![\w.])([\d.,$()]+(?:\s*[-+*/x×]\s*[\d.,$()]+)+)\s*=\s*(\$?\d[\d,]*(?:\.\d+)?)(?![\d\s]*[-+*/x×=])"
"""An equation without an annotation: some authors forgot one."""
_EQUATION: Final = re.compile(rf"{_ANNOTATION.pattern}|{_BARE}")
_NAMELESS_WORDS: Final = """
a an and are as at be because but by can does did for from had has have he her his if in is it its into more not of
off on one or per she so than that the their them then there these they this those to was were been which while
will with would you your total after before when who
"""
_NAMELESS: Final = frozenset(_NAMELESS_WORDS.split())
_BUILTIN: Final = frozenset(dir(builtins))


def gsm8k_line(value: Any, number: int) -> tuple[str, str, int]:
    """Question, answer text and line number of a GSM8K line.

    Raises:
        BadLine: If it is none.
    """
    question, answer = text_field(value, "question"), text_field(value, "answer")
    if "####" not in answer:
        raise BadLine('expected "answer" to end on "#### " and the result')
    return question.strip(), answer, number


def parse_solution(answer: str, said: Collection[Fraction] = ()) -> tuple[Chain, Fraction]:
    """The chain and the gold answer of a GSM8K ``answer`` text.

    Operands equal to an earlier result are chained to the latest such result. One that the question states, too, may
    be either: it stays a number, which is right whichever is meant; only of two in one expression the first is chained.

    Args:
        answer: Annotated steps, ``####`` and the result.
        said: Numbers of the question.

    Raises:
        NotAChain: If an annotation cannot be read, or re-execution does not end on the gold answer: a step before the
            last one may only happen to have its value.
    """
    body, mark, gold_text = answer.rpartition("####")
    if not mark:
        raise NotAChain('there is no "####" before the answer')
    gold = number(gold_text)
    steps: list[Step] = []
    values: list[Fraction] = []
    names: set[str] = set()
    used: set[int] = set()
    times_of_day: set[int] = set()
    for line in body.strip().split("\n"):
        for m in _EQUATION.finditer(line):
            if m[1] is None:
                try:
                    node = _chained(parse_expression(m[2].replace("x", "*").replace("×", "*")), values, used, said)
                    value = _value(node, values, {})
                    if value != number(m[3]):
                        continue
                except NotAChain:
                    continue
                rest = line[m.start(3) :]
            else:
                left, eq, _ = m[1].rpartition("=")
                if not eq or "=" in left:
                    raise NotAChain(f"the annotation {m[0]} is not one equation")
                node = _chained(parse_expression(left), values, used, said)
                if not calculates(node) and _CALCULATION_BEFORE.search(line[: m.start()]):
                    raise NotAChain("an annotation leaves out what is calculated")
                value = _value(node, values, {})
                rest = line[m.end() :]
            if _TIME_OF_DAY.match(rest):
                if not leaves(node, Literal) and not any(r.step in times_of_day for r in leaves(node, Ref)):
                    raise NotAChain("a time of day is calculated from no other")
                times_of_day.add(len(steps))
            name = _name(line[: m.start()], rest, names) or _unique(f"step_{len(steps) + 1}", names)
            names.add(name)
            steps.append(Step(node, name, prose(line), goal(line), what(line[: m.start()], rest)))
            values.append(value)
    if not steps:
        raise NotAChain("there is no annotation")
    chain = Chain(tuple(steps))
    if not calculates(steps[-1].node):
        raise NotAChain("the last step calculates nothing")
    if values[-1] != gold:
        raise NotAChain(f"the steps end on {shown(values[-1])}, the answer is {shown(gold)}")
    return chain, gold


_CALCULATION_BEFORE: Final = re.compile(r"[-+*/x×÷]\s*[(\d.$][^a-z=]*=\s*\$?\s*$")
"""As in ``1 / (1/5) = <<5=5>>5``."""
_TIME_OF_DAY: Final = re.compile(r"\s*\d[\d:,.]*\s*(?:[ap]\.?m\b|o'clock\b)", re.IGNORECASE)
_UNREAD_PERCENT: Final = re.compile(
    r"(?P<rest>100\s*(?:%|percent)?\s*[-–]\s*[\d.]+\s*(?:%|percent)?\s*)?=\s*(?P<value>\d+(?:\.\d+)?)\s*(?:%|percent\b)"
)
"""A share in percent; what a stated share leaves of a whole is known from it."""
_UNREAD: Final = re.compile(r"=\s*\$?\s*(-?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:/[1-9]\d*)?)(?!\s*[-+*/x×=\d(%])")


def unread_results(answer: str) -> frozenset[Fraction]:
    """What equations give that :func:`parse_solution` takes no step from, such as ``2 pens/box x 5 = 10 pens``.

    Their results are no steps, so a number that is one of them could be taken for another step's result. A share such
    as 1/2 may be used as the 2 that is divided by.
    """
    found: set[Fraction] = set()
    for line in answer.rpartition("####")[0].splitlines():
        read = [m.span() for m in _EQUATION.finditer(line) if m[1] is not None or _holds(m[2], m[3])]
        for m in _UNREAD.finditer(line):
            if not any(start <= m.start() < end for start, end in read):
                above, _, below = m[1].partition("/")
                value = number(above.rstrip(",")) / int(below or 1)
                found |= {value, 1 / value} if below and value else {value}
        for m in _UNREAD_PERCENT.finditer(line):
            if not m["rest"] and not any(start <= m.start() < end for start, end in read):
                found |= {Fraction(m["value"]), Fraction(m["value"]) / 100}
    return frozenset(found)


def _holds(expression: str, result: str) -> bool:
    """Whether an equation without an annotation is true; one that is not gives no step, but its result may be used."""
    try:
        return _value(parse_expression(expression.replace("x", "*").replace("×", "*")), (), {}) == number(result)
    except NotAChain:
        return False


def prose(line: str) -> str:
    """A line without its annotations and its number in a list, as a reader would write it."""
    return re.sub(r"^\d+[.)] (?=[A-Z])", "", re.sub(r"[ \t]+", " ", _ANNOTATION.sub("", line)).strip())


def goal(line: str) -> str:
    """A line without its results: ``sold 48/2 = <<48/2=24>>24 clips`` becomes ``sold 48/2 clips``."""
    # "3 hours x 4 = 12 hours a week": after an expression with units the result's own units would be said twice.
    # The period of "sq. ft." and the comma of "1,000 m" end no clause.
    without = re.sub(
        r"(?<=[a-z%])\s*=\s*\$?\s*<<[^<>]*>>\s*\$?-?[\d,]*\.?\d+%?(?:[^.,;]|\.(?= ?[a-z\d])|,(?=\d))*", "", line
    )
    without = re.sub(r"\s*=\s*\$?\s*<<[^<>]*>>\s*\$?-?[\d,]*\.?\d+", "", without)
    without = re.sub(r"<<([^<>=]*)=[^<>]*>>\s*\$?-?[\d,]*\.?\d+", r"\1", without)
    said = prose(without)
    return "" if _NO_SENTENCE.search(said) else said


_NO_SENTENCE: Final = re.compile(
    r"[-=+*/]\s*\+\s*\d|//"  # "S + <<+30+46=76>>76" would become "S + +30+46"
    r"|(?:=|\b(?:is|are|was|were|be|of|the|an?|equals?))[.,;]?$|\b(?:is|are|was|were|of) ="  # "the weight is"
    r"|\b(?!that\b|had\b)([a-z]{2,})\.? \1\b"  # "because because"
)


_AFTER_RESULT: Final = re.compile(r"\s*\$?-?[\d,]*\.?\d+(?P<percent>%?)\s*(?P<words>[A-Za-z'’ -]*)(?P<next>.?)")
_SUBJECT: Final = re.compile(
    r"(?:^|[.,;] |\b(?:so|that|then|means|thus|therefore|hence|now) )"
    r"(?P<subject>[Tt]he [A-Za-z' -]+?|[A-Z][a-z]+'s [A-Za-z' -]+?) (?:is|are|was|were|will be|equals|would be) "
    r"(?:now |then |therefore |thus |only |a total of |equal to )?[-\d$.,(%=+*/x× ]*$"
)
_NO_BEGINNING_WORDS: Final = """
about ago after all and are around at away because before but by each every everything extra fewer for from
greater in into is it large left less long longer more most not of off old older on only or out over per plus
remaining shorter so tall taller than that the then there these they this times to together total under until
was were when which while who will with without would year-old worth
"""
_NO_BEGINNING: Final = frozenset(_NO_BEGINNING_WORDS.split())
_NO_ENDING: Final = re.compile(
    r"\s+(?:a|after|an|and|are|as|at|because|before|but|by|during|each|every|excluding|for|from|he|his|her|if|in|"
    r"including|into|is|it|its|like|of|on|or|per|she|since|so|than|that|the|their|then|they|this|to|until|was|were|when|which|"
    r"while|with|without)$"
)
_LISTED: Final = re.compile(
    r"\s*\$?-?[\d,]*\.?\d+%? (?:(?!and\b|or\b)[a-z'’-]+ ){0,8}[a-z'’-]+, "
    r"(?:[a-z'’-]+ ){0,2}?[a-z'’-]+(?:,| and| or)(?= [a-z])"
)
"""A result of several things, the first of which would be taken for all: "7 kilos of apples, oranges and grapes"."""
_BY_SO_MUCH: Final = re.compile(r"\bby \$?[-\d$.,(%=+*/x×) ]*$")
"""Before the amount of a change: "it will have grown by 60 feet after a year" tells no height."""
_TITLE: Final = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|Mt|Prof|Sgt|Capt|Jr|Sr|vs|approx|sq|[A-Z])$")
_MOST_WORDS: Final = 9


def what(before: str, rest: str) -> str:
    """What a calculation gives, in words: from what stands before it, or after its result; empty if neither tells.

    Args:
        before: The line up to the calculation.
        rest: The line from the result on.
    """
    subject = _SUBJECT.search(_ANNOTATION.sub("", before))
    if subject is not None and 2 <= len(subject["subject"].split()) <= _MOST_WORDS:
        words = _without_endings(subject["subject"].strip())
        if not words.lower().endswith(" number") and is_quantity(words):
            if _counts_others(words, rest):
                return ""
            return words[0].lower() + words[1:] if words.startswith("The ") else words
    after = _AFTER_RESULT.match(rest)
    if after is None or after["percent"] or _LISTED.match(rest) or _BY_SO_MUCH.search(_ANNOTATION.sub("", before)):
        return ""
    told = after["words"].replace("’", "'").strip()
    words = re.sub(r"\s+(?:is|are|was|were|has|have|had)(?: been)?\b(?=\s+[a-z]+(?:ed|en|t|ing|ld|ft)\b)", "", told)
    words = re.sub(r"\bremain(?:ed|s)?\b", "remaining", words)
    words = re.split(
        r"\s+(?:because|since|so|but|if|than|as|is|are|was|were|which|that|who|when|he|she|they|before|until|due)\b",
        words,
    )[0]
    if after["next"] and (after["next"].isdigit() or after["next"] in "$€£") and words and told.endswith(words):
        return ""  # "minutes to fill 240 packets" would end on "to fill"
    if after["next"] == "&":
        return ""  # "units of M&M candies" would end on "M"
    if after["next"] == "." and _TITLE.search(words):
        return ""  # "first graders in Ms. Watson's class" would end on "in Ms"
    words = _without_endings(words)
    if words.endswith(" at first") and not _HAD.search(before):
        return ""  # "sold 13 steaks at first" tells nothing of the steaks at first
    parts = words.split()
    first = parts[0].lower() if parts else ""
    if not parts or len(parts) > _MOST_WORDS or first in _NO_BEGINNING or len(first) < 3:
        return ""
    plural = first.endswith("s") or first in _PLURALS
    return f"the number of {words}" if plural and is_noun_phrase(parts) else ""


_HAD: Final = re.compile(r"\b(?:had|has|have|was|were|there)\b[^a-z]*(?:[a-z]+ [a-z]+ )?[^a-z]*$", re.IGNORECASE)
"""Who had so many, or that there were, right before how many."""


def _without_endings(words: str) -> str:
    """Without the words at the end that begin something else: "the remainder which" is the remainder."""
    while (shorter := _NO_ENDING.sub("", words)) != words:
        words = shorter
    return words


def _counts_others(subject: str, rest: str) -> bool:
    """Whether a number of things is given in others: "the total number of call hours is 52*30 = 1560 minutes"."""
    counted = re.search(r"\bnumber of (.+)", subject.lower())
    after = _AFTER_RESULT.match(rest)
    first = after["words"].split()[:1] if after is not None and counted else []
    plural = [w.lower() for w in first if w.endswith("s") or w in _PLURALS]
    said = re.findall(r"[a-z]+", counted[1]) if counted else []
    return any(w not in said and w.removesuffix("s") not in said for w in plural)


_PLURALS: Final = frozenset(
    ["people", "children", "men", "women", "feet", "mice", "geese", "fish", "sheep", "teeth", "inches", "cattle"]
)


def _chained(node: Node, values: Sequence[Fraction], used: set[int], said: Collection[Fraction]) -> Node:
    """``node`` with operands that equal an earlier result referring to it; of several results one not ``used`` yet
    (3 + 3 is two quantities), then the latest.
    """
    operands = [leaf.value for leaf in leaves(node, Literal)]
    open_to_both = {v: operands.count(v) - 1 for v in operands if v in said}
    return _chain(node, values, used, open_to_both)


def _chain(node: Node, values: Sequence[Fraction], used: set[int], left_to_chain: dict[Fraction, int]) -> Node:
    match node:
        case Op(operator, left, right):
            left = _chain(left, values, used, left_to_chain)
            return Op(operator, left, _chain(right, values, used, left_to_chain))
        case Neg(operand):
            return Neg(_chain(operand, values, used, left_to_chain))
        case Literal() as literal:
            if literal.value in left_to_chain:
                left_to_chain[literal.value] -= 1
                if left_to_chain[literal.value] < 0:
                    return literal
            at = max(
                (i for i, v in enumerate(values) if v == literal.value), key=lambda i: (i not in used, i), default=-1
            )
            used.add(at)
            return Ref(at) if at >= 0 else literal
        case _:
            return node


_OF_ANOTHER_WORDS: Final = (
    "a after an as at because before by for from if in into not off on per so than to when which while who with"
)
_OF_ANOTHER: Final = frozenset(_OF_ANOTHER_WORDS.split())
"""Words after a number behind which no name of it stands: "6 for the spoons" are no spoons."""
_A_UNIT: Final = frozenset(["a", "an", "each", "every", "per"])
_MONEY_WORDS: Final = """
allowance bill bonus budget change charge commission cost deposit discount dollar dollars donation fee fees fine
interest loss price profit profits raise refund rent salary savings tax taxes tip tips
"""
_MONEY: Final = frozenset(_MONEY_WORDS.split())


def _name(before: str, rest: str, taken: set[str]) -> str:
    """A name from the words right after a result: ``24 clips in May`` gives ``clips_in_may``.

    Of an amount of money only a name of money: ``$6 for the spoons`` are ``dollars``, ``$15 sales tax`` is a tax.
    """
    clause = (
        None
        if _LISTED.match(rest)
        else re.match(r"\s*\$?-?[\d,]*\.?\d+(?:%|st\b|nd\b|rd\b|th\b)?\s*([^.,;:=+*/()<>\d$]*)", rest)
    )
    if clause is not None and "&" in clause[1]:
        return ""
    words = re.findall(r"[a-z]+", (clause[1] if clause else "").lower().replace("'s", "").replace("-", " "))[:4]
    passed: list[str] = []
    while words and words[0] in _NAMELESS:
        passed.append(words.pop(0))
    if {"and", "or"} & set(words[2:4]):
        return ""  # "kilograms of apples and pears" are not those of apples, but "pens and pencils" are both
    words = words[:3]
    if words[1:] == ["at", "first"] and not _HAD.search(before):
        words = words[:1]
    while words and words[-1] in _NAMELESS:
        words = words[:-1]
    of_another = not _OF_ANOTHER.isdisjoint(passed) or (bool(passed) and bool(words) and words[0].endswith("ing"))
    if words and (before.rstrip().endswith("$") or rest.lstrip().startswith("$")):
        if of_another or _MONEY.isdisjoint(words):
            unit = [w for w in (*passed, *words) if w not in _NAMELESS or w in _A_UNIT][:2]
            words = ["dollars", *(unit if len(unit) > 1 and unit[0] in _A_UNIT else ())]
    elif of_another:
        return ""
    name = "_".join(words)
    if len(name) < 3 or keyword.iskeyword(name) or name in _BUILTIN:
        return ""
    return _unique(name, taken)


def _unique(name: str, taken: set[str]) -> str:
    candidate, n = name, 2
    while candidate in taken:
        candidate, n = f"{name}_{n}", n + 1
    return candidate
