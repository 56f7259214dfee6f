import json
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.local_code import LocalExecutor
from trainer.commands.seeds import import_seeds
from trainer.data import seeds
from trainer.data.records import Rejects, origin, read_lines, read_records, write_records
from trainer.runs import Run
from trainer.steps import InputFiles
from trainer.synthesize.make_code import make
from tutor_app.core.dialect import MUMATH, render
from tutor_app.core.errors import UserFault
from tutor_app.core.parts import Code, Output, Text
from tutor_app.core.transcript import Transcript

GSM8K = {"question": "He has half of 48. How many?", "answer": "He has 48/2 = <<48/2=24>>24.\n#### 1,024"}
MATH = {"problem": "What is $1+1$?", "solution": "It is $\\boxed{2}$.", "level": "Level 1", "type": "Algebra"}
CODE = "Let's see.\n```python\nprint(1)\n```\n```output\n1\n```\nSo $\\boxed{1}$."


def mumath(content: str, gt: Any = "1") -> dict[str, Any]:
    return {"gt": gt, "messages": [{"role": "user", "content": "Q?"}, {"role": "assistant", "content": content}]}


def lines(path: Path, *rows: Any) -> Path:
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows), encoding="utf-8")
    return path


def test_gsm8k_becomes_reasoning_without_annotations() -> None:
    record = seeds.gsm8k(GSM8K, 5, "gsm8k-train", "MIT")
    text = "".join(p.text for p in record.solution if isinstance(p, Text))
    assert text == "He has 48/2 = 24.\nThe answer is $\\boxed{1024}$."
    assert record.meta["gold"] == "1024"
    assert record.meta["source_line"] == 5
    assert record.answer is not None
    assert record.answer.latex == "1024"


def test_reasoning_and_code_of_a_problem_have_the_same_origin() -> None:
    code = make(GSM8K["question"], GSM8K["answer"].replace("1,024", "24"), 1, LocalExecutor())
    assert origin(code) == origin(seeds.gsm8k(GSM8K, 5, "gsm8k-train", "MIT"))


def test_math_keeps_level_and_type() -> None:
    record = seeds.math(MATH, 1, "math-train", "MIT")
    assert (record.meta["gold"], record.meta["level"], record.meta["type"]) == ("2", "Level 1", "Algebra")


def test_recorded_outputs_become_outputs_that_are_never_supervised() -> None:
    record = seeds.mumath(mumath(CODE), 1, "mumath", "unstated")
    assert [type(p) for p in record.solution[:4]] == [Text, Code, Output, Text]
    assert record.meta["method"] == "code-nested"
    text = "".join(s.text for s in render(record, MUMATH))
    assert text == f"<|user|>\nQ?\n<|assistant|>\n{CODE}</s>"
    assert (
        "".join(s.text for s in render(record, MUMATH) if not s.supervised) == "<|user|>\nQ?\n<|assistant|>\n1\n```\n"
    )


@pytest.mark.parametrize(
    ("printed", "after"),
    [
        ("7", "The answer is $\\boxed{7}$."),
        ("```\n| 1 |\n```\n7", "The answer is $\\boxed{7}$."),
        ("a\n```\nb", "\nSo it is $\\boxed{7}$, not `b`."),
        ("7", "Then\n\n```python\nprint(7)\n```\n```output\n```\n7\n```\nSo $\\boxed{7}$."),
    ],
)
def test_fences_that_were_printed_do_not_end_an_output(printed: str, after: str) -> None:
    text = f"We print.\n\n```python\nprint(7)\n```\n```output\n{printed}\n```\n{after}"
    record = seeds.mumath(mumath(text, 7), 1, "mumath", "unstated")
    outputs = [p.feedback or p.stdout for p in record.solution if isinstance(p, Output)]
    assert outputs == [printed, *(["```\n7"] if "python" in after else [])]
    learnt = "".join(s.text for s in render(record, MUMATH) if s.supervised)
    assert printed not in learnt.replace("print(7)", "").replace("{7}", "")
    assert learnt.endswith(f"{after.rpartition(chr(10))[2]}</s>")


