"""Sums in columns over a line, and tables whose headers are formulas."""

import pytest

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.reading import Reading


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    symbolic.warm()


def verdicts(text: str) -> list[tuple[str, str]]:
    return [(claim.verdict, claim.right) for claim in Reading().text(text, 20.0)]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("  47\n+ 86\n----\n 123", "133"),
        ("The bill:\n  $8.40\n+ $5.75\n-------\n $13.15", "14.15"),
        ("  604\n- 258\n=====\n  356", "346"),
        ("  31\n  54\n+ 27\n————\n  102", "112"),
        ("   36\n×  24\n-----\n  144\n+720\n-----\n  874", "864"),
        ("```\n  512\n+ 399\n-----\n  901\n```", "911"),
        (r"$$\begin{array}{r} 512 \\ +399 \\ \hline 901 \end{array}$$", "911"),
        (r"\begin{array}{rr} & 81 \\ - & 36 \\ \hline & 55 \end{array}", "45"),
        (r"\begin{array}{r} 18 \\ \underline{\times 6} \\ 98 \end{array}", "108"),
    ],
)
def test_a_wrong_result_under_a_line_is_false(text: str, right: str) -> None:
    assert verdicts(text) == [("false", right)]


@pytest.mark.parametrize(
    "text",
    [
        "  47\n+ 86\n----\n 133",
        " 11\n 476\n+386\n----\n 862",
        "  9 red\n+ 6 blue\n-------\n 15 balls",
        "   36\n×  24\n-----\n  144\n+720\n-----\n  864",
        "  5\n- 12\n----\n -7",
        r"\begin{array}{r} 81 \\ \underline{-36} \\ 45 \end{array}",
    ],
)
def test_a_right_result_under_a_line_is_true(text: str) -> None:
    assert verdicts(text) == [("true", "")]


@pytest.mark.parametrize(
    "text",
    [
        "  4 feet\n+ 8 inches\n----------\n  56 inches",
        "   101\n+  110\n------\n  1011",
        "Find the mistake:\n  47\n+ 86\n----\n 123",
        "Mia wrote\n  47\n+ 86\n----\n 123\nwhich is wrong: she did not carry.",
        "- 5\n- 8\n---\n20",
        "Chapter 4\n---\n12",
        "12\n---\n15",
    ],
)
def test_what_is_no_sum_in_columns_or_may_be_meant_otherwise_is_not_false(text: str) -> None:
    assert "false" not in [verdict for verdict, _ in verdicts(text)]


@pytest.mark.parametrize(
    ("text", "row", "right"),
    [
        ("| x | x^3 |\n|---|---|\n| 1 | 1 |\n| 2 | 8 |\n| 3 | 9 |", "3 | 9", "27"),
        ("| n | n(n - 1)/2 |\n|:-:|:-:|\n| 4 | 6 |\n| 6 | 12 |", "6 | 12", "15"),
        ("| t | s = 5t + 2 |\n|---|---|\n| 2 | 12 |\n| 4 | 24 |", "4 | 24", "22"),
        ("x    3x - 1\n1    2\n2    4\n3    8", "2    4", "5"),
        ("x\t3x - 1\n1\t2\n2\t4", "2\t4", "5"),
        ("| x | 2 | 3 |\n|---|---|---|\n| x² | 4 | 6 |", "6", "9"),
        ("| hours | rate | pay = hours × rate |\n|---|---|---|\n| 6 | 15 | 80 |", "6 | 15 | 80", "90"),
        ("| a | b | ab |\n|---|---|---|\n| 4 | 7 | 27 |", "4 | 7 | 27", "28"),
        (
            r"| $x$ | $y = \frac{x}{4}$ |" + "\n|---|---|\n| 8 | 2 |\n| 6 | $\\frac{3}{4}$ |",
            "6 | $\\frac{3}{4}$",
            "1.5",
        ),
        (r"\begin{array}{c|c} x & 2x^2 \\ \hline 1 & 2 \\ 3 & 12 \end{array}", "3 & 12", "18"),
        ("| x | √x |\n|---|---|\n| 9 | 3 |\n| 3 | 1.63 |", "3 | 1.63", "1.732050808"),
    ],
)
def test_a_row_that_does_not_hold_what_the_header_says_is_false(text: str, row: str, right: str) -> None:
    assert [(c.text, c.right) for c in Reading().text(text, 20.0) if c.verdict == "false"] == [(row, right)]


