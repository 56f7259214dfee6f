import json
from pathlib import Path

import claims
import pytest

ROWS = [
    {"question": "?", "answer": "She has 4 * 6 = <<4*6=24>>24 eggs.\nSo 24 + 5 = <<24+5=29>>29 in all."},
    {"question": "?", "steps": ["9 - 2 = 7", "7 * 3 = 20", "20 + 1 = 21"], "first_error_step": 2},
    {"problem": "?", "solution": "We see $3\\cdot 5 = 15$ and $15 + 1 = 17$."},
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    return path


def test_a_corpus_is_counted_and_its_false_statements_are_written(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "false.jsonl"
    assert claims.main([str(data), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "3 rows, 7 statements, 7 checked (100.0%)" in said
    assert "true 5, rounded 0, false 2" in said
    assert "2 of 2 notes of a calculator stand in a checked statement" in said
    assert "1 of 1 flagged at the first wrong step (100.0%); 0 flagged before it" in said
    assert [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()] == [
        {"row": 1, "step": 2, "text": "7 * 3 = 20", "right": "21"},
        {"row": 2, "step": 0, "text": "15 + 1 = 17", "right": "16"},
    ]


def test_a_false_statement_that_nobody_has_judged_fails(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data.write_text(json.dumps(ROWS[2]), encoding="utf-8")
    assert claims.main([str(data)]) == 1
    assert "row 0, step 0: '15 + 1 = 17': it is 16" in capsys.readouterr().out


def test_a_changed_number_makes_a_true_statement_false(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert claims.main([str(data), "--mutate", "--limit", "1"]) == 0
    assert "2 of 2 statements with one number changed were called false" in capsys.readouterr().out


def test_a_changed_statement_that_is_still_true_is_not_counted(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data.write_text(json.dumps({"solution": "We know that $1 < 20$ and $2 + 2 = 4$."}), encoding="utf-8")
    assert claims.main([str(data), "--mutate"]) == 0
    said = capsys.readouterr().out
    assert "true 2, rounded 0, false 0" in said
    assert "1 of 1 statements with one number changed were called false" in said
    assert "  exact            1 of 1 (100.0%)" in said


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert claims.main([str(tmp_path / "nothing")]) == 2
    assert "cannot be read as JSON lines" in capsys.readouterr().err
