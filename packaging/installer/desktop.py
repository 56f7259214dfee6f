"""What makes a desktop know the program: menu entry, type of its files, icons, description for software centres.

All of it is put below a folder with the usual places (``share/applications`` and so on), which is ``/usr`` of a
package or of an AppImage.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tutor_app.text.release_notes import Release, releases  # noqa: E402

LINUX: Final = Path(__file__).resolve().parent / "linux"
METAINFO: Final = "share/metainfo/io.github.mumath_tutor.MuMathTutor.metainfo.xml"
FILES: Final = {
    "mumath-tutor.desktop": "share/applications/mumath-tutor.desktop",
    "mumath-tutor.xml": "share/mime/packages/mumath-tutor.xml",
    "io.github.mumath_tutor.MuMathTutor.metainfo.xml": METAINFO,
}
ICONS: Final = {"app.svg": "apps/mumath-tutor", "solution.svg": "mimetypes/mumath-tutor-solution"}
"""From ``resources/icons`` to a place in the theme of icons."""
PIXELS: Final = (48, 128, 256)
"""Beside the vector form: not every desktop draws SVG."""

_DRAW: Final = """
import sys
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
source, pixels, target = sys.argv[1:]
image = QImage(int(pixels), int(pixels), QImage.Format.Format_ARGB32)
image.fill(Qt.GlobalColor.transparent)
painter = QPainter(image)
QSvgRenderer(source).render(painter)
painter.end()
sys.exit(not image.save(target))
"""


def add_desktop(prefix: Path) -> None:
    """Put everything below ``prefix``."""
    for name, place in FILES.items():
        (prefix / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(LINUX / name, prefix / place)
        (prefix / place).chmod(0o644)
    add_releases(prefix / METAINFO, release_notes())
    for name, place in ICONS.items():
        source = ROOT / "resources" / "icons" / name
        target = prefix / "share/icons/hicolor/scalable" / f"{place}.svg"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        for pixels in PIXELS:
            draw_icon(source, pixels, prefix / f"share/icons/hicolor/{pixels}x{pixels}" / f"{place}.png")


def release_notes() -> tuple[Release, ...]:
    """What is told of each version, the newest first."""
    return tuple(releases((ROOT / "resources" / "release_notes.md").read_text(encoding="utf-8")))


def add_releases(metainfo: Path, told: tuple[Release, ...]) -> None:
    """Put the versions and their changes into a description for software centres."""
    tree = ET.parse(metainfo, ET.XMLParser(target=ET.TreeBuilder(insert_comments=True)))
    place = tree.getroot().find("releases")
    assert place is not None
    place.clear()
    for release in told:
        one = ET.SubElement(place, "release", version=release.version, date=release.day.isoformat())
        changes = ET.SubElement(ET.SubElement(one, "description"), "ul")
        for change in release.changes:
            ET.SubElement(changes, "li").text = change
    ET.indent(tree)
    tree.write(metainfo, encoding="UTF-8", xml_declaration=True)


def draw_icon(source: Path, pixels: int, target: Path) -> None:
    """Draw an SVG as a square PNG, by Qt in a process of its own."""
    target.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", _DRAW, str(source), str(pixels), str(target)]
    subprocess.run(command, check=True, env=environment)
