import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.tiny_gguf import write_model
from trainer.data.benchmarks import READERS, Task, read
from trainer.evaluate.results import Result, ResultFile, error_kind
from trainer.evaluate.run import add_arguments, attempt, main, summary
from tutor_app.adapters.grading.grader import Grader
from tutor_app.commands.parser import main as tutor
from tutor_app.core.errors import HostFault, UserFault
from tutor_app.core.events import EndReason, Finished, Usage
from tutor_app.core.parts import Answer, AnswerPart, Code, Output, Text
from tutor_app.core.solve_settings import SolveSettings
from tutor_app.core.transcript import Transcript
from tutor_app.tutor.paths import folders

ROWS = {
    "gsm8k": ({"question": "Q?", "answer": "1 + 1 = <<1+1=2>>2\n#### 1,234"}, ("Q?", "1234")),
    "math": ({"problem": "P", "solution": r"So $\boxed{\frac{1}{2}}$."}, ("P", r"\frac{1}{2}")),
    "svamp": ({"Body": "He has 3 pens", "Question": "How many?", "Answer": 3.0}, ("He has 3 pens. How many?", "3.0")),
    "asdiv": ({"body": "B", "question": "Q?", "answer": "4 (pens)"}, ("B Q?", "4")),
    "gsm-hard": ({"input": "Q", "target": -9867630.0}, ("Q", "-9867630.0")),
    "mawps": ({"input": "Q", "target": 5}, ("Q", "5")),
    "tabmwp": (
        {"table_title": "T", "table": "a | b", "question": "Q?", "choices": ["x", "y"], "answer": "x", "ans_type": "t"},
        (
            'Read the following table regarding "T" and answer a question:\na | b\nQ? '
            "Please select from the following options: ['x', 'y']",
            "x",
        ),
    ),
}


@pytest.mark.parametrize("benchmark", READERS)
def test_every_benchmark_is_read_in_its_authors_form(tmp_path: Path, benchmark: str) -> None:
    row, expected = ROWS[benchmark]
    path = tmp_path / "b.jsonl"
    path.write_text(json.dumps(row) + "\n\n" + json.dumps(row) + "\n")
    tasks = list(read(benchmark, path))
    assert [(t.problem, t.gold) for t in tasks] == [expected, expected]
    assert [t.index for t in tasks] == [0, 1]


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"question": "Q"}', '{"question": "Q", "answer": "no mark"}'])
def test_a_line_of_another_form_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "b.jsonl"
    path.write_text('{"question": "Q", "answer": "#### 1"}\n' + line + "\n")
    with pytest.raises(UserFault, match="line 2 is not in the form of gsm8k"):
        list(read("gsm8k", path))


