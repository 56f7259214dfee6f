"""What the window loads when it starts, which is most of its start's time and memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

STARTED = """
import linecache, sys
from PySide6.QtWidgets import QApplication
from tutor_app.app import import_plainly
import_plainly()
from tutor_app.tutor.paths import Folders
from tutor_app.window.window import MainWindow
from tutor_app.window_services import AppServices
app = QApplication([])
services = AppServices(Folders.under(sys.argv[1]))
window = MainWindow(services)
window.show()
services.warm()
while window.models.facts is None or not window.start.cards or window.formulas.pending:
    app.processEvents()
kept = any(name.endswith("window.py") for name in linecache.cache)
print(*(name for name in sys.argv[2].split() if name in sys.modules), kept)
import urllib.request, xml.sax.saxutils
import latex2mathml
from importlib.metadata import version
told = latex2mathml.__version__ == version("latex2mathml"), hasattr(latex2mathml, "another")
print(urllib.request.urlopen.__name__, xml.sax.saxutils.unescape("&lt;"), *told)
window.close()
services.close()
"""
UNUSED = (
    *("pygments", "numpy", "sympy", "llama_cpp", "ssl", "hashlib", "http.client", "PySide6.QtPrintSupport"),
    *("importlib.metadata", "email", "csv", "difflib"),
    *("tutor_app.desk.stepper.panel", "tutor_app.desk.votes.attempts", "tutor_app.tutor.service"),
    *("tutor_app.adapters.grading.readings", "tutor_app.commands.solve"),
)


@pytest.mark.e2e
def test_a_start_without_a_model_loads_nothing_that_it_does_not_show(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STARTED, str(tmp_path), " ".join(UNUSED)],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stdout.split("\n")[:2] == ["False", "urlopen < True False"], done.stderr


def test_importing_the_commands_loads_none_but_the_window() -> None:
    code = "import sys, tutor_app.commands.parser; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    names = {n.rpartition(".")[2] for n in done.stdout.split() if n.startswith("tutor_app.commands.")}
    assert names == {"parser", "shared", "window"}
