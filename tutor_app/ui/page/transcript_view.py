"""The page on which a solution appears while it is being written: scrolling, folding and painting.

What stands on the page, and which part of the solution each block came from, is up to
:class:`~tutor_app.render.solution_page.SolutionPage`; where one is on it, to its base.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QMimeData, QPoint, QRectF, QSize, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QGuiApplication,
    QLinearGradient,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextCursor,
    QTextDocument,
    QTextFrame,
)
from PySide6.QtWidgets import QAbstractButton, QWidget

from tutor_app.core.events import SolveEvent
from tutor_app.core.parts import Code, Text
from tutor_app.core.transcript import Transcript
from tutor_app.handout.wording import statement_said
from tutor_app.render.backdrop import paint_backdrop
from tutor_app.render.folding import Foldable, Folding
from tutor_app.render.outline import Card, Section, blocks, cards, outline, thoughts
from tutor_app.render.properties import FORMULA, SOURCE
from tutor_app.render.solution_page import SolutionPage
from tutor_app.render.sources import plain_source
from tutor_app.render.statements import Statement, false_key, places, statements
from tutor_app.render.theme import COLUMN, SPACE, Theme
from tutor_app.text.speech import spoken
from tutor_app.ui.announce import announce
from tutor_app.ui.formulas import Formulas
from tutor_app.ui.page.card_heads import CardHeads, What
from tutor_app.ui.page.false_statements import FalseStatements
from tutor_app.ui.page.marks import Marks
from tutor_app.ui.page.scrolling import ScrollingPage

BASE_SIZE: Final = 17.0
_FADE: Final = 18


class TranscriptView(ScrollingPage):
    """Shows one solution, growing or finished.

    Attributes:
        page: The solution, and what stands where.
        folding: What is folded.
        marks: Stretches of the text that are marked.

    Signals:
        changed: What is on the page has changed, or where it stands.
        answer_only_left: The user wants to see what "answer only" has put away.
        copied: What was put on the clipboard, in words.
        menu_asked: The user wants the menu of a place: its position in the text, and where on the screen.
        step_asked: The user wants to step through the code of a card: its number.
        lab_asked: The user wants to see why the code of a card failed, and what repaired it: the card's number.
        statements_asked: The user wants the list of statements: the key of the one it is about, or nothing.
        votes_asked: The user wants the attempts behind the answer.
        cleared: What was on the page is gone.
    """

    changed = Signal()
    answer_only_left = Signal()
    copied = Signal(str)
    menu_asked = Signal(int, QPoint)
    step_asked = Signal(int)
    lab_asked = Signal(int)
    statements_asked = Signal(str)
    votes_asked = Signal()
    cleared = Signal()

    def __init__(self, formulas: Formulas, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._formulas = formulas
        self._theme = theme
        self._size = BASE_SIZE
        self.page = SolutionPage(formulas)
        self._document: QTextDocument | None = None
        self.folding = Folding()
        self.marks = Marks(self)
        self._cards: tuple[int, list[Card]] = (-1, [])
        self._heads = CardHeads(self, self.toggle, self._copy_code, self.step_asked.emit, self.lab_asked.emit)
        self._false = FalseStatements(self, self.reveal, self.statements_asked.emit, self.votes_asked.emit)
        self._chained: list[QAbstractButton] = []
        self._false_here = ""  # key of the false statement that the cursor stands in
        self.setObjectName("transcript")
        self.setAccessibleName("Solution")
        self.setAccessibleDescription("The problem, the model's reasoning, its code with output, and the answer.")
        bar = self.verticalScrollBar()
        bar.setAccessibleName("Scroll the solution")
        bar.valueChanged.connect(lambda _: self._place_heads())
        self.horizontalScrollBar().setAccessibleName("Scroll the solution sideways")
        formulas.ready.connect(self._formulas_ready)
        self.cursorPositionChanged.connect(self._say_formula)
        self._rebuild()

    # -- what is shown ------------------------------------------------------------------------------------------

    def clear_all(self) -> None:
        """Show nothing."""
        self.page.clear()
        self._following = True
        self.folding.forget()
        self._rebuild()
        self.cleared.emit()

    def begin(self, problem: str, *, as_typed: bool = False) -> None:
        """Start an empty solution of ``problem``; events follow."""
        self.clear_all()
        self.page.begin(problem, as_typed=as_typed)
        self._rebuild()

    def begin_reply(self) -> None:
        """The finished solution goes on at its end; the events of a reply follow."""
        self.page.ask()
        self._following = True
        self._rebuild()

    def show_transcript(self, transcript: Transcript, remark: str = "") -> None:
        """Show a finished solution from its beginning."""
        self.clear_all()
        self.page.show(transcript, remark)
        self._following = False
        self._rebuild()
        self._fold_programs(transcript)
        self.verticalScrollBar().setValue(0)

    def show_result(self, transcript: Transcript, remark: str = "") -> None:
        """Show what has won in the place of what was being written; at its end, if that was being followed."""
        following = self._following
        self.show_transcript(transcript, remark)
        if following:
            self._following = True
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def take_claims(self, transcript: Transcript) -> None:
        """Show what was found of the statements of the solution that is on the page; of another one nothing."""
        if self.page.take_claims(transcript):
            self._settle()

    def fail(self, sentence: str) -> None:
        """End a solution that could not go on, and say why."""
        self.page.fail(sentence)
        self._settle()

    # -- events -------------------------------------------------------------------------------------------------

    def feed(self, events: list[SolveEvent]) -> None:
        """Draw the next events."""
        keep = self.verticalScrollBar().value()
        known = len(self.cards())
        # One edit block: the page is laid out once per batch, not once per insertion.
        block = QTextCursor(self.document())
        block.beginEditBlock()
        try:
            outdated = self.page.feed(events)
            self._fold_new(cards(self.document())[max(0, known - 1) :])
        finally:
            block.endEditBlock()
        if outdated:
            self._rebuild()
        self._keep_place(keep)
        self._settle()

    # -- look ---------------------------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Change all colours."""
        self._theme = theme
        self._rebuild()

    def set_size(self, pixels: float) -> None:
        """Change the text size; everything else follows."""
        if pixels != self._size:
            self._size = pixels
            self._rebuild()

    def _new_document(self) -> None:
        document = QTextDocument(self)
        document.setDocumentMargin(3 * SPACE)
        old, self._document = self._document, document
        self.setDocument(document)
        if old is not None:
            old.deleteLater()
        self._cards = (-1, [])
        self._fit_column()

    def _rebuild(self) -> None:
        """Write everything anew: another theme, another size, another solution."""
        bar = self.verticalScrollBar()
        place = bar.value() / max(1, bar.maximum())
        self._new_document()
        document = self.document()
        block = QTextCursor(document)
        block.beginEditBlock()
        self.page.write_into(document, self._theme, self._size)
        if self.folding.is_idle:
            self.folding.apply_defaults(document, self._size, cards(document))
        else:
            self.folding.apply(document, self._size)
        block.endEditBlock()
        self._settle()
        bar.setValue(bar.maximum() if self._following else round(place * bar.maximum()))

    def _formulas_ready(self, keys: list[tuple[str, bool]]) -> None:
        keep = self.verticalScrollBar().value()
        if self.page.builder.w.exchange(keys):
            self._keep_place(keep)
            self._settle()

    def _fit_column(self) -> None:
        column = COLUMN * self._size / BASE_SIZE + 6 * SPACE
        spare = max(0, int(self.width() - column) // 2)
        if self.viewportMargins().left() != spare:
            self.setViewportMargins(spare, 0, max(0, spare - self.verticalScrollBar().sizeHint().width()), 0)

    # -- folding ------------------------------------------------------------------------------------------------

    def cards(self) -> list[Card]:
        """The blocks of code on the page."""
        revision = self.document().revision()
        if self._cards[0] != revision:
            self._cards = (revision, cards(self.document()))
        return self._cards[1]

    def hide_parts(self, part: Foldable, on: bool) -> None:
        """Fold or unfold all code or all outputs."""
        self.folding.hide(part, on)
        self._refold()

    def show_answer_only(self, on: bool) -> None:
        """Show the problem and its answer alone, or all of it."""
        self.folding.answer_only = on
        self._refold()

    def toggle(self, card: int, what: What) -> None:
        """Fold or unfold one part of a card, or the n-th thought; what was clicked stays where it is."""
        if what == "solution":
            self.answer_only_left.emit()
        elif what != "copy" and what != "step" and what != "lab":
            self.folding.fold(card, what, not self.folding.is_folded(card, what))
            self._refold(thoughts(self.document())[card] if what == "thought" else self.cards()[card].frame)

    def toggle_here(self) -> None:
        """Fold or unfold the code or output with the cursor, else the first block that can be seen well."""
        can_be_seen = self.viewport().rect().contains(self.cursorRect().center())
        at = self.textCursor().position() if self.hasFocus() and can_be_seen else self.place_below_top()
        card = next((c for c in self.cards() if c.frame.lastPosition() >= at), None)
        if card is not None:
            self.toggle(card.number, card.section_at(at) or "code")

    def reveal(self, position: int) -> None:
        """Unfold whatever hides that place and scroll to it."""
        if not self.document().findBlock(position).isVisible():
            if self.folding.answer_only:
                self.answer_only_left.emit()
            for card in self.cards():
                if (part := card.section_at(position)) is not None:
                    self.folding.fold(card.number, part, False)
                    if part == "warnings":
                        self.folding.fold(card.number, "output", False)
            for n, frame in enumerate(thoughts(self.document())):
                if frame.firstPosition() <= position <= frame.lastPosition():
                    self.folding.fold(n, "thought", False)
            self._refold()
        self.scroll_to(position)

    def _fold_new(self, grown: list[Card]) -> None:
        """What has just been written is folded like the rest of its kind."""
        if self.folding.is_idle:
            self.folding.apply_defaults(self.document(), self._size, grown)
        else:
            self.folding.apply(self.document(), self._size, None if self.folding.answer_only else grown)

    def _fold_programs(self, transcript: Transcript) -> None:
        """The programs by which this one has drawn are long, and nobody has to read them."""
        (_, solution), *replies = transcript.replies
        block = sum(isinstance(part, Code) for part in solution)
        programs: set[int] = set()
        for (_, reply), drawn in zip(replies, transcript.drawn, strict=True):
            count = sum(isinstance(part, Code) for part in reply)
            if drawn:
                programs.update(range(block, block + count))
            block += count
        if programs:
            for n, card in enumerate(card for card in self.cards() if card.has_code):
                if n in programs:
                    self.folding.fold(card.number, "code", True)
            self._refold()

    def _refold(self, still: QTextFrame | None = None) -> None:
        bar = self.verticalScrollBar()
        layout = self.document().documentLayout()
        # The user looks at what was clicked, else at the top of the window: that must not move.
        position = self.top_position()
        before = layout.frameBoundingRect(still).top() if still is not None else self._top_of(position)
        block = QTextCursor(self.document())
        block.beginEditBlock()
        self.folding.apply(self.document(), self._size)
        block.endEditBlock()
        after = layout.frameBoundingRect(still).top() if still is not None else self._top_of(position)
        if bar.value() > 0 or still is not None:
            bar.setValue(round(bar.value() + after - before))
        self._following = self._following and self.page.is_streaming
        self._settle()

    def _settle(self) -> None:
        """The page has changed: its controls move along, and whoever shows something of it may look."""
        found = self.cards()
        repaired: dict[int, int] = {}
        if any(card.failed for card in found):
            from tutor_app.core.comparing import repaired_blocks

            repaired = repaired_blocks(self.page.parts())
        with_code = [card.number for card in found if card.has_code]
        self._heads.repaired = frozenset(number for at, number in enumerate(with_code) if at in repaired)
        self._place_heads()
        self.changed.emit()

    def _place_heads(self) -> None:
        scrolled = (self.horizontalScrollBar().value(), self.verticalScrollBar().value())
        document = self.document()
        self._heads.place(document, self.cards(), self.folding, self._theme, self._size, scrolled)
        b = self.page.builder
        votes = b.vote_place if self.page.attempts else None
        self._false.place(document, self.page.false, b.tally_place, votes, self._theme, scrolled)
        self._chain(self._heads.controls(), self._false.controls())

    def _chain(self, heads: list[QAbstractButton], places: list[QAbstractButton]) -> None:
        """The Tab key goes from the page to its controls, from the top down, before it goes on."""
        # Both lists are in order already; a statement beyond the edge of the window comes where it would stand.
        controls = sorted([*heads, *places], key=lambda b: (b.y(), b.x())) if places else heads
        if controls == self._chained:
            return
        self._chained = controls
        before: QWidget = self
        for control in controls:
            QWidget.setTabOrder(before, control)
            before = control

    # -- statements ---------------------------------------------------------------------------------------------

    def statements(self) -> list[Statement]:
        """The statements of the solution that were looked at, in order."""
        return statements(self.page.parts())

    def go_to_statement(self, statement: Statement) -> None:
        """Bring a statement into sight and select it."""
        text = self.page.parts()[statement.part]
        assert isinstance(text, Text)
        first, last = places(self.document(), statement.part, text.text, [statement.claim])[0]
        self.reveal(first)
        cursor = QTextCursor(self.document())
        cursor.setPosition(first)
        cursor.setPosition(last, QTextCursor.MoveMode.KeepAnchor)
        self.setTextCursor(cursor)
        self._following = False

    def statement_control(self, key: str) -> QAbstractButton | None:
        """The control of a false statement, or with an empty key that of the tally, while it is on the page."""
        return self._false.button(key)

    @property
    def votes_control(self) -> QAbstractButton | None:
        """The control of the line of the votes, while it is on the page."""
        return None if self._false.votes.isHidden() else self._false.votes

    def control(self, card: int, what: What) -> QAbstractButton | None:
        """A card's control, while it can be seen."""
        return self._heads.button(card, what)

    def _copy_code(self, card: int) -> None:
        found = self.cards()
        if card < len(found):
            QGuiApplication.clipboard().setText("\n".join(b.text() for b in blocks(found[card].code)))
            self.copied.emit("Copied the code")

    # -- place --------------------------------------------------------------------------------------------------

    def sections(self) -> list[Section]:
        """What stands where on the page, for a table of steps."""
        return outline(self.document())

    def _is_growing(self) -> bool:
        return self.page.is_streaming

    def _say_formula(self) -> None:
        """A screen reader has no words for what is drawn: the formula the cursor has just passed is said in words.

        So is what is right where the cursor has come to something false.
        """
        fmt = self.textCursor().charFormat()
        before, self._false_here = self._false_here, false_key(fmt)
        if not self.hasFocus():
            return
        if self._false_here and self._false_here != before:
            announce(self, next((statement_said(s.claim) for s in self.page.false if s.key == self._false_here), ""))
        elif fmt.objectType() == FORMULA:
            announce(self, spoken(fmt.stringProperty(SOURCE)))

    # -- Qt -----------------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """A page."""
        return QSize(COLUMN, 480)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the column readable and in the middle."""
        self._fit_column()
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.page.refit()
        if self._following:
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())
        self._place_heads()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Cards first, then the text."""
        painter = QPainter(self.viewport())
        dx, dy = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        painter.translate(-dx, -dy)
        clip = QRectF(event.rect()).translated(dx, dy)
        paint_backdrop(painter, self.document(), self._theme, clip, self._size)
        painter.resetTransform()
        self.marks.paint(painter, self._theme)
        painter.end()
        super().paintEvent(event)
        if dy > 0:  # text that has gone up fades out instead of being cut by the edge
            painter = QPainter(self.viewport())
            fade = QLinearGradient(0, 0, 0, _FADE)
            page = self._theme.color("page")
            fade.setColorAt(0, page)
            page.setAlpha(0)
            fade.setColorAt(1, page)
            painter.fillRect(QRectF(0, 0, self.viewport().width(), _FADE), fade)
            painter.end()

    def createMimeDataFromSelection(self) -> QMimeData:
        """Plain text with formulas as they were written; never HTML."""
        data = QMimeData()
        data.setText(self.selected_source())
        return data

    def selected_source(self) -> str:
        """The selected text; formulas as LaTeX with their delimiters."""
        cursor = self.textCursor()
        return plain_source(self.document(), cursor.selectionStart(), cursor.selectionEnd())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu of the place under the mouse, or of the cursor when a key asked."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        cursor = self.textCursor() if by_key else self.cursorForPosition(event.pos())
        at = self.viewport().mapToGlobal(self.cursorRect().bottomLeft()) if by_key else event.globalPos()
        self.menu_asked.emit(cursor.position(), at)
