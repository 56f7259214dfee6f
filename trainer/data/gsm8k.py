"""GSM8K's calculator annotations as an exact arithmetic chain.

A solution line such as ``Natalia sold 48/2 = <<48/2=24>>24 clips in May.`` gives a :class:`Step`: an expression
over literals and earlier results. Everything is computed in fractions, so "re-executes to the gold answer" means
equality. The module refuses what it cannot read exactly: other operators, names, a chain that ends elsewhere.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final

from trainer.data.records import BadLine, text_field

_ANNOTATION: Final = re.compile(r"<<([^<>]*)>>")
_BARE: Final = r"(?<![\w.])([\d.,$()]+(?:\s*[-+*/x×]\s*[\d.,$()]+)+)\s*=\s*(\$?\d[\d,]*(?:\.\d+)?)(?![\d\s]*[-+*/x×=])"
"""An equation without an annotation: some authors forgot one."""
_EQUATION: Final = re.compile(rf"{_ANNOTATION.pattern}|{_BARE}")
_ALLOWED: Final = re.compile(r"[\d.,+\-*/() $%]+")
_MAX_VALUE: Final = 10**15
_NAMELESS: Final = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "because",
        "but",
        "by",
        "can",
        "does",
        "did",
        "for",
        "from",
        "had",
        "has",
        "have",
        "he",
        "her",
        "his",
        "if",
        "in",
        "is",
        "it",
        "its",
        "into",
        "more",
        "of",
        "off",
        "on",
        "one",
        "or",
        "per",
        "she",
        "so",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "to",
        "was",
        "were",
        "been",
        "which",
        "while",
        "will",
        "with",
        "would",
        "you",
        "your",
        "total",
        "after",
        "before",
        "when",
        "who",
    ]
)
_MEANT: Final = tuple(
    (re.compile(rf"(?<![\w])(?:{words})(?![\w])" if words != "%" else "%", re.IGNORECASE), values)
    for words, values in (
        (r"one|once|an? hour|first|single|alone", (1,)),
        (
            r"hal(?:f|ves)|halfway|twice|doubl\w*|two|both|pairs?|couples?|twins?|round.?trip|back and forth|each way",
            (2,),
        ),
        (r"tripl\w*|thrice|three|thirds?|yards?|f(?:oo|ee)t", (3,)),
        (r"quarters?|fourths?|four|quadrupl\w*|quarts?|gallons?|seasons?", (4, 25)),
        (r"five|fifths?|nickels?|workdays?|weekdays?", (5,)),
        (r"six|sixths?", (6,)),
        (r"seven|days?|daily", (7,)),
        (r"weeks?|weekly", (7,)),
        (r"weekends?", (2,)),
        (r"eight|eighths?|pints?", (8,)),
        (r"nine", (9,)),
        (r"ten|tenths?|dimes?|decades?", (10,)),
        (r"dozens?|twelve|months?|monthly|years?|yearly|annual\w*|f(?:oo|ee)t|inch(?:es)?", (12,)),
        (r"pounds?|ounces?|lbs?|oz", (16,)),
        (r"eleven", (11,)),
        (r"fifteen", (15,)),
        (r"twenty|scores?", (20,)),
        (r"days?|daily|hours?|hourly", (24,)),
        (r"thirty|months?|monthly|half an hour", (28, 29, 30, 31)),
        (r"fifty", (50,)),
        (r"years?|yearly|annual\w*|weeks?|weekly|months?", (4, 52)),
        (r"hours?|minutes?|seconds?|hourly", (60, 3600)),
        (r"years?|yearly|annual\w*", (360, 365, 366)),
        (r"percent\w*|cents?|century|centuries|hundreds?|meters?|centimeters?|cm", (100,)),
        ("%", (100,)),
        (r"thousands?|kilo\w*|kg|km|grams?|lit(?:er|re)s?|ml|tons?|meters?", (1000,)),
    )
)
"""Words, and the numbers they may stand for in a calculation without being written in digits."""
_BUILTIN: Final = frozenset(("print", "sum", "int", "float", "round", "max", "min", "len", "list", "set", "range"))


class NotAChain(ValueError):
    """The solution cannot be read as an exact chain; the text says why."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A number as written.

    Attributes:
        text: Digits, without separators.
    """

    text: str

    @property
    def value(self) -> Fraction:
        return Fraction(self.text)


@dataclass(frozen=True, slots=True)
class Ref:
    """The result of an earlier step, by its index."""

    step: int


@dataclass(frozen=True, slots=True)
class Op:
    """``left operator right``; the operator is one of ``+ - * /``. A leading minus is ``0 - right`` folded away."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Neg:
    """Minus something."""

    operand: Node


