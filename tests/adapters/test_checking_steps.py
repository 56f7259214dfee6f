"""Steps of a solution that a sentence tells, with what comes of them."""

import pytest

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.reading import Reading


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    symbolic.warm()


def said(text: str) -> list[tuple[str, str]]:
    return [(c.verdict, c.right) for c in Reading().text(text, 20.0) if c.verdict != "unchecked"]


@pytest.mark.parametrize(
    ("text", "wrong", "right"),
    [
        ("Solving 4x - 9 = 15 gives x = {}.", ("6", "7"), "x = 6"),
        ("The solution of $5n + 2 = 37$ is $n = {}$.", ("7", "8"), "n = 7"),
        ("From 7t = 3t + 20 we get 4t = {}, so t = 5.", ("20", "24"), "t = 5"),
        ("Adding x + 2y = 9 and x - 2y = 1 gives 2x = {}.", ("10", "8"), "2 x = 10"),
        ("Subtracting x + y = 6 from 4x + y = 18 gives 3x = {}.", ("12", "14"), "5 x + 2 y = 24"),
        ("Substituting y = 3 into 2x + y = 11, we get x = {}.", ("4", "5"), "x = 4"),
        ("Plugging x = 4 into x^2 - 3 gives {}.", ("13", "12"), "13"),
        ("When t = 3, 6t - 5 = {}.", ("13", "14"), "13"),
        ("The 9th term of the arithmetic sequence 4, 10, 16, ... is {}.", ("52", "58"), "52"),
        ("The 5th term of 2, 8, 32, 128, ... is {}.", ("512", "256"), "512"),
        ("The sum of the interior angles of an octagon is {}°.", ("1080", "1440"), "1080"),
        ("Dividing 96 by 8 gives {}.", ("12", "14"), "12"),
        ("The rent rises from $500 to $600, an increase of {}%.", ("20", "25"), "20"),
        ("It rises from 40 to 50, an increase of {}%.", ("25", "20"), "25"),
        ("A 25% discount on $60 saves ${}.", ("15", "20"), "15"),
        ("The divisors of 20 are 1, 2, 4, {} and 20.", ("5, 10", "5"), "1, 2, 4, 5, 10, 20"),
    ],
)
def test_a_step_is_true_or_false(text: str, wrong: tuple[str, str], right: str) -> None:
    good, bad = wrong
    assert {verdict for verdict, _ in said(text.format(good))} == {"true"}
    verdicts = said(text.format(bad))
    assert [verdict for verdict, _ in verdicts if verdict == "false"] == ["false"]
    if "Subtracting" not in text:
        assert ("false", right) in verdicts


@pytest.mark.parametrize(
    "text",
    [
        "From 2x + y = 9 we get y = 4.",
        "Solving 4x - 9 = 15 does not give x = 7.",
        "Solving x^2 = 25 gives x = 5.",
        "If from 3x = 12 we get x = 5, something is wrong.",
        "Adding 2x + y = 7 and 3 = 3 gives x = 1.",
        "Substituting x = 4 into y = 2x + z gives y = 7.",
        "For k = 5, k^2 - 3k - 4 = 0.",
        "When x = 3, 2x + 1 = 9 is not true.",
        "Check: for x = 3, 2x + 1 = 9, so this fails.",
        "The 5th term of 1, 2, 4, ... is 11.",
        "The sum of the exterior angles of a pentagon is 360°.",
        "The factors of 15 are 3 and 5.",
        "When x = 30, sin x = 0.5.",
        "Dividing 50 by 8 gives 6 full boxes.",
        "Dividing 50 by 8 gives 6.",
        "It falls from 30 to 20, a decrease of 33%.",
        "A 25% discount on $60 is $45.",
        "For y = 0, x^2 - 4 = 5.",
    ],
)
def test_what_may_be_meant_otherwise_is_not_false(text: str) -> None:
    assert "false" not in [verdict for verdict, _ in said(text)]


def test_dots_in_a_sentence_do_not_end_it() -> None:
    assert said("The 6th term of 7, 12, 17, ... is 32.") == [("true", "")]
    assert said("It goes on... Then 2 + 3 = 5.") == [("true", "")]


@pytest.mark.parametrize(
    "text",
    [
        "Dividing 5 by 0 gives 0.",
        "The 0th term of 3, 7, 11, ... is 39.",
        "Adding x/0 = 7 and x - y = 1 gives 2x = 8.",
    ],
)
def test_a_step_without_a_value_is_not_judged(text: str) -> None:
    assert all(claim.right in ("", "not defined") for claim in Reading().text(text, 20.0))


@pytest.mark.parametrize(
    "text",
    [
        "We get 12 n = 30n - 90. Subtracting 30n gives -18n = -90, so n = 5.",
        "Then 4 + 2 x = 10, so x = 3. So x + 1 = 4.",
        "3 b = 12 + b\n 2b = 12",
    ],
)
def test_a_number_with_a_space_before_its_letter_is_not_left_out(text: str) -> None:
    assert "false" not in [verdict for verdict, _ in said(text)]
