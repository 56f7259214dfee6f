"""The published grader's leniencies, each as a test: what must be accepted although it is wrong, and the reverse."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tutor_app.adapters.grading.grader import Grader


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader(timeout=20) as made:
        yield made


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("26000", "260"),
        ("835", "83500"),
        ("29700", "29701"),
        ("7602_8", "7602_{9}"),
        (r"2\sqrt{13}", "7.211"),
        (r"\frac{6}{7}", "0.8571"),
        ("1,2,-2,-3", "1, 2, -2"),
        ("x^{2}3", "x^{23}"),
        (r"2\cdot 3", "23"),
        ("3 and 4", "34"),
        ("5,600", "5600"),
        ("319", r"319\text{ cm}"),
        (r"\begin{pmatrix} 1 \\ 7 \end{pmatrix}", r"\begin{bmatrix} 1 \\ 7 \end{bmatrix}"),
        ("76", "x = 76"),
        ("(1, 2)", "(1.00001, 2)"),
    ],
)
def test_accepts_what_the_published_grader_accepts(grader: Grader, gold: str, answer: str) -> None:
    assert grader.grade(gold, answer, mode="paper").verdict == "correct"


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        (r"3\sqrt{2}", "3*sqrt(2)"),
        (r"\frac{\pi}{6}", "pi/6"),
        (r"\begin{pmatrix} 1 \\ 7 \end{pmatrix}", "Matrix([[1], [7]])"),
        ("x^2+3x", "x**2+3*x"),
        ("5", "5 dollars"),
        ("12345", "12{,}345"),
        ("1,3", "3, 1"),
        ("1,3", "1"),
        ("(4,5)", "(5,4)"),
        (r"\frac{81}{41}", r"\frac{41}{81}"),
        ("18", ""),
    ],
)
def test_refuses_what_the_published_grader_refuses(grader: Grader, gold: str, answer: str) -> None:
    assert grader.grade(gold, answer, mode="paper").verdict == "incorrect"


def test_the_published_score_of_the_published_solutions(grader: Grader) -> None:
    file = Path(os.environ.get("MUMATH_TORA_GSM8K", "absent"))
    if not file.is_file():
        pytest.skip("MUMATH_TORA_GSM8K names no file of ToRA-70B's GSM8K solutions")
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    right = sum(grader.grade(row["gt"], row["pred"][-1], mode="paper").verdict == "correct" for row in rows)
    assert (len(rows), round(100 * right / len(rows), 1)) == (1319, 84.3)
