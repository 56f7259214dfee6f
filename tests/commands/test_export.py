from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.export.solutions import FULL, VALUE
from tutor_app.adapters.library import Library
from tutor_app.commands.export import options_of, run
from tutor_app.commands.parser import make_parser
from tutor_app.core.errors import UserFault
from tutor_app.core.hints import LEVELS, Hint
from tutor_app.export import read_transcripts, write_export
from tutor_app.handout.options import DEFAULTS, Options
from tutor_app.tutor.given_hints import note_hint
from tutor_app.tutor.paths import folders


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, list[str]]:
    data = tmp_path / "data"
    where = folders(data)
    where.create()
    with Library(where.library) as library:
        ids = [library.create(t) for t in (FULL, VALUE)]
    return data, ids


def arguments(data: Path | None, *words: str) -> argparse.Namespace:
    args = make_parser().parse_args(["export", *words])
    args.data_dir = data
    return args


def test_saved_solutions_by_id_beginning_and_latest(
    saved: tuple[Path, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, (first, second) = saved
    out = tmp_path / "a.json"
    assert run(arguments(data, first, second[:20], "latest", "-o", str(out))) == 0
    assert read_transcripts(out) == [FULL, VALUE, VALUE]
    assert capsys.readouterr().out == f"{out}\n"


def test_files_need_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_export("in.json", [FULL, VALUE])
    assert run(arguments(tmp_path / "nothing", "in.json", "--to", "html")) == 0
    assert (tmp_path / "Worked solutions.html").exists()
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("nosuch",), "no saved solution nosuch"),
        (("latest", "-o", "x.docx"), "does not say what to export to"),
        (("absent.json",), "cannot be read"),
    ],
)
def test_mistakes_are_one_sentence(saved: tuple[Path, list[str]], words: tuple[str, ...], complaint: str) -> None:
    with pytest.raises(UserFault, match=complaint):
        run(arguments(saved[0], *words))


def test_an_empty_library_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="No solution has been saved yet"):
        run(arguments(tmp_path, "latest"))


def test_options_are_those_of_the_command_line() -> None:
    assert options_of(arguments(None, "latest")) == DEFAULTS
    words = "latest --no-code --no-output --no-answer --no-provenance --steps --large --paper letter --title T"
    assert options_of(arguments(None, *words.split())) == Options(
        code=False, output=False, answer=False, made=False, steps=True, large=True, paper="letter", title="T"
    )
    assert not options_of(arguments(None, "latest", "--problems-only")).solution


def test_a_pdf_without_a_display(tmp_path: Path) -> None:
    write_export(tmp_path / "in.json", [VALUE])
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    command = [sys.executable, "-m", "tutor_app", "export", "in.json", "-o"]
    subprocess.run([*command, "out.pdf"], cwd=tmp_path, env=environment, check=True, timeout=120)
    assert (tmp_path / "out.pdf").read_bytes().startswith(b"%PDF-")
    piped = subprocess.run(
        [*command, "-", "--to", "md"], cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=120
    )
    assert "## Problem" in piped.stdout.decode()


def test_hints_that_were_given_and_a_worksheet_as_an_exercise_sheet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "sheet.md"
    sheet.write_text("# Monday\n\n1. What is 3 + 4?\n   Answer: 7\n2. What is 5 + 6?\n", encoding="utf-8")
    note_hint(folders(tmp_path).given_hints, "What is 5 + 6?", Hint(1, LEVELS[0], "A sum is asked for."))
    assert run(arguments(tmp_path, "--worksheet", str(sheet), "--hints", "--to", "md", "-o", "-")) == 0
    out = capsys.readouterr().out
    assert out.startswith("# Monday\n")
    assert out.index("3 + 4") < out.index("5 + 6") < out.index("A sum is asked for.")
    assert "Solution" not in out
    for words in ((), ("latest", "--worksheet", str(sheet))):
        with pytest.raises(UserFault, match=r"nothing to export|by itself"):
            run(arguments(tmp_path, *words))
