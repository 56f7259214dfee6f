"""The ``grade`` step: rates by kind and label, and one clear sentence for a bad file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from trainer.__main__ import main

ROWS = [
    {"kind": "slash", "label": "equal", "gold": r"\frac{1}{2}", "answer": "1/2"},
    {"kind": "slash", "label": "equal", "gold": r"\frac{1}{3}", "answer": "1/4"},
    {"kind": "off by one", "label": "different", "gold": "29700", "answer": "29701"},
    {"kind": "3 places", "label": "rounded", "gold": r"\sqrt{5}", "answer": "2.236"},
]


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    file = tmp_path / "pairs.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return file


def test_rates_are_printed_by_kind_and_in_all(pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", "--pairs", str(pairs), "--mistakes"]) == 0
    out = capsys.readouterr().out
    assert "all equal: 1 of 2 accepted (50.00%)" in out
    assert "all different: 0 of 1 accepted (0.00%)" in out
    assert "all rounded: 1 of 1 accepted (100.00%, 1 of them as correct roundings)" in out
    assert "incorrect: different_value" in out
    assert [line.split()[1] for line in out.splitlines() if line.startswith("equal  ") and "%" in line] == ["slash"]


def test_the_published_grading_and_the_exact_one(pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", "--pairs", str(pairs), "--paper"]) == 0
    assert "all different: 1 of 1 accepted" in capsys.readouterr().out
    assert main(["grade", "--pairs", str(pairs), "--exact"]) == 0
    assert "all rounded: 0 of 1 accepted" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{not json}\n", "line 1: not JSON"),
        (b'{"kind": "a", "label": "equal", "gold": "1"}\n', "line 1: expected an object"),
        (b'\n{"kind": "a", "label": "odd", "gold": "1", "answer": "1"}\n', "line 2: the label is 'odd'"),
        (b"[1]\n", "line 1: expected an object"),
        (b"\xff\xfe", "not UTF-8"),
        (b"", "has no pairs"),
    ],
)
def test_a_bad_file_gives_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, says: str
) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_bytes(content)
    assert main(["grade", "--pairs", str(file)]) == 2
    err = capsys.readouterr().err
    assert says in err
    assert "Traceback" not in err


def test_a_missing_file_gives_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", "--pairs", str(tmp_path / "absent")]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_it_runs_alone(pairs: Path) -> None:
    root = Path(__file__).parents[3]
    command = [sys.executable, "-m", "trainer", "grade", "--pairs", str(pairs)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    assert "all equal" in done.stdout
