"""One hint about the first false line of a student's work, which never contains the right line.

The model is asked for it in one plain turn, without code. What it says is shown only if no number in it is new and no
formula in it follows from the right lines before; otherwise, and without a model, a hint stands in its place that is
written down for the kind of mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final, Protocol

from tutor_app.adapters.checking.checker import Checker
from tutor_app.adapters.checking.work.values import Value, alike
from tutor_app.core.claims import Claim
from tutor_app.core.dialect import Dialect, PromptSet, header
from tutor_app.core.errors import UserFault
from tutor_app.core.parsing import parse
from tutor_app.core.parts import Text
from tutor_app.core.ports import Cancel, LanguageModel, Piece, Sampling
from tutor_app.core.transcript import Transcript
from tutor_app.core.work import SLIPS, LineVerdict, WorkHint, WorkReport
from tutor_app.text.delimiters import split
from tutor_app.text.typing import read_typed
from tutor_app.tutor.leaks import stated_numbers, values_of, written
from tutor_app.tutor.service import TRAINED_ON_THE_FORM
from tutor_app.tutor.work import ended_by

SYSTEM: Final = (
    "You are a patient mathematics teacher. You see a student's lines, and which of them does not follow from the line "
    "before. Give the student one hint of one or two short sentences: what to look at again, best as a question. Speak "
    "to the student. Use no numbers and no formulas, do not calculate, and never write the right line or the answer."
)
_DEMONSTRATIONS: Final = (
    Transcript.of(
        "Problem: How long are 2 hours and 15 minutes together?\n\nThe student's lines:\n1. 2 + 15 = 17\n\n"
        "Line 1 does not follow (units were mixed without converting them). Give the student one hint about it.",
        Text("You add two times that are given in different units. What must be done before they can be added?"),
    ),
    Transcript.of(
        "Problem: Solve 5x - 4 = 11\n\nThe student's lines:\n1. 5x - 4 = 11\n2. 5x = 7\n\n"
        "Line 2 does not follow (a sign was changed or not changed). Give the student one hint about it.",
        Text("Look at the term that has left the left side. Which operation undoes it, and was it done on both sides?"),
    ),
)
"""They show the form to small models; their numbers must not come back."""
MAX_TOKENS: Final = 90
LONGEST: Final = 320
_SHORTEST: Final = 12
MOST_FORMULAS: Final = 8
_LINES_TOLD: Final = 12
_EMPTY_WORDS: Final = frozenset(
    re.findall(
        r"\w+",
        "the student students should look line lines again hint which that this follows follow before after does not "
        "one two first second third and see for equation problem step you your what where there with from was are is "
        "has have correct wrong mistake answer solve solution expand simplify compute carefully check make sure think",
    )
)
_LEAST_WORDS: Final = 2
GENERAL: Final = {
    "sign": "What happens to the sign of a term that goes to the other side, or that comes out of brackets?",
    "distribution": "Look at the brackets: which terms inside must be multiplied by the factor in front of them?",
    "square": "Write the power as a product and multiply every term with every other. What comes in between?",
    "fractions": "What must be the same in both fractions before they can be added?",
    "cancelled": "Only a factor of the whole numerator and the whole denominator can be cancelled. Is this one?",
    "plus_minus": "Which other number has the same square?",
    "zero": "What was divided by here, and is that allowed for every value?",
    "order": "Which operation is done first here, and what is it applied to?",
    "unit": "Are all quantities in the same unit?",
    "direction": "What happens to an inequality when both sides are multiplied or divided by a negative number?",
    "powers": "Write the power or root out as a product. How often does each factor stand there?",
    "logs": "Which rule of logarithms joins or parts a product, and is there any for a sum?",
    "function": "Put a number in for the letters, and compare the function's values before and after this step.",
    "terms": "Which terms have the very same letters with the same powers? Only these can be put together.",
    "reciprocal": "Which of the fractions is turned over when one is divided by the other, and which is not?",
    "inverse": "Which operation was done to the unknown in the line before, and which operation undoes it?",
    "chain": "There is a function inside another one. Where has the derivative of the inner one gone?",
    "product": "Both factors change. Which rule tells how a product or quotient is differentiated?",
    "derivative": "Take the terms one by one: what becomes of the factor, of the exponent, and of a constant?",
    "percent": "Of which amount is this percentage told, and which amount do you know?",
    "formula": "What is asked for here, and what does this formula give? A sketch with the lengths helps.",
    "arithmetic": "The way is right. Work the numbers in this line out once more.",
}
"""A hint for every common slip; without numbers or formulas."""
BY_KIND: Final = {
    "lost": "The line before has a solution that this one has not. Which step has thrown it away?",
    "gained": "This line has a solution that the line before has not. Try it in the line before.",
    "false": "Say which operation leads from the line before to this one, and do it again on both sides.",
}
_SPOKEN: Final = (
    (r"\s*\b(?:plus|added to)\s+", " + "), (r"\s*\bminus\s+", " - "), (r"\s*\b(?:times|multiplied by)\s+", " * "),
    (r"\s*\b(?:over|divided by)\s+", " / "), (r"\s*\b(?:equals|is equal to|is)\s+", " = "), (r"\s+squared\b", "^2"),
    (r"\s+cubed\b", "^3"), (r"\b(?:the )?square root of\s+(?=[\d(]|[b-z]\b)", "sqrt "),
)  # fmt: skip
_NUMBERS: Final = "zero one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905
_NUMBER_WORD: Final = re.compile(rf"\b(?:{'|'.join(_NUMBERS)})\b", re.I)
_NEGATIVE: Final = re.compile(r"-\d+(?:\.\d+)?")
_PARTS: Final = re.compile(r"\b(?:halves|thirds|quarters|fourths|(?:fif|six|seven|eigh|nin|ten|hundred)ths)\b", re.I)
_WORDS: Final = re.compile(r"[A-Za-z]{2,}")
_ROOT_IN_WORDS: Final = re.compile(r"\b(?:square|cube) root of an? (?=[a-z]{2,})", re.I)
"""An article is no unknown."""
_CALLED_RIGHT: Final = re.compile(
    r"(?i)\b(?:lines?|steps?|answers?|this|it|work|solutions?|calculations?|equations?|results?)(?:\s+\d+)?\s+"
    r"(?:is|are|looks?|seems?)\s+(?:all\s+|already\s+|indeed\s+)?(?:correct|right|fine|good|true)\b(?![^.!]*\?)"
    r"|\b(?:well done|good job|great work|correctly (?:solved|done|simplified|expanded|factored))\b"
    r"|\bno (?:mistakes?|errors?)\b|\bnothing (?:is )?wrong\b"
)
"""Words that call a line right, which a hint about a false one must not have."""
_ASKED_WHETHER: Final = re.compile(r"(?i)\b(?:whether|if|that|sure|until|when|so)\s+(?:the|this|your|each|every)?\s*$")
_PLACE: Final = re.compile(r"(?i)\b(?:lines?|steps?|rows?|terms?)\s+(?:number\s+)?\d+(?:\s+(?:and|to)\s+\d+)?")
_FIGURES: Final = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
_RUN: Final = re.compile(
    r"(?<![A-Za-z])(?:\d+(?:\.\d+)?|[a-zA-Z](?![a-zA-Z])|sqrt|[-+*/^=<>()., ])+(?<![ ,.])", re.ASCII
)


class WorkChecker(Protocol):
    """Judges lines, see :class:`tutor_app.adapters.checking.checker.Checker`."""

    def work(self, problem: str, lines: Sequence[str], /) -> tuple[LineVerdict, ...]:
        """The verdict of every line."""
        ...

    def text(self, text: str, /) -> tuple[Claim, ...]:
        """The statements of a text."""
        ...


class Speaker(Protocol):
    """Who is asked, see :class:`tutor_app.tutor.service.Tutor`."""

    @property
    def engine(self) -> LanguageModel:
        """Generates."""
        ...

    @property
    def dialect(self) -> Dialect:
        """How it is spoken to."""
        ...


def work_hint(
    problem: str, report: WorkReport, checker: WorkChecker, speaker: Speaker | None, cancel: Cancel
) -> WorkHint:
    """One hint about the first line with a fault.

    Args:
        problem: That the work is about; may be empty.
        report: What was found.
        checker: Judges what the model writes.
        speaker: The model; None where there is none.
        cancel: Ends it.

    Raises:
        UserFault: If no line has a fault, or it was stopped.
        HostFault: If the model or the check fails.
    """
    at = report.first_fault
    if at is None:
        raise UserFault("There is no false line to give a hint about.")
    line = report.lines[at]
    text = ""
    if speaker is not None and speaker.dialect not in TRAINED_ON_THE_FORM:
        text = _shortened(_asked(_question(problem, report.lines[: at + 1]), speaker, cancel))
        lines = [verdict.text for verdict in report.lines[: at + 1]]
        if not _helps(text, checker) or misleads(text, problem, lines) or gives_away(text, problem, report, checker):
            text = ""
    if cancel.is_set():
        raise UserFault("Stopped.")
    return WorkHint(at + 1, text or GENERAL.get(line.slip) or BY_KIND[line.kind], bool(text))


def work_hint_until(cancel: Cancel, problem: str, report: WorkReport, speaker: Speaker | None) -> WorkHint:
    """:func:`work_hint` with a check in a process of its own, which ends when ``cancel`` is raised."""
    with Checker() as checker, ended_by(cancel, checker):
        return work_hint(problem, report, checker, speaker, cancel)


# -- asking --------------------------------------------------------------------------------------------------------


def _question(problem: str, lines: Sequence[LineVerdict]) -> str:
    first = max(0, len(lines) - _LINES_TOLD)
    shown = [f"{first + k + 1}. {line.text.strip()}" for k, line in enumerate(lines[first:]) if line.text.strip()]
    fault = lines[-1]
    about = SLIPS.get(fault.slip, "")
    said = f"Line {len(lines)} does not follow" + (f" ({about})" if about else "") + "."
    head = f"Problem: {problem.strip()}\n\n" if problem.strip() else ""
    return f"{head}The student's lines:\n" + "\n".join(shown) + f"\n\n{said} Give the student one hint about it."


def _asked(question: str, speaker: Speaker, cancel: Cancel) -> str:
    """What the model says, without its thoughts."""
    spans = header(speaker.dialect, question, PromptSet(system=SYSTEM, demonstrations=_DEMONSTRATIONS))
    pieces = speaker.engine.generate(spans, sampling=Sampling(), max_tokens=MAX_TOKENS, stop=("```",), cancel=cancel)
    said = "".join(piece.text for piece in pieces if isinstance(piece, Piece))
    if speaker.dialect.opens_thought:
        _, closed, said = said.partition("</think>")
        said = said if closed else ""
    return "\n".join(part.text for part in parse(said) if isinstance(part, Text))


def _shortened(said: str) -> str:
    """Its first two whole sentences; empty if there is none, or they are too long for a hint."""
    paragraph = next((p.strip() for p in re.split(r"\n\s*\n", said.strip()) if p.strip()), "")
    paragraph = re.sub(r"^\W*(?:hint|teacher|answer)\W*:\s*", "", " ".join(paragraph.split()), flags=re.I).strip('"* ')
    sentences = re.findall(r"[^.?!]+(?:\.(?=\d)[^.?!]*)*[.?!]+", paragraph)
    text = re.sub(r"^the student should (\w)", lambda m: m[1].upper(), "".join(sentences[:2]).strip(), flags=re.I)
    return text if _SHORTEST <= len(text) <= LONGEST else ""


def misleads(text: str, problem: str, lines: Sequence[str]) -> bool:
    """Whether a hint calls the false line right, or names a number that neither the problem nor a line has.

    Args:
        text: The hint.
        problem: That the work is about.
        lines: The student's, up to the false one.
    """
    if any(not _ASKED_WHETHER.search(text[: m.start()]) for m in _CALLED_RIGHT.finditer(text)):
        return True
    known = "".join(map(_squeezed, (problem, *lines)))
    given = [number for source in (problem, *lines) for number in written(source)]
    places = _PLACE.sub(" ", text)
    return any(m[0] not in known and not _among(Fraction(m[0]), given) for m in _FIGURES.finditer(places))


def _helps(text: str, checker: WorkChecker) -> bool:
    """Whether it says more than where to look, and nothing that is false."""
    prose = "".join(s.source for s in split(read_typed(text).text).segments if s.kind == "text")
    if len({word for word in re.findall(r"[a-z]{3,}", prose.lower()) if word not in _EMPTY_WORDS}) < _LEAST_WORDS:
        return False
    return not any(claim.verdict == "false" for claim in checker.text(text))


# -- what it must not contain ---------------------------------------------------------------------------------------


def gives_away(text: str, problem: str, report: WorkReport, checker: WorkChecker) -> bool:
    """Whether a hint contains the right line, a part of it that is new, or a number that the student has not written.

    Args:
        text: The hint.
        problem: That the work is about.
        report: Whose first fault the hint is about.
        checker: Judges formulas.

    Raises:
        HostFault: If nothing can be checked.
    """
    at = report.first_fault
    assert at is not None
    text = _ROOT_IN_WORDS.sub("root of some ", text)
    line = report.lines[at]
    lines = [verdict.text for verdict in report.lines[: at + 1]]
    before = lines[:-1]
    known = [_squeezed(source) for source in (problem, *lines)]
    formulas = list(dict.fromkeys(f for f in _formulas(text) if not any(_squeezed(f) in source for source in known)))
    if _new_number(text, formulas, [problem, *lines], line, report.answer.right):
        return True
    if len(formulas) > MOST_FORMULAS:
        return True
    tried = [candidate for formula in formulas for candidate in _as_lines(formula, line.text)]
    return any(
        checker.work(problem, [*before, candidate])[-1].kind in ("equivalent", "follows", "given")
        for candidate in tried
        if not any(_squeezed(candidate) == _squeezed(known_line) for known_line in lines)
    )


def _new_number(text: str, formulas: Sequence[str], sources: Sequence[str], line: LineVerdict, right: str) -> bool:
    """Whether the hint tells a number that the problem and the lines do not, or the right one."""
    rest = text
    for quoted in _formulas(text):
        if quoted not in formulas:
            rest = rest.replace(quoted, " ")
    spelled = _spelled(rest)
    known = "".join(map(_squeezed, sources))
    negative = {m[0] for m in _NEGATIVE.finditer(_squeezed(spelled))}
    if _PARTS.search(rest) or any(number not in known for number in negative) or ("±" in rest and "±" not in known):
        return True
    given = [number for source in sources for number in written(source)]
    secret = [*values_of(right), *written(_WORDS.sub(" ", line.counterexample))]
    small: list[Value] = [number for number in written("-1 1 -2 2") if not _among(number, secret)]
    return any(not _among(number, [*given, *small]) for number in (*stated_numbers(rest), *stated_numbers(spelled)))


def _among(number: Value, numbers: Sequence[Value]) -> bool:
    return any(alike(number, other) for other in numbers)


def _squeezed(text: str) -> str:
    return re.sub(r"\\cdot|\\times|[\s${}\\*·]", "", text).lower()


def _formulas(text: str) -> Iterator[str]:
    """The formulas of a text, also those that are spelled out: "a squared plus b"."""
    for segment in split(read_typed(text).text).segments:
        if segment.kind != "text":
            yield segment.source.strip()
    for run in _RUN.finditer(_spelled(text)):
        found = run[0].strip(" =,.")
        if re.search(r"[\w)]\s*[-+*/^=<>]\s*[\w(]|\d[a-z]|sqrt", found):
            yield re.sub(r"(?<=[\w)])\s+(?=[\w(])", "*", found) if found not in text else found


def _spelled(text: str) -> str:
    """A text with its words for signs and small numbers as signs and figures."""
    for words, sign in _SPOKEN:
        text = re.sub(words, sign, text, flags=re.I)
    return _NUMBER_WORD.sub(lambda m: str(_NUMBERS.index(m[0].lower())), text)


def _as_lines(formula: str, line: str) -> list[str]:
    """The lines that a formula may be read as: itself, and in the place of a side of the false line."""
    if re.search(r"[=<>]|\\[lg]e|\\ne", formula):
        return [formula]
    left, sign, right = line.partition("=")
    return [formula, f"{formula} = {right.strip()}", f"{left.strip()} = {formula}"] if sign else [formula]
