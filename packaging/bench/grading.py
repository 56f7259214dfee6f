"""Speed of the grader: gradings a second, against math-verify alone if that is installed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tutor_app.adapters.grading.grader import Grader

Row = tuple[str, float, str, str, float]

# Answers as benchmarks have them: mostly whole numbers and fractions, some roots, tuples, matrices and text.
PAIRS: list[tuple[str, str]] = [
    *((str(n * 37), f"{n * 37 + n % 2:,}") for n in range(1, 201)),
    *((rf"\frac{{{n}}}{{{n + 2}}}", f"{2 * n}/{2 * n + 4}") for n in range(1, 101, 2)),
    (r"2\sqrt{13}", "2*sqrt(13)"),
    (r"\frac{\pi}{3}", r"\frac{2\pi}{6}"),
    (r"x^2 - 2x + 8", "x**2 - 2*x + 8"),
    (r"\left(\frac{1}{2}, -3\right)", "(0.5,-3)"),
    (r"(-\infty, 0]", "(-\\infty, 0)"),
    (r"\begin{pmatrix} 1 \\ 7 \end{pmatrix}", r"\begin{bmatrix} 1 \\ 7 \end{bmatrix}"),
    (r"1,2,-2,-3", "-3, -2, 2, 1"),
    (r"\text{Evelyn}", "Evelyn"),
    (r"25\%", "25"),
    (r"50^\circ", "50"),
]


def rows() -> Iterator[Row]:
    """Gradings a second, strict and paper, and the ratio to math-verify on the same pairs."""
    pairs = _pairs()
    reference = _math_verify()
    other = _rate(reference, pairs[:300]) if reference else 0.0
    against = f"math-verify: {other:.3g}/s" if reference else "math-verify is not installed"
    with Grader() as grader:
        grader.grade(r"\sqrt{3+2\sqrt2}", r"1+\sqrt2")  # starts its process
        strict = _rate(lambda gold, answer: grader.grade(gold, answer), pairs)
        yield "strict gradings", strict, "/s", against, strict / other if other else 0.0
        paper = _rate(lambda gold, answer: grader.grade(gold, answer, mode="paper"), pairs)
        yield "gradings as in the published results", paper, "/s", against, paper / other if other else 0.0


def _pairs() -> list[tuple[str, str]]:
    """The pairs of the file that MUMATH_GRADER_PAIRS names, else those above."""
    named = os.environ.get("MUMATH_GRADER_PAIRS")
    if not named:
        return PAIRS
    found = [json.loads(line) for line in Path(named).read_text(encoding="utf-8").splitlines()]
    return [(row["gold"], row["answer"]) for row in found]


def _rate(grade: Callable[[str, str], object], pairs: list[tuple[str, str]]) -> float:
    began = time.perf_counter()
    for gold, answer in pairs:
        grade(gold, answer)
    return len(pairs) / (time.perf_counter() - began)


def _math_verify() -> Callable[[str, str], object] | None:
    try:
        from math_verify import parse, verify
    except ImportError:
        return None
    return lambda gold, answer: verify(parse(f"${gold}$"), parse(f"${answer}$"))
