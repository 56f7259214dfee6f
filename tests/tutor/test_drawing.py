"""What can be drawn is found, and the programs that draw it mark the right places."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes import MemoryLibrary
from tutor_app.adapters.checking.expressions import term_of
from tutor_app.adapters.sandbox.sessions import Limits, Sandbox
from tutor_app.core.errors import UserFault
from tutor_app.core.events import EndReason, Finished, QuestionAsked, Recorded
from tutor_app.core.parts import Answer, Code, Figure, Output, Question, Text
from tutor_app.core.ports import NeverCancelled
from tutor_app.core.transcript import Transcript
from tutor_app.tutor.drawing.finding import drawing_of, find
from tutor_app.tutor.drawing.formulas import NotDrawable, python
from tutor_app.tutor.drawing.reply import draw, picture


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    box = Sandbox(Limits(seconds=60), spares=1)
    yield box
    box.close()


@pytest.mark.parametrize(
    ("latex", "code"),
    [
        (r"x^2 - 5x + 6", "x**2 - 5 * x + 6"),
        (r"\frac{1}{x-1}", "1 / (x - 1)"),
        (r"-x^2", "-x**2"),
        (r"\frac{x}{2}", "x / 2"),
        (r"\frac{3}{4}x", "0.75 * x"),
        (r"\frac{x}{3} - \frac{1}{3}", "x / 3 - 1 / 3"),
        (r"2^{x}", "2**x"),
        (r"e^{-x}", "np.exp(-x)"),
        (r"\sqrt{x+1}", "np.sqrt(x + 1)"),
        (r"\sqrt[3]{x}", "np.cbrt(x)"),
        (r"(x+1)(x-2)^2", "(x + 1) * (x - 2)**2"),
        (r"|x - 3|", "np.abs(x - 3)"),
        (r"\ln x", "np.log(x)"),
        (r"\log_2 x", "(np.log(x) / np.log(2))"),
        (r"\sec x", "(1 / np.cos(x))"),
        (r"\pi x", "np.pi * x"),
        (r"x^{-2}", "1 / x**2"),
    ],
)
def test_a_formula_is_python(latex: str, code: str) -> None:
    assert python(term_of(latex), {"x": "x"}) == code


@pytest.mark.parametrize("latex", ["x + a", r"\infty", "f(x)"])
def test_what_has_no_value_is_refused(latex: str) -> None:
    with pytest.raises(NotDrawable):
        python(term_of(latex), {"x": "x"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("y = x^2 - 4", "the graph of y = x² − 4"),
        ("y = floor(x)", "the graph of y = ⌊x⌋"),
        ("Draw the graph of y = 2x + 1 and y = x^2.", "the graphs of y = 2x + 1 and y = x²"),
        ("Let $f(x) = x^2 - 5x + 6$. Find all real $x$ with $f(x) = 0$.", "the graph of f(x) = x² − 5x + 6"),
        ("A stone is at height h(t) = 20t - 5t^2. When is it highest?", "the graph of h(t) = 20t − 5t²"),
        ("Solve x^2 - 5x + 6 = 0.", "x² − 5x + 6 = 0: where the left side is 0"),
        ("Solve 2x + 3 = 11", "2x + 3 = 11: where the sides meet"),
        ("Solve |x - 3| < 2.", "where |x − 3| < 2 holds"),
        ("x^2 + y^2 = 25", "x² + y² = 25"),
        ("Solve 2x + 3y = 6 and x - y = 1", "2x + 3y = 6 and x − y = 1"),
        ("y >= 2x - 1", "y ≥ 2x − 1"),
        ("-2 <= x < 3", "−2 ≤ x < 3 on the number line"),
        ("y = log(x)", "the graph of y = log(x), with log as the natural logarithm"),
        ("A triangle has sides 3, 4 and 6.", "a triangle with sides 3, 4, 6"),
        ("The legs of a right triangle are 3 cm and 4 cm long.", "a right triangle with legs 3 and 4"),
        ("In triangle ABC, AB = 5, BC = 6 and CA = 7.", "a triangle with sides 6, 7, 5"),
        ("Find the area of the triangle with corners A(0,0), B(4,0), C(1,3).", "the triangle ABC"),
        ("Find the distance between A(1,2) and B(4,6).", "the segment AB"),
        ("Find u + v for the vectors u = (1,2) and v = (3,-1).", "the vectors u and v"),
        (r"Let $\vec{a} = \langle 2, 5\rangle$.", "the vector a"),
        ("Find the mean of 3, 5, 7, 8 and 10.", "the data"),
        (r"Solve $\begin{cases} x + y = 5 \\ x - y = 1 \end{cases}$", "x + y = 5 and x − y = 1"),
        (r"$f(x) = \begin{cases} x^2 & x < 1 \\ 2 - x & x \ge 1\end{cases}$", "the graph of f(x), given in pieces"),
        ("Let $p(n) = n^2 + n + 41$.", "the graph of p(n) = n² + n + 41"),
        ("Compute the integral of x^2 from 0 to 3", "y = x² and the area from x = 0 to 3"),
        (r"Find $\int_{-1}^{2} (3x+1)\,dx$.", "y = (3x+1) and the area from x = −1 to 2"),
        ("In a triangle a = 3, b = 4 and c = 6.", "a triangle with sides 3, 4, 6"),
        ("In triangle ABC, AB = 6, AC = 8 and angle A = 90°.", "the triangle ABC with AC = 8, AB = 6, A = 90°"),
        ("Which line goes through (1,2) and (3,6)?", "the graph of y = 2x"),
        ("A rectangle is 8 cm long and 5 cm wide.", "a rectangle with sides 8 and 5"),
        ("A square has a side of 4 m.", "a square with side 4"),
        ("Find the area of a circle with radius 5.", "a circle of radius 5"),
    ],
)
def test_what_can_be_drawn_is_found(text: str, said: str) -> None:
    drawing = find(text)
    assert drawing is not None
    assert drawing.description == said


@pytest.mark.parametrize(
    "text",
    [
        "What is 2 + 2?",
        "Tom has 3 apples, 5 pears, 7 plums and 2 nuts. How many fruits has he?",
        "Solve a^2 + b^2 = c^2 for a.",
        "y = mx + b",
        "A triangle has sides 1, 2 and 5.",
        "What comes next in the sequence 1, 2, 4, 8, ...?",
        "x = 2",
        "",
        "x" * 5000,
    ],
)
def test_nothing_is_drawn_where_it_makes_no_sense(text: str) -> None:
    assert find(text) is None


def test_what_is_asked_for_is_drawn_even_if_it_is_simple() -> None:
    for text in ("x = 2", "y = 3"):
        assert find(text, asked=True) is not None


def test_an_answer_is_drawn_where_the_problem_cannot_be() -> None:
    problem = "Which line goes through the origin and climbs by 2?"
    drawing = drawing_of(Transcript.of(problem, Answer("y = 2x")))
    assert drawing is not None
    assert drawing.description == "the graph of y = 2x"
    assert drawing_of(Transcript.of(problem, Answer("7"))) is None


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("y = x^2 - 4", ["Zeros: (−2, 0), (2, 0)", "Lowest points: (0, −4)", "Value at x = 0: −4"]),
        ("y = (x-1)^2", ["Zeros: (1, 0)", "Lowest points: (1, 0)", "Value at x = 0: 1"]),
        ("y = 1/(x-1)", ["Vertical asymptotes: x = 1", "Horizontal asymptote: y = 0", "Value at x = 0: −1"]),
        ("y = 10^x", ["Horizontal asymptote for x → −∞: y = 0", "Value at x = 0: 1"]),
        ("y = floor(x)", ["Value at x = 0: 0"]),
        (
            "y = 1/(x^2-4)",
            [
                "Vertical asymptotes: x = −2, x = 2",
                "Horizontal asymptote: y = 0",
                "Highest points: (0, −0.25)",
                "Value at x = 0: −0.25",
            ],
        ),
        ("x + y = 1000", ["Crossings with the x-axis: (1000, 0)", "Crossings with the y-axis: (0, 1000)"]),
        ("y = x^2 - 10000", ["Zeros: (−100, 0), (100, 0)", "Lowest points: (0, −10000)", "Value at x = 0: −10000"]),
        (
            "y = 2x and y = x^2",
            [
                "Zeros of y = 2x: (0, 0)",
                "y = 2x at x = 0: 0",
                "Zeros of y = x²: (0, 0)",
                "Lowest points of y = x²: (0, 0)",
                "y = x² at x = 0: 0",
                "Intersections: (0, 0), (2, 4)",
            ],
        ),
        (
            "x^2 + y^2 = 25 and x = 3",
            [
                "Crossings with the x-axis of x² + y² = 25: (−5, 0), (5, 0)",
                "Crossings with the y-axis of x² + y² = 25: (0, −5), (0, 5)",
                "Crossings with the x-axis of x = 3: (3, 0)",
                "Intersections: (3, −4), (3, 4)",
            ],
        ),
        (
            "2x + 3y = 6; x - y = 1",
            [
                "Crossings with the x-axis of 2x + 3y = 6: (3, 0)",
                "Crossings with the y-axis of 2x + 3y = 6: (0, 2)",
                "Crossings with the x-axis of x − y = 1: (1, 0)",
                "Crossings with the y-axis of x − y = 1: (0, −1)",
                "Intersections: (1.8, 0.8)",
            ],
        ),
        ("-2 <= x < 3", ["All numbers from −2 (included), to 3 (not included)"]),
        (
            "A triangle has sides 3, 4 and 5.",
            [
                "Angle at A: 36.87°",
                "Angle at B: 53.13°",
                "Angle at C: 90°",
                "Side AB: 5",
                "Side BC: 3",
                "Side CA: 4",
                "Area: 6",
            ],
        ),
        (
            "integral of x from -1 to 2",
            ["Area above the axis: about 2; below it: about 0.5", "Integral: about 1.5"],
        ),
        ("Distance between A(1,2) and B(4,6)", ["Side AB: 5", "Midpoint: (2.5, 4)", "Slope: 1.3333"]),
        (
            "vectors u = (1,2) and v = (2,-1)",
            [
                "u = (1, 2), length 2.2361",
                "v = (2, −1), length 2.2361",
                "u + v = (3, 1), length 3.1623",
                "u · v = 0",
                "Angle between u and v: 90°",
            ],
        ),
        (
            "data: 3, 5, 7, 7",
            ["4 values from 3 to 7", "Mean 5.5, median 6, standard deviation 1.6583", "Most often: 7"],
        ),
        (
            "data points (1,2), (2,4), (3,6)",
            ["3 points, mean (2, 4)", "Best line: y = 2x + 0", "Correlation: 1"],
        ),
        ("y = sqrt(-1 - x^2)", ["There is nothing to draw: it is defined nowhere from -1000 to 1000."]),
    ],
)
def test_the_right_places_are_marked(sandbox: Sandbox, text: str, lines: list[str]) -> None:
    drawing = find(text)
    assert drawing is not None
    figure, words = picture(drawing, sandbox, NeverCancelled())
    assert words.splitlines() == lines
    if lines[0].startswith("There is nothing"):
        assert figure is None
    else:
        assert figure is not None
        assert "<svg" in figure.svg
        assert figure.alt.startswith("Plot")


def test_a_drawing_goes_on_with_the_solution(sandbox: Sandbox) -> None:
    earlier = Transcript.of("Solve x^2 - 4 = 0.", Text("So $x = 2$."), Answer("2"), meta={"model": "M"})
    library = MemoryLibrary()
    first, second, *_, last = draw(earlier, executor=sandbox, cancel=NeverCancelled(), library=lambda: library)
    assert isinstance(first, Recorded)
    assert second == QuestionAsked("Draw it.")
    assert isinstance(last, Finished)
    assert (last.reason, last.sentence()) == (EndReason.ANSWERED, "It is drawn.")
    kept = library.get(first.solution_id)
    assert kept.solution[:2] == earlier.solution
    question, text, code, output, figure = kept.solution[2:]
    assert question == Question("Draw it.")
    assert text == Text("This draws x² − 4 = 0: where the left side is 0.")
    assert isinstance(code, Code)
    assert isinstance(output, Output)
    assert (output.status, output.warnings) == ("ok", "")
    assert "Zeros: (−2, 0), (2, 0)" in output.stdout
    assert isinstance(figure, Figure)
    assert kept.answer == Answer("2")
    # A model that is asked later is told nothing of it.
    more = kept.with_solution((*kept.solution, Question("Why?"), Text("So.")), replies=[*kept.meta["replies"], {}])
    assert more.without_drawings().replies[1:] == (("Why?", (Text("So."),)),)
    assert earlier.without_drawings() is earlier


def test_what_cannot_be_drawn_is_said(sandbox: Sandbox) -> None:
    with pytest.raises(UserFault, match="nothing here that can be drawn"):
        list(draw(Transcript.of("1+1"), executor=sandbox, cancel=NeverCancelled(), library=MemoryLibrary))
