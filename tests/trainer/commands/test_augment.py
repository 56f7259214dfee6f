import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("urllib3", reason="the trainer's packages are not installed")

from tests.trainer.commands.teachers import endpoint, lines, records, teacher
from tests.trainer.teacher.completions_server import serving
from trainer.__main__ import main
from trainer.augment.fobar import FOBAR_QUESTION, need_the_asked
from trainer.teacher.work import NotMade
from tutor_app.core.parts import Text

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
    folder.mkdir(exist_ok=True)
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


def test_a_wording_that_means_something_else_is_asked_for_in_other_words(tmp_path: Path) -> None:
    """It has every number and a question, so only its solution shows it."""
    other = "Tina and her brother share 6 bags of 4 apples after 9 went bad. How many go to each?"
    asked: list[str] = []

    def says(problem: str, said: str) -> str:
        if problem == other:
            return "That are 6 * 4 = 24 apples, and 24 - 9 = 15. Half of 15 is 7.5: $\\boxed{7.5}$."
        if problem == REWORDED:
            return "She has 6 * 4 = 24 apples, and 24 - 9 = 15 remain: $\\boxed{15}$."
        asked.append(problem)
        return other if len(asked) == 1 else REWORDED

    with serving(teacher(says)) as url:
        assert run(tmp_path, "rephrase", *endpoint(url)) == 0
    assert [question for question, _, _ in made(tmp_path, "rephrase")] == [REWORDED]
    assert asked == [APPLES["question"]] * 2


MORE = "Then she buys 3 more bags of the same kind and eats 2 apples on the way."
HARDER = APPLES["question"].replace("How many", f"{MORE} How many")


@pytest.mark.parametrize("reply", [HARDER, f" {MORE}\nAsked: How many apples does Tina have left?"])
def test_a_harder_problem_is_labelled_by_a_majority(tmp_path: Path, reply: str) -> None:
    def says(problem: str, said: str) -> str:
        if "3 more bags" in problem:
            return "She has 24 - 9 = 15 apples, then 15 + 12 - 2 = 25 apples: $\\boxed{25}$."
        return reply if said or reply == HARDER else f"Added:{reply}"

    with serving(teacher(says)) as url:
        code = run(tmp_path, "difficulty", "--votes", "4", "--min-votes", "3", *endpoint(url))
    if reply == HARDER:  # what follows "Added:" is no whole problem
        assert code == 2
        return
    ((question, answer, meta),) = made(tmp_path, "difficulty")
    assert (question, answer, meta["label"], meta["votes"]) == (HARDER, "25", "majority", [4, 4])


def test_what_was_no_negative_number_does_not_become_one(tmp_path: Path) -> None:
    def says(problem: str, said: str) -> str:
        if "3 more bags" in problem:
            return "She has 24 - 9 = 15 apples and gives away 40, so it is 15 - 40 = -25: $\\boxed{-25}$."
        return f" {MORE}\nAsked: How many apples does Tina have left?"

    with serving(teacher(says)) as url:
        assert run(tmp_path, "difficulty", "--votes", "3", "--min-votes", "3", *endpoint(url)) == 2


@pytest.mark.parametrize(
    ("method", "reply", "changed"),
    [
        ("expression", " She gives 9 apples to her brother\nNew: She gives a third of the apples to her brother",
         APPLES["question"].replace("9 apples", "a third of the apples")),
        ("numbers", " 6 bags\nNew: 8 bags\nOld: 9 apples\nNew: 17 apples",
         APPLES["question"].replace("6", "8").replace("9", "17")),
        ("numbers", " 6 bags\nNew: 8 sacks", ""),
        ("expression", " She gives 8 apples away\nNew: She gives 7 apples away", ""),
        ("expression", " 9 apples\nNew: 9 apples", ""),
    ],
)  # fmt: skip
def test_what_a_teacher_changes_is_changed_in_the_problem(
    tmp_path: Path, method: str, reply: str, changed: str
) -> None:
    def says(problem: str, said: str) -> str:
        return reply if said == "Old:" else "In all they are 24 - 8 = 16 or so: $\\boxed{16}$."

    with serving(teacher(says)) as url:
        code = run(tmp_path, method, "--votes", "3", "--min-votes", "3", "--tries", "1", *endpoint(url))
    assert (code == 0) == bool(changed)
    if changed:
        assert [question for question, _, _ in made(tmp_path, method)] == [changed]


