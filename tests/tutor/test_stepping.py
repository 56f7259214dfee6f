"""Recordings on demand, in the real sandbox."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import FakeExecutor
from tutor_app.adapters.sandbox.sessions import Limits, Sandbox
from tutor_app.core.comparing import compared, parameters, with_number
from tutor_app.core.errors import UserFault
from tutor_app.core.parts import Code, Output, Text
from tutor_app.core.trace_values import Record
from tutor_app.core.unfolding import unfolded
from tutor_app.tutor.stepping import MAX_SOURCE, record_all, record_block, source_of

PARTS = (
    Text("A triangle."),
    Code("base = 21\narea = 126"),
    Output(),
    Code("height = 2*area/base\nprint(height)"),
    Output("12.0\n"),
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    if sys.platform == "win32":
        pytest.skip("the sandbox on Windows has not been run yet")
    box = Sandbox(Limits(seconds=20))
    yield box
    box.close()


def test_the_blocks_before_run_first(sandbox: Sandbox) -> None:
    recording = record_block(PARTS, 1, executor=sandbox)
    assert recording.source == "height = 2*area/base\nprint(height)"
    assert recording.result.stdout == "12.0\n"
    assert {v.name: v.text for v in recording.frames(0)[0].variables} == {"area": "126", "base": "21"}
    unfolding = unfolded(recording, 0)
    assert unfolding is not None
    assert [s.text for s in unfolding.stages] == ["2·area/base", "2·126/21", "252/21", "12"]


def test_what_if_a_number_were_another(sandbox: Sandbox) -> None:
    code = "\n".join(p.source for p in PARTS if isinstance(p, Code))
    original = record_block([Code(code)], 0, executor=sandbox)
    base = parameters(code)[0]
    changed = record_block([Code(code)], 0, executor=sandbox, edited=with_number(code, base, "63"))
    comparison = compared(original, changed)
    assert [(c.name, c.left and c.left.text, c.right and c.right.text) for c in comparison.names] == [
        ("base", "21", "63"), ("height", "12.0", "4.0"),
    ]  # fmt: skip


def test_watch_expressions_are_evaluated_at_every_step(sandbox: Sandbox) -> None:
    code = "t = 0\nfor i in range(3):\n    t += i\nl = iter([1])"
    record = Record(watches=("t * 2", "t >", "list(l)", "l = 3", "open('x')", "sum([t, 1])"))
    recording = record_block([Code(code)], 0, executor=sandbox, record=record)
    end = len(recording) - 1
    assert recording.watched_at(0)[0].text == "t has no value yet"
    assert [recording.watched_at(i)[0].text for i in recording.where_changes("t")] == ["0", "2", "6"]
    assert [(v.name, v.text) for v in recording.watched_at(end)] == [
        ("t * 2", "6"),
        ("t >", "This is no expression of Python."),
        ("list(l)", "l would be used up by looking at it"),
        ("l = 3", "This is no expression of Python."),
        ("open('x')", "calling open could change something"),
        ("sum([t, 1])", "4"),
    ]


def test_every_block_of_a_solution_is_recorded_in_one_session(sandbox: Sandbox) -> None:
    first, second = record_all(PARTS, executor=sandbox)
    assert [r.source for r in (first, second)] == [p.source for p in PARTS if isinstance(p, Code)]
    assert second.result.stdout == "12.0\n"
    assert record_all((Text("x"),), executor=FakeExecutor()) == ()


@pytest.mark.parametrize(
    ("parts", "block", "sentence"),
    [
        ((Text("x"),), 0, "This solution has no code to step through."),
        (PARTS, 2, "There is no block 3: the solution has 2 blocks of code."),
        ((Code("a = 1"),), -1, "There is no block 0: the solution has 1 block of code."),
    ],
)
def test_a_block_that_is_not_there_is_told(parts: tuple[Text | Code | Output, ...], block: int, sentence: str) -> None:
    with pytest.raises(UserFault, match=sentence):
        record_block(parts, block, executor=FakeExecutor())


def test_an_executor_that_cannot_record_is_told() -> None:
    with pytest.raises(UserFault, match="cannot be recorded"):
        record_block(PARTS, 0, executor=FakeExecutor())


def test_what_is_no_program_is_told_in_one_sentence(tmp_path: Path) -> None:
    for data, said in ((b"\xff\xfe\x00", "not UTF-8"), (b"#" * (MAX_SOURCE + 1), "longer than 1 MiB")):
        path = tmp_path / "p.py"
        path.write_bytes(data)
        with pytest.raises(UserFault, match=said):
            source_of(path)
    with pytest.raises(UserFault, match="cannot be read"):
        source_of(tmp_path / "none.py")
    with pytest.raises(UserFault, match="cannot be read"):
        source_of(tmp_path)
