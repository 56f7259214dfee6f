"""What a desktop is told of the program: its files are known by name and content, and all names fit each other."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from installer import desktop

from tests.export.solutions import VALUE
from tests.waiting import wait_until
from tutor_app import __version__
from tutor_app.export import suggested_name, write_export
from tutor_app.resources import resource_text
from tutor_app.text.release_notes import releases

TYPE = "application/vnd.mumath-tutor.solution+json"
POSIX = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="a Linux desktop")
_ASK = """
import sys
from PySide6.QtCore import QMimeDatabase
for path in sys.argv[1:]:
    print(QMimeDatabase().mimeTypeForFile(path).name())
"""


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("usr")
    desktop.add_desktop(folder)
    return folder


@POSIX
def test_exported_solutions_are_known_by_their_name_and_by_what_is_in_them(prefix: Path, tmp_path: Path) -> None:
    exported = write_export(tmp_path / suggested_name([VALUE], "json"), [VALUE])[0]
    several = write_export(tmp_path / suggested_name([VALUE, VALUE], "json"), [VALUE, VALUE])[0]
    without_ending = tmp_path / "received"
    shutil.copyfile(exported, without_ending)
    other = tmp_path / "other.json"
    other.write_text('{"version": 1}')
    empty = tmp_path / "empty.mumath.json"
    empty.touch()
    files = [exported, several, without_ending, other, empty]
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path), "XDG_DATA_DIRS": f"{prefix / 'share'}:/usr/share"}
    command = [sys.executable, "-c", _ASK, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.split() == [TYPE, TYPE, TYPE, "application/json", TYPE]


@POSIX
def test_a_desktop_opens_them_with_this_program(prefix: Path, tmp_path: Path) -> None:
    for tool in ("update-mime-database", "update-desktop-database", "gio"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")
    share = tmp_path / "share"
    for kind in ("applications", "mime"):
        shutil.copytree(prefix / "share" / kind, share / kind)
    subprocess.run(["update-mime-database", str(share / "mime")], check=True)
    subprocess.run(["update-desktop-database", str(share / "applications")], capture_output=True, check=True)
    command = tmp_path / "bin" / "tutor"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nprintf "%s" "$*" >{tmp_path}/new && mv {tmp_path}/new {tmp_path}/opened\n')
    command.chmod(0o755)
    exported = write_export(tmp_path / "my solution.mumath.json", [VALUE])[0]
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")},
        **{"XDG_DATA_HOME": str(share), "XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path)},
        "PATH": f"{command.parent}:{os.environ['PATH']}",
    }
    done = subprocess.run(["gio", "mime", TYPE], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.splitlines()[0].endswith(": mumath-tutor.desktop")
    subprocess.run(["gio", "open", str(exported)], capture_output=True, env=environment, check=True)
    wait_until((tmp_path / "opened").exists)
    assert (tmp_path / "opened").read_text() == str(exported)


def test_every_name_that_one_file_gives_is_in_the_others(prefix: Path) -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str  # type: ignore[assignment,method-assign]
    entry.read(prefix / "share/applications/mumath-tutor.desktop")
    told = entry["Desktop Entry"]
    assert (told["Exec"], told["MimeType"]) == ("tutor %F", f"{TYPE};")
    icons = {p.stem for p in (prefix / "share/icons/hicolor/scalable").rglob("*.svg")}
    assert told["Icon"] in icons
    space = "{http://www.freedesktop.org/standards/shared-mime-info}"
    types = ET.parse(prefix / "share/mime/packages/mumath-tutor.xml").getroot()
    kinds = types.findall(f"{space}mime-type")
    assert [kind.get("type") for kind in kinds] == [TYPE]
    icon = kinds[0].find(f"{space}icon")
    assert icon is not None
    assert icon.get("name") in icons
    (metainfo,) = (prefix / "share/metainfo").iterdir()
    component = ET.parse(metainfo).getroot()
    assert metainfo.name == f"{component.findtext('id')}.metainfo.xml"
    assert component.findtext("provides/mediatype") == TYPE
    assert component.findtext("launchable") == "mumath-tutor.desktop"


def test_software_centres_are_told_what_is_new(prefix: Path) -> None:
    component = ET.parse(prefix / desktop.METAINFO).getroot()
    first = component.find("releases/release")
    assert first is not None
    assert first.get("version") == __version__
    newest = releases(resource_text("release_notes.md"))[0]
    assert first.get("date") == newest.day.isoformat()
    assert [li.text for li in first.findall("description/ul/li")] == list(newest.changes)


def test_icons_are_pictures_of_their_size(prefix: Path) -> None:
    assert desktop.ICONS
    for name in desktop.ICONS.values():
        for pixels in desktop.PIXELS:
            data = (prefix / f"share/icons/hicolor/{pixels}x{pixels}/{name}.png").read_bytes()
            assert data[:8] == b"\x89PNG\r\n\x1a\n"
            assert int.from_bytes(data[16:20]) == int.from_bytes(data[20:24]) == pixels


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["desktop-file-validate"], "mumath-tutor.desktop"),
        (["appstreamcli", "validate", "--no-net"], "io.github.mumath_tutor.MuMathTutor.metainfo.xml"),
    ],
)
def test_the_systems_own_checkers_have_no_complaint(command: list[str], name: str, prefix: Path) -> None:
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run([*command, str(prefix / desktop.FILES[name])], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "W:" not in done.stdout