def backward_code(relation: str, printed: str) -> tuple[str, str]:
    """The two rounds of a solution with code, which follows the problem and asks SymPy."""
    code = f"from sympy import Eq, solve, symbols\n\nX = symbols('X')\nprint(solve(Eq({relation}), X)[0])"
    begun = f" The number of the bags is asked for.\n\nKnowledge points:\n- Equations.\n\n```python\n{code}\n```\n"
    return begun, f"The number is $\\boxed{{{printed}}}$."


def test_a_masked_number_is_found_by_code_that_really_ran(tmp_path: Path) -> None:
    def says(problem: str, said: str) -> str:
        right = {"buys X bags": "X * 4 - 9, 15", "holds X apples": "6 * X - 9, 15", "gives X apples": "24 - X, 15"}
        relation = next(r for words, r in right.items() if words in problem)
        masked = {"buys": "6", "holds": "4", "gives": "9"}[next(w for w in right if w in problem).split()[0]]
        begun, end = backward_code(relation, masked)
        return end if "```output" in said else begun

    with serving(teacher(says)) as url:
        assert run(tmp_path, "fobar", "--per-problem", "3", *endpoint(url)) == 0
    for question, answer, meta in made(tmp_path, "fobar"):
        assert (meta["gold"], meta["label"], meta["teacher"]) == (answer, "masked number", "m")
        assert {"6": "buys X bags", "4": "holds X apples", "9": "gives X apples"}[answer] in question
    kinds = [p["kind"] for p in records(tmp_path / "run" / "augment-fobar.jsonl")[0]["turns"][1]["parts"]]
    assert kinds == ["text", "code", "output", "text", "answer"]


@pytest.mark.parametrize(
    ("analysis", "kept"), [("the number of trips", False), ("the crates that fit into the van on each trip", True)]
)
def test_what_is_counted_is_what_was_masked(analysis: str, kept: bool) -> None:
    """Trips stand around the X, too, and yet it counts crates."""
    problem = "A van takes X crates on each trip. How many trips will 30 crates need?"
    question = FOBAR_QUESTION.format(question=problem, answer="5")
    parts = (Text(f"Analysis: We are asked for {analysis}."), Text("It takes $\\boxed{6}$ crates."))
    if kept:
        need_the_asked(question, parts)
    else:
        with pytest.raises(NotMade, match="the known result"):
            need_the_asked(question, parts)


@pytest.mark.parametrize(
    ("analysis", "end", "kept"),
    [
        ("The number of bags is asked for.", "Tina buys $\\boxed{{{}}}$ bags of apples.", True),
        ("The apples that Tina has left are known.", "The unknown number is $\\boxed{{{}}}$.", True),
        # The known result is said to be asked for, or to be the number that was found.
        ("We are asked for the apples that Tina has left.", "The unknown number is $\\boxed{{{}}}$.", False),
        ("The number of bags is asked for.", "Tina has $\\boxed{{{}}}$ apples left.", False),
    ],
)
def test_the_known_result_is_not_what_is_asked(tmp_path: Path, analysis: str, end: str, kept: bool) -> None:
    right = {"buys X bags": ("X * 4 - 9, 15", "6"), "holds X": ("6 * X - 9, 15", "4"), "gives X": ("24 - X, 15", "9")}
    asked: set[str] = set()

    def says(problem: str, said: str) -> str:
        words = next(words for words in right if words in problem)
        asked.add(words)
        relation, masked = right[words]
        if words != "buys X bags":  # the others are too hard for it
            masked, relation = "77", "X, 77"
        begun, _ = backward_code(relation, masked)
        return (
            end.format(masked)
            if "```output" in said
            else begun.replace("The number of the bags is asked for.", analysis)
        )

    with serving(teacher(says)) as url:
        assert (run(tmp_path, "fobar", "--tries", "3", *endpoint(url)) == 0) == kept
    if kept:
        assert [answer for _, answer, _ in made(tmp_path, "fobar")] == ["6"]
    else:
        assert asked == set(right)


LAMPS = {
    "question": "A shop sells lamps at $40, and gives 25% off on Friday. If a buyer takes 6 lamps, how much is paid?",
    "answer": "Off are 40 * 25 / 100 = $<<40*25/100=10>>10.\nA lamp costs 40 - 10 = $<<40-10=30>>30.\n"
    "All cost 6 * 30 = $<<6*30=180>>180.\n#### 180",
}


