"""FOBAR (Jiang et al. 2024): a number is masked by X, the answer is stated, X is asked for.

SymPy must find exactly the masked number, or the problem is left out.
"""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Final

from trainer.augment.asked import Asked, first_of, need_gold, several
from trainer.augment.ground import ANY_NUMBER, Grounded, maskable, record, with_article
from trainer.data.chain import Chain, NotAChain, number, shown, source
from trainer.data.number_words import spelled_numbers
from trainer.data.problems import Problem
from trainer.data.records import question_id, record_id
from trainer.synthesize.make_code import run_block
from trainer.teacher.work import NotMade
from tutor_app.core.parts import Code, Part, Text
from tutor_app.core.ports import Cancel, CodeExecutor
from tutor_app.core.transcript import Transcript

FOBAR_TAIL: Final = " If we know the answer to the above question is "
FOBAR_QUESTION: Final = f"{{question}}{FOBAR_TAIL}{{answer}}, what is the value of the unknown variable X?"


def backward_question(masked: str, answer: str) -> str:
    """A question with X for one of its numbers, which asks for that number and states its own answer."""
    return FOBAR_QUESTION.format(question=masked if masked.endswith((".", "?", "!")) else f"{masked}.", answer=answer)


def fobar(question: str, answer: str, executor: CodeExecutor, *, seed: int = 0) -> Iterator[Transcript]:
    """One backward problem for each operand that the answer really depends on.

    Raises:
        NotAChain: If the problem cannot be masked safely.
        SandboxFault: If code cannot be run here at all.
    """
    base = maskable(question, answer)
    if re.search(r"\bX\b", question):
        raise NotAChain("the question has an X already")
    parent = question_id(question)
    places = list(base.places.items())
    random.Random(f"{question}/{seed}/fobar").shuffle(places)
    for text, (start, end) in places:
        masked = f"{with_article(question[:start], 'X')}{question[end:]}"
        asked = backward_question(masked, shown(base.gold))
        value = Fraction(text)
        key = record_id("gsm8k-train", "fobar", asked)
        made = backward_solution(base, text, key, seed)
        session = executor.open()
        try:
            output = run_block(session, made[1].source)
        finally:
            session.close()
        # The only solution must be the number that was masked.
        if output.status == "ok" and output.stdout.strip() == f"[{shown(value)}]":
            closing = Text(made[2].text.format(answer=shown(value)))
            yield record(
                asked,
                (made[0], made[1], output, closing),
                value,
                key,
                "fobar",
                parent,
                label="masked number",
                seed=seed,
            )


_MASKABLE: Final = re.compile(r"(?<![\w.,/:-])\$?((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)(?=%?(?:[\s.,?!;]|$))(?![.,]\d)")


def masked_questions(question: str, gold: str, seed: int) -> list[tuple[str, str]]:
    """A backward question for each number of a question, and the number, in random order (as MetaMath masks them)."""
    if re.search(r"\bX\b", question):
        return []
    found = []
    for m in _MASKABLE.finditer(question):
        masked = f"{with_article(question[: m.start(1)], 'X')}{question[m.end(1) :]}"
        hidden = m[1].replace(",", "")
        found.append((backward_question(masked, gold), hidden))
    random.Random(f"{question}/{seed}/masked").shuffle(found)
    return found


def fobar_asked(problem: Problem, asked: Asked, cancel: Cancel) -> list[Transcript]:
    """Backward questions solved by a teacher; the masked number is the label.

    Raises:
        NotMade: If no number can be masked, or no solution finds it.
    """
    masked = masked_questions(problem.text, need_gold(problem), asked.teacher.sampling.seed)

    def solved(question: str, hidden: str) -> Transcript:
        check = functools.partial(need_the_asked, question)
        return asked.executed("fobar", problem, question, hidden, "masked number", cancel, check)

    return several(asked, functools.partial(of_the_masked, masked, asked, solved))


def of_the_masked(
    masked: Sequence[tuple[str, str]], asked: Asked, one: Callable[[str, str], Transcript], sample: int
) -> Transcript:
    """What is made of the first of a sample's numbers that can be masked: if one is too hard to find, of the next.

    Raises:
        NotMade: If nothing can be made of any; why not of the first.
    """
    mine = masked[sample :: asked.per_problem][: asked.tries]
    if not mine:
        raise NotMade("no number can be masked")
    return first_of(functools.partial(one, *pair) for pair in mine)


_CLAUSE_END: Final = re.compile(r"(?<=[.?!;,])\s+")
_ASKED_FOR: Final = re.compile(r"\basked (?:for|to find)\b([^.,;\n]+)", re.IGNORECASE)


def need_the_asked(question: str, parts: Sequence[Part]) -> None:
    """See that a solution does not say of the known result that it is asked for, or that it is the number.

    A small teacher finds the masked temperature of Thursday, and concludes that the week's average is so high. What is
    said must share a word with what stands around the X, if it shares one with what the problem asked for; and where
    both are counted, it must count the same things as the X.

    Raises:
        NotMade: If it does.
    """
    clauses = _CLAUSE_END.split(question.split(FOBAR_TAIL)[0])
    around = next((c for c in clauses if re.search(r"\bX\b", c)), "")
    first, last = _content(around), _content(clauses[-1])
    own, ask = first - last, last - first
    words = "\n".join(p.text for p in parts if isinstance(p, Text))
    said = [*_ASKED_FOR.findall(words), *(s for s in re.split(r"(?<=[.!?])\s+|\n", words) if "\\boxed" in s)]
    counted = (re.search(r"\bX ([a-z]+)", around), re.search(r"\b[Hh]ow (?:many|much) ([a-z]+)", clauses[-1]))
    things, asked = (_content(m[1]) if m else set() for m in counted)
    for sentence in said:
        words_of = _content(sentence)
        if words_of & own or re.search(r"\bX\b|unknown|masked", sentence):
            continue
        if (own and words_of & ask) or (things and asked - things and words_of & asked and not words_of & things):
            raise NotMade("the known result is taken for what is asked")


def _content(text: str) -> set[str]:
    """The words of a text that tell what it is about, without their endings."""
    words = re.findall(r"[a-z]{3,}", re.sub(r"['’]s\b", "", text.lower()))
    return {re.sub(r"(?:es|s|ed|ing|e)$", "", w) for w in words if w not in _COMMON}


_COMMON_WORDS: Final = """
the and for that this with has have had was were are did does will she his her him they them their how many much what
which number total each all per one two there from into than then when who whose day days week hour hours its been can
would could should
"""
_COMMON: Final = frozenset(_COMMON_WORDS.split())
"""Words that stand in any clause."""


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


def backward_solution(base: Grounded, text: str, key: str, seed: int) -> tuple[Text, Code, Text]:
    """Words, code and closing words that find the number of ``text`` from the answer; ``{answer}`` is left open."""
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
    """The words of a step with X for the masked number; empty if they tell a result, which is unknown now.

    Words that spell the masked number out, or a result, tell it as well: "twice ten is 2*X".
    """
    results = set(chain.results())
    if spelled_numbers(goal) & {value, *results}:
        return ""
    out, last = "", 0
    for m in ANY_NUMBER.finditer(goal):
        written = m[0].rstrip(",")
        found = number(written)
        if found == value:
            times = re.match(r"x(?=\s*\d)", goal[m.end() :])
            out += goal[last : m.start()] + "X" + m[0][len(written) :] + (" " if times else "")
            last = m.end()
        elif found in results:
            return ""
    return out + goal[last:]
