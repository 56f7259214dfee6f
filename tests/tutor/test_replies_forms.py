"""Replies to solutions with several answers, and with answers that are formulas, intervals, sets and points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.tutor.test_replies import CHECKED, Same, asked, judged
from tutor_app.adapters.grading.grader import Grader
from tutor_app.core import several
from tutor_app.core.answers import find_answer
from tutor_app.core.parts import Answer, AnswerPart, Text
from tutor_app.core.transcript import Transcript
from tutor_app.core.verdicts import Verdict
from tutor_app.export.markdown import to_markdown
from tutor_app.handout.options import Options


def solved(problem: str, text: str) -> Transcript:
    """A solution whose answer, or each of whose answers, was checked."""
    parts = [replace(part, verdict=CHECKED) for part in several.parts_of([text], several.asked(problem))]
    answer = several.whole(parts) if parts else find_answer((Text(text),))
    assert answer is not None
    return Transcript.of(problem, Text(text), replace(answer, verdict=CHECKED))


FUNCTION = solved(
    "Let f(x) = 2x + 1. (a) Find f(1). (b) Find the x with f(x) = 11.",
    "(a) f(1) = 2 + 1 = \\boxed{3}. (b) 2x + 1 = 11, so x = \\boxed{5}.",
)
SIDES = solved(
    "A rectangle is 6 cm by 4 cm.\n(a) What is its area?\n(b) What is its perimeter?\n(c) How long is its diagonal?",
    "(a) Area: $6\\cdot 4 = \\boxed{24}$.\n\n(b) Perimeter: $2(6+4) = \\boxed{20}$."
    "\n\n(c) Diagonal: $\\sqrt{36+16} = \\boxed{2\\sqrt{13}}$.",
)
MARBLES = solved(
    "Mia has 3 bags with 8 marbles each. How many marbles does she have? How many are left after she gives away 10?",
    "She has 3*8 = \\boxed{24} marbles. Then 24 - 10 = \\boxed{14} are left.",
)
FACTORS = solved("Factor x^2 - 5x + 6.", "2 and 3 add to 5: $\\boxed{(x-2)(x-3)}$.")
DERIVATIVE = solved("Find the derivative of x^2 + x.", "Power rule: $\\boxed{2x+1}$.")
BETWEEN = solved("Solve x^2 < 9.", "Between the roots: $\\boxed{(-3, 3)}$.")
AT_LEAST = solved("Solve 3x - 2 >= 7.", "3x >= 9: $\\boxed{x \\ge 3}$.")
PRIMES = solved("List the prime numbers less than 10.", "$\\boxed{\\{2, 3, 5, 7\\}}$")
LINES = solved("Where do the lines y = x + 1 and y = 3x - 5 meet?", "x + 1 = 3x - 5, x = 3, y = 4: $\\boxed{(3, 4)}$.")
GARDEN = solved(
    "A garden has 4 rows of 9 plants. 12 more plants are added. How many plants are there?",
    "Step 1: 4*9 = 36.\n\nStep 2: Add 12: 36 + 12 = 48.\n\n\\boxed{48}",
)
INTEGRAL = solved("Find the integral of 6x^2.", "\\boxed{2x^3 + C}")
EXPANSION = solved("Expand (x+3)^2.", "x^2+3x+3x+9: $\\boxed{x^2+6x+9}$")
LINE = solved("Find the equation of the line through (0, 2) with slope 3.", "$\\boxed{y = 3x + 2}$")
ROOTS = solved("Solve x^2 - 6x + 8 = 0.", "(x-2)(x-4) = 0. $\\boxed{x = 2 \\text{ or } x = 4}$")
QUOTIENT = solved("Simplify (x^2-1)/(x-1).", "\\boxed{x+1}")
SINE = solved("What is sin(60 degrees)?", "\\boxed{\\frac{\\sqrt{3}}{2}}")
LOGARITHM = solved("Simplify ln(e^{3x}).", "\\boxed{3x}")
VERTEX = solved("What is the vertex of y = (x-1)^2 + 4?", "\\boxed{(1, 4)}")
TICKETS = solved(
    "Tickets cost $12 and a drink costs $3. What do 4 tickets and 2 drinks cost?",
    "4*12=48, 2*3=6, 48+6=54. \\boxed{54}",
)
DIE = solved("A die is rolled. What is the probability of an even number?", "\\boxed{\\frac{1}{2}}")
DOMAIN = solved("What is the domain of sqrt(x - 2)?", "\\boxed{[2, \\infty)}")
PRODUCT = solved(
    "Compute the product of the matrix [[1,2],[3,4]] and the vector (1,1).",
    "\\boxed{\\begin{pmatrix}3\\\\7\\end{pmatrix}}",
)
ZEROS = solved(
    "For the function f(x) = x^2 - 4x: (i) Where are its zeros? (ii) What is its minimum?",
    "(i) x(x-4) = 0: $\\boxed{0, 4}$. (ii) f(2) = $\\boxed{-4}$.",
)
DIVISORS = solved("List all divisors of 12.", "$\\boxed{1, 2, 3, 4, 6, 12}$")
SYSTEM = solved("Solve the system 2x + y = 7, x - y = 2.", "$\\boxed{(3, 1)}$")
INVERSE = solved("Find the inverse function of f(x) = 2x - 6.", "$\\boxed{f^{-1}(x) = \\frac{x+6}{2}}$")
PHONE = solved("A phone costs $400 and is 15% off. What does it cost now?", "$\\boxed{\\$340}$")
VECTORS = solved("Add the vectors (1, 2, 3) and (4, -1, 0).", "$\\boxed{(5, 1, 3)}$")
IS_PRIME = solved("Is 51 a prime number?", "51 = 3*17. $\\boxed{\\text{No}}$")
OUTSIDE = solved("Solve x^2 > 16.", "$\\boxed{x < -4 \\text{ or } x > 4}$")
TANGENT = solved("Find the equation of the tangent to y = x^2 at x = 3.", "Slope 6 at (3, 9): $\\boxed{y = 6x - 9}$")
CUBES = solved("Factor x^3 - 8 completely.", "$\\boxed{(x-2)(x^2+2x+4)}$")
REGIONS = solved("Solve the inequality x^2 - x - 6 > 0.", "$\\boxed{(-\\infty, -2) \\cup (3, \\infty)}$")
DECIMAL = solved("Rewrite 0.375 as a fraction.", "$\\boxed{\\frac{3}{8}}$")


@pytest.fixture(scope="module")
def same() -> Iterator[Same]:
    with Grader() as grader:
        yield lambda a, b: {"correct": True, "incorrect": False}.get(grader.grade(a, b).verdict)


@pytest.mark.parametrize(
    ("about", "question", "reply"),
    [
        (FUNCTION, "Why?", "For part (a), put 1 in: 2 + 1 = 3. For part (b), 2x = 12, so the answer to (b) is 6."),
        (FUNCTION, "Explain more simply", "(a) The answer is $\\boxed{4}$.\n(b) The answer is $\\boxed{5}$."),
        (FUNCTION, "Why?", "(a) f(1) = \\boxed{3}\n\n(b) x = \\boxed{6}"),
        (FUNCTION, "Explain part (b).", "We need 2x + 1 = 11. Then 2x = 12 and x = 6. So the answer to part (b) is 6."),
        (FUNCTION, "Is (a) really 3?", "No, part (a) is 5: the answer to (a) is 5."),
        (
            SIDES,
            "Check it",
            "(a) 6*4 = 24, so \\boxed{24}.\n(b) 2*10 = 20, so \\boxed{20}.\n"
            "(c) \\sqrt{36+16} = \\sqrt{52} = \\boxed{2\\sqrt{26}}.",
        ),
        (
            SIDES,
            "Why is (c) so?",
            "By Pythagoras the diagonal is \\sqrt{36 + 16} = \\sqrt{50}. So the answer to (c) is $5\\sqrt{2}$.",
        ),
        (
            SIDES,
            "Solve the problem in another way.",
            "The area is \\boxed{24}, the perimeter is \\boxed{10}, and the diagonal is \\boxed{2\\sqrt{13}}.",
        ),
        (
            MARBLES,
            "Why?",
            "3 bags of 8 are 24. After 10 are gone there are 16. The answers are \\boxed{24} and \\boxed{16}.",
        ),
        (FACTORS, "Why?", "We need two numbers with product 6 and sum 5. So the factorisation is (x-2)(x-4)."),
        (FACTORS, "Why?", "The factored form is $(x-1)(x-6)$."),
        (FACTORS, "Check it", "So the answer is $\\boxed{(x+2)(x+3)}$."),
        (FACTORS, "Explain more simply", "So $x^2 - 5x + 6 = (x-2)(x-4)$."),
        (DERIVATIVE, "Why?", "The derivative of x^2 is 2x and the constant goes away, so the derivative is 2x."),
        (DERIVATIVE, "How did you get that?", "By the power rule, f'(x) = 2x + x."),
        (DERIVATIVE, "Explain", "Thus the derivative is $\\boxed{2x + 2}$."),
        (DERIVATIVE, "Are you sure?", "I am sorry, the derivative of x^2 + x is 2x."),
        (BETWEEN, "Why?", "x^2 < 9 means x < 3, so the solution set is (-\\infty, 3)."),
        (BETWEEN, "Why?", "So the solution is $-9 < x < 9$."),
        (BETWEEN, "Why?", "The answer is $[-3, 3]$."),
        (AT_LEAST, "Why?", "Add 2: 3x >= 9. So x > 3... the answer is $x \\ge 9$."),
        (AT_LEAST, "Why?", "So the solution is $x \\le 3$."),
        (PRIMES, "Why?", "The primes less than 10 are 1, 2, 3, 5 and 7. So the answer is {1, 2, 3, 5, 7}."),
        (PRIMES, "Check it", "The answer is \\boxed{\\{2, 3, 5, 7, 9\\}}."),
        (LINES, "Why?", "Set them equal. x = 3 and y = 5, so the lines meet at (3, 5)."),
        (LINES, "Why?", "The intersection point is $(2, 3)$."),
        (LINES, "Explain more simply", "They cross where both are equal: \\boxed{(3, 5)}."),
        (
            GARDEN,
            "Why is 12 added in step 2?",
            "Because 12 more plants come. So the answer is 36 + 12 = 46, so there are \\boxed{46} plants.",
        ),
        (GARDEN, "Why?", "36 + 12 = 38. So there are 38 plants."),
        (INTEGRAL, "Why?", "The antiderivative is $3x^3 + C$."),
        (INTEGRAL, "Why?", "So the integral is 2x^2 + C."),
        (EXPANSION, "Why?", "So $(x+3)^2 = x^2 + 9$."),
        (LINE, "Why?", "The slope is 3, so the line is y = 2x + 3."),
        (LINE, "Check it", "So the equation of the line is $\\boxed{y = 3x - 2}$."),
        (ROOTS, "Why?", "So the roots are 2 and -4."),
        (ROOTS, "Why?", "Therefore the solutions are $x=-2$ and $x=-4$."),
        (QUOTIENT, "Why?", "Cancel: the simplified form is x - 1."),
        (SINE, "Why?", "In the triangle, the sine is $\\frac{1}{2}$, so the answer is $\\frac12$."),
        (LOGARITHM, "Why?", "ln and e cancel, which leaves e^{3x}... So the answer is $3e^x$."),
        (VERTEX, "Why?", "The vertex is (-1, 4)."),
        (TICKETS, "Why?", "4 × 12 = 48 and 2 × 3 = 6, so the total cost is $52."),
        (DIE, "Why?", "3 of 6 numbers are even. So the probability is 1/3."),
        (DOMAIN, "Why?", "The root needs x - 2 > 0, so the domain is $(2, \\infty)$."),
        (DOMAIN, "Why?", "The domain is x \\ge -2."),
        (ZEROS, "How did you get (i)?", "We factor: x(x-4). So the zeros are 0 and -4."),
        (ZEROS, "Why?", "(i) x = 0 and x = 4, so \\boxed{0, 4}. (ii) At x = 2 it is least: the answer is \\boxed{2}."),
        (DIVISORS, "Why?", "So the divisors of 12 are 1, 2, 3, 4, 6, 8 and 12."),
        (SYSTEM, "Why?", "So x = 3 and y = 2."),
        (INVERSE, "Check it", "So $f^{-1}(x) = 2x + 6$."),
        (PHONE, "Why?", "15% of 400 is 60. So the phone now costs $460."),
        (VECTORS, "Why?", "The sum is (5, 3, 3)."),
        (IS_PRIME, "Why?", "Because it has no divisors. So the answer is Yes."),
        (OUTSIDE, "Why?", "Take roots: the solution is $x > 4$."),
        (DECIMAL, "Why?", "375/1000 = 3/7. So the fraction is 3/7."),
        (TANGENT, "Why?", "So the equation of the tangent is $y = 6x + 9$."),
        (CUBES, "Why?", "So $x^3 - 8 = (x-2)^3$."),
        (REGIONS, "Why?", "So the solution set is $(3, \\infty)$."),
    ],
)
def test_another_result_is_told(about: Transcript, question: str, reply: str, same: Same) -> None:
    found = judged(about, question, reply, same)
    assert found is not None
    assert found.verdict.kind == "wrong"
    assert found.verdict.how == "solution"


@pytest.mark.parametrize(
    ("about", "question", "reply"),
    [
        (FUNCTION, "Why?", "For part (a), put 1 in: 2 + 1 = 3. For part (b), take 1 away, 2x = 10, so x = 5."),
        (FUNCTION, "Explain part (a).", "Put 1 in for x: f(1) = 2*1 + 1 = \\boxed{3}."),
        (FUNCTION, "Explain part (b).", "2x = 10, so \\boxed{5}."),
        (FUNCTION, "Why?", "The answers are (a) 3 and (b) 5."),
        (FUNCTION, "Why is (b) 5?", "2*5 + 1 = \\boxed{11}, as wanted."),
        (FUNCTION, "Check it", "f(5) = 11 and f(1) = 3. Both are right."),
        (
            SIDES,
            "Explain more simply",
            "(a) The area is \\boxed{24}. (b) The perimeter is \\boxed{20}. (c) The diagonal is \\boxed{\\sqrt{52}}.",
        ),
        (SIDES, "Check it", "(b) 6+4+6+4 = 20 cm\n(c) about 7.21 cm\n(a) 24 cm^2"),
        (SIDES, "Why is (b) so?", "Half of it is 6 + 4 = 10; twice that is 20."),
        (MARBLES, "Why?", "First 24, then 14."),
        (MARBLES, "Why?", "So \\boxed{14} are left."),
        (FACTORS, "Why?", "The factorisation is (x-3)(x-2)."),
        (FACTORS, "Why?", "(x-2)(x-4) would give x^2 - 6x + 8, so it is not right. The factored form is (x-2)(x-3)."),
        (FACTORS, "Why?", "The roots are 2 and 3."),
        (DERIVATIVE, "Why?", "The derivative of x^2 is 2x, and the derivative of x is 1."),
        (DERIVATIVE, "Why?", "So the derivative is 1 + 2x."),
        (DERIVATIVE, "Why?", "At x = 0 the derivative is 1."),
        (DERIVATIVE, "What is the second derivative?", "The derivative of 2x + 1 is 2. The answer is \\boxed{2}."),
        (BETWEEN, "Why?", "So the solution is -3 < x < 3."),
        (BETWEEN, "Why?", "The answer is $|x| < 3$."),
        (BETWEEN, "Why?", "The solution set is $\\{x : -3 < x < 3\\}$."),
        (AT_LEAST, "Why?", "So the solution is $[3, \\infty)$."),
        (PRIMES, "Why?", "The primes are 7, 5, 3 and 2."),
        (PRIMES, "How many are there?", "The answer is \\boxed{4}."),
        (LINES, "Why?", "At x = 3 both give 4, so they meet at x = 3, y = 4."),
        (LINES, "Why?", "So x = 3."),
        (GARDEN, "Why is 12 added in step 2?", "Because 12 more plants are added: \\boxed{12}."),
        (GARDEN, "Why is 12 added in step 2?", "12 plants come to the 36 that are there. \\boxed{36 + 12 = 48}"),
        (GARDEN, "What does step 1 mean?", "4 rows with 9 each: the result of step 1 is \\boxed{36}."),
        (GARDEN, "Explain step 1.", "4 times 9, so \\boxed{36}."),
        (INTEGRAL, "Why?", "The antiderivative is 2x^3 plus a constant."),
        (INTEGRAL, "Check it", "The derivative of 2x^3 + C is \\boxed{6x^2}, which is the integrand."),
        (EXPANSION, "Why?", "The expansion is x^2 + 9 + 6x."),
        (LINE, "Why?", "The line is 3x - y + 2 = 0."),
        (LINE, "Why?", "At x = 0 we get y = 2, and the slope is 3."),
        (ROOTS, "Why?", "One root is 4, the other is 2."),
        (ROOTS, "Why?", "The factors are (x-2)(x-4)."),
        (ROOTS, "Why?", "The sum of the roots is 6 and the product is 8."),
        (QUOTIENT, "Why?", "x^2 - 1 = (x-1)(x+1). Cancel x - 1."),
        (SINE, "Why?", "The sine of 60° is about 0.866."),
        (LOGARITHM, "Why?", "Because ln(e^y) = y, the answer is $x \\cdot 3$."),
        (VERTEX, "Why?", "The vertex is at x = 1, y = 4."),
        (TICKETS, "Why?", "The tickets cost 4*12 = \\boxed{48} and the drinks 6, together 54."),
        (DIE, "Why?", "So the probability is 0.5, or 50%."),
        (DOMAIN, "Why?", "The domain is x \\ge 2."),
        (PRODUCT, "Why?", "1*1 + 2*1 = 3 and 3 + 4 = 7, so the answer is (3, 7)."),
        (ZEROS, "How did you get (ii)?", "The vertex is at x = 2. There f(2) = 4 - 8 = \\boxed{-4}."),
        (DIVISORS, "How many divisors are there?", "There are \\boxed{6}."),
        (SYSTEM, "Why?", "Add both: 3x = 9, so x = 3. Then y = 1."),
        (INVERSE, "Why?", "The inverse is $f^{-1}(x) = \\frac{1}{2}x + 3$."),
        (PHONE, "Why?", "15% of 400 is \\boxed{60}, and 400 - 60 = 340."),
        (VECTORS, "Why?", "Place by place: 1 + 4 = 5, 2 - 1 = 1, 3 + 0 = 3."),
        (IS_PRIME, "Why?", "Because 51 = 3 \\cdot 17, the answer is no."),
        (OUTSIDE, "Why?", "One case is x > 4."),
        (TANGENT, "Why?", "The equation of the parabola is y = x^2."),
        (TANGENT, "Why?", "At $x = 3$ the slope is $6$. The line is $y - 9 = 6(x - 3)$."),
        (CUBES, "Check it", "Expanding $(x-2)(x^2+2x+4)$ gives $x^3 - 4x - 8 + 4x = \\boxed{x^3 - 8}$."),
        (REGIONS, "Why?", "Between them, $-2 < x < 3$, the product is negative."),
    ],
)
def test_the_same_result_and_what_is_beside_it_are_not(
    about: Transcript, question: str, reply: str, same: Same
) -> None:
    found = judged(about, question, reply, same)
    assert found is None or found.verdict.kind == "checked"


def test_each_part_that_the_reply_names_has_its_own_verdict(same: Same) -> None:
    found = judged(FUNCTION, "Why?", "(a) Put 1 in: the answer is 3.\n(b) Half of 12 is 6, so x = 6.", same)
    assert found == Answer(
        "3, 6",
        verdict=Verdict("wrong", "solution", "5"),
        parts=(
            AnswerPart("3", "(a)", Verdict("checked", "solution")),
            AnswerPart("6", "(b)", Verdict("wrong", "solution", "5")),
        ),
    )


def test_the_part_that_differs_is_named_in_exports() -> None:
    found = asked(FUNCTION, "Why?", "(a) f(1) = \\boxed{3}\n\n(b) x = \\boxed{6}")
    assert Transcript.from_json(found.to_json()) == found
    text = to_markdown([found], Options(), "")[0]
    assert "(b) this reply says 6, but the checked answer is 5." in text.lower()


def test_a_box_about_one_step_is_no_answer_to_the_problem_but_another_total_is(same: Same) -> None:
    question = "Why is 12 added in step 2?"
    assert judged(GARDEN, question, "Because 12 more plants come: \\boxed{12}.", same) is None
    found = judged(GARDEN, question, "They come to the 36. So the answer is \\boxed{46}.", same)
    assert found is not None
    assert found.verdict == Verdict("wrong", "solution", "48")
