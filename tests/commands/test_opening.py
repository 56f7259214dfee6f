"""``tutor FILE``: exported solutions are taken into the library and shown."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QUrl
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.export.solutions import VALUE
from tutor_app.adapters.library import Library
from tutor_app.commands.parser import main, with_command
from tutor_app.commands.window import file_path
from tutor_app.export import write_export
from tutor_app.tutor.paths import folders
from tutor_app.window.importer import OpenRequests


@pytest.fixture
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    return write_export(tmp_path / "a solution.mumath.json", [VALUE])[0]


def test_a_file_in_the_place_of_a_command_is_opened(exported: Path) -> None:
    file = str(exported)
    uri = QUrl.fromLocalFile(file).toString(QUrl.ComponentFormattingOption.FullyEncoded)
    assert " " not in uri
    assert with_command([file]) == ["window", file]
    assert with_command([uri]) == ["window", uri]
    assert file_path(uri) == exported
    assert with_command(["--data-dir", "x", file, file]) == ["--data-dir", "x", "window", file, file]
    assert with_command(["--data-dir=x", file]) == ["--data-dir=x", "window", file]
    assert with_command(["not there.json"]) == ["window", "not there.json"]
    assert with_command(["Model.GGUF"]) == ["window", "Model.GGUF"]


@pytest.mark.parametrize(
    "words", [[], ["doctor"], ["slove", "1+1"], ["--version"], ["--data-dir"], ["export", "a.json"]]
)
def test_everything_else_is_what_it_was(words: list[str]) -> None:
    assert with_command(words) == words


def test_a_command_comes_before_a_file_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("check").touch()
    assert with_command(["check", "x"]) == ["check", "x"]
    Path("chekc").touch()
    assert with_command(["chekc"]) == ["window", "chekc"]


@pytest.mark.usefixtures("no_display")
@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a display")
def test_without_a_display_it_is_printed_and_kept(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    for said in ("Imported 1 solution.", "This solution was in the library already."):
        assert main(["--data-dir", str(data), str(exported)]) == 0
        out, err = capsys.readouterr()
        assert err.strip() == said
        assert VALUE.problem in out
    with Library(folders(data).library) as library:
        assert library.count() == 1


@pytest.mark.usefixtures("no_display")
@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a display")
@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("none.json", None, "There is no file"),
        ("empty.json", b"", "is empty"),
        ("other.json", b'{"a": 1}', "is no exported transcript"),
        ("binary.mumath.json", b"\xff\xfe\x00", "is not text in UTF-8"),
        ("list.jsonl", b"[]\n[]\n", "Line 1"),
        ("model.gguf", b"GGUF", "Take it in with: tutor models import"),
        ("picture", b"\x89PNG", "is not text in UTF-8"),
    ],
)
def test_what_cannot_be_opened_is_one_sentence(
    name: str, data: bytes | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    assert main(["--data-dir", str(tmp_path / "data"), str(tmp_path / name)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert said in err


def test_a_file_that_the_system_asks_to_open_is_taken(qtbot: QtBot) -> None:
    taken: list[str] = []
    widget = QWidget()
    qtbot.addWidget(widget)
    requests = OpenRequests(taken.extend, widget)
    assert requests.eventFilter(widget, QFileOpenEvent("/home/a b.mumath.json"))
    assert not requests.eventFilter(widget, QFileOpenEvent(QUrl("https://example.org/x")))
    assert not requests.eventFilter(widget, QEvent(QEvent.Type.Show))
    assert taken == ["/home/a b.mumath.json"]


_PROGRAM = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from tutor_app.app import run_window
from tutor_app.tutor.paths import folders
from tutor_app.window.window import MainWindow

def look():
    for window in QApplication.topLevelWidgets():
        if isinstance(window, MainWindow) and window.box.text:
            print(window.box.text)
            window.close()
            QApplication.quit()
            return
    QTimer.singleShot(50, look)

shown = MainWindow.show
def show(window):
    shown(window)
    look()
MainWindow.show = show
where = folders(sys.argv[1])
where.create()
sys.exit(run_window(where, sys.argv[2:]))
"""


def test_the_window_shows_the_file_that_it_was_started_with(exported: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(tmp_path / "data"), str(exported)],
        capture_output=True,
        text=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        timeout=120,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    assert io.StringIO(done.stdout).readline().strip() == VALUE.problem.splitlines()[0]
