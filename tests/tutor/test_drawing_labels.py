"""What is written into pictures: labels beside each other, what is marked, and peaks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import matplotlib as mpl
import pytest

from tutor_app.tutor.drawing.finding import find

mpl.use("Agg")


def drawn(text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[Any, str]:
    """The axes of a picture, and what its program prints."""
    import matplotlib.pyplot as plt

    drawing = find(text, asked=True)
    assert drawing is not None
    monkeypatch.setattr(plt, "show", lambda: None)
    exec(compile(drawing.program, "drawing", "exec"), {"__name__": "drawing"})
    return plt.gca(), capsys.readouterr().out


@pytest.fixture(autouse=True)
def _own_style() -> Iterator[None]:
    import matplotlib.pyplot as plt

    with mpl.rc_context():
        yield
    plt.close("all")


@pytest.mark.parametrize(
    "text",
    [
        "y = sin(x)/x",
        "y = x^2, y = x^3 and y = x",
        "y = (x + 2)(x + 1)x(x - 1)(x - 2)",
        "y = sin(x) and y = cos(x)",
        "x^2 + y^2 = 25 and y = x + 1",
        "y = x^4 - 2x^2",
    ],
)
def test_labels_do_not_stand_on_each_other(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    axes, _ = drawn(f"Draw {text}", monkeypatch, capsys)
    renderer = axes.figure.canvas.get_renderer()
    labels = [t for t in axes.texts if t.get_text()]
    assert len({t.get_text() for t in labels}) == len(labels) >= 3
    boxes = [t.get_window_extent(renderer) for t in labels]
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
    legend = axes.get_legend()
    if legend is not None:
        assert not any(legend.get_window_extent(renderer).overlaps(box) for box in boxes)


@pytest.mark.parametrize(
    "text",
    [
        "a triangle with sides 10, 6 and 4.2",
        "a triangle with sides 7, 7 and 2",
        "a triangle with sides 20, 19 and 1.6",
        "a triangle with angles 2\u00b0, 3\u00b0 and 175\u00b0",
        "the triangle A(0, 0), B(6, 1), C(3, 5)",
        "a rectangle with sides 12 and 0.5",
    ],
)
def test_labels_of_a_figure_stand_on_no_other_and_an_angle_at_its_own_corner(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    axes, said = drawn(f"Draw {text}", monkeypatch, capsys)
    renderer = axes.figure.canvas.get_renderer()
    boxes = [t.get_window_extent(renderer) for t in axes.texts]
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
    corners = axes.transData.transform(axes.patches[0].get_path().vertices[:-1])
    angles = [t for t in axes.texts if t.get_text().endswith("\u00b0")]
    measured = [line.split(": ")[1] for line in said.splitlines() if line.startswith("Angle")]
    for label in angles:
        box = label.get_window_extent(renderer)
        middle = ((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
        away = [((x - middle[0]) ** 2 + (y - middle[1]) ** 2) ** 0.5 for x, y in corners]
        value = float(label.get_text().removesuffix("\u00b0"))
        own = [n for n, m in enumerate(measured) if abs(float(m.removesuffix("\u00b0")) - value) < 0.06]
        assert min(away[n] for n in own) < min(away) + 40  # two corners of a thin figure are that near to each other


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("y = sin(x)/x", -1, 1.0),
        ("y = x^4 - 2x^2", -8, 0),
        ("y = 0.01x^3 - x", -25, 3.849),
        ("y = x^2, y = x^3 and y = x", -12, 1),
    ],
)
def test_what_is_marked_fills_the_picture_and_a_peak_is_seen(
    text: str, low: float, high: float, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    axes, _ = drawn(f"Draw {text}", monkeypatch, capsys)
    bottom, top = axes.get_ylim()
    assert bottom > low
    assert high < top < 8 * (high + 1)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("y = x^2", 0.0, 2.5),
        ("y = -x^2", -2.5, 0.0),
        ("y = 2x^2", 0.0, 5.0),
        ("y = x^4", 0.0, 6.0),
        ("y = |x|", 0.0, 1.5),
        ("y = |x - 1/3|", 0.0, 1.5),
        ("y = sqrt(|x|)", 0.0, 1.2),
        ("y = x^2 and y = 2x^2", 0.0, 4.0),
    ],
)
def test_a_lowest_point_on_the_axis_leaves_the_graph_in_sight(
    text: str, low: float, high: float, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    axes, _ = drawn(f"Draw {text}", monkeypatch, capsys)
    bottom, top = axes.get_ylim()
    assert bottom < low
    assert high < top
    assert top - bottom < 8 * (high - low)


def test_three_vectors_are_all_drawn(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _, said = drawn("Draw the vectors (1, 2), (2, 1) and (3, -3)", monkeypatch, capsys)
    assert "c = (3, \u22123), length 4.2426" in said
    assert find("vectors (1, 2), (3, 4), (5, 6), (7, 8), (9, 1)", asked=True) is None
