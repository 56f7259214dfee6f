"""The file of the window's place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tutor_app.core.window_state import WindowState
from tutor_app.tutor.window_state_file import load, save


def test_what_is_saved_is_read(tmp_path: Path) -> None:
    state = WindowState(-1200, 40, 900, 700, True, "/home/x/Übungen")
    save(tmp_path / "config" / "window.json", state)
    assert load(tmp_path / "config" / "window.json") == state
    assert [p.name for p in (tmp_path / "config").iterdir()] == ["window.json"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"x": 1}',
        '{"x": "1", "y": 0, "width": 9, "height": 9, "maximized": false, "folder": ""}',
        '{"x": 1e400, "y": 0, "width": 9, "height": 9, "maximized": false, "folder": ""}',
        '{"x": 4294967296, "y": 0, "width": 9, "height": 9, "maximized": false, "folder": ""}',
        "\x00",
    ],
)
def test_what_cannot_be_used_counts_as_never_written(tmp_path: Path, text: str) -> None:
    path = tmp_path / "window.json"
    path.write_text(text)
    assert load(path) == WindowState()


def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file where the folder should be")
    save(tmp_path / "config" / "window.json", WindowState(1, 2, 3, 4))
    assert load(tmp_path / "config" / "window.json") == WindowState()
