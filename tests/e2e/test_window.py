"""The window on the real adapters: a problem is solved, and is there again after a restart."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tiny_gguf import write_model

pytestmark = pytest.mark.e2e

_PROGRAM = """
import sys, time
from pathlib import Path
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication
from tutor_app.window_services import AppServices
from tutor_app.tutor.paths import folders
from tutor_app.window.window import MainWindow

where = folders(sys.argv[1])
where.create()
app = QApplication([])
services = AppServices(where)
window = MainWindow(services)
window.show()

def wait_until(done):
    for _ in range(600):
        loop = QEventLoop()
        QTimer.singleShot(100, loop.quit)
        loop.exec()
        if done():
            return
    raise SystemExit("waited a minute for nothing")

if len(sys.argv) > 2:
    window.models.use_file(sys.argv[2])
    wait_until(lambda: window.models.name)
    window.use_problem("What is $2+2$?")
    window.solve()
    wait_until(lambda: not window.bridge.busy)
rows = []
def look():
    rows[:] = services.entries("")
    return len(rows) == 1 and rows[0].status == "finished"
wait_until(look)
window.saved.open(rows[0].id)
wait_until(lambda: "2+2" in window.box.text)
window.close()
services.close()
print(rows[0].problem, services.load_settings().model)
"""


def test_a_solution_made_in_the_window_is_there_after_a_restart(tmp_path: Path) -> None:
    model = write_model(tmp_path / "tiny.gguf")
    data = tmp_path / "my data"
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    for extra in ([str(model)], []):
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, str(data), *extra],
            capture_output=True,
            text=True,
            env=env,
            timeout=200,
            check=False,
            cwd=Path(__file__).parent.parent.parent,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == "What is $2+2$? tiny"
