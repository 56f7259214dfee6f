"""A text that grows is read once: what is settled stays, and the claims are those of the whole text."""

import pytest

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.checker import Checker
from tutor_app.adapters.checking.reading import Reading
from tutor_app.adapters.checking.scanner import Token, scan
from tutor_app.adapters.checking.worker import CheckingWorker
from tutor_app.core.errors import HostFault

TEXTS = [
    "1. First 6 * 7 = 42 apples.\n2. Then 42 + 8 = 51.\n3. That is 51 / 3 = 17 each.\n",
    "Let $x = 5$.\n\nThen $2x + 1 = 11$.\n\nSo $x^2 = 25$.\n",
    "We solve 2x + 1 = 9.\n\nSo 2x = 8.\n\nThus x = 5.\n",
    "The sum is 5 + 3 +\n2 = 11.\n\nThe gcd of 12 and 18\nis 6.\n",
    "$$\n3 + 4 = 7\n\n5 + 5 = 11\n$$\nDone: 2 * 2 = 4.\n",
    "3 + 4 = 7 here.\n\nWe work modulo 5.\n\nSo 4 * 4 = 1.\n",
    "4 * 4 = 1 here.\n\nBut we work modulo 5.\n",
    "She has 5 * 4 = <<5*4=20>>20 pens.\nThen 20 + 1 = <<20+1=22>>22 pens.\n",
    "- 5 + 3 = 8\n- 8 * 2 = 15\n- 15 - 5 = 10\n",
    "[asy]\ndraw((0,0));\n\n// 1 + 1 = 3\n[/asy]\n\nThe area is 3 * 4 = 12.\n",
    "5 + 6 =\n\n12\n\n7 + 7 = 14\n",
]


@pytest.mark.parametrize("text", TEXTS)
def test_lines_one_by_one_give_the_claims_of_the_whole(text: str) -> None:
    lines = text.splitlines(keepends=True)
    reading = Reading()
    reading.text(lines[0])
    found = [reading.grown("".join(lines[: n + 1])) for n in range(1, len(lines))]
    assert found[-1] == Reading().text(text)


def test_the_time_for_a_line_does_not_grow_with_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def measured(text: str, begin: int = 0) -> list[Token]:
        read.append(len(text) - begin)
        return scan(text, begin)

    monkeypatch.setattr("tutor_app.adapters.checking.reading.scan_typed", measured)
    reading, text = Reading(), ""
    for n in range(200):
        text += f"{n + 1}. There are {n} + 1 = {n + 1} of them.\n"
        claims = reading.grown(text) if n else reading.text(text)
    assert [claim.verdict for claim in claims] == ["true"] * 200
    assert max(read) < 200


def test_a_worker_takes_a_longer_text_as_the_same_piece() -> None:
    worker = CheckingWorker()
    first, text = "We solve 2x + 1 = 9.\n", "We solve 2x + 1 = 9.\nSo x = 4.\n"
    assert worker.answer({"pieces": [["text", first]]}) == {"claims": [[]]}
    (found,) = worker.answer({"pieces": [["text", text]]})["claims"]
    assert [(claim[2], claim[3]) for claim in found] == [("x = 4", "true")]
    after = worker.answer({"pieces": [["text", text], ["output", "y = 3"], ["text", "2 * y = 6"]]})["claims"]
    assert after[0] == found
    assert [claim[5] for claim in after[2]] == ["fits"]


class Clock:
    """A clock that goes on by a tenth of a second each time it is looked at."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.1
        return self.now


def test_what_time_did_not_do_counts_all_the_same() -> None:
    text = "\n".join(f"{n} + 1 = {n + 1}" for n in range(50)) + "\n$1 + 1 = 2 = 2 \\cdot 1$"
    claims = Reading(Clock()).text(text, 1.0)
    assert len(claims) == 52
    assert claims[0].verdict == "true"
    assert (claims[-1].text, claims[-1].verdict, claims[-1].reason) == ("2 = 2 \\cdot 1", "unchecked", "time")


def test_what_is_too_long_counts_too() -> None:
    text = "x" * 100_000 + "\n" + "12 + 7 = 19 apples.\n" * 300
    claims = Reading().text(text)
    assert [(claim.text, claim.reason) for claim in claims] == [("7 = 19", "too_long")] * 300


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("7" * 1_000_000 + " is long, and 3 * 3 = 9.", [("3 = 9.", "too_long")]),
        ("So " + "7" * 1_000_000 + " = 8.", [("7" * 40 + " = 8.", "too_long")]),
        ("a_" * 500_000 + "b", [("a_" * 40, "too_long")]),
        (
            "2 + 2 = 4. " + "word " * 100_000 + "so x \\leq 12 holds",
            [("2 + 2 = 4", "exact"), ("x \\leq 12", "too_long")],
        ),
        ("\n " * 200_000, []),
        ("[asy]" * 200_000, [("[asy]" * 16, "too_long")]),
    ],
)
def test_a_text_of_a_megabyte_is_gone_through_once(text: str, found: list[tuple[str, str]]) -> None:
    """Patterns that begin anew at every character would need minutes for each of these."""
    assert [(claim.text, claim.reason) for claim in Reading().text(text, 1000.0)] == found


def test_a_picture_costs_no_time() -> None:
    picture = "[asy]" + "draw((0,0)--(1,1));\n" * 60 + "[/asy]"
    text = f"We draw it, and the equation has an area: {picture} It factors as follows and 3 * 4 = 12."
    assert [claim.verdict for claim in Reading().text(text, 1.0)] == ["true"]


def test_no_operation_goes_on_after_the_end() -> None:
    with symbolic.within(0.0), pytest.raises(symbolic.Late), symbolic.limited():
        raise AssertionError("it was begun")


def test_a_solution_that_ended_the_process_is_given_up() -> None:
    with Checker(-0.5) as checker:  # its process is ended half a second later, that is at once
        assert [claim.reason for claim in checker.text("1 + 1 = 2")] == ["timeout"]
        checker.close()
        grown = checker.check([("text", "1 + 1 = 2\n2 + 2 = 4"), ("output", "4")])
        assert [[claim.reason for claim in piece] for piece in grown] == [["timeout"], []]
        with pytest.raises(HostFault):
            checker.text("another one")
