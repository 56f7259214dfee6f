import json
from pathlib import Path

import pytest

from trainer.data import testsets
from trainer.data.records import BadLine
from trainer.data.testsets import (
    hashes_of,
    known_questions,
    named_like_one,
    packed,
    question_of,
    refuse_results_of_test_sets,
    refuse_test_sets,
)
from tutor_app.core.errors import UserFault
from tutor_app.core.parts import Text
from tutor_app.core.transcript import Transcript

LONG = "Nora buys 12 boxes of tea for $3.50 each and gives back 1,200 empty bags. What did she pay?"


@pytest.mark.parametrize(
    "name",
    [
        "gsm8k.test.jsonl",
        "MATH_test.json",
        "GSM8KTest.jsonl",
        "testset.jsonl",
        "tests.jsonl",
        "TEST-00000.parquet",
        "SVAMP.json",
        "gsm-hard.jsonl",
        "gsmhardv2.jsonl",
        "asdiv.jsonl",
        "mawps.jsonl",
        "tabmwp.jsonl",
        "test/algebra.jsonl",
        "openai--gsm8k--test.jsonl",
    ],
)
def test_test_sets_are_known_by_their_names(name: str) -> None:
    assert named_like_one(Path(name))


@pytest.mark.parametrize(
    "name", ["train.jsonl", "contest.jsonl", "latest.json", "Testament.jsonl", "mawps_train.jsonl", "code.jsonl"]
)
def test_other_names_are_not(name: str) -> None:
    assert not named_like_one(Path(name))


ROWS = (
    {"question": LONG},
    {"problem": f"  {LONG.upper()} "},
    {"input": LONG.replace("$", "\\$"), "target": 42.0},
    {"messages": [{"role": "user", "content": LONG}, {"role": "assistant", "content": "42"}], "gt": "42"},
    {"body": LONG.split(". ")[0] + ".", "question": "What did she pay?"},
    Transcript.of(LONG, Text("42")).to_dict(),
    {"index": 3, "answer": "42", "transcript": Transcript.of(LONG, Text("42")).to_dict()},
)


@pytest.mark.parametrize("row", ROWS)
def test_a_known_question_is_found_in_any_form(
    row: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(testsets, "known_hashes", lambda: packed([LONG], masked=True))
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps(row) + "\n" + json.dumps({"question": "How many are 2 and 3?"}) + "\nno JSON\n")
    assert known_questions(path) == (1, 2)
    with pytest.raises(UserFault, match=r"1 of the 2 problems in .*mine\.jsonl are those of a test set"):
        refuse_test_sets([path])
    refuse_test_sets([path], allowed=True)


def test_a_question_with_other_numbers_is_known_too() -> None:
    other = LONG.replace("12", "8,345").replace("3.50", "99").replace("1,200", "7")
    assert set(hashes_of(LONG)) & set(hashes_of(other)) == set(hashes_of(LONG)[1:])
    assert not set(hashes_of("What is 2 + 3?")) & set(hashes_of("What is 4 + 9?"))


def test_a_few_in_many_are_left_to_the_comparison_with_test_sets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(testsets, "known_hashes", lambda: packed([LONG], masked=True))
    path = tmp_path / "mine.jsonl"
    path.write_text(
        "".join(json.dumps({"question": f"How many is {i} more?"}) + "\n" for i in range(150))
        + json.dumps({"question": LONG})
    )
    assert known_questions(path) == (1, 151)
    refuse_test_sets([path])


def test_the_questions_that_come_with_the_program_are_there() -> None:
    assert len(testsets.known_hashes()) == 7635
    assert testsets.known_hashes().isdisjoint(hashes_of(LONG))


@pytest.mark.parametrize(
    "row", [[], {}, {"messages": []}, {"messages": [{"content": " "}]}, {"turns": 3}, {"question": 3}]
)
def test_a_row_without_a_question_has_none(row: object) -> None:
    with pytest.raises(BadLine, match="expected a"):
        question_of(row)


@pytest.mark.parametrize(
    ("manifest", "what"),
    [
        ({"benchmark": "svamp"}, "svamp"),
        ({"benchmark": "tabmwp", "data_file": "tables/all.json"}, "tabmwp"),
        ({"benchmark": "math", "data_file": "mine/math.test.jsonl"}, r"mine/math\.test\.jsonl"),
    ],
)
def test_results_tell_what_they_are_attempts_at(tmp_path: Path, manifest: dict[str, str], what: str) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps({"manifest": manifest}) + "\n")
    with pytest.raises(UserFault, match=f"holds attempts at {what}, which is named like a test set"):
        refuse_results_of_test_sets(path)
    refuse_results_of_test_sets(path, allowed=True)


@pytest.mark.parametrize(
    "line",
    [
        '{"manifest": {"benchmark": "gsm8k", "data_file": "gsm8k.train.jsonl"}}',
        '{"manifest": {"benchmark": "mawps", "data_file": "mawps_train.jsonl"}}',
        '{"manifest": {"benchmark": "gsm8k"}}',
        '{"manifest": 3}',
        "[]",
        "",
    ],
)
def test_results_of_other_problems_are_taken(tmp_path: Path, line: str) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(line)
    refuse_results_of_test_sets(path)
    with pytest.raises(UserFault, match="named like a test set"):
        refuse_results_of_test_sets(path.rename(tmp_path / "test.jsonl"))