Node = Literal | Ref | Op | Neg


@dataclass(frozen=True, slots=True)
class Step:
    """One calculation.

    Attributes:
        node: The expression.
        name: A name for the result: a Python identifier, unique in the chain.
        sentence: The line of the solution with its annotations worked out, as prose.
        goal: The same line without the result: the calculation, not what comes out.
        what: What is calculated, in words without any number, such as "the number of clips sold in May"; empty if the
            line does not tell.
    """

    node: Node
    name: str
    sentence: str
    goal: str
    what: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """A solution as steps; the last one's result is the answer."""

    steps: tuple[Step, ...]

    def results(self, literals: Mapping[str, Fraction] | None = None) -> list[Fraction]:
        """Every step's value.

        Args:
            literals: Other values for literals, by their text.

        Raises:
            NotAChain: On division by zero or a value out of all bounds.
        """
        values: list[Fraction] = []
        for step in self.steps:
            value = _value(step.node, values, literals or {})
            if abs(value) > _MAX_VALUE or value.denominator > _MAX_VALUE:
                raise NotAChain("a result is out of all bounds")
            values.append(value)
        return values

    def literals(self) -> list[Literal]:
        """Every literal, in order, repeated as written."""
        found: list[Literal] = []
        for step in self.steps:
            found += leaves(step.node, Literal)
        return found

    def needed(self) -> Chain:
        """The same chain without steps that the answer does not depend on."""
        keep: set[int] = set()
        todo = [len(self.steps) - 1]
        while todo:
            i = todo.pop()
            if i not in keep:
                keep.add(i)
                todo += [r.step for r in leaves(self.steps[i].node, Ref)]
        new = {old: i for i, old in enumerate(sorted(keep))}
        steps = [self.steps[old] for old in sorted(keep)]
        return Chain(tuple(replace(s, node=_renumbered(s.node, new)) for s in steps))


def leaves(node: Node, kind: type) -> list:  # type: ignore[type-arg]  # the leaves are of ``kind``
    """All leaves of a kind, from left to right."""
    match node:
        case Op(_, left, right):
            return [*leaves(left, kind), *leaves(right, kind)]
        case Neg(operand):
            return leaves(operand, kind)
        case _:
            return [node] if isinstance(node, kind) else []


def divisors(node: Node) -> list[Node]:
    """What is divided by in an expression."""
    if not isinstance(node, Op):
        return []
    own = [node.right] if node.operator == "/" and node.right != Literal("100") else []
    return [*own, *divisors(node.left), *divisors(node.right)]


def part_values(node: Node, values: Sequence[Fraction], literals: Mapping[str, Fraction]) -> list[Fraction]:
    """The value of every operation in an expression, from the inside out.

    Args:
        node: The expression.
        values: Results of the steps.
        literals: Other values for literals, by their text.

    Raises:
        NotAChain: On division by zero.
    """
    if not isinstance(node, Op):
        return []
    inner = [*part_values(node.left, values, literals), *part_values(node.right, values, literals)]
    return [*inner, _value(node, values, literals)]


def calculates(node: Node) -> bool:
    """Whether the expression calculates anything."""
    return isinstance(node, Op) or (isinstance(node, Neg) and calculates(node.operand))


def gsm8k_line(value: Any, number: int) -> tuple[str, str, int]:
    """Question, answer text and line number of a GSM8K line.

    Raises:
        BadLine: If it is none.
    """
    question, answer = text_field(value, "question"), text_field(value, "answer")
    if "####" not in answer:
        raise BadLine('expected "answer" to end on "#### " and the result')
    return question.strip(), answer, number


def source(
    node: Node, names: Sequence[str], literals: Mapping[str, str] | None = None, exact: str = "", symbol: str = ""
) -> str:
    """Python source of an expression, with as few parentheses as keep its meaning.

    Args:
        node: The expression.
        names: Of the steps.
        literals: Other writings of literals, by their text.
        exact: Name of a class of exact fractions to divide with, such as ``Fraction``; empty divides floats.
        symbol: An unknown that may be in every operand but a literal; what holds it is divided as it is.
    """
    return _source(node, names, literals or {}, exact, symbol)[0]


def said_numbers(question: str) -> frozenset[Fraction]:
    """Every number that a question states in digits, and the hundred of its percentages."""
    found = {Fraction(m.replace(",", "")) for m in re.findall(r"\d[\d,]*(?:\.\d+)?", question)}
    return frozenset(found | {Fraction(100)} if re.search(r"%|percent", question, re.IGNORECASE) else found)