def test_other_line_separators_are_part_of_a_text(tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl"
    line = '{"input": "One\u2028two\x85three", "target": 1}'
    path.write_bytes(("\ufeff" + line + "\r\n" + line).encode())
    assert [t.problem for t in read("mawps", path)] == ["One\u2028two\x85three"] * 2
    path.write_bytes(b'{"input": "\xff", "target": 1}')
    with pytest.raises(UserFault, match="not UTF-8"):
        list(read("mawps", path))


def test_empty_missing_and_unknown(tmp_path: Path) -> None:
    (tmp_path / "e").write_text("\n")
    with pytest.raises(UserFault, match="is empty"):
        list(read("gsm8k", tmp_path / "e"))
    with pytest.raises(UserFault, match="cannot be read"):
        list(read("gsm8k", tmp_path / "none"))
    with pytest.raises(UserFault, match="needs its file"):
        list(read("gsm8k", None))
    with pytest.raises(UserFault, match="no benchmark"):
        list(read("nonsense", None))


def test_the_samples_need_no_file() -> None:
    assert len(list(read("samples", None))) >= 24


def result(index: int, answer: str, strict: str, sample: int = 0) -> Result:
    transcript = Transcript.of("p", Answer(answer), meta={"usage": {"runs": 1}, "ended": "answered"})
    return Result(index, sample, "1", answer, strict, strict, transcript)


def test_the_summary_counts_and_votes() -> None:
    rows = [
        result(0, "1", "correct"),
        result(0, "1", "correct", 1),
        result(0, "2", "incorrect", 2),
        result(1, "3", "incorrect"),
        result(1, "3", "incorrect", 1),
        result(1, "1", "correct", 2),
    ]
    found = summary(rows, 12.0)
    assert (found["problems"], found["attempts"]) == (2, 6)
    assert (found["strict"], found["maj@3"], found["pass@3"]) == (50.0, 50.0, 100.0)
    assert found["strict_95"] == [18.8, 81.2]
    assert found["labels"] == {
        "2 of 3": {"labelled": 2, "yield": 100.0, "precision": 50.0},
        "3 of 3": {"labelled": 0, "yield": 0.0, "precision": 0.0},
    }
    assert found["errors"] == {"no code": 3}
    assert found["seconds_per_problem"] == 6.0
    assert found["ended"] == {"answered": 6}


def test_more_attempts_at_some_problems_cast_no_more_votes() -> None:
    rows = [result(0, answer, verdict, i) for i, (answer, verdict) in enumerate([("1", "correct"), ("1", "correct")])]
    rows += [result(0, "2", "incorrect", i) for i in range(2, 6)]
    rows += [result(1, "3", "incorrect", i) for i in range(2)]
    found = summary(rows, 8.0)
    assert (found["problems"], found["attempts"]) == (2, 8)
    assert found["maj@2"] == 50.0
    assert found["pass@2"] == pytest.approx(100 * (1 - 6 / 15) / 2, abs=0.05)
    assert found["pass@2_95"] == [3.7, 82.6]
    assert found["seconds_per_problem"] == 4.0


@pytest.mark.parametrize(
    ("gold", "parts", "want"),
    [
        ("3; 5", ("3", "5"), ("(a) 3, (b) 5", "correct", "incorrect")),
        ("5", ("3", "5"), ("5", "correct", "correct")),
        ("3", ("3", "5"), ("5", "incorrect", "incorrect")),
        ("5", (), ("5", "correct", "correct")),
    ],
)
def test_of_several_answers_the_published_grader_sees_the_last(
    gold: str, parts: tuple[str, ...], want: tuple[str, str, str]
) -> None:
    whole = ", ".join(f"({letter}) {part}" for letter, part in zip("ab", parts, strict=False)) or "5"
    said = Transcript.of("p", Answer(whole, parts=tuple(map(AnswerPart, parts))))

    class Solved:
        def solve(self, problem: str, **_: object) -> Iterator[Finished]:
            yield Finished(EndReason.ANSWERED, said, Usage())

    tutor: Any = Solved()
    with Grader() as grader:
        made = attempt(tutor, grader, Task(0, "p", gold), 0, SolveSettings())
    assert (made.answer, made.strict, made.paper) == want


def test_a_result_survives_its_file() -> None:
    row = result(3, "4", "correct")
    assert Result.from_json(row.to_json()) == row


def test_evaluation_runs_the_shipped_loop_and_resumes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = write_model(tmp_path / "tiny.gguf")
    data = tmp_path / "b.jsonl"
    data.write_text("".join(json.dumps({"question": f"{i} + 1?", "answer": f"#### {i + 1}"}) + "\n" for i in range(4)))
    out = tmp_path / "out.jsonl"
    common = ["--model", str(model), "--benchmark", "gsm8k", "--data", str(data), "--out", str(out), "--parallel", "2"]
    common += ["--max-tokens", "12", "--n-ctx", "512", "--data-dir", str(tmp_path / "d")]

    def run(*more: str) -> dict[str, object]:
        parser = argparse.ArgumentParser()
        add_arguments(parser)
        assert main(parser.parse_args([*common, *more])) == 0
        report: dict[str, object] = json.loads(capsys.readouterr().out)
        return report

    first = run("--limit", "2")
    assert first["problems"] == 2
    kept = out.read_text()
    second = run()
    assert second["problems"] == 4
    assert out.read_text().startswith(kept)
    rows = [Result.from_json(line) for line in out.read_text().splitlines()[1:]]
    assert sorted(r.index for r in rows) == [0, 1, 2, 3]
    assert {r.transcript.problem for r in rows} == {f"{i} + 1?" for i in range(4)}


PROBLEMS = (
    "A pen costs 3 dollars. What do 7 pens cost?",
    "Ann has 12 marbles, gives 5 to Ben and finds twice as many as she has left. How many does she have now?",
    "What is the sum of the first 20 odd numbers?",
)


def _said(transcript: Transcript) -> list[tuple[str, str]]:
    """Words, code, what the model was told of its output, and the answer."""
    parts = []
    for part in transcript.solution:
        said = {n: getattr(part, n, "") for n in ("text", "source", "feedback", "latex")}
        parts += [(type(part).__name__, said[n]) for n in said if said[n]]
    return parts


def _solved_and_evaluated(
    model: Path, where: Path, max_tokens: int, capsys: pytest.CaptureFixture[str]
) -> tuple[list[Transcript], list[Transcript]]:
    """The problems by ``tutor solve``, one program each, and by ``evaluate``, all under way at once."""
    data = folders(where)
    data.create()
    data.settings.write_text(json.dumps({"max_tokens": max_tokens}))
    alone = []
    for problem in PROBLEMS:
        tutor(["solve", problem, "--model", str(model), "--json", "--no-save", "--offline", "--data-dir", str(where)])
        alone.append(Transcript.from_json(capsys.readouterr().out))
    rows = where / "b.jsonl"
    rows.write_text("".join(json.dumps({"question": p, "answer": "#### 1"}) + "\n" for p in PROBLEMS))
    out = where / "out.jsonl"
    options = ["--model", str(model), "--benchmark", "gsm8k", "--data", str(rows), "--out", str(out)]
    options += ["--max-tokens", str(max_tokens), "--parallel", "3", "--data-dir", str(where)]
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert main(parser.parse_args(options)) == 0
    assert json.loads(capsys.readouterr().out)["batched"] is False
    found = sorted((Result.from_json(line) for line in out.read_text().splitlines()[1:]), key=lambda r: r.index)
    return alone, [r.transcript for r in found]


def test_evaluation_says_what_the_tutor_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = write_model(tmp_path / "tiny.gguf")
    alone, together = _solved_and_evaluated(model, tmp_path, 80, capsys)
    assert [_said(t) for t in together] == [_said(t) for t in alone]
    assert len({str(_said(t)) for t in alone}) == 3


@pytest.mark.slow
def test_evaluation_says_what_the_tutor_says_with_a_real_model(
    starter_gguf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone, together = _solved_and_evaluated(starter_gguf, tmp_path, 120, capsys)
    assert [_said(t) for t in together] == [_said(t) for t in alone]
    assert any(kind == "Output" for t in alone for kind, _ in _said(t))


def test_a_model_that_dies_ends_the_evaluation_with_its_sentence(tmp_path: Path) -> None:
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(b"nonsense")
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    args = parser.parse_args(["--model", str(bad), "--benchmark", "samples", "--limit", "1"])
    with pytest.raises(Exception, match=r"bad\.gguf"):
        main(args)


GOLDS = [
    ("asdiv", {"body": "Tim has 3 pens and finds 4.", "question": "How many?", "answer": "7 (pens)"}, "7"),
    ("asdiv", {"body": "The film ends late.", "question": "When?", "answer": "4:30 (PM)"}, "4:30"),
    ("asdiv", {"body": "One cake, two cats.", "question": "How much each?", "answer": "1/2 (cake)"}, "1/2"),
    ("asdiv", {"body": "Sum 8, product 15.", "question": "Which numbers?", "answer": "3; 5"}, "3; 5"),
    ("asdiv", {"body": "She has 9 coins.", "question": "Is it enough for 8?", "answer": "yes"}, "yes"),
    ("svamp", {"Body": "He has 30 nuts, eats 11", "Question": "How many are left?", "Answer": 19.0}, "19.0"),
    ("gsm-hard", {"input": "Q?", "code": "def solution(): ...", "target": -9867630.0}, "-9867630.0"),
    ("mawps", {"input": "Q?", "target": 26.0, "type": "singleeq"}, "26.0"),
    ("tabmwp", {"table": "a | 1", "question": "Q?", "answer": "1,234", "ans_type": "integer_number"}, "1234.0"),
    ("tabmwp", {"table": "a | 1", "question": "Q?", "answer": "25%", "ans_type": "decimal_number"}, "0.25"),
    ("tabmwp", {"table": "a | 1", "question": "Q?", "answer": "3/4", "ans_type": "decimal_number"}, "0.75"),
    ("tabmwp", {"table": "a | 1", "question": "Q?", "answer": "shortage", "ans_type": "multi_choice_text"}, "shortage"),
    *(
        ("tabmwp", {"table": "a | 1", "question": "Q?", "answer": answer, "ans_type": "decimal_number"}, gold)
        for answer, gold in (("2,000%", "20.0"), ("-2.5%", "-0.025"), ("-1/4", "-0.25"), ("$5.00", "$5.00"))
    ),
    *(
        ("asdiv", {"body": "B.", "question": "Q?", "answer": answer}, gold)
        for answer, gold in (
            ("3 (weeks); 2 (days)", "3; 2"),
            ("$2.50 (per kg)", "$2.50"),
            ("5 (lb) 3 (oz)", "5 3"),
            ("5 r 2", "5 r 2"),
            ("2:3", "2:3"),
            ("1,234 (people)", "1,234"),
            ("40%", "40%"),
            ("-5 (degrees)", "-5"),
            ("3 weeks 2 days", "3 weeks 2 days"),
            ("(3, 4)", "(3, 4)"),
            ("(3/8) (of a melon)", "(3/8)"),
            ("(1, 2); (3, 4)", "(1, 2); (3, 4)"),
            ("18 (stamps (used ones))", "18"),
            ("4 (cm); 9 (cm) ;", "4; 9"),
        )
    ),
    ("mawps", {"input": "Q?", "target": [26.0]}, "26.0"),
    ("mawps", {"input": "Q?", "target": [3.0, 5.0]}, "3.0, 5.0"),
    ("mawps", {"input": "Q?", "target": "3/4"}, "3/4"),
    ("gsm-hard", {"input": "Q?", "target": 1e10}, "10000000000.0"),
    ("gsm-hard", {"input": "Q?", "target": 7.777777777777778e15}, "7777777777777778.0"),
    ("gsm-hard", {"input": "Q?", "target": 1e-7}, "1e-07"),
    ("gsm-hard", {"input": "Q?", "target": 20527.1515151515}, "20527.1515151515"),
    ("gsm8k", {"question": " Q?\n", "answer": "So.\n#### -1,234"}, "-1234"),
    ("math", {"problem": "P", "solution": r"So $\boxed{(-\infty,3)\cup[5,8]}$."}, r"(-\infty,3)\cup[5,8]"),
]


@pytest.mark.parametrize(("benchmark", "row", "gold"), GOLDS)
def test_published_answers_are_read_as_they_were_graded_and_are_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], benchmark: str, row: dict[str, object], gold: str
) -> None:
    path = tmp_path / "b.jsonl"
    path.write_text(json.dumps(row) + "\n")
    (task,) = read(benchmark, path)
    assert task.gold == gold
    assert evaluated("--benchmark", benchmark, "--data", str(path), "--self-check") == 0
    said = capsys.readouterr().out
    assert task.problem in said
    assert "strict: 1 of 1, 100.0 %" in said
    assert "paper: 1 of 1, 100.0 %" in said


