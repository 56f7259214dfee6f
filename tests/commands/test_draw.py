"""``tutor draw``: a picture and its words, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tutor_app.adapters.library import Library
from tutor_app.commands.parser import main
from tutor_app.core.parts import Answer, Code, Figure, Text
from tutor_app.core.transcript import Transcript
from tutor_app.tutor.paths import folders

pytestmark = pytest.mark.usefixtures("shared_sandboxes")


def test_a_picture_is_saved_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, begins in (("a.svg", b"<svg"), ("b.png", b"\x89PNG")):
        path = tmp_path / name
        assert main(["draw", "y = x^2 - 4", "--output", str(path), "--data-dir", str(tmp_path / "data")]) == 0
        out = capsys.readouterr().out.splitlines()
        assert out[:4] == [
            "This draws the graph of y = x\u00b2 \u2212 4.",
            "Zeros: (\u22122, 0), (2, 0)",
            "Lowest points: (0, \u22124)",
            "Value at x = 0: \u22124",
        ]
        assert out[4].startswith("Plot: y = x\u00b2 \u2212 4; x from")
        assert out[5] == f"Saved to {path}"
        assert path.read_bytes().startswith(begins)


def test_the_program_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "y = sin(x)", "--code"]) == 0
    program = capsys.readouterr().out
    assert "lambda x: np.sin(x)" in program
    compile(program, "drawing", "exec")


@pytest.mark.parametrize(
    ("args", "code"), [(["hello"], 1), ([" "], 2), (["y = x", "--output", "a.txt"], 2), (["y = sqrt(-1-x^2)"], 1)]
)
def test_what_is_not_drawn(args: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["draw", *args, "--data-dir", str(tmp_path / "data")]) == code
    assert not [p for p in tmp_path.iterdir() if p.is_file()]


def test_a_saved_solution_is_drawn_without_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = folders(tmp_path)
    where.create()
    solved = Transcript.of("Find the zeros of y = x^2 - 7x + 10.", Text("They are 2 and 5."), Answer("2, 5"))
    with Library(where.library) as library:
        key = library.create(solved)
        library.save(key, solved, "finished")
    for more in ((), ("--no-save",)):
        assert main(["--data-dir", str(tmp_path), "ask", key, "Draw it, please.", *more]) == 0
        out = capsys.readouterr().out.splitlines()
        assert out[:4] == [
            "? Draw it.",
            "This draws the graph of y = x\u00b2 \u2212 7x + 10.",
            "\u00bb Zeros: (2, 0), (5, 0)",
            "\u00bb Lowest points: (3.5, \u22122.25)",
        ]
    with Library(where.library) as library:
        ((question, reply),) = library.get(key).replies[1:]
    assert question == "Draw it."
    assert [type(part) for part in reply if isinstance(part, Text | Code | Figure)] == [Text, Code, Figure]
