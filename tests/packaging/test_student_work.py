"""The tool that judges labelled works: what it counts, what it lists, and what it says of a file that it cannot use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from student_work import main, rates, read_works

from tutor_app.adapters.checking.checker import Checker

RIGHT = {"problem": "Solve 2x + 3 = 11", "lines": ["2x = 8", "x = 4"], "wrong": None, "slip": ""}
SIGN = {"problem": "Solve 2x + 3 = 11", "lines": ["2x = 14", "x = 7"], "wrong": 1, "slip": "sign"}
MISNAMED = SIGN | {"slip": "unit"}
MISLABELLED = {"problem": "Solve 2x + 3 = 11", "lines": ["2x = 14"], "wrong": None, "slip": ""}
MISSED = {"problem": "Solve 2x + 3 = 11", "lines": ["2x = 8", "x = 4"], "wrong": 2, "slip": "inverse"}


def written(path: Path, *works: object) -> Path:
    file = path / "works.jsonl"
    file.write_text("".join(json.dumps(work) + "\n\n" for work in works), encoding="utf-8")
    return file


def test_each_label_is_held_against_the_verdict(tmp_path: Path) -> None:
    works = read_works(written(tmp_path, RIGHT, SIGN, MISNAMED, MISLABELLED, MISSED))
    with Checker() as checker:
        total = rates(checker, works)
    assert (total.alarms, total.right) == (1, 4)
    assert (total.found, total.wrong) == (2, 3)
    assert (total.named, total.slips) == (1, 3)
    assert [miss.split(":")[0] for miss in total.misses] == [
        "unit, named sign", "right, called false", "wrong, called equivalent",
    ]  # fmt: skip
    assert not total.hold


def test_what_is_missed_is_listed_when_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, RIGHT, SIGN)
    assert main([str(file), "--list"]) == 0
    assert "right lines called false" in capsys.readouterr().out
    assert main([str(written(tmp_path, MISSED)), "--list"]) == 1
    assert "'x = 4'  'Solve 2x + 3 = 11'  after '2x = 8'" in capsys.readouterr().out


@pytest.mark.parametrize(
    "row", ["no JSON", [1], RIGHT | {"wrong": 3}, RIGHT | {"slip": "typo"}, RIGHT | {"lines": [1]}, {"problem": "x"}]
)
def test_a_row_that_is_no_labelled_work_is_named(
    row: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main([str(written(tmp_path, RIGHT, row))])
    assert stop.value.code == 2
    assert "row 3: give problem, lines, wrong" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([str(tmp_path / "none.jsonl")])
    assert "none.jsonl" in capsys.readouterr().err
