"""The choices for a handout: format, what is shown, and on what paper. Decides nothing and writes nothing."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Final, get_args

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QGridLayout,
    QLabel,
    QLineEdit,
    QWidget,
)

from tutor_app.handout.options import DEFAULTS, FORMATS, Format, Options, Paper
from tutor_app.ui.building import column_of, push_button, text_label
from tutor_app.ui.dialog_buttons import decision_row

_ABOUT: Final[dict[Format, str]] = {
    "pdf": "To print and hand out; formulas and plots stay sharp at any size.",
    "html": "One file for any browser; reads well with a screen reader.",
    "tex": "To go on writing in LaTeX; figures lie beside it.",
    "ipynb": "To run the code again in Jupyter.",
    "md": "For GitHub and notes; figures lie beside it.",
    "json": "Everything, to be read back without loss.",
}
_SWITCHES: Final = (
    ("solution", "Solutions", "Without them it is an exercise sheet."),
    ("code", "Code", "The Python that was run."),
    ("output", "Outputs and plots", "What the code printed and drew."),
    ("answer", "Answers", "Without them boxed results are left empty, too."),
    ("steps", "Step numbers", ""),
    ("thoughts", "Thoughts", "What a reasoning model thought, which is no part of its solution."),
    ("statements", "Checked statements", "Which statements are false, and how many were checked."),
    ("hints", "Hints given", "The hints that were given for each problem, as far as they went."),
    ("made", "How it was made", "Model, date and settings, in small print at the end."),
    ("trace_tables", "Trace tables", "The code runs again, and a table of its steps follows each block."),
    ("calculations", "Calculations in them", "How each line was worked out, in the trace tables."),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the user wants.

    Attributes:
        format: Of the file.
        options: What is shown.
        everything: All solutions of the list instead of the one that is open.
    """

    format: Format = "pdf"
    options: Options = DEFAULTS
    everything: bool = False

    def kept(self) -> str:
        """What holds for the next export, too, as text: all but the title and the scope."""
        options = asdict(self.options)
        del options["title"]
        return json.dumps({"format": self.format, **options})

    @classmethod
    def from_kept(cls, text: str) -> Choice:
        """Read what :meth:`kept` wrote; what cannot be used counts as never chosen."""
        try:
            data = dict(json.loads(text))
        except (ValueError, TypeError, RecursionError):
            return cls()
        switches = {
            f.name: data[f.name] for f in fields(Options) if type(f.default) is bool and type(data.get(f.name)) is bool
        }
        options = replace(DEFAULTS, **switches)
        if data.get("paper") in get_args(Paper):
            options = replace(options, paper=data["paper"])
        return cls(next((form for form in FORMATS if form == data.get("format")), "pdf"), options)


class ExportDialog(QDialog):
    """Asks for a :class:`Choice`.

    Args:
        choice: What is chosen at first.
        here: Whether a solution is open.
        listed: How many solutions the list holds.
        parent: The window.
        more: Whether there are more solutions than the list holds so far.
    """

    def __init__(
        self, choice: Choice, here: bool, listed: int, parent: QWidget | None = None, more: bool = False
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self.setMinimumWidth(440)
        self.format = QComboBox()
        self.format.setAccessibleName("Format")
        for form, label in FORMATS.items():
            self.format.addItem(label, form)
        self.format.setCurrentIndex(self.format.findData(choice.format))
        self.about = text_label("", "muted", wrap=True)
        self.scope = QComboBox()
        self.scope.setAccessibleName("What to export")
        if here:
            self.scope.addItem("This solution", False)
        if listed > 1 or not here:
            every = f"All {listed} solutions in the list" if listed != 1 else "The solution in the list"
            self.scope.addItem("All solutions in the list" if more else every, True)
        self.scope.setCurrentIndex(max(0, self.scope.findData(choice.everything)))
        self.title = QLineEdit(choice.options.title)
        self.title.setAccessibleName("Title")
        self.title.setPlaceholderText("None")
        self.title.setMaxLength(200)
        self.switches: dict[str, QCheckBox] = {}
        for name, label, tip in _SWITCHES:
            box = QCheckBox(label)
            box.setToolTip(tip)
            box.setAccessibleDescription(tip)
            box.setChecked(getattr(choice.options, name))
            self.switches[name] = box
        self.paper = QComboBox()
        self.paper.setAccessibleName("Paper")
        self.paper.addItem("A4", "a4")
        self.paper.addItem("Letter", "letter")
        self.paper.setCurrentIndex(self.paper.findData(choice.options.paper))
        self.large = QCheckBox("Large print")
        self.large.setChecked(choice.options.large)
        self._lay_out()
        self.format.currentIndexChanged.connect(self._follow)
        for name in ("solution", "trace_tables"):
            self.switches[name].toggled.connect(self._follow)
        self._follow()

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        row = 0
        rows = (("Export", self.scope), ("Format", self.format), ("", self.about), ("Title", self.title))
        for text, control in rows:
            label = QLabel(text)
            if text:
                label.setBuddy(control)
            grid.addWidget(label, row, 0)
            grid.addWidget(control, row, 1)
            row += 1
        grid.addWidget(QLabel("Show"), row, 0, Qt.AlignmentFlag.AlignTop)
        switches = QGridLayout()
        switches.setHorizontalSpacing(24)
        switches.setVerticalSpacing(8)
        half = (len(self.switches) + 1) // 2
        for n, box in enumerate(self.switches.values()):
            switches.addWidget(box, n % half, n // half)
        grid.addLayout(switches, row, 1)
        row += 1
        self.paper_label = QLabel("Paper")
        self.paper_label.setBuddy(self.paper)
        grid.addWidget(self.paper_label, row, 0)
        grid.addWidget(self.paper, row, 1)
        grid.addWidget(self.large, row + 1, 1)
        self.go = push_button("Export\u2026", "primary", name="Choose a file and export", default=True)
        buttons = decision_row(self, self.go)
        column_of(grid, buttons, parent=self, margins=(24, 20, 24, 16), spacing=16)
        self.go.clicked.connect(self.accept)

    @property
    def choice(self) -> Choice:
        """The format, the options and the scope as they are chosen now."""
        values = {name: box.isChecked() for name, box in self.switches.items()}
        options = Options(
            **values, title=self.title.text().strip(), paper=self.paper.currentData(), large=self.large.isChecked()
        )
        return Choice(self.format.currentData(), options, bool(self.scope.currentData()))

    def _follow(self) -> None:
        """Only what means something for the format and the other choices can be changed."""
        chosen: Format = self.format.currentData()
        self.about.setText(_ABOUT[chosen])
        free = chosen != "json"
        with_solutions = self.switches["solution"].isChecked()
        self.title.setEnabled(free)
        for name, box in self.switches.items():
            box.setEnabled(free and (with_solutions or name in ("solution", "hints")))
        tables = self.switches["trace_tables"]
        self.switches["calculations"].setEnabled(tables.isEnabled() and tables.isChecked())
        self.paper.setEnabled(chosen in ("pdf", "tex"))
        self.large.setEnabled(chosen in ("pdf", "html", "tex"))
