"""New problems and solutions from verified ones, without a teacher: MuMath's alteration and backward methods.

``numbers`` draws new numbers for a problem and runs its arithmetic again. ``fobar`` masks a number by X, states the
answer and asks for X (FOBAR, Jiang et al. 2024); SymPy must find exactly the masked number. ``correct`` breaks
verified code with one injected bug, keeps the error that really came, points it out and repairs it, which is the
form of MuMath-Code's debugging samples. Everything that runs, runs in the executor; what does not give the
expected result is left out.

Only problems whose every operand stands exactly once in the question are altered, and none of them may be meant by a
word as well ("twice", "a week", "percent"): such a number would silently change its meaning with another. New numbers
stay within what the words around them allow: no week has eight days.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from trainer.data.gsm8k import (
    Chain,
    Neg,
    Node,
    NotAChain,
    Op,
    Step,
    meant_numbers,
    number,
    parse_solution,
    shown,
    source,
)
from trainer.data.gsm8k import Literal as Operand
from trainer.data.records import question_id, record_id
from trainer.synthesize.make_code import draft, execute, run_block
from tutor_app.core.ports import CodeExecutor
from tutor_app.core.transcript import Answer, Code, Output, Part, Text, Transcript
from tutor_app.core.verdicts import KNOWN_RIGHT

CORRECTION: Final = "The code above has encountered a problem. Now point out its mistakes and then correct them.\n"
"""What MuMath-Code puts after a failed run."""
FOBAR_QUESTION: Final = (
    "{question} If we know the answer to the above question is {answer}, what is the value of the unknown variable X?"
)

Method = Literal["numbers", "fobar", "correct"]
METHODS: Final[tuple[Method, ...]] = ("numbers", "fobar", "correct")

_NUMBER: Final = re.compile(
    r"(?<![\w.,/])\$?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?![\d/]|[.,]\d|\s*(?:st|nd|rd|th)\b)"
)
_ANY_NUMBER: Final = re.compile(r"\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Grounded:
    """A problem whose every operand is known by its place in the question.

    Attributes:
        question: Its text.
        chain: Its arithmetic, steps that the answer needs.
        gold: Its answer.
        places: For every literal's text, where its number stands in the question.
    """

    question: str
    chain: Chain
    gold: Fraction
    places: Mapping[str, tuple[int, int]]


def ground(question: str, answer: str) -> Grounded:
    """Find every operand in the question.

    Raises:
        NotAChain: If the solution is no exact chain, or an operand does not stand exactly once in the question.
    """
    chain, gold = parse_solution(answer)
    chain = chain.needed()
    found: dict[Fraction, list[tuple[int, int]]] = {}
    for m in _NUMBER.finditer(question):
        found.setdefault(number(m[1]), []).append((m.start(1), m.end(1)))
    results = set(chain.results())
    meant = meant_numbers(question) | {Fraction(1)}
    hidden = sorted(shown(v) for v in meant & (results | {literal.value for literal in chain.literals()}))
    if hidden:
        raise NotAChain(f"a number of the solution may be meant by a word, such as {hidden[0]}")
    places: dict[str, tuple[int, int]] = {}
    for literal in chain.literals():
        at = found.get(literal.value, [])
        if len(at) != 1:
            raise NotAChain(f"the operand {literal.text} stands {len(at)} times in the question")
        places[literal.text] = at[0]
    # An operand chained to a result could as well be a number of the question: then neither reading is safe.
    if results & set(found):
        raise NotAChain("a result is also a number of the question")
    return Grounded(question, chain, gold, places)


def numbers(
    question: str, answer: str, executor: CodeExecutor, *, n: int = 2, seed: int = 0, tries: int = 30
) -> Iterator[Transcript]:
    """Up to ``n`` problems with other numbers, each solved by code that really ran.

    A draw is kept when every result is positive and whole wherever the original's was.

    Raises:
        NotAChain: If the problem cannot be altered safely.
        SandboxFault: If code cannot be run here at all.
    """
    base = ground(question, answer)
    old = base.chain.results()
    rng = random.Random(f"{question}/{seed}/numbers")
    parent = question_id(question)
    seen = {question}
    for _ in range(tries):
        if n <= 0:
            return
        draw = {text: _redrawn(text, rng, _ceiling(question, end)) for text, (_, end) in base.places.items()}
        try:
            new = base.chain.results({t: Fraction(v) for t, v in draw.items()})
        except NotAChain:
            continue
        if not all(v > 0 and (v.denominator == 1 or o.denominator != 1) for v, o in zip(new, old, strict=True)):
            continue
        if any("/" in shown(v) for v in new):
            continue
        chain = _rewritten(base.chain, draw, old, new)
        text = _replaced(question, base.places, draw)
        if chain is None or text in seen:
            continue
        seen.add(text)
        key = record_id("gsm8k-train", "alter-numbers", text)
        for style in ("plain", "Fraction"):
            parts = execute(draft(text, chain, new[-1], key, seed=seed, style=style), executor)
            if parts is not None:
                n -= 1
                yield _record(text, parts, new[-1], key, "alter-numbers", parent)
                break


def fobar(question: str, answer: str, executor: CodeExecutor, *, seed: int = 0) -> Iterator[Transcript]:
    """One backward problem for each operand that the answer really depends on.

    Raises:
        NotAChain: If the problem cannot be masked safely.
        SandboxFault: If code cannot be run here at all.
    """
    base = ground(question, answer)
    if re.search(r"\bX\b", question):
        raise NotAChain("the question has an X already")
    parent = question_id(question)
    places = list(base.places.items())
    random.Random(f"{question}/{seed}/fobar").shuffle(places)
    for text, (start, end) in places:
        masked = f"{question[:start]}X{question[end:]}"
        asked = FOBAR_QUESTION.format(question=masked, answer=shown(base.gold))
        value = Fraction(text)
        key = record_id("gsm8k-train", "fobar", asked)
        made = _backward(base, text, key, seed)
        session = executor.open()
        try:
            output = run_block(session, made[1].source)
        finally:
            session.close()
        # The only solution must be the number that was masked.
        if output.status == "ok" and output.stdout.strip() == f"[{shown(value)}]":
            closing = Text(made[2].text.format(answer=shown(value)))
            yield _record(asked, (made[0], made[1], output, closing), value, key, "fobar", parent)


def correct(record: Transcript, executor: CodeExecutor, *, seed: int = 0) -> Transcript | None:
    """The record's solution with one failed attempt before its (only) code block, or None if no bug fits.

    Raises:
        SandboxFault: If code cannot be run here at all.
    """
    at = [i for i, p in enumerate(record.solution) if isinstance(p, Code)]
    if len(at) != 1:
        return None
    code = record.solution[at[0]]
    assert isinstance(code, Code)
    rng = random.Random(f"{record.meta.get('id')}/{seed}/bug")
    bugs = [b for make in (_misspelt, _unimported, _quoted) if (b := make(code.source, rng)) is not None]
    rng.shuffle(bugs)
    for broken, explain in bugs:
        session = executor.open()
        try:
            failed = run_block(session, broken)
            if failed.status != "error" or failed.error is None or failed.error.type not in explain:
                continue
            again = run_block(session, code.source)
        finally:
            session.close()
        good = record.solution[at[0] + 1]
        if again.status != "ok" or not isinstance(good, Output) or again.stdout != good.stdout:
            continue
        words = f"\n{CORRECTION}{explain[failed.error.type]}\n\n"
        parts: tuple[Part, ...] = (
            *record.solution[: at[0]],
            Code(broken),
            failed,
            Text(words),
            code,
            again,
            *record.solution[at[0] + 2 :],
        )
        source = str(record.meta["source"])
        meta = {
            **record.meta,
            "id": record_id(source, "correct-error", record.problem, broken),
            "method": "correct-error",
            "parent": record.meta["id"],
            "parent_method": record.meta["method"],
        }
        return Transcript.of(record.problem, *parts, meta=meta)
    return None


def _record(problem: str, parts: Sequence[Part], gold: Fraction, key: str, method: str, parent: str) -> Transcript:
    return Transcript.of(
        problem,
        *parts,
        Answer(shown(gold), verdict=KNOWN_RIGHT),
        meta={
            "id": key,
            "source": "gsm8k-train",
            "source_id": parent,
            "parent": parent,
            "method": method,
            "licence": "MIT",
            "gold": shown(gold),
        },
    )


_CEILINGS: Final = tuple(
    (re.compile(rf"\s*-?\s*{words}", re.IGNORECASE), most)
    for words, most in (
        (r"(?:work|school)?days? (?:a|per|each|every|of the|of each) week", 7),
        (r"(?:hours? (?:a|per|each|every|of the) day|hours? daily)", 24),
        (r"days? (?:a|per|each|every|of the) month", 28),
        (r"months? (?:a|per|each|every|of the) year", 12),
        (r"weeks? (?:a|per|each|every|of the) month", 4),
        (r"weeks? (?:a|per|each|every|of the) year", 52),
        (r"minutes? (?:a|per|each|every|of the|of each) hour", 60),
        (r"(?:[ap]\.?m\b|o'clock)", 12),
        (r"(?:%|percent)", 100),
    )
)
"""What follows a number, and the largest that makes sense before it."""


def _ceiling(question: str, end: int) -> int:
    """The largest number that may stand before what follows ``end``; 0 for no limit."""
    return next((most for pattern, most in _CEILINGS if pattern.match(question, end)), 0)


def _redrawn(text: str, rng: random.Random, ceiling: int = 0) -> str:
    """Another number of the same kind and size: as many decimals, never 0 or 1 (grammar would change)."""
    whole, _, decimals = text.partition(".")
    scale = 10 ** len(decimals)
    old = int(whole + decimals)
    low, high = max(2, old // 2), max(old * 2, 9)
    if ceiling and old <= ceiling * scale:
        high = min(high, ceiling * scale)
    if not decimals and old >= 20 and old % 10 == 0:
        # Round numbers stay round.
        step = 10 if old % 100 or ceiling else 100
        low, high, new = max(1, low // step), max(2, high // step), 0
        new = rng.randint(low, high) * step
    else:
        new = rng.randint(low, high)
    if not decimals:
        return str(new)
    digits = str(new).rjust(len(decimals) + 1, "0")
    value = f"{digits[: -len(decimals)]}.{digits[-len(decimals) :]}"
    assert Fraction(value) == Fraction(new, scale)
    return value


def _replaced(question: str, places: Mapping[str, tuple[int, int]], draw: Mapping[str, str]) -> str:
    for text, (start, end) in sorted(places.items(), key=lambda item: -item[1][0]):
        new = draw[text]
        if "," in question[start:end]:
            whole, dot, decimals = new.partition(".")
            new = f"{int(whole):,}{dot}{decimals}"
        question = question[:start] + new + question[end:]
    return question


def _rewritten(chain: Chain, draw: Mapping[str, str], old: Sequence[Fraction], new: Sequence[Fraction]) -> Chain | None:
    """The chain with new literals and new numbers in its words; None if some number's new value is not known."""
    known = {Fraction(t): v for t, v in draw.items()}
    for before, after in zip(old, new, strict=True):
        if known.setdefault(before, shown(after)) != shown(after):
            return None
    steps = []
    for step in chain.steps:
        sentence, goal = (_renumbered(t, known) for t in (step.sentence, step.goal))
        if sentence is None or goal is None:
            return None
        steps.append(Step(_with_literals(step.node, draw), step.name, sentence, goal))
    return Chain(tuple(steps))


