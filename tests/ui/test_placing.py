"""Where a window goes so that all of it is on a screen."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect

from tutor_app.core.window_state import WindowState
from tutor_app.ui.placing import place

SCREENS = {
    "laptop": QRect(0, 0, 1366, 768),
    "laptop with a task bar": QRect(0, 28, 1366, 700),
    "laptop at scale 2": QRect(0, 0, 683, 384),
    "old": QRect(0, 0, 800, 600),
    "netbook": QRect(0, 0, 1024, 600),
    "left of the primary one": QRect(-1920, 0, 1920, 1080),
    "large": QRect(0, 0, 3840, 2160),
}
STATES = [
    WindowState(),
    WindowState(100, 100, 1280, 860),
    WindowState(-4000, 9000, 900, 700),
    WindowState(1300, 740, 400, 300),
    WindowState(-50, -50, 99_999, 99_999),
]


@pytest.mark.parametrize("name", SCREENS)
@pytest.mark.parametrize("state", STATES)
def test_all_of_it_is_on_the_screen(name: str, state: WindowState) -> None:
    screen = SCREENS[name]
    found = place(state, [screen])
    assert screen.contains(found.adjusted(0, 0, 8, 40))  # with its title bar and borders


def test_a_first_start_is_in_the_middle() -> None:
    assert place(WindowState(), [QRect(0, 0, 1920, 1080)]) == QRect(316, 90, 1280, 860)


def test_a_place_that_fits_is_kept() -> None:
    state = WindowState(200, 120, 900, 640)
    assert place(state, [QRect(0, 0, 1920, 1080)]) == QRect(200, 120, 900, 640)


def test_the_screen_it_was_on_is_taken_while_it_is_there() -> None:
    first, second = QRect(0, 0, 1920, 1080), QRect(1920, 0, 1280, 1024)
    state = WindowState(2000, 50, 900, 640)
    assert place(state, [first, second]) == QRect(2000, 50, 900, 640)
    assert first.contains(place(state, [first]))


def test_without_a_screen_it_has_its_usual_size() -> None:
    assert place(WindowState(), []) == QRect(0, 0, 1280, 860)
