"""The settings, made from their own description. Holds no knowledge of any single setting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QWidget,
)

from tutor_app.core.errors import TutorError
from tutor_app.core.settings import Setting, Settings, described
from tutor_app.ui.building import bare_scroll, column_of, push_button, text_label
from tutor_app.ui.dialog_buttons import decision_row
from tutor_app.ui.placing import fit_dialog

_WIDTH: Final = 176


class NumberBox(QDoubleSpinBox):
    """A number with a fraction; point and comma both stand for the decimal sign, whatever the language."""

    def valueFromText(self, text: str) -> float:
        """The number that is typed."""
        return super().valueFromText(self._local(text))

    def validate(self, text: str, at: int) -> tuple[QValidator.State, str, int]:
        """Whether the text is, or may become, a number."""
        state, _, at = super().validate(self._local(text), at)
        return state, text, at

    def _local(self, text: str) -> str:
        point = self.locale().decimalPoint()
        return text if text == self.specialValueText() else text.replace(".", point).replace(",", point)


@dataclass(frozen=True, slots=True)
class ButtonRow:
    """Something that is set in a dialog of its own.

    Attributes:
        group: Heading under which it is shown, below the settings.
        title: Label, a few words.
        help: One or two sentences.
        button: Its words.
        open: Opens the dialog over the one that is given.
    """

    group: str
    title: str
    help: str
    button: str
    open: Callable[[QWidget], object]


class SettingsDialog(QDialog):
    """One control per setting, under the headings of their groups.

    Args:
        settings: As they are.
        parent: The window.
        offered: For settings that are text, what there is to choose from on this computer: value and words.
        more: What is set in dialogs of their own.
    """

    def __init__(
        self,
        settings: Settings,
        parent: QWidget | None = None,
        offered: Mapping[str, Sequence[tuple[str, str]]] | None = None,
        more: Sequence[ButtonRow] = (),
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        fit_dialog(self, 620, 640)
        self._settings = settings
        self._offered = offered or {}
        self.controls: dict[str, QWidget] = {}
        inner = QWidget()
        grid = QGridLayout(inner)
        grid.setContentsMargins(24, 12, 24, 24)
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        self._grid, self._group = grid, ""
        for name, setting in described().items():
            control = self._control(setting, getattr(settings, name))
            self.controls[name] = control
            self._add_row(setting.group, setting.title, setting.help, control)
        for row in more:
            button = QPushButton(row.button)
            button.clicked.connect(lambda _=False, row=row: row.open(self))
            self._add_row(row.group, row.title, row.help, button)
        scroll = QScrollArea()
        scroll.setWidget(inner)
        bare_scroll(scroll)
        self.error = text_label("", "error", wrap=True)
        self.error.hide()
        self.save = push_button("Save", "primary", name="Save the settings", default=True)
        defaults = push_button("Restore defaults")
        buttons = decision_row(self, self.save, left=(defaults, (self.error, 1)), margins=(24, 12, 24, 16))
        layout = column_of((scroll, 1), parent=self, margins=(0, 12, 0, 0), spacing=0)
        line = QFrame()
        line.setObjectName("separator")
        layout.addWidget(line)
        layout.addLayout(buttons)
        self.save.clicked.connect(self._save)
        defaults.clicked.connect(self._defaults)

    def _add_row(self, group: str, title: str, help_: str, control: QWidget) -> None:
        row = self._grid.rowCount()
        if group != self._group:
            heading = text_label(group, "offerName")
            heading.setContentsMargins(0, 14 if self._group else 0, 0, 2)
            self._group = group
            self._grid.addWidget(heading, row, 0, 1, 2)
            row += 1
        label, about = QLabel(title), QLabel(help_)
        about.setObjectName("muted")
        about.setWordWrap(True)
        control.setAccessibleName(title)
        control.setAccessibleDescription(help_)
        label.setBuddy(control)
        text = column_of(label, about, margins=(0, 4, 0, 8), spacing=1)
        self._grid.addLayout(text, row, 0)
        self._grid.addWidget(control, row, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)

    @property
    def settings(self) -> Settings:
        """What was saved."""
        return self._settings

    def _control(self, s: Setting, value: object) -> QWidget:
        if s.kind == "switch":
            box = QCheckBox()
            box.setChecked(bool(value))
            return box
        if s.kind == "choice" or s.name in self._offered:
            combo = QComboBox()
            offered = [(c, c.capitalize()) for c in s.choices] or list(self._offered[s.name])
            if value not in [v for v, _ in offered]:  # chosen once, and not here any more
                offered.append((str(value), str(value)))
            for choice, words in offered:
                combo.addItem(words, choice)
            combo.setCurrentIndex(max(0, combo.findData(value)))
            combo.setFixedWidth(_WIDTH)
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            return combo
        if s.kind == "text":
            edit = QLineEdit(str(value))
            edit.setFixedWidth(_WIDTH)
            if s.secret:
                edit.setEchoMode(QLineEdit.EchoMode.PasswordEchoOnEdit)
            return edit
        low, high = s.minimum or 0, s.maximum if s.maximum is not None else 2**31 - 1
        special = next((words for at, words in s.special if at == low), "")
        spin: QSpinBox | QDoubleSpinBox
        if s.kind == "whole":
            spin = QSpinBox()
            spin.setRange(int(low), int(min(high, 2**31 - 1)))
            spin.setValue(int(value))  # type: ignore[call-overload]
            spin.setSingleStep(512 if high > 20_000 and low >= 512 else 1)
        else:
            spin = NumberBox()
            spin.setDecimals(2)
            spin.setRange(low, high)
            spin.setSingleStep(0.05)
            spin.setValue(float(value))  # type: ignore[arg-type]
        if s.unit:
            spin.setSuffix(f" {s.unit}")
        if special:
            spin.setSpecialValueText(special)
        spin.setFixedWidth(_WIDTH)
        spin.setAlignment(Qt.AlignmentFlag.AlignRight)
        return spin

    def _values(self) -> dict[str, object]:
        out: dict[str, object] = {}
        for name, control in self.controls.items():
            match control:
                case QCheckBox():
                    out[name] = control.isChecked()
                case QComboBox():
                    out[name] = control.currentData()
                case QLineEdit():
                    out[name] = control.text().strip()
                case QSpinBox() | QDoubleSpinBox():
                    out[name] = control.value()
        return out

    def _defaults(self) -> None:
        fresh = Settings()
        for name, control in self.controls.items():
            value = getattr(fresh, name)
            match control:
                case QCheckBox():
                    control.setChecked(value)
                case QComboBox():
                    control.setCurrentIndex(control.findData(value))
                case QLineEdit():
                    control.setText(value)
                case QSpinBox() | QDoubleSpinBox():
                    control.setValue(value)

    def _save(self) -> None:
        try:
            self._settings = self._settings.changed(**self._values())
        except TutorError as e:
            self.error.setText(str(e))
            self.error.show()
            return
        self.accept()
