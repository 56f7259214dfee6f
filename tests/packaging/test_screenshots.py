"""The README's pictures: small, and in the window's own colours."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "resources" / "screenshots"
LARGEST = 64_000
"""Bytes of a picture of the README."""


def test_a_small_picture_keeps_its_rare_colours(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("screenshots", ROOT / "packaging" / "screenshots.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    picture = QImage(301, 120, QImage.Format.Format_RGB32)  # its rows are not a multiple of four bytes
    painter = QPainter(picture)
    for x in range(301):
        grey = 255 - x * 200 // 301
        painter.fillRect(QRect(x, 0, 1, 120), QColor(grey, grey, grey))
    painter.fillRect(QRect(10, 10, 4, 4), QColor(122, 62, 157))
    painter.end()
    module.save_small(picture, tmp_path / "small.png")
    found = QImage(str(tmp_path / "small.png"))
    assert found.size() == picture.size()
    assert found.format() == QImage.Format.Format_Indexed8
    for x, y in ((12, 12), (0, 0), (300, 119), (150, 60)):
        wanted, shown = picture.pixelColor(x, y), found.pixelColor(x, y)
        differ = (wanted.red() - shown.red(), wanted.green() - shown.green(), wanted.blue() - shown.blue())
        assert max(map(abs, differ)) <= 12


def test_the_pictures_of_the_readme_are_small_and_all_are_shown() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in PICTURES.glob("*.png"):
        assert path.stat().st_size <= LARGEST, path.name
        assert path.name in readme
