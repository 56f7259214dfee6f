"""``tutor exec``: the outcome, the exit codes, and bad input."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes import FakeExecutor
from tutor_app.commands.exec import run_exec
from tutor_app.core.errors import SandboxFault
from tutor_app.core.parts import CodeError, Figure, Output, OutputStatus

PICTURE = Figure("<svg/>", "AAAA", 4, 3, "Plot: f")


def execute(source: bytes, executor: FakeExecutor, *, as_json: bool = False) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = run_exec("-", as_json=as_json, executor=executor, stdin=io.BytesIO(source), out=out, err=err)
    return code, out.getvalue(), err.getvalue()


def test_json_has_the_whole_outcome() -> None:
    error = CodeError("ValueError", "no", 3, "Traceback ...", "hint")
    executor = FakeExecutor([Output("a\n", status="error", error=error, seconds=1.5)], figures=(PICTURE,))
    code, out, _ = execute(b"x", executor, as_json=True)
    assert code == 1
    assert json.loads(out) == {
        "status": "error",
        "stdout": "a\n",
        "value": "",
        "value_latex": "",
        "error": {"type": "ValueError", "message": "no", "line": 3, "traceback": "Traceback ...", "hint": "hint"},
        "figures": [{"mime": "image/png", "width": 4, "height": 3, "alt": "Plot: f", "png": "AAAA", "svg": "<svg/>"}],
        "seconds": 1.5,
        "truncated": False,
        "warnings": "",
    }


def test_text_shows_output_figures_value_and_error() -> None:
    error = CodeError("ValueError", "no", 3, "Traceback ...", "a hint")
    executor = FakeExecutor([Output("a\n", status="error", error=error)], figures=(PICTURE,))
    assert execute(b"x", executor) == (1, "a\n[figure, 4 x 3: Plot: f]\n", "Traceback ...\n(a hint)\n")
    assert execute(b"x", FakeExecutor([Output(value="42")])) == (0, "42\n", "")


@pytest.mark.parametrize(
    ("status", "code"), [("ok", 0), ("error", 1), ("timeout", 4), ("stopped", 4), ("died", 4), ("refused", 4)]
)
def test_exit_codes(status: OutputStatus, code: int) -> None:
    assert execute(b"x", FakeExecutor([Output(status=status)]))[0] == code


@pytest.mark.parametrize("source", [b"\xff\xfe\x00", b"#" * ((1 << 20) + 1)])
def test_a_program_that_cannot_be_read_is_one_sentence(source: bytes) -> None:
    code, out, err = execute(source, FakeExecutor())
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_a_missing_file_and_a_senseless_limit_are_one_sentence_each(tmp_path: Path) -> None:
    for path, timeout in ((str(tmp_path / "no.py"), None), (str(tmp_path), None), ("-", -1.0), ("-", float("nan"))):
        err = io.StringIO()
        assert run_exec(path, timeout=timeout, executor=FakeExecutor(), stdin=io.BytesIO(), err=err) == 2
        assert err.getvalue().count("\n") == 1


def test_no_sandbox_is_one_sentence() -> None:
    code, _, err = execute(b"x", FakeExecutor(fault_on_open=SandboxFault("It cannot.", "Do this.")))
    assert (code, err) == (3, "It cannot. Do this.\n")


@pytest.mark.e2e
@pytest.mark.skipif(sys.platform == "win32", reason="the sandbox on Windows has not been run yet")
def test_a_program_really_runs(tmp_path: Path) -> None:
    file = tmp_path / "a b ü.py"
    file.write_text("from sympy import *\nx = symbols('x')\nsolve(x**2 - 4, x)\n", encoding="utf-8")
    command = [sys.executable, "-m", "tutor_app", "exec", str(file), "--json", "--timeout", "30"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1], check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["value"] == "[-2, 2]"


@pytest.mark.parametrize("source", [b"print('\xff')", b"#" * (2 << 20)])
def test_json_has_an_outcome_also_where_nothing_could_be_run(source: bytes) -> None:
    code, out, err = execute(source, FakeExecutor([]), as_json=True)
    data = json.loads(out)
    assert (code, data["status"], data["error"]["message"]) == (2, "error", err.strip())
