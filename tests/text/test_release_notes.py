from datetime import date

import pytest

from tutor_app import __version__
from tutor_app.resources import resource_text
from tutor_app.text.release_notes import Release, releases

NOTES = """# What is new

## 0.10.0 (2027-03-01)

- One change
  that goes on.
- Another.

## 0.9 (2026-12-24)

- Older.
"""


def test_versions_and_changes_in_their_order() -> None:
    assert releases(NOTES) == [
        Release("0.10.0", date(2027, 3, 1), ("One change that goes on.", "Another.")),
        Release("0.9", date(2026, 12, 24), ("Older.",)),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no version"),
        ("# What is new\n", "no version"),
        ("- lost\n", "line 1"),
        ("## 1.0 (2026-11-29)\nwords\n", "line 2"),
        ("## 1.0 (2026-11-29)\n  goes on\n", "line 2"),
        ("## one (2026-11-29)\n", "line 1"),
        ("## 1.0 (2026-13-29)\n", "month"),
    ],
)
def test_what_fits_nowhere_is_named(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        releases(text)


def test_the_newest_is_this_version() -> None:
    newest = releases(resource_text("release_notes.md"))[0]
    assert newest.version == __version__
    assert newest.changes
