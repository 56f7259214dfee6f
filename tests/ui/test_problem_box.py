"""Pasting into the problem box, and dropping files anywhere on the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget

from tests.event_loop import until
from tests.ui.scripted import QUADRATIC, ScriptedServices
from tutor_app.core.transcript import Transcript
from tutor_app.window.window import MainWindow

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
Open = Callable[..., MainWindow]


def drop(target: QWidget, data: QMimeData) -> bool:
    """Drag ``data`` over a widget and let go; returns whether it was taken."""
    button, key, action = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    enter = QDragEnterEvent(QPoint(5, 5), action, data, button, key)
    QApplication.sendEvent(target, enter)
    if not enter.isAccepted():
        return False
    event = QDropEvent(QPointF(5, 5), action, data, button, key)
    QApplication.sendEvent(target, event)
    return event.isAccepted()


def files(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(p)) for p in paths])
    data.setText("\n".join(QUrl.fromLocalFile(str(p)).toString() for p in paths))
    return data


def copied(html: str, text: str) -> QMimeData:
    data = QMimeData()
    data.setHtml(html)
    data.setText(text)
    return data


@pytest.mark.parametrize("place", ["box", "search", "find", "window"])
def test_a_solution_dropped_anywhere_is_imported(open_window: Open, tmp_path: Path, place: str) -> None:
    services = ScriptedServices()
    window = open_window(services)
    path = tmp_path / "Homework 3.JSON"
    path.write_text(Transcript.of("Dropped here", *QUADRATIC).to_json())
    targets = {
        "box": window.box.edit.viewport(),
        "search": window.history.search,
        "find": window.finder.edit,
        "window": window,
    }
    assert drop(targets[place], files(path))
    until(lambda: window.box.text == "Dropped here")
    assert "file:" not in window.box.text
    assert [e.problem for e in services.library.entries()] == ["Dropped here"]


def test_other_files_are_answered_with_a_sentence(open_window: Open, tmp_path: Path) -> None:
    window = open_window()
    for path in (tmp_path / "scan.png", tmp_path / "notes.docx", tmp_path):
        window.status.say("Ready")
        assert drop(window.box.edit.viewport(), files(path))
        assert window.status.state.text().startswith("Only exported solutions (.json, .jsonl) and models")
        assert window.box.text == ""


def test_pasted_files_are_imported_too(open_window: Open, tmp_path: Path) -> None:
    window = open_window()
    path = tmp_path / "a.jsonl"
    path.write_text(Transcript.of("From a file manager", *QUADRATIC).to_json())
    window.box.edit.insertFromMimeData(files(path))
    until(lambda: window.box.text == "From a file manager")


def test_dropped_text_is_typed(open_window: Open) -> None:
    window = open_window()
    data = QMimeData()
    data.setText("2 + 3")
    window.box.edit.insertFromMimeData(data)
    assert window.box.text == "2 + 3"


@pytest.mark.parametrize(
    ("html", "text", "wanted"),
    [
        ("Is 7<sup>3</sup> larger than 10<sup>2</sup>?", "Is 73 larger than 102?", "Is 7^3 larger than 10^2?"),
        ("<p>2<sup>10</sup></p>", "210", "2^{10}"),
        ("<b>plain</b> words", "plain words", "plain words"),
        ("<b>a * b</b>", "a * b", "a * b"),
    ],
)
def test_pasted_powers_stay_powers(open_window: Open, html: str, text: str, wanted: str) -> None:
    window = open_window()
    window.box.edit.insertFromMimeData(copied(html, text))
    assert window.box.text == wanted
    window.box.edit.undo()
    assert window.box.text == ""


def test_a_low_window_shows_the_problem_and_no_preview(open_window: Open) -> None:
    window = open_window(width=680, height=344)
    window.box.set_text("Find $x$ with $x^2 = 2$.\nAnd $y$ with $y^3 = 2$.")
    assert not window.box.preview.isVisible()
    assert window.minimumSizeHint().height() <= 344
    assert window.height() == 344
    window.resize(680, 640)
    until(window.box.preview.isVisible)


@pytest.mark.parametrize(
    "line", ["Find all x.", "\u6570\u5b66\u306e\u554f\u984c x = 2", "\u062d\u0644 \u05e9\u05dc\u05d5\u05dd"]
)
def test_no_line_is_scrolled_away_while_there_is_room(open_window: Open, line: str) -> None:
    window = open_window(ScriptedServices())
    window.resize(1100, 900)
    edit = window.box.edit
    edit.setPlainText(f"{line}\n" * 3 + "Show how.")
    until(lambda: edit.height() == edit.sizeHint().height())
    assert edit.verticalScrollBar().maximum() == 0