def _renumbered(text: str, known: Mapping[Fraction, str]) -> str | None:
    out, last = "", 0
    for m in _ANY_NUMBER.finditer(text):
        written = m[0].rstrip(",")
        try:
            value = number(written)
        except NotAChain:
            return None
        if value not in known:
            return None
        out += text[last : m.start()] + known[value] + m[0][len(written) :]
        last = m.end()
    return out + text[last:]


def _with_literals(node: Node, draw: Mapping[str, str]) -> Node:
    match node:
        case Op(operator, left, right):
            return Op(operator, _with_literals(left, draw), _with_literals(right, draw))
        case Neg(operand):
            return Neg(_with_literals(operand, draw))
        case Operand(text):
            return Operand(draw[text])
        case _:
            return node


_BACKWARD_OPENINGS: Final = (
    "Let $X$ be the unknown number. We write the quantities of the problem with $X$ and solve for it.\n\n",
    "The answer is known and one number is not, so we set up an equation in $X$.\n\n",
    "We go through the problem as usual, keep $X$ as a symbol, and then require the result to be {gold}.\n\n",
)
_BACKWARD_CLOSINGS: Final = (
    "\nThe value of the unknown variable is $X = {{answer}}$, so the answer is $\\boxed{{{{{{answer}}}}}}$.",
    "\nSo the unknown number is $\\boxed{{{{{{answer}}}}}}$.",
    "\nThe equation has one solution: $X = {{answer}}$.\nThe answer is $\\boxed{{{{{{answer}}}}}}$.",
)


