"""What is said of a figure, asked of real matplotlib figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tutor_app.adapters.sandbox.figure_words import MAX_CHARS, in_words


@pytest.fixture
def plt() -> Iterator[Any]:
    """matplotlib, which takes seconds to look at the fonts of a new home: not while tests are collected."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    plt.close("all")
    yield plt
    plt.close("all")


def test_axes_ranges_and_curves_are_told(plt: Any) -> None:
    plt.plot([-2, -1, 0, 1, 2], [4, 1, 0, 1, 4], label="x^2")
    plt.plot([0, 2], [0, 4])
    plt.axhline(3)
    plt.title("A parabola")
    plt.xlabel("time\nin s")
    plt.xlim(-2, 2)
    plt.ylim(0, 5)
    assert in_words(plt.gcf()) == (
        "Plot: A parabola; x (time in s) from \u22122 to 2; y from 0 to 5; "
        "curve \u201cx^2\u201d from (\u22122, 4) to (2, 4), lowest 0, highest 4; line from (0, 0) to (2, 4); "
        "horizontal line at 3"
    )


def test_points_bars_and_scales_are_told(plt: Any) -> None:
    _, (a, b) = plt.subplots(1, 2)
    a.scatter([1, 2, 3, 4], [10, 20, 30, 40], label="data")
    a.semilogy()
    b.bar(["red", "green"], [3, 1.5])
    text = in_words(plt.gcf())
    assert "y from" in text
    assert "logarithmic" in text
    assert "4 points \u201cdata\u201d, across from 1 to 4, up from 10 to 40" in text
    assert "(2 of 2) x: red, green" in text
    assert "2 bars: 3, 1.5" in text


def test_what_else_a_solution_draws_is_named(plt: Any) -> None:
    plt.imshow([[1, 2, 3], [4, 5, 6]])
    plt.colorbar()
    assert "a grid of 2 by 3 coloured cells" in in_words(plt.gcf())
    plt.figure()
    plt.pie([1, 2], labels=["a", "b"])
    assert "2 sectors; labels a, b" in in_words(plt.gcf())
    plt.figure()
    plt.fill_between([0, 1], [0, 1])
    assert "a shaded area" in in_words(plt.gcf())


def test_gaps_and_nothing_are_no_trouble(plt: Any) -> None:
    assert in_words(plt.figure()) == "Plot"
    plt.plot([0, 1, 2], [1, float("nan"), float("inf")])
    plt.plot([])
    assert "curve" in in_words(plt.gcf())


def test_it_is_bounded(plt: Any) -> None:
    for k in range(40):
        plt.plot([k, k + 1, k + 2], label=f"a curve with the long name {k}")
    assert "and 34 more curves" in in_words(plt.gcf()) or len(in_words(plt.gcf())) == MAX_CHARS
    plt.subplots(3, 3)
    text = in_words(plt.gcf())
    assert len(text) <= MAX_CHARS
    assert text.endswith("and 5 more")


class Hostile:
    """Raises at every touch."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


def test_objects_that_raise_are_no_trouble(plt: Any) -> None:
    assert in_words(Hostile()) == "Plot"
    plt.plot([1, 2, 3])
    plt.gca().lines[0].get_label = Hostile().__getattr__
    assert in_words(plt.gcf()).startswith("Plot: x from")


def test_marks_that_are_no_curves_are_called_what_they_are(plt: Any) -> None:
    plt.plot([0, 1], [0, 2], label="y = 2x")
    plt.plot([3, 3, 4], [0, 1, 1], label="_right angle")
    assert "; a right angle" in in_words(plt.gcf())
    plt.plot([5, 5, 6], [0, 1, 1], label="_right angle")
    text = in_words(plt.gcf())
    assert text.endswith("line \u201cy = 2x\u201d from (0, 0) to (1, 2); 2 right angles")
    assert "curve" not in text
