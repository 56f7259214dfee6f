from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader
from PySide6.QtCore import QStandardPaths
from PySide6.QtPrintSupport import QPrintPreviewDialog, QPrintPreviewWidget
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from tests.event_loop import until
from tests.ui.scripted import QUADRATIC, ScriptedServices
from tests.windows import until_done
from tutor_app.core.parts import Answer, Code, Output, Text
from tutor_app.core.window_state import WindowState
from tutor_app.export import read_transcripts
from tutor_app.handout.options import FORMATS, Options
from tutor_app.window.dialogs.export import Choice, ExportDialog
from tutor_app.window.exporter import usual_folder
from tutor_app.window.window import MainWindow

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
Open = Callable[..., MainWindow]


def solved(qtbot: QtBot, open_window: Open, services: ScriptedServices | None = None) -> MainWindow:
    window = open_window(services or ScriptedServices())
    window.box.set_text("Find the zeros.")
    window.solve()
    until_done(qtbot, window)
    until(lambda: window.history.model.rowCount() > 0)
    return window


def dialog_of(window: MainWindow) -> ExportDialog:
    return next(d for d in window.findChildren(ExportDialog) if d.isVisible())


@pytest.mark.parametrize("form", FORMATS)
def test_the_shown_solution_goes_to_a_file(
    qtbot: QtBot, open_window: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    (tmp_path / "before").mkdir()
    window = solved(qtbot, open_window, ScriptedServices(state=WindowState(folder=str(tmp_path / "before"))))
    asked: list[str] = []

    def answer(_: object, title: str, name: str, kinds: str) -> tuple[str, str]:
        asked.extend((name, kinds))
        return str(tmp_path / Path(name).name), kinds

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    window.exporter.ask()
    dialog = dialog_of(window)
    dialog.format.setCurrentIndex(dialog.format.findData(form))
    dialog.go.click()
    until(lambda: window.status.state.text().startswith("Exported to"))
    suggested = tmp_path / "before" / f"Find the zeros.{'mumath.json' if form == 'json' else form}"
    assert asked == [str(suggested), f"{FORMATS[form]} (*.{form})"]  # type: ignore[index]
    assert window.place.state.folder == str(tmp_path)
    path = tmp_path / suggested.name
    assert path.stat().st_size > 300
    if form == "json":
        (back,) = read_transcripts(path)
        assert (back.problem, back.solution) == ("Find the zeros.", QUADRATIC)
    if form == "pdf":
        assert "roots: [2, 3]" in PdfReader(path).pages[0].extract_text()


def test_all_listed_solutions_go_into_one_file(qtbot: QtBot, open_window: Open, tmp_path: Path) -> None:
    services = ScriptedServices()
    services.add("First?", QUADRATIC, 1.0)
    window = solved(qtbot, open_window, services)
    until(lambda: window.history.model.rowCount() == 2)
    window.exporter.export(str(tmp_path / "all.json"), Choice("json", everything=True))
    until(lambda: "export 2 as json" in services.calls)
    until(lambda: window.status.state.text().startswith("Exported to"))
    assert [t.problem for t in read_transcripts(tmp_path / "all.json")] == ["Find the zeros.", "First?"]


def test_the_dialog_begins_in_a_folder_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QStandardPaths, "writableLocation", lambda _: str(tmp_path))
    assert usual_folder("", os.path.isdir) == str(tmp_path)
    assert usual_folder(str(tmp_path / "unplugged"), os.path.isdir) == str(tmp_path)
    (tmp_path / "sheets").mkdir()
    assert usual_folder(str(tmp_path / "sheets"), os.path.isdir) == str(tmp_path / "sheets")
    monkeypatch.setattr(QStandardPaths, "writableLocation", lambda _: "")
    assert usual_folder("", os.path.isdir) == str(Path.home())


def test_solutions_behind_the_first_page_are_exported_too(open_window: Open, tmp_path: Path) -> None:
    services = ScriptedServices()
    for n in range(207):
        services.add(f"Problem {n}", QUADRATIC[:1], 1000.0 + n)
    window = open_window(services)
    until(lambda: window.history.model.rowCount() >= 200)  # the tester of models asks for more
    window.exporter.export(str(tmp_path / "all.json"), Choice("json", everything=True))
    until(lambda: "export 207 as json" in services.calls)
    until(lambda: window.status.state.text().startswith("Exported to"))


def test_a_failure_is_one_sentence(qtbot: QtBot, open_window: Open, tmp_path: Path) -> None:
    window = solved(qtbot, open_window)
    window.exporter.export(str(tmp_path / "no" / "a.pdf"), Choice())
    until(lambda: "There is no folder" in window.status.state.text())


