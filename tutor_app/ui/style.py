"""The look of the widgets: palette and style sheet of a theme, for the whole program."""

from __future__ import annotations

from dataclasses import fields
from functools import cache

from PySide6.QtGui import QImage, QPainter, QPalette
from PySide6.QtWidgets import QApplication

from tutor_app.render.theme import Theme, mono_font, ui_font
from tutor_app.resources import resources


def apply(app: QApplication, theme: Theme) -> None:
    """Restyle the whole program; cheap to call again."""
    app.setFont(ui_font(13))
    palette = QPalette()
    role = QPalette.ColorRole
    for target, name in (
        (role.Window, "window"),
        (role.WindowText, "ink"),
        (role.Base, "field"),
        (role.AlternateBase, "code_back"),
        (role.Text, "ink"),
        (role.Button, "window"),
        (role.ButtonText, "ink"),
        (role.BrightText, "bad"),
        (role.Highlight, "selection"),
        (role.HighlightedText, "ink"),
        (role.ToolTipBase, "field"),
        (role.ToolTipText, "ink"),
        (role.PlaceholderText, "faint"),
        (role.Link, "accent"),
        (role.LinkVisited, "accent"),
        (role.Accent, "accent"),
        (role.Mid, "line"),
        (role.Midlight, "line"),
        (role.Light, "field"),
        (role.Dark, "line_strong"),
        (role.Shadow, "line_strong"),
    ):
        palette.setColor(target, theme.color(name))
    for target in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, theme.color("faint"))
    app.setPalette(palette)
    app.setStyleSheet(style_sheet(theme))


def style_sheet(theme: Theme) -> str:
    """The style sheet of ``resources/themes/window.qss`` with the theme's colours filled in."""
    text = _style_template()
    # Longest names first, so that @accent does not eat the beginning of @accent_soft.
    for f in sorted(fields(Theme), key=lambda f: -len(f.name)):
        text = text.replace("@" + f.name, getattr(theme, f.name))
    return text.replace("@icons", (resources() / "icons").as_posix())


@cache
def _style_template() -> str:
    return (resources() / "themes" / "window.qss").read_text(encoding="utf-8")


def load_faces() -> None:
    """Load the faces of code, which at their first use would cost a visible pause."""
    image = QImage(64, 64, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    for italic in (False, True):
        font = mono_font(14)
        font.setItalic(italic)
        painter.setFont(font)
        painter.drawText(2, 20, "x = 1")
    painter.end()
