"""Which problems get worked examples of their own, and that all others are asked as if there were none."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from tutor_app.core.dialect import CHATML, PromptSet, constant_spans, header
from tutor_app.core.kinds import kind_of
from tutor_app.core.parts import Code, Output, Text
from tutor_app.core.transcript import Transcript
from tutor_app.resources import resource_text
from tutor_app.tutor.samples import sample_problems

PLOTS = [
    "Plot y = x^2 - 4",
    "Sketch the graph of f(x) = sin x",
    "Draw the parabola $y = x^2$ and find where it meets the x-axis.",
    "graph the inequality y > 2x - 1",
    "Make a bar chart of 3, 5, 7, 2",
    "Find the zeros of x^2 - 9, then plot the curve.",
    "Could you plot x^3 - 3x?",
]
EQUATIONS = [
    "Solve x^2 - 5x + 6 = 0",
    "x^2 - 5x + 6 = 0",
    "Solve for $x$: $\\frac{x}{2} = 7$.",
    "Find all solutions of x^3 = 8",
    "What are the roots of 2x^2 + 3x - 2 = 0?",
    "Solve 2x + 3 < 7",
    "solve the system x + y = 5, x - y = 1",
    "Find $x$ if $2^x = 32$.",
]
OTHERS = [
    "Solve $x^2 - 7x + 10 = 0$. What is the sum of the squares of the solutions?",
    "The graph of y = x^2 is shifted by 3. What is its new vertex?",
    "Tom draws a line of 5 cm and one of 3 cm. How long are both together?",
    "A plot of land has 3 sides of 5 m. How long is its fence?",
    "Mira draws 5 cards and shows a chart of her points. How many cards are left of 52?",
    "x and y satisfy 3x - 2y = 16 and 5x + 4y = 12. What is x + y?",
    "1/2 + 1/3 =",
    "6 * 7",
    "Find the number of solutions of x^2 = 4.",
    "A shop sells x apples for $2 each. Solve how much 12 apples cost and what is left of $30.",
]
DEFAULT = PromptSet.from_dict(json.loads(resource_text("prompts/default.json")))


@pytest.mark.parametrize(
    ("problem", "kind"),
    [*((p, "plot") for p in PLOTS), *((p, "equation") for p in EQUATIONS), *((p, "") for p in OTHERS)],
)
def test_the_kind_of_a_problem(problem: str, kind: str) -> None:
    assert kind_of(problem) == kind


def test_the_prompt_of_a_problem_of_no_kind_is_the_same_to_the_byte() -> None:
    without = replace(DEFAULT, for_kinds=())
    others = [*OTHERS, *(s.problem for s in sample_problems() if not kind_of(s.problem))]
    assert len(others) > 50
    for problem in others:
        assert header(CHATML, problem, DEFAULT.shown_for(problem)) == header(CHATML, problem, without)


@pytest.mark.parametrize(("problem", "word"), [(PLOTS[0], "plt.plot"), (EQUATIONS[0], "Eq(x**2")])
def test_the_examples_of_a_kind_come_after_the_beginning_that_all_prompts_share(problem: str, word: str) -> None:
    plain = header(CHATML, problem, DEFAULT)
    shared = constant_spans(CHATML, plain)
    own = header(CHATML, problem, DEFAULT.shown_for(problem))
    assert own[:shared] == plain[:shared]
    assert own[-2:] == plain[-2:]
    assert word in "".join(s.text for s in own[shared:])
    assert word not in "".join(s.text for s in plain)


def test_the_code_of_every_example_prints_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "Agg")
    examples = [*DEFAULT.demonstrations, *(example for _, example in DEFAULT.for_kinds)]
    assert len(examples) >= 6
    for example in examples:
        for code, output in zip(example.solution, example.solution[1:], strict=False):
            if isinstance(code, Code) and isinstance(output, Output):
                printed = io.StringIO()
                with contextlib.redirect_stdout(printed):
                    exec(compile(code.source, "example", "exec"), {})
                assert printed.getvalue().strip() == output.feedback


def test_examples_for_a_kind_are_read_and_unknown_kinds_are_refused() -> None:
    shown = {"problem": "Plot $y = x$.", "solution": "A line."}
    prompt = PromptSet.from_dict({"name": "mine", "for_kinds": {"plot": [shown]}})
    assert prompt.for_kinds == (("plot", Transcript.of("Plot $y = x$.", Text("A line."))),)
    with pytest.raises(KeyError):
        PromptSet.from_dict({"for_kinds": {"poem": [shown]}})


def test_equations_to_solve_are_of_the_kind_and_are_not_the_example() -> None:
    path = Path(__file__).parents[2] / "trainer" / "problems" / "equations.jsonl"
    problems = [json.loads(row)["problem"] for row in path.read_text(encoding="utf-8").splitlines()]
    assert len(problems) == 12
    assert all(kind_of(problem) == "equation" for problem in problems)
    assert not set(problems) & {example.problem for _, example in DEFAULT.for_kinds}
