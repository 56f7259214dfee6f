"""Programs that draw: what is to be drawn, put in front of one of the bodies in ``resources/drawings``.

They run where a model's code runs, can be stepped through like it, and print in words what they mark.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tutor_app.resources import resource_text


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture that can be drawn.

    Attributes:
        description: What it shows, to be put after "This draws".
        program: Draws it.
    """

    description: str
    program: str


@dataclass(frozen=True, slots=True)
class Curve:
    """A function of one variable.

    Attributes:
        label: How it is written.
        code: Its value, see :mod:`tutor_app.tutor.drawing.formulas`.
    """

    label: str
    code: str


@dataclass(frozen=True, slots=True)
class Region:
    """An equation or inequality in two variables.

    Attributes:
        label: How it is written.
        code: The left side less the right side.
        sign: ``= < > <= >=``.
    """

    label: str
    code: str
    sign: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the number line, or one number of it.

    Attributes:
        low: Code of its lower end; ``-np.inf`` for none.
        high: Code of its upper end; ``np.inf`` for none.
        with_low: Whether the lower end belongs to it.
        with_high: Whether the upper end does.
    """

    low: str
    high: str
    with_low: bool
    with_high: bool


def functions(
    curves: Sequence[Curve],
    across: str,
    up: str,
    condition: str = "",
    said: str = "",
    *,
    limits: tuple[str, str] | None = None,
    breaks: Sequence[str] = (),
    tangents: Sequence[str] = (),
    between: bool = False,
    bends: bool = False,
    points: Sequence[tuple[str, str]] = (),
) -> Drawing:
    """Graphs, with their zeros, turning points, intersections and asymptotes.

    Args:
        curves: At least one.
        across: Name of their variable.
        up: Name of their value.
        condition: Code of what holds on the part of the axis that is marked; empty for none.
        said: What they stand for, if not for themselves.
        limits: Code of the ends of the interval on which alone they are defined.
        breaks: Code of the places where one rule ends and another one begins.
        tangents: Code of the places at which the first graph gets a tangent.
        between: Whether the area between the first two graphs is wanted.
        bends: Whether points of inflection are.
        points: Code of the coordinates of points that are told.
    """
    rows = "".join(f"    {c.label!r}: lambda {_name(across)}: {c.code},\n" for c in curves)
    holds = f"lambda {_name(across)}: {condition}" if condition else "None"
    head = f"curves = {{\n{rows}}}\nacross, up = {across!r}, {up!r}\nsolution = {holds}\n"
    head += f"limits = ({limits[0]}, {limits[1]})\n" if limits else "limits = None\n"
    head += f"breaks = [{', '.join(breaks)}]\ntangents = [{', '.join(tangents)}]\n"
    head += f"{between = }\n{bends = }\npoints = [{', '.join(f'({x}, {y})' for x, y in points)}]\n"
    graphs = "the graph of " if len(curves) == 1 else "the graphs of "
    beside = {0: "", 1: " with its tangent"}.get(len(tangents), " with its tangents")
    return Drawing(said or graphs + _listed([c.label for c in curves]) + beside, _program(head, "functions"))


def area(curve: Curve, across: str, low: str, high: str, said: str) -> Drawing:
    """A graph with the area between it and the axis, from ``low`` to ``high``."""
    function = f"lambda {_name(across)}: {curve.code}"
    head = f"label, f = {curve.label!r}, {function}\nlow, high = {low}, {high}\nacross = {across!r}\n"
    return Drawing(said, _program(head, "area"))


def regions(relations: Sequence[Region], across: str = "x", up: str = "y", said: str = "") -> Drawing:
    """Curves and regions in the plane, with their crossings; ``said`` is what they are if not their labels."""
    a, b = _name(across), _name(up)
    rows = "".join(f"    ({r.label!r}, lambda {a}, {b}: {r.code}, {r.sign!r}),\n" for r in relations)
    head = f"relations = [\n{rows}]\nacross, up = {across!r}, {up!r}\n"
    return Drawing(said or _listed([r.label for r in relations]), _program(head, "regions"))


def number_line(label: str, across: str, stretches: Sequence[Stretch]) -> Drawing:
    """Numbers, as parts of the number line."""
    rows = ", ".join(f"({s.low}, {s.high}, {s.with_low}, {s.with_high})" for s in stretches)
    head = f"stretches = [{rows}]\nacross, title = {across!r}, {label!r}\n"
    return Drawing(f"{label} on the number line", _program(head, "line"))


def path(label: str, place: str, low: str, high: str, parameter: str, kind: str) -> Drawing:
    """A curve that a point runs through.

    Args:
        label: How it is written.
        place: Code of the point's coordinates, of ``t``.
        low: Code of the parameter's first value.
        high: And of its last one.
        parameter: What it is called in the text.
        kind: ``polar``, or empty for two equations.
    """
    head = f"label, place = {label!r}, lambda t: {place}\nlow, high, parameter = {low}, {high}, {parameter!r}\n"
    head += f"polar = {kind == 'polar'}\n"
    return Drawing(f"the {kind} curve {label}".replace("  ", " "), _program(head, "path"))


def chart(kind: str, labels: Sequence[str], values: Sequence[str]) -> Drawing:
    """A chart of values, with or without names.

    Args:
        kind: ``bar``, ``line``, ``pie``, ``histogram`` or ``box``.
        labels: As many as there are values, or none.
        values: Their code.
    """
    said = {"box": "a box plot", "histogram": "a histogram"}.get(kind, f"a {kind} chart")
    head = f"kind, labels = {kind!r}, {list(labels)!r}\nvalues = [{', '.join(values)}]\n"
    shown = f" of {_listed(list(labels))}" if labels and len(labels) <= 6 else f" of {len(values)} values"
    return Drawing(said + shown, _program(head, "chart"))


def data(values: Sequence[str], pairs: Sequence[tuple[str, str]] = (), *, as_places: bool = False) -> Drawing:
    """Values with their mean and median, or pairs of them with the line that fits best.

    Args:
        values: Code of numbers.
        pairs: Code of coordinates, in the place of the values.
        as_places: Whether the pairs are points of the plane, and no measurements.
    """
    inside = ", ".join(f"({x}, {y})" for x, y in pairs)
    head = f"data = [{', '.join(values)}]\npairs = [{inside}]\n{as_places = }\n"
    said = f"the point{'s' * (len(pairs) > 1)}" if as_places else "the data"
    return Drawing(said, _program(head, "data"))


def polygon(corners: Mapping[str, tuple[str, str]], title: str, *, grid: bool, remark: str = "") -> Drawing:
    """A figure with its sides, angles and area.

    Args:
        corners: Code of their coordinates, by name.
        title: What stands above it.
        grid: Whether it stands in a system of coordinates.
        remark: Said of it, but not above it.
    """
    rows = ", ".join(f"{name!r}: ({x}, {y})" for name, (x, y) in corners.items())
    return Drawing(with_article(title) + remark, _program(f"places = {{{rows}}}\n{grid = }\n{title = }\n", "polygon"))


def with_article(title: str) -> str:
    """What something is called, inside a sentence: ``a square with side 3``, ``the triangle ABC``."""
    called = title[0].lower() + title[1:]
    if re.match(r"[a-z]+ [A-Z]{2,}\b|unit\b", called):
        return f"the {called}"
    return f"{'an' if called[0] in 'aeiou' else 'a'} {called}"


def vectors(arrows: Mapping[str, tuple[str, ...]], tail: tuple[str, ...] = ()) -> Drawing:
    """Vectors of two or three coordinates, of two also their sum; from the origin, or in the plane from ``tail``."""
    rows = ", ".join(f"{name!r}: ({', '.join(numbers)})" for name, numbers in arrows.items())
    body = "vectors" if all(len(numbers) == 2 for numbers in arrows.values()) else "vectors_in_space"
    start = f"tail = ({', '.join(tail if len(tail) == 2 else ('0', '0'))})\n" if body == "vectors" else ""
    said = "the vector " if len(arrows) == 1 else "the vectors "
    return Drawing(said + _listed(list(arrows)), _program(f"vectors = {{{rows}}}\n{start}", body))


def _program(head: str, body: str) -> str:
    style = resource_text("drawings/style.py").strip("\n")
    imports, _, rest = style.partition("\n\n")
    return f"{imports}\n\n{head}\n{rest}\n\n\n{resource_text(f'drawings/{body}.py').strip(chr(10))}\n"


def _name(variable: str) -> str:
    """A variable as it may stand in a program."""
    return f"{variable}_" if variable == "lambda" else variable


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
