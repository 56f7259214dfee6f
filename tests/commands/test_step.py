"""``tutor step``: walking through code in the terminal, and its trace table."""

import io
import json
import sys
from pathlib import Path

import pytest

from tests.core.recordings import area, calls
from tutor_app.commands.parser import main
from tutor_app.commands.step import lines_of
from tutor_app.commands.step_walk import Walk, walk
from tutor_app.core.errors import UserFault
from tutor_app.core.parts import Code, CodeError, Output, Text
from tutor_app.core.trace import Recording
from tutor_app.core.transcript import Transcript

pytestmark = pytest.mark.usefixtures("shared_sandboxes")

CODE = "area = 126\nc = 21\nh = 2*area/c\nprint(h)\n"
needs_sandbox = pytest.mark.skipif(sys.platform == "win32", reason="the sandbox on Windows has not been run yet")


@pytest.fixture
def program(tmp_path: Path) -> str:
    path = tmp_path / "area.py"
    path.write_text(CODE, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("keys", "position"),
    [
        (["n", "n"], 2),
        (["\x1b[18~", " ", "\x1b[C"], 3),
        (["n", "n", "n", "o"], 8),
        (["n", "n", "n", "\x1b[17~", "O"], 3),
        (["n", "n", "n", "n", "n", "u"], 8),
        (["e"], 16),
        (["\x1b[19~", "\x1b[18;2~", "b"], 14),
        (["\x1b[19~", "\x1b[19;2~"], 0),
        (["p", "?", "\x1b", "z"], 0),
    ],
)
def test_thonnys_keys_and_plain_letters_move(keys: list[str], position: int) -> None:
    at = Walk(calls())
    assert all(at.press(key) for key in keys)
    assert at.position == position


@pytest.mark.parametrize("key", ["q", "", "\x03"])
def test_the_walk_ends(key: str) -> None:
    assert not Walk(calls()).press(key)


def test_a_step_is_shown_with_its_line_its_values_and_its_calculation() -> None:
    at = Walk(area())
    at.position = 3
    shown = list(at.lines())
    assert shown[0] == "step 4 of 6"
    assert "> " + "  4  h = 2*area/a" in shown
    assert "line 3: area becomes 126; next is line 4" in shown
    assert "  h = 2·area/a = 2·126/21 = 252/21 = 12" in shown
    assert "  * area = 126" in shown
    at.press("x")
    assert not any("→" in line for line in at.lines())


def test_a_small_terminal_is_not_left() -> None:
    at = Walk(calls())
    at.position = 11
    for width, height in ((20, 8), (40, 12), (200, 50)):
        shown = list(at.lines(width, height))
        assert all(len(line) <= width for line in shown)
        assert len(shown) < max(height, 10)


def test_the_walk_shows_each_step_until_it_is_enough() -> None:
    keys = iter(["n", "e", "q"])
    out = io.StringIO()
    walk(area(), lambda: next(keys), out, lambda: (80, 24))
    assert [f"step {n} of 6" in out.getvalue() for n in (1, 2, 3, 6)] == [True, True, False, True]


def test_lines_are_named_singly_and_in_ranges() -> None:
    assert lines_of("3, 5-7") == {3, 5, 6, 7}
    assert lines_of("") == frozenset()
    for wrong in ("x", "3-", "7-5", "1.5", "-2"):
        with pytest.raises(UserFault, match="names no lines"):
            lines_of(wrong)


