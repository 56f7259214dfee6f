"""Walking a recording."""

import pytest

from tutor_app.core.trace import Replay, Step, Trace, TraceFormatError, Variable


def number(name: str, text: str) -> Variable:
    return Variable(name, "number", text)


TRACE = Trace(
    "a = 1\n...",
    (
        Step(1, "line"),
        Step(2, "line", changed=(number("a", "1"),)),
        Step(5, "call", 1, "f", (number("n", "3"),), 2),
        Step(6, "line", 1, "f", (number("m", "4"),), 2),
        Step(5, "return", 1, "f"),
        Step(3, "line", changed=(number("b", "9"),), output=4),
        Step(3, "end", changed=(Variable("a", "nothing", ""),), output=4),
    ),
    "hi\n!",
)


def names(replay: Replay) -> list[dict[str, str]]:
    return [{k: v.text for k, v in frame.items()} for frame in replay.frames()]


def test_forward_and_back_give_the_same_state_at_the_same_step() -> None:
    replay = Replay(TRACE)
    assert (replay.step, replay.output, names(replay)) == (None, "", [{}])
    forward = []
    while replay.forward():
        forward.append((replay.step, replay.output, names(replay)))
    assert [f[2] for f in forward] == [
        [{}], [{"a": "1"}], [{"a": "1"}, {"n": "3"}], [{"a": "1"}, {"n": "3", "m": "4"}],
        [{"a": "1"}, {"n": "3", "m": "4"}], [{"a": "1", "b": "9"}], [{"b": "9"}],
    ]  # fmt: skip
    backward = [forward[-1]]
    while replay.back() and replay.position >= 0:
        backward.append((replay.step, replay.output, names(replay)))
    assert backward[::-1] == forward


def test_a_move_beyond_either_end_is_refused_and_moves_nothing() -> None:
    replay = Replay(TRACE)
    assert not replay.back()
    assert not replay.go(len(TRACE.steps))
    assert replay.go(len(TRACE.steps) - 1)
    assert not replay.forward()
    assert replay.position == len(TRACE.steps) - 1


def test_a_second_call_starts_with_an_empty_frame() -> None:
    trace = Trace("", (Step(1, "call", 1, "f", (number("x", "1"),)), Step(1, "call", 1, "f", (number("y", "2"),))))
    replay = Replay(trace)
    replay.go(1)
    assert names(replay) == [{}, {"y": "2"}]


def test_a_long_recording_can_be_entered_anywhere() -> None:
    steps = tuple(Step(1, "line", changed=(number("i", str(i)), number(f"n{i % 7}", str(i)))) for i in range(1000))
    replay = Replay(Trace("", steps))
    for position in (999, 3, 640, 64, 63, 128, 0):
        replay.go(position)
        assert replay.frames()[0]["i"].text == str(position)
        assert len(replay.frames()[0]) == 1 + min(7, position + 1)


def test_json_round_trip() -> None:
    assert Trace.from_json(TRACE.to_json()) == TRACE


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 1}', '{"version": 1, "source": "", "steps": [1]}', "null"]
)
def test_what_is_no_recording_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(TraceFormatError, match="not a recording"):
        Trace.from_json(text)


def test_a_newer_version_is_named_as_such() -> None:
    with pytest.raises(TraceFormatError, match="newer version"):
        Trace.from_json('{"version": 99, "source": "", "steps": []}')


def test_what_had_been_printed_is_shown_as_on_a_terminal() -> None:
    trace = Trace("", (Step(1, "line", output=4), Step(1, "end", output=9)), "10 %\r20 %\n")
    replay = Replay(trace)
    seen = []
    while replay.forward():
        seen.append(replay.output)
    assert seen == ["10 %", "20 %"]
