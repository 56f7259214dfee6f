"""Functions in pieces, curves of a parameter, charts, sets of numbers, triangles by three parts, vectors in space."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tutor_app.adapters.sandbox.sessions import Limits, Sandbox
from tutor_app.core.ports import NeverCancelled
from tutor_app.tutor.drawing.finding import find
from tutor_app.tutor.drawing.reply import picture


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    box = Sandbox(Limits(seconds=60), spares=1)
    yield box
    box.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("f(x) = x^2 for x < 0, f(x) = 2x + 1 for x >= 0", "the graph of f(x), given in pieces"),
        ("f(x) = { x+1 if x < 0; x^2 if x >= 0 }", "the graph of f(x), given in pieces"),
        ("f(x) = x + 2 if x < 1, 3 if 1 <= x < 2, otherwise 5 - x", "the graph of f(x), given in pieces"),
        ("y = x^2 from -2 to 3", "the graph of y = x² from −2 to 3"),
        ("y = sin(x) for 0 <= x <= 2pi", "the graph of y = sin(x) for 0 ≤ x ≤ 2π"),
        ("f(x) = 2x - 1 on the interval [0, 4]", "the graph of f(x) = 2x − 1 from 0 to 4"),
        ("Find the area under y = x^2 from x = 0 to x = 3.", "y = x² and the area from x = 0 to 3"),
        ("r = 2 + 2cos(theta)", "the polar curve r = 2 + 2 cos(θ)"),
        ("polar curve r = theta", "the polar curve r = θ"),
        ("x = 3cos(t), y = 2sin(t), 0 <= t <= 2pi", "the curve x = 3 cos(t), y = 2 sin(t)"),
        ("x(t) = t - sin t, y(t) = 1 - cos t", "the curve x(t) = t − sin t, y(t) = 1 − cos t"),
        ("r = 1 - cos(t)", "the polar curve r = 1 − cos(t)"),
        ("Sketch the path (t cos t, t sin t) for 0 <= t <= 6", "the curve (x, y) = (t cos t, t sin t)"),
        ("Plot xy = 8", "xy = 8"),
        ("sketch the curve x^3 + y^3 = 6xy", "x³ + y³ = 6xy"),
        ("Show u = (2, 1), v = (1, 3) and their sum", "the vectors u and v"),
        ("Plot the vector from (1, 2) to (4, 6)", "the vector v"),
        ("bar chart of 3, 5, 7, 2", "a bar chart of 4 values"),
        ("Draw a column chart: apples 5, pears 3, plums 8", "a bar chart of apples, pears and plums"),
        ("pie chart: red 40%, blue 35%, green 25%", "a pie chart of red, blue and green"),
        ("line graph: Mon 12, Tue 15, Wed 11", "a line chart of Mon, Tue and Wed"),
        ("histogram of 1, 2, 2, 3, 5, 5, 5, 8", "a histogram of 8 values"),
        ("box plot of 3, 7, 8, 5, 12, 14, 21, 13, 18", "a box plot of 9 values"),
        ("x < -1 or x > 4", "x < −1 or x > 4 on the number line"),
        ("[1, 3] ∪ (4, 6)", "[1, 3] ∪ (4, 6) on the number line"),
        ("x in (-inf, 2)", "x ∈ (−∞, 2) on the number line"),
        ("(-2, 5]", "(−2, 5] on the number line"),
        ("{-1, 0, 2}", "{−1, 0, 2} on the number line"),
        ("x != 3", "x ≠ 3 on the number line"),
        ("triangle ABC with AB = 5, angle A = 40°, angle B = 70°", "the triangle ABC with AB = 5, A = 40°, B = 70°"),
        ("triangle with a = 7, b = 8, C = 60°", "the triangle ABC with BC = 7, AC = 8, C = 60°"),
        ("isosceles triangle with base 6 and legs 5", "an isosceles triangle with base 6 and sides 5"),
        (
            "triangle with angles 30, 60 and 90 degrees",
            "a triangle with angles 30°, 60°, 90°, with its longest side drawn 10 long",
        ),
        ("regular hexagon with side 3", "a regular hexagon with side 3"),
        ("circle with center (2, 3) and radius 4", "a circle around (2, 3) with radius 4"),
        ("triangle 5, 5, 9.9", "a triangle with sides 5, 5, 9.9"),
        ("Draw a triangle 6 8 10", "a triangle with sides 6, 8, 10"),
        ("triangle 30°, 60°, 90°", "a triangle with angles 30°, 60°, 90°, with its longest side drawn 10 long"),
        ("equilateral triangle with side 4", "an equilateral triangle with side 4"),
        ("right triangle with hypotenuse 5 and one leg 3", "a right triangle with hypotenuse 5 and a leg of 3"),
        (
            "a triangle has sides 5 and 8 and the angle between them is 60°",
            "a triangle with sides 5 and 8 and an angle of 60° between them",
        ),
        ("the unit circle", "the unit circle"),
        ("y = 5 and x = 2", "y = 5 and x = 2"),
        ("Draw y = x^2 and x = 1", "y = x² and x = 1"),
        ("Plot x = 2, x = 5 and y = 1", "y = 1, x = 2 and x = 5"),
        ("Evaluate y = x^2 + 1 at x = 2.", "the graph of y = x² + 1"),
        (
            "Find the area of the region bounded by y = x^2, the x-axis, x = 1 and x = 3.",
            "y = x² and the area from x = 1 to x = 3",
        ),
        ("vectors a = (1, 2, 3) and b = (2, -1, 0)", "the vectors a and b"),
        ("vector from A(1,2) to B(4,6)", "the vector AB"),
    ],
)
def test_what_is_asked_for_is_found(text: str, said: str) -> None:
    found = find(text, asked=True)
    assert found is not None
    assert found.description == said


@pytest.mark.parametrize(
    "text",
    [
        "Two numbers are drawn from the set {1, 2, 3, 4}. How likely is it that their product is even?",
        "A bar graph of the 5 votes is shown. What percent chose C, with 3, 4 and 8 votes?",
        "The point (3, 5) is moved 2 to the right. Where is it then?",
        "Suppose $x \\in [0, 3]$. How large can $5 - x$ be?",
        "Two sides of a triangle are 5 and 9 long. How long can the third one be?",
        "In triangle ABC the angle A = 200°, AB = 3 and AC = 4.",
        "In triangle ABC, a = 5, b = 9 and A = 30°.",
        "[asy] pair A = (0,0); real f(real x) { return x*x; } draw(graph(f,-2,2)); [/asy] What is the angle?",
    ],
)
def test_what_is_only_told_is_not_drawn(text: str) -> None:
    found = find(text)
    said = found.description if found is not None else ""
    assert not any(word in said for word in ("number line", "chart", "triangle", "graph"))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "f(x) = x^2 for x < 0, f(x) = 2x + 1 for x >= 0",
            ["Value at x = 0: 1", "At x = 0 it jumps from 0 to 1, its value is 1"],
        ),
        ("y = x^2 from -2 to 3", ["Lowest points: (0, 0)", "Ends of the graph: (−2, 4), (3, 9)"]),
        ("r = 2 + 2cos(theta)", ["θ from 0 to 2π", "Crossings with the y-axis: (0, −2), (0, 0), (0, 2)"]),
        ("r = cos(theta/2)", ["θ from 0 to 4π", "It is closed: it begins and ends at (1, 0)"]),
        ("x = t^2, y = t^3 - t, -2 <= t <= 2", ["t from −2 to 2", "Ends, at t = 2: (4, 6)"]),
        ("pie chart: red 40, blue 35, green 25", ["red: 40, 40 %, 144°"]),
        (
            "box plot of 3, 7, 8, 5, 12, 14, 21, 13, 18",
            ["Lower quartile: 6", "Median: 12", "Upper quartile: 16"],
        ),
        ("bar chart: Jan 120, Feb 95, Mar 140", ["Highest: Mar with 140; lowest: Feb with 95"]),
        ("[1, 3] ∪ {5}", ["All numbers from 1 (included), to 3 (included)", "The number 5"]),
        ("triangle with a = 7, b = 8, C = 60°", ["Angle at C: 60°", "Area: 24.2487"]),
        ("vectors a = (1, 2, 3) and b = (2, -1, 0)", ["a · b = 0", "a × b = (3, 6, −5)"]),
        ("circle with center (2, 3) and radius 4", ["Crossings with the x-axis: (−0.6458, 0), (4.6458, 0)"]),
        ("The lines x = 3 and y = -2 meet at a point.", ["Intersections: (3, −2)"]),
    ],
)
def test_the_right_things_are_said(sandbox: Sandbox, text: str, lines: list[str]) -> None:
    found = find(text, asked=True)
    assert found is not None
    figure, words = picture(found, sandbox, NeverCancelled())
    assert figure is not None
    for line in lines:
        assert line in words.split("\n")


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("x = t^2, y = t^3 for t from -2 to 2", "-2", "2"),
        ("r = theta for theta from 0 to 2pi", "0", "2 * np.pi"),
        ("x = cos t, y = sin t, where t goes from 0 to pi/2", "0", "1 * np.pi / 2"),
        ("x = t, y = t^2 for t between 1/2 and 3", "1 / 2", "3"),
        ("x = t, y = t^2", "-3", "3"),
    ],
)
def test_the_parameter_goes_from_where_to_where_it_is_told(text: str, low: str, high: str) -> None:
    found = find(text, asked=True)
    assert found is not None
    assert f"low, high, parameter = {low}, {high}, " in found.program


def test_a_vector_between_two_points_starts_at_the_first(sandbox: Sandbox) -> None:
    found = find("Plot the vector from (1, 2) to (4, 6)")
    assert found is not None
    _, words = picture(found, sandbox, NeverCancelled())
    assert words == "v = (3, 4), length 5, from (1, 2) to (4, 6)"


def test_a_curve_that_meets_no_axis_says_so(sandbox: Sandbox) -> None:
    found = find("Plot xy = 8")
    assert found is not None
    _, words = picture(found, sandbox, NeverCancelled())
    assert words == "xy = 8 meets neither axis here."


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("f(x) = (2x^2 - 3)/(x^2 - 4)", ["Vertical asymptotes: x = −2, x = 2", "Horizontal asymptote: y = 2"]),
        ("y = (x^2 + 1)/x", ["Vertical asymptotes: x = 0", "Oblique asymptote: y = x"]),
        ("y = arctan(x)", ["Horizontal asymptote for x → −∞: y = −π/2", "Horizontal asymptote for x → ∞: y = π/2"]),
        ("y = 100/(1 + e^(-x))", ["Horizontal asymptote for x → −∞: y = 0", "Horizontal asymptote for x → ∞: y = 100"]),
        ("y = ln(3 - x)", ["Vertical asymptotes: x = 3"]),
        ("y = 1/sqrt(x)", ["Vertical asymptotes: x = 0", "Horizontal asymptote for x → ∞: y = 0"]),
    ],
)
def test_asymptotes_are_told(sandbox: Sandbox, text: str, lines: list[str]) -> None:
    found = find(text, asked=True)
    assert found is not None
    _, words = picture(found, sandbox, NeverCancelled())
    assert [line for line in words.split("\n") if "symptote" in line] == lines


@pytest.mark.parametrize(
    "text",
    ["y = abs(x - 3) + 2", "y = sqrt(x)", "y = sin(pi x)", "y = (x^2 - 1)/(x - 1)", "y = 2x + 1", "y = x ln(x)"],
)
def test_what_has_no_asymptote_gets_none(sandbox: Sandbox, text: str) -> None:
    found = find(text, asked=True)
    assert found is not None
    _, words = picture(found, sandbox, NeverCancelled())
    assert words
    assert "symptote" not in words


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("y = 0.001x^3 - 0.3x", "Zeros: (−17.3205, 0), (0, 0), (17.3205, 0)"),
        ("y = (x - 1)(x - 50)", "Zeros: (1, 0), (50, 0)"),
        ("y = 3 sin(2x - pi/2) + 1", "Highest points: (−3π/2, 4), (−π/2, 4), (π/2, 4), (3π/2, 4)"),
    ],
)
def test_places_far_out_and_multiples_of_pi_are_told(sandbox: Sandbox, text: str, line: str) -> None:
    found = find(text, asked=True)
    assert found is not None
    _, words = picture(found, sandbox, NeverCancelled())
    assert line in words.split("\n")


def test_a_graph_far_from_the_axis_is_not_pressed_flat(sandbox: Sandbox) -> None:
    found = find("y = x^2 + 1000", asked=True)
    assert found is not None
    figure, _ = picture(found, sandbox, NeverCancelled())
    assert figure is not None
    assert "y from 999" in figure.alt


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Find the tangent of y = x^2 at x = 3.", ["Tangent at x = 3: y = 6x − 9"]),
        ("What is the tangent line to f(x) = sqrt(x) at the point (4, 2)?", ["Tangent at x = 4: y = 0.25x + 1"]),
        ("Find the area between y = x^2 and y = 2x.", ["Area between them: about 1.333"]),
        ("Find the tangent to the curve $y = x^3$ at the point $(1, 1)$.", ["Tangent at x = 1: y = 3x − 2"]),
        ("Find the area bounded by y = 4 - x^2 and the x-axis.", ["Area between them: about 10.667"]),
        ("Find the area enclosed by y = x^3 and y = x.", ["Area between them: about 0.5"]),
        ("Where are the inflection points of f(x) = x^3 - 3x^2 + 2?", ["Points of inflection: (1, 0)"]),
        (
            "Solve sin(x) = cos(x) for 0 <= x <= 2pi.",
            ["Intersections: (π/4, 0.7071), (5π/4, −0.7071)", "Zeros of y = sin(x): (0, 0), (π, 0)"],
        ),
        ("Solve |2x - 1| < 5.", ["Lowest points of y = |2x − 1|: (0.5, 0)"]),
    ],
)
def test_what_the_problem_asks_of_a_graph_is_drawn(sandbox: Sandbox, text: str, lines: list[str]) -> None:
    found = find(text)
    assert found is not None
    figure, words = picture(found, sandbox, NeverCancelled())
    assert figure is not None
    for line in lines:
        assert line in words.split("\n")


def test_nothing_more_is_drawn_than_was_asked(sandbox: Sandbox) -> None:
    found = find("Draw y = x^2 and y = 2x.")
    assert found is not None
    _, words = picture(found, sandbox, NeverCancelled())
    assert "Area" not in words
    assert "Tangent" not in words


def test_a_hyperbola_is_seen_beyond_its_vertices(sandbox: Sandbox) -> None:
    found = find("Draw the hyperbola x^2/4 - y^2/9 = 1")
    assert found is not None
    figure, _ = picture(found, sandbox, NeverCancelled())
    assert figure is not None
    assert "x from \u22125 to 5" in figure.alt


@pytest.mark.parametrize(
    ("text", "drawn", "line"),
    [
        ("Draw the points (1,2), (3,4) and (5,1).", "the points", "Points: (1, 2), (3, 4), (5, 1)"),
        ("Draw the point (2, -3).", "the point", "Points: (2, \u22123)"),
        ("Find the line through (1, 2) and (4, 8).", "the graph of y = 2x", "Given points: (1, 2), (4, 8)"),
        ("Draw the line through A(2, 1) and B(2, 5)", "x = 2", "Crossings with the x-axis: (2, 0)"),
        ("Find the line passing through (0, 3) and (3, 1).", "the graph of y = (\u22122/3)x + 3", "Zeros: (4.5, 0)"),
        ("Draw the vector AB with A(1,2) and B(4,6)", "the vector AB", "AB = (3, 4), length 5, from (1, 2) to (4, 6)"),
        ("Let u = (1, 2, 2) and v = (2, -1, 0). Find u x v.", "the vectors u and v", "u \u00d7 v = (2, 4, \u22125)"),
        ("Find the dot product of a = (3, 4) and b = (-1, 2).", "the vectors a and b", "a \u00b7 b = 5"),
        (
            "In a class 8 pupils walk, 12 come by bus, 6 by bike and 4 by car. Draw a bar chart.",
            "a bar chart of walk, bus, bike and car",
            "bus: 12",
        ),
        (
            "Of 120 people 45 chose tea, 60 coffee and 15 water. Draw a pie chart.",
            "a pie chart of tea, coffee and water",
            "tea: 45, 37.5 %, 135\u00b0",
        ),
        (
            "The angles of a triangle are 30°, 60° and 90°. Its shortest side is 4.",
            "a triangle with angles 30°, 60°, 90° and shortest side 4",
            "Side AB: 8",
        ),
    ],
)
def test_points_lines_products_and_counts_in_prose(sandbox: Sandbox, text: str, drawn: str, line: str) -> None:
    found = find(text, asked=True)
    assert found is not None
    assert found.description == drawn
    figure, words = picture(found, sandbox, NeverCancelled())
    assert figure is not None
    assert line in words.split("\n")


def test_what_comes_near_to_a_value_is_seen_until_then(sandbox: Sandbox) -> None:
    found = find("The temperature T(t) = 20 + 60e^(-0.1t) cools. When is it 40 degrees?")
    assert found is not None
    figure, words = picture(found, sandbox, NeverCancelled())
    assert figure is not None
    assert "from \u221212.5 to 50" in figure.alt
    assert words.split("\n") == ["Horizontal asymptote for t \u2192 \u221e: y = 20", "Value at t = 0: 80"]


def test_a_capital_letter_is_the_name_of_a_function() -> None:
    found = find("Draw N(t) = 100/(1 + 9e^(-0.2t))", asked=True)
    assert found is not None
    assert found.description == "the graph of N(t) = 100/(1 + 9e^(\u22120.2t))"


def test_a_point_of_a_curve_is_not_drawn_alone() -> None:
    found = find("Find the tangent to the curve y = x^3 at the point (1, 1).", asked=True)
    assert found is not None
    assert found.description == "the graph of y = x\u00b3 with its tangent"