def meant_numbers(question: str) -> frozenset[Fraction]:
    """The numbers that words of a question stand for, all that each may mean."""
    found: set[int] = set()
    for pattern, values in _MEANT:
        if pattern.search(question):
            found.update(values)
    return frozenset(Fraction(v) for v in found)


_SPELLED: Final = {
    word: value
    for value, words in enumerate(
        (
            "two twice double doubled doubles half second",
            "three thrice triple tripled triples third",
            "four quadruple fourth quarter",
            "five fifth",
            "six sixth",
            "seven seventh",
            "eight eighth",
            "nine ninth",
            "ten tenth",
            "eleven eleventh",
            "twelve twelfth dozen",
            "thirteen thirteenth",
            "fourteen fourteenth",
            "fifteen fifteenth",
            "sixteen sixteenth",
            "seventeen seventeenth",
            "eighteen eighteenth",
            "nineteen nineteenth",
            "twenty twentieth",
        ),
        2,
    )
    for word in words.split()
}
_ORDINAL: Final = re.compile(
    rf"\b(?:(\d+)(?:st|nd|rd|th)|({'|'.join(w for w in _SPELLED if re.search('second|third|th$', w))}))\b", re.I
)


def spelled_numbers(question: str) -> frozenset[Fraction]:
    """The numbers that a question spells out in words; unlike :func:`meant_numbers` without those of units."""
    words = re.findall(r"[a-z]+", question.lower())
    found = {_SPELLED[w.removesuffix("s")] for w in words if w.removesuffix("s") in _SPELLED}
    return frozenset(map(Fraction, found))


def number_words(text: str) -> frozenset[str]:
    """The words of a text that spell a number out, also within names: ``sets_of_two`` has "two"."""
    words = re.findall(r"[a-z]+", text.lower())
    return frozenset(w.removesuffix("s") for w in words if w.removesuffix("s") in _SPELLED)


def ordinals(question: str) -> frozenset[int]:
    """The places in an order that a question speaks of: 4 for "on the fourth day"."""
    return frozenset(int(digits) if digits else _SPELLED[word.lower()] for digits, word in _ORDINAL.findall(question))


def parse_solution(answer: str, said: Collection[Fraction] = (), *, whole: bool = False) -> tuple[Chain, Fraction]:
    """The chain and the gold answer of a GSM8K ``answer`` text.

    Operands equal to an earlier result are chained to the latest such result. One that the question states, too, may
    be either: it stays a number, which is right whichever is meant; only of two in one expression the first is chained.

    Args:
        answer: Annotated steps, ``####`` and the result.
        said: Numbers of the question.
        whole: Whether the last step must give the answer. Otherwise what follows the step with its value is cut off,
            though that value may only happen to be the same.

    Raises:
        NotAChain: If an annotation cannot be read or re-execution does not give the gold answer.
    """
    body, mark, gold_text = answer.rpartition("####")
    if not mark:
        raise NotAChain('there is no "####" before the answer')
    gold = number(gold_text)
    steps: list[Step] = []
    values: list[Fraction] = []
    names: set[str] = set()
    used: set[int] = set()
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
                value = _value(node, values, {})
                rest = line[m.end() :]
            name = _name(rest, names) or _unique(f"step_{len(steps) + 1}", names)
            names.add(name)
            steps.append(Step(node, name, prose(line), goal(line), what(line[: m.start()], rest)))
            values.append(value)
    if not steps:
        raise NotAChain("there is no annotation")
    chain = Chain(tuple(steps))
    if not calculates(steps[-1].node):
        raise NotAChain("the last step calculates nothing")
    if values[-1] != gold:
        at = max((i for i, v in enumerate(values) if v == gold), default=-1)
        if at < 0 or whole:
            raise NotAChain(f"the steps end on {shown(values[-1])}, the answer is {shown(gold)}")
        chain = Chain(chain.steps[: at + 1])
        if not calculates(chain.steps[-1].node):
            raise NotAChain("the step that gives the answer calculates nothing")
    return chain, gold


def number(text: str) -> Fraction:
    """An exact number from digits with thousands separators and a currency or percent sign.

    Raises:
        NotAChain: If it is none.
    """
    clean = text.strip().replace(",", "").replace("$", "").removesuffix("%").removesuffix(".")
    if not re.fullmatch(r"-?(?:\d+\.?\d*|\.\d+)", clean):
        raise NotAChain(f"{text.strip()!r} is not a number")
    return Fraction(clean)


