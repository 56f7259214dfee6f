"""A teacher's worksheet: how it is read, and that its limit of hints holds for its problems."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from tutor_app.adapters.grading.grader import Grader
from tutor_app.core.errors import UserFault
from tutor_app.core.practice import Exercise
from tutor_app.tutor.practice.marking import mark
from tutor_app.tutor.teacher import set_cap
from tutor_app.tutor.worksheets import cap_for, capped, check_may_solve, note_limits, read_worksheet

MARKDOWN = """# Fractions, week 3

hints_up_to: 3

1. What is 1/2 + 1/3?
   Answer: 5/6
2. A tank holds 80 litres.
   How much is 3/4 of it?
   **Answer:** 60
   hints_up_to: 6
- Explain why 0.999... is 1.
"""


def test_markdown_is_read(tmp_path: Path) -> None:
    path = tmp_path / "week.md"
    path.write_text(MARKDOWN, encoding="utf-8")
    sheet = read_worksheet(path)
    assert sheet.title == "Fractions, week 3"
    assert sheet.exercises == (
        Exercise("What is 1/2 + 1/3?", "5/6", 3),
        Exercise("A tank holds 80 litres.\nHow much is 3/4 of it?", "60", 6),
        Exercise("Explain why 0.999... is 1.", "", 3),
    )


def test_json_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "week.jsonl"
    rows = [
        {"title": "Week 4", "hints_up_to": 4},
        {"problem": "2 + 3", "answer": 5},
        {"problem": "2 * 3", "hints_up_to": 8},
    ]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n\n", encoding="utf-8")
    sheet = read_worksheet(path)
    assert sheet.title == "Week 4"
    assert sheet.exercises == (Exercise("2 + 3", "5", 4), Exercise("2 * 3", "", 8))


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"])
def test_a_text_of_json_lines_may_hold_any_line_separator(tmp_path: Path, separator: str) -> None:
    problem = f"What is 2 + 3?{separator}Give a number."
    path = tmp_path / "week.jsonl"
    path.write_text(json.dumps({"problem": problem}, ensure_ascii=False) + "\r\n", encoding="utf-8", newline="")
    assert [e.problem for e in read_worksheet(path).exercises] == [problem]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.md", "Only prose, no list.\n", "holds no problem"),
        ("a.md", "", "holds no problem"),
        ("a.md", "hints_up_to: 9\n1. What is 2 + 2?\n", "there is no such level"),
        ("a.md", "hints_up_to: -1\n1. What is 2 + 2?\n", "there is no such level"),
        ("a.jsonl", "{", "Line 1 of a.jsonl is no JSON object"),
        ("a.jsonl", "[1]", "is no JSON object"),
        ("a.jsonl", '{"problem": 3}', "has no text"),
        ("a.jsonl", '{"problem": "x", "hints_up_to": true}', "there is no such level"),
        ("a.jsonl", '{"problem": "x", "hints_up_to": "3"}', "there is no such level"),
    ],
)
def test_a_file_that_is_no_worksheet_is_one_sentence(tmp_path: Path, name: str, content: str, says: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UserFault, match=says):
        read_worksheet(path)


def test_files_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="no worksheet"):
        read_worksheet(tmp_path / "none.md")
    path = tmp_path / "latin.md"
    path.write_bytes("1. Löse x = 2".encode("latin-1"))
    with pytest.raises(UserFault, match="no text in UTF-8"):
        read_worksheet(path)


def test_its_limit_holds_for_its_problems_however_they_are_typed(tmp_path: Path) -> None:
    path = tmp_path / "week.md"
    path.write_text(MARKDOWN, encoding="utf-8")
    note_limits(tmp_path, read_worksheet(path))
    assert cap_for(tmp_path, "What is 1/2 + 1/3?") == 3
    assert cap_for(tmp_path, " what is  1/2+1/3 ") == 3
    assert cap_for(tmp_path, "What is 1/2 + 1/4?") == 8
    set_cap(tmp_path, 2, "1234")
    assert cap_for(tmp_path, "What is 1/2 + 1/3?") == 2
    assert cap_for(tmp_path, "What is 1/2 + 1/4?") == 2
    path.write_text(MARKDOWN.replace("hints_up_to: 3", "hints_up_to: 8"), encoding="utf-8")
    set_cap(tmp_path, 8, "1234")
    note_limits(tmp_path, read_worksheet(path))
    assert cap_for(tmp_path, "What is 1/2 + 1/3?") == 8


def test_a_problem_whose_help_ends_early_is_not_solved_in_full(tmp_path: Path) -> None:
    path = tmp_path / "week.md"
    path.write_text(MARKDOWN, encoding="utf-8")
    note_limits(tmp_path, read_worksheet(path))
    with pytest.raises(UserFault, match=r"ends with level 3: which idea\. Ask for a hint instead"):
        check_may_solve(tmp_path, "what is $1/2 + 1/3$")
    check_may_solve(tmp_path, "What is 1/2 + 1/4?")
    set_cap(tmp_path, 5, "1234")
    with pytest.raises(UserFault, match="level 5: the plan"):
        check_may_solve(tmp_path, "What is 1/2 + 1/4?")
    set_cap(tmp_path, 8, "1234")
    check_may_solve(tmp_path, "What is 1/2 + 1/4?")


def test_practice_tells_no_answer_below_the_limit(tmp_path: Path) -> None:
    set_cap(tmp_path, 3, "1234")
    assert capped(tmp_path, Exercise("What is 2+2?", "4")).hints_up_to == 3
    assert capped(tmp_path, Exercise("What is 2+2?", "4", hints_up_to=2)).hints_up_to == 2


def test_a_damaged_note_limits_nothing(tmp_path: Path) -> None:
    (tmp_path / "worksheets.json").write_text('{"limits": {"a": "x", "b": 99}}')
    assert cap_for(tmp_path, "What is 1/2 + 1/3?") == 8
    (tmp_path / "worksheets.json").write_text("[")
    assert cap_for(tmp_path, "What is 1/2 + 1/3?") == 8


def test_practice_tells_no_answer_that_the_hints_may_not_tell(tmp_path: Path) -> None:
    missed = tmp_path / "practice.json"
    with Grader() as grader:

        def said(exercise: Exercise, given: str) -> str:
            return mark(exercise, given, grader=grader, path=missed, today=date(2026, 3, 1)).sentence

        limited = Exercise("What is 1/2 + 1/3?", "5/6", 3)
        assert said(limited, "10/12") == "Right."
        assert "5/6" not in said(limited, "1/6")
        assert "5/6" not in said(limited, "")
        assert not missed.exists()
        assert said(Exercise("What is 1/2 + 1/3?", "5/6"), "1/6") == "That is not right. It is 5/6."
        assert said(Exercise("Explain it.", ""), "so") == "No answer to this problem is known here."
