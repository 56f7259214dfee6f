"""Votes: equal answers are one, empty ones none, ties are told, and when a vote is over is known."""

from dataclasses import replace

import pytest

from tutor_app.core.part_json import TranscriptFormatError
from tutor_app.core.parts import Answer, Attempt, Text
from tutor_app.core.transcript import Transcript
from tutor_app.core.verdicts import Verdict
from tutor_app.core.votes import (
    Option,
    Tally,
    begun_together,
    count,
    enough,
    grouped,
    promoted,
    representative,
    settled,
    slow,
    tally_of,
)


def same_number(a: str, b: str) -> bool:
    return float(a) == float(b)


def attempt(answer: str, weight: float = 1.0, *, ended: str = "answered", kind: str = "code") -> Attempt:
    parts = (Text("So."), Answer(answer)) if answer else (Text("Hm."),)
    return Attempt(parts, kind, ended=ended, weight=weight if answer else 0.0)  # type: ignore[arg-type]


def test_equal_answers_are_one_group_and_empty_ones_none() -> None:
    assert grouped(["4", "", "5", "4.0", " ", "5"], same_number) == ((0, 3), (2, 5))
    assert grouped(["", "  "], same_number) == ()


def test_either_order_of_two_answers_may_show_that_they_are_equal() -> None:
    only_rounded = {("1/3", "0.333")}
    assert grouped(["0.333", "1/3"], lambda a, b: (a, b) in only_rounded) == ((0, 1),)


def test_weights_decide_before_numbers_of_attempts() -> None:
    options = count(["4", "5", "5", "4", "6"], [1.0, 0.25, 0.25, 0.5, 1.0], same_number)
    assert options == (Option("4", (0, 3), 1.5), Option("6", (4,), 1.0), Option("5", (1, 2), 0.5))


def test_an_empty_answer_never_wins() -> None:
    found = settled([attempt(""), attempt(""), attempt(""), attempt("7")], same_number)
    assert [a.option for a in found] == [-1, -1, -1, 0]
    assert tally_of(found).sentence() == "1 of 4 attempts agrees"
    none = tally_of(settled([attempt(""), attempt("")], same_number))
    assert (none.options, none.sentence()) == ((), "None of 2 attempts gave an answer")


@pytest.mark.parametrize(
    ("weights", "left", "decided"),
    [((3.0, 1.0), 1, True), ((3.0, 1.0), 2, False), ((2.0,), 1, True), ((1.0,), 1, False), ((), 0, False)],
)
def test_a_lead_is_decided_when_all_that_is_left_cannot_reach_it(
    weights: tuple[float, ...], left: int, decided: bool
) -> None:
    tally = Tally(tuple(Option(str(n), (n,), w) for n, w in enumerate(weights)), 8)
    assert tally.decided(left) is decided


@pytest.mark.parametrize(
    ("answers", "weight", "over"),
    [
        ("1", 1.0, False),
        ("1 2", 1.0, False),
        ("1 1", 1.0, True),
        ("1 2 1", 1.0, True),
        ("1 - -", 1.0, False),
        ("1 2 3 4", 1.0, False),
        ("1 2 3 4 5", 1.0, True),
        ("1 - 2 - -", 1.0, True),
        ("- - - - -", 1.0, True),
        ("1 1", 0.5, False),
        ("1 1 1 1", 0.5, True),
    ],
)
def test_a_vote_of_eight_ends_when_two_agree_or_five_have_ended(answers: str, weight: float, over: bool) -> None:
    ended = [attempt(answer.strip("-"), weight) for answer in answers.split()]
    left = 8 - len(ended)
    tally = tally_of(settled([*ended, *[attempt("", ended="")] * left], same_number))
    assert tally.over(left) is over


def test_two_answers_with_as_many_votes_do_not_end_it() -> None:
    tied = Tally((Option("1", (0, 1), 2.0), Option("2", (2, 3), 2.0)), 8, cut=4)
    assert not tied.over(4)
    assert replace(tied, options=(Option("1", (0, 1), 2.0), Option("2", (2,), 1.0)), cut=5).over(5)


def test_larger_votes_begin_and_ask_for_more_in_proportion() -> None:
    votes = (2, 3, 5, 6, 8, 9, 12, 16, 32)
    assert [begun_together(n) for n in votes] == [2, 3, 5, 5, 5, 6, 8, 10, 20]
    assert [enough(n) for n in votes] == [2, 2, 2, 2, 2, 3, 3, 4, 8]


def test_an_attempt_far_longer_than_those_that_have_ended_is_given_up() -> None:
    written = {0: 1000, 1: 3000, 2: 1200, 3: 2401, 4: 2399, 5: 20}
    assert slow(written, [0, 2]) == []
    assert slow(written, [0, 1, 2]) == [3]
    assert slow(written, [0, 2, 5]) == [1, 3, 4]
    assert slow({0: 3, 1: 3, 2: 4, 3: 600, 4: 601}, [0, 1, 2]) == [4]


