"""Another problem like a solved one: numbers that stand in the problem and in its code are changed, and the code runs.

Nothing is asked of a model. A problem is left alone where its code cannot be trusted with other numbers: where it does
not give the answer, holds a number that the problem does not tell, or where a number of the problem plays no part.
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tutor_app.core.errors import UserFault
from tutor_app.core.events import RunFinished
from tutor_app.core.parts import Code, Output
from tutor_app.core.ports import Cancel, CodeExecutor
from tutor_app.core.practice import Exercise
from tutor_app.core.transcript import Transcript

TRIES: Final = 60
"""Draws of new numbers until one gives a sensible answer."""
_NUMBER: Final = re.compile(r"(?<![\w.^_{,\\-])(?<!\^\{)\d+(?:\.\d+)?(?![\w.]*\d)(?!,\d)(?!\w\w|[A-Z\d_%\u00b0])")
_SHAPE: Final = re.compile(r"\d+(?:\.\d+)?")
_NEVER: Final = frozenset((0.0, 1.0, 2.0, 0.5, 0.01, 10.0, 100.0, 1000.0))
"""Numbers that may mean something else in the code than in the problem: an exponent, percent."""
_KEPT: Final = _NEVER | frozenset((60.0, 24.0, 7.0, 12.0, 52.0, 365.0, 180.0, 360.0))
"""Numbers that need not be told by a problem; of the time and of angles one is changed where the code has it once."""
_POINT_ZERO: Final = re.compile(r"(?<=\d)\.0+(?!\d)")
_WORDS: Final = {
    "three": 3, "triple": 3, "thrice": 3, "four": 4, "quarter": 4, "five": 5, "six": 6, "eight": 8, "nine": 9,
    "eleven": 11, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "third": 3, "fourth": 4,
}  # fmt: skip
_UNSTEADY: Final = ("random", "input(", "time", "open(")
_FACTOR: Final = 20.0
_REFUSED: Final = "No variant of this problem can be made"

Same = Callable[[str, str], bool]
"""Whether two answers are equal."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A number of a problem: where it stands, and how it is written."""

    start: int
    end: int
    text: str

    @property
    def value(self) -> float:
        return float(self.text)


def variant(
    transcript: Transcript, *, executor: CodeExecutor, same: Same, rng: random.Random, cancel: Cancel
) -> Exercise:
    """A problem like a solved one, with its answer.

    Args:
        transcript: The solution; its code must give its answer.
        executor: Runs the code.
        same: Compares answers.
        rng: Draws the numbers.
        cancel: Ends it.

    Raises:
        UserFault: If none can be made; says why.
    """
    sources = _sources(transcript)
    answer = transcript.answer
    if not sources or answer is None:
        raise UserFault(f"{_REFUSED}: its solution has no code with an answer.")
    places = _places(transcript.problem, sources)
    find = _finder(_run(sources, executor, cancel), answer.latex, same)
    old = find(_run(sources, executor, cancel)) if find is not None else None
    if find is None or old is None:
        raise UserFault(f"{_REFUSED}: its code does not print its answer.")

    def result(draw: Mapping[_Place, str]) -> str | None:
        return find(_run([_with(source, draw) for source in sources], executor, cancel))

    places = [p for p in places if result({p: _drawn(p, rng)}) not in (old, None)]
    if not places:
        raise UserFault(f"{_REFUSED}: none of its numbers decides what its code gives.")
    for _ in range(TRIES):
        if cancel.is_set():
            break
        draw = {place: _drawn(place, rng) for place in places}
        new = result(draw)
        if new is not None and new != old and _sensible(old, new):
            return Exercise(_renumbered(transcript.problem, draw), _POINT_ZERO.sub("", new))
    raise UserFault(f"{_REFUSED}: no other numbers give a sensible answer.")


def _sources(transcript: Transcript) -> list[str]:
    """The code of the solution that ran well."""
    parts = transcript.replies[0][1]
    found = []
    for n, part in enumerate(parts):
        output = next((p for p in parts[n + 1 :] if isinstance(p, Output | Code)), None)
        if isinstance(part, Code) and isinstance(output, Output) and output.status == "ok":
            found.append(part.source)
    return found


def _places(problem: str, sources: Sequence[str]) -> list[_Place]:
    """The numbers of a problem that can be changed in its code as well.

    Raises:
        UserFault: If the code holds a number that the problem does not tell, or changes from run to run.
    """
    if any(word in source for source in sources for word in _UNSTEADY):
        raise UserFault(f"{_REFUSED}: its code does something else each time.")
    told = [_Place(m.start(), m.end(), m[0]) for m in _NUMBER.finditer(problem)]
    everywhere = {float(m[0]) for m in _SHAPE.finditer(problem.replace(",", ""))}
    words = {float(value) for word, value in _WORDS.items() if re.search(rf"(?i)\b{word}", problem)}
    found = [value for source in sources for _, value in _literals(source)]
    literals = set(found)
    quoted = " ".join(node.value for source in sources for node in _constants(source) if isinstance(node.value, str))
    if hidden := literals - everywhere - words - _KEPT:
        shown = ", ".join(f"{value:g}" for value in sorted(hidden))
        raise UserFault(f"{_REFUSED}: its code has numbers that the problem does not tell ({shown}).")
    in_text = [float(m[0]) for m in _SHAPE.finditer(quoted)]
    values = [float(m[0]) for m in _SHAPE.finditer(problem)]
    return [
        p
        for p in told
        if p.value in literals
        and p.value not in _NEVER
        and (p.value not in _KEPT or found.count(p.value) == 1)
        and p.value not in in_text
        and values.count(p.value) == 1
    ]


