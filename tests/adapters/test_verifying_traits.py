"""What can be seen of a solution without a model."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tutor_app.adapters.verifying.reading import SCORES, scores_of
from tutor_app.adapters.verifying.traits import TRAITS, numbers_in, traits_of
from tutor_app.core.claims import Claim, ClaimVerdict
from tutor_app.core.parts import Answer, Code, Output, Part, Text

PROBLEM = "A box holds 12 eggs. How many eggs are in 4 boxes?"
CODE = Code("print(12 * 4)")


def named(*parts: Part, problem: str = PROBLEM) -> dict[str, float]:
    return dict(zip(TRAITS, traits_of(problem, parts), strict=True))


@pytest.mark.parametrize(
    ("printed", "answer", "agrees"),
    [
        ("48\n", "48", 1),
        ("48.0\n", "48", 1),
        ("boxes: 4\neggs: 48", "48", 1),
        ("1,200", "1200", 1),
        ("44\n", "48", -1),
        ("", "48", 0),
        ("48", r"\text{many}", 0),
        ("0.3333333333", r"0.3333333333", 1),
        ("-5", "5", -1),
    ],
)
def test_code_agrees_with_the_answer(printed: str, answer: str, agrees: int) -> None:
    found = named(CODE, Output(printed), Answer(answer))
    assert found["code agrees"] == agrees
    assert (found["ran code"], found["code failed"]) == (1, 0)


def test_words_agree_with_the_answer_where_code_follows() -> None:
    words = Text("There are 12 in each, so 12 * 4 = 46.")
    assert named(words, CODE, Output("48"), Answer("48"))["words agree"] == -1
    assert named(Text("12 * 4 = 48."), CODE, Output("48"), Answer("48"))["words agree"] == 1
    assert named(Text("We compute."), CODE, Output("48"), Answer("48"))["words agree"] == 0
    assert named(Text("12 * 4 = 46."), Answer("46"))["words agree"] == 0  # there is nothing to agree with
    assert named(CODE, Output("48"), Text("46"), Answer("48"))["words agree"] == 0


def test_what_the_last_output_says_counts() -> None:
    parts = (CODE, Output("", status="error"), CODE, Output("48"), Answer("48"))
    assert (named(*parts)["code failed"], named(*parts)["code agrees"]) == (0, 1)
    assert named(*parts[:2], Answer("48"))["code failed"] == 1


def test_statements_boxes_and_sizes() -> None:
    verdicts: tuple[ClaimVerdict, ...] = ("true", "rounded", "false", "differs", "unchecked")
    text = Text("a\n\nb\nc", claims=tuple(Claim(0, 1, "a", verdict) for verdict in verdicts))
    found = named(text, Answer("-3.5", source="number"))
    assert found["true statements"] == found["false statements"] == math.log1p(2)
    assert (found["boxed"], found["whole and positive"]) == (0, 0)
    assert found["lines of words"] == math.log1p(3)
    assert found["numbers of the problem"] == math.log1p(2)
    assert found["length of the problem"] == math.log1p(len(PROBLEM))
    assert named(Answer("3"))["whole and positive"] == 1
    assert named()["boxed"] == 0


def test_numbers_of_the_problem_are_used() -> None:
    problem = "A box holds 12 eggs, a crate 30 boxes. How many eggs are in 4 crates?"
    found = named(Text("12 in each."), Code("print(12 * 30)"), Output("360"), Answer("4"), problem=problem)
    assert found["numbers used"] == found["numbers used by code"] == pytest.approx(2 / 3)
    found = named(Text("We have 4 crates."), Code("print(12 * 30 * 5)"), problem=problem)
    assert found["numbers used"] == 1
    assert found["numbers used by code"] == pytest.approx(2 / 3)
    assert named(Text("7"), problem="Why?")["numbers used"] == 0


def test_unsure_tokens_are_counted() -> None:
    found = dict(zip(SCORES, scores_of(np.log([0.9, 0.4, 0.1, 0.6])), strict=True))
    assert found["unsure tokens"] == pytest.approx(math.log(3))
    assert found["log tokens"] == pytest.approx(math.log(4))
    assert scores_of(np.array([])).tolist() == [0.0] * len(SCORES)


def test_numbers() -> None:
    assert numbers_in("1,234.5 and -7, then 3.") == [1234.5, -7, 3]
    assert numbers_in(r"\frac{1}{2}") == [1, 2]
    assert numbers_in("no") == []
    assert all(math.isfinite(n) for n in traits_of("9" * 400, (Answer("9" * 400),)))
