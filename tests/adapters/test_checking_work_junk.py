"""Junk among a student's lines: what says nothing about the problem is never called false.

The lines are made by a generator with a fixed seed: signs in any order, words, truncated formulas, addresses, dates,
numbers of telephones, prices, times, links and pieces of programs.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable

import pytest

from tutor_app.adapters.checking.work.judge import judge_work

_SIGNS = "+-*/^=<>()[]{}|!?.,;:&%$#@~_\\'\"`§°√∑∫≈≠≤≥→⇒±"
_WORDS = "then so we have note line page homework due on Monday see above because Lisa nicht also weil oben".split()  # noqa: SIM905
_FORMULAS = [
    "(x + 3)(x - ",
    "\\frac{1}{",
    "sqrt(",
    "2x + = ",
    "∫_0^",
    "lim x->",
    "3 · · 4 =",
    "x^^2 =",
    "f(x",
    "((2+",
    "= =",
    "{1, 2",
]


def _junk(rng: random.Random) -> str:
    number = rng.randrange
    kinds: list[Callable[[], str]] = [
        lambda: "".join(rng.choices(_SIGNS, k=number(1, 14))),
        lambda: " ".join(rng.choices(_WORDS, k=number(1, 7))),
        lambda: rng.choice(_FORMULAS) + rng.choice(["", " ", "?", "...", "→"]),
        lambda: f"{rng.choice(_WORDS)}.{number(99)}@{rng.choice(_WORDS)}.org",
        lambda: f"{number(1, 29)}.{number(1, 13)}.{number(1990, 2030)}",
        lambda: f"{number(1990, 2030)}-{number(1, 13):02d}-{number(1, 29):02d}",
        lambda: f"+49 {number(100, 999)} / {number(10000, 99999)}-{number(10, 99)}",
        lambda: f"0{number(100, 999)} {number(100, 999)} {number(1000, 9999)}",
        lambda: f"p. {number(1, 300)} no. {number(1, 30)} {rng.choice('abcd')})",
        lambda: f"https://{rng.choice(_WORDS)}.org/?q={number(99)}&p={number(99)}",
        lambda: f"{number(8, 20)}:{number(10, 59)} - {number(8, 20)}:{number(10, 59)} room {number(400)}",
        lambda: "".join(rng.choices(string.ascii_letters + string.digits + _SIGNS, k=number(12, 40))),
        lambda: f"print({rng.choice('abcxyz')!r}) # {number(99)}",
        lambda: f"{rng.choice(_WORDS)} {number(99)} {rng.choice(_WORDS)} {number(99)}",
        lambda: "".join(rng.choices("абвгдежз漢字かな한글", k=number(2, 9))),
    ]
    return rng.choice(kinds)()


@pytest.mark.parametrize(
    "problem", ["Solve 2x + 3 = 11", "Work out 3 · (4 + 5)", "Differentiate x^3 - 2x", "A bike costs 300 €.", ""]
)
def test_junk_is_never_called_false(problem: str) -> None:
    rng = random.Random(len(problem))
    lines = [_junk(rng) for _ in range(100)]
    found = [v for start in range(0, 100, 10) for v in judge_work(problem, lines[start : start + 10])]
    assert [(v.text, v.kind) for v in found if v.is_fault] == []