def _backward(base: Grounded, text: str, key: str, seed: int) -> tuple[Text, Code, Text]:
    rng = random.Random(f"{key}/{seed}/words")
    chain, names = base.chain, [s.name for s in base.chain.steps]
    comments = rng.random() < 0.5
    lines = ["from sympy import Eq, Rational, solve, symbols", "", "X = symbols('X')"]
    for step in chain.steps:
        goal = _masked(step.goal, Fraction(text), chain)
        if comments and goal:
            lines.append(f"# {goal}")
        lines.append(f"{step.name} = {source(step.node, names, {text: 'X'}, exact='Rational', symbol='X')}")
    gold = shown(base.gold)
    gold = f'Rational("{gold}")' if "." in gold else gold
    lines += ["", f"print(solve(Eq({names[-1]}, {gold}), X))"]
    if not any("Rational(" in line for line in lines[1:]):
        lines[0] = "from sympy import Eq, solve, symbols"
    opening = rng.choice(_BACKWARD_OPENINGS).format(gold=shown(base.gold))
    closing = rng.choice(_BACKWARD_CLOSINGS).format()
    return Text(opening), Code("\n".join(lines)), Text(closing)


def _masked(goal: str, value: Fraction, chain: Chain) -> str:
    """The words of a step with X for the masked number; empty if they tell a result, which is unknown now."""
    results = set(chain.results())
    out, last = "", 0
    for m in _ANY_NUMBER.finditer(goal):
        written = m[0].rstrip(",")
        found = number(written)
        if found == value:
            out += goal[last : m.start()] + "X" + m[0][len(written) :]
            last = m.end()
        elif found in results:
            return ""
    return out + goal[last:]


