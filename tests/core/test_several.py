"""Problems that ask for several things: how many, and which boxes of a solution answer them."""

import pytest

from tutor_app.core.parts import Answer, AnswerPart
from tutor_app.core.several import Question, asked, parts_of, questions, whole


@pytest.mark.parametrize(
    ("problem", "number"),
    [
        ("(a) Compute 2 + 3. (b) Compute 4 * 5. (c) Compute 10 - 7.", 3),
        ("Two numbers are 3 and 4. Find:\na) their sum\nb) their product", 2),
        ("1. Solve x + 1 = 2.\n2. Solve x - 1 = 2.", 2),
        ("(i) Expand $(x+1)^2$. (ii) Factor $x^2-1$.", 2),
        ("Part A: find x. Part B: find y.", 2),
        ("What is the sum of 2 and 3? What is their product?", 2),
        ("How many apples does she have?", 1),
        ("What is 3.5 times 2?", 1),
        ("Let f(a) = 2. What is f(1)?", 1),
        ("How many apples and how many pears are there?", 0),
        ("Find the mean and the median of 1, 2, 6.", 0),
        ("Solve $x^2 = 4$.", 0),
    ],
)
def test_how_many_things_a_problem_asks_for(problem: str, number: int) -> None:
    assert asked(problem) == number


def test_each_part_is_asked_with_what_stands_before_the_first() -> None:
    assert questions("Let x = 2. (a) Find 3x. (b) Find x + 1.") == (
        Question("(a)", "Let x = 2.\nFind 3x."),
        Question("(b)", "Let x = 2.\nFind x + 1."),
    )


@pytest.mark.parametrize(
    ("prose", "wanted", "found"),
    [
        (["(a) \\boxed{5}.\n\n(b) \\boxed{20}\n\n(c) \\boxed{3}"], 3, [("(a)", "5"), ("(b)", "20"), ("(c)", "3")]),
        (["(a) \\boxed{3}", "(b) \\boxed{4}"], 2, [("(a)", "3"), ("(b)", "4")]),
        (["**a)** $\\boxed{1}$\n**b)** $\\boxed{2}$"], 2, [("(a)", "1"), ("(b)", "2")]),
        (["Sum \\boxed{17}.\nDifference \\boxed{7}.\nProduct \\boxed{60}."], 0, [("", "17"), ("", "7"), ("", "60")]),
        (["First \\boxed{3}. Second \\boxed{3}."], 2, [("", "3"), ("", "3")]),
        (["(a) \\boxed{1} (b) \\boxed{2}. Wait, (a) is \\boxed{3}"], 2, [("(a)", "3"), ("(b)", "2")]),
        (["(a) \\boxed{3}", "(b) \\boxed{4}", "Thus \\boxed{3} and \\boxed{4}."], 2, [("(a)", "3"), ("(b)", "4")]),
        (["Sum \\boxed{17}, then \\boxed{7}. Final: \\boxed{17, 7}"], 0, [("", "17"), ("", "7")]),
        (["I guess \\boxed{9}.", "One is \\boxed{2}. The other is \\boxed{5}."], 2, [("", "2"), ("", "5")]),
        (["So \\boxed{5}.", "So \\boxed{7}"], 0, []),
        (["Step \\boxed{5}, so \\boxed{7}"], 1, []),
        (["x is \\boxed{1} or \\boxed{2}"], 0, []),
        (["It is \\boxed{4}. The answer is \\boxed{4}."], 0, []),
        (["No box."], 2, []),
    ],
)
def test_which_boxes_are_the_parts_of_an_answer(prose: list[str], wanted: int, found: list[tuple[str, str]]) -> None:
    assert [(part.label, part.latex) for part in parts_of(prose, wanted)] == found


def test_the_whole_answer_has_its_parts_in_order() -> None:
    parts = (AnswerPart("3", "(a)"), AnswerPart("(1, 2)", "(b)"))
    assert whole(parts) == Answer("3, (1, 2)", parts=parts)
    assert whole((AnswerPart("1, 2"), AnswerPart("5"))).latex == "1, 2; 5"


@pytest.mark.parametrize(
    ("piece", "end", "found"),
    [
        ("x y ", "", 0),
        ("1.1", "", 0),
        ("x y ", "?", 1),
        ("\\( ", "", 0),
        ("\\[ ", "Is it 3?", 1),
        ("$$ x ", "", 0),
        ("$x$ ", "What is it?", 1),
    ],
)
def test_a_text_of_a_megabyte_is_gone_through_once(piece: str, end: str, found: int) -> None:
    assert asked(piece * (1_000_000 // len(piece)) + end) == found


@pytest.mark.parametrize(
    ("problem", "found"),
    [
        ("It costs 3.50 dollars a day. What do 7 days cost? Give dollars.", 1),
        ("What? Why?", 2),
        ("Is \\(a? b\\) true? Is \\[c?\\] false?", 2),
        ("Is $$a? $b$ c?$$ true?", 1),
    ],
)
def test_questions_are_counted_outside_of_formulas(problem: str, found: int) -> None:
    assert asked(problem) == found
