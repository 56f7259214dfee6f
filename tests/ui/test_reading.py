from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.event_loop import until
from tests.ui.scripted import PARTLY, QUADRATIC, REPAIRED, ScriptedServices
from tests.windows import until_done
from tutor_app.core.parts import Answer, Code, CodeError, Figure, Output, Part, Text, Thought
from tutor_app.core.transcript import Transcript
from tutor_app.core.values import FoundModel
from tutor_app.ui.page.step_list import in_words
from tutor_app.window.dialogs.confinement import ConfinementDialog
from tutor_app.window.window import MainWindow

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
Open = Callable[..., MainWindow]


def many(n: int = 6) -> tuple[Part, ...]:
    parts: list[Part] = []
    for i in range(n):
        parts += [
            Text(f"Step {i} is about $x_{{{i}}}$.\n\n" + "More words. " * 40),
            Code(f"# part {i}\nprint({i})"),
            Output(stdout=f"{i}\n"),
        ]
    error = CodeError("ValueError", "no such number", 2, "Line 2: f(x)\nValueError: no such number")
    return (*parts, Code("f(x)"), Output(status="error", error=error), Text("So it is 7."), Answer("7"))


def opened(qtbot: QtBot, open_window: Open, parts: tuple[Part, ...] = REPAIRED, width: int = 1300) -> MainWindow:
    services = ScriptedServices()
    key = services.add("Sum of $k^2$", parts)
    window = open_window(services, width=width)
    window.saved.open(key)
    until(lambda: not window.view.page.is_empty)
    until_done(qtbot, window)
    window.steps.refresh()
    return window


# -- the table of steps --------------------------------------------------------------------------------------------


def test_a_long_solution_has_a_table_of_its_steps(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window, many())
    assert window.steps.isVisible()
    rows = [window.steps.list.item(n) for n in range(window.steps.list.count())]
    said = [row.data(Qt.ItemDataRole.AccessibleTextRole) for row in rows]
    assert said[0] == "Problem: Sum of k squared"
    assert said[1].startswith("Step 0 is about x sub 0")
    assert said[2:4] == ["Code: part 0", "Output: 0"]
    assert "Error: ValueError: no such number" in said
    assert said[-1] == "Answer: 7"
    window.resize(900, 700)
    until(lambda: not window.steps.isVisible())


def test_a_short_one_has_none_unless_asked(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window, QUADRATIC)
    assert not window.steps.isVisible()
    window.menus.steps["always"].trigger()
    assert window.steps.isVisible()
    assert window.settings.steps == "always"
    window.new_problem()
    assert not window.steps.isVisible()
    window.menus.steps["never"].trigger()
    assert not window.steps.isVisible()


def test_a_click_goes_there_and_scrolling_moves_the_mark(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window, many())
    steps, bar = window.steps, window.view.verticalScrollBar()
    assert steps.list.currentRow() == 0
    row = next(n for n, s in enumerate(steps.sections) if s.title == "part 3")
    QTest.mouseClick(
        steps.list.viewport(),
        Qt.MouseButton.LeftButton,
        pos=steps.list.visualItemRect(steps.list.item(row)).center(),
    )
    assert steps.list.currentRow() == row
    place = window.view.marks.rects(steps.sections[row].first + 2, steps.sections[row].last)[0]
    assert 0 <= place.top() < 120

    def at_the_end() -> bool:
        bar.setValue(bar.maximum())  # which grows while Qt still lays the page out
        return steps.list.currentRow() == len(steps.sections) - 1

    until(at_the_end)
    bar.setValue(0)
    assert steps.list.currentRow() == 0