def test_what_ended_a_vote_early_is_told() -> None:
    given_up = replace(attempt("", ended=""), why=("slow",))
    under_way = attempt("", ended="")
    early = tally_of(settled([attempt("1"), attempt("2"), attempt("1.0"), *[under_way] * 5], same_number))
    assert early.sentence() == "Ended early after 3 of 8 attempts: 2 agree"
    assert (early.ended, early.cut, early.given_up) == (3, 5, 0)
    long = tally_of(settled([attempt("1"), attempt("1"), attempt("1"), attempt("3"), given_up], same_number))
    assert long.sentence() == "3 of 5 attempts agree; 1 given up, far longer than the others"
    five = [attempt(str(n)) for n in range(5)]
    apart = tally_of(settled([*five, given_up, under_way, under_way], same_number))
    assert apart.sentence() == (
        "Ended early after 5 of 8 attempts: no two agree; the first given is shown; "
        "1 given up, far longer than the others"
    )
    assert tally_of(settled(five, same_number)).sentence() == "No two attempts agree; the first given is shown"


def test_ties_and_attempts_that_were_cut_off_are_told() -> None:
    tied = tally_of(settled([attempt("1"), attempt("2"), attempt("1"), attempt("2")], same_number))
    assert tied.tied
    assert tied.sentence() == "2 answers are tied with 2 of 4 attempts; the first given is shown"
    cut = tally_of(settled([attempt("1"), attempt("1"), attempt("", ended="")], same_number))
    assert cut.sentence() == "2 of 3 attempts agree; 1 stopped early, the lead could not be lost"


def test_the_attempt_shown_is_the_one_with_the_fewest_doubts() -> None:
    attempts = settled([attempt("4", 0.5), attempt("4", kind="reasoning"), attempt("4"), attempt("9")], same_number)
    assert representative(tally_of(attempts), attempts) == 2
    assert representative(Tally(), ()) == -1
    doubted = settled([replace(attempt("4"), why=("false",)), attempt("4", kind="reasoning")], same_number)
    assert representative(tally_of(doubted), doubted) == 1


def test_promoting_an_attempt_makes_it_the_solution_and_keeps_the_vote() -> None:
    attempts = settled([attempt("4"), attempt("9"), attempt("4")], same_number)
    voted = Transcript((*Transcript.of("2+2?").turns,), {"model": "m"}, attempts)
    first, second = promoted(voted, 0), promoted(voted, 1)
    assert first.answer == Answer("4", verdict=Verdict("votes", agree=2, of=3))
    assert second.answer is not None
    assert second.answer.verdict.sentence() == "Agrees with 1 of 3 votes"
    assert (second.chosen, second.attempts, second.problem) == (1, attempts, "2+2?")
    assert promoted(second, 0).solution == first.solution


def test_a_checked_answer_keeps_its_verdict_beside_the_votes() -> None:
    parts = (Answer("4", verdict=Verdict("checked", "recomputed")),)
    attempts = (Attempt(parts, ended="answered", option=0, weight=1.0),)
    answer = promoted(Transcript(Transcript.of("?").turns, attempts=attempts), 0).answer
    assert answer is not None
    assert answer.verdict.sentence() == "Checked: recomputed exactly; agrees with 1 of 1 votes"


def test_attempts_are_kept_in_the_json() -> None:
    attempts = settled([attempt("4", 0.5), attempt("", ended="")], same_number)
    attempts = (Attempt((Text("a"),), "reasoning", 0.7, 3, "answered", 0, 0.25, ("false",)), *attempts)
    transcript = promoted(Transcript(Transcript.of("2+2?").turns, attempts=attempts), 1)
    assert Transcript.from_json(transcript.to_json()) == transcript


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"attempts": {}}, '"attempts" must be a list'),
        ({"attempts": ["x"]}, 'attempt 0: "parts" must be a list'),
        ({"attempts": [{"parts": [], "kind": "song"}]}, "kind cannot be 'song'"),
        ({"attempts": [{"parts": [], "why": "false"}]}, '"why" must be a list of words'),
        ({"attempts": [{"parts": []}], "chosen": 1}, '"chosen" must be the number of an attempt'),
        ({"attempts": [], "chosen": 0}, '"chosen" must be the number of an attempt'),
    ],
)
def test_attempts_in_another_form_are_refused(data: dict[str, object], words: str) -> None:
    with pytest.raises(TranscriptFormatError, match=words):
        Transcript.from_dict({"version": 5, "turns": [], **data})


def test_an_attempt_that_ended_in_a_way_not_known_here_is_read() -> None:
    known = Transcript((), attempts=(attempt("7"),), chosen=0)
    other = known.to_json().replace('"answered"', '"in another way"')
    assert other != known.to_json()
    assert Transcript.from_json(other).attempts[0].ended == ""
    assert Transcript.from_json(known.to_json()) == known