@needs_sandbox
def test_a_file_is_told_in_sentences(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["step", program]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "3. line 2: c becomes 21; next is line 3" in lines
    assert "   h = 2·area/c = 2·126/21 = 252/21 = 12" in lines


@needs_sandbox
def test_code_that_traces_itself_is_told_with_its_end_and_has_no_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "traced.py"
    file.write_text("import sys\nsys.settrace(lambda *a: None)\nx = 1\ny = x + 1")
    assert main(["step", str(file)]) == 0
    why = "This block traces itself: so that it sees nothing but itself, its steps are not recorded, only its end."
    assert capsys.readouterr().out == f"1. x becomes 1, y becomes 2; the code has ended. {why}\n"
    assert main(["step", str(file), "--table"]) == 2
    assert why in capsys.readouterr().err


@needs_sandbox
def test_the_table_and_the_recording_are_printed(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["step", program, "--table", "--lines", "3", "--names", "h"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["3", "h", "=", "2*area/c", "12.0*"]
    assert main(["step", program, "--json"]) == 0
    recording = Recording.from_json(capsys.readouterr().out)
    assert recording.source == CODE


@needs_sandbox
@pytest.mark.usefixtures("qapp")  # LaTeX is written with Qt's fonts, and one process has one application
def test_the_table_is_written_in_any_format(program: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for ending in ("md", "html", "tex"):
        target = tmp_path / f"table.{ending}"
        assert main(["step", program, "--expressions", "-o", str(target)]) == 0
        assert capsys.readouterr().out.splitlines()[0] == str(target)
        text = target.read_text(encoding="utf-8")
        assert "Trace table of area.py" in text
        assert "252" in text


@needs_sandbox
def test_a_block_of_an_exported_solution(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "s.json"
    parts = (Text("x"), Code("a = 1"), Output(), Code("b = a + 1\nprint(b)"), Output("2\n"))
    path.write_text(json.dumps(Transcript.of("p", *parts).to_dict()), encoding="utf-8")
    assert main(["step", str(path)]) == 0
    assert "line 1: b becomes 2; next is line 2" in capsys.readouterr().out
    assert main(["step", str(path), "--block", "1"]) == 0
    assert "line 1: a becomes 1" in capsys.readouterr().out
    assert main(["step", str(path), "--block", "3"]) == 2
    assert "There is no block 3: the solution has 2 blocks of code." in capsys.readouterr().err


def test_what_failed_is_shown_beside_what_repaired_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "s.json"
    error = Output(
        status="error", error=CodeError("NameError", "name 'k' is not defined", 2, "", "Nothing is called k.")
    )
    parts = (Code("n = 3\nprint(k)"), error, Text("y"), Code("n = 3\nprint(n)"), Output("3\n"))
    path.write_text(json.dumps(Transcript.of("p", *parts).to_dict()), encoding="utf-8")
    assert main(["step", str(path), "--errors"]) == 0
    assert capsys.readouterr().out == (
        "Block 1 failed in line 2: NameError: name 'k' is not defined\nNothing is called k.\nBlock 2 repaired it:\n\n"
        "    1  n = 3\n-   2  print(k)\n+   2  print(n)\n\n"
    )
    path.write_text(json.dumps(Transcript.of("p", *parts[3:]).to_dict()), encoding="utf-8")
    assert main(["step", str(path), "--errors"]) == 2
    assert "No block of this solution failed and was repaired." in capsys.readouterr().err


@needs_sandbox
def test_a_block_that_failed_names_its_repair(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "s.json"
    error = Output(status="error", error=CodeError("ZeroDivisionError", "division by zero", 1))
    parts = (Code("a = 1 / 0"), error, Code("a = 1 / 2"), Output())
    path.write_text(json.dumps(Transcript.of("p", *parts).to_dict()), encoding="utf-8")
    assert main(["step", str(path), "--block", "1"]) == 0
    assert "Block 2 repaired it; --errors shows how." in capsys.readouterr().out


@needs_sandbox
def test_an_export_has_a_table_after_each_block(tmp_path: Path) -> None:
    path, target = tmp_path / "s.json", tmp_path / "s.md"
    parts = (Text("x"), Code("a = 1"), Output(), Text("y"), Code("b = a + 1"), Output())
    path.write_text(json.dumps(Transcript.of("p", *parts).to_dict()), encoding="utf-8")
    assert main(["export", str(path), "--trace-tables", "-o", str(target)]) == 0
    text = target.read_text(encoding="utf-8")
    assert text.count("**Trace table**") == 2
    assert "| 1 | `b = a + 1` | $1$ | $2$ | $a + 1$ =\u00a0$1 + 1$ =\u00a0$2$ |" in text


@needs_sandbox
def test_a_table_in_an_export_without_calculations(tmp_path: Path) -> None:
    path, target = tmp_path / "s.json", tmp_path / "s.md"
    path.write_text(json.dumps(Transcript.of("p", Code("a = 1\nb = a + 1"), Output()).to_dict()), encoding="utf-8")
    assert main(["export", str(path), "--trace-tables", "--no-calculations", "-o", str(target)]) == 0
    assert "| 2 | `b = a + 1` | $1$ | $2$ |\n" in target.read_text(encoding="utf-8")


def test_json_holds_no_trace_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "s.json", "--trace-tables", "-o", str(tmp_path / "t.json")]) == 2
    assert "A transcript in JSON holds no trace tables." in capsys.readouterr().err


@needs_sandbox
@pytest.mark.parametrize(
    ("code", "said"),
    [("a = (", "The code cannot begin: SyntaxError"), ("", "There is nothing to step through"),
     ("a = 1\nimport os\nos._exit(3)", "a becomes 1"), ("a = 1\nexit()", "line 2 ends the code"),
     ("x = 1 / 0", "line 1 fails: ZeroDivisionError: division by zero. Something was divided by zero")],
)  # fmt: skip
def test_code_that_fails_is_told(code: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.py"
    path.write_text(code, encoding="utf-8")
    assert main(["step", str(path)]) == 0
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "said"),
    [(["--lines", "x"], "names no lines"), (["--timeout", "0"], "above 0"), (["--timeout", "nan"], "above 0")],
)
def test_a_request_that_makes_no_sense_is_told(
    program: str, more: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["step", program, *more]) == 2
    assert said in capsys.readouterr().err


@needs_sandbox
@pytest.mark.parametrize(
    ("more", "said"),
    [(["--table", "--names", "zz"], "gives no name zz a value"),
     (["--table", "--lines", "99"], "None of these lines ran"),
     (["-o", "x.docx"], "cannot be written as x.docx")],
)  # fmt: skip
def test_a_table_that_cannot_be_is_told(
    program: str, more: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["step", program, *more]) == 2
    assert said in capsys.readouterr().err


@needs_sandbox
@pytest.mark.parametrize(("code", "said"), [("a = (", "cannot begin: SyntaxError"), ("# no more", "no statement")])
def test_code_without_a_step_has_no_table(
    code: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "p.py").write_text(code, encoding="utf-8")
    assert main(["step", str(tmp_path / "p.py"), "--table"]) == 2
    assert said in capsys.readouterr().err


def test_a_file_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["step", str(tmp_path / "none.py")]) == 2
    assert "cannot be read" in capsys.readouterr().err
