"""The ladder of hints for a problem that was solved silently: from what is asked to the answer, step by step.

Everything is computed from the solved transcript; no model is asked. Below the level that shows the result no hint
gives the answer away (:mod:`tutor_app.tutor.leaks`): one that would is replaced by a plainer one. Where the solution
could not be verified the ladder says so and ends with the plan.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from tutor_app.core.errors import EngineFault, UserFault
from tutor_app.core.events import EndReason, SolveEvent
from tutor_app.core.hints import LEVELS, PLAN, RESULT, Hint, Ladder
from tutor_app.core.parts import Code, Output, Text
from tutor_app.core.ports import SolutionLibrary
from tutor_app.core.solve import to_the_end
from tutor_app.core.transcript import Transcript
from tutor_app.tutor.code_in_words import Step, calculations, joined, named_steps, plain_numbers
from tutor_app.tutor.leaks import gives_divisor, leaks, values_of
from tutor_app.tutor.plain_hints import plain_hint

LONGEST: Final = 700
_MOST_LOOKED_AT: Final = 20
_MOST_NUMERALS: Final = 8
_NUMERAL: Final = re.compile(r"(?<![\w.])(?:\d[\d_]*(?:\.\d+)?|\.\d+)(?![\w.])")
_SENTENCE: Final = re.compile(
    r"(?<=[.?!])(?<!\bMr\.)(?<!\bMrs\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bSt\.)\s+(?=[A-Z\d$\\\"'(])|\n+"
)
_ASKING: Final = re.compile(
    r"(?i)\?|^\s*(?:find|solve|compute|calculate|evaluate|simplify|determine|what|how|expand|factor|differentiate"
    r"|integrate|prove|show|work out)\b"
)
_NUMBER: Final = re.compile(
    r"\d|\b(?:half|twice|double|triple|third|quarter|dozen|two|three|four|five|six|ten)\b", re.I
)
_CALCULATION: Final = re.compile(
    r"(?<![\w.^_{(+*/×÷·-])(?<![+*/×÷·-]\s)\(?\$?\d(?:[\d.,]*\d)?%?"
    r"(?:[ \t]*[-+*/×÷·][ \t]*\$?\(?\d(?:[\d.,]*\d)?%?\)?)+(?![\w^(!{]|[.,]\d)"
)
"""A whole one: no part of a formula with letters, powers or brackets around it."""
_HOW_MUCH: Final = re.compile(
    r"(?i)\bhow (many|much)\b(?:\s+of(?=\s))?"
    r"((?:\s+(?!(?:do|does|did|is|are|was|were|has|have|had|will|would|can|could|should|must|the|in|at|on|from|for|to|if|he|she|it|they|we|you|i|an?|per|each|every|before|after|until|left|remain\w*|passed"
    r"|bought|sold|grew|got|worth|together|altogether|old|tall|long|wide|high|deep|heavy|far|away)\b)[a-z-]+){0,6})"
)
"""A question for an amount, and what it is an amount of."""
_CONDITION: Final = re.compile(
    r"(?i)(?:^|,\s*|\s)(?:if|when|given that|assuming(?: that)?)\s+(.+?)"
    r"(?:,\s*(?=(?:how|what|which|who|find|calculate|determine|then)\b)|\s+(?=how (?:many|much)\b)|[?]|$)"
)
"""What a question itself tells."""
_IS_SENTENCE: Final = re.compile(r"^[a-z]+ [a-z].*\b(?:is|are|was|were|has|have|had|can|\w+s) \S")
_OPERATORS: Final = {
    "+": "add", "-": "subtract", "*": "multiply", "×": "multiply", "·": "multiply", "/": "divide", "÷": "divide"
}  # fmt: skip
_SIGNS: Final = {"times": "×", "cdot": "·", "div": "÷"}
_FRACTION: Final = re.compile(r"\d+/\d+$")
"""A number, not a calculation."""
_ENDINGS: Final = {
    "add": "add what belongs together", "subtract": "take away what does not count",
    "multiply": "multiply what belongs together", "divide": "divide into equal parts",
}  # fmt: skip
_AGAIN: Final = {
    "add": "add once more", "subtract": "take away once more", "multiply": "multiply once more",
    "divide": "divide once more",
}  # fmt: skip
LONGEST_STEP: Final = 80
_CALLS: Final = {
    "solve": "write the condition as an equation and solve it", "Eq": "write the condition as an equation and solve it",
    "solveset": "write the condition as an equation and solve it", "diff": "take the derivative",
    "integrate": "integrate", "limit": "take the limit", "factor": "factor the expression",
    "expand": "multiply out the brackets", "simplify": "simplify the expression",
    "gcd": "look for the greatest common divisor", "lcm": "look for the least common multiple",
    "comb": "count the choices", "binomial": "count the choices", "factorial": "count the arrangements",
    "sqrt": "take the square root", "Matrix": "write it as a matrix", "isprime": "look at the prime numbers",
    "factorint": "split into prime factors", "sum": "add up a whole series", "range": "go through the cases in turn",
}  # fmt: skip
_TASK: Final = re.compile(
    r"(?i)^(?:(?:please |now )?(?:solve(?: for [a-z]\b)?|simplify|expand|factor(?:i[sz]e)?|differentiate|integrate"
    r"|what (?:is|are)|find|compute|calculate|evaluate|determine|work out|convert"
    r"|how many ways are there to|in how many ways can (?:you|we|one))\b:?\s*)"
    r"(?:the (?:value|sum|product|area|perimeter|volume|remainder|probability|derivative|integral|mean|average|number) "
    r"(?:of|when|that)\s+)?"
)
"""What a question asks to do, without what it tells."""


def known_solution(problem: str, library: SolutionLibrary) -> Transcript | None:
    """The newest saved solution of a problem with a verified answer: with one, nothing need be solved.

    Raises:
        LibraryFault: If the library cannot be read.
    """
    for entry in library.entries(problem, _MOST_LOOKED_AT):
        if entry.problem.strip() == problem and entry.status == "finished" and entry.answer:
            found = library.get(entry.id)
            if found.answer is not None and found.answer.verdict.verified:
                return found
    return None


def silent_ladder(events: Iterable[SolveEvent], *, cap: int = len(LEVELS)) -> Ladder:
    """The hints of a problem that is being solved; nothing of the solution is shown meanwhile.

    Args:
        events: Of the solution.
        cap: The highest level that may be shown.

    Raises:
        UserFault: If the solution was stopped.
        EngineFault: If the model failed.
    """
    last = to_the_end(events)
    if last.reason is EndReason.STOPPED:
        raise UserFault("Stopped before there were hints.")
    if last.reason is EndReason.ENGINE:
        raise EngineFault(last.sentence())
    return ladder(last.transcript, cap=cap)


def ladder(solved: Transcript, *, sure: bool | None = None, cap: int = len(LEVELS)) -> Ladder:
    """The hints of a solved problem.

    Args:
        solved: With its solution; what was asked about it is left out.
        sure: Whether the answer is known to be right; by its verdict unless given.
        cap: The highest level that may be shown.
    """
    solved = solved.with_solution(solved.replies[0][1])  # what was asked about it later is no help with the problem
    answer = solved.answer
    if sure is None:
        sure = answer is not None and answer.verdict.verified
    guarded = _guarded(solved)
    yes_or_no = answer is not None and not values_of(answer.latex)

    def tells(said: str) -> bool:
        return any(leaks(said, guard) for guard in guarded) or (yes_or_no and gives_divisor(said, solved.problem))

    texts = [_asked(solved), _known(solved)]
    if answer is not None and answer.verdict.kind == "wrong":
        texts += ["", "", "", ""]  # the ideas of a wrong solution are no help
    else:
        texts += [_idea(solved), _next(solved, tells), _plan(solved), _code(solved)]
    hints: list[Hint] = []
    for level, text in enumerate(texts, 1):
        told = _safe(solved.problem, level, text, tells, [hint.text for hint in hints])
        hints.append(Hint(level, LEVELS[level - 1], told))
    if answer is not None:
        result = _result(solved) or "The last step of the solution gives the answer directly."
        hints.append(Hint(RESULT, LEVELS[RESULT - 1], result))
        hints.append(Hint(len(LEVELS), LEVELS[-1], f"The answer is ${answer.latex}$."))
    last = min(cap, len(LEVELS)) if sure and answer is not None else min(cap, PLAN)
    return Ladder(tuple(hints[: max(1, last)]), sure and answer is not None, cap < len(LEVELS))


def _guarded(solved: Transcript) -> tuple[str, ...]:
    """What no hint may give away: the answer, the right one where that is another, or what the code printed last."""
    answer = solved.answer
    if answer is not None:
        return tuple(dict.fromkeys(text for text in (answer.latex, answer.verdict.right) if text))
    outputs = [part for part in solved.solution if isinstance(part, Output) and part.status == "ok"]
    lines = (outputs[-1].stdout.strip() or outputs[-1].value).splitlines() if outputs else []
    return tuple(lines[-1:])


def _safe(problem: str, level: int, text: str, tells: Callable[[str], bool], before: list[str]) -> str:
    """The hint, or a plainer one if it gives an answer away or repeats one before."""
    text = text.strip()
    if not text or len(text) > LONGEST + 400 or tells(text) or text in before:
        text = _masked(text, tells)
    return plain_hint(level, problem) if not text or tells(text) or text in before else text


def _masked(text: str, tells: Callable[[str], bool]) -> str:
    """The hint without the sentences, or the numbers of the lines of code, that give the answer away.

    Empty if little is left.
    """
    if "```" in text:
        lines = text.split("\n")
        kept = [_without_numbers(line, tells) if tells(line.strip()) else line for line in lines]
        blank = sum(line.strip() == "..." or line.endswith("= ...") for line in kept)
        return "\n".join(kept) if kept != lines and blank < len(kept) - 2 else ""
    parts = [part for part in _SENTENCE.split(text) if part.strip()]
    kept_parts = [part for part in parts if not tells(part)]
    return "\n".join(kept_parts) if len(kept_parts) > 1 and len(kept_parts) < len(parts) else ""


def _without_numbers(line: str, tells: Callable[[str], bool]) -> str:
    """A line of code with as few of its numbers left out as keep it from telling; blank where that does not help."""
    places = [m.span() for m in _NUMERAL.finditer(line)][:_MOST_NUMERALS]
    for count in (1, 2, len(places)):
        for chosen in itertools.combinations(places, min(count, len(places))):
            hidden = line
            for start, end in reversed(chosen):
                hidden = f"{hidden[:start]}...{hidden[end:]}"
            if hidden != line and not tells(hidden.strip()):
                return hidden
    return _blank(line)


def _blank(line: str) -> str:
    name = re.match(r"\s*\w+\s*=(?!=)", line)
    return f"{name[0]} ..." if name else f"{line[: len(line) - len(line.lstrip())]}..."


# -- one level each ------------------------------------------------------------------------------------------------


def _sentences(problem: str) -> tuple[list[str], list[str]]:
    """The sentences that ask, and those that tell."""
    parts = [part.strip() for part in _SENTENCE.split(problem) if part.strip()]
    asking = [part for part in parts if _ASKING.search(part)] or parts[-1:]
    return asking, [part for part in parts if part not in asking]


def _asked(solved: Transcript) -> str:
    sentence = _sentences(solved.problem)[0][-1].rstrip()
    question = sentence.rstrip("?. ")
    if len(question) > LONGEST:
        return ""
    words = re.sub(r"(?i)^(?:so|then|now|and)\b,?\s*", "", question)
    if m := _HOW_MUCH.search(words):
        kind, noun = "a number" if m[1].lower() == "many" else "an amount", m[2].strip()
        if re.match(r"(?i)(?:more|fewer|less)\b", noun):
            kind, noun = "a difference", ""
        of = f" of {noun}" if noun else ""
        return f"What you are looking for is {kind}{of}. The question is: {words}?"
    if m := re.match(r"(?i)(?:find|determine|compute|calculate|work out)\s+(?=the (?:number|amount)\b)", words):
        return f"You are looking for {words[m.end() :]}."
    for asking, said in (
        (r"what (?:is|are|was|were)\b", "You are asked to find"),
        (r"(?:find|determine|compute|calculate|evaluate|work out)\b", "You are asked for the value of"),
        (r"(?:solve)\b", "You are asked for every value that makes this true:"),
    ):
        if m := re.match(rf"(?i){asking}\s*", words):
            return f"{said} {words[m.end() :]}.".replace("  ", " ")
    return f"You are asked this: {question}{'?' if sentence.endswith('?') else '.'}"


def _known(solved: Transcript) -> str:
    asking, telling = _sentences(solved.problem)
    facts = [part for part in telling if _NUMBER.search(part)]
    if facts:
        conditions = (m[1].strip(" ,.") for m in _CONDITION.finditer(asking[-1]))
        facts += [f"{said[0].upper()}{said[1:]}." for said in conditions if _NUMBER.search(said)]
    else:
        inside = re.split(r"(?i),\s*(?=how|what|find)|\bif\b|\bwhen\b|\bgiven\b", asking[-1])
        facts = [fact for part in inside if _NUMBER.search(fact := _TASK.sub("", part.strip(" ,.?")))]
        facts = [f"{fact[0].upper()}{fact[1:]}." if _IS_SENTENCE.search(fact) else fact for fact in facts]
    said = "\n".join(f"- {fact}" for fact in facts)
    return f"This is known:\n\n{said}" if said and len(said) <= LONGEST else ""


def _steps(solved: Transcript) -> list[Step]:
    """The calculations of the solution in order, each once."""
    found: list[Step] = []
    for part in solved.solution:
        if isinstance(part, Text):
            text = re.sub(r"\\(times|cdot|div)(?![a-z])", lambda m: _SIGNS[m[1]], part.text)
            whole = (m[0].strip() for m in _CALCULATION.finditer(text))
            found += [
                _written(step) for step in whole if step.count("(") == step.count(")") and not _FRACTION.match(step)
            ]
    if not found:
        for part in solved.solution:
            if isinstance(part, Code):
                found += calculations(part.source, solved.problem)
    return list(dict.fromkeys(found))


def _written(step: str) -> Step:
    """A calculation of the solution's words, with the signs of mathematics.

    Its dollar signs may be marks of a formula, so none is kept.
    """
    verbs = list(dict.fromkeys(_OPERATORS[c] for k, c in enumerate(step) if c in _OPERATORS and k))
    shown = re.sub(r"(?<=\s)/(?=\s)", "÷", plain_numbers(step.replace("$", "")).replace("*", "×").replace("·", "×"))
    return Step(shown, tuple(verbs))


def _calls(solved: Transcript) -> Iterator[str]:
    for part in solved.solution:
        if isinstance(part, Code):
            for name in re.findall(r"\b([A-Za-z]\w*)\s*\(", part.source):
                if name in _CALLS:
                    yield _CALLS[name]


def _idea(solved: Transcript) -> str:
    ideas = list(dict.fromkeys(_calls(solved)))[:3]
    if not ideas:
        verbs = list(dict.fromkeys(verb for step in _steps(solved) for verb in step.verbs))
        ideas = [joined(verbs)] if verbs else []
    return f"The idea: {joined(ideas)}." if ideas else ""


def _next(solved: Transcript, tells: Callable[[str], bool]) -> str:
    """The first calculation, or where that would tell too much, what the code works out first."""
    steps, named = _steps(solved), _named_steps(solved)
    work = [f"work out {step.text}." for step in steps[:1] if len(step.text) < LONGEST_STEP]
    words = [f"{named[0][0].lower()}{named[0][1:]}"] if named else []
    told = words + work if steps and re.search(r"[A-Za-z]", steps[0].text) else work + words
    return next((said for text in told if not tells(said := f"Begin with this: {text}")), "")


def _plan(solved: Transcript) -> str:
    if len(named := _named_steps(solved)) > 1:
        steps = "\n".join(f"- {line}" for line in named)
        return f"The plan, in this order:\n\n{steps}\n- Read off what is asked."
    verbs = [joined(step.verbs) for step in _steps(solved) if step.verbs]
    lines = list(dict.fromkeys(_calls(solved))) or verbs
    if not lines:
        return ""
    said = list[str]()
    for line in lines[:9]:
        again = _AGAIN.get(line, "") if said and line in lines[: len(said)] else ""
        said.append(again or _ENDINGS.get(line, line))
    numbered = "\n".join(f"- {line[0].upper()}{line[1:]}." for line in said)
    return f"The plan, in this order:\n\n{numbered}\n- Read off what is asked."


def _named_steps(solved: Transcript) -> list[str]:
    """What the last block of code works out, in the words of its own names."""
    blocks = [part.source for part in solved.solution if isinstance(part, Code)]
    return named_steps(blocks[-1], solved.problem) if blocks else []


def _code(solved: Transcript) -> str:
    blocks = [part.source for part in solved.solution if isinstance(part, Code)]
    return f"```python\n{blocks[-1].strip()}\n```" if blocks and blocks[-1].strip() else ""


def _result(solved: Transcript) -> str:
    outputs = [part for part in solved.solution if isinstance(part, Output) and part.status == "ok"]
    if not outputs:
        return ""
    text = (outputs[-1].stdout or outputs[-1].value).strip()
    return f"The code prints:\n\n```\n{text[:LONGEST]}\n```" if text else ""
