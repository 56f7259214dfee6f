"""The panel beside the page (or over it) that steps through a block: recording on demand, its head, and the step.

A block is recorded in the sandbox with the blocks before it, outside the GUI thread; until it is there the panel says
so and offers to stop. It knows the page and the services only by what it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, Protocol

from PySide6.QtCore import QByteArray, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QHideEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from tutor_app.core.comparing import Beside, Comparison, compared, repairs
from tutor_app.core.narration import why_no_steps
from tutor_app.core.parts import Code
from tutor_app.core.ports import Cancel
from tutor_app.core.trace import Recording
from tutor_app.core.transcript import Transcript
from tutor_app.desk.stepper.announced import AnnouncedStrip, Sentence, sentences_of
from tutor_app.desk.stepper.error_lab import ErrorLab
from tutor_app.desk.stepper.stepper import Stepper
from tutor_app.desk.stepper.view import StepView
from tutor_app.desk.stepper.what_if import WhatIf
from tutor_app.render.code_colors import spans
from tutor_app.render.theme import Theme
from tutor_app.ui.announce import announce
from tutor_app.ui.bridge import Bridge, Job
from tutor_app.ui.formulas import Formulas
from tutor_app.ui.icons import icon

MIN_WIDTH: Final = 320
NARROW: Final = 1000
"""A window narrower than this has no room for the page beside the panel, which then opens over it."""


class Recorder(Protocol):
    """What records a block."""

    def record_block(
        self,
        transcript: Transcript,
        block: int,
        cancel: Cancel,
        *,
        edited: str | None = None,
        watches: Sequence[str] = (),
    ) -> Recording:
        """*Worker.* Record the code block of that number, from 0, after the blocks before it."""
        ...


class StepPanel(QDockWidget):
    """The panel.

    Args:
        recorder: Records blocks.
        bridge: Runs what takes time.
        formulas: Typesets values.
        theme: Colours.
        complain: Tells the user what went wrong; returns the sentence.

    Signals:
        closed: The user closed the panel.
        spread_asked: The user wants the panel over the page (True) or beside it.
        projector_asked: The user wants the projector's window.
        arranged: The user moved something: what :meth:`arrangement` tells has changed.
        block_shown: The recording of a block is here: its number.
    """

    closed = Signal()
    spread_asked = Signal(bool)
    projector_asked = Signal()
    arranged = Signal()
    block_shown = Signal(int)

    def __init__(
        self,
        recorder: Recorder,
        bridge: Bridge,
        formulas: Formulas,
        theme: Theme,
        complain: Callable[[Exception], str],
    ) -> None:
        super().__init__("Step through the code")
        self._recorder, self._bridge, self._complain = recorder, bridge, complain
        self._theme = theme
        self._job: Job | None = None
        self._transcript = Transcript(())
        self.block = -1
        self._original: Recording | None = None
        self._watches: tuple[str, ...] = ()
        self._edited: str | None = None
        self.stepper = Stepper(self)
        self.view = StepView(self.stepper, formulas, theme)
        self.setObjectName("stepPanel")
        self.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetClosable)  # or its close() does nothing
        self.setAllowedAreas(Qt.DockWidgetArea.RightDockWidgetArea)
        self.setMinimumWidth(MIN_WIDTH)
        self._build_head()
        self._build_waiting()
        self.pages = QStackedWidget()
        self.pages.addWidget(self.view)
        self.pages.addWidget(self._waiting)
        self.lab = ErrorLab(theme)
        self.lab.step_asked.connect(lambda block: self.open_block(self._transcript, block))
        self.pages.addWidget(self.lab)
        inside = QWidget()
        inside.setObjectName("stepInside")
        inside.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addWidget(self.pages, 1)
        self.setWidget(inside)
        self.setTitleBarWidget(QWidget())  # the head is inside: a dock's own title bar takes no keyboard focus
        for splitter in (self.view.main, self.view.right):
            splitter.splitterMoved.connect(lambda *_: self.arranged.emit())
        self.announced = AnnouncedStrip(formulas, theme)
        self.view.left.insertWidget(0, self.announced)
        self.announced.chosen.connect(self._mark_announced)
        self.stepper.moved.connect(lambda _: self._follow_step())
        self.view.code.cursor_moved.connect(self.announced.show_line)
        self.what_if = WhatIf()
        self.view.left.addWidget(self.what_if)
        self.what_if.run_asked.connect(lambda source: self._run_again(source, self._watches))
        self.what_if.original_asked.connect(self.show_original)
        self.what_if.source_changed.connect(self.view.code.replace_source)
        self.view.code.edited.connect(self.what_if.set_text)
        self.view.watch_asked.connect(self.watch)
        self._set_tab_order()
        self.set_theme(theme)
        self.hide()

    # -- construction -------------------------------------------------------------------------------------------

    def _build_head(self) -> None:
        self._head = QWidget()
        self.blocks = QComboBox()
        self.blocks.setAccessibleName("Block of code")
        self.blocks.setToolTip("Which block of the solution")
        self.blocks.activated.connect(self._choose)
        self.blocks.setMinimumWidth(90)
        self.spread = _tool("Over the page or beside it", "Over the page or beside it")
        self.spread.setCheckable(True)
        self.spread.clicked.connect(self.spread_asked)
        self.projector = _tool("Projector mode", "Projector mode: large type, full screen (F11)")
        self.projector.clicked.connect(self.projector_asked)
        self.close_button = _tool("Close the panel", "Close (Esc)")
        self.close_button.clicked.connect(self.close)
        row = QHBoxLayout(self._head)
        row.setContentsMargins(10, 6, 8, 6)
        row.setSpacing(2)
        row.addWidget(self.blocks)
        row.addStretch(1)
        self.lab_button = _tool("Error lab", "Error lab: what failed, why, and what repaired it")
        self.lab_button.setCheckable(True)
        self.lab_button.clicked.connect(self._toggle_lab)
        row.addWidget(self.lab_button)
        self.what_if_button = _tool("What if", "What if: change a number or a line and run it again")
        self.what_if_button.setCheckable(True)
        self.what_if_button.toggled.connect(self.show_what_if)
        row.addWidget(self.what_if_button)
        row.addWidget(self.spread)
        row.addWidget(self.projector)
        row.addWidget(self.close_button)

    def _build_waiting(self) -> None:
        self._waiting = QWidget()
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setTextFormat(Qt.TextFormat.PlainText)
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Recording")
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setAccessibleName("Cancel the recording")
        self.cancel_button.clicked.connect(self.cancel)
        self.again_button = QPushButton("Try again")
        self.again_button.setAccessibleName("Record again")
        self.again_button.clicked.connect(lambda: self.open_block(self._transcript, self.block))
        column = QVBoxLayout(self._waiting)
        column.setContentsMargins(28, 24, 28, 24)
        column.setSpacing(14)
        column.addStretch(1)
        column.addWidget(self.state)
        column.addWidget(self.bar)
        row = QHBoxLayout()
        row.addWidget(self.cancel_button)
        row.addWidget(self.again_button)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(2)

    def _set_tab_order(self) -> None:
        v = self.view
        order = [
            self.blocks,
            self.announced,
            v.code,
            v.values,
            v.output.text,
            v.transport.timeline,
            *v.transport.buttons.values(),
            v.transport.speed,
            self.lab_button,
            self.what_if_button,
            self.spread,
            self.projector,
            self.close_button,
        ]
        for first, second in pairwise(order):
            QWidget.setTabOrder(first, second)

    # -- what is open -------------------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether the panel can be seen."""
        return not self.isHidden()

    def open_block(self, transcript: Transcript, block: int) -> None:
        """Record a block of a solution and show it.

        Args:
            transcript: The solution.
            block: Number of the code block, from 0.
        """
        self._take(transcript, block)
        self.stepper.close()
        self._original, self._edited, self._watches = None, None, ()
        self.what_if_button.setChecked(False)
        first = "" if block == 0 else f" after block{'s 1 to' if block > 1 else ''} {block}"
        self._wait(f"Running block {block + 1}{first} once more in the sandbox, to record every step\u2026")
        self.show()
        job = Job()
        self._job = self._bridge.run_in_background(
            lambda: prepared(self._recorder.record_block(transcript, block, job.cancel)),
            self._recorded,
            self._failed,
            job=job,
        )

    def open_lab(self, transcript: Transcript, block: int = -1) -> bool:
        """Show what failed in a solution beside what repaired it; False if there is nothing of the kind.

        Args:
            transcript: The solution.
            block: Number of the block that failed, or of its repair, from 0; any other shows the first.
        """
        found = repairs(transcript.solution)
        if not found:
            return False
        known = {n for r in found for n in (r.failed, r.repaired)}
        self._take(transcript, block if block in known else found[0].failed)
        self.stepper.close()
        self._original = None
        self._show_lab()
        self.show()
        return True

    def _take(self, transcript: Transcript, block: int) -> None:
        """Another block, perhaps of another solution, is the one that this is about."""
        self.cancel()
        self._transcript, self.block = transcript, block
        self._fill_blocks()
        self.announced.set_sentences(sentences_of(transcript.solution, block))
        found = repairs(transcript.solution)
        self.lab.set_repairs(found)
        self.lab_button.setVisible(bool(found))
        self.lab_button.setChecked(False)

    def _show_lab(self) -> None:
        self.cancel()
        self.stepper.play(False)
        self.what_if_button.setChecked(False)
        self.lab.show_block(self.block)
        self.pages.setCurrentWidget(self.lab)
        self.what_if_button.setEnabled(False)
        self.lab_button.setChecked(True)
        self.lab.walk_button.setFocus()
        announce(self, self.lab.hint.text())

    def _toggle_lab(self, on: bool) -> None:
        if on:
            self._show_lab()
        elif len(self.stepper):
            self._show_step()
        else:
            self.open_block(self._transcript, self.block)

    def _show_step(self) -> None:
        self.pages.setCurrentWidget(self.view)
        self.what_if_button.setEnabled(True)
        self.lab_button.setChecked(False)
        self.view.code.setFocus()

    def forget(self) -> None:
        """The solution on the page is another one: what is recorded of the old one goes."""
        self.cancel()
        self._transcript, self.block = Transcript(()), -1
        self.announced.set_sentences(())
        self.stepper.close()
        self.close()

    def _fill_blocks(self) -> None:
        sources = [p.source for p in self._transcript.solution if isinstance(p, Code)]
        self.blocks.clear()
        self.blocks.addItems([f"Block {n + 1} of {len(sources)}" for n in range(len(sources))])
        self.blocks.setCurrentIndex(self.block)
        self.blocks.setEnabled(len(sources) > 1)

    def _choose(self, block: int) -> None:
        if block != self.block:
            self.open_block(self._transcript, block)

    def _wait(self, words: str, failed: bool = False) -> None:
        self.state.setText(words)
        self.state.setAccessibleName(words)
        self.bar.setVisible(not failed)
        self.cancel_button.setVisible(not failed)
        self.again_button.setVisible(failed)
        self.pages.setCurrentWidget(self._waiting)
        announce(self, words)

    def _recorded(self, recording: Recording) -> None:
        self._job = None
        if not len(recording):
            self._wait(why_no_steps(recording), failed=True)
            return
        self._original = recording
        self.stepper.open(recording)
        self.what_if.set_source(recording.source)
        self._show_step()
        self.block_shown.emit(self.block)

    def _failed(self, error: Exception) -> None:
        self._job = None
        self._wait(self._complain(error), failed=True)

    def cancel(self) -> None:
        """Stop a recording that is being made."""
        if self._job is not None:
            self._job.stop()
            self._job = None
            self._wait("The recording was cancelled.", failed=True)

    # -- the sentence that announced the code -------------------------------------------------------------------

    def show_sentence(self, sentence: Sentence) -> None:
        """Show a sentence and the lines that it announced."""
        self.announced.show_sentence(sentence)
        self.view.code.reveal(sentence.first_line)

    def _mark_announced(self, sentence: Sentence | None) -> None:
        lines = range(sentence.first_line, sentence.last_line + 1) if sentence is not None else range(0)
        self.view.code.mark_linked(lines)

    def _follow_step(self) -> None:
        step = self.stepper.step
        if step is not None and step.line:
            self.announced.show_line(step.line)

    # -- what if, and watches -----------------------------------------------------------------------------------

    def show_what_if(self, on: bool) -> None:
        """Let the code be changed, or go back to the original."""
        self.what_if.setVisible(on)
        self.view.code.set_editable(on)
        if not on:
            self.show_original()

    def show_original(self) -> None:
        """Show what the model wrote again."""
        original, self._edited = self._original, None
        if original is not None and self.stepper.recording is not original:
            self.stepper.open(original)
        if original is not None:
            self.view.code.replace_source(original.source)
            self.what_if.numbers_from(original.source)
            self.what_if.show_differences(None)

    def watch(self, expression: str) -> None:
        """Evaluate one expression more at every step; one that is watched already is watched no longer."""
        known = self._watches
        watches = tuple(w for w in known if w != expression) if expression in known else (*known, expression)
        self._run_again(self._edited, watches)

    def _run_again(self, source: str | None, watches: tuple[str, ...]) -> None:
        """Record the block, or what it was changed into, and stay at the same step if there is one."""
        original = self._original
        if original is None:
            return
        if self._job is not None:
            self._job.stop()
        edited = source if source is not None and source != original.source else None
        self.view.say("Running it again in the sandbox\u2026")
        transcript, block, job = self._transcript, self.block, Job()

        def work() -> tuple[Recording, Comparison | None, Beside | None]:
            recording = self._recorder.record_block(transcript, block, job.cancel, edited=edited, watches=watches)
            if edited is None or not len(recording):
                return prepared(recording), None, None
            return prepared(recording), compared(original, recording), Beside(recording, original)

        def done(result: tuple[Recording, Comparison | None, Beside | None]) -> None:
            recording, comparison, beside = result
            self._job = None
            if not len(recording):
                self.view.say(why_no_steps(recording))
                return
            at, at_end = self.stepper.position, self.stepper.position >= len(self.stepper) - 1
            self._edited, self._watches = edited, watches
            if edited is None:
                self._original = recording
            self.stepper.open(recording, beside)
            self.stepper.go(len(recording) - 1 if at_end or edited is not None else at)
            self.what_if.show_differences(comparison)

        def failed(error: Exception) -> None:
            self._job = None
            self.view.say(self._complain(error))

        self._job = self._bridge.run_in_background(work, done, failed, job=job)

    # -- look ---------------------------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme = theme
        self.view.set_theme(theme)
        self.lab.set_theme(theme)
        self.announced.set_theme(theme)
        self.what_if_button.setIcon(icon("flask", theme.muted))
        self.lab_button.setIcon(icon("lab", theme.muted))
        for button, name in ((self.spread, "spread"), (self.projector, "projector"), (self.close_button, "close")):
            button.setIcon(icon(name, theme.muted))

    def set_size(self, pixels: float) -> None:
        """Change the text size."""
        self.view.set_size(pixels)
        self.lab.set_size(pixels)
        self.announced.set_size(pixels)

    def arrangement(self) -> str:
        """How the parts are divided, to be kept."""
        states = (self.view.main.saveState(), self.view.right.saveState())
        return ",".join(bytes(s.toBase64().data()).decode() for s in states)

    def arrange(self, kept: str) -> None:
        """Divide the parts as they were."""
        for splitter, state in zip((self.view.main, self.view.right), kept.split(","), strict=False):
            splitter.restoreState(QByteArray.fromBase64(state.encode()))

    # -- Qt -----------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
            return
        super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop what runs for it."""
        self.cancel()
        self.stepper.play(False)
        super().closeEvent(event)
        self.closed.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing plays that cannot be seen."""
        self.stepper.play(False)
        super().hideEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The width is kept, too."""
        super().resizeEvent(event)
        if self.isVisible() and event.oldSize().width() > 0:
            self.arranged.emit()


def prepared(recording: Recording) -> Recording:
    """The recording, with everything found that takes time and that the first look at it needs."""
    if len(recording):
        recording.frames(len(recording) - 1)
        recording.loops_at(0)
        recording.calls_at(0)
        spans(recording.source)
    return recording


def _tool(name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName("small")
    button.setAccessibleName(name)
    button.setToolTip(tip)
    button.setIconSize(QSize(20, 20))
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button