def test_nothing_to_export_is_said(open_window: Open) -> None:
    window = open_window(ScriptedServices())
    window.exporter.ask()
    assert window.status.state.text() == "There is no solution to export yet."
    window.exporter.preview()
    assert window.status.state.text() == "There is no solution to print yet."


def test_the_dialog_offers_what_the_format_can_do(qtbot: QtBot) -> None:
    first = Choice("tex", Options(code=False, title="Week 3", paper="letter", large=True))
    dialog = ExportDialog(first, here=True, listed=3)
    qtbot.addWidget(dialog)
    assert dialog.choice == first
    dialog.format.setCurrentIndex(dialog.format.findData("json"))
    assert not dialog.switches["code"].isEnabled()
    assert not dialog.paper.isEnabled()
    dialog.format.setCurrentIndex(dialog.format.findData("pdf"))
    dialog.switches["solution"].setChecked(False)
    assert not dialog.switches["answer"].isEnabled()
    assert dialog.switches["solution"].isEnabled()
    dialog.scope.setCurrentIndex(1)
    assert dialog.choice == Choice("pdf", Options(False, False, title="Week 3", paper="letter", large=True), True)


def test_calculations_belong_to_trace_tables(qtbot: QtBot) -> None:
    dialog = ExportDialog(Choice(), here=True, listed=1)
    qtbot.addWidget(dialog)
    tables, calculations = dialog.switches["trace_tables"], dialog.switches["calculations"]
    assert not tables.isChecked()
    assert not calculations.isEnabled()
    tables.setChecked(True)
    assert calculations.isEnabled()
    calculations.setChecked(False)
    assert dialog.choice.options == Options(trace_tables=True, calculations=False)
    dialog.format.setCurrentIndex(dialog.format.findData("json"))
    assert not tables.isEnabled()
    assert not calculations.isEnabled()


def test_trace_tables_are_exported_and_remembered(
    open_window: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = ScriptedServices()
    key = services.add("Add.", (Text("We add."), Code("a = 2\nb = a + 1"), Output(), Answer("3")))
    window = open_window(services)
    window.saved.open(key)
    until(lambda: len(window.view.cards()) == 1)
    target = tmp_path / "added.md"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    window.exporter.ask()
    dialog = dialog_of(window)
    dialog.format.setCurrentIndex(dialog.format.findData("md"))
    dialog.switches["trace_tables"].setChecked(True)
    dialog.title.setText("Monday")
    dialog.go.click()
    until(lambda: window.status.state.text().startswith("Exported to"))
    assert "| 2 | `b = a + 1` | $2$ | $3$ |" in target.read_text(encoding="utf-8")
    kept = Choice.from_kept(window.place.state.export)
    assert kept == Choice("md", Options(trace_tables=True))


def test_trace_tables_are_printed_too(open_window: Open) -> None:
    services = ScriptedServices()
    key = services.add("Add.", (Text("We add."), Code("a = 2\nb = a + 1"), Output(), Answer("3")))
    window = open_window(services)
    window.saved.open(key)
    until(lambda: len(window.view.cards()) == 1)
    window.exporter.choice = Choice(options=Options(trace_tables=True))
    window.exporter.preview()
    until(lambda: bool(window.findChildren(QPrintPreviewDialog)))
    (dialog,) = window.findChildren(QPrintPreviewDialog)
    until(dialog.isVisible)
    assert services.calls[-1] == "trace tables of Add."
    dialog.close()


@pytest.mark.parametrize(
    ("kept", "choice"),
    [
        ("", Choice()),
        ("[1, 2]", Choice()),
        (
            '{"format": "exe", "paper": "a3", "code": 0, "large": "yes", "steps": true}',
            Choice(options=Options(steps=True)),
        ),
        ('{"format": "tex", "paper": "letter", "code": false}', Choice("tex", Options(code=False, paper="letter"))),
    ],
)
def test_a_kept_choice_that_cannot_be_used_counts_as_never_made(kept: str, choice: Choice) -> None:
    assert Choice.from_kept(kept) == choice


def test_print_preview_shows_the_pages(qtbot: QtBot, open_window: Open) -> None:
    window = solved(qtbot, open_window)
    window.exporter.preview()
    until(lambda: bool(window.findChildren(QPrintPreviewDialog)))
    (dialog,) = window.findChildren(QPrintPreviewDialog)
    until(dialog.isVisible)
    pages = dialog.findChild(QPrintPreviewWidget)
    assert isinstance(pages, QPrintPreviewWidget)
    until(lambda: pages.pageCount() == 1)
    dialog.close()
