"""What the terminal says of a newer version: ``tutor doctor`` looks if the settings allow it, ``--version`` never."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adapters.file_server import Behaviour, serving
from tutor_app import __version__
from tutor_app.commands import doctor
from tutor_app.commands.parser import main
from tutor_app.core.settings import Settings
from tutor_app.tutor import settings_file
from tutor_app.tutor.paths import Folders


def finding(where: Folders) -> tuple[bool, str]:
    found = doctor.newer_version(where)
    return found.ok, found.text


@pytest.fixture
def where(tmp_path: Path) -> Folders:
    folders = Folders.under(tmp_path)
    folders.create()
    return folders


def test_it_is_not_looked_for_unless_switched_on(where: Folders) -> None:
    assert finding(where) == (True, "not looked for; Settings can switch it on")


def test_no_network_is_no_fault_and_a_false_note_is_one(where: Folders) -> None:
    with serving(Behaviour(b'{"note": "{}", "signature": ""}')) as server:
        settings_file.save(where.settings, Settings(check_updates=True, update_url=server.url))
        ok, text = finding(where)
        assert not ok
        assert "not signed by the makers" in text
    ok, text = finding(where)
    assert ok
    assert text == "127.0.0.1 does not tell the newest version: the connection is refused."
    settings_file.save(where.settings, Settings(check_updates=True))
    assert finding(where) == (
        False,
        "No address is set where newer versions are told. Set one in Settings, Updates.",
    )


def test_the_version_is_printed_without_a_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data-dir", str(tmp_path / "none"), "--version"]) == 0
    assert capsys.readouterr().out == f"tutor {__version__}\n"
    assert not (tmp_path / "none").exists()