# Bugs. Each gives the broken source and, by the exception it should raise, the words that point it out.

_Bug = tuple[str, dict[str, str]]


def _misspelt(code: str, rng: random.Random) -> _Bug | None:
    """Use a name that was never set."""
    names = [m[1] for m in re.finditer(r"^\s*([a-z_][a-z_0-9]{3,}) = ", code, re.MULTILINE)]
    rng.shuffle(names)
    for name in names:
        uses = [
            m for m in re.finditer(rf"\b{name}\b(?!\s*=[^=])", code) if "#" not in code[: m.start()].split("\n")[-1]
        ]
        if not uses:
            continue
        m = rng.choice(uses)
        numbered = re.fullmatch(r"(.+)_(\d+)", name)
        wrong = name[:-1] if name.endswith("s") else f"{name}s"
        if numbered is not None:
            wrong = numbered[1] + numbered[2]
        if re.search(rf"\b{wrong}\b", code):
            wrong = f"{name}_value"
        if re.search(rf"\b{wrong}\b", code):
            continue
        words = f"The variable `{wrong}` was never defined: the value is stored in `{name}`. I use the right name."
        return code[: m.start()] + wrong + code[m.end() :], {"NameError": words}
    return None


def _unimported(code: str, rng: random.Random) -> _Bug | None:
    """Leave an import out."""
    m = re.match(r"(from (\w+) import [^\n]+)\n+", code)
    if m is None:
        return None
    words = f"A name is used that was not imported: the line `{m[1]}` is missing. I add it at the top."
    return code[m.end() :], {"NameError": words}


def _quoted(code: str, rng: random.Random) -> _Bug | None:
    """Write a number as a text."""
    uses = [
        m
        for m in re.finditer(r"(?<![\w.\"(])(\d+(?:\.\d+)?)(?![\w.\",)])", code)
        if "#" not in code[: m.start()].split("\n")[-1]
    ]
    if not uses:
        return None
    m = rng.choice(uses)
    words = f'The number {m[1]} was written as a text, "{m[1]}", which does not calculate. I write it as a number.'
    return f'{code[: m.start()]}"{m[1]}"{code[m.end() :]}', {"TypeError": words}
