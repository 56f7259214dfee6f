"""Copying from the page, and its context menu: a formula, a block, a figure, the whole solution.

What stands where is read from the page; what is copied comes from the transcript, so a block is copied whole even
where the page shows it cut. Writes no file: a figure is saved by the services.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFileDialog, QMenu

from tutor_app.core.parts import Figure, Part, Thought
from tutor_app.handout.fragment import FORMS, Form, fragment
from tutor_app.render.folding import Foldable
from tutor_app.render.outline import Section
from tutor_app.render.properties import FIGURE, FIGURE_KEY, FORMULA, RAW, SOURCE
from tutor_app.render.sources import parts_between, plain_source
from tutor_app.text.speech import spoken
from tutor_app.ui.bridge import Bridge
from tutor_app.ui.page.transcript_view import TranscriptView
from tutor_app.ui.services import Services

_NAMES: Final = {
    "problem": "problem",
    "question": "question",
    "thought": "thoughts",
    "text": "paragraphs",
    "code": "block",
    "output": "block",
    "answer": "answer",
}
_ASKED_ABOUT: Final = {"text": "step", "thought": "thought"}


class PageMenu(QObject):
    """Copies from a page and shows its context menu.

    Args:
        view: The page.
        bridge: Runs what takes time.
        services: Write a figure to a file.
        say: Tells the user what was done.
        complain: Tells the user what went wrong.

    Signals:
        ask_asked: The user wants to ask about a piece of the solution: its source.
    """

    ask_asked = Signal(str)

    def __init__(
        self,
        view: TranscriptView,
        bridge: Bridge,
        services: Services,
        *,
        say: Callable[[str], None],
        complain: Callable[[Exception], object],
    ) -> None:
        super().__init__(view)
        self._view, self._bridge, self._services = view, bridge, services
        self._say, self._complain = say, complain
        view.menu_asked.connect(self._show)
        view.copied.connect(say)

    # -- copying ------------------------------------------------------------------------------------------------

    def copy(self, form: Form) -> None:
        """Put the whole solution on the clipboard."""
        if not self._view.page.is_empty:
            t = self._view.page.transcript()
            solution = [part for part in t.solution if not isinstance(part, Thought)]
            self._put(fragment(solution, form, t.problem), f"Copied as {FORMS[form]}")

    def copy_block(self, form: Form, position: int | None = None) -> None:
        """Put the step at a place on the clipboard; by default the one with the cursor."""
        at = self._view.textCursor().position() if position is None else position
        section = self._section(at)
        if section is None:
            return
        parts, problem = self._parts(section), ""
        if section.kind == "problem":
            problem = self._view.page.transcript().problem
        if parts or problem:
            self._put(fragment(parts, form, problem), f"Copied the {_NAMES[section.kind]} as {FORMS[form]}")

    def copy_formula(self, fmt: QTextCharFormat, form: Form) -> None:
        """Put a formula on the clipboard."""
        source = fmt.stringProperty(SOURCE)
        text = {"latex": source, "markdown": fmt.stringProperty(RAW), "text": spoken(source)}[form]
        self._put(text, f"Copied the formula as {FORMS[form]}")

    def copy_figure(self, figure: Figure) -> None:
        """Put a figure on the clipboard, as a picture."""
        picture = next((p for p in self._view.page.pictures if p.figure is figure), None)
        if picture is not None:
            QGuiApplication.clipboard().setImage(picture.image())
            self._say("Copied the figure")

    def save_figure(self, figure: Figure, kind: str) -> None:
        """Ask where to, and write the figure there as ``png`` or ``svg``."""
        path, _ = QFileDialog.getSaveFileName(
            self._view, "Save the figure", f"figure.{kind}", f"{kind.upper()} (*.{kind})"
        )
        if path:
            self.write_figure(figure, path)

    def write_figure(self, figure: Figure, path: str) -> None:
        """Write a figure to a file, as SVG if its name says so, else as PNG."""
        self._bridge.run_in_background(
            lambda: self._services.export_figure(path, figure), lambda _: self._say(f"Saved to {path}"), self._complain
        )

    def _put(self, text: str, said: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self._say(said)

    # -- what stands at a place -----------------------------------------------------------------------------------

    def _section(self, position: int) -> Section | None:
        found = [s for s in self._view.sections() if s.first <= position]
        return found[-1] if found else None

    def _parts(self, section: Section) -> Sequence[Part]:
        """The parts that a section of the page shows, whole; several headings of one text share it."""
        first, last = section.first, section.last
        if section.card >= 0:
            frame = self._view.cards()[section.card].frame
            first, last = frame.firstPosition(), frame.lastPosition()
        parts = self._view.page.parts()
        return [parts[n] for n in parts_between(self._view.document(), first, last)]

    # -- the menu -------------------------------------------------------------------------------------------------

    def _show(self, position: int, at: QPoint) -> None:
        menu = self.menu(position)
        menu.exec(at)
        menu.deleteLater()

    def menu(self, position: int) -> QMenu:
        """The menu of a place in the text."""
        view = self._view
        menu = QMenu(view)
        if view.textCursor().hasSelection():
            menu.addAction("Copy", QKeySequence(QKeySequence.StandardKey.Copy), view.copy)
        fmt = self._object_at(position)
        if fmt is not None and fmt.objectType() == FORMULA:
            menu.addAction("Copy formula as LaTeX", lambda: self.copy_formula(fmt, "latex"))
            menu.addAction("Copy formula with its delimiters", lambda: self.copy_formula(fmt, "markdown"))
            menu.addAction("Copy formula in words", lambda: self.copy_formula(fmt, "text"))
            self._ask_action(menu, "Ask about this formula", fmt.stringProperty(RAW))
            menu.addSeparator()
        elif fmt is not None and fmt.objectType() == FIGURE:
            self._figure_actions(menu, view.page.pictures[fmt.intProperty(FIGURE_KEY)].figure)
        section = self._section(position)
        if section is not None:
            if section.kind != "problem":
                about = plain_source(view.document(), section.first, section.last)
                self._ask_action(menu, f"Ask about this {_ASKED_ABOUT.get(section.kind, section.kind)}", about)
            self._block_actions(menu, section, position)
        menu.addAction("Select all", QKeySequence(QKeySequence.StandardKey.SelectAll), view.selectAll)
        return menu

    def _ask_action(self, menu: QMenu, text: str, about: str) -> None:
        if not self._view.page.is_streaming:
            menu.addAction(text, partial(self.ask_asked.emit, about))

    def _figure_actions(self, menu: QMenu, figure: Figure) -> None:
        menu.addAction("Copy figure", lambda: self.copy_figure(figure))
        if figure.png:
            menu.addAction("Save figure as PNG\u2026", lambda: self.save_figure(figure, "png"))
        if figure.svg:
            menu.addAction("Save figure as SVG\u2026", lambda: self.save_figure(figure, "svg"))
        menu.addSeparator()

    def _block_actions(self, menu: QMenu, section: Section, position: int) -> None:
        name = _NAMES[section.kind]
        for form, called in FORMS.items():
            menu.addAction(f"Copy {name} as {called}", partial(self.copy_block, form, position))
        if section.card >= 0:
            menu.addSeparator()
            menu.addAction("Step through this code", partial(self._view.step_asked.emit, section.card))
            kinds: tuple[Foldable, ...] = ("code", "output")
            for what in kinds:
                folded = self._view.folding.is_folded(section.card, what)
                words = f"{'Show' if folded else 'Hide'} this {what}"
                menu.addAction(words, partial(self._view.toggle, section.card, what))
        elif (number := section.thought) >= 0:
            menu.addSeparator()
            folded = self._view.folding.is_folded(number, "thought")
            words = f"{'Show' if folded else 'Hide'} these thoughts"
            menu.addAction(words, partial(self._view.toggle, number, "thought"))
        menu.addSeparator()

    def _object_at(self, position: int) -> QTextCharFormat | None:
        """The format of the formula or figure at a place: a click on its left half is in front of it."""
        cursor = QTextCursor(self._view.document())
        for p in (position + 1, position):
            if 0 < p < self._view.document().characterCount():
                cursor.setPosition(p)
                fmt = cursor.charFormat()
                if fmt.objectType() in (FORMULA, FIGURE):
                    return fmt
        return None
