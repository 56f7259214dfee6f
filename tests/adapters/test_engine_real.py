"""The engine and the loop with the real starter model; run with ``--slow``.

The model is the file that ``TUTOR_TEST_MODEL`` names, else the starter in the models folder.
"""

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes import FakeExecutor
from tests.generations import ask, stopped, text_of
from tutor_app.adapters.engine.client import Engine, EngineOptions
from tutor_app.core.dialect import CHATML, PromptSet, Span, header
from tutor_app.core.events import EndReason, Finished
from tutor_app.core.parts import Code, Output, Text
from tutor_app.core.ports import Sampling
from tutor_app.core.solve import solve
from tutor_app.core.solve_settings import SolveSettings
from tutor_app.core.transcript import Transcript

pytestmark = pytest.mark.slow

STARTER = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
OPTIONS = EngineOptions(n_ctx=2048)
PROMPT = PromptSet(
    name="test",
    system="You solve mathematics problems. Reason, write Python, read its output, put the answer in \\boxed{}.",
    demonstrations=(
        Transcript.of(
            "What is 12 times 12?",
            Text("I multiply the two numbers.\n"),
            Code("print(12 * 12)"),
            Output(stdout="144\n", feedback="144"),
            Text("The product is \\boxed{144}."),
        ),
    ),
)


@pytest.fixture(scope="module")
def starter() -> Path:
    named = os.environ.get("TUTOR_TEST_MODEL")
    path = Path(named) if named else Path(os.environ.get("MUMATH_TEST_MODELS", "")) / STARTER
    if not path.is_file():
        pytest.skip(f"no model at {path}: name one in TUTOR_TEST_MODEL or pull the starter")
    return path


@pytest.fixture(scope="module")
def engine(starter: Path) -> Iterator[Engine]:
    engine = Engine(starter, OPTIONS)
    yield engine
    engine.close()


def question(text: str) -> list[Span]:
    return list(header(CHATML, text, PROMPT))


def test_it_speaks_sense(engine: Engine) -> None:
    items = ask(engine, question("What is 15 times 3?"), max_tokens=60, prefix=len(question("x")) - 2)
    assert "```python" in text_of(items)
    assert text_of(items) == text_of(
        ask(engine, question("What is 15 times 3?"), max_tokens=60, prefix=len(question("x")) - 2)
    )


def test_a_whole_solution_evaluates_only_what_is_new(engine: Engine) -> None:
    executor = FakeExecutor([Output(stdout="45\n")])
    problem = "What is 15 times 3?"
    events = list(
        solve(
            problem,
            model=engine,
            executor=executor,
            dialect=CHATML,
            prompt=PROMPT,
            settings=SolveSettings(max_tokens=200, seconds=600),
        )
    )
    end = events[-1]
    assert isinstance(end, Finished)
    assert end.reason is EndReason.ANSWERED
    assert end.transcript.answer is not None
    assert "45" in end.transcript.answer.latex
    assert executor.ran
    # All that was evaluated: the question once, then for each run the output in its fence.
    injected = sum(len(engine.tokenize([Span(f"```output\n{o.feedback}\n```\n")])) for o in outputs(end))
    assert end.usage.evaluated_tokens <= end.usage.prompt_tokens + injected + 3 * end.usage.runs


def outputs(end: Finished) -> list[Output]:
    return [p for p in end.transcript.solution if isinstance(p, Output)]


def test_the_kept_beginning_changes_nothing(engine: Engine, starter: Path, tmp_path: Path) -> None:
    prefix = len(question("x")) - 2
    texts: set[str] = set()
    evaluated: list[int] = []
    for launch in range(3):
        other = Engine(starter, replace(OPTIONS, cache_folder=tmp_path if launch else None))
        try:
            items = ask(other, question("Add 17 and 25."), max_tokens=40, prefix=prefix)
        finally:
            other.close()
        texts.add(text_of(items))
        evaluated.append(stopped(items).evaluated_tokens)
    assert len(texts) == 1
    assert evaluated[0] == evaluated[1] > 4 * evaluated[2]


def test_a_second_round_says_what_a_fresh_engine_says(engine: Engine, starter: Path) -> None:
    prompt = question("What is 7 times 8?")
    prefix = len(prompt) - 2
    own = text_of(ask(engine, prompt, max_tokens=100, prefix=prefix, stop=["```\n"])) + "```\n"
    more = [*prompt, Span(own, supervised=True), Span("```output\n56\n```\n")]
    items = ask(engine, more, max_tokens=40, prefix=prefix)
    assert stopped(items).evaluated_tokens <= len(engine.tokenize([Span("```output\n56\n```\n")])) + 3
    fresh = Engine(starter, OPTIONS)
    try:
        assert fresh.tokenize(more) == engine.tokenize(more)
        assert text_of(ask(fresh, more, max_tokens=40, prefix=prefix)) == text_of(items)
    finally:
        fresh.close()


def test_three_at_once_are_complete_and_in_the_form(starter: Path) -> None:
    engine = Engine(starter, replace(OPTIONS, n_seq=3))
    texts: dict[int, str] = {}
    prompt = question("What is 23 plus 19?")

    def work(seed: int) -> None:
        items = ask(engine, prompt, sampling=Sampling(0.7, 0.95, seed), max_tokens=48, prefix=len(prompt) - 2)
        assert stopped(items).reason in ("length", "eos")
        texts[seed] = text_of(items)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(3)]
    try:
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    finally:
        engine.close()
    assert len(texts) == 3
    assert all("python" in text or "boxed" in text for text in texts.values())


def test_other_scripts_and_emoji_come_whole(engine: Engine) -> None:
    prompt = question("Repeat exactly: ∑ é 数学 🎲 مرحبا")
    text = text_of(ask(engine, prompt, max_tokens=60))
    assert "\ufffd" not in text
    assert "数学" in text or "é" in text or "∑" in text
