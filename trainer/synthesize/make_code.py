"""Code-nested solutions out of GSM8K's calculator annotations, without a teacher.

Each solution becomes words, Python, the output that the Python really printed, and a boxed answer: MuMath-Code's
form, in several wordings and layouts chosen by a hash of the problem. Nothing is trusted: the code runs in the
executor, and a solution is kept only if what it printed is exactly the gold answer.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final

from trainer.data.chain import Chain, Literal, Node, NotAChain, Op, Ref, leaves, shown, source
from trainer.data.gsm8k import parse_solution, unread_results
from trainer.data.number_words import (
    meant_numbers,
    numbers_in,
    part_numbers,
    percentages,
    said_numbers,
    spelled_numbers,
)
from trainer.data.records import question_id, record_id
from trainer.data.sentences import asking
from trainer.teacher.english import is_frequent
from tutor_app.core.events import RunFinished
from tutor_app.core.parts import Answer, Code, Output, Part, Text
from tutor_app.core.ports import CodeExecutor, NeverCancelled
from tutor_app.core.solve_settings import feedback
from tutor_app.core.transcript import Transcript
from tutor_app.core.verdicts import KNOWN_RIGHT

STYLES: Final = ("plain", "Fraction", "Rational")
"""How numbers are written: Python's own; ``fractions``; SymPy. The last two are exact."""
_IMPORTS: Final = {"Fraction": "from fractions import Fraction\n\n", "Rational": "from sympy import Rational\n\n"}