def test_every_row_of_a_right_table_is_true() -> None:
    assert verdicts("| x | x^3 |\n|---|---|\n| 1 | 1 |\n| 2 | 8 |\n| 3 | 27 |") == [("true", "")] * 3
    assert verdicts("| x | √x |\n|---|---|\n| 9 | 3 |\n| 3 | 1.73 |") == [("true", ""), ("rounded", "1.732050808")]


def test_a_table_of_a_function_that_was_defined_before_is_checked_by_its_rows() -> None:
    table = "Let f(x) = x^2 - 2.\n\n| x | f(x) |\n|---|---|\n| 1 | -1 |\n| 2 | 2 |\n| 3 | {} |"
    assert verdicts(table.format(7)) == [("true", "")] * 3
    assert ("false", "7") in verdicts(table.format(8))
    line = "We draw y = 4x - 1.\n\n| x | y |\n|---|---|\n| 0 | {} |\n| 1 | {} |\n| 2 | {} |"
    assert verdicts(line.format(-1, 3, 7)) == [("true", "")] * 3
    assert "false" not in [verdict for verdict, _ in verdicts(line.format(5, 8, 11))]  # another line


@pytest.mark.parametrize(
    "text",
    [
        "| Way (km) | Time (min) | Way/Time |\n|---|---|---|\n| 20 | 40 | 30 |\n| 30 | 60 | 30 |",
        "| p | q | p + q |\n|---|---|---|\n| 0 | 1 | 1 |\n| 1 | 1 | 1 |",
        "| n | P(X = n) |\n|---|---|\n| 1 | 0.3 |\n| 2 | 0.7 |",
        "| x | x^2 mod 7 |\n|---|---|\n| 3 | 2 |\n| 4 | 2 |",
        "| x | 2x + 1 = 9 |\n|---|---|\n| 3 | 7 |",
        "| width | height | width × height |\n|---|---|---|\n| 3 | 5 | 16 |",
        "|x| + |y| = 4\n|3| + |1| = 4",
        "Let f(x) = x^2 for x < 3 and f(x) = 2x for x ≥ 3.\n\n| x | f(x) |\n|---|---|\n| 1 | 1 |\n| 2 | 4 |\n| 3 | 6 |",
        "We guess y = 3x and test it.\n\n| x | y |\n|---|---|\n| 1 | 3 |\n| 2 | 6 |\n| 3 | 10 |",
        "  2:50\n+ 1:20\n------\n  4:10",
    ],
)
def test_a_table_that_may_be_meant_otherwise_has_no_false_row(text: str) -> None:
    assert "false" not in [verdict for verdict, _ in verdicts(text)]


def test_a_text_that_grows_after_a_layout_keeps_what_was_said_of_it() -> None:
    reading = Reading()
    text = "  47\n+ 86\n----\n 123\n\n"
    first = reading.text(text, 20.0)
    grown = reading.grown(text + "Then 2 + 3 = 5.\n\n- 4 + 4 = 9\n", 20.0)
    assert [c.verdict for c in first] == ["false"]
    assert [c.verdict for c in grown] == ["false", "true", "false"]


def test_a_table_with_more_named_columns_than_letters_states_nothing() -> None:
    names = [f"no{chr(97 + k // 5)}{'aeiou'[k % 5]}" for k in range(30)]
    header = "|".join([*names, " + ".join(names)])
    assert verdicts(f"{header}\n{'|'.join('1' for _ in range(31))}\n{'|'.join('2' for _ in range(31))}") == []


def test_rows_that_are_tried_are_not_false() -> None:
    pairs = ((1, 24, 4, 26), (2, 12, 5, 14), (3, 8, 6, 10), (24, 1, 27, 3))  # only 5 and 27 rows fit, and 27 not
    rows = "\n".join("|".join(map(str, row)) for row in pairs)
    assert "false" not in [verdict for verdict, _ in verdicts("$x-3$|$\\sqrt{x}-2$|$x$|$\\sqrt{x}$\n" + rows)]
