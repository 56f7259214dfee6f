import argparse
import json
from pathlib import Path

import pytest

from tests.tiny_gguf import write_model
from trainer.data.benchmarks import READERS, read
from trainer.evaluate.run import Result, add_arguments, main, summary
from tutor_app.commands.parser import main as tutor
from tutor_app.core.errors import UserFault
from tutor_app.core.transcript import Answer, Transcript
from tutor_app.tutor.paths import folders

ROWS = {
    "gsm8k": ({"question": "Q?", "answer": "1 + 1 = <<1+1=2>>2\n#### 1,234"}, ("Q?", "1234")),
    "math": ({"problem": "P", "solution": r"So $\boxed{\frac{1}{2}}$."}, ("P", r"\frac{1}{2}")),
    "svamp": ({"Body": "He has 3 pens", "Question": "How many?", "Answer": 3.0}, ("He has 3 pens. How many?", "3.0")),
    "asdiv": ({"body": "B", "answer": "4"}, ("B", "4")),
    "gsm-hard": ({"input": "Q", "target": -9867630.0}, ("Q", "-9867630.0")),
    "mawps": ({"input": "Q", "target": 5}, ("Q", "5")),
    "tabmwp": (
        {"table_title": "T", "table": "a | b", "question": "Q?", "choices": ["x", "y"], "answer": "x"},
        ("T\na | b\n\nQ?\nChoices: x, y", "x"),
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
    assert (found["strict"], found["maj"]) == (50.0, 50.0)
    assert found["seconds_per_problem"] == 2.0
    assert found["ended"] == {"answered": 6}


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
    rows = [Result.from_json(line) for line in out.read_text().splitlines()]
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
    found = sorted((Result.from_json(line) for line in out.read_text().splitlines()), key=lambda r: r.index)
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