def parse_expression(text: str) -> Node:
    """An expression tree.

    Raises:
        NotAChain: If there is anything but numbers, ``+ - * /`` and parentheses.
    """
    if not _ALLOWED.fullmatch(text):
        raise NotAChain(f"{text!r} is not arithmetic")
    clean = text.replace(",", "").replace("$", "")
    clean = re.sub(r"(\d+\.?\d*|\.\d+)\s*%", r"(\1/100)", clean)
    # A leading zero is no Python number.
    clean = re.sub(r"(?<![\d.])0+(?=\d)", "", clean)
    try:
        tree = ast.parse(clean.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        raise NotAChain(f"{text!r} is not arithmetic") from None
    return _node(tree, clean.strip())


def shown(value: Fraction) -> str:
    """The shortest exact writing: ``72``, ``0.5``, or ``1/3`` where no decimal is exact."""
    if value.denominator == 1:
        return str(value.numerator)
    rest = value.denominator
    twos = fives = 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    places = max(twos, fives)
    scaled = abs(value.numerator) * (10**places // value.denominator)
    digits = str(scaled).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def prose(line: str) -> str:
    """A line without its annotations, as a reader would write it."""
    return re.sub(r"[ \t]+", " ", _ANNOTATION.sub("", line)).strip()


def goal(line: str) -> str:
    """A line without its results: ``sold 48/2 = <<48/2=24>>24 clips`` becomes ``sold 48/2 clips``."""
    # "3 hours x 4 = 12 hours a week": after an expression with units the result's own units would be said twice.
    without = re.sub(r"(?<=[a-z%])\s*=\s*\$?\s*<<[^<>]*>>\s*\$?-?[\d,]*\.?\d+%?[^.,;]*", "", line)
    without = re.sub(r"\s*=\s*\$?\s*<<[^<>]*>>\s*\$?-?[\d,]*\.?\d+", "", without)
    without = re.sub(r"<<([^<>=]*)=[^<>]*>>\s*\$?-?[\d,]*\.?\d+", r"\1", without)
    # "S + <<+30+46=76>>76" would become "S + +30+46".
    return "" if re.search(r"[-=+*/]\s*\+\s*\d", without) else prose(without)


_AFTER_RESULT: Final = re.compile(r"\s*\$?-?[\d,]*\.?\d+(?P<percent>%?)\s*(?P<words>[A-Za-z' -]*)")
_SUBJECT: Final = re.compile(
    r"(?:^|[.,;] |\b(?:so|that|then|means|thus|therefore|hence|now) )"
    r"(?P<subject>[Tt]he [A-Za-z' -]+?|[A-Z][a-z]+'s [A-Za-z' -]+?) (?:is|are|was|were|will be|equals|would be) "
    r"(?:now |then |therefore |thus |only |a total of |equal to )?[-\d$.,(%=+*/x× ]*$"
)
_NO_BEGINNING: Final = frozenset(
    [
        "about",
        "ago",
        "after",
        "all",
        "and",
        "are",
        "around",
        "at",
        "away",
        "because",
        "before",
        "but",
        "by",
        "each",
        "every",
        "everything",
        "extra",
        "fewer",
        "for",
        "from",
        "greater",
        "in",
        "into",
        "is",
        "it",
        "large",
        "left",
        "less",
        "long",
        "longer",
        "more",
        "most",
        "not",
        "of",
        "off",
        "old",
        "older",
        "on",
        "only",
        "or",
        "out",
        "over",
        "per",
        "plus",
        "remaining",
        "shorter",
        "so",
        "tall",
        "taller",
        "than",
        "that",
        "the",
        "then",
        "there",
        "these",
        "they",
        "this",
        "times",
        "to",
        "together",
        "total",
        "under",
        "until",
        "was",
        "were",
        "when",
        "which",
        "while",
        "who",
        "will",
        "with",
        "without",
        "would",
        "year-old",
        "worth",
    ]
)
_NO_ENDING: Final = re.compile(
    r"\s+(?:a|after|an|and|are|as|at|because|before|but|by|each|every|for|from|he|his|her|if|in|into|is|it|its|of|on|or|"
    r"per|she|since|so|than|that|the|their|then|they|this|to|was|were|when|which|while|with)$"
)
_MOST_WORDS: Final = 9


def what(before: str, rest: str) -> str:
    """What a calculation gives, in words: from what stands before it, or after its result; empty if neither tells.

    Args:
        before: The line up to the calculation.
        rest: The line from the result on.
    """
    subject = _SUBJECT.search(_ANNOTATION.sub("", before))
    if subject is not None and 2 <= len(subject["subject"].split()) <= _MOST_WORDS:
        words = subject["subject"].strip()
        return words[0].lower() + words[1:] if words.startswith("The ") else words
    after = _AFTER_RESULT.match(rest)
    if after is None or after["percent"]:
        return ""
    words = re.sub(r"\s+(?:is|are|was|were)\b(?=\s+[a-z]+(?:ed|en|t|ing|ld|ft)\b)", "", after["words"].strip())
    words = re.split(
        r"\s+(?:because|since|so|but|if|than|as|is|are|was|were|which|that|who|when|he|she|they)\b", words
    )[0]
    while (shorter := _NO_ENDING.sub("", words)) != words:
        words = shorter
    parts = words.split()
    first = parts[0].lower() if parts else ""
    if not parts or len(parts) > _MOST_WORDS or first in _NO_BEGINNING or len(first) < 3:
        return ""
    return f"the number of {words}" if first.endswith("s") or first in _PLURALS else ""


_PLURALS: Final = frozenset(
    ["people", "children", "men", "women", "feet", "mice", "geese", "fish", "sheep", "teeth", "inches", "cattle"]
)


def _node(tree: ast.expr, text: str) -> Node:
    operators: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
    match tree:
        case ast.Constant(value=value) if isinstance(value, int | float) and not isinstance(value, bool):
            written = text[tree.col_offset : tree.end_col_offset].rstrip(".")
            return Literal("0" + written if written.startswith(".") else written)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in operators:
            return Op(operators[type(op)], _node(left, text), _node(right, text))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Neg(_node(operand, text))
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _node(operand, text)
        case _:
            raise NotAChain(f"{text!r} is not arithmetic")


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


def _renumbered(node: Node, new: Mapping[int, int]) -> Node:
    match node:
        case Op(operator, left, right):
            return Op(operator, _renumbered(left, new), _renumbered(right, new))
        case Neg(operand):
            return Neg(_renumbered(operand, new))
        case Ref(step):
            return Ref(new[step])
        case _:
            return node


def _value(node: Node, values: Sequence[Fraction], literals: Mapping[str, Fraction]) -> Fraction:
    match node:
        case Literal(text):
            return literals.get(text, Fraction(text))
        case Ref(step):
            return values[step]
        case Neg(operand):
            return -_value(operand, values, literals)
        case Op(operator, left, right):
            a, b = _value(left, values, literals), _value(right, values, literals)
            if operator == "+":
                return a + b
            if operator == "-":
                return a - b
            if operator == "*":
                return a * b
            if not b:
                raise NotAChain("a step divides by zero")
            return a / b


def _source(node: Node, names: Sequence[str], literals: Mapping[str, str], exact: str, symbol: str) -> tuple[str, int]:
    """Source and binding strength: 1 for sums, 2 for products, 3 for the rest."""
    match node:
        case Literal(text):
            written = literals.get(text, text)
            return (f'{exact}("{written}")' if exact and "." in written else written), 3
        case Ref(step):
            return names[step], 3
        case Neg(operand):
            text, strength = _source(operand, names, literals, exact, symbol)
            return f"-{text}" if strength == 3 else f"-({text})", 3
        case Op(operator, left, right):
            own = 1 if operator in "+-" else 2
            a, strong_a = _source(left, names, literals, exact, symbol)
            b, strong_b = _source(right, names, literals, exact, symbol)
            if exact and operator == "/":
                if a.isdigit() and b.isdigit():
                    return f"{exact}({a}, {b})", 3
                if not symbol or a.isdigit():
                    a, strong_a = f"{exact}({a})", 3
            a = f"({a})" if strong_a < own else a
            # a - (b - c) and a / (b * c) keep their parentheses.
            inner = right.operator if isinstance(right, Op) else ""
            b = f"({b})" if strong_b < own or (strong_b == own and (operator in "-/" or inner == "/")) else b
            return f"{a} {operator} {b}", own


def _name(rest: str, taken: set[str]) -> str:
    """A name from the words right after a result: ``24 clips in May`` gives ``clips_in_may``."""
    clause = re.match(r"\s*\$?-?[\d,]*\.?\d+%?\s*([^.,;:=+*/()<>\d$]*)", rest)
    words = re.findall(r"[a-z]+", (clause[1] if clause else "").lower().replace("'s", "").replace("-", " "))[:4]
    while words and words[0] in _NAMELESS:
        words = words[1:]
    words = words[:3]
    while words and words[-1] in _NAMELESS:
        words = words[:-1]
    name = "_".join(words)
    if len(name) < 3 or keyword.iskeyword(name) or name in _BUILTIN:
        return ""
    return _unique(name, taken)


def _unique(name: str, taken: set[str]) -> str:
    candidate, n = name, 2
    while candidate in taken:
        candidate, n = f"{name}_{n}", n + 1
    return candidate
