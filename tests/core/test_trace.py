"""Walking a recording."""

import json

import pytest

from tests.core.recordings import Writer, area, calls, number
from tutor_app.core.narration import sentence
from tutor_app.core.parts import CodeError, Output
from tutor_app.core.trace import Recording, TraceFormatError
from tutor_app.core.trace_values import Variable


def names(recording: Recording, i: int) -> list[dict[str, str]]:
    return [{v.name: v.text for v in frame.variables} for frame in recording.frames(i)]


def test_each_step_shows_the_state_before_its_line_runs() -> None:
    recording = area()
    assert [s.line for s in recording] == [1, 2, 3, 4, 5, 5]
    assert names(recording, 0) == [{}]
    assert names(recording, 3) == [{"a": "21", "c": "6", "area": "126"}]
    assert recording.frames(3)[0].changed == {"area"}
    assert (recording.printed_at(4), recording.printed_at(5)) == ("", "12.0\n")
    assert recording[-1].event == "end"
    assert [s.line for s in recording[1:3]] == [2, 3]


def test_a_step_that_is_not_there_is_an_index_error() -> None:
    with pytest.raises(IndexError, match="no step 6"):
        area().step(6)
    with pytest.raises(IndexError):
        area()[-7]


def test_forward_and_back_give_the_same_state_at_the_same_step() -> None:
    recording = calls()
    forward = [names(recording, i) for i in range(len(recording))]
    backward = [names(recording, i) for i in reversed(range(len(recording)))]
    assert backward[::-1] == forward
    assert forward[5] == [{"f": "f(n)", "b": "2", "i": "0"}, {"n": "2"}]
    assert forward[-1] == [{"f": "f(n)", "b": "4", "i": "1"}]


def test_each_frame_says_where_it_is_and_a_second_call_starts_empty() -> None:
    recording = calls()
    assert [(f.function, f.line) for f in recording.frames(6)] == [("", 6), ("f", 3)]
    assert names(recording, 11)[1] == {"n": "3"}


