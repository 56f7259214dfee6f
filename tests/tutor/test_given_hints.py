"""The hints that were given are kept by problem, and no handout tells more than they did."""

from __future__ import annotations

import re
import threading
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.tutor.test_hints import PROBLEM, solved
from tutor_app.core.errors import HostFault
from tutor_app.core.hints import GIVEN, LEVELS, Hint, hints_of
from tutor_app.core.transcript import Transcript
from tutor_app.export import export
from tutor_app.handout.options import Format, Options
from tutor_app.tutor import given_hints
from tutor_app.tutor.given_hints import note_hint, note_quietly, with_given
from tutor_app.tutor.hints import ladder


def given_up_to(level: int, folder: Path) -> Transcript:
    """The solution with the hints of a student who was given so many."""
    for hint in ladder(solved()).hints[:level]:
        note_hint(folder / "hints.json", PROBLEM, hint)
    return with_given(folder / "hints.json", [solved()])[0]


def test_they_are_kept_in_order_each_level_once(tmp_path: Path) -> None:
    path = tmp_path / "hints.json"
    for level, text in ((2, "b"), (1, "a"), (2, "newer")):
        note_hint(path, PROBLEM, Hint(level, LEVELS[level - 1], text))
    again = Transcript.of(f"  {PROBLEM.lower()} ")  # typed otherwise, the same problem
    found, other = with_given(path, [again, Transcript.of("Another one.")])
    assert [(hint.level, hint.text) for hint in hints_of(found.meta[GIVEN])] == [(1, "a"), (2, "newer")]
    assert GIVEN not in other.meta
    assert Transcript.from_json(found.to_json()) == found


def test_the_oldest_problem_is_forgotten_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(given_hints, "MOST_KEPT", 2)
    for problem in ("first", "second", "first", "third"):
        note_hint(tmp_path / "hints.json", problem, Hint(1, LEVELS[0], "x"))
    kept = with_given(tmp_path / "hints.json", [Transcript.of(p) for p in ("first", "second", "third")])
    assert [GIVEN in t.meta for t in kept] == [True, False, True]


def test_hints_released_at_once_are_all_kept(tmp_path: Path) -> None:
    hints = [Hint(level, LEVELS[level - 1], f"text {level}") for level in range(1, 9)]
    threads = [threading.Thread(target=note_hint, args=(tmp_path / "hints.json", PROBLEM, hint)) for hint in hints]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert hints_of(with_given(tmp_path / "hints.json", [Transcript.of(PROBLEM)])[0].meta[GIVEN]) == tuple(hints)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"hints": 3}', '{"hints": {"x": 3}}'])
def test_a_damaged_file_counts_as_none_and_is_mended(text: str, tmp_path: Path) -> None:
    path = tmp_path / "hints.json"
    path.write_text(text, encoding="utf-8")
    assert with_given(path, [solved()]) == [solved()]
    note_hint(path, PROBLEM, Hint(1, LEVELS[0], "a"))
    assert GIVEN in with_given(path, [solved()])[0].meta


def test_what_cannot_be_kept_stops_no_hint(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    path = tmp_path / "file" / "hints.json"
    with pytest.raises(HostFault, match="cannot be kept"):
        note_hint(path, PROBLEM, Hint(1, LEVELS[0], "a"))
    note_quietly(path, PROBLEM, Hint(1, LEVELS[0], "a"))


@pytest.mark.parametrize("rows", [None, 3, "text", [3, {"level": 9}, {"level": True}, {"level": "1"}]])
def test_what_are_no_hints_is_left_out(rows: object) -> None:
    assert hints_of(rows) == ()


@pytest.mark.parametrize("format", ["md", "html", "tex", "ipynb"])
@pytest.mark.parametrize("level", range(1, 9))
def test_an_exercise_sheet_has_the_hints_up_to_the_level_that_was_released(
    format: Format, level: int, tmp_path: Path
) -> None:
    text = export([given_up_to(level, tmp_path)], format, Options(solution=False, hints=True)).data.decode()
    assert "Hints given" in text
    assert [title for title in LEVELS if title in text] == list(LEVELS[:level])
    assert (re.search(r"(?<!\w)54(?!\w)", text) is not None) == (level > 6)


def test_where_answers_are_left_out_so_are_the_hints_that_show_them(tmp_path: Path) -> None:
    text = export([given_up_to(8, tmp_path)], "md", Options(solution=False, answer=False, hints=True)).data.decode()
    assert LEVELS[5] in text
    assert "54" not in text


def test_without_the_option_there_are_none(tmp_path: Path) -> None:
    assert "Hints given" not in export([given_up_to(8, tmp_path)], "md", Options()).data.decode()


def test_a_pdf_has_them_too(tmp_path: Path, qapp: object) -> None:
    made = export([given_up_to(5, tmp_path)], "pdf", Options(solution=False, hints=True)).data
    text = "\n".join(page.extract_text() for page in PdfReader(BytesIO(made)).pages)
    assert [title for title in LEVELS if title in text] == list(LEVELS[:5])
    assert "Hints given" in text