def evaluated(*options: str) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return main(parser.parse_args(options))


def test_a_body_and_its_question_are_joined_as_published(tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl"
    path.write_text(json.dumps(GOLDS[5][1]) + "\n")
    (task,) = read("svamp", path)
    assert task.problem == "He has 30 nuts, eats 11. How many are left?"


@pytest.mark.parametrize(
    "text", ["[{rows}]", '{{"1": {row}, "7": {row}}}', "[\n  {rows}\n]\n", '{{"1":\n{row},\n"7":\n{row}}}']
)
def test_a_file_may_be_one_array_or_object_of_rows(tmp_path: Path, text: str) -> None:
    row = json.dumps({"Body": "He has 3 pens", "Question": "How many?", "Answer": 3})
    path = tmp_path / "b.json"
    path.write_text(text.format(row=row, rows=f"{row}, {row}"))
    assert [(t.index, t.problem, t.gold) for t in read("svamp", path)] == [
        (0, "He has 3 pens. How many?", "3"),
        (1, "He has 3 pens. How many?", "3"),
    ]


def test_a_row_of_an_array_in_another_form_is_named(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    path.write_text('[{"input": "Q", "target": 1},\n{"input": "Q", "target": []}]')
    with pytest.raises(UserFault, match="row 2 is not in the form of mawps: it lacks 'target'"):
        list(read("mawps", path))
    path.write_text('{\n "input": "Q",\n "target": 1\n}')
    assert [t.problem for t in read("mawps", path)] == ["Q"]


MANIFEST = {"model": "m", "prompt": "p"}


def kept(path: Path, *results: Result) -> ResultFile:
    file = ResultFile.opened(path, MANIFEST)
    with path.open("a") as out:
        for r in results:
            file.append(out, r)
    return file


def test_a_file_cut_at_any_byte_keeps_what_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    kept(path, result(0, "1", "correct"), result(1, "2", "incorrect"))
    whole = path.read_bytes()
    ends = [i + 1 for i, byte in enumerate(whole) if byte == 10]
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        found = ResultFile.opened(path, MANIFEST)
        assert len(found.results) == max(0, sum(end <= cut for end in ends) - 1)
        again = kept(path, result(5, "5", "correct"))
        assert [r.index for r in ResultFile.opened(path, MANIFEST).results] == [r.index for r in again.results]


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"])
def test_a_solution_may_hold_any_line_separator(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "r.jsonl"
    said = replace(result(0, "1", "correct"), transcript=Transcript.of("P", Text(f"One.{separator}Two.")))
    kept(path, said, result(1, "2", "incorrect"))
    assert [r.transcript for r in ResultFile.opened(path, MANIFEST).results[:1]] == [said.transcript]
    assert [r.index for r in ResultFile.opened(path, MANIFEST).results] == [0, 1]


def test_another_evaluations_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    kept(path, result(0, "1", "correct"))
    before = path.read_bytes()
    with pytest.raises(UserFault, match='another evaluation: prompt was "p" and is "q"'):
        ResultFile.opened(path, {**MANIFEST, "prompt": "q"})
    assert path.read_bytes() == before
    nested = {**MANIFEST, "settings": {"rounds": 4, "sampling": {"seed": 0, "top_p": 1.0}}}
    ResultFile.opened(tmp_path / "n.jsonl", nested)
    ResultFile.opened(tmp_path / "n.jsonl", json.loads(json.dumps(nested)))
    with pytest.raises(UserFault, match=r"another evaluation: settings\.sampling\.seed was 0 and is 4\."):
        ResultFile.opened(tmp_path / "n.jsonl", {**MANIFEST, "settings": {"rounds": 4, "sampling": {"seed": 4}}})
    elsewhere = ResultFile.opened(tmp_path / "n.jsonl", {**nested, "data_file": "of/another/name.jsonl"})
    assert elsewhere.results == []
    (tmp_path / "notes.txt").write_text("mine\n")
    with pytest.raises(UserFault, match="no result file"):
        ResultFile.opened(tmp_path / "notes.txt", MANIFEST)
    assert (tmp_path / "notes.txt").read_text() == "mine\n"


@pytest.mark.parametrize("mine", ["one line without an end", '{"other": 1}', "{", '{"manifesto": 1}'])
def test_a_foreign_file_of_one_unfinished_line_is_left_alone(tmp_path: Path, mine: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(mine)
    if mine == "{":  # a result file may have been cut off here
        assert ResultFile.opened(path, MANIFEST).results == []
        return
    with pytest.raises(UserFault, match="no result file"):
        ResultFile.opened(path, MANIFEST)
    assert path.read_text() == mine


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full here")
def test_a_device_that_is_full_is_a_sentence() -> None:
    with pytest.raises(HostFault, match=r"The results cannot be kept in /dev/full: No space left"):
        ResultFile.opened(Path("/dev/full"), MANIFEST)


def test_two_evaluations_never_write_to_one_file(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    first, second = ResultFile.opened(path, MANIFEST), ResultFile.opened(path, MANIFEST)
    with first.open(), pytest.raises(UserFault, match=r"Another evaluation is writing to .*r\.jsonl"):
        second.open()
    second.open().close()


def test_the_time_of_several_runs_adds_up(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    kept(path, replace(result(0, "1", "correct"), elapsed=4.0), replace(result(1, "1", "correct"), elapsed=10.0))
    again = ResultFile.opened(path, MANIFEST)
    assert (again.session, again.seconds) == (1, 10.0)
    kept(path, replace(result(2, "1", "correct"), session=1, elapsed=5.0))
    assert ResultFile.opened(path, MANIFEST).seconds == 15.0


def test_kinds_of_errors() -> None:
    ran = Transcript.of("p", Code("1"), Output(status="ok"), Answer("3"))
    failed = Transcript.of("p", Code("1"), Output(status="error"), Answer("3"))
    guessed = Transcript.of("p", Code("1"), Output(status="ok"), Answer("3", source="number"))
    wrong = Result(0, 0, "1", "3", "incorrect", "incorrect", ran)
    assert error_kind(wrong) == "wrong answer"
    assert error_kind(replace(wrong, transcript=failed)) == "code failed"
    assert error_kind(replace(wrong, transcript=guessed)) == "unboxed"
    assert error_kind(replace(wrong, answer="")) == "no answer"
    assert error_kind(replace(wrong, transcript=Transcript.of("p", Answer("3")))) == "no code"
    assert error_kind(replace(wrong, strict="correct")) == ""
