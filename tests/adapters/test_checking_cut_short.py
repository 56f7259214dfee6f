"""Operations that are cut short for want of time: nothing is called false for want of their result."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.answers import check_answer
from tutor_app.adapters.checking.reading import Reading
from tutor_app.adapters.checking.work.judge import ENOUGH, judge_work

CORPUS = Path(__file__).parent / "student_work.jsonl"
RIGHT = {
    "roots": r"The roots of $3y^2 - 2y - 2 = 0$ are $\frac{1 \pm \sqrt{7}}{3}$.",
    "powers": r"The real solutions to $x^4 = 9$ are $x = \sqrt{3}$ and $x = -\sqrt{3}$.",
    "expanded": r"We expand: $(x + 1)^3 - x^3 = 3x^2 + 3x + 1$, so the sum is $1 + 7 + 19 = 27$.",
    "system": "We have $x + y = 5$ and $x - y = 1$. Adding, $2x = 6$, so $x = 3$ and $y = 2$.",
    "integral": r"Since $\int_0^2 3x^2\,dx = 8$ and $\sqrt{50} = 5\sqrt{2}$, the area is $8 + 5\sqrt{2}$.",
}


def cutting(monkeypatch: pytest.MonkeyPatch, which: Callable[[int], bool]) -> list[int]:
    """Have operations cut short by their number, from 0; returns a list of one number, of operations so far."""
    real, calls = symbolic.limited, [0]

    @contextmanager
    def limited(seconds: float = symbolic.SECONDS) -> Iterator[None]:
        calls[0] += 1
        with real(0.0 if which(calls[0] - 1) else seconds):
            yield

    monkeypatch.setattr(symbolic, "limited", limited)
    return calls


@pytest.mark.parametrize("name", RIGHT)
def test_whatever_operation_is_cut_short_no_true_statement_is_called_false(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = cutting(monkeypatch, lambda _: False)
    assert any(claim.verdict == "true" for claim in Reading().text(RIGHT[name], 60))
    for cut in range(calls[0]):
        with monkeypatch.context() as patch:
            cutting(patch, lambda n, cut=cut: n == cut)  # type: ignore[misc]
            found = Reading().text(RIGHT[name], 60)
        assert [claim for claim in found if claim.verdict == "false"] == []


def test_what_is_false_without_the_operation_is_still_told() -> None:
    text = r"Since $\int_0^2 3x^2\,dx = 8$, the area is 8. And 12 + 30 = 43."
    with symbolic.within(0):
        assert [claim.text for claim in Reading().text(text, 60) if claim.verdict == "false"] == ["12 + 30 = 43"]


@pytest.mark.parametrize("every", [1, 2, 3])
def test_no_right_line_is_called_wrong_when_operations_are_cut_short(
    every: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    cutting(monkeypatch, lambda n: n % every == 0)
    rows = [json.loads(row) for row in CORPUS.read_text(encoding="utf-8").splitlines()]
    for row in rows[every::41]:
        right = len(row["lines"]) if row["wrong"] is None else row["wrong"] - 1
        assert not [line for line in judge_work(row["problem"], row["lines"])[:right] if line.is_fault]


def test_a_line_that_is_wrong_long_before_time_is_over_is_called_wrong() -> None:
    lines = ["2x = 7", *["x = 3.5"] * (2 * ENOUGH)]
    assert judge_work("Solve 2x = 8", lines)[0].kind == "false"
    ticks = iter([0.0, *[0.0] * 2 * (ENOUGH + 2), *[1e9] * 10 * ENOUGH])
    late = judge_work("Solve 2x = 8", lines, lambda: next(ticks))
    assert late[0].kind == "false"
    assert {line.kind for line in late[-3:]} == {"unsure"}
    ticks = iter([0.0, *[0.0] * 3, *[1e9] * 10 * ENOUGH])
    assert judge_work("Solve 2x = 8", lines, lambda: next(ticks))[0].kind == "unsure"


def test_an_answer_is_not_called_wrong_for_want_of_time() -> None:
    assert check_answer("Solve x^2 - 4x + 1 = 0", "x = 3").kind == "wrong"
    with symbolic.within(0):
        assert check_answer("Solve x^2 - 4x + 1 = 0", "x = 3").kind == "unchecked"


def spin() -> None:
    while True:
        pass


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no alarms")
@pytest.mark.parametrize("inner", [0.01, 60])
def test_a_limit_holds_within_a_limit_and_behind_it(inner: float) -> None:
    def spin_twice() -> None:
        with pytest.raises(symbolic.Late), symbolic.limited(inner):  # at most as long as the outer one
            spin()
        spin()

    before = symbolic.cut_short()
    with pytest.raises(symbolic.Late), symbolic.limited(0.05):
        spin_twice()
    assert symbolic.cut_short() >= before + 2
    with symbolic.limited():  # nothing of it is left
        assert symbolic.cut_short() >= before + 2


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no alarms")
def test_who_swallows_the_end_of_the_time_is_told_again() -> None:
    def swallow() -> None:
        with suppress(symbolic.Late):
            spin()
        spin()

    with pytest.raises(symbolic.Late), symbolic.limited(0.02):
        swallow()


def test_limits_end_with_their_blocks_whenever_time_is_over() -> None:
    for k in range(300):
        with suppress(symbolic.Late), symbolic.limited(1e-4 * (k % 20)):
            sum(range(100 * k))
    with symbolic.limited(60):
        assert sum(range(100)) == 4950


def test_loading_the_algebra_system_takes_nothing_of_the_time() -> None:
    code = """
from tutor_app.adapters.checking import symbolic
with symbolic.limited(0.01):
    import sympy
print(symbolic.cut_short())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


def test_there_is_no_time_within_no_time() -> None:
    with symbolic.within(0), symbolic.within(60), pytest.raises(symbolic.Late), symbolic.limited():
        pytest.fail("there was no time for it")