@pytest.mark.parametrize(
    ("reply", "questions"),
    [
        # As the teacher tells it.
        ("Fact: The buyer pays $180.\nAsked: {asked}\nTogether: A shop has lamps, {told}, the buyer pays $180. {asked}",
         {"25": "A shop has lamps, 6 at $40 each with something off, the buyer pays $180. How many percent?"}),
        # The teacher leaves the X where it was: the old problem with its fact and its question.
        ("Fact: The buyer pays $180.\nAsked: {asked}\nTogether: A shop sells lamps at $40, with X% off. {asked}",
         {"25": "A shop sells lamps at $40, and gives a certain percentage off on Friday. A buyer takes 6 lamps. "
                "The buyer pays $180. How many percent?",
          "40": "A shop sells lamps at a certain amount, and gives 25% off on Friday. A buyer takes 6 lamps. "
                "The buyer pays $180. How much is a lamp?",
          "6": "A shop sells lamps at $40, and gives 25% off on Friday. A buyer takes a certain number of lamps. "
               "The buyer pays $180. How many lamps?"}),
        ("Fact: The buyer pays $180.\nAsked: {asked}", {"25": "A shop sells lamps at $40, and gives a certain "
         "percentage off on Friday. A buyer takes 6 lamps. The buyer pays $180. How many percent?"}),
        # No fact, the wrong fact, the answer in the question, a question for X.
        ("Asked: {asked}", {}),
        ("Fact: The buyer pays a lot.\nAsked: {asked}", {}),
        ("Fact: The buyer pays $180.\nAsked: What is X?", {}),
    ],
)  # fmt: skip
def test_a_teacher_turns_a_problem_round(tmp_path: Path, reply: str, questions: dict[str, str]) -> None:
    ways = {"off": ("How many percent?", "6 * 40 * (100 - X) / 100, 180", "25"),
            "at $X": ("How much is a lamp?", "6 * X * 3 / 4, 180", "40"),
            "takes X": ("How many lamps?", "30 * X, 180", "6")}  # fmt: skip

    def says(problem: str, said: str) -> str:
        if "what is the value of the unknown variable X" in problem:
            asked = next(a for words, (a, _, _) in reversed(ways.items()) if words in problem)
            return reply.format(asked=asked, told="6 at $40 each with something off").removeprefix("Fact:")
        _, relation, masked = next(way for way in ways.values() if way[0] in problem)
        begun, end = backward_code(relation, masked)
        return end if "```output" in said else begun

    with serving(teacher(says)) as url:
        code = run(tmp_path, "bf-trans", "--per-problem", "3", "--tries", "1", *endpoint(url), problems=(LAMPS,))
    assert (code == 0) == bool(questions)
    if questions:
        known = {answer: question for question, answer, _ in made(tmp_path, "bf-trans")}
        assert {answer: known.get(answer) for answer in questions} == questions


def test_what_is_no_good_is_tried_again(tmp_path: Path) -> None:
    asked: list[str] = []

    def says(problem: str, said: str) -> str:
        if "remains" in problem:
            return "She has 6 * 4 = 24 apples, and 24 - 9 = 15 remain: $\\boxed{15}$."
        asked.append(problem)
        return REWORDED.replace("9", "8") if len(asked) == 1 else REWORDED

    with serving(teacher(says)) as url:
        assert run(tmp_path, "rephrase", "--tries", "2", *endpoint(url)) == 0
    assert made(tmp_path, "rephrase")[0][0] == REWORDED
    assert len(asked) == 2


def test_the_numbers_of_a_list_are_no_results_of_a_plan(tmp_path: Path) -> None:
    plan = "1. Find all apples.\n2. Take the brother's away.\n3. Say what is left.\n4. Check it."
    whole = (
        "[Outline]\n1. Tina buys 6 bags of 4 apples.\n2. She gives 9 away.\n3. We look for what is left.\n"
        f"[Plan]\n{plan}\n[Execution]\n1. 6 * 4 = 24 apples.\n2. 24 - 9 = 15 apples are left.\n"
        "The answer is $\\boxed{15}$."
    )
    for text, code in ((whole, 0), (whole.replace("Find all apples", "Find all 24 apples"), 2)):
        with serving(teacher({"Tina": text})) as url:
            assert run(tmp_path / str(code), "outline", *endpoint(url)) == code


@pytest.mark.parametrize(
    ("bags", "code"),
    [
        ("Apples in the bags: 6 * 4 = 24 apples.", 0),
        ("Apples in the bags: there are 24 of them, which is 24.", 0),
        ("The bags: they hold many apples, 24 of them, so we go on.", 2),
    ],
)
def test_steps_that_are_told_again_calculate_every_result(tmp_path: Path, bags: str, code: int) -> None:
    text = f"1. Tina has 6 bags of 4 apples.\n2. {bags}\n3. Left are 24 - 9 = 15.\n4. The answer is $\\boxed{{15}}$."
    with serving(teacher({"Tina": text})) as url:
        assert run(tmp_path, "reorganise", *endpoint(url)) == code