def test_a_deep_recursion_is_walked_from_states_far_apart() -> None:
    depth = 1500
    deep = Writer("def f(n):\n    return n and f(n - 1)\nf(1500)")
    deep.step(3)
    for n in range(1, depth + 1):
        deep.step(1, number("n", depth - n), event="call", frame=n, depth=n)
        deep.step(2, frame=n, depth=n)
    for n in range(depth, 0, -1):
        deep.step(2, event="return", frame=n, depth=n, value=number("", 0), outer=[(0, number("seen", n))])
    recording = deep.done()
    for i in (4 * depth // 2, 3 * depth, 7, depth, 1, 2 * depth + 1, 40):
        frames = recording.frames(i)
        under_way = i // 2 + i % 2 if i <= 2 * depth else 3 * depth + 1 - i
        assert len(frames) == 1 + under_way
        assert [f.variables for f in frames[-2:]][-1] == (number("n", depth - under_way),)
        assert [f.number for f in frames[:3]] == list(range(min(3, 1 + under_way)))
        assert frames[-1] == next(reversed(frames))
    assert [f.number for f in recording.frames(2 * depth + 1).with_changes()] == [0, depth]
    assert recording.frames(2 * depth + 1)[0].changed == {"seen"}


def test_into_over_and_out_in_both_directions() -> None:
    recording = calls()
    assert (recording.forward(3), recording.over(3), recording.out(5)) == (4, 8, 8)
    assert (recording.back(8), recording.back_over(8), recording.back_out(6)) == (7, 3, 3)
    end = len(recording) - 1
    assert (recording.forward(end), recording.over(end), recording.back(0), recording.back_over(0)) == (end, end, 0, 0)


def test_breakpoints_and_changes_are_found_in_both_directions() -> None:
    recording = calls()
    assert recording.find(0, {3}) == 6
    assert recording.find(6, {3}) == 12
    assert recording.find(12, {3}) is None
    assert recording.find(12, {3}, backwards=True) == 6
    assert recording.where_changes("b") == (2, 8, 14)
    assert recording.next_change(2, "b") == 8
    assert recording.next_change(2, "b", backwards=True) is None
    assert recording.next_change(14, "b", backwards=True) == 8
    assert recording.where_changes("no such name") == ()


def test_a_loop_is_known_by_its_turns() -> None:
    recording = calls()
    (loop,) = recording.loops
    assert (loop.line, loop.end_line, loop.first, loop.last, loop.turns) == (5, 6, 2, 14, (3, 9))
    assert recording.loops_at(2)[0][1] == 0
    assert recording.loops_at(5)[0][1] == 1
    assert recording.loops_at(15) == ()


def test_calls_have_their_arguments_and_what_they_returned() -> None:
    recording = calls()
    assert [(c.text, c.value and c.value.text, c.first, c.last) for c in recording.calls] == [
        ("f(n = 2)", "3", 4, 7),
        ("f(n = 3)", "4", 10, 13),
    ]
    assert [c.text for c in recording.calls_at(11)] == ["f(n = 3)"]
    assert recording.calls_at(14) == ()


def test_the_effect_of_a_line_is_seen_after_the_calls_it_makes() -> None:
    assert calls().effect(3) == 8
    assert area().effect(3) == 4


def test_a_generator_that_is_resumed_keeps_its_names() -> None:
    w = Writer("def g():\n    k = 1\n    yield k\n    yield k\nfor v in g():\n    print(v)")
    w.step(1)
    w.step(5)
    w.step(1, event="call", frame=1, depth=1)
    w.step(2, frame=1, depth=1)
    w.step(3, number("k", 1), frame=1, depth=1)
    w.step(6, number("v", 1))
    w.step(4, frame=1, depth=1)
    recording = w.done()
    assert names(recording, 5) == [{"v": "1"}]
    assert names(recording, 6) == [{"v": "1"}, {"k": "1"}]


def test_what_an_inner_frame_changes_in_an_outer_one_is_seen_at_once() -> None:
    w = Writer("def f(l):\n    l.append(1)\nx = []\nf(x)")
    w.step(4, Variable("x", "sequence", "[]"))
    w.step(2, Variable("l", "sequence", "[]"), frame=1, depth=1)
    grown = Variable("l", "sequence", "[1]")
    w.step(1, grown, event="return", frame=1, depth=1, outer=[(0, Variable("x", "sequence", "[1]"))])
    recording = w.done()
    assert names(recording, 2) == [{"x": "[1]"}, {"l": "[1]"}]
    assert recording.frames(2)[0].changed == {"x"}
    assert names(recording, 1) == [{"x": "[]"}, {"l": "[]"}]
    assert recording.where_changes("x") == (2,)


def test_what_the_blocks_before_have_left_is_no_change_of_a_block() -> None:
    w = Writer("c = a + b\na = 0")
    w.step(1, number("a", 3), number("b", 4))
    w.step(2, number("c", 7))
    w.step(0, number("a", 0), event="end")
    recording = w.done()
    assert names(recording, 0) == [{"a": "3", "b": "4"}]
    assert recording.carried == (number("a", 3), number("b", 4))
    assert recording.step(0).changed == ()
    assert recording.frames(0)[0].changed == frozenset()
    assert recording.where_changes("a") == (2,)
    assert recording.next_change(2, "a", backwards=True) is None
    assert [sentence(recording, k) for k in range(3)] == [
        "known from before: a = 3, b = 4; next is line 1",
        "line 1: c becomes 7; next is line 2",
        "line 2: a changes to 0; the code has ended",
    ]


def test_many_names_from_before_are_counted() -> None:
    w = Writer("a = 1")
    w.step(1, *(number(f"n{k}", k) for k in range(6)), Variable("f", "function", "f(x)"))
    assert sentence(w.done(), 0) == "known from before: n0 = 0, n1 = 1, n2 = 2, n3 = 3 and 3 more; next is line 1"


def test_what_is_recorded_at_the_end_alone_is_what_the_block_did() -> None:
    w = Writer("a = 1")
    w.step(0, number("a", 1), event="end")
    recording = w.done()
    assert recording.carried == ()
    assert recording.frames(0)[0].changed == {"a"}
    assert sentence(recording, 0) == "a becomes 1; the code has ended"


def test_a_deleted_name_is_gone() -> None:
    w = Writer("a = 1\ndel a\nb = 2")
    w.step(1)
    w.step(2, number("a", 1))
    w.step(3, Variable("a", "nothing", ""))
    assert names(w.done(), 2) == [{}]


def test_the_error_is_found_where_it_was_raised() -> None:
    w = Writer("def f(n):\n    return 1 / n\nf(0)")
    w.step(3)
    w.step(2, number("n", 0), frame=1, depth=1)
    w.step(2, event="error", frame=1, depth=1)
    w.step(3, event="error")
    error = CodeError("ZeroDivisionError", "division by zero", 2, hint="Something was divided by zero.")
    recording = w.done(result=Output(status="error", error=error))
    assert recording.error_step == 2
    assert names(recording, 2) == [{}, {"n": "0"}]
    assert sentence(recording, 2) == (
        "line 2 fails: ZeroDivisionError: division by zero. Something was divided by zero."
    )
    assert area().error_step is None


def test_a_long_recording_can_be_entered_anywhere() -> None:
    w = Writer("i = 0")
    for i in range(1000):
        w.step(1, number("i", i), number(f"n{i % 7}", i))
    recording = w.done()
    for position in (999, 3, 640, 64, 63, 128, 127, 0):
        state = names(recording, position)[0]
        assert state["i"] == str(position)
        assert len(state) == 1 + min(7, position + 1)


def test_what_had_been_printed_is_shown_as_on_a_terminal() -> None:
    w = Writer("print()")
    w.step(1, output=4)
    w.step(1, event="end", output=9)
    recording = w.done("10 %\r20 %\n")
    assert [recording.printed_at(0), recording.printed_at(1)] == ["10 %", "20 %"]


@pytest.mark.parametrize(
    ("i", "words"),
    [
        (0, "next is line 1"),
        (1, "line 1: a becomes 21; next is line 2"),
        (3, "line 3: area becomes 126; next is line 4"),
        (5, "line 5: prints 12.0; the code has ended"),
    ],
)
def test_each_step_in_words(i: int, words: str) -> None:
    assert sentence(area(), i) == words


@pytest.mark.parametrize(
    ("i", "words"),
    [
        (1, "line 1: f is defined; next is line 4"),
        (3, "line 5: i becomes 0; turn 1 of 2, next is line 6"),
        (4, "line 1: f begins with n = 2"),
        (7, "f returns 3"),
        (8, "line 6: b changes to 3; next is line 5"),
    ],
)
def test_calls_and_turns_in_words(i: int, words: str) -> None:
    assert sentence(calls(), i) == words


def test_what_is_not_recorded_is_told_where_it_begins_and_at_the_end() -> None:
    w = Writer("n = 0\nn = 1\nn = 2")
    w.step(1)
    w.step(2, number("n", 0))
    w.step(3, number("n", 2), event="end")
    recording = w.done(stopped="Recording stopped after 2 steps; the block itself ran on.")
    assert [sentence(recording, i) for i in range(3)] == [
        "next is line 1",
        "line 1: n becomes 0; next is line 2. Recording stopped after 2 steps; the block itself ran on.",
        "line 2: n changes to 2; the code has ended. Recording stopped after 2 steps; the block itself ran on.",
    ]


def test_a_process_that_ends_is_told_at_the_last_step() -> None:
    w = Writer("n = 0\nos._exit(3)")
    w.step(1)
    w.step(2, number("n", 0))
    error = CodeError("ProcessDied", "the block ended its process with exit code 3")
    recording = w.done(result=Output(status="died", error=error))
    assert sentence(recording, 1) == (
        "line 1: n becomes 0; next is line 2; the code ends here: "
        "ProcessDied: the block ended its process with exit code 3"
    )


def test_json_round_trip() -> None:
    for recording in (area(), calls()):
        again = Recording.from_json(recording.to_json())
        assert again == recording
        assert list(again) == list(recording)
        assert again.frames(3) == recording.frames(3)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 3}', '{"version": 3, "run": {}, "steps": [1]}', "null", "[" * 100_000]
)
def test_what_is_no_recording_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(TraceFormatError, match="not a recording"):
        Recording.from_json(text)


@pytest.mark.parametrize(("version", "age"), [(99, "newer"), (1, "older")])
def test_another_version_is_named_as_such(version: int, age: str) -> None:
    with pytest.raises(TraceFormatError, match=age):
        Recording.from_json(json.dumps({"version": version}))


@pytest.mark.parametrize(
    ("column", "at", "value"),
    [
        ("event", 0, 9), ("value", 0, 77), ("changed", 0, 77), ("changed", 0, -1), ("changes", 1, 99), ("depth", 2, 5),
        ("depth", 0, 1), ("frame", 0, -1), ("noted_variable", 0, 99), ("noted", 0, 6), ("line", 0, 2**40),
    ],
)  # fmt: skip
def test_numbers_that_do_not_fit_together_are_refused(column: str, at: int, value: int) -> None:
    data = json.loads(area().to_json())
    data["steps"][column][at] = value
    with pytest.raises(TraceFormatError, match="not a recording"):
        Recording.from_json(json.dumps(data))