def _constants(source: str) -> list[ast.Constant]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        raise UserFault(f"{_REFUSED}: its code cannot be read.") from None
    return [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]


def _literals(source: str) -> list[tuple[ast.Constant, float]]:
    """The numbers in the code, in the order in which they stand there."""
    found = [
        (node, float(node.value))
        for node in _constants(source)
        if isinstance(node.value, int | float) and not isinstance(node.value, bool)
    ]
    return sorted(found, key=lambda row: (row[0].lineno, row[0].col_offset))


def _with(source: str, draw: Mapping[_Place, str]) -> str:
    """The code with other numbers."""
    lines = [line.encode() for line in source.split("\n")]  # columns of a syntax tree count bytes
    new = {place.value: text for place, text in draw.items()}
    for node, value in reversed(_literals(source)):
        if value in new and node.end_col_offset is not None:
            line = lines[node.lineno - 1]
            if not re.fullmatch(rb"[\d_.]+", line[node.col_offset : node.end_col_offset]):
                # Before Python 3.12, places inside of f-strings are not exact.
                raise UserFault(f"{_REFUSED}: its code cannot be changed safely.")
            lines[node.lineno - 1] = line[: node.col_offset] + new[value].encode() + line[node.end_col_offset :]
    return b"\n".join(lines).decode()


def _run(sources: Sequence[str], executor: CodeExecutor, cancel: Cancel) -> str:
    """What the code prints or gives last; empty if it fails."""
    session = executor.open()
    said = ""
    try:
        for source in sources:
            for event in session.run(source, cancel=cancel):
                if isinstance(event, RunFinished):
                    if event.output.status != "ok":
                        return ""
                    said = event.output.value or event.output.stdout or said
    finally:
        session.close()
    lines = [line for line in said.splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


def _finder(line: str, answer: str, same: Same) -> Callable[[str], str | None] | None:
    """How the answer is found in the last line of the output; None if it is not there."""
    ways: tuple[Callable[[str], str | None], ...] = (
        lambda text: text or None,
        lambda text: re.split(r"[:=]", text)[-1].strip() or None,
        lambda text: (re.findall(r"-?\d+(?:\.\d+)?(?:/\d+)?", text) or [None])[-1],
    )
    for way in ways:
        found = way(line)
        if found is not None and same(answer, found):
            return way
    return None


def _drawn(place: _Place, rng: random.Random) -> str:
    """Another number of the same size and kind."""
    if "." in place.text:
        digits = len(place.text.partition(".")[2])
        step = 10.0**-digits
        low, high = max(step, 0.5 * place.value), max(2 * step, 1.6 * place.value)
        return _other(place, lambda: f"{round(rng.uniform(low, high), digits):.{digits}f}")
    value = int(place.text)
    zeros = len(place.text) - len(place.text.rstrip("0"))
    step_of = 10 ** min(zeros, len(place.text) - 1)
    low_of, high_of = max(2 // step_of, value // step_of // 2, 1), max(3, value * 8 // 5 // step_of)
    return _other(place, lambda: str(rng.randint(max(low_of, 2 if step_of == 1 else 1), high_of + 1) * step_of))


def _other(place: _Place, draw: Callable[[], str]) -> str:
    for _ in range(50):
        text = draw()
        if float(text) != place.value and float(text) > 0:
            return text
    return place.text


def _sensible(old: str, new: str) -> bool:
    """Whether an answer is of the kind that the old one was: as long, as whole, of the same sign and about its size."""
    if _SHAPE.sub("0", old.replace("-", "")) != _SHAPE.sub("0", new.replace("-", "")):
        return False
    if ("-" in new) != ("-" in old):
        return False
    before, after = (_SHAPE.findall(text) for text in (old, new))
    for a, b in zip(before, after, strict=True):
        places = len(a.partition(".")[2]), len(b.partition(".")[2])
        if places[1] > max(places[0], 2) and float(b) != round(float(b), max(places[0], 2)):
            return False
        if (float(a).is_integer() and not float(b).is_integer()) or float(b) > _FACTOR * max(1.0, float(a)):
            return False
    return True


def _renumbered(problem: str, draw: Mapping[_Place, str]) -> str:
    for place, text in sorted(draw.items(), key=lambda item: item[0].start, reverse=True):
        problem = problem[: place.start] + text + problem[place.end :]
    return problem
