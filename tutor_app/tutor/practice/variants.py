"""Another problem like a solved one: numbers that stand in the problem and in its code are changed, and the code runs.

Nothing is asked of a model. A problem is left alone where its code cannot be trusted with other numbers: where it does
not give the answer, holds a number that the problem does not tell, or where a number of the problem plays no part.
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from tutor_app.core.errors import UserFault
from tutor_app.core.events import RunFinished
from tutor_app.core.parts import Code, Output
from tutor_app.core.ports import Cancel, CodeExecutor
from tutor_app.core.practice import Exercise
from tutor_app.core.transcript import Transcript

TRIES: Final = 60
"""Draws of new numbers until one gives a sensible answer."""
_NUMBER: Final = re.compile(r"(?<![\w.^_{,\\-])(?<!\^\{)\d+(?:\.\d+)?(?![\w.]*\d)(?!,\d)(?!\w\w|[A-Z\d_\u00b0])")
_PERCENT: Final = re.compile(r"\s?(?:\\?%|per\s?cent\b)")
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
    """A number of a problem: where it stands, how it is written, and whether it counts hundredths."""

    start: int
    end: int
    text: str
    is_percent: bool = False

    @property
    def value(self) -> float:
        return float(self.text)

    def forms(self, text: str) -> tuple[str, ...]:
        """How a number that stands here may be written in code: 25 percent also as 0.25, 1.25 and 0.75.

        Args:
            text: The number.
        """
        if not self.is_percent:
            return (text,)
        share = Fraction(text) / 100
        return (text, *(f"{float(round(part, 10)):.10g}" for part in (share, 1 + share, 1 - share)))

    @property
    def values(self) -> frozenset[float]:
        """What stands for it in code."""
        return frozenset(map(float, self.forms(self.text)))


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
        draw = _draw(places, _others(transcript.problem, places), rng)
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
    told = [
        _Place(m.start(), m.end(), m[0], _PERCENT.match(problem, m.end()) is not None)
        for m in _NUMBER.finditer(problem)
    ]
    everywhere = {float(m[0]) for m in _SHAPE.finditer(problem.replace(",", ""))}
    words = {float(value) for word, value in _WORDS.items() if re.search(rf"(?i)\b{word}", problem)}
    found = [value for source in sources for _, value in _literals(source)]
    literals = set(found)
    last = {value for s in sources for node, value in _literals(s) if _at(node) in _range_ends(s)}
    everywhere |= {value for p in told for value in p.values}
    quoted = " ".join(node.value for source in sources for node in _constants(source) if isinstance(node.value, str))
    if hidden := literals - everywhere - words - _KEPT:
        shown = ", ".join(f"{value:g}" for value in sorted(hidden))
        raise UserFault(f"{_REFUSED}: its code has numbers that the problem does not tell ({shown}).")
    in_text = [float(m[0]) for m in _SHAPE.finditer(quoted)]
    values = [float(m[0]) for m in _SHAPE.finditer(problem)]
    return [
        p
        for p in told
        if (p.values - _NEVER if p.is_percent else p.values) & literals
        and (p.is_percent or p.value not in _NEVER or (p.value in last and found.count(p.value) == 1))
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
    """The numbers in the code, in the order in which they stand there; of a range's end the last one that it holds."""
    found = [
        (node, float(node.value))
        for node in _constants(source)
        if isinstance(node.value, int | float) and not isinstance(node.value, bool)
    ]
    ends = _range_ends(source)
    found = [(node, value - 1 if _at(node) in ends else value) for node, value in found]
    return sorted(found, key=lambda row: _at(row[0]))


def _at(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _range_ends(source: str) -> set[tuple[int, int]]:
    """Where ranges that begin with 1 end: behind the last number that was told."""
    return {
        _at(node.args[1])
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "range"
        and len(node.args) == 2
        and isinstance(node.args[0], ast.Constant)
        and node.args[0].value == 1
        and isinstance(node.args[1], ast.Constant)
    }


def _with(source: str, draw: Mapping[_Place, str]) -> str:
    """The code with other numbers."""
    lines = [line.encode() for line in source.split("\n")]  # columns of a syntax tree count bytes
    new = {
        float(old): form
        for place, text in draw.items()
        for old, form in zip(place.forms(place.text), place.forms(text), strict=True)
        if not place.is_percent or float(old) not in _NEVER
    }
    ends = _range_ends(source)
    for node, value in reversed(_literals(source)):
        if value in new and node.end_col_offset is not None:
            line = lines[node.lineno - 1]
            if not re.fullmatch(rb"[\d_.]+", line[node.col_offset : node.end_col_offset]):
                # Before Python 3.12, places inside of f-strings are not exact.
                raise UserFault(f"{_REFUSED}: its code cannot be changed safely.")
            text = str(int(new[value]) + 1) if _at(node) in ends else new[value]
            lines[node.lineno - 1] = line[: node.col_offset] + text.encode() + line[node.end_col_offset :]
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


def _others(problem: str, places: Sequence[_Place]) -> set[float]:
    """The numbers of a problem that stay."""
    changed = {place.start for place in places}
    return {float(m[0]) for m in _SHAPE.finditer(problem) if m.start() not in changed}


def _draw(places: Sequence[_Place], others: AbstractSet[float], rng: random.Random) -> dict[_Place, str]:
    """New numbers, all different where that can be: equal ones leave nothing over, or a triangle flat."""
    draw: dict[_Place, str] = {}
    for _ in range(20):
        draw = {place: _drawn(place, rng) for place in places}
        values = {float(text) for text in draw.values()}
        if len(values) == len(draw) and not values & others:
            break
    return draw


def _drawn(place: _Place, rng: random.Random) -> str:
    """Another number of the same size and kind; 14.50 becomes 16.00, no 15.73."""
    if "." in place.text:
        digits = len(place.text.partition(".")[2])
        last = int(place.text.replace(".", ""))
        units = next(unit for unit in (50, 25, 10, 5, 1) if last % unit == 0 and unit < max(last, 2))
        low, high = max(1, last // units // 2), max(2, last * 8 // 5 // units)
        return _other(place, lambda: f"{rng.randint(low, high) * units / 10**digits:.{digits}f}")
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
        if float(b) < float(a) / _FACTOR:  # nothing left of something, or a greatest common divisor of 1
            return False
    return True


def _renumbered(problem: str, draw: Mapping[_Place, str]) -> str:
    for place, text in sorted(draw.items(), key=lambda item: item[0].start, reverse=True):
        problem = problem[: place.start] + text + problem[place.end :]
    return problem
