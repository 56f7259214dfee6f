import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("urllib3", reason="the trainer's packages are not installed")

from tests.trainer.commands.teachers import endpoint, lines, records, teacher
from tests.trainer.teacher.completions_server import serving
from trainer.__main__ import main

pytestmark = pytest.mark.usefixtures("shared_sandboxes")

APPLES = {
    "question": "Tina buys 6 bags of apples. Each bag holds 4 apples. She gives 9 apples to her brother. "
    "How many apples does Tina have left?",
    "answer": "The bags hold 6 * 4 = <<6*4=24>>24 apples.\nShe has 24 - 9 = <<24-9=15>>15 apples left.\n#### 15",
}
ROLLS = {
    "question": "A baker bakes 12 trays of rolls with 8 rolls on each tray. He sells half of the rolls. "
    "How many rolls does the baker have left?",
    "answer": "The baker bakes 12 * 8 = <<12*8=96>>96 rolls.\nHe sells 96 / 2 = <<96/2=48>>48 rolls.\n"
    "He has 96 - 48 = <<96-48=48>>48 rolls left.\n#### 48",
}
REWORDED = "Tina takes home 6 bags, each with 4 apples, and her brother gets 9 apples. What number of apples remains?"


def run(folder: Path, method: str, *more: str, problems: tuple[Any, ...] = (APPLES,)) -> int:
    source = lines(folder / "problems.jsonl", *problems)
    return main(["augment", str(source), "--method", method, "--run", str(folder / "run"), *more])


def made(folder: Path, method: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Question, boxed answer and provenance of each record."""
    found = []
    for r in records(folder / "run" / f"augment-{method}.jsonl"):
        user, solution = r["turns"]
        found.append((user["parts"][0]["text"], solution["parts"][-1]["latex"], r["meta"]))
    return found


def left_out(folder: Path, method: str) -> dict[str, int]:
    found: dict[str, int] = json.loads((folder / "run" / f"augment-{method}.provenance.json").read_text())["left_out"]
    return found


def test_every_number_may_be_the_unknown_one(tmp_path: Path) -> None:
    assert run(tmp_path, "fobar", "--per-problem", "9") == 0
    known = made(tmp_path, "fobar")
    assert sorted(answer for _, answer, _ in known) == ["4", "6", "9"]
    for question, answer, meta in known:
        assert question.endswith("If we know the answer to the above question is 15, what is the value of the unknown "
                                 "variable X?")  # fmt: skip
        assert (meta["gold"], meta["label"], meta["teacher"]) == (answer, "masked number", "rules")
        assert meta["parent"].startswith("question/")


def test_a_backward_question_becomes_a_forward_one(tmp_path: Path) -> None:
    assert run(tmp_path, "bf-trans", "--per-problem", "9") == 0
    known = {answer: question for question, answer, _ in made(tmp_path, "bf-trans")}
    assert known["4"] == (
        "Tina buys 6 bags of apples. Each bag holds some apples. She gives 9 apples to her brother. "
        "Tina has 15 apples left. How many apples does each bag hold?"
    )
    assert "some bags of apples" in known["6"]


def test_an_outline_with_a_plan_says_no_result_before_it_is_computed(tmp_path: Path) -> None:
    assert run(tmp_path, "outline", problems=(APPLES, ROLLS)) == 0
    (record,) = records(tmp_path / "run" / "augment-outline.jsonl")
    text = record["turns"][1]["parts"][0]["text"]
    outline, _, rest = text.partition("[Plan]")
    plan, _, execution = rest.partition("[Execution]")
    assert "Asked: How many apples does Tina have left?" in outline
    assert not any(c.isdigit() and c not in "12" for c in plan), "the plan says what, not how much"
    assert "24 - 9 = 15" in execution
    assert left_out(tmp_path, "outline") == {"two steps have the same name": 1}


def test_other_numbers_are_run_again(tmp_path: Path) -> None:
    assert run(tmp_path, "numbers", "--per-problem", "3", problems=(APPLES, ROLLS)) == 0
    known = made(tmp_path, "numbers")
    assert len(known) == 3
    for question, answer, meta in known:
        bags, each, given = (int(w) for w in question.replace(".", " ").split() if w.isdigit())
        assert int(answer) == bags * each - given > 0
        assert meta["label"] == "executed"
    assert left_out(tmp_path, "numbers") == {"a number of the solution may be meant by a word": 1}


def test_what_rules_cannot_do_asks_for_a_teacher(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "rephrase") == 2
    assert "rephrase needs a teacher" in capsys.readouterr().err
    assert run(tmp_path, "fobar", problems=({"question": "How much is 3 + 4?", "answer": "7"},)) != 0
    assert "is not annotated step by step" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wording", "why"),
    [
        (REWORDED, ""),
        (APPLES["question"], "the question was not changed"),
        (REWORDED.replace("9 apples", "8 apples"), "number"),
        ("Tina likes apples very much and has 6 bags of 4, 9 of them given.", "the reply is no question"),
    ],
)
def test_a_new_wording_keeps_the_numbers_and_comes_to_the_answer(tmp_path: Path, wording: str, why: str) -> None:
    def says(problem: str, said: str) -> str:
        if "remains" in problem or "8 apples" in problem:
            return "She has 6 * 4 = 24 apples, and 24 - 9 = 15 remain: $\\boxed{15}$."
        return wording

    with serving(teacher(says)) as url:
        code = run(tmp_path, "rephrase", *endpoint(url))
    if why:
        assert code != 0
        return
    assert code == 0
    ((question, answer, meta),) = made(tmp_path, "rephrase")
    assert (question, answer, meta["label"], meta["teacher"]) == (REWORDED, "15", "gold", "m")
    assert len(meta["prompt"]) == 16


def test_a_new_wording_whose_solution_comes_to_something_else_is_left_out(tmp_path: Path) -> None:
    def says(problem: str, said: str) -> str:
        return "That makes $\\boxed{99}$." if "remains" in problem else REWORDED

    with serving(teacher(says)) as url:
        assert run(tmp_path, "rephrase", *endpoint(url)) != 0


def test_a_harder_problem_is_labelled_by_a_majority(tmp_path: Path) -> None:
    harder = APPLES["question"].replace(
        "How many", "Then she buys 3 more bags of the same kind and eats 2 apples on the way. How many"
    )

    def says(problem: str, said: str) -> str:
        if "3 more bags" in problem:
            return "She has 24 - 9 = 15 apples, then 15 + 12 - 2 = 25 apples: $\\boxed{25}$."
        return harder

    with serving(teacher(says)) as url:
        assert run(tmp_path, "difficulty", "--votes", "4", "--min-votes", "3", *endpoint(url)) == 0
    ((question, answer, meta),) = made(tmp_path, "difficulty")
    assert (question, answer, meta["label"], meta["votes"]) == (harder, "25", "majority", [4, 4])
