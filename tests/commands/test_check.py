import io
import json
from pathlib import Path

import pytest

from tutor_app.commands.check import run_check, run_work
from tutor_app.commands.parser import main
from tutor_app.core.errors import UserFault
from tutor_app.core.parts import Answer, Code, Output, Question, Text
from tutor_app.core.transcript import Transcript


def run(path: str, text: str = "", **options: bool) -> tuple[int, str]:
    out = io.StringIO()
    code = run_check(path, stdin=io.BytesIO(text.encode()), out=out, **options)
    return code, out.getvalue()


def test_a_false_statement_is_told_and_ends_with_1() -> None:
    code, said = run("-", "6 + 7 = 13 and 8 * 7 = 54")
    assert code == 1
    assert said.splitlines() == ["✓ 6 + 7 = 13", "✗ 8 * 7 = 54: it is 56", "2 of 2 statements checked, 1 false"]


def test_nothing_false_ends_with_0() -> None:
    assert run("-", "hello") == (0, "no statement that could be checked\n")


def test_json_has_the_places() -> None:
    code, said = run("-", "So 2 + 2 = 5", as_json=True)
    found = json.loads(said)
    assert (code, found["statements"], found["false"]) == (1, 1, 1)
    assert found["claims"] == [
        {"part": 0, "start": 3, "end": 12, "text": "2 + 2 = 5", "verdict": "false", "right": "4", "reason": "different"}
    ]


def test_a_transcript_is_checked_part_by_part(tmp_path: Path) -> None:
    file = tmp_path / "solution.json"
    file.write_text(Transcript.of("1 + 1 = 3?", Text("1 + 1 = 2."), Code("x = 1"), Text("2 + 2 = 5.")).to_json())
    code, said = run(str(file), as_json=True)
    assert code == 1
    assert [(c["part"], c["verdict"]) for c in json.loads(said)["claims"]] == [(0, "true"), (1, "false")]


def test_words_and_answer_of_a_transcript_are_compared_with_what_its_code_printed(tmp_path: Path) -> None:
    words, code, output = Text("So 9 buses are needed."), Code("print(math.ceil(435 / 48))"), Output("10\n")
    file = tmp_path / "solution.json"
    asked = "A bus has 48 seats. How many buses are needed for 435 people?"
    file.write_text(Transcript.of(asked, words, code, output, Text("\\boxed{10}"), Answer("10")).to_json())
    assert run(str(file)) == (
        0,
        "≠ So 9 buses are needed: the code prints 10\n1 statement, not checked; 1 differs from what the code prints\n",
    )
    file.write_text(Transcript.of(asked, Text("Let me see."), code, output, Text("So 9."), Answer("9")).to_json())
    code_, said = run(str(file))
    assert (code_, said.splitlines()[0]) == (0, "The answer is 9, but the code printed 10.")
    assert json.loads(run(str(file), as_json=True)[1])["code_printed"] == "10"


def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserFault):
        run(str(tmp_path / "nothing"))
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    assert main(["check", str(tmp_path / "bytes")]) == 2
    assert "is not UTF-8 text" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("Page 1.JPG", b"\xff\xd8\xff\xe0"),
        ("work.pdf", b"%PDF-1.4\n1 0 obj"),
        ("drawn.svg", b"<svg>x = 3</svg>"),
        ("work.txt", b"\x89PNG\r\n"),
        ("-", b"%PDF-1.7"),
    ],
)
@pytest.mark.parametrize("work", [True, False])
def test_a_picture_is_called_that(tmp_path: Path, name: str, content: bytes, work: bool) -> None:
    path = name if name == "-" else str(tmp_path / name)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserFault, match="is a picture or a PDF and cannot be read here"):
        run_work(path, "Solve x = 3", stdin=io.BytesIO(content)) if work else run_check(path, stdin=io.BytesIO(content))


def test_a_students_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = tmp_path / "work.txt"
    work.write_text("3x - 2 = 9\nx = 5\n", encoding="utf-8")
    assert main(["check", "--work", str(work), "--problem", "Solve 3(x - 2) = 9", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["first_fault"] == 1
    assert found["lines"][0]["slip"] == "distribution"
    assert main(["check", "--work", str(work), str(work)]) == 2
    assert main(["check"]) == 2
    assert main(["check", str(work), "--problem", "x"]) == 2


def test_a_hint_about_the_first_false_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = tmp_path / "work.txt"
    work.write_text("3x - 2 = 9\nx = 5\n", encoding="utf-8")
    given = ["check", "--data-dir", str(tmp_path), "--work", str(work), "--problem", "Solve 3(x - 2) = 9", "--hint"]
    assert main(given) == 1
    assert capsys.readouterr().out.endswith(
        "Hint for line 1: Look at the brackets: which terms inside must be multiplied by the factor in front of them?\n"
    )
    assert main([*given, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["hint"]["by_model"] is False
    assert main([*given, "--model", "there is none"]) == 2
    assert main(["check", str(work), "--hint"]) == 2


def test_what_a_reply_printed_is_not_held_against_the_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reply = (Question("And twice that?"), Code("print(2 * 5)"), Output(stdout="10\n"), Text("There you are."))
    solved = Transcript.of("How many are left?", Text("So \\boxed{5}."), Answer("5"), *reply)
    path = tmp_path / "asked.json"
    path.write_text(solved.to_json(), encoding="utf-8")
    assert main(["check", str(path)]) == 0
    assert "but the code printed" not in capsys.readouterr().out