def test_keys_go_from_step_to_step(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window, many())
    for expected in (1, 2, 3, 4):
        QTest.keyClick(window, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
        assert window.steps.list.currentRow() == expected
    QTest.keyClick(window, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert window.steps.list.currentRow() == 3


def test_the_table_follows_a_growing_solution(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices(default=many(4))
    window = open_window(services, width=1300)
    window.box.set_text("p")
    window.solve()
    until_done(qtbot, window)
    until(lambda: window.steps.isVisible() and len(window.steps.sections) == 17)
    assert in_words(window.steps.sections[-1]) == "Answer: 7"


# -- copying --------------------------------------------------------------------------------------------------------


def test_a_block_with_several_parts_is_copied_whole(qtbot: QtBot, open_window: Open) -> None:
    parts = (
        Text("One."),
        Text("Two."),
        Code("f()"),
        Output(stdout="7"),
        Figure("", png(), 40, 20, "a box"),
        Text("Z."),
    )
    window = opened(qtbot, open_window, parts)
    for words, expected in (
        ("Two.", "One.\n\nTwo."),
        ("f()", "    f()\n\nOutput:\n    7\n\n[figure: a box]"),
        ("Z.", "Z."),
    ):
        window.page_menu.copy_block("text", window.view.document().find(words).position())
        assert QApplication.clipboard().text().rstrip("\n") == expected
    assert len(window.view.cards()) == 1


@pytest.mark.parametrize(
    ("words", "name", "expected"),
    [
        ("Sum of", "problem", "Problem: Sum of $k^2$"),
        ("forgot", "paragraphs", "I forgot to define $n$. With $n = 10$:"),
        ("n = 10\n", "block", "    n = 10\n    total"),
        ("NameError", "block", "    print(total)\n\nOutput:\n    Line 1"),
    ],
)
def test_a_block_is_copied_in_every_form(qtbot: QtBot, open_window: Open, words: str, name: str, expected: str) -> None:
    window = opened(qtbot, open_window)
    at = window.view.document().find(words.strip()).position()
    if name == "block" and words == "n = 10\n":
        at = window.view.cards()[1].code.firstPosition()
    menu = window.page_menu.menu(at)
    texts = [a.text() for a in menu.actions()]
    assert f"Copy {name} as LaTeX" in texts
    next(a for a in menu.actions() if a.text() == f"Copy {name} as text").trigger()
    assert expected in QApplication.clipboard().text()
    next(a for a in menu.actions() if a.text() == f"Copy {name} as LaTeX").trigger()
    assert ("\\begin{verbatim}" in QApplication.clipboard().text()) == (name == "block")
    menu.deleteLater()


def test_the_second_text_is_not_taken_for_the_first(qtbot: QtBot, open_window: Open) -> None:
    parts = (Text("One.\n\n# Head\n\nTwo."), Code("1"), Output(value="1"), Text("Three."), Answer("1"))
    window = opened(qtbot, open_window, parts)
    for words, expected in (("Two", "One.\n\n# Head"), ("Three", "Three.")):
        window.page_menu.copy_block("text", window.view.document().find(words).position())
        assert QApplication.clipboard().text().startswith(expected)


def test_a_formula_is_copied_as_latex_and_in_words(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window)
    at = window.view.document().find("Sum of").selectionEnd() + 1
    menu = window.page_menu.menu(at)
    for text, expected in (
        ("Copy formula as LaTeX", "k^2"),
        ("Copy formula with its delimiters", "$k^2$"),
        ("Copy formula in words", "k squared"),
    ):
        next(a for a in menu.actions() if a.text() == text).trigger()
        assert QApplication.clipboard().text() == expected
    menu.deleteLater()


def png() -> str:
    image = QImage(40, 20, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return base64.b64encode(data.data()).decode()


def test_a_figure_is_copied_and_saved(qtbot: QtBot, open_window: Open, tmp_path: Path) -> None:
    figure = Figure("<svg xmlns='http://www.w3.org/2000/svg'/>", png(), 40, 20, "a red box")
    window = opened(qtbot, open_window, (Code("plot()"), figure, Output()))
    output = window.view.cards()[0].output
    assert output is not None
    menu = window.page_menu.menu(output.firstPosition())
    texts = [a.text() for a in menu.actions()]
    assert texts[:3] == ["Copy figure", "Save figure as PNG\u2026", "Save figure as SVG\u2026"]
    menu.actions()[0].trigger()
    assert QGuiApplication.clipboard().image().width() == 40
    shown = window.view.page.pictures[0].figure
    for name, begin in (("a.png", b"\x89PNG"), ("a.svg", b"<svg")):
        window.page_menu.write_figure(shown, str(tmp_path / name))
        until(_says(window, f"Saved to {tmp_path / name}"))
        assert (tmp_path / name).read_bytes().startswith(begin)
    window.page_menu.write_figure(shown, str(tmp_path / "no" / "a.png"))
    until(lambda: window.status.state.text().startswith("There is no folder"))
    window.page_menu.write_figure(replace(shown, svg=""), str(tmp_path / "b.svg"))
    until(lambda: window.status.state.text().startswith("The figure cannot be saved as SVG"))
    menu.deleteLater()


def _says(window: MainWindow, sentence: str) -> Callable[[], bool]:
    return lambda: window.status.state.text() == sentence


# -- import ---------------------------------------------------------------------------------------------------------


def dropped(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(p)) for p in paths])
    return data


def test_a_dropped_solution_comes_into_the_library_and_is_shown(open_window: Open, tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text(Transcript.of("Imported $x$", *QUADRATIC, meta={"model": "M"}).to_json())
    window = open_window(ScriptedServices())
    data = dropped(path)
    enter = QDragEnterEvent(
        QPoint(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    assert window.status.state.text() == "Let go to import"
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert window.status.state.text() == "Ready"
    QApplication.sendEvent(window, enter)
    drop = QDropEvent(
        QPointF(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(window, drop)
    until(lambda: window.box.text == "Imported $x$")
    until(lambda: window.history.model.rowCount() == 1)
    other = dropped(tmp_path / "picture.png")
    enter = QDragEnterEvent(
        QPoint(9, 9), Qt.DropAction.CopyAction, other, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(window, enter)
    drop = QDropEvent(
        QPointF(9, 9), Qt.DropAction.CopyAction, other, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(window, drop)
    assert window.status.state.text().startswith("Only exported solutions")


def test_files_that_are_gone_when_they_are_dropped_leave_no_offer_behind(open_window: Open, tmp_path: Path) -> None:
    window = open_window(ScriptedServices())
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    held = dropped(tmp_path / "one.json")
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, held, buttons, keys))
    assert window.status.state.text() == "Let go to import"
    gone = QMimeData()
    QApplication.sendEvent(window, QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, gone, buttons, keys))
    assert window.status.state.text() == "Ready"


def test_a_model_that_is_imported_leaves_the_solution_that_is_read(open_window: Open, tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text(Transcript.of("Read $x$", *QUADRATIC, meta={"model": "M"}).to_json())
    window = open_window(ScriptedServices())
    window.importer.import_files([str(path)])
    until(lambda: window.box.text == "Read $x$")
    window.importer.import_files([str(tmp_path / "own.gguf")])
    until(_says(window, "Ready"))
    assert window.pages.currentWidget() is window.view


def test_a_file_that_is_no_solution_is_one_sentence(open_window: Open, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text("{}")
    window = open_window(ScriptedServices())
    window.importer.import_files([str(path)])
    until(lambda: "no exported transcript" in window.status.state.text())


def test_a_dropped_model_is_used(open_window: Open) -> None:
    window = open_window(ScriptedServices(model=""))
    window.importer.import_files(["/x/own.GGUF"])
    until(lambda: "own.GGUF" in window.status.model.text())


# -- what the window says of this computer --------------------------------------------------------------------------


def test_the_window_says_how_code_is_confined(open_window: Open) -> None:
    services = ScriptedServices()
    window = open_window(services)
    assert not window.status.confined.isVisible()
    window.confinement.look()
    until(lambda: window.status.confined.isVisible())
    assert window.status.confined.text() == "Code confined"
    assert "no network" in window.status.confined.toolTip()
    services.confined = PARTLY
    window.change_settings(require_full_sandbox=True)
    until(lambda: window.status.confined.text() == "Code partly confined")
    assert window.status.confined.accessibleDescription().endswith("starts no other program.")
    window.status.confined.click()
    dialog = next(iter(window.findChildren(ConfinementDialog)))
    assert "starts no other program: does not hold" in dialog.accessibleDescription()
    dialog.reject()


def test_memory_and_models_of_other_programs_are_told_before_a_download(open_window: Open) -> None:
    services = ScriptedServices(
        model="",
        advice={"standard": "It needs more memory than is free."},
        others=(FoundModel("Ollama", "some-model:7b", Path("/models/x.gguf"), 4_000_000_000),),
    )
    window = open_window(services)
    page = window.models.page
    until(lambda: page.found.isVisible())
    labels = [w.text() for w in page.findChildren(type(page.line)) if w.isVisible()]
    assert "It needs more memory than is free." in labels
    use = next(b for b in page.findChildren(type(page.button)) if b.accessibleName() == "Use some-model:7b of Ollama")
    use.click()
    until(lambda: services.calls == ["import /models/x.gguf"])


def test_thoughts_are_copied_and_shown_by_their_menu_and_left_out_of_the_whole(qtbot: QtBot, open_window: Open) -> None:
    parts = (Thought("A hunch."), Thought("Another."), Text("One."), Thought("A third."), Text("Two."), Answer("1"))
    window = opened(qtbot, open_window, parts)
    window.page_menu.copy("text")
    assert "One." in QApplication.clipboard().text()
    assert "hunch" not in QApplication.clipboard().text()
    for words in ("A hunch.", "Another.", "A third.", "Two."):
        window.page_menu.copy_block("text", window.view.document().find(words).position())
        assert words in QApplication.clipboard().text()
    menu = window.page_menu.menu(window.view.document().find("Another.").position())
    next(a for a in menu.actions() if a.text() == "Show these thoughts").trigger()
    menu.deleteLater()
    assert not window.view.folding.is_folded(1, "thought")
    assert window.view.folding.is_folded(0, "thought")
