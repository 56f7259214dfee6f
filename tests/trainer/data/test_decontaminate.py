import json
from pathlib import Path
from typing import Any

import pytest

from trainer.commands.decontaminate import clean
from trainer.data.decontaminate import decontaminate, read_test_set, words
from trainer.data.records import write_records
from trainer.runs import Run
from trainer.steps import InputFiles
from tutor_app.core.errors import UserFault
from tutor_app.core.parts import Text
from tutor_app.core.transcript import Transcript

TEST = (
    "Janet's ducks lay 16 eggs per day. She eats 3 for breakfast and sells the rest for $2 each. "
    "How much does she make?"
)


def record(problem: str, name: str = "r") -> Transcript:
    return Transcript.of(problem, Text("S"), meta={"id": name, "source": "s", "method": "m", "licence": "l"})


def benchmark_file(tmp_path: Path, *rows: dict[str, Any]) -> Path:
    path = tmp_path / "bench.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return path


@pytest.mark.parametrize(
    ("problem", "rule"),
    [
        (TEST, "same text"),
        (TEST.upper().replace(".", " !"), "same text"),
        (TEST.replace("16", "1,600"), "same text, other numbers"),
        ("Yesterday: " + TEST + " And how much in a week?", "13 words in a row"),
        ("Peter's hens lay many eggs. He eats none. How much does he make?", None),
        ("How much does she make?", None),
        (TEST.replace("breakfast", "lunch"), "nearly the same words"),
        (TEST.replace("sells", "trades").replace("eggs", "stones"), "nearly the same words"),
        (TEST.replace("sells", "trades").replace("16", "18"), None),
    ],
)
def test_rules(tmp_path: Path, problem: str, rule: str | None) -> None:
    tests = [read_test_set(benchmark_file(tmp_path, {"question": "Other?"}, {"question": TEST}))]
    kept, report = decontaminate([record(problem)], tests)
    assert [r["rule"] for r in report.removed] == ([rule] if rule else [])
    assert len(kept) == (0 if rule else 1)
    if rule:
        assert report.removed[0]["line"] == 2
        assert report.removed[0]["test_set"] == "bench.jsonl"


def test_spacing_of_latex_does_not_hide_a_problem() -> None:
    assert words(r"Find $\dfrac{1}{2}\, x$") == words(r"find $\frac 1 2 x$")
    assert words("1,200") == ["1200"]


@pytest.mark.parametrize(
    ("problem", "rule"),
    [
        ("Factor $x^2 - 5x + 6$ completely over the integers now.", "same text"),
        ("Factor x\u00b2 \u2212 5x + 6 completely over the integers now", "same text"),
        ("Factor $x^2 + 5x - 6$ completely over the integers now.", None),
        ("Factor $x^2 - 5x - 6$ completely over the integers now.", None),
        ("Factor $x^2 - 7x + 8$ completely over the integers now.", "same text, other numbers"),
        ("Factor $x^2 - 5x + 6$ fully over the integers now.", "nearly the same words"),
    ],
)
def test_operators_and_signs_tell_problems_apart(tmp_path: Path, problem: str, rule: str | None) -> None:
    file = benchmark_file(tmp_path, {"problem": "Factor $x^2 - 5x + 6$ completely over the integers now."})
    _, report = decontaminate([record(problem)], [read_test_set(file)])
    assert [r["rule"] for r in report.removed] == ([rule] if rule else [])


def test_operators_are_read_in_any_spelling() -> None:
    assert words(r"$3 \times 4 \cdot x \le -2$") == words("3 \u00d7 4 \u00b7 x \u2264 \u22122")
    assert words("a twenty-one-year-old") == ["a", "twenty", "one", "year", "old"]


def test_several_processes_find_what_one_finds(tmp_path: Path, tracker: None) -> None:
    tests = [read_test_set(benchmark_file(tmp_path, {"question": TEST}))]
    problems = [
        TEST if i % 70 == 3 else f"What is {i} and {i * 7} of {i} pens that Ann has bought?" for i in range(450)
    ]
    records = [record(p, str(i)) for i, p in enumerate(problems)]
    alone, together = (decontaminate(records, tests, processes=n) for n in (1, 2))
    assert alone == together
    assert [row["id"] for row in alone[1].removed] == [str(i) for i in range(3, 450, 70)]


def test_a_test_set_is_never_trained_on(tmp_path: Path) -> None:
    path = benchmark_file(tmp_path, {"question": TEST})
    with pytest.raises(UserFault, match="is a test set"):
        clean(Run.at(tmp_path / "run"), InputFiles((path,)), [path], "out", n=13)


def test_an_empty_or_other_test_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="no test problem"):
        read_test_set(benchmark_file(tmp_path))
    with pytest.raises(UserFault, match="line 1: expected a problem"):
        read_test_set(benchmark_file(tmp_path, {"text": "x"}))


def test_the_step_writes_records_report_and_provenance(tmp_path: Path) -> None:
    source = tmp_path / "records.jsonl"
    write_records(source, [record(TEST, "bad"), record("Fine?", "good"), record("Fine?", "good")])
    told = clean(
        Run.at(tmp_path / "run"), InputFiles((source,)), [benchmark_file(tmp_path, {"question": TEST})], "stage1", n=13
    )
    assert "1 removed" in told
    assert [json.loads(x)["meta"]["id"] for x in (tmp_path / "run" / "stage1.jsonl").read_text().splitlines()] == [
        "good"
    ]
    report = json.loads((tmp_path / "run" / "stage1.report.json").read_text())
    assert report["by_rule"] == {"bench.jsonl: same text": 1}
    assert report["rows"][0]["id"] == "bad"
    (kept,) = [json.loads(x)["meta"] for x in (tmp_path / "run" / "stage1.jsonl").read_text().splitlines()]
    assert [stamp.split()[0] for stamp in kept["decontaminated"]] == ["bench.jsonl"]
    assert len(json.loads((tmp_path / "run" / "stage1.provenance.json").read_text())["inputs"]) == 2


def test_real_training_and_test_problems(gsm8k_train: Path, gsm8k_test: Path) -> None:
    tests = [read_test_set(gsm8k_test)]
    problems = [json.loads(line)["question"] for line in gsm8k_train.read_text(encoding="utf-8").splitlines()]
    kept, report = decontaminate([record(p, str(i)) for i, p in enumerate(problems)], tests)
    assert len(kept) > 7_300
    own = [json.loads(line)["question"] for line in gsm8k_test.read_text(encoding="utf-8").splitlines()]
    kept, report = decontaminate([record(p) for p in own], tests)
    assert not kept
    assert len(report.removed) == len(own)
