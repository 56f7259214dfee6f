"""Says in words what a matplotlib figure shows, for whoever cannot see it: axes and their ranges, curves, bars.

It reads the drawn objects, never the picture, and judges nothing: a curve is described by its name, its ends, and its
lowest and highest value. It runs inside the confined process on objects that solution code made, so anything it asks
for may be missing or raise: what cannot be described is left out.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

MAX_CHARS: Final = 600
_MAX_AXES: Final = 4
_MAX_OF_A_KIND: Final = 6


def in_words(figure: Any) -> str:
    """One paragraph, at most :data:`MAX_CHARS` long; ``Plot`` if nothing can be described."""
    described: list[str] = []
    with suppress(Exception):
        shown = [a for a in figure.axes if a.get_label() != "<colorbar>"]
        title = _text(figure.get_suptitle()) if hasattr(figure, "get_suptitle") else ""
        described += [title] if title else []
        for n, axes in enumerate(shown[:_MAX_AXES], 1):
            said = _axes(axes)
            if said:
                described.append(f"({n} of {len(shown)}) {said}" if len(shown) > 1 else said)
        if len(shown) > _MAX_AXES:
            described.append(f"and {len(shown) - _MAX_AXES} more")
    text = ". ".join(described)
    text = f"Plot: {text}" if text else "Plot"
    return text if len(text) <= MAX_CHARS else text[: MAX_CHARS - 1].rsplit(" ", 1)[0] + "\u2026"


def _axes(axes: Any) -> str:
    parts: list[str] = []
    with suppress(Exception):
        if title := _text(axes.get_title()):
            parts.append(title)
    parts += _ranges(axes)
    for kind in (_lines, _points, _bars, _rest):
        with suppress(Exception):
            parts += kind(axes)
    return "; ".join(parts)


def _ranges(axes: Any) -> list[str]:
    said = []
    for name in "xyz":
        with suppress(Exception):
            if not axes.axison or not hasattr(axes, f"get_{name}lim"):
                continue
            low, high = getattr(axes, f"get_{name}lim")()
            label = _text(getattr(axes, f"get_{name}label")())
            scale = getattr(axes, f"get_{name}scale")()
            drawn = f"{name} ({label})" if label and label.strip("$") != name else name
            named = [_text(t.get_text()) for t in getattr(axes, f"get_{name}ticklabels")()] if name == "x" else []
            if named and any(t.isalpha() for t in "".join(named)) and scale == "linear":
                said.append(f"{drawn}: {', '.join(named[:8])}")
            else:
                said.append(f"{drawn} from {_number(low)} to {_number(high)}" + (", logarithmic" * (scale == "log")))
    return said


def _lines(axes: Any) -> list[str]:
    said, marks = [], list[str]()
    lines = []
    for line in axes.lines:
        label = str(line.get_label())
        if label.startswith("_") and " " in label:  # no curve, but something that its program has named
            marks.append(_text(label[1:]))
        else:
            lines.append(line)
    for line in lines[:_MAX_OF_A_KIND]:
        with suppress(Exception):
            said.append(_line(axes, line))
    counted = [f"a {mark}" if (n := marks.count(mark)) == 1 else f"{n} {mark}s" for mark in dict.fromkeys(marks)]
    return _with_more(said, len(lines), "curves") + counted


def _line(axes: Any, line: Any) -> str:
    name = _named(line)
    points = _finite(line.get_xdata(orig=False), line.get_ydata(orig=False))
    if line.get_transform() == axes.get_yaxis_transform(which="grid"):
        return f"horizontal line{name} at {_number(points[0][1])}"
    if line.get_transform() == axes.get_xaxis_transform(which="grid"):
        return f"vertical line{name} at {_number(points[0][0])}"
    if not len(points):
        return f"empty curve{name}"
    if line.get_linestyle() in ("None", "none", "", " "):
        return _cloud(points, name)
    if len(points) == 2:
        return f"line{name} from {_point(points[0])} to {_point(points[1])}"
    heights = points[:, 1]
    return (
        f"curve{name} from {_point(points[0])} to {_point(points[-1])}, lowest {_number(heights.min())}, "
        f"highest {_number(heights.max())}"
    )


def _points(axes: Any) -> list[str]:
    clouds = [c for c in axes.collections if type(c).__name__ in ("PathCollection", "Path3DCollection")]
    said = []
    for cloud in clouds[:_MAX_OF_A_KIND]:
        with suppress(Exception):
            offsets = cloud.get_offsets()
            said.append(_cloud(_finite(offsets[:, 0], offsets[:, 1]), _named(cloud)))
    return _with_more(said, len(clouds), "sets of points")


def _cloud(points: Any, name: str) -> str:
    if len(points) <= 3:
        return f"point{'s' * (len(points) != 1)}{name} at {', '.join(map(_point, points))}"
    low, high = points.min(axis=0), points.max(axis=0)
    return (
        f"{len(points)} points{name}, across from {_number(low[0])} to {_number(high[0])}, "
        f"up from {_number(low[1])} to {_number(high[1])}"
    )


def _bars(axes: Any) -> list[str]:
    found = [c for c in axes.containers if type(c).__name__ == "BarContainer"]
    said = []
    for bars in found[:_MAX_OF_A_KIND]:
        with suppress(Exception):
            sideways = bars.orientation == "horizontal"
            sizes = [float(p.get_width() if sideways else p.get_height()) for p in bars.patches]
            shown = ", ".join(map(_number, sizes[:12])) + (", \u2026" * (len(sizes) > 12))
            said.append(f"{len(sizes)} {'sideways ' * sideways}bars{_named(bars)}: {shown}")
    return _with_more(said, len(found), "sets of bars")


def _rest(axes: Any) -> list[str]:
    said = []
    for image in axes.images[:_MAX_OF_A_KIND]:
        rows, columns = image.get_array().shape[:2]
        said.append(f"a grid of {rows} by {columns} coloured cells")
    kinds = [type(c).__name__ for c in axes.collections]
    others = {
        "LineCollection": "set of lines",
        "PolyCollection": "shaded area",
        "FillBetweenPolyCollection": "shaded area",
        "QuadMesh": "coloured mesh",
        "QuadContourSet": "contour map",
        "TriContourSet": "contour map",
        "Quiver": "field of arrows",
        "Line3DCollection": "set of lines in space",
        "Poly3DCollection": "surface in space",
    }
    for kind, word in others.items():
        if count := kinds.count(kind):
            said.append(f"a {word}" if count == 1 else f"{count} {word}s")
    in_bars = {id(p) for c in axes.containers for p in getattr(c, "patches", ())}
    shapes = [type(p).__name__ for p in axes.patches if id(p) not in in_bars]
    for kind in dict.fromkeys(shapes):
        word = {"Wedge": "sector", "FancyArrow": "arrow", "FancyArrowPatch": "arrow"}.get(kind, kind.lower())
        said.append(f"a {word}" if shapes.count(kind) == 1 else f"{shapes.count(kind)} {word}s")
    labels = [t for t in (_text(a.get_text()) for a in axes.texts) if t]
    if labels:
        said.append("labels " + ", ".join(labels[:_MAX_OF_A_KIND]))
    return said


def _named(artist: Any) -> str:
    label = _text(str(artist.get_label()))
    return f" \u201c{label}\u201d" if label and not label.startswith("_") else ""


def _text(text: str) -> str:
    return " ".join(str(text).split())[:80]


def _point(point: Any) -> str:
    return f"({_number(point[0])}, {_number(point[1])})"


def _number(value: Any) -> str:
    return f"{float(value):.3g}".replace("e+0", "e").replace("e-0", "e-").replace("-", "\u2212")


def _finite(xs: Any, ys: Any) -> Any:
    import numpy as np

    points: Any = np.column_stack([np.ma.filled(np.ma.asarray(v, dtype=float), np.nan) for v in (xs, ys)])
    return points[np.isfinite(points).all(axis=1)]


def _with_more(said: list[str], count: int, what: str) -> list[str]:
    return [*said, f"and {count - _MAX_OF_A_KIND} more {what}"] if count > _MAX_OF_A_KIND else said
