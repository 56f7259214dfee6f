"""The tools that measure votes: what a turn cost is kept, a run goes on, rules are played over recorded attempts."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from vote_rules import (
    Costs,
    Made,
    Problem,
    Rule,
    Turn,
    cannot_be_lost,
    majority,
    never,
    played,
    problem_of,
    risk,
    table,
    tally_after,
    when_agreed,
)
from votes import Watched, judged, keep, kept, labels, main, report, short_problems, spent

from tests.scripted_model import ScriptedModel
from tutor_app.core.dialect import Span
from tutor_app.core.parts import Answer, Attempt, Code, Output, Part, Text
from tutor_app.core.ports import NeverCancelled, Sampling
from tutor_app.core.transcript import Transcript
from tutor_app.core.votes import Option, Tally
from tutor_app.tutor.service import LoadableModel

COSTS = Costs({1: 1.0, 2: 9.0, 4: 2.0, 8: 3.0}, read=0.1)


def made(answer: int, *written: int, read: int = 0, code: float = 0.0) -> Made:
    return Made(tuple(Turn(read, n, code) for n in written), answer)


def test_a_few_rows_are_evaluated_one_by_one_and_between_two_measured_steps_lies_a_line() -> None:
    assert [COSTS.step(rows) for rows in (1, 2, 3, 4, 6, 8, 16)] == [1.0, 2.0, 3.0, 2.0, 2.5, 3.0, 6.0]


def test_a_solution_alone_costs_what_it_reads_and_writes_and_its_code() -> None:
    problem = Problem((made(0, 5, 3, read=100, code=0.5),), frozenset({0}))
    found = played(problem, Rule(never, 1, 1), COSTS)
    assert found.seconds == pytest.approx(8 + 20 + 1)
    assert (found.ended, found.winner) == ([0], 0)


def test_a_few_tokens_are_read_in_the_time_of_as_many_rows() -> None:
    assert [COSTS.reading(tokens) for tokens in (0, 1, 4, 8, 20, 50)] == [0.0, 1.0, 2.0, 3.0, 3.0, 5.0]


def test_rows_that_end_leave_the_batch() -> None:
    problem = Problem((made(0, 2), made(1, 4)), frozenset({1}))
    found = played(problem, Rule(never), COSTS)
    assert (found.seconds, found.ended) == (2 * 2.0 + 2 * 1.0, [0, 1])
    assert found.winner == 0  # of equal answers the one that was given first


def test_an_attempt_that_never_begins_costs_nothing() -> None:
    problem = Problem(tuple(made(0, 4) for _ in range(8)), frozenset({0}))
    everything = played(problem, Rule(never, at_once=4), COSTS)
    early = played(problem, Rule(cannot_be_lost, at_once=2), COSTS)
    assert (everything.seconds, len(everything.ended)) == (2 * 4 * 2.0, 8)
    assert (early.seconds, len(early.ended)) == (3 * 4 * 2.0, 6)  # with four of four the others may still draw level


def test_a_vote_ends_when_two_agree_or_when_those_that_were_begun_have_ended() -> None:
    rule = Rule(when_agreed(2, 3), begun=3, slow=2.0)
    apart = Problem(tuple(made(n, 4) for n in range(8)), frozenset({0}))
    assert played(apart, rule, COSTS).ended == [0, 1, 2]
    alike = Problem((made(1, 4), made(0, 9), made(1, 5), *[made(2, 1)] * 5), frozenset({1}))
    found = played(alike, rule, COSTS)
    assert (found.ended, found.winner) == ([0, 2], 1)
    long = Problem((made(0, 4), made(1, 4), made(2, 4), made(3, 400), made(4, 2), made(5, 2)), frozenset({0}))
    rule = Rule(when_agreed(2, 4), begun=4, slow=2.0)
    assert played(long, rule, COSTS).ended == [0, 1, 2, 4]  # another begins for the one that is given up


def test_attempts_but_the_first_may_end_where_their_code_has_printed_a_number() -> None:
    turns = (Turn(5, 4, 0.1), Turn(2, 9))
    problem = Problem(tuple(Made(turns, 0, printed=1) for _ in range(2)), frozenset({0}))
    assert played(problem, Rule(never, printed=True), COSTS).ended == [1, 0]
    assert played(problem, Rule(never), COSTS).ended == [0, 1]


@pytest.mark.parametrize(
    ("printed", "status", "answer", "after"),
    [
        ("7\n", "ok", "7", 1),
        ("7.0\n", "ok", "7", 1),
        ("7 cm\n", "ok", "7", 0),
        ("7\n", "error", "7", 0),
        ("8", "ok", "7", 0),
    ],
)
def test_a_number_that_was_printed_is_known_of_a_record_if_it_was_the_answer(
    printed: str, status: str, answer: str, after: int
) -> None:
    parts = (Text("So."), Code("x"), Output(printed, status=status), Answer(answer))  # type: ignore[arg-type]
    attempts = (Attempt(parts, ended="answered", option=0),)
    vote = Transcript(Transcript.of("?").turns, attempts=attempts).to_dict()
    row = {"row": 3, "gold": "7", "turns": [[{"read": 9, "written": 4}] * 2], "vote": vote}
    assert problem_of(row, lambda gold, found: float(gold) == float(found)).attempts[0].printed == after


def tally(*votes: int) -> Tally:
    return Tally(tuple(Option(str(n), tuple(range(n)), float(n)) for n in votes), 8)


def test_how_likely_a_leader_is_what_the_model_gives_most_often() -> None:
    found = [majority(tally(*votes)) for votes in ((), (1,), (4,), (4, 1), (6, 1))]
    assert found == [0.0, 0.75, 0.96875, 0.890625, 0.96484375]


def test_the_risk_is_the_share_of_all_ways_in_which_the_others_may_vote() -> None:
    """Against a count of many drawn futures: a share for the winner, then the votes that are left by that share."""
    rng = random.Random(1)
    lost = 0
    for _ in range(20_000):
        share = rng.betavariate(4, 2)  # three votes against one
        winner = 3 + sum(rng.random() < share for _ in range(4))
        lost += 1 + 3 + 4 - winner >= winner
    assert risk(tally(3, 1), 4) == pytest.approx(lost / 20_000, abs=0.01)
    found = [risk(tally(*votes), left) for votes, left in (((), 3), ((3,), 5), ((4, 1), 3), ((5, 1), 1), ((3, 3), 0))]
    assert found == pytest.approx([1.0, 0.0397, 0.0476, 0.0, 1.0], abs=1e-4)


def test_an_attempt_that_writes_far_more_than_those_that_have_ended_is_given_up() -> None:
    problem = Problem((made(0, 4), made(0, 4), made(1, 4), made(1, 400)), frozenset({0}))
    found = played(problem, Rule(never, slow=2.0), COSTS)
    assert (found.ended, found.winner) == ([0, 1, 2], 0)
    assert found.seconds < 20


def test_attempts_without_an_answer_cast_no_vote() -> None:
    problem = Problem((made(-1, 1), made(3, 1), made(-1, 1)), frozenset())
    found = tally_after(problem, [0, 1, 2], 3)
    assert [(o.answer, o.attempts) for o in found.options] == [("3", (1,))]
    assert played(Problem((made(-1, 1),), frozenset()), Rule(never), COSTS).winner == -1


def a_vote(*answers: str) -> Transcript:
    attempts = tuple(
        Attempt((Text("So."), Code("x"), Output("1", seconds=0.25), Answer(a)), seed=n, ended="answered", option=0)
        for n, a in enumerate(answers)
    )
    return Transcript(Transcript.of("?").turns, attempts=attempts)


def test_a_recorded_row_is_a_problem_with_graded_answers() -> None:
    turns = [[{"read": 9, "written": 4}, {"read": 2, "written": 1}]] * 2
    row = {"row": 3, "gold": "7", "turns": turns, "vote": a_vote("7", "7.0").to_dict()}
    found = problem_of(row, lambda gold, answer: gold == answer)
    assert found.right == {0}
    assert found.attempts[0].turns == (Turn(9, 4, 0.13), Turn(2, 1, 0.0))
    assert any("+0.0 points" in line for line in table([found], COSTS))


def test_the_cost_of_every_turn_is_kept_by_the_seed_of_its_attempt() -> None:
    model = Watched(cast(LoadableModel, ScriptedModel(["one two three"])))
    for _ in model.generate([Span("?")], sampling=Sampling(0.7, 1.0, 5), max_tokens=9, cancel=NeverCancelled()):
        pass
    (turn,) = model.turns[5]
    assert turn["written"] > 0
    assert list(model.turns) == [5]


def rows(values: Sequence[tuple[float, float]]) -> Iterator[dict[str, float]]:
    for greedy, vote in values:
        yield {
            "greedy_seconds": greedy,
            "vote_seconds": vote,
            "greedy_processor": 2 * greedy,
            "vote_processor": 3 * vote,
        }


def test_times_are_told_by_the_clock_and_of_the_processor() -> None:
    found = list(rows([(1, 2), (3, 6)]))
    assert spent(found, "greedy") == ", 2.0 s by the clock and 4.0 s of the processor a problem"
    both = "4.0 s by the clock (2.00 times greedy) and 12.0 s of the processor (3.00 times greedy)"
    assert spent(found, "vote") == f", {both} a problem"
    assert spent([{"seconds": 1.0}], "vote") == ""


def test_a_run_goes_on_after_a_line_that_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    assert kept(path) == []
    keep(path, {"row": 1, "text": "a\u2028b"})
    path.write_bytes(path.read_bytes() + b'{"row": 2, "te')
    keep(path, {"row": 3})
    assert [row["row"] for row in kept(path)] == [1, 3]


def test_short_problems_are_evenly_spaced() -> None:
    lines = [json.dumps({"question": f"q{n}" * (200 if n == 3 else 1), "answer": f"<<1>>\n#### {n}"}) for n in range(9)]
    lines[5] = json.dumps({"question": "q", "answer": "<<1>><<2>><<3>>\n#### 5"})
    found = short_problems(lines, 3)
    assert [(task.row, task.gold) for task in found] == [(0, "0"), (2, "2"), (6, "6")]
    assert [task.row for task in short_problems(lines, 3, 1)] == [1, 4, 7]


def test_the_greedy_answer_of_a_record_is_the_first_attempt() -> None:
    row = {"row": 3, "gold": "7", "turns": [[], []], "vote": a_vote("7", "8").to_dict()}
    lines = report([row]).splitlines()
    assert lines[:3] == ["1 problems", "greedy: 1 right (100.0 %)", "vote: 1 right (100.0 %)"]


def test_how_good_labels_by_a_majority_are_is_told_for_three_least_numbers_of_votes() -> None:
    majorities = [(8, True), (7, True), (5, False), (4, True), (3, False), (2, True), (0, False)]
    assert list(labels(majorities)) == [
        "labels by at least 3 votes: 5 problems (71.4 %), 3 right (60.0 %, 95 %: 23.1 to 88.2)",
        "labels by at least 5 votes: 3 problems (42.9 %), 2 right (66.7 %, 95 %: 20.8 to 93.9)",
        "labels by at least 7 votes: 2 problems (28.6 %), 2 right (100.0 %, 95 %: 34.2 to 100.0)",
    ]
    assert list(labels([(4, True)]))[1:] == [f"labels by at least {least} votes: none" for least in (5, 7)]


def test_what_was_kept_is_told_anew_several_files_as_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, gold, answers in (("a", "7", ("7", "7", "7", "8")), ("b", "7", ("8", "7", "8", "7"))):
        vote = a_vote(*answers)
        options = {answer: answers.index(answer) for answer in answers}
        attempts = tuple(replace(a, option=options[n]) for a, n in zip(vote.attempts, answers, strict=True))
        row = {"row": ord(name), "gold": gold, "turns": [[]] * 4, "vote": replace(vote, attempts=attempts).to_dict()}
        keep(tmp_path / name, row)
    assert main(["--report", str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["2 problems", "greedy: 1 right (50.0 %)"]
    # two answers of two votes each are no label
    assert lines[4] == "labels by at least 3 votes: 1 problems (50.0 %), 1 right (100.0 %, 95 %: 20.7 to 100.0)"


class KnowsSeven:
    """A verifier that thinks little of every answer but 7, and nothing of 9."""

    graded, power = 100, 0.5

    def probability(self, problem: str, parts: Sequence[Part]) -> float | None:
        answer = next(part.latex for part in parts if isinstance(part, Answer))
        return {"7": 0.9, "9": None}.get(answer, 0.1)


def test_a_vote_is_weighed_by_a_verifier_that_was_trained_on_other_problems() -> None:
    rows = [
        {"row": n, "gold": "7", "vote": a_vote(*answers).to_dict()}
        for n, answers in enumerate([("8", "8", "7", "7", "8"), ("8", "8", "8", "8", "7"), ("7", "7", "9")])
    ]
    assert list(judged(rows, KnowsSeven())) == [
        "judged by the verifier: 12 attempts, 5 of them right",
        "a right one before a wrong one (AUC): 1.000; calibration error: 0.100",
        "vote weighed by the verifier: 2 right; with equal votes: 1",
    ]
    assert list(judged(rows[2:], KnowsSeven()))[1:] == ["vote weighed by the verifier: 1 right; with equal votes: 1"]


@pytest.mark.parametrize("arguments", [[], ["--report", "nothing.jsonl"]])
def test_without_problems_or_a_record_there_is_nothing_to_tell(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
