"""What others say, what is imagined, denied, looked for or to be shown is no statement of the text."""

import pytest

from tutor_app.adapters.checking.reading import Reading


def verdicts(text: str) -> list[str]:
    return [claim.verdict for claim in Reading().text(text, 20.0)]


@pytest.mark.parametrize(
    "text",
    [
        "Suppose the price had been $6, so 4 x 6 = 30 would have been the bill.",
        "Had the price been $6, 4 × 6 = 30 would have been paid.",
        "The bill would have been 4 × 6 = 30, had the price been lower.",
        "Were 6 × 6 = 35 true, the box would be full.",
        "Say the radius were 3, which would make the area 3 * 3^2 = 28.",
        "Imagine 8 + 8 = 17 were right.",
        r"Suppose, to the contrary, that $\sqrt{2} = \frac{3}{2}$.",
        "What if 6 + 6 = 13?",
        "Perhaps 3 × 14 = 52.",
        "If the jug had held 8 litres, 8 × 6 = 45 litres would have been enough.",
        r"If we had $\sin 30^\circ = 1$, then the height would be 10.",
        "In a world where 1 + 2 = 4, this works.",
        "One is tempted to write 2^3 + 2^3 = 4^3.",
    ],
)
def test_what_is_imagined_is_no_statement(text: str) -> None:
    assert verdicts(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "If someone wrote 3+3=7, we would correct it.",
        "A student might say that 1/3 + 1/4 = 2/7.",
        "Nobody would claim that 9 / 4 = 2.",
        "Mia thinks that 7 × 6 = 48.",
        "According to Ben, 0.2 + 0.2 = 0.5.",
        "The claim that 12 - 5 = 8 came from Ben.",
        'Ben\'s guess "6 * 8 = 46" was close.',
        r"Many write $\frac{1}{2} + \frac{1}{3} = \frac{2}{5}$.",
    ],
)
def test_what_others_say_is_no_statement(text: str) -> None:
    assert verdicts(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Either 3 + 3 = 7 or the key is wrong.",
        "The answer 3 + 4 = 8 in the book is a misprint.",
        "Far from being true, 5 - 9 = 4 has the wrong sign.",
        "So 4 + 4 = 9 is no identity.",
        "Claim: 3 + 2 = 6. This is refuted at once.",
        "It is impossible that 3x = 3x + 1.",
        "The wrong line is 5 × 11 = 50.",
        "No, 6 × 7 = 32 is out of the question.",
        "For x = 2 to be a root, 4 + 4 = 9 would have to hold.",
        "Modulo 5, 4 + 4 = 3.",
        "Let a * b = ab + 2. Then 2 * 3 = 8.",
        "Prove that 2 + 2 = 5.",
        "On a clock, 8 + 7 = 3.",
    ],
)
def test_what_is_denied_left_open_or_to_be_shown_is_no_statement(text: str) -> None:
    assert verdicts(text) == []


def test_an_equation_that_tells_what_is_looked_for_defines_no_function() -> None:
    assert "false" not in verdicts("We look for the numbers with f(x) = 2x. So f(3) = 5 would do.")
    assert "false" in verdicts("Let f(x) = 2x. So f(3) = 5 is what we need.")


@pytest.mark.parametrize(
    "text",
    [
        "Mia says there are 7 boxes, so there are 7 × 6 = 48 apples.",
        "Ben thinks of a number, but in truth 7 × 6 = 48.",
        "If each ticket costs $6, then 4 tickets would cost 4 × 6 = 30 dollars.",
        "He had 12 apples and ate 5, so 12 - 5 = 8 are left.",
        "She should pay 4 × 6 = 30 dollars.",
        "There were 20 children and 5 left: 20 - 5 = 14.",
        "In a week, Ben writes 3 × 4 = 13 pages.",
        "Ben guessed 500 because 5 × 100 = 600.",
        "Ben thinks of it for 2 hours a day\nIn a week that is 7 × 2 = 15 hours",
        "Either way, the sum is 3 + 4 = 8.",
    ],
)
def test_what_the_text_says_itself_stays_false(text: str) -> None:
    assert verdicts(text) == ["false"]