_OPENINGS: Final = (
    "We need to find out: {ask}\n\n",
    "The question is: {ask} Let's write each quantity as a variable and compute it with Python.\n\n",
    "Let's work through this step by step and let Python do the arithmetic.\n\n",
    "First I break the problem into small calculations, then I run them.\n\n",
    "Key idea: every quantity follows from the ones before it, so I compute them in order.\n\n",
)
_PLANS: Final = (
    "Here is the plan:\n",
    "What has to be calculated:\n",
    "Let's list the steps:\n",
    "Analysis of the problem:\n",
)
_BETWEEN: Final = (
    "\nWith these results we can go on.\n\n",
    "\nNow the remaining steps:\n\n",
    "\nThis is what the next part needs.\n\n",
)
_CLOSINGS: Final = (
    "The answer is $\\boxed{{{answer}}}$.",
    "So the final answer is $\\boxed{{{answer}}}$.",
    "Therefore, the answer is $\\boxed{{{answer}}}$.",
    "Hence we get $\\boxed{{{answer}}}$.",
    "$\\boxed{{{answer}}}$",
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A solution whose code has not run yet.

    Attributes:
        parts: Words and code, in order; an output belongs after each code.
        gold: What the last output must say.
    """

    parts: tuple[Text | Code, ...]
    gold: Fraction


def make(question: str, answer: str, line: int, executor: CodeExecutor, *, seed: int = 0) -> Transcript:
    """A verified, code-nested solution of a GSM8K problem.

    Raises:
        NotAChain: If the annotations are no exact chain or no layout of them re-executes to the gold answer.
        SandboxFault: If code cannot be run here at all.
    """
    chain, gold = linked_chain(question, answer)
    source_id = question_id(question)
    for style in _styles(source_id, seed):
        parts = execute(draft(question, chain, gold, source_id, seed=seed, style=style), executor)
        if parts is not None:
            return Transcript.of(
                question,
                *parts,
                Answer(shown(gold), verdict=KNOWN_RIGHT),
                meta={
                    "id": record_id("gsm8k-train", "annotations-to-code", question, seed),
                    "source": "gsm8k-train",
                    "source_id": source_id,
                    "source_line": line,
                    "method": "annotations-to-code",
                    "licence": "MIT",
                    "gold": shown(gold),
                },
            )
    raise NotAChain("the code does not print the answer exactly")


def linked_chain(question: str, answer: str) -> tuple[Chain, Fraction]:
    """The chain of a GSM8K problem in which every step is needed and every number comes from somewhere.

    A number that is both a result and stated by the question is first taken as stated. If a step is then needed by
    nothing, such a number was the step's result.

    Raises:
        NotAChain: If the annotations are no exact chain, a step stays unused, a number is neither stated by the
            question, nor meant by a word of it, nor a result, or it may be a result as well as stated.
    """
    said = said_numbers(question)
    chain, gold = parse_solution(answer, said)
    if len(chain.needed().steps) < len(chain.steps):
        chain, gold = parse_solution(answer)
        if len(chain.needed().steps) < len(chain.steps):
            raise NotAChain("nothing uses the result of a step")
    known = known_numbers(question)
    loose = [literal.text for literal in chain.literals() if literal.value not in known]
    if loose:
        raise NotAChain(f"a number comes from nowhere, {loose[0]}")
    need_one_result(chain)
    _need_clear_links(chain, question, said)
    _need_one_unit(chain)
    _need_dozens(chain, question)
    if any(_undone(step.node) for step in chain.steps):
        raise NotAChain("a step multiplies by what it divides by")
    if (rest := unsaid_rest(question)) & {literal.value for literal in chain.literals()}:
        raise NotAChain(f"a share is also that of the rest, {shown(min(rest))}")
    if unread := unread_results(answer) & {literal.value for literal in chain.literals()}:
        raise NotAChain(f"a number is the result of an equation that is not read, {shown(min(unread))}")
    if unread := unread_results(answer) & set(chain.results()):
        raise NotAChain(f"a result is also that of an equation that is not read, {shown(min(unread))}")
    chain = _without_other_things(chain, question)
    return _without_slips(chain, {*known, *spelled_numbers(question)}, question), gold


def known_numbers(question: str) -> frozenset[Fraction]:
    """Every number that a calculation for a question may begin with: stated, or meant by a word of it."""
    said = said_numbers(question)
    return said | set(numbers_in(question)) | meant_numbers(question) | _shares(said, question) | _ALWAYS_KNOWN


def need_one_result(chain: Chain) -> None:
    """See that no step uses one of two results with the same value: either may be meant, of 50 girls and 50 boys.

    Where a step adds both up, it does not matter.

    Raises:
        NotAChain: If one does.
    """
    results = chain.results()
    for n, step in enumerate(chain.steps):
        used = {ref.step for ref in leaves(step.node, Ref)}
        added = {term.step for term in _terms(step.node, "+") if isinstance(term, Ref)}
        for i in used:
            twins = {j for j in range(n) if results[j] == results[i]}
            if len(twins) > 1 and not twins <= added:
                raise NotAChain(f"two results have the value {shown(results[i])}")


def _need_clear_links(chain: Chain, question: str, said: Collection[Fraction]) -> None:
    """See that every operand of the value of a result is linked to it, or else certainly means something else.

    A step that only one other uses must be linked there. Of several uses, one may mean a number of the question (in "a
    third as many paperbacks, and two times the hardbacks" both may be 2), or the 60 of a unit; so may one that is left
    as a number after the step.

    Raises:
        NotAChain: If one may.
    """
    results = chain.results()
    stated = {*said, *spelled_numbers(question), *_shares(said, question)}
    units = {v for v in meant_numbers(question) if v > _SMALL_UNIT} | part_numbers(question)
    uses = Counter(ref.step for step in chain.steps for ref in leaves(step.node, Ref))
    for i, value in enumerate(results):
        if value in stated | units and (uses[i] > 1 or _left_as_number(chain, i, value)):
            raise NotAChain(f"a result is also a number of the question, {shown(value)}")
    for step in chain.steps:
        if _of_equal(step.node, results):
            raise NotAChain("a step divides by a result, or takes it away, from one of the same value")


def _undone(node: Node) -> bool:
    """Whether an expression divides by a result and multiplies by it at once: "2/7 * 7 figs" are 2, whatever 7 is."""
    if not isinstance(node, Op):
        return False
    inner = node.left
    again = isinstance(inner, Op) and isinstance(node.right, Ref) and inner.right == node.right
    if again and isinstance(inner, Op) and {node.operator, inner.operator} == {"*", "/"}:
        return True
    return _undone(node.left) or _undone(node.right)


def _need_dozens(chain: Chain, question: str) -> None:
    """See that a dozen that is told once is counted as twelve: "10 cups for 40 cookies; how many for 20 dozen?"

    Raises:
        NotAChain: If it is not.
    """
    counted = {literal.value for literal in chain.literals()} & {Fraction(n) for n in (6, 12, 24)}
    if len(re.findall(r"\bdozens?\b", question, re.IGNORECASE)) == 1 and not counted:
        raise NotAChain("a dozen is not counted as twelve")


def _need_one_unit(chain: Chain) -> None:
    """See that no step adds results of different units, or takes them from each other.

    The 6 of "6 inches by 6 pm, and 4 hours more" is linked to the inches, and a time of day is no number of inches.

    Raises:
        NotAChain: If one does.
    """
    units = [_unit(step.name) for step in chain.steps]
    for step in chain.steps:
        found = {units[term.step] for term in _terms(step.node) if isinstance(term, Ref)} - {""}
        if len(found) > 1:
            raise NotAChain(f"a step adds {' and '.join(sorted(found))}")


_UNIT_WORDS: Final = (
    "inch foot yard mile meter kilometer centimeter second minute hour day week month year ounce pound ton gram "
    "kilogram gallon quart pint cup liter dollar cent degree percent calorie"
)
_UNITS: Final = frozenset(_UNIT_WORDS.split())


def _unit(name: str) -> str:
    """The unit that the name of a result begins with; empty if it is none."""
    first = name.split("_")[0].replace("feet", "foot").replace("inches", "inch")
    return next((w for w in (first, first.removesuffix("s")) if w in _UNITS), "")


def _terms(node: Node, operators: str = "+-") -> list[Node]:
    """What is added or taken away in a sum; the node itself if it is none."""
    if isinstance(node, Op) and node.operator in operators:
        return [*_terms(node.left, operators), *_terms(node.right, operators)]
    return [node]


def unsaid_rest(question: str) -> frozenset[Fraction]:
    """The share of "the rest" where it is also one that the question states for something else, in both writings.

    In "25% are dogs, 50% are cats, and the rest are birds" a fourth may be the dogs' or the birds'.
    """
    if not re.search(r"\b(?:rest|remaining|remainder|others?)\b", question, re.IGNORECASE):
        return frozenset()
    shares = [n / 100 for n in percentages(question)]
    shares += [Fraction(int(a), int(b)) for a, b in re.findall(r"(?<![\d/])(\d+)/(\d+)(?![\d/])", question) if int(b)]
    rest = 1 - sum(shares, Fraction())
    return frozenset((rest, 100 * rest)) if len(shares) > 1 and rest in shares else frozenset()


_SMALL_UNIT: Final = 6
"""Up to here a number that a word may mean (a pair, a quarter) is too common to be feared."""


def _left_as_number(chain: Chain, i: int, value: Fraction) -> bool:
    """Whether a later step than ``i`` has its value as a number and does not use the step beside it."""
    later = (step.node for step in chain.steps[i + 1 :])
    return any(
        any(literal.value == value for literal in leaves(node, Literal)) and Ref(i) not in leaves(node, Ref)
        for node in later
    )


def _of_equal(node: Node, results: Sequence[Fraction]) -> bool:
    """Whether a result is divided by a number of its value, or the other way round: which way, no value tells."""
    if not isinstance(node, Op):
        return False
    sides = (node.left, node.right)
    left, right = (results[n.step] if isinstance(n, Ref) else getattr(n, "value", None) for n in sides)
    equal = node.operator in "-/" and left is not None and left == right
    if equal and any(isinstance(n, Ref) for n in sides):
        return True
    return _of_equal(node.left, results) or _of_equal(node.right, results)


def _without_slips(chain: Chain, known: Collection[Fraction], question: str) -> Chain:
    """The chain without the words that do not fit the question: slips of those who wrote the solutions.

    A sentence may speak of no number that is neither known nor calculated, of nobody whom the question does not name,
    of no ``x``, and of no result in another unit than its own; the name of a quantity of no other span of time.
    """
    results, units = chain.results(), [_unit(step.name) for step in chain.steps]
    own = {value: unit for value, unit in zip(results, units, strict=True) if unit and value not in known}
    numbers = {*known, *chain.results(), *(literal.value for literal in chain.literals())}
    numbers |= {100 * n for n in numbers} | {n / 100 for n in numbers}
    words = set(re.findall(r"[a-z]+", question.lower()))
    words |= {w.removesuffix("s") for w in words} | {f"{w}s" for w in words}

    def strange(text: str) -> bool:
        found = (m.rstrip(",") for m in re.findall(r"\d[\d,]*(?:\.\d+)?", text))
        named = re.findall(r"(?<=[a-z,] )[A-Z][a-z]{2,}", text)
        begins = re.findall(r"(?:^|[.!?:] )([A-Z][a-z]{2,}(?<!ing))\b", text)
        named += [w for w in begins if not is_frequent(w)]
        return (
            any(Fraction(m.replace(",", "")) not in numbers for m in found)
            or any(name.lower() not in words for name in named)
            or re.search(r"\b[xyzn] ?=", text) is not None
            or any(own.get(Fraction(n.replace(",", "")), unit) != unit for n, unit in measured(text))
        )

    def measured(text: str) -> list[tuple[str, str]]:
        pairs = re.findall(r"(?<![\d.,])(?<!\d/)(\d[\d,]*(?:\.\d+)?) ([a-z]+)", text)
        return [(n, unit) for n, word in pairs if (unit := _unit(word))]

    def other_time(text: str) -> bool:
        return any(span not in words for span in re.findall(r"\b(?:week|month|year)s?\b(?! old| young)", text))

    return Chain(
        tuple(
            replace(
                s,
                sentence="" if strange(s.sentence) else s.sentence,
                goal="" if strange(s.sentence) else s.goal,
                what="" if other_time(s.what) else s.what,
            )
            for s in chain.steps
        )
    )


def _without_other_things(chain: Chain, question: str) -> Chain:
    """The chain whose last step has no words if they count other things of the question than it asks for.

    "How many petals are on 3 flowers?" is not answered by 12 flowers.
    """
    asked = re.findall(r"\bhow many (?:more |fewer |less )?((?:[a-z-]+ ?){1,4})", question.lower())
    last = chain.steps[-1]
    counted = last.name.split("_")[0]
    if not asked or asked[-1].split()[0] in _AUXILIARIES or not counted.endswith("s"):
        return chain
    wanted = {_stem(w) for w in re.findall("[a-z]+", asked[-1])}
    told = re.findall("[a-z]+", f"{last.name} {last.what} {last.sentence.rpartition('=')[2]}".lower())
    of_question = set(map(_stem, re.findall("[a-z]+", question.lower())))
    if any(w in word for word in told for w in wanted) or _stem(counted) not in of_question:
        return chain
    bare = replace(last, name=f"step_{len(chain.steps)}", sentence="", goal="", what="")
    return Chain((*chain.steps[:-1], bare))


def _stem(word: str) -> str:
    return re.sub(r"(?:ies|ves|es|s|y)$", "", word)


_AUXILIARY_WORDS: Final = "are can could did didn do does don had has have is should was were will would"
_AUXILIARIES: Final = frozenset(_AUXILIARY_WORDS.split())


_ALWAYS_KNOWN: Final = frozenset((Fraction(1), Fraction(100), Fraction(1, 100)))


def _shares(said: Collection[Fraction], question: str) -> set[Fraction]:
    """The other writings of what a question states: percentages as shares, cents as dollars, halves and quarters."""
    found: set[Fraction] = set()
    if re.search(r"%|percent", question, re.IGNORECASE):
        percents = [n for n in percentages(question) if n <= 1000]
        found |= {f for n in percents for f in (n / 100, 1 - n / 100, 1 + n / 100, 100 - n, 100 + n)}
    if re.search(r"\bcents?\b|¢", question, re.IGNORECASE):
        found |= {n / 100 for n in said}
    for pattern, values in _FRACTION_WORDS:
        if re.search(pattern, question, re.IGNORECASE):
            found |= set(values)
    return found


_FRACTION_WORDS: Final = (
    (r"\bhal(?:f|ves)\b|1/2|½", (Fraction(1, 2),)),
    (r"\bquarters?\b|1/4|¼", (Fraction(1, 4), Fraction(3, 4))),
    (r"\bnickels?\b", (Fraction(1, 20),)),
    (r"\bdimes?\b", (Fraction(1, 10),)),
    (r"\bpenn(?:y|ies)\b", (Fraction(1, 100),)),
)


def _styles(key: str, seed: int) -> tuple[str, ...]:
    """The order in which number styles are tried; most often plain first, as most solutions are written."""
    draw = random.Random(f"{key}/{seed}/style").random()
    if draw < 0.7:
        return STYLES
    return ("Rational", "plain", "Fraction") if draw < 0.9 else ("Fraction", "plain", "Rational")


def draft(
    question: str,
    chain: Chain,
    gold: Fraction,
    key: str,
    *,
    seed: int = 0,
    style: str = "plain",
) -> Draft:
    """Words and code for a chain; the same ``key`` and ``seed`` give the same text."""
    rng = random.Random(f"{key}/{seed}/words")
    steps = chain.steps
    parts: list[Text | Code] = []
    goals = [s.what for s in steps]
    # A plan says what is calculated, each in words of its own; how much is for the code to say.
    planned = rng.random() < 0.6 and all(goals) and len({g.casefold() for g in goals}) == len(goals)
    if planned:
        lines = "".join(f"{i}. Find {g}.\n" for i, g in enumerate(goals, 1))
        parts.append(Text(f"{rng.choice(_PLANS)}{lines}\n"))
    else:
        parts.append(Text(rng.choice(_OPENINGS).format(ask=asking(question))))
    comments = not planned or rng.random() < 0.5
    layout = rng.choice(("flat", "flat", "function", "two"))
    closing = f"{steps[-1].sentence}\n" if rng.random() < 0.6 and "=" in steps[-1].sentence else ""
    if layout == "two" and len(steps) >= 3:
        cut = rng.randint(1, len(steps) - 2)
        first = _lines(chain, 0, cut + 1, comments, style)
        second = _lines(chain, cut + 1, len(steps), comments, style)
        imports = _imports(style, first + second)
        parts.append(Code(f"{imports}{first}\nprint({steps[cut].name})"))
        parts.append(Text(rng.choice(_BETWEEN)))
        parts.append(Code(f"{second}\nprint({steps[-1].name})"))
    elif layout == "function":
        body = _lines(chain, 0, len(steps), comments, style).replace("\n", "\n    ")
        name = rng.choice(("solution", "solve_problem", "answer", "compute"))
        taken = {s.name for s in steps}
        name = name if name not in taken else "solution_of_problem"
        code = f"def {name}():\n    {body}\n    return {steps[-1].name}\n\nprint({name}())"
        parts.append(Code(_imports(style, code) + code))
    else:
        code = f"{_lines(chain, 0, len(steps), comments, style)}\n\nprint({steps[-1].name})"
        parts.append(Code(_imports(style, code) + code))
    parts.append(Text(f"\n{closing}{rng.choice(_CLOSINGS).format(answer=shown(gold))}"))
    return Draft(tuple(parts), gold)


def execute(made: Draft, executor: CodeExecutor) -> tuple[Part, ...] | None:
    """The draft with its real outputs, or None unless all ran and the last printed exactly the gold answer.

    Raises:
        SandboxFault: If code cannot be run here at all.
    """
    parts: list[Part] = []
    session = executor.open()
    try:
        for part in made.parts:
            parts.append(part)
            if isinstance(part, Code):
                output = run_block(session, part.source)
                if output.status != "ok":
                    return None
                parts.append(output)
    finally:
        session.close()
    outputs = [p for p in parts if isinstance(p, Output)]
    return tuple(parts) if outputs and printed_number(outputs[-1].stdout) == made.gold else None


def run_block(session: Any, code: str) -> Output:
    """Run a block and note the text the solve loop would give back for it; times are not kept, so that the same
    data is made again byte for byte.

    Raises:
        SandboxFault: If code cannot be run here at all.
    """
    output = Output(status="died")
    for event in session.run(code, cancel=NeverCancelled()):
        if isinstance(event, RunFinished):
            output = event.output
    return Output(
        stdout=output.stdout,
        value=output.value,
        value_latex=output.value_latex,
        status=output.status,
        error=output.error,
        truncated=output.truncated,
        feedback=feedback(output),
    )


def printed_number(text: str) -> Fraction | None:
    """The exact value of the last line printed, or None if it is no number."""
    lines = text.strip().splitlines()
    last = lines[-1].strip() if lines else ""
    return Fraction(last) if re.fullmatch(r"-?\d+(?:\.\d+|/\d+)?", last) else None


def _imports(style: str, code: str) -> str:
    return _IMPORTS[style] if style in _IMPORTS and f"{style}(" in code else ""


def _unrepeated(goals: Sequence[str]) -> list[str]:
    """Empty where a goal is that of the step before: one line of a solution may hold several calculations."""
    return [g if i == 0 or g != goals[i - 1] else "" for i, g in enumerate(goals)]


def _lines(chain: Chain, start: int, end: int, comments: bool, style: str) -> str:
    names = [s.name for s in chain.steps]
    goals = _unrepeated([s.what for s in chain.steps])
    exact = "" if style == "plain" else style
    lines = []
    for i in range(start, end):
        if comments and goals[i]:
            lines.append(f"# {goals[i]}")
        lines.append(f"{names[i]} = {source(chain.steps[i].node, names, exact=exact)}")
    return "\n".join(lines)
