"""Buttons, labels, rows and timers as the window makes them: named, styled and filled in one call each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

Item = QWidget | QLayout | int | None | tuple[QWidget | QLayout, int] | tuple[QWidget, int, Qt.AlignmentFlag]
"""What stands in a row: a widget or a layout, alone or with how it stretches and is aligned; pixels; or nothing."""
Margins = tuple[int, int, int, int]
STRETCH: Final = None
"""Takes the room that is left."""


def push_button(
    text: str = "", style: str = "", *, name: str = "", tip: str = "", default: bool = False, checkable: bool = False
) -> QPushButton:
    """A button.

    Args:
        text: On it.
        style: Its object name, by which the style sheet knows it, such as ``primary`` or ``flat``.
        name: What a screen reader calls it, if it is not its text.
        tip: Tool tip.
        default: Whether Enter presses it.
        checkable: Whether it stays down.
    """
    made = QPushButton(text)
    made.setObjectName(style)
    made.setAccessibleName(name or text.rstrip("\u2026"))
    made.setToolTip(tip)
    made.setCheckable(checkable)
    if default:
        made.setDefault(True)
    return made


def text_label(text: str = "", style: str = "", *, name: str = "", wrap: bool = False, plain: bool = False) -> QLabel:
    """A label.

    Args:
        text: Of it.
        style: Its object name, by which the style sheet knows it, such as ``muted`` or ``title``.
        name: What a screen reader calls it, if it is not its text.
        wrap: Whether it has as many lines as it needs.
        plain: Whether its text comes from elsewhere and must not be taken for HTML.
    """
    made = QLabel(text)
    made.setObjectName(style)
    made.setAccessibleName(name)
    made.setWordWrap(wrap)
    if plain:
        made.setTextFormat(Qt.TextFormat.PlainText)
    return made


def row_of(
    *items: Item, parent: QWidget | None = None, margins: Margins | None = None, spacing: int | None = None
) -> QHBoxLayout:
    """Things side by side; of a ``parent`` it is the layout."""
    layout = QHBoxLayout(parent) if parent is not None else QHBoxLayout()
    _fill(layout, items, margins, spacing)
    return layout


def column_of(
    *items: Item, parent: QWidget | None = None, margins: Margins | None = None, spacing: int | None = None
) -> QVBoxLayout:
    """Things below each other; of a ``parent`` it is the layout."""
    layout = QVBoxLayout(parent) if parent is not None else QVBoxLayout()
    _fill(layout, items, margins, spacing)
    return layout


def _fill(layout: QBoxLayout, items: tuple[Item, ...], margins: Margins | None, spacing: int | None) -> None:
    if margins is not None:
        layout.setContentsMargins(*margins)
    if spacing is not None:
        layout.setSpacing(spacing)
    for item in items:
        match item:
            case None:
                layout.addStretch()
            case int():
                layout.addSpacing(item)
            case QWidget():
                layout.addWidget(item)
            case QLayout():
                layout.addLayout(item)
            case (QWidget() as widget, stretch, alignment):
                layout.addWidget(widget, stretch, alignment)
            case (QWidget() as widget, stretch):
                layout.addWidget(widget, stretch)
            case (QLayout() as inner, stretch):
                layout.addLayout(inner, stretch)


def in_the_middle(of: QWidget, page: QWidget) -> None:
    """Have ``page`` as wide as it may be, in the middle of a widget that may be wider."""
    outer = QHBoxLayout(of)
    outer.setContentsMargins(0, 0, 0, 0)
    outer.addStretch(1)
    outer.addWidget(page, 1000)
    outer.addStretch(1)


def bare_scroll(scroll: QScrollArea) -> None:
    """Have a scroll area without a frame, that scrolls up and down only and is no stop of the Tab key."""
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)


def once(parent: QObject, milliseconds: int, call: Callable[[], object]) -> QTimer:
    """A timer that calls once, so long after it was started last."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(call)
    return timer
