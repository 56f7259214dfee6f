"""Systems and their solutions, in one sentence or in two."""

import pytest

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.reading import Reading


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    symbolic.warm()


RIGHT = [
    "The system x + y = 9 and x - y = 5 has the solution x = 7, y = 2.",
    "The system 3x + y = 10, x - y = 2 has the unique solution (3, 1).",
    "Solving $x + 3y = 11$ and $2x - y = 1$ gives $x = 2$ and $y = 3$.",
    "The intersection of y = 3x - 1 and y = x + 3 is (2, 5).",
    "The lines y = 3x - 1 and y = x + 3 meet at the point (2, 5).",
    r"The solution to the system $\begin{cases} p + q = 8 \\ p - q = 2 \end{cases}$ is $(5, 3)$.",
    "The system x + y + z = 9, x - y = 1, z - x = 1 has the solution x = 3, y = 2, z = 4.",
    "The system $5x - y = 3$, $x + y = 3$ is solved by $(x, y) = (1, 2)$.",
    "From a + b = 12 and a - b = 4 we get a = 8 and b = 4.",
    "We have x + y = 9 and x - y = 5.\n\nThe solution is (x, y) = (7, 2).",
]
WRONG = [
    ("The system x + y = 9 and x - y = 5 has the solution x = 7, y = 3.", "x = 7, y = 2"),
    ("The system 3x + y = 10, x - y = 2 has the unique solution (1, 3).", "x = 3, y = 1"),
    ("Solving $x + 3y = 11$ and $2x - y = 1$ gives $x = 2$ and $y = 4$.", "x = 2, y = 3"),
    ("The intersection of y = 3x - 1 and y = x + 3 is (2, 6).", "x = 2, y = 5"),
    ("The lines y = 3x - 1 and y = x + 3 meet at the point (1, 5).", "x = 2, y = 5"),
    (r"The solution to the system $\begin{cases} p + q = 8 \\ p - q = 2 \end{cases}$ is $(3, 5)$.", "p = 5, q = 3"),
    ("The system x + y + z = 9, x - y = 1, z - x = 1 has the solution x = 3, y = 2, z = 5.", "x = 3, y = 2, z = 4"),
    ("The system $5x - y = 3$, $x + y = 3$ is solved by $(x, y) = (2, 1)$.", "x = 1, y = 2"),
    ("From a + b = 12 and a - b = 4 we get a = 9 and b = 3.", "a = 8, b = 4"),
    ("We have x + y = 9 and x - y = 5.\n\nThe solution is (x, y) = (6, 3).", "x = 7, y = 2"),
    ("The solution of x² + y² = 13, y = x + 1 is x = 3, y = 2.", "it does not solve y = x + 1"),
]


@pytest.mark.parametrize("text", RIGHT)
def test_the_solution_of_a_system_is_true(text: str) -> None:
    assert [c.verdict for c in Reading().text(text, 20.0) if c.reason == "system"] == ["true"]


@pytest.mark.parametrize(("text", "right"), WRONG)
def test_what_does_not_solve_a_system_is_false_and_the_solution_is_told(text: str, right: str) -> None:
    assert [c.right for c in Reading().text(text, 20.0) if c.verdict == "false"] == [right]


@pytest.mark.parametrize(
    "text",
    [
        "If x + y = 9 and x - y = 5 has the solution x = 1, y = 2, we are done.",
        "From x + y = 9 and x - y = 5 we get 2x = 14.",
        "From x = 2 and y = 3 we get x = 5 and y = 6 after the shift.",
        "The system x + y = k and x - y = 2 has the solution x = 6, y = 4.",
        "The solution of x + y = 9, x - y = 5 is not (6, 3).",
        "The system x + y = 9, x - y = 5 has the solution x = 7, y = 2 or x = 3, y = 7.",
        "x + y = 9, x - y = 5. The solution of the other system is x = 3 and y = 1.",
    ],
)
def test_other_values_that_solve_no_system_are_not_called_false(text: str) -> None:
    assert "false" not in [c.verdict for c in Reading().text(text, 20.0)]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("The solution of 6x = 11 is x = 1.83.", "unchecked"),
        ("The roots of x^2 = 5 are 2.236 and -2.236.", "unchecked"),
        ("The equation x^2 = 5 has the solutions 2.9 and -2.9.", "false"),
        ("The solution of 4x = 10 is x = 2.5.", "true"),
        ("The solution of 4x = 10 is x = 3.5.", "false"),
    ],
)
def test_a_root_told_as_a_decimal_may_be_rounded(text: str, verdict: str) -> None:
    assert Reading().text(text, 20.0)[0].verdict == verdict
