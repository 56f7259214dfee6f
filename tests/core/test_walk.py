from __future__ import annotations

from tests.ui.recordings import recorded
from tutor_app.core.trace import Recording
from tutor_app.core.walk import back_over_statement, over_statement

LOOP = recorded(
    "def area(w, h):\n"  # 1
    "    a = w * h\n"  # 2
    "    return a\n"  # 3
    "total = 0\n"  # 4
    "for k in range(1, 4):\n"  # 5
    "    if k > 1:\n"  # 6
    "        total += area(k, 2)\n"  # 7
    "print(total)\n"  # 8
)


def at(recording: Recording, line: int, time: int = 0) -> int:
    """The step that runs a line for the n-th time."""
    return [s.index for s in recording if s.line == line and s.event == "line"][time]


def test_over_a_loop_runs_all_its_turns_and_calls() -> None:
    assert LOOP[over_statement(LOOP, at(LOOP, 5))].line == 8


def test_over_a_branch_runs_its_body_and_the_call_in_it() -> None:
    after = over_statement(LOOP, at(LOOP, 6, 1))
    assert (LOOP[after].line, LOOP[after].depth) == (5, 0)
    assert {v.name: v.text for v in LOOP[after].changed} == {"total": "4"}


def test_over_a_plain_line_stops_at_the_next_one() -> None:
    assert over_statement(LOOP, at(LOOP, 4)) == at(LOOP, 5)
    assert over_statement(LOOP, at(LOOP, 2)) == at(LOOP, 3)


def test_over_the_last_line_of_a_function_comes_to_its_return_and_then_to_the_caller() -> None:
    left = over_statement(LOOP, at(LOOP, 3))
    assert LOOP[left].event == "return"
    assert LOOP[over_statement(LOOP, left)].depth == 0


def test_back_over_goes_to_where_the_statement_before_began() -> None:
    assert back_over_statement(LOOP, at(LOOP, 8)) == at(LOOP, 5)
    assert back_over_statement(LOOP, at(LOOP, 5)) == at(LOOP, 4)
    assert back_over_statement(LOOP, 0) == 0


def test_back_over_from_the_beginning_of_a_call_comes_to_the_calling_line() -> None:
    called = next(s.index for s in LOOP if s.event == "call")
    assert back_over_statement(LOOP, called) == at(LOOP, 7)


def test_two_calls_on_one_line_are_two_frames() -> None:
    twice = recorded("def f(x):\n    y = x\n    return y\na = f(1) + f(2)\nb = a\n")
    second = [s.index for s in twice if s.event == "call"][1]
    assert twice[back_over_statement(twice, second)].line == 4
    first_return = next(s.index for s in twice if s.event == "return")
    assert over_statement(twice, first_return) == at(twice, 5)
    assert over_statement(twice, at(twice, 4)) == at(twice, 5)
    assert back_over_statement(twice, at(twice, 5)) == at(twice, 4)


def test_over_a_recursive_call_stays_in_its_own_frame() -> None:
    fact = recorded("def f(n):\n    if n < 2:\n        return 1\n    return n * f(n - 1)\nx = f(4)\n")
    inside = at(fact, 4)  # n is 4
    after = over_statement(fact, inside)
    assert (fact[after].event, fact[after].frame) == ("return", fact[inside].frame)
    value = fact[after].value
    assert value is not None
    assert value.text == "24"


def test_there_and_back_is_the_same_place_for_every_statement_of_the_block() -> None:
    i = 0
    places = [0]
    while (after := over_statement(LOOP, i)) != i:
        places.append(after)
        i = after
    assert [LOOP[p].line for p in places] == [1, 4, 5, 8, 0]
    back = [places[-1]]
    while back[-1] > 0:
        back.append(back_over_statement(LOOP, back[-1]))
    assert back == places[::-1]


def test_over_ends_at_an_error() -> None:
    failed = recorded("x = 1\nfor k in range(3):\n    x = 1 / (1 - k)\nprint(x)\n")
    end = over_statement(failed, at(failed, 2))
    assert (failed[end].event, failed[end].line) == ("error", 3)
    assert over_statement(failed, end) == end
