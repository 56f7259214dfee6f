"""The ladder of hints: its levels, its ends, and that it gives nothing away."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes import MemoryLibrary
from tutor_app.core.errors import EngineFault, UserFault
from tutor_app.core.events import EndReason, Finished, SolveEvent, Usage
from tutor_app.core.hints import LEVELS, NOT_SURE, PLAN, RESULT, HintLimit
from tutor_app.core.parts import Answer, Code, Output, Part, Question, Text
from tutor_app.core.transcript import Transcript
from tutor_app.core.verdicts import Verdict
from tutor_app.tutor.code_in_words import calculations, named_steps
from tutor_app.tutor.hints import known_solution, ladder, silent_ladder
from tutor_app.tutor.leaks import leaks
from tutor_app.tutor.plain_hints import plain_hint
from tutor_app.tutor.teacher import cap_of, limit_of, set_cap

PROBLEM = (
    "A baker makes 36 rolls in the morning. In the afternoon she makes half as many. How many rolls does she make?"
)
SURE = Verdict("checked", "code")


def solved(verdict: Verdict = SURE, problem: str = PROBLEM) -> Transcript:
    code = "morning = 36\nafternoon = morning / 2\nprint(morning + afternoon)"
    return Transcript.of(
        problem,
        Text("In the afternoon she makes 36 / 2 = 18 rolls, together 36 + 18 = 54."),
        Code(code),
        Output(stdout="54.0\n"),
        Answer("54", verdict=verdict),
    )


def test_eight_levels_that_are_all_different() -> None:
    found = ladder(solved())
    assert [hint.title for hint in found.hints] == list(LEVELS)
    assert len({hint.text for hint in found.hints}) == len(LEVELS)
    assert found.hints[0].text == (
        "What you are looking for is a number of rolls. The question is: How many rolls does she make?"
    )
    assert "36 rolls" in found.hints[1].text
    assert found.hints[2].text == "The idea: divide and add."
    assert found.hints[3].text == "Begin with this: work out 36 ÷ 2."
    assert "print(morning + afternoon)" in found.hints[5].text
    assert found.hints[7].text == "The answer is $54$."
    assert found.ending() == ""


def test_nothing_below_the_result_gives_the_answer_away() -> None:
    # The problem itself tells the number that is the answer.
    problem = (
        "Of 54 rolls in a shop 36 are white. A baker makes 36 rolls and then half as many. How many are 54 less 0?"
    )
    for hint in ladder(solved(problem=problem)).hints[: RESULT - 1]:
        assert hint.text.strip()
        assert not leaks(hint.text, "54")


def test_a_solution_that_is_not_verified_ends_with_the_plan() -> None:
    found = ladder(solved(Verdict("unchecked", "unrecognised")))
    assert len(found.hints) == PLAN
    assert found.ending() == NOT_SURE


def test_a_solution_without_an_answer_ends_with_the_plan() -> None:
    found = ladder(Transcript.of(PROBLEM, Text("I do not know.")))
    assert len(found.hints) == PLAN
    assert all(hint.text for hint in found.hints)


def test_the_teachers_limit(tmp_path: Path) -> None:
    assert cap_of(tmp_path) == len(LEVELS)
    assert limit_of(tmp_path) == HintLimit(8, guarded=False)
    set_cap(tmp_path, 3, "2468")
    assert cap_of(tmp_path) == 3
    assert limit_of(tmp_path) == HintLimit(3, guarded=True)
    with pytest.raises(UserFault, match="not the PIN"):
        set_cap(tmp_path, 8, "1357")
    assert cap_of(tmp_path) == 3
    set_cap(tmp_path, 3, "2468", "1357")
    with pytest.raises(UserFault, match="not the PIN"):
        set_cap(tmp_path, 8, "2468")
    with pytest.raises(UserFault, match="4 to 64"):
        set_cap(tmp_path, 8, "1357", "1")
    set_cap(tmp_path, 3, "1357", "2468")
    assert b"2468" not in (tmp_path / "teacher.json").read_bytes()
    found = ladder(solved(), cap=cap_of(tmp_path))
    assert len(found.hints) == 3
    assert found.ending() == "Your teacher has chosen that the hints end here."


@pytest.mark.parametrize(("cap", "pin"), [(0, "2468"), (9, "2468"), (3, "1"), (3, "x" * 65)])
def test_a_limit_that_cannot_be_set(tmp_path: Path, cap: int, pin: str) -> None:
    with pytest.raises(UserFault):
        set_cap(tmp_path, cap, pin)


def test_a_damaged_file_sets_no_limit(tmp_path: Path) -> None:
    (tmp_path / "teacher.json").write_text("[", encoding="utf-8")
    assert cap_of(tmp_path) == len(LEVELS)


def test_a_solution_that_was_stopped_or_failed_gives_no_hints() -> None:
    def ended(reason: EndReason, detail: str = "") -> list[SolveEvent]:
        return [Finished(reason, Transcript.of(PROBLEM), Usage(), detail)]

    with pytest.raises(UserFault, match="Stopped before there were hints"):
        silent_ladder(ended(EndReason.STOPPED))
    with pytest.raises(EngineFault, match="The model died"):
        silent_ladder(ended(EndReason.ENGINE, "The model died."))
    assert len(silent_ladder([Finished(EndReason.ANSWERED, solved(), Usage())], cap=3).hints) == 3


@pytest.mark.parametrize(
    ("problem", "answer", "words"),
    [
        ("Solve x^2 - 5x + 6 = 0.", r"2, 3", "makes the equation true"),
        ("Find the derivative of x^2 at x = 1.", "2", "how fast the function changes"),
        (r"Evaluate $\int_0^3 x^2\,dx$ with 3 steps and 9 points.", "9", "an area"),
        ("lim x->0 of sin(3x)/x", "3", "come close to"),
        ("Simplify (x^2 - 9)/(x - 3) for x = 2 and get 5.", "5", "another form"),
    ],
)
def test_where_the_problem_itself_tells_the_answer_the_hint_is_that_of_its_kind(
    problem: str, answer: str, words: str
) -> None:
    found = ladder(Transcript.of(problem, Answer(answer, verdict=SURE))).hints
    below = [hint.text for hint in found[: RESULT - 1]]
    assert words in below[0]
    assert len(set(below)) == len(below)
    assert not any(leaks(text, answer) for text in below)


@pytest.mark.parametrize("problem", ["Solve x = y.", "derivative", "integral", "limit", "Simplify", "How many?"])
def test_plain_hints_hold_no_number(problem: str) -> None:
    texts = [plain_hint(level, problem) for level in range(1, 7)]
    assert len(set(texts)) == 6
    for answer in [*map(str, range(21)), "100", "1/2", "1/3"]:
        assert not any(leaks(text, answer) for text in texts)


def test_the_ideas_of_a_wrong_solution_are_not_passed_on() -> None:
    problem = "Solve x^2 - 7x + 10 = 0."
    parts = (Code("roots = [2, 5]\ntotal = 2 + 5\nprint(sum(roots))"), Output(stdout="7\n"))
    found = ladder(Transcript.of(problem, *parts, Answer("7", verdict=Verdict("wrong", "value", "2, 5"))))
    assert not found.sure
    assert [hint.level for hint in found.hints] == [1, 2, 3, 4, 5]
    assert found.hints[2].text.startswith("The idea: bring everything to a side")
    assert "series" not in found.hints[4].text


def test_a_limit_below_the_plan_and_no_certainty_are_both_told() -> None:
    found = ladder(solved(Verdict("unchecked", "unrecognised")), cap=2)
    assert found.ending() == ("This solution could not be verified. Your teacher has chosen that the hints end here.")


def test_votes_are_relied_on_where_they_are_more_than_half() -> None:
    assert len(ladder(solved(Verdict("votes", "votes", agree=5, of=8))).hints) == len(LEVELS)
    assert len(ladder(solved(Verdict("votes", "votes", agree=4, of=8))).hints) == PLAN


def test_a_saved_solution_is_used_if_it_was_verified() -> None:
    with MemoryLibrary() as library:
        assert known_solution(PROBLEM, library) is None
        library.put("a", solved(Verdict("unchecked", "unrecognised")), "finished")
        library.put("b", solved(problem=f"{PROBLEM} Say why."), "finished")
        library.put("c", solved(), "interrupted")
        assert known_solution(PROBLEM, library) is None
        library.put("d", solved(), "finished")
        assert known_solution(PROBLEM, library) == solved()


@pytest.mark.parametrize(
    ("problem", "known"),
    [
        ("Solve 5x - 2 = 18", "- 5x - 2 = 18"),
        ("What is the product of the first 6 odd numbers?", "- the first 6 odd numbers"),
        ("How many ways are there to choose 2 cards out of 9?", "- choose 2 cards out of 9"),
        ("A bus drives 90 km in 1.5 hours. What is its speed?", "- A bus drives 90 km in 1.5 hours."),
    ],
)
def test_what_is_known_is_not_the_question_again(problem: str, known: str) -> None:
    hints = ladder(Transcript.of(problem, Text("No idea."))).hints
    assert hints[1].text == f"This is known:\n\n{known}"
    assert hints[1].text != hints[0].text


@pytest.mark.parametrize(
    ("problem", "asked"),
    [
        ("Is 91 a prime number?", "Is 91 a prime number?"),
        ("For which x is 3x > 7? Explain it.", "For which x is 3x > 7?"),
        ("Simplify 6/8.", "Simplify 6/8."),
        ("Wie viele Teiler hat 60 ?", "Wie viele Teiler hat 60?"),
    ],
)
def test_a_question_is_asked_with_its_mark(problem: str, asked: str) -> None:
    assert ladder(Transcript.of(problem, Text("No idea."))).hints[0].text == f"You are asked this: {asked}"


@pytest.mark.parametrize(
    ("said", "step"),
    [
        ("The function is x^3 - 4x, so we differentiate.", ""),
        ("There are 8!/(3!(8-3)!) ways.", ""),
        ("It is y = x - 5 + 3 then.", ""),
        ("First 4 * 3 = 12 dollars are spent.", "4 × 3"),
        ("Then 20 - (12) is left.", "20 - (12)"),
        ("So \\( 20 \\times 3 = 60 \\).", "20 × 3"),
    ],
)
def test_a_step_is_a_whole_calculation(said: str, step: str) -> None:
    following = ladder(Transcript.of("How much is left of $20?", Text(said))).hints[3].text
    assert following == f"Begin with this: work out {step}." if step else "work out" not in following


@pytest.mark.parametrize(
    ("code", "answer", "shown"),
    [
        ("print(12 - 7)", "5", "print(... - 7)"),
        ("print(solve(Eq(2*x + 5, 15), x))", "5", "print(solve(Eq(2*x + ..., 15), x))"),
        ("print(limit(sin(3*x)/x, x, 0))", "3", "print(limit(sin(...*x)/x, x, 0))"),
        ("day = 'Monday'", "Monday", "day = ..."),
    ],
)
def test_of_a_line_of_code_only_what_would_give_the_answer_away_is_left_out(code: str, answer: str, shown: str) -> None:
    source = f"from sympy import *\nx = symbols('x')\n{code}\nn = 0"
    found = ladder(Transcript.of("How many?", Code(source), Answer(answer, verdict=SURE))).hints[5]
    assert found.text == f"```python\n{source.replace(code, shown)}\n```"


@pytest.mark.parametrize(
    "parts",
    [
        (Answer("54", verdict=Verdict("unchecked", "unrecognised")),),
        (Answer("50", verdict=Verdict("wrong", "recomputed", "54")),),
        (Code("print(54)"), Output(stdout="54\n")),
    ],
)
def test_the_answer_of_a_solution_that_is_not_verified_is_not_given_away_either(parts: tuple[Part, ...]) -> None:
    problem = "A shop has 54 rolls, 36 of them white. It sells 18 and bakes 18. How many rolls does it have?"
    found = ladder(Transcript.of(problem, Text("It has 36 + 18 = 54 rolls."), *parts))
    assert [hint.level for hint in found.hints] == [1, 2, 3, 4, 5]
    assert all(hint.text and not leaks(hint.text, "54") for hint in found.hints)
    assert found.ending() == NOT_SURE


@pytest.mark.parametrize(
    ("problem", "asked"),
    [
        ("How many square feet of paper does Ida need?", "a number of square feet of paper. "),
        ("How much does he spend on flour?", "an amount. "),
        ("How much money is left?", "an amount of money. "),
        ("How much of her money has Ida left?", "an amount of her money. "),
        ("How many years old is Ida?", "a number of years. "),
        ("How many pens remain in the box?", "a number of pens. "),
        ("How many weeks before Ida and Tom are even?", "a number of weeks. "),
        (
            "How many more red pens than blue pens are there?",
            "a difference. The question is: How many more red pens than blue pens are there?",
        ),
    ],
)
def test_what_is_looked_for_is_told_whole(problem: str, asked: str) -> None:
    assert asked in ladder(Transcript.of(problem, Text("No idea."))).hints[0].text


def test_what_the_question_itself_tells_is_known_too() -> None:
    problem = "Ida buys 3 pens. 2 of them are red. If she pays with 2 notes, and each is worth 5, how much is left?"
    hints = ladder(Transcript.of(problem, Text("No idea."))).hints
    assert hints[1].text == (
        "This is known:\n\n- Ida buys 3 pens.\n- 2 of them are red.\n- She pays with 2 notes, and each is worth 5."
    )
    hints = ladder(Transcript.of("Calculate the number of pens.")).hints
    assert hints[0].text == "You are looking for the number of pens."


def test_the_plan_has_the_names_of_the_code() -> None:
    code = (
        "pens = 3\nprice = 2\npaper_cost = 4 * 2\npens_cost = pens * price\ntotal_cost = pens_cost + paper_cost\n"
        "change = 40 - total_cost\nhalf = round(change / price)\nk = half - 1\nprint(half)"
    )
    found = ladder(Transcript.of("How many?", Code(code), Answer("13", verdict=SURE))).hints[4]
    assert found.text.split("\n")[2:] == [
        "- Work out paper cost: multiply.",
        "- Multiply pens and price: this gives pens cost.",
        "- Add pens cost and paper cost: this gives total cost.",
        "- Work out change from total cost: subtract.",
        "- Work out half from change and price: divide.",
        "- Read off what is asked.",
    ]


def test_lines_and_hyphens_are_no_calculation() -> None:
    said = "The bags are:\n- 10-pound bag costs $10.\n- 12-pound bag costs $13.\nSo (3/4) * 20 = 15 pounds."
    assert ladder(Transcript.of("How much?", Text(said))).hints[3].text == "Begin with this: work out (3/4) × 20."


def test_the_next_step_has_the_names_of_the_code_as_words() -> None:
    code = "pages_per_day = 50\ndays_per_week = 4\npages = pages_per_day * days_per_week\nprint(pages)"
    found = ladder(Transcript.of("How many words?", Code(code), Answer("200", verdict=SURE))).hints[3]
    assert found.text == "Begin with this: multiply pages per day and days per week: this gives pages."


def test_what_was_asked_about_the_solution_later_gives_no_hints() -> None:
    reply = (Question("Check it."), Text("It is 36 * 3."), Code("print(36 * 3)"), Output(stdout="108\n"), Answer("108"))
    later = solved().with_solution((*solved().solution, *reply))
    assert ladder(later) == ladder(solved())


def test_a_title_ends_no_sentence_and_a_condition_before_the_question_is_whole() -> None:
    hints = ladder(Transcript.of("Mr. Ode pays $9. If each pen weighs 5 grams how much do they weigh?")).hints
    assert hints[1].text == "This is known:\n\n- Mr. Ode pays $9.\n- Each pen weighs 5 grams."
    hints = ladder(Transcript.of("If there are 8 slices in a pizza, how many slices remain?")).hints
    assert hints[1].text == "This is known:\n\n- There are 8 slices in a pizza."


@pytest.mark.parametrize(
    ("code", "first"),
    [
        ("trays = rolls // 6", "work out how many times 6 goes into rolls."),
        ("left_over = rolls % 6", "work out the remainder of rolls divided by 6."),
        ("area = side ** 2", "work out side squared."),
        ("area = 3 ** 2", "work out 3^2."),
        ("mean = sum([4, 8, 9]) / 3", "work out (the sum of 4, 8 and 9) ÷ 3."),
        ("price = round(7 * 0.25, 2)", "work out 7 × 0.25, rounded."),
        ("price = 0.30000000000000004 * 7", "work out 0.3 × 7."),
        ("boxes = math.ceil(rolls / 6)", "work out rolls ÷ 6, rounded up."),
        ("sums = (4 + 5) * 2 - (3 - 1)", "work out (4 + 5) × 2 - (3 - 1)."),
        ("idas_rolls = RollCount_of_day * 2", "work out roll count of day × 2."),
        ("x = a.b * 3", ""),
        ("x = [n * 2 for n in rolls]", ""),
    ],
)
def test_code_is_said_in_mathematics_and_words(code: str, first: str) -> None:
    assert [f"work out {step.text}." for step in calculations(code)[:1]] == ([first] if first else [])


def test_names_have_the_capital_letters_of_the_problem() -> None:
    code = "rex_books = 5 * 3\nbooks_kim = rex_books - 4\nkim_eaten = books_kim / 2\nfull = rex_books // books_kim"
    assert named_steps(code, "Rex has 5 bags of 3 books. Kim has 4 less.") == [
        "Work out Rex's books: multiply.",
        "Work out Kim's books from Rex's books: subtract.",
        "Work out Kim eaten from Kim's books: divide.",
        "Find how many times Kim's books goes into Rex's books: this gives full.",
    ]


def test_a_first_step_that_tells_the_answer_is_told_in_words() -> None:
    code = "red_pens = 4 * 3\nblue_pens = red_pens / 2\nprint(red_pens)"
    found = ladder(Transcript.of("How many red pens?", Text("So 4 * 3 = 12."), Code(code), Answer("12", verdict=SURE)))
    assert found.hints[3].text == "Begin with this: work out red pens: multiply."
