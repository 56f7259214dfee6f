"""A reply that states another result than its solution is told; what is about something else never is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

import pytest

from tests.fakes import FakeExecutor
from tests.scripted_model import ScriptedModel
from tutor_app.adapters.grading.grader import Grader
from tutor_app.adapters.sandbox.sessions import Sandbox
from tutor_app.core.answers import find_answer
from tutor_app.core.dialect import CHATML, PromptSet
from tutor_app.core.events import Finished
from tutor_app.core.parts import Answer, Question, Text
from tutor_app.core.solve_settings import SolveSettings
from tutor_app.core.transcript import Transcript
from tutor_app.core.verdicts import KNOWN_WRONG, Verdict
from tutor_app.export.markdown import to_markdown
from tutor_app.handout.options import Options
from tutor_app.handout.wording import verdict_line
from tutor_app.tutor.replies import judged_reply
from tutor_app.tutor.service import LoadableModel, Tutor

Same = Callable[[str, str], bool | None]
CHECKED = Verdict("checked", "substituted")


def solved_as(problem: str, text: str, answer: str, verdict: Verdict = CHECKED) -> Transcript:
    return Transcript.of(problem, Text(text), Answer(answer, verdict=verdict))


EQUATION = solved_as("Solve 2x + 3 = 13", "Subtract 3: $2x = 10$. Divide by 2: $x = 5$. So $\\boxed{5}$.", "5")
APPLES = solved_as(
    "Anna has 12 apples. She gives 7 to Ben. How many apples does Anna have left?", "12 - 7 = 5. \\boxed{5}", "5"
)
QUADRATIC = solved_as("Solve x^2 - 5x + 6 = 0", "(x-2)(x-3)=0 so \\boxed{x = 2 or x = 3}", "x = 2 or x = 3")
DERIVATIVE = solved_as("What is the derivative of x^2?", "Power rule: \\boxed{2x}", "2x")
TRAIN = solved_as("A train travels 240 km in 2 hours. What is its speed in km/h?", "240/2 = 120. \\boxed{120}", "120")
RECTANGLE = solved_as(
    "A rectangle is 3 cm wide and 4 cm long. What is its perimeter?",
    "2(3+4)=14 \\boxed{14\\text{ cm}}",
    "14\\text{ cm}",
)
FRACTIONS = solved_as("What is 1/2 + 1/3?", "3/6+2/6 = 5/6 \\boxed{\\frac{5}{6}}", "\\frac{5}{6}")
CIRCLE = solved_as("What is the area of a circle with radius 3?", "\\boxed{9\\pi}", "9\\pi")
COAT = solved_as("A coat costs $80. It is reduced by 25%. What is the new price?", "80*0.75=60 \\boxed{60}", "60")
SYSTEM = solved_as("Solve x + y = 10 and x - y = 2.", "\\boxed{x = 6, y = 4}", "x = 6, y = 4")
LIMIT = solved_as("Compute \\lim_{x\\to 0} \\frac{\\sin 3x}{x}.", "\\boxed{3}", "3")
INTEGRAL = solved_as("Integrate 2x with respect to x.", "\\boxed{x^2 + C}", "x^2 + C")
DIFFERENCE = solved_as("What is 3 - 8?", "3-8=-5 \\boxed{-5}", "-5")
DIVISOR = solved_as("What is the greatest common divisor of 84 and 36?", "\\boxed{12}", "12")
BUSES = solved_as(
    "A bus holds 48 people. How many buses are needed for 435 people?", "435/48 = 9.06 so \\boxed{10}", "10"
)
INEQUALITY = solved_as("Solve 2x - 1 > 5.", "x>3 \\boxed{x > 3}", "x > 3")
FILM = solved_as("A film lasts 2 hours and 15 minutes. How many minutes is that?", "\\boxed{135}", "135")
SQUARE = solved_as(
    "A square has a perimeter of 36 cm. What is its area?",
    "36/4 = 9, 9^2 = 81. \\boxed{81 \\text{ cm}^2}",
    "81 \\text{ cm}^2",
)
AGES = solved_as(
    "Tom is 4 years older than Ann. Together they are 30. How old is Ann?", "2a + 4 = 30, a = 13. \\boxed{13}", "13"
)
DICE = solved_as(
    "Two dice are rolled. What is the probability that the sum is 7?",
    "6/36 = 1/6 \\boxed{\\frac{1}{6}}",
    "\\frac{1}{6}",
)
FACTORS = solved_as("Find all prime factors of 60.", "\\boxed{2, 3, 5}", "2, 3, 5")
DETERMINANT = solved_as("What is the determinant of [[1, 2], [3, 4]]?", "1*4-2*3=-2 \\boxed{-2}", "-2")
SEQUENCE = solved_as("What is the next term of 2, 4, 8, 16?", "\\boxed{32}", "32")
FUNCTION = solved_as("Find f(3) for f(x) = x^2 + 1.", "9+1 = 10 \\boxed{10}", "10")
PRIME = solved_as("Is 91 a prime number?", "91 = 7*13 \\boxed{\\text{No}}", "\\text{No}")
WRONG = solved_as("Solve 2x = 10", "\\boxed{4}", "4", Verdict("wrong", "recomputed", "5"))


@pytest.fixture(scope="module")
def same() -> Iterator[Same]:
    with Grader() as grader:
        yield lambda a, b: {"correct": True, "incorrect": False}.get(grader.grade(a, b).verdict)


def judged(solved: Transcript, question: str, reply: str, same: Same) -> Answer | None:
    answer = find_answer((Text(reply),))
    given = answer if answer is not None and answer.source in ("boxed", "phrase") else None
    return judged_reply(question, solved, given, (Text(reply),), same)


@pytest.mark.parametrize(
    ("solved", "question", "reply"),
    [
        (EQUATION, "Why?", "Because we subtract 3 and divide by 2, so the answer is 7."),
        (EQUATION, "Why?", "We subtract 3 from both sides: 2x = 14. Then x = 7."),
        (EQUATION, "Why?", "We subtract 3: $2x = 14$. Dividing, $x = 7$."),
        (EQUATION, "Why?", "So $\\boxed{7}$."),
        (EQUATION, "Why?", "Therefore, the solution is **x = 7**."),
        (EQUATION, "Explain more simply", "First take 3 away. Then halve it.\n\nThe answer is $\\boxed{7}$."),
        (EQUATION, "Why is it 5?", "You subtract 3, which leaves 14. Half of that is 7, so x = 7."),
        (EQUATION, "I got 7. Is that right?", "Yes, you are right, the answer is 7."),
        (EQUATION, "Isn't it 7?", "You are right, x = 7."),
        (EQUATION, "Are you sure?", "I am sorry. The correct answer is 8."),
        (EQUATION, "Solve the problem in another way.", "Graph both sides. They meet at one point. Therefore x = 4."),
        (EQUATION, "Why?", "The answer is seven."),
        (EQUATION, "Check the answer in another way, with Python code.", "The code prints 7. So the answer is $7$."),
        (EQUATION, "Why do we subtract 3?", "To isolate x. Then we get 2x = 14, and x = 7."),
        (APPLES, "Why?", "She starts with 12 and gives some away. So Anna has 6 apples left."),
        (APPLES, "Why?", "So Anna has 19 apples left."),
        (
            APPLES,
            "Explain the solution more simply, in short sentences.",
            "She has 12. She gives 7. So the answer is 4 apples.",
        ),
        (APPLES, "How many apples does Anna have left?", "Anna has \\boxed{4} apples left."),
        (APPLES, "why", "We have 12 apples.\n\nThe answer is: 6"),
        (QUADRATIC, "Why?", "Factor it. So the solutions are x = 2 or x = 4."),
        (QUADRATIC, "Why?", "So \\boxed{x = 1, x = 6}."),
        (DERIVATIVE, "Why?", "By the power rule the answer is $3x$."),
        (DERIVATIVE, "Why?", "So \\boxed{x}."),
        (TRAIN, "Why?", "Speed is distance over time, so the speed is 480 km/h. The answer is 480 km/h."),
        (RECTANGLE, "Why?", "Add all sides. The answer is 12 cm."),
        (FRACTIONS, "Why?", "The answer is $\\frac{2}{5}$."),
        (FRACTIONS, "Why?", "So the answer is 2/5."),
        (EQUATION, "> 2x = 10\n\nWhy is this step right?", "Because 13 - 3 = 10. So x = 7."),
        (EQUATION, "How did you get that?", "We get x = 10/2 = 6."),
        (EQUATION, "Warum?", "The answer is 7."),
        (EQUATION, "Why?", "So, the value of x is 7."),
        (EQUATION, "Why?", "Therefore, x is equal to 7."),
        (EQUATION, "Why?", "Subtract.\n\\[ x = \\frac{14}{2} = 7 \\]"),
        (APPLES, "Why?", "Anna has 12 - 7 = 6 apples left."),
        (APPLES, "Why?", "So it's 6."),
        (APPLES, "Why?", "**Answer:** 6 apples"),
        (TRAIN, "Why?", "The speed of the train is 100 km/h."),
        (RECTANGLE, "Why?", "The perimeter is 12 cm."),
        (DERIVATIVE, "Why?", "So the derivative of $x^2$ is $3x$."),
        (CIRCLE, "Why?", "The area is pi times the radius squared, so the answer is $6\\pi$."),
        (CIRCLE, "why", "Therefore the area of the circle is 6π."),
        (COAT, "Can you explain the second step?", "25% of 80 is 20. 80 + 20 = 100. So the answer is $100."),
        (COAT, "Please double-check.", "80 - 25 = 55. The new price is $55."),
        (
            COAT,
            "Could you show the steps?",
            "Step 1: 25% of 80 is 25.\nStep 2: 80 - 25 = 55.\n\nSo the new price is **\\$55**.",
        ),
        (COAT, "I don't understand.", "We take off 25%. The final answer is 55 dollars."),
        (COAT, "Check if it's right", "The new price should be computed as 0.25 * 80 = 20.\nThe answer is 20."),
        (SYSTEM, "Why?", "Add both: 2x = 12. So the solution is x = 7, y = 3."),
        (SYSTEM, "How do you know?", "So \\boxed{(7, 3)}."),
        (LIMIT, "Why?", "Because sin(3x) is about x for small x, the limit is 1. So the answer is 1."),
        (LIMIT, "Is that right?", "No, the answer is $\\frac{1}{3}$."),
        (LIMIT, "Really?", "I made an error. The limit is \\boxed{1}."),
        (INTEGRAL, "Why?", "The antiderivative of 2x is 2x^2. The answer is $2x^2 + C$."),
        (INTEGRAL, "Another way?", "So the integral is \\boxed{2x^2 + C}."),
        (DIFFERENCE, "Why?", "8 - 3 = 5, so the answer is 5."),
        (DIFFERENCE, "Why is it negative?", "Sorry, the answer is 5."),
        (DIVISOR, "How?", "84 = 2*42 and 36 = 2*18. So the greatest common divisor is 6."),
        (DIVISOR, "Isn't it 6?", "Yes, the GCD is 6. The answer is 6."),
        (BUSES, "Why not 9?", "You are right. 435/48 is 9.06, so 9 buses are enough. The answer is 9."),
        (BUSES, "Why did you round up?", "Because every person needs a seat. So the answer is 11."),
        (INEQUALITY, "Why?", "Adding 1 gives 2x > 6, so the answer is $x > 2$."),
        (INEQUALITY, "Why?", "So \\boxed{x < 3}."),
        (FILM, "Explain it as if I were five.", "So the film lasts 115 minutes. The answer is 115 minutes."),
        (FILM, "Why?", "2 × 60 = 120. 120 + 15 = 145. So it is 145 minutes."),
        (EQUATION, "What is the answer again?", "x = 6"),
        (EQUATION, "Was ist die Antwort?", "x = 7"),
        (EQUATION, "Erkläre es einfacher.", "Also ist x = 7."),
        (EQUATION, "Why?", "13 - 3 = 10\n10 / 2 = 5\n\n**Answer: x = 8**"),
        (
            EQUATION,
            "Show me the steps in detail",
            "1. Subtract 3: 2x = 10\n2. Divide by 2: x = 6\n\nThus, $\\boxed{x=6}$.",
        ),
        (EQUATION, "Why?", "Therefore:\n\n\\[\nx = 7\n\\]"),
        (EQUATION, "Why?", "Therefore, $$x = \\frac{14}{2} = \\boxed{7}$$"),
        (APPLES, "How did you get that?", "Start with 12, take away 7. 12 - 7 = 4. Anna has 4 apples left."),
        (APPLES, "Why?", "12 - 7 = 5... Hmm, wait. She has 12 + 7 = 19. So the answer is 19 apples."),
        (COAT, "Check the answer in another way, with Python code.", "So the new price is $\\boxed{20}$."),
        (COAT, "Why?", "So \\boxed{80}."),
        (SQUARE, "Why?", "Each side is 36/4 = 9. The area is 9 + 9 = 18 cm². The answer is 18 cm²."),
        (SQUARE, "Why?", "So the area is 72 square centimetres."),
        (AGES, "Why?", "So Ann is 17 years old."),
        (AGES, "Explain more simply", "Ann is 11 and Tom is 15... wait, that is 26. So Ann is 17."),
        (AGES, "Why?", "The answer is 17."),
        (DICE, "Why?", "There are 5 ways of 36. So the probability is 5/36."),
        (DICE, "Why?", "The answer is $\\frac{1}{12}$."),
        (FACTORS, "Why?", "60 = 4·15. So the prime factors are 2, 3 and 7."),
        (FACTORS, "Are you sure?", "The answer is 2, 5, 7."),
        (DETERMINANT, "Why?", "1·4 − 2·3 = 2. The determinant is 2. So the answer is 10."),
        (SEQUENCE, "Why?", "Each term is doubled, so the next term is 24."),
        (SEQUENCE, "Why?", "So the answer is 31."),
        (FUNCTION, "Why?", "3^2 = 6 and 6 + 1 = 7, so f(3) = 7."),
        (FUNCTION, "Why?", "So the answer is 7."),
        (APPLES, "Why?", "She would need another 2 apples for a full bag of 7.\nAnswer: 4"),
    ],
)
def test_a_reply_that_states_another_result_is_told(solved: Transcript, question: str, reply: str, same: Same) -> None:
    found = judged(solved, question, reply, same)
    assert found is not None
    assert (found.verdict.kind, found.verdict.how, found.verdict.right) == (
        "wrong",
        "solution",
        solved.answer and solved.answer.latex,
    )


@pytest.mark.parametrize(
    ("solved", "question", "reply"),
    [
        (EQUATION, "Why?", "Because 13 - 3 = 10 and 10 / 2 = 5, so the answer is 5."),
        (EQUATION, "Why?", "Because we want x alone."),
        (EQUATION, "Why?", "We subtract 3 on both sides: 2x = 10."),
        (EQUATION, "Why?", "For example, if 2x + 1 = 15, then x = 7. The answer is 7."),
        (
            EQUATION,
            "Give me a similar problem with other numbers, without its solution.",
            "Solve 3x + 2 = 23. The answer is \\boxed{7}.",
        ),
        (EQUATION, "What if it were 17 instead of 13?", "Then 2x = 14, so x = 7. The answer is \\boxed{7}."),
        (EQUATION, "What is 3 + 4?", "The answer is 7."),
        (EQUATION, "What is 2x?", "The answer is 10."),
        (
            EQUATION,
            "Check the answer in another way, with Python code.",
            "We put it in: 2*5 + 3 = 13, and the right side is \\boxed{13}.",
        ),
        (EQUATION, "Check it", "Plug x = 5 in: 2(5) + 3 = 13. It is right."),
        (EQUATION, "Is it 7?", "No. If x = 7, then 2x + 3 = 17, not 13. So x = 5."),
        (EQUATION, "Why not 7?", "With x = 7 the left side is 17, so 7 is wrong."),
        (
            EQUATION,
            "I got 7",
            "A common mistake is to add 3: then x = 8. Your answer is 7, which is not right. The answer is 5.",
        ),
        (EQUATION, "Why?", "The answer is correct because we did the same on both sides."),
        (EQUATION, "Why?", "The answer is found by dividing 10 by 2."),
        (EQUATION, "Why?", "So x = \\frac{10}{2} = 5.0."),
        (EQUATION, "Why?", "So $x = 10/2$."),
        (EQUATION, "Why?", "The answer is five."),
        (EQUATION, "> 2x = 10\n\nWhy is this step right?", "Because 13 - 3 = \\boxed{10}."),
        (EQUATION, "Why did you divide by 2?", "Because 2x means 2 times x: \\boxed{2x = 10}."),
        (APPLES, "How many apples does Ben have?", "Ben has 7 apples. The answer is 7."),
        (APPLES, "Why?", "She had 12 apples. So Ben has 7 apples."),
        (APPLES, "And if she gave 9?", "Then Anna has 3 apples left. The answer is \\boxed{3}."),
        (APPLES, "Double it.", "The answer is 10."),
        (APPLES, "Why subtract?", "Because giving away means fewer. So we subtract 7 from 12."),
        (QUADRATIC, "Why?", "One solution is x = 2, since 4 - 10 + 6 = 0."),
        (QUADRATIC, "Why?", "So x = 3 or x = 2."),
        (QUADRATIC, "Why?", "The factors are (x-2)(x-3)."),
        (QUADRATIC, "What is the discriminant?", "The answer is 1."),
        (DERIVATIVE, "Why?", "So the answer is $2 \\cdot x$."),
        (DERIVATIVE, "Why?", "The answer is $x \\cdot 2$. At x = 3 it is 6."),
        (TRAIN, "Why?", "So the speed is 120 km/h. In miles, that is about 75 mph."),
        (TRAIN, "Why?", "The answer is 2 km per minute."),
        (TRAIN, "Explain in m/s", "The answer is 33.3 m/s."),
        (RECTANGLE, "Why?", "The answer is 140 mm."),
        (RECTANGLE, "Why?", "Each pair adds to 7 cm, so the half is 7 cm."),
        (FRACTIONS, "Why?", "The answer is 0.8333."),
        (FRACTIONS, "Why?", "The common denominator is 6. The answer is 10/12."),
        (FRACTIONS, "Why?", "The first fraction becomes $\\frac{3}{6}$. So it is 3/6."),
        (EQUATION, "What is an equation?", "An equation says two things are equal, like x + 1 = 8. Then x = 7."),
        (EQUATION, "Can you show me an example?", "x + 1 = 8, so x = 7. The answer is 7."),
        (EQUATION, "Explain", "Let's take x + 1 = 8 for example. Then x = 7.\n\nHere the answer is 5."),
        (EQUATION, "Why?", "The answer is in the interval from 4 to 6."),
        (EQUATION, "Why?", "The solution has 2 steps. The answer is step 2."),
        (EQUATION, "Why?", "The answer is the number that makes both sides 13."),
        (EQUATION, "What is the next step?", "Divide by 2. The result is x = 10/2."),
        (CIRCLE, "Why?", "The area is $\\pi r^2 = 9\\pi$. That is about 28.27."),
        (CIRCLE, "Why?", "So the answer is 28.27."),
        (CIRCLE, "And the circumference?", "It is $2\\pi r = 6\\pi$. The answer is $6\\pi$."),
        (CIRCLE, "What is the diameter?", "The diameter is 6. The answer is \\boxed{6}."),
        (COAT, "Why?", "25% of 80 is 20, so the coat is 20 dollars cheaper. The new price is $60."),
        (COAT, "How much do I save?", "You save \\boxed{20} dollars."),
        (COAT, "Why?", "The answer is 75% of the old price."),
        (COAT, "Why?", "The discount is 20."),
        (COAT, "Why?", "So 25% of 80 is 20. So the discount is $20."),
        (COAT, "What would it be with 50%?", "The answer is \\boxed{40}."),
        (SYSTEM, "Why?", "Adding the equations gives 2x = 12, so x = 6."),
        (SYSTEM, "Why?", "So y = 4."),
        (SYSTEM, "Check it", "6 + 4 = 10 and 6 - 4 = 2. Both are right. The answer is (6, 4)."),
        (LIMIT, "Why?", "sin(3x)/(3x) tends to 1. So the limit of that part is 1. Times 3 gives 3."),
        (LIMIT, "Why?", "We know that sin(u)/u goes to 1, so the answer is 3 · 1."),
        (INTEGRAL, "Why?", "The derivative of x^2 is 2x. So the answer is x² + c."),
        (INTEGRAL, "Why the C?", "Because the derivative of a constant is 0."),
        (DIFFERENCE, "Why?", "8 is 5 more than 3, so the difference is 5 below zero: -5."),
        (DIFFERENCE, "Why?", "On the number line, go 8 steps left from 3. You land on −5."),
        (DIVISOR, "Why?", "84 = 2·2·3·7 and 36 = 2·2·3·3. Common: 2·2·3. So it is 2·2·3 = 12."),
        (DIVISOR, "What is the least common multiple?", "The answer is 252."),
        (DIVISOR, "Why?", "First, 84 mod 36 = 12. Then 36 mod 12 = 0. So the last remainder that is not zero is 12."),
        (BUSES, "Why?", "9 buses hold 432 people. So 3 people are left over, and a tenth bus is needed."),
        (BUSES, "Why?", "The quotient is 9.06. So we round up."),
        (BUSES, "Why?", "So 9 buses are not enough. We need 10."),
        (BUSES, "How many seats stay empty?", "480 - 435 = 45. The answer is 45."),
        (INEQUALITY, "Why?", "The answer is x > 3, so 4 is a solution. For example x = 4."),
        (INEQUALITY, "Why?", "The answer is all numbers greater than 3."),
        (INEQUALITY, "Why?", "In interval notation the answer is $(3, \\infty)$."),
        (FILM, "Why?", "2 hours are 120 minutes. So we have 120 minutes and add 15."),
        (FILM, "Why?", "That is 2.25 hours. The answer is 2.25 hours."),
        (FILM, "In seconds?", "The answer is 8100 seconds."),
        (FILM, "What about 3 hours?", "The answer is 180 minutes."),
        (EQUATION, "Why subtract first?", "Because 3 is added. So 2x = 10."),
        (EQUATION, "What does 2x mean?", "2 times x. If x = 7, then 2x = 14."),
        (EQUATION, "Why?", "Step 1 gives 2x = 10. The result is 10."),
        (EQUATION, "Make it harder.", "Solve 5x - 7 = 28. The answer is x = 7."),
        (EQUATION, "Another one", "Solve 2x = 14. Answer: 7"),
        (EQUATION, "Test me", "Solve 2x + 1 = 15.\n\nAnswer: x = 7"),
        (EQUATION, "Give me an exercise like this", "2x + 5 = 19. Solution: x = 7"),
        (EQUATION, "Why can't x be 7?", "If x were 7, the left side would be 17. So x = 7 does not work. x = 5 does."),
        (
            EQUATION,
            "Explain",
            "Think of a box with 3 apples. The box and 3 make 13. So the answer is in the box: 5 and 5.",
        ),
        (APPLES, "How many did Ben get?", "Ben got 7 apples. The answer is 7."),
        (APPLES, "Who has more?", "Ben has 7 apples and Anna has 5. So Ben has 2 more. The answer is 2."),
        (APPLES, "Why?", "She gave away 7. So 7 are gone. 12 - 7 = 5."),
        (
            FRACTIONS,
            "Why 6?",
            "6 is the least common multiple of 2 and 3. So the common denominator is 6. The answer is 6.",
        ),
        (FRACTIONS, "Why?", "So the numerator is 3 + 2 = 5."),
        (QUADRATIC, "Why 2?", "Because 2·2 - 5·2 + 6 = 0. So x = 2 is a solution."),
        (QUADRATIC, "Why?", "The discriminant is 1. So the roots are (5 ± 1)/2."),
        (QUADRATIC, "Why?", "x = (5 + 1)/2 = 3 and x = (5 - 1)/2 = 2"),
        (DERIVATIVE, "Why?", "Bring the exponent down: 2·x^1. So we get 2x^1."),
        (DERIVATIVE, "What is the slope at x = 3?", "The answer is 6."),
        (DERIVATIVE, "Why?", "$\\frac{d}{dx}x^n = n x^{n-1}$, so for n = 2 the answer is $2x^{1}$."),
        (COAT, "Check the answer in another way, with Python code.", "Backwards: the old price is $\\boxed{80}$."),
        (BUSES, "Are you sure?", "Ten buses hold 480 people, more than \\boxed{435}."),
        (SQUARE, "Why?", "Each side is 36/4 = 9 cm. The area is 9 times 9."),
        (SQUARE, "Why?", "So the side is 9 cm."),
        (SQUARE, "How long is a side?", "A side is 9 cm. The answer is 9."),
        (SQUARE, "Why?", "The perimeter is 36. Divide by 4: \\(9\\). Then square: \\(9^2 = 81\\)."),
        (AGES, "Why?", "So Tom is 17 years old."),
        (AGES, "And Tom?", "Tom is 17. The answer is 17."),
        (AGES, "Why?", "If Ann were 15, Tom would be 19, and the sum 34. So it is less."),
        (DICE, "Why?", "There are 6 ways: (1,6), (2,5), (3,4), (4,3), (5,2), (6,1). So 6 of 36."),
        (DICE, "Why?", "The answer is 6/36, which is 1/6."),
        (DICE, "Why?", "The answer is about 0.1667."),
        (DICE, "Why?", "The answer is 16.67%."),
        (FACTORS, "Why?", "60 = 2·2·3·5. So the smallest prime factor is 2."),
        (FACTORS, "Why?", "The prime factors are 2, 2, 3 and 5."),
        (DETERMINANT, "Why?", "ad − bc = 4 − 6, so the determinant is −2."),
        (SEQUENCE, "Why?", "The ratio is 2. So each term is twice the one before."),
        (SEQUENCE, "And then?", "Then comes 64. The answer is 64."),
        (FUNCTION, "Why?", "f(3) means that x is 3. So x = 3."),
        (FUNCTION, "What is f(2)?", "f(2) = 5. The answer is 5."),
        (PRIME, "Why?", "Because 91 = 7 · 13. The answer is no."),
        (PRIME, "Is 97 prime?", "The answer is \\boxed{\\text{Yes}}."),
        (WRONG, "Why?", "So x = 5."),
        (EQUATION, "Thanks!", "You are welcome! Do you want another? Solve 4x = 28. The answer is 7."),
        (EQUATION, "hm", "Let me explain with numbers: 7 + 3 = 10. The answer to 7 + 3 is 10."),
        (EQUATION, "Why?", "We check: the left side is 2·5 + 3 = 13, so the result is 13."),
        (EQUATION, "Why?", "Dividing 10 by 2, we have 5. Adding 3 to 10, we have 13."),
        (EQUATION, "Why?", "So we have 48 total choices that do not fit."),
        (FACTORS, "Why?", "The answer is 3! - 1, 2 and 3: that is 2, 3, 5."),
        (
            solved_as("Let x and y fit x = 27, y = 9. What is the value of $x + y$?", "\\boxed{36}", "36"),
            "Why?",
            "So $x = 27$.",
        ),
        (
            solved_as("If $\\sin x + \\cos x = 1$, then find $\\sin^3 x + \\cos^3 x$.", "\\boxed{1}", "1"),
            "Why?",
            "So $\\sin x \\cos x = 0$.",
        ),
    ],
)
def test_steps_cases_examples_and_other_problems_are_not(
    solved: Transcript, question: str, reply: str, same: Same
) -> None:
    found = judged(solved, question, reply, same)
    assert found is None or found.verdict.kind == "checked"


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (Verdict("checked", "recomputed"), "This reply says 7, but the checked answer is 5"),
        (Verdict("unchecked", "unrecognised"), "This reply says 7, but the solution says 5; neither is checked"),
        (Verdict("wrong", "recomputed", "6"), "This reply says 7, but the checked answer is 6"),
        (Verdict("wrong", "substituted", "for x = 5 the left side is 1"), None),
        (KNOWN_WRONG, None),
    ],
)
def test_it_is_held_against_what_is_known_to_be_right(verdict: Verdict, said: str | None, same: Same) -> None:
    found = judged(solved_as("How many are left?", "So \\boxed{5}.", "5", verdict), "Why?", "So the answer is 7.", same)
    assert (verdict_line(found.verdict, found.latex) if found is not None else None) == said


def asked(solved: Transcript, question: str, reply: str) -> Transcript:
    model, executor = cast(LoadableModel, ScriptedModel([reply])), cast(Sandbox, FakeExecutor())
    tutor = Tutor(model, executor, CHATML, PromptSet("terse"))
    *_, last = tutor.ask(solved, question, settings=SolveSettings())
    assert isinstance(last, Finished)
    return last.transcript


def test_the_reply_has_an_answer_that_says_so_wherever_it_is_shown() -> None:
    found = asked(EQUATION, "Why?", "We halve it, and so x = 7.")
    assert found.solution[-1] == Answer("7", "phrase", Verdict("wrong", "solution", "5"))
    assert Transcript.from_json(found.to_json()) == found
    assert found.answer == EQUATION.answer
    assert "This reply says 7, but the checked answer is 5." in to_markdown([found], Options(), "")[0]


@pytest.mark.parametrize(
    "reply",
    [
        "Because both sides stay equal.",
        "The answer is correct because we did the same on both sides.",
        "We subtract 3, which leaves 2x = 10.",
        "The answer is that you are short of the 13 by 3, not by 7.",
    ],
)
def test_a_reply_without_an_answer_has_none(reply: str) -> None:
    assert asked(EQUATION, "Why?", reply).solution[-2:] == (Question("Why?"), Text(reply))


def test_a_reply_with_the_same_answer_says_that_it_agrees() -> None:
    last = asked(EQUATION, "Why?", "So $\\boxed{x = 5}$.").solution[-1]
    assert isinstance(last, Answer)
    assert verdict_line(last.verdict, last.latex) == "Agrees with the checked answer"


def test_half_a_number_at_the_end_of_a_reply_that_was_cut_off_is_not_taken() -> None:
    model = cast(LoadableModel, ScriptedModel(["We get it. So x = 5"], token_size=1))
    tutor = Tutor(model, cast(Sandbox, FakeExecutor()), CHATML, PromptSet("terse"))
    solved = solved_as("Solve x - 3 = 50", "So \\boxed{53}.", "53")
    *_, last = tutor.ask(solved, "Why?", settings=SolveSettings(max_tokens=19))
    assert isinstance(last, Finished)
    assert not isinstance(last.transcript.solution[-1], Answer)


def test_of_a_sentence_the_card_has_the_value() -> None:
    last = asked(APPLES, "Are you sure? I got 7.", "Sorry. The correct answer is indeed 5 apples.").solution[-1]
    assert last == Answer("5", "phrase", Verdict("checked", "solution"))
