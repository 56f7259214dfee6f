"""Cuts the shapes of a figure at its clip paths, which Qt's reader of SVG does not know: curves would leave their axes.

Text of an SVG in, text out. Clip paths are taken as their bounding boxes, as the axes of a plot are; curves that cross
an edge become polylines. A shape in another notation than matplotlib's, and one that is moved, stays as it is.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from PySide6.QtCore import QPointF, QRectF

_SVG: Final = "http://www.w3.org/2000/svg"
_XLINK: Final = "http://www.w3.org/1999/xlink"
_TOKEN: Final = re.compile(r"[A-Za-z]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_NUMBERS: Final = {"M": 2, "L": 2, "Q": 4, "C": 6, "z": 0, "Z": 0}
_URL: Final = re.compile(r"url\(#([^()]+)\)")
_STEPS: Final = 16
"""Straight pieces of a curve that is cut."""
_MARKER: Final = 24.0
"""Size up to which a shape that is drawn again and again is a mark: it is there as a whole, or not at all."""
_ON_EDGE: Final = 0.5
Points = list[QPointF]

ET.register_namespace("", _SVG)
ET.register_namespace("xlink", _XLINK)


def clipped(svg: str) -> str:
    """The same figure without what its clip paths hide."""
    if "clip-path" not in svg:
        return svg
    try:
        root = ET.fromstring(svg)
    except (ET.ParseError, ValueError, RecursionError):
        return svg
    boxes = {name: box for e in root.iter(f"{{{_SVG}}}clipPath") if (name := e.get("id")) and (box := _box_of(e))}
    shapes = {name: e for e in root.iter(f"{{{_SVG}}}path") if (name := e.get("id"))}
    _cut(root, None, boxes, shapes)
    return ET.tostring(root, encoding="unicode")


def _box_of(clip: ET.Element) -> QRectF | None:
    for shape in clip:
        if shape.tag == f"{{{_SVG}}}rect":
            return QRectF(*(float(shape.get(name, "0")) for name in ("x", "y", "width", "height")))
        if (lines := _lines(shape.get("d", ""))) is not None:
            return _bounds(lines)
    return None


def _cut(parent: ET.Element, box: QRectF | None, boxes: Mapping[str, QRectF], shapes: Mapping[str, ET.Element]) -> None:
    kept: list[ET.Element] = []
    for child in parent:
        named = _URL.search(child.get("clip-path", ""))
        own = boxes.get(named[1], box) if named else box
        name = child.tag.rpartition("}")[2]
        if name in ("defs", "clipPath") or (own is not None and "transform" in child.attrib):
            kept.append(child)
        elif own is not None and name == "path":
            kept += _cut_path(child, own)
        elif own is not None and name == "use":
            kept += _cut_use(child, own, shapes)
        else:
            _cut(child, own, boxes, shapes)
            kept.append(child)
    parent[:] = kept


def _cut_path(path: ET.Element, box: QRectF) -> list[ET.Element]:
    lines = _lines(path.get("d", ""))
    if lines is None or not lines or _holds(box, _bounds(lines)):
        return [path]
    style = _style(path)
    found = []
    if style.get("fill", "black") != "none":
        cut = " ".join(_written(_cut_area(points, box), closed=True) for points in lines)
        found.append(_with(path, cut, style | {"stroke": "none"}))
    if style.get("stroke", "none") != "none":
        cut = " ".join(_written(piece) for points in lines for piece in _cut_line(points, box))
        found.append(_with(path, cut, style | {"fill": "none"}))
    return [one for one in found if one.get("d", "").strip()]


def _cut_use(use: ET.Element, box: QRectF, shapes: Mapping[str, ET.Element]) -> list[ET.Element]:
    shape = shapes.get((use.get(f"{{{_XLINK}}}href") or use.get("href") or "")[1:])
    lines = _lines(shape.get("d", "")) if shape is not None else None
    if shape is None or not lines or "transform" in shape.attrib:
        return [use]
    by = QPointF(float(use.get("x", "0")), float(use.get("y", "0")))
    moved = [[point + by for point in points] for points in lines]
    bounds = _bounds(moved)
    if _holds(box, bounds):
        return [use]
    if max(bounds.width(), bounds.height()) <= _MARKER:
        margin = box.adjusted(-_ON_EDGE, -_ON_EDGE, _ON_EDGE, _ON_EDGE)
        return [use] if margin.contains(bounds.center()) else []
    inlined = ET.Element(shape.tag, {"d": " ".join(_written(points) for points in moved)})
    inlined.set("style", "; ".join(f"{k}: {v}" for k, v in (_style(use) | _style(shape)).items()))
    return _cut_path(inlined, box)


def _style(element: ET.Element) -> dict[str, str]:
    """How a shape looks; what stands in its style wins."""
    written: dict[str, str] = {name: element.attrib[name] for name in ("fill", "stroke") if name in element.attrib}
    for declaration in element.get("style", "").split(";"):
        name, colon, value = declaration.partition(":")
        if colon:
            written[name.strip()] = value.strip()
    return written


def _with(path: ET.Element, d: str, style: Mapping[str, str]) -> ET.Element:
    others = {name: value for name, value in path.attrib.items() if name not in ("fill", "stroke", "clip-path", "id")}
    return ET.Element(path.tag, others | {"d": d, "style": "; ".join(f"{k}: {v}" for k, v in style.items())})


# -- lines ------------------------------------------------------------------------------------------------------------


def _lines(d: str) -> list[Points] | None:
    """The parts of a path as polylines; None if it is written in another way."""
    found: list[Points] = []
    tokens = _TOKEN.findall(d)
    at, command = 0, ""
    while at < len(tokens):
        if tokens[at].isalpha():
            command = tokens[at]
            at += 1
        count = _NUMBERS.get(command, -1)
        numbers = tokens[at : at + count] if count > 0 else []
        if count < 0 or len(numbers) < count or any(n.isalpha() for n in numbers) or not (found or command == "M"):
            return None
        at += count
        places = [QPointF(float(x), float(y)) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
        if command == "M":
            found.append(places)
            command = "L"
        elif count:
            found[-1] += places if command == "L" else _flattened(found[-1][-1], places)
        else:
            found[-1].append(QPointF(found[-1][0]))
    return found


def _flattened(start: QPointF, places: Sequence[QPointF]) -> Iterator[QPointF]:
    """Points of a Bezier curve behind its start."""
    for step in range(1, _STEPS + 1):
        t = step / _STEPS
        row = [start, *places]
        while len(row) > 1:
            row = [a * (1 - t) + b * t for a, b in pairwise(row)]
        yield row[0]


def _bounds(lines: Sequence[Points]) -> QRectF:
    across, up = zip(*((p.x(), p.y()) for points in lines for p in points), strict=True)
    return QRectF(QPointF(min(across), min(up)), QPointF(max(across), max(up)))


def _holds(box: QRectF, bounds: QRectF) -> bool:
    margin = 0.01  # a line may have no width, which Qt takes for empty
    return (
        box.left() - margin <= bounds.left()
        and bounds.right() <= box.right() + margin
        and box.top() - margin <= bounds.top()
        and bounds.bottom() <= box.bottom() + margin
    )


def _cut_line(points: Points, box: QRectF) -> Iterator[Points]:
    """The pieces of a polyline inside of a box."""
    piece: Points = []
    for a, b in pairwise(points):
        part = _inside(a, b, box)
        if part is None or (piece and piece[-1] != part[0]):
            if piece:
                yield piece
            piece = []
        if part is not None:
            piece = [*piece, part[1]] if piece else [*part]
    if piece:
        yield piece


def _inside(a: QPointF, b: QPointF, box: QRectF) -> tuple[QPointF, QPointF] | None:
    """The part of a line inside of a box. After Liang and Barsky, https://doi.org/10.1145/357332.357333."""
    first, last = 0.0, 1.0
    way = b - a
    for speed, room in (
        (-way.x(), a.x() - box.left()),
        (way.x(), box.right() - a.x()),
        (-way.y(), a.y() - box.top()),
        (way.y(), box.bottom() - a.y()),
    ):
        if speed == 0:
            if room < 0:
                return None
        elif speed < 0:
            first = max(first, room / speed)
        else:
            last = min(last, room / speed)
    if first > last:
        return None
    return (a + way * first if first > 0 else a), (a + way * last if last < 1 else b)


def _cut_area(points: Points, box: QRectF) -> Points:
    """A polygon inside of a box. After Sutherland and Hodgman, https://doi.org/10.1145/360767.360802."""
    for edge, is_across, keeps_above in (
        (box.left(), True, True),
        (box.right(), True, False),
        (box.top(), False, True),
        (box.bottom(), False, False),
    ):
        before, points = points, []
        for a, b in zip([*before[-1:], *before[:-1]], before, strict=True):
            p, q = (a.x(), b.x()) if is_across else (a.y(), b.y())
            a_in, b_in = (p >= edge, q >= edge) if keeps_above else (p <= edge, q <= edge)
            if a_in is not b_in:
                points.append(a + (b - a) * ((edge - p) / (q - p)))
            if b_in:
                points.append(b)
    return points


def _written(points: Points, *, closed: bool = False) -> str:
    if len(points) < 2:
        return ""
    return "M" + "L".join(f"{p.x():.3f} {p.y():.3f}" for p in points) + "z" * closed
