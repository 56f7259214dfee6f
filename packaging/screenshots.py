"""``make screenshots``: the pictures of the README, taken from the running window with a real model.

Needs a display (``xvfb-run`` will do) and an installed model; solves one problem, twice: in light and in dark.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = "calculus-tangent"


def save_small(picture: QImage, path: Path) -> None:
    """Save a picture with 256 colours of its own, which is a third of its size and looks the same.

    Qt alone would take the colours of a fixed cube, and a median cut loses the few words of code in colour.
    """
    import numpy as np
    from PIL import Image
    from PySide6.QtGui import QImage

    picture = picture.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.bytesPerLine())
    pixels = rows[:, : 3 * picture.width()].reshape(picture.height(), picture.width(), 3)
    small = Image.fromarray(pixels.copy()).quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def main() -> int:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problem", default="", help="by default one of the samples, whose answer is known")
    parser.add_argument("--model", default="", help="id, role or file; by default the best installed")
    parser.add_argument("--size", default="1280x980")
    parser.add_argument("--out", type=Path, default=ROOT / "resources" / "screenshots")
    args = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    from PySide6.QtCore import QEventLoop, QPoint, QTimer
    from PySide6.QtGui import QCursor
    from PySide6.QtWidgets import QApplication

    from tutor_app.tutor.paths import Folders, folders
    from tutor_app.tutor.samples import sample_problems
    from tutor_app.window.window import MainWindow
    from tutor_app.window_services import AppServices

    args.out.mkdir(parents=True, exist_ok=True)
    app = QApplication(sys.argv[:1])
    app.setStyle("Fusion")
    width, height = (int(n) for n in args.size.split("x"))

    def wait(milliseconds: int) -> None:
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    mine = folders()
    with tempfile.TemporaryDirectory() as scratch:
        other = Folders.under(scratch)
        # The user's models, but a library and settings of their own: no picture shows what somebody solved.
        where = Folders(mine.data, other.config, mine.cache, other.logs)
        services = AppServices(where, library=other.library)
        services.save_settings(services.load_settings().changed(model=args.model, theme="light"))
        window = MainWindow(services)
        window.resize(width, height)
        window.show()
        try:
            wait(1500)
            sample = next(p.problem for p in sample_problems() if p.id == SAMPLE)
            window.use_problem(args.problem or sample)
            window.solve()
            while window.bridge.busy:  # the settings bound the time of a solution
                wait(500)
            window.confinement.look()
            for theme in ("light", "dark"):
                window.use_settings(services.load_settings().changed(theme=theme))
                window.view.verticalScrollBar().setValue(0)
                QCursor.setPos(window.mapToGlobal(QPoint(1, 1)))  # nothing is lit up because the mouse is over it
                wait(2500)
                save_small(window.grab().toImage(), args.out / f"solution-{theme}.png")
        finally:
            window.close()
            services.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