def test_reasoning_of_mumath_data() -> None:
    record = seeds.mumath(mumath("So it is 3. The answer is: 3", gt=3), 1, "mumath", "unstated")
    assert (record.meta["method"], record.meta["gold"]) == ("reasoning", "3")


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [
        ("gsm8k", {"question": "Q"}, 'a text "answer"'),
        ("gsm8k", {"question": "Q", "answer": "no mark"}, "####"),
        ("gsm8k", {"question": "Q", "answer": "#### many"}, "a number"),
        ("gsm8k", ["not an object"], 'a text "question"'),
        ("math", {"problem": "P", "solution": "no box"}, "boxed"),
        ("mumath", {"gt": "1"}, "messages"),
        ("mumath", {"messages": mumath("x")["messages"]}, '"gt"'),
        ("mumath", {"gt": "1", "messages": [{"role": "assistant", "content": "x"}]}, "messages"),
        ("mumath", mumath("   "), 'a text "content"'),
        ("mumath", mumath("```output\n1\n```\nSo."), "follow a python block"),
    ],
)
def test_a_line_of_another_schema_says_what_was_expected(tmp_path: Path, form: str, value: Any, expected: str) -> None:
    path = lines(tmp_path / "a.jsonl", value)
    with pytest.raises(UserFault) as e:
        import_seeds(Run.at(tmp_path / "run"), InputFiles((path,)), form)
    assert f"{path}, line 1: " in str(e.value)
    assert expected in str(e.value)


@pytest.mark.parametrize("broken", ['{"question": ', '{"question": "Q", "answer": "#### 1"', "\x00"])
def test_a_broken_line_stops_or_is_passed_over(tmp_path: Path, broken: str) -> None:
    path = lines(tmp_path / "a.jsonl", GSM8K, "", broken, {**GSM8K, "question": "Another?"})
    with pytest.raises(UserFault, match=r"line 3: not JSON"):
        import_seeds(Run.at(tmp_path / "run"), InputFiles((path,)), "gsm8k")
    told = import_seeds(Run.at(tmp_path / "run"), InputFiles((path,), strict=False), "gsm8k")
    assert "2 records" in told
    assert "line 3: not JSON" in told
    provenance = json.loads((tmp_path / "run" / "seeds-gsm8k.provenance.json").read_text())
    assert len(provenance["bad_lines"]) == 1
    assert provenance["inputs"][str(path)]


def test_text_that_is_not_utf8_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"question": "\xff"}\n')
    with pytest.raises(UserFault, match="line 1: not UTF-8"):
        list(read_lines(path, lambda v, _: v, Rejects()))


def test_an_empty_data_set_is_said(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl")
    with pytest.raises(UserFault, match="no gsm8k record"):
        import_seeds(Run.at(tmp_path / "run"), InputFiles((path,)), "gsm8k")
    with pytest.raises(UserFault, match="no record"):
        read_records([path], Rejects())
    with pytest.raises(UserFault, match="cannot be read"):
        read_records([tmp_path / "missing"], Rejects())


def test_records_are_written_as_they_come_and_a_bad_line_leaves_the_old_file(tmp_path: Path) -> None:
    path, run = lines(tmp_path / "a.jsonl", GSM8K), Run.at(tmp_path / "run")
    import_seeds(run, InputFiles((path,)), "gsm8k")
    before = (run.folder / "seeds-gsm8k.jsonl").read_bytes()
    path.write_text(path.read_text() + "{}\n")
    with pytest.raises(UserFault, match="line 2"):
        import_seeds(run, InputFiles((path,)), "gsm8k")
    assert (run.folder / "seeds-gsm8k.jsonl").read_bytes() == before
    assert not list(run.folder.glob(".*.part"))


def test_the_same_problem_twice_is_one_record(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", GSM8K, GSM8K)
    assert "twice the same: 1" in import_seeds(Run.at(tmp_path / "run"), InputFiles((path,)), "gsm8k")


def test_records_need_provenance(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    write_records(path, [Transcript.of("P", Text("S"), meta={"id": "1", "source": "s", "method": "m"})])
    with pytest.raises(UserFault, match="line 1: expected provenance in meta: licence missing"):
        read_records([path], Rejects())
    write_records(path, [Transcript.of("P", meta={"id": "1", "source": "s", "method": "m", "licence": "l"})])
    with pytest.raises(UserFault, match="assistant turn"):
        read_records([path], Rejects())


def test_real_files_import_whole(tmp_path: Path, gsm8k_train: Path) -> None:
    told = import_seeds(Run.at(tmp_path), InputFiles((gsm8k_train,)), "gsm8k")
    records = read_records([tmp_path / "seeds-gsm8k.jsonl"], Rejects())
    assert len(records) >= 7_470, told
    assert not any("<<" in p.text for r in records for p in r.solution if isinstance(p, Text))
