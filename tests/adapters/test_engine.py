"""llama.cpp in its process, with model files of a few hundred kilobytes."""

import itertools
import math
import os
import random
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.generations import ask, stopped, text_of
from tests.tiny_gguf import Array, random_weights, reciting_weights, token_id, write_model, write_sentencepiece_model
from tests.waiting import wait_until
from tutor_app.adapters.engine import client as engine_module
from tutor_app.adapters.engine.client import Engine, EngineOptions, check_model
from tutor_app.adapters.engine.exit_codes import explain_exit
from tutor_app.adapters.engine.hardware import physical_cores
from tutor_app.core.dialect import Span
from tutor_app.core.errors import EngineFault, ModelFileFault
from tutor_app.core.ports import Generation, NeverCancelled, Piece, PromptProgress, Sampling, Stopped

ROOT = Path(__file__).parents[2]
OPTIONS = EngineOptions(n_ctx=1024, threads=1)
CONSTANT = (
    Span("<|im_start|>system\n", special=True),
    Span("Reason, write Python, box the answer. " * 6),
    Span("<|im_end|>\n<|im_start|>user\n", special=True),
)


def question(text: str) -> list[Span]:
    return [*CONSTANT, Span(text), Span("<|im_end|>\n<|im_start|>assistant\n", special=True)]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "tiny.gguf")


@pytest.fixture(scope="module")
def engine(tiny: Path) -> Iterator[Engine]:
    with_tiny = Engine(tiny, OPTIONS)
    yield with_tiny
    with_tiny.close()


def fresh_text(path: Path, prompt: list[Span], options: EngineOptions = OPTIONS, max_tokens: int = 60) -> str:
    """What an engine without any memory says."""
    engine = Engine(path, options)
    try:
        return text_of(ask(engine, prompt, max_tokens=max_tokens))
    finally:
        engine.close()


# --- what is kept between rounds -------------------------------------------------------------------------------


def rounds(engine: Engine, question: str, seed: int) -> tuple[list[Span], str]:
    """A prompt whose model's words are cut anywhere, and the new text at its end."""
    draw = random.Random(seed)
    start = [*CONSTANT, Span(question)]
    own = text_of(ask(engine, start, max_tokens=80, prefix=len(CONSTANT)))
    own = own[: draw.randint(1, len(own))]
    new = draw.choice(["\n```output\n42\n```\n", "x", "the answer in an abc", "∑é\n"])
    return [*start, Span(own, supervised=True), Span(new)], new


@pytest.mark.parametrize("seed", range(8))
def test_a_second_round_evaluates_only_what_is_new(engine: Engine, tiny: Path, seed: int) -> None:
    prompt, new = rounds(engine, f"Question {seed}?", seed)
    items = ask(engine, prompt, max_tokens=60, prefix=len(CONSTANT))
    end = stopped(items)
    cost = len(engine.tokenize([Span(new)]))
    # Besides: the token drawn last was never evaluated, and one whose text was cut is replaced by its bytes.
    assert cost <= end.evaluated_tokens <= cost + 2
    assert end.prompt_tokens == len(engine.tokenize(prompt))


def test_a_second_round_says_what_a_fresh_engine_says(engine: Engine, tiny: Path) -> None:
    fresh = Engine(tiny, OPTIONS)
    compared = 0
    try:
        for seed in range(100, 120):
            prompt, _ = rounds(engine, f"Question {seed}?", seed)
            # The fresh engine does not know the ids that were drawn, so only a text that is cut into the very
            # same ones can be compared.
            if fresh.tokenize(prompt) != engine.tokenize(prompt):
                continue
            kept = text_of(ask(engine, prompt, max_tokens=60, prefix=len(CONSTANT)))
            assert text_of(ask(fresh, prompt, max_tokens=60, prefix=len(CONSTANT))) == kept
            fresh.close()
            compared += 1
            if compared == 3:
                break
    finally:
        fresh.close()
    assert compared


def test_many_rounds_of_a_conversation_each_cost_their_new_text(engine: Engine) -> None:
    prompt = [*CONSTANT, Span("How many rounds?")]
    for i in range(5):
        own = text_of(ask(engine, prompt, max_tokens=30, prefix=len(CONSTANT)))
        new = f"\n```output\n{i}\n```\n"
        prompt += [Span(own, supervised=True), Span(new)]
        evaluated = stopped(ask(engine, prompt, max_tokens=1, prefix=len(CONSTANT))).evaluated_tokens
        assert len(engine.tokenize([Span(new)])) <= evaluated <= len(engine.tokenize([Span(new)])) + 2


def test_a_question_about_a_solution_evaluates_only_the_question(engine: Engine) -> None:
    """A solution that is told again has the fence of an output, and what it was made to go on with, in its words."""
    start, nudge = [*CONSTANT, Span("How many pens?")], "\n\nNow the code:\n"
    first = text_of(ask(engine, start, max_tokens=30, prefix=len(CONSTANT)))
    ran = [*start, Span(first, supervised=True), Span("\n```output\n42\n```\n")]
    second = text_of(ask(engine, ran, max_tokens=20, prefix=len(CONSTANT)))
    nudged = [*ran, Span(second, supervised=True), Span(nudge)]
    third = text_of(ask(engine, nudged, max_tokens=20, prefix=len(CONSTANT)))
    told = [
        *start,
        Span(f"{first}\n```output\n", supervised=True),
        Span("42\n```\n"),
        Span(f"{second}{nudge}{third}", supervised=True),
        Span("Why?"),
    ]
    assert engine.tokenize(told) == engine.tokenize([*nudged, Span(third, supervised=True), Span("Why?")])
    end = stopped(ask(engine, told, max_tokens=1, prefix=len(CONSTANT)))
    assert end.evaluated_tokens <= len(engine.tokenize([Span("Why?")])) + 1


def test_words_that_go_on_in_their_line_are_not_those_that_were_drawn(engine: Engine) -> None:
    start = [*CONSTANT, Span("How many caps?")]
    own = text_of(ask(engine, start, max_tokens=10, prefix=len(CONSTANT))).strip() + "ab"
    other = [*start, Span(f"{own}th", supervised=True)]
    assert engine.tokenize(other)[-2:] == engine.tokenize([Span("abth")])


def test_several_solutions_of_one_problem_keep_their_own_tokens(tiny: Path) -> None:
    """The same prompt drawn with other seeds must not make the first solution's words unknown."""
    engine = Engine(tiny, replace(OPTIONS, n_seq=3))
    try:
        prompt = question("How many?")
        own = [text_of(ask(engine, prompt, sampling=Sampling(1.0, 1.0, s), prefix=len(CONSTANT))) for s in range(3)]
        assert len(set(own)) == 3
        for words in own:
            end = stopped(ask(engine, [*prompt, Span(words, supervised=True), Span("\nSo")], max_tokens=1, prefix=3))
            assert end.evaluated_tokens <= len(engine.tokenize([Span("\nSo")])) + 1
    finally:
        engine.close()


# --- the constant beginning ------------------------------------------------------------------------------------


def test_the_constant_beginning_is_computed_once_and_changes_nothing(tiny: Path, tmp_path: Path) -> None:
    options = replace(OPTIONS, cache_folder=tmp_path / "states")
    constant = 0
    plain = {q: fresh_text(tiny, question(q)) for q in ("1+1?", "What is 2+2?")}
    for launch in range(2):
        engine = Engine(tiny, options)
        try:
            constant = len(engine.tokenize(CONSTANT))
            for i, q in enumerate(plain):
                items = ask(engine, question(q), max_tokens=60, prefix=len(CONSTANT))
                assert text_of(items) == plain[q]
                evaluated = stopped(items).evaluated_tokens
                whole = stopped(items).prompt_tokens
                assert evaluated == (whole if (launch, i) == (0, 0) else whole - constant)
        finally:
            engine.close()
    assert constant > 100
    assert len(list((tmp_path / "states").glob("*.kv"))) == 1


@pytest.mark.parametrize("change", ["n_ctx", "kv_type", "identity", "model"])
def test_a_kept_beginning_is_not_used_for_something_else(tiny: Path, tmp_path: Path, change: str) -> None:
    folder = tmp_path / "states"
    first = Engine(tiny, replace(OPTIONS, cache_folder=folder), sha256="a" * 64)
    ask(first, question("1+1?"), prefix=len(CONSTANT))
    first.close()
    options, sha256, path = replace(OPTIONS, cache_folder=folder), "a" * 64, tiny
    if change == "n_ctx":
        options = replace(options, n_ctx=512)
    elif change == "kv_type":
        options = replace(options, kv_type="q8_0")
    elif change == "identity":
        sha256 = "b" * 64
    else:
        path, sha256 = write_model(tmp_path / "other.gguf", random_weights(seed=1)), ""
    second = Engine(path, options, sha256=sha256)
    try:
        end = stopped(ask(second, question("1+1?"), prefix=len(CONSTANT)))
        assert end.evaluated_tokens == end.prompt_tokens
    finally:
        second.close()


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty", "folder"])
def test_a_damaged_state_file_is_ignored_and_replaced(tiny: Path, tmp_path: Path, damage: str) -> None:
    options = replace(OPTIONS, cache_folder=tmp_path)
    plain = fresh_text(tiny, question("1+1?"))
    first = Engine(tiny, options)
    ask(first, question("1+1?"), prefix=len(CONSTANT))
    first.close()
    (state,) = tmp_path.glob("*.kv")
    good = state.read_bytes()
    if damage == "flipped":
        state.write_bytes(good[:-100] + bytes([good[-100] ^ 1]) + good[-99:])
    elif damage == "cut":
        state.write_bytes(good[: len(good) // 2])
    elif damage == "empty":
        state.write_bytes(b"")
    else:
        state.unlink()
        state.mkdir()
    second = Engine(tiny, options)
    try:
        items = ask(second, question("1+1?"), max_tokens=60, prefix=len(CONSTANT))
        assert text_of(items) == plain
        assert stopped(items).evaluated_tokens == stopped(items).prompt_tokens
    finally:
        second.close()
    if damage != "folder":
        assert state.read_bytes() == good


def test_kept_states_are_bounded_on_disk(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "0.1.part").write_bytes(b"left by a process that was killed")
    os.utime(tmp_path / "0.1.part", (0, 0))
    limit = 200_000
    monkeypatch.setattr(engine_module, "CACHE_LIMIT", limit)
    engine = Engine(tiny, replace(OPTIONS, cache_folder=tmp_path))
    try:
        for i in range(4):
            beginning = Span(f"Beginning {i} " * 10)
            ask(engine, [beginning, Span("then")], prefix=1, max_tokens=1)
            assert sum(f.stat().st_size for f in tmp_path.iterdir()) <= limit + 100
    finally:
        engine.close()
    assert 1 <= len(list(tmp_path.glob("*.kv"))) < 4
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="needs a folder that nobody can write to")
def test_a_cache_folder_that_cannot_be_written_is_no_fault(tiny: Path) -> None:
    engine = Engine(tiny, replace(OPTIONS, cache_folder=Path("/proc/nowhere")))
    try:
        assert text_of(ask(engine, question("1+1?"), prefix=len(CONSTANT)))
        end = stopped(ask(engine, question("2+2?"), prefix=len(CONSTANT)))
        assert end.evaluated_tokens < end.prompt_tokens
    finally:
        engine.close()


# --- several at once -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batched", [False, True])
def test_several_at_once_say_what_each_says_alone(tiny: Path, batched: bool) -> None:
    # Lengths on both sides of 256 and 512 positions, at which llama.cpp attends in other portions.
    alone = {f"Question {i}?" + "x" * (100 * i): "" for i in range(7)}
    engine = Engine(tiny, replace(OPTIONS, n_seq=5, batched=batched))
    together: dict[str, str] = {}
    ends: dict[str, Stopped] = {}

    def work(q: str) -> None:
        items = ask(engine, question(q), max_tokens=60, prefix=len(CONSTANT))
        together[q], ends[q] = text_of(items), stopped(items)

    try:
        for q in alone:
            alone[q] = text_of(ask(engine, question(q), max_tokens=60, prefix=len(CONSTANT)))
        threads = [threading.Thread(target=work, args=(q,)) for q in alone]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    finally:
        engine.close()
    assert all(end.reason == "length" and end.generated_tokens == 60 for end in ends.values())
    # A batch of other shape may round differently, which on random weights changes the text at last.
    same = 4 if batched else 1000
    assert all(together[q][:same] == alone[q][:same] for q in alone)


def test_several_at_once_read_their_common_beginning_once(tiny: Path) -> None:
    engine = Engine(tiny, replace(OPTIONS, n_seq=3))
    ends: list[Stopped] = []

    def work(i: int) -> None:
        ends.append(stopped(ask(engine, question(f"Number {i}?"), max_tokens=5, prefix=len(CONSTANT))))

    try:
        constant = len(engine.tokenize(CONSTANT))
        threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    finally:
        engine.close()
    assert sum(e.evaluated_tokens for e in ends) == sum(e.prompt_tokens for e in ends) - 2 * constant


def test_attempts_at_the_same_question_read_it_once(tiny: Path) -> None:
    engine = Engine(tiny, replace(OPTIONS, n_seq=4, batched=True))
    ends: list[Stopped] = []

    def work(i: int) -> None:
        asked = question("How many?" + " It is long." * 10)
        items = ask(engine, asked, max_tokens=8, prefix=len(CONSTANT), sampling=Sampling(0.9, 1.0, i))
        ends.append(stopped(items))

    try:
        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    finally:
        engine.close()
    # The last token is evaluated by each, because the first draw needs its logits.
    assert sum(e.evaluated_tokens for e in ends) == ends[0].prompt_tokens + 3


@pytest.mark.parametrize("batched", [False, True])
def test_prompts_with_other_beginnings_are_read_as_they_stand(tiny: Path, batched: bool) -> None:
    """A kept beginning is not replaced by what another sequence has read that only begins alike."""
    first, second, third = (Span(f"You are asked for {what}. " * 8) for what in ("numbers", "words", "a plan"))
    turns = (first, second, second, first, first, third, third, second, first, third)
    prompts = [[beginning, Span(f"Question {n}?")] for n, beginning in enumerate(turns)]
    alone = [fresh_text(tiny, p, max_tokens=20) for p in prompts]
    engine = Engine(tiny, replace(OPTIONS, n_seq=2, batched=batched))
    at_once: dict[int, str] = {}

    def work(i: int) -> None:
        at_once[i] = text_of(ask(engine, prompts[i], max_tokens=20, prefix=1))

    try:
        in_turn = [text_of(ask(engine, p, max_tokens=20, prefix=1)) for p in prompts]
        threads = [threading.Thread(target=work, args=(i,)) for i in range(len(prompts))]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    finally:
        engine.close()
    assert in_turn == alone
    same = 4 if batched else 1000
    assert [at_once[i][:same] for i in range(len(prompts))] == [t[:same] for t in alone]


def test_sequences_do_not_see_each_other(tiny: Path) -> None:
    """Whoever shares a batch with a longer neighbour still reads its own prompt."""
    engine = Engine(tiny, replace(OPTIONS, n_seq=2, batched=True))
    try:
        expected = text_of(ask(engine, "Short", max_tokens=20))
        neighbour = engine.generate([Span("long " * 150)], sampling=Sampling(), max_tokens=300, cancel=NeverCancelled())
        next(neighbour)
        assert text_of(ask(engine, "Short", max_tokens=20))[:4] == expected[:4]
        neighbour.close()  # type: ignore[attr-defined]
    finally:
        engine.close()


# --- drawing ---------------------------------------------------------------------------------------------------


def test_sampling_is_reproducible_by_its_seed(engine: Engine, tiny: Path) -> None:
    def sample(seed: int, top_p: float = 0.95) -> str:
        return text_of(ask(engine, question("Draw"), sampling=Sampling(0.9, top_p, seed), prefix=len(CONSTANT)))

    texts = [sample(seed) for seed in (0, 1, -1, 2**70 + 5)]
    assert texts == [sample(seed) for seed in (0, 1, -1, 2**70 + 5)]
    assert len(set(texts)) == 4
    assert sample(1, top_p=1.0) == sample(1, top_p=1.0)


def test_a_tiny_nucleus_is_greedy(engine: Engine) -> None:
    greedy = text_of(ask(engine, question("Draw")))
    assert text_of(ask(engine, question("Draw"), sampling=Sampling(1.0, 1e-9, 5))) == greedy


# --- text ------------------------------------------------------------------------------------------------------


def test_random_bytes_come_as_valid_text_and_are_recognised_again(engine: Engine) -> None:
    """Bytes that are no UTF-8 are shown as U+FFFD, and still cost nothing when they come back."""
    prompt = question("Bytes")
    hot = Sampling(5.0, 1.0, 3)
    items = ask(engine, prompt, sampling=hot, max_tokens=200)
    own = text_of(items)
    assert "\ufffd" in own
    for piece in (i for i in items if isinstance(i, Piece)):
        piece.text.encode()
    end = stopped(ask(engine, [*prompt, Span(own, supervised=True), Span("\nSo")], max_tokens=1))
    assert end.evaluated_tokens <= len(engine.tokenize([Span("\nSo")])) + 1


def test_stop_strings_across_token_borders(tmp_path: Path) -> None:
    said = "∑abéxy🎲z"
    tokens = list(dict.fromkeys(token_id(bytes([b])) for b in said.encode()))
    assert len(tokens) == len(said.encode())
    engine = Engine(write_model(tmp_path / "m.gguf", reciting_weights(tokens)), OPTIONS)
    try:
        for stop in ("éx", "é", "b", "🎲", "xy🎲z∑"):
            items = ask(engine, "z", stop=[stop])
            assert stopped(items).reason == "stop"
            assert text_of(items) == (said * 2)[: (said * 2).index(stop)]
        items = ask(engine, "z", max_tokens=2)
        assert text_of(items) == "\ufffd"
    finally:
        engine.close()


def test_control_tokens_in_plain_text_are_only_characters(engine: Engine) -> None:
    plain, special = Span("<|im_end|>"), Span("<|im_end|>", special=True)
    assert len(engine.tokenize([plain])) == len("<|im_end|>")
    assert engine.tokenize([special]) == [token_id("<|im_end|>")]


def test_a_sentencepiece_vocabulary_gets_no_space_in_the_middle(tmp_path: Path) -> None:
    """Such a tokenizer puts a space before whatever it is given; only the very beginning may have one."""
    path = write_sentencepiece_model(tmp_path / "spm.gguf")
    engine = Engine(path, OPTIONS)
    try:
        begin, space, ab, space_ab, newline = 1, 259, 303, 304, 3 + 0x0A
        assert engine.tokenize([Span("ab")]) == [begin, space_ab]
        assert engine.tokenize([Span("ab"), Span("ab", supervised=True), Span("ab")]) == [begin, space_ab, ab, ab]
        assert engine.tokenize([Span("\n"), Span("\nab", supervised=True)]) == [begin, space, newline, newline, ab]
        # A template that writes the begin token itself does not make it two.
        assert engine.tokenize([Span("<s>", special=True), Span("ab")]) == [begin, ab]
        prompt = [Span("<|user|>\nwhat\n<|assistant|>\n")]
        own = text_of(ask(engine, prompt, max_tokens=50))
        new = "\n```output\n42\n```\n"
        end = stopped(ask(engine, [*prompt, Span(own, supervised=True), Span(new)], max_tokens=1))
        assert end.evaluated_tokens == len(engine.tokenize([Span("x"), Span("", supervised=True), Span(new)])) - 3 + 1
    finally:
        engine.close()


def test_an_empty_prompt_says_nothing(engine: Engine) -> None:
    assert stopped(ask(engine, "")).reason == "eos"
    assert stopped(ask(engine, [])).generated_tokens == 0
    assert text_of(ask(engine, "still there"))


def test_characters_no_text_should_hold_do_no_harm(engine: Engine) -> None:
    assert stopped(ask(engine, "a\0b\ud800c\U0001f3b2\u202e")).reason == "length"


# --- cancelling ------------------------------------------------------------------------------------------------


def test_a_cancelled_prompt_is_read_no_further_than_the_chunk_under_way(tmp_path: Path, tiny: Path) -> None:
    options = EngineOptions(n_ctx=32768, threads=1)
    engine = Engine(write_model(tmp_path / "long.gguf", context=32768), options)
    flag = threading.Event()
    read: list[int] = []
    try:
        for item in engine.generate([Span("x" * 30000)], sampling=Sampling(), max_tokens=9, cancel=flag):
            if isinstance(item, PromptProgress):
                read.append(item.done)
                flag.set()
            elif isinstance(item, Stopped):
                assert item.reason == "cancelled"
                assert item.evaluated_tokens < 30000
            else:
                pytest.fail("it went on to speak")
        assert all(b - a <= 64 for a, b in itertools.pairwise(read))
        assert text_of(ask(engine, "still there"))
    finally:
        engine.close()


# --- death -----------------------------------------------------------------------------------------------------


LONG = EngineOptions(n_ctx=32768, threads=1)
"""Room for a text that takes far longer than whatever happens to it in the middle."""


def test_a_killed_process_is_said_in_a_sentence_and_started_again(tiny: Path) -> None:
    engine = Engine(tiny, LONG)
    try:
        before = text_of(ask(engine, question("1+1?")))
        pid = engine.pid
        stream = engine.generate(question("1+1?"), sampling=Sampling(), max_tokens=32000, cancel=NeverCancelled())
        said = next(item.text for item in stream if isinstance(item, Piece))
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(EngineFault, match=r"killed \(SIGKILL\).*[Cc]hoose a smaller") as fault:
            list(stream)
        assert not isinstance(fault.value, ModelFileFault)
        assert said.startswith(before[:1])
        assert engine.pid is None
        assert text_of(ask(engine, question("1+1?"))) == before
        assert engine.pid not in (None, pid)
    finally:
        engine.close()


def test_a_death_is_told_to_everybody_who_waits(tiny: Path) -> None:
    engine = Engine(tiny, replace(LONG, n_seq=2))
    started = threading.Barrier(3)
    faults: list[EngineFault] = []

    def work() -> None:
        stream = engine.generate([Span("Hello")], sampling=Sampling(), max_tokens=32000, cancel=NeverCancelled())
        next(stream)
        started.wait()
        try:
            list(stream)
        except EngineFault as e:
            faults.append(e)

    try:
        engine.load()
        threads = [threading.Thread(target=work) for _ in range(2)]
        for t in threads:
            t.start()
        pid = engine.pid
        assert pid is not None
        started.wait()
        os.kill(pid, signal.SIGKILL)
        for t in threads:
            t.join()
        assert len(faults) == 2
        assert text_of(ask(engine, "Hello"))
    finally:
        engine.close()


needs_stop = pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="halts a process with SIGSTOP")


class Later:
    """A cancel that is raised once it was looked at so many times."""

    def __init__(self, looks: int) -> None:
        self._left = looks

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


def test_a_caller_who_stops_is_free_within_five_seconds() -> None:
    assert engine_module.HUNG_SECONDS < engine_module.STOP_SECONDS < 5


@pytest.fixture
def soon_hung(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process counts as hung sooner than for users, since these tests wait for it."""
    monkeypatch.setattr(engine_module, "HUNG_SECONDS", 0.5)


@needs_stop
@pytest.mark.usefixtures("soon_hung")
@pytest.mark.parametrize("when", ["before the prompt", "while it writes"])
def test_a_process_that_hangs_is_replaced_when_it_is_told_to_stop(tiny: Path, when: str) -> None:
    """The words that arrived stay, the process is ended as hung, and the next question is answered."""
    engine = Engine(tiny, LONG)
    flag = threading.Event()
    try:
        before = text_of(ask(engine, "Hello"))
        pid = engine.pid
        assert pid is not None
        # A prompt longer than any pipe's buffer: handing it over must not wait for the process either.
        prompt = [Span("Hello" * 50_000)] if when == "before the prompt" else [Span("Hello")]
        items: list[Generation] = []
        cancel = Later(5) if when == "before the prompt" else flag
        stream = engine.generate(prompt, sampling=Sampling(), max_tokens=32000, cancel=cancel)
        if when == "before the prompt":
            os.kill(pid, signal.SIGSTOP)
        else:
            while len(text_of(items)) < 20:
                items.append(next(stream))
            os.kill(pid, signal.SIGSTOP)
        flag.set()
        items += stream
        end = stopped(items)
        assert end.reason == "cancelled"
        assert (end.generated_tokens > 0) == (when == "while it writes")
        assert engine.pid is None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        assert text_of(ask(engine, "Hello")) == before
    finally:
        engine.close()


@needs_stop
def test_a_hung_process_is_closed(tiny: Path) -> None:
    engine = Engine(tiny, LONG)
    stream = engine.generate([Span("Hello")], sampling=Sampling(), max_tokens=32000, cancel=NeverCancelled())
    next(stream)
    pid = engine.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    engine.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(EngineFault, match="was closed"):
        list(stream)


@needs_stop
@pytest.mark.usefixtures("soon_hung")
def test_everybody_who_waits_for_a_hung_process_is_told(tiny: Path) -> None:
    engine = Engine(tiny, replace(LONG, n_seq=2))
    cancel = threading.Event()
    try:
        streams = [
            engine.generate([Span(text)], sampling=Sampling(), max_tokens=32000, cancel=flag)
            for text, flag in (("Hello", cancel), ("World", NeverCancelled()))
        ]
        for stream in streams:
            next(stream)
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGSTOP)
        cancel.set()
        assert stopped(list(streams[0])).reason == "cancelled"
        with pytest.raises(EngineFault, match="did not answer"):
            list(streams[1])
    finally:
        engine.close()


# --- numbers ---------------------------------------------------------------------------------------------------


def damaged_weights(name: str, number: float) -> dict[str, Array]:
    """Random weights of which one tensor holds ``number`` only."""
    weights = random_weights()
    weights[name] = np.full_like(weights[name], number)
    return weights


@pytest.mark.parametrize("temperature", [0.0, 0.8])
@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("output.weight", math.nan),
        ("output.weight", math.inf),
        ("output_norm.weight", -math.inf),
        ("blk.0.ffn_norm.weight", math.nan),
        ("blk.1.attn_v.weight", 3e38),
    ],
)
def test_numbers_that_are_not_finite_are_no_text(tmp_path: Path, name: str, number: float, temperature: float) -> None:
    path = write_model(tmp_path / "damaged.gguf", damaged_weights(name, number))
    engine = Engine(path, replace(OPTIONS, cache_folder=tmp_path / "states"))
    try:
        items: list[Generation] = []
        for _ in range(2):  # the process goes on, and says it again
            stream = engine.generate(
                question("1+1?"),
                sampling=Sampling(temperature),
                max_tokens=40,
                prefix=len(CONSTANT),
                cancel=NeverCancelled(),
            )
            with pytest.raises(EngineFault, match=r"numbers are not finite.*GPU layers") as fault:
                items.extend(stream)
            assert not isinstance(fault.value, ModelFileFault)
        assert text_of(items) == ""
        assert engine.pid is not None
    finally:
        engine.close()
    assert not list((tmp_path / "states").glob("*.kv"))


def test_one_number_that_is_not_finite_is_enough(tmp_path: Path) -> None:
    weights = random_weights()
    weights["output.weight"][7, 3] = math.nan
    engine = Engine(write_model(tmp_path / "damaged.gguf", weights), OPTIONS)
    try:
        with pytest.raises(EngineFault, match="not finite"):
            ask(engine, "Hello")
    finally:
        engine.close()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for the process in /proc")
def test_the_process_does_not_outlive_a_program_that_is_killed(tiny: Path) -> None:
    code = f"""
from pathlib import Path
from tutor_app.adapters.engine.client import Engine, EngineOptions
engine = Engine(Path({str(tiny)!r}), EngineOptions(n_ctx=256, threads=1))
engine.load()
print(engine.pid, flush=True)
input()
"""
    program = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    with program:
        assert program.stdout is not None
        pid = int(program.stdout.readline())
        assert lives(pid)
        program.kill()
    wait_until(lambda: not lives(pid))


def lives(pid: int) -> bool:
    """Whether a process runs; one that only waits for its end to be noticed does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_death_while_nobody_asks_costs_nothing(tiny: Path) -> None:
    engine = Engine(tiny, OPTIONS)
    try:
        engine.load()
        pid = engine.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: engine.pid is None)
        assert text_of(ask(engine, "Hello"))
    finally:
        engine.close()


def test_closing_leaves_nothing_and_can_be_undone(tiny: Path) -> None:
    before = set(threading.enumerate())
    engine = Engine(tiny, OPTIONS)
    text = text_of(ask(engine, "Hello"))
    pid = engine.pid
    assert pid is not None
    engine.close()
    engine.close()
    assert engine.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert set(threading.enumerate()) == before
    assert text_of(ask(engine, "Hello")) == text
    engine.close()


def test_closing_in_the_middle_ends_the_generation_with_a_sentence(tiny: Path) -> None:
    engine = Engine(tiny, LONG)
    stream = engine.generate([Span("Hello")], sampling=Sampling(), max_tokens=32000, cancel=NeverCancelled())
    next(stream)
    engine.close()
    with pytest.raises(EngineFault, match="was closed"):
        list(stream)


def test_a_load_can_be_cancelled_or_closed(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flag = threading.Event()
    flag.set()
    engine = Engine(tiny, OPTIONS)
    with pytest.raises(EngineFault, match="stopped"):
        engine.load(flag)
    assert engine.pid is None
    # Closing from another thread, while a child that never answers is loading.
    closer = threading.Thread(target=engine.close)

    def deaf() -> list[str]:
        closer.start()
        return [sys.executable, "-c", "import sys; sys.stdin.buffer.read()"]

    monkeypatch.setattr(engine_module, "worker_command", deaf)
    with pytest.raises(EngineFault, match="stopped"):
        ask(engine, "Hello")
    closer.join()
    assert engine.pid is None


def test_a_worker_that_cannot_start_is_said(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "worker_command", lambda: ["/nonexistent/python"])
    with pytest.raises(EngineFault, match="cannot be started"):
        Engine(tiny, OPTIONS).load()
    code = "import sys; sys.exit('ModuleNotFoundError: No module named llama_cpp')"
    monkeypatch.setattr(engine_module, "worker_command", lambda: [sys.executable, "-c", code])
    with pytest.raises(EngineFault, match="not installed properly"):
        Engine(tiny, OPTIONS).load()
    code = "raise RuntimeError('libllama.so: libvulkan.so.1: cannot open shared object file')"
    monkeypatch.setattr(engine_module, "worker_command", lambda: [sys.executable, "-c", code])
    with pytest.raises(EngineFault, match="graphics driver that the model engine was built for is missing") as told:
        Engine(tiny, OPTIONS).load()
    assert told.value.remedy.endswith("make setup ENGINE=cpu")


def test_a_load_without_any_sign_of_life_is_given_up(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-c", "import sys; sys.stdin.buffer.read()"]
    monkeypatch.setattr(engine_module, "worker_command", lambda: command)
    with pytest.raises(EngineFault, match="did not load within"):
        Engine(tiny, replace(OPTIONS, load_timeout=0.1)).load()


@pytest.mark.parametrize(
    ("backend", "layers", "starts"),
    [("cuda", -1, 5), ("cuda", 30, 5), ("cuda", 8, 3), ("cuda", 0, 1), ("vulkan", -1, 5), ("vulkan", 0, 1)],
)
def test_fewer_layers_are_tried_on_a_gpu_that_refuses_the_model(
    tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch, backend: str, layers: int, starts: int
) -> None:
    command = engine_module.worker_command()
    started: list[list[str]] = []

    def start() -> list[str]:
        started.append(command)
        return command

    monkeypatch.setattr(engine_module, "gpu_backends", lambda: (backend,))
    monkeypatch.setattr(engine_module, "card_works", lambda *_: True)
    monkeypatch.setattr(engine_module, "worker_command", start)
    path = tmp_path / "cut.gguf"
    path.write_bytes(tiny.read_bytes()[:1000])
    with pytest.raises(ModelFileFault):
        Engine(path, replace(OPTIONS, gpu_layers=layers)).load()
    assert len(started) == starts


def test_what_is_loaded_is_told(tiny: Path) -> None:
    engine = Engine(tiny, OPTIONS, name="Tiny", sha256="f" * 64)
    try:
        info = engine.load()
    finally:
        engine.close()
    assert (info.name, info.sha256, info.n_ctx, info.n_seq) == ("Tiny", "f" * 64, 1024, 1)
    assert re.fullmatch(r"CPU( \((avx512|avxvnni|avx2|basic)\))?, 1 thread", info.device)
    assert info.engine.startswith("llama-cpp-python ")


# --- model files -----------------------------------------------------------------------------------------------


def assert_refused(path: Path, words: str) -> None:
    engine = Engine(path, OPTIONS)
    with pytest.raises(ModelFileFault, match=words) as fault:
        ask(engine, "Hello")
    assert "\n" not in str(fault.value)
    assert path.name in str(fault.value)
    assert engine.pid is None


def test_files_that_are_no_model(tmp_path: Path, tiny: Path) -> None:
    assert_refused(tmp_path / "gone.gguf", "is gone")
    assert_refused(tmp_path, "cannot be read")
    (tmp_path / "empty.gguf").touch()
    assert_refused(tmp_path / "empty.gguf", "not a GGUF")
    (tmp_path / "other.gguf").write_bytes(b"PK\3\4" + bytes(1000))
    assert_refused(tmp_path / "other.gguf", "not a GGUF")


@pytest.mark.parametrize("kept", [4, 20, 1000, 100_000, -1])
def test_a_truncated_model_is_refused(tmp_path: Path, tiny: Path, kept: int) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(tiny.read_bytes()[:kept])
    assert_refused(path, "could not be loaded: .*Verify it")


def test_a_model_of_unknown_architecture_is_refused_by_name(tmp_path: Path, tiny: Path) -> None:
    path = tmp_path / "strange.gguf"
    data = tiny.read_bytes()
    path.write_bytes(data.replace(b"llama", b"lhama"))
    assert_refused(path, "unknown model architecture: 'lhama'.*Update the program")
    with pytest.raises(ModelFileFault, match=r"strange\.gguf is of a kind .* 'lhama'.*Update the program"):
        check_model(path)


def test_a_vocabulary_of_an_unknown_kind_is_refused(tmp_path: Path, tiny: Path) -> None:
    path = tmp_path / "strange.gguf"
    path.write_bytes(tiny.read_bytes().replace(b"gpt-2", b"gpt-9"))
    for refusal in (check_model, lambda p: Engine(p, OPTIONS).load()):
        with pytest.raises(ModelFileFault, match=r"strange\.gguf is of a kind .*gpt-9.*Update the program"):
            refusal(path)


def test_checking_a_model_starts_nothing_that_stays(tiny: Path) -> None:
    before = set(threading.enumerate())
    check_model(tiny)
    assert set(threading.enumerate()) == before


def test_an_engine_that_does_not_start_says_nothing_about_a_file(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = [["/nonexistent/python"], [sys.executable, "-c", "raise SystemExit(1)"]]
    left = iter(commands)
    monkeypatch.setattr(engine_module, "worker_command", lambda: next(left))
    for _ in commands:
        check_model(tiny)
    assert list(left) == []


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that opens but cannot be read")
def test_a_file_that_cannot_be_read() -> None:
    assert_refused(Path("/proc/self/mem"), "cannot be read")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_file_without_permission(tmp_path: Path, tiny: Path) -> None:
    path = tmp_path / "secret.gguf"
    path.write_bytes(tiny.read_bytes())
    path.chmod(0)
    assert_refused(path, "cannot be read: Permission denied")


def test_paths_with_spaces_and_other_letters(tmp_path: Path, tiny: Path) -> None:
    folder = tmp_path / "Größe und ∑ наука"
    folder.mkdir()
    path = folder / "mein modell é.gguf"
    path.write_bytes(tiny.read_bytes())
    engine = Engine(path, replace(OPTIONS, cache_folder=folder / "états gardés"))
    try:
        assert text_of(ask(engine, question("1+1?"), prefix=len(CONSTANT)))
        assert engine.info.name == "mein modell é"
    finally:
        engine.close()
    assert list((folder / "états gardés").glob("*.kv"))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_path_that_is_no_utf8(tmp_path: Path, tiny: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/m\xe9t\xfe.gguf"))
    path.write_bytes(tiny.read_bytes())
    check_model(path)
    engine = Engine(path, replace(OPTIONS, cache_folder=tmp_path / "states"))
    try:
        assert text_of(ask(engine, question("1+1?"), prefix=len(CONSTANT))) == fresh_text(
            tiny, question("1+1?"), max_tokens=40
        )
    finally:
        engine.close()
    assert list((tmp_path / "states").glob("*.kv"))


def test_a_program_error_in_the_process_is_no_lack_of_memory(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import importlib.util, sys\n"
        f"spec = importlib.util.spec_from_file_location('worker', {engine_module.worker_command()[-1]!r})\n"
        "worker = sys.modules['worker'] = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(worker)\n"
        "worker.Model.tokenize = None\n"
        "worker.main()\n"
    )
    monkeypatch.setattr(engine_module, "worker_command", lambda: [sys.executable, "-c", code])
    engine = Engine(tiny, OPTIONS)
    try:
        with pytest.raises(EngineFault, match=r"ended unexpectedly \(exit code 1\)"):
            ask(engine, "Hello")
    finally:
        engine.close()


@pytest.mark.parametrize("kv_type", ["f16", "q8_0", "f32"])
def test_every_kind_of_cache_works(tiny: Path, kv_type: str, tmp_path: Path) -> None:
    options = replace(OPTIONS, kv_type=kv_type, cache_folder=tmp_path)
    texts = set()
    for _ in range(2):
        engine = Engine(tiny, options)
        try:
            texts.add(text_of(ask(engine, question("1+1?"), prefix=len(CONSTANT))))
        finally:
            engine.close()
    assert len(texts) == 1


# --- words -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (-4, "instructions this processor does not have.*make setup"),
        (-9, "killed .SIGKILL.*memory"),
        (-6, "gave up .SIGABRT.*memory"),
        (-11, "crashed .SIGSEGV.*GPU layers"),
        (-7, "crashed .SIGBUS"),
        (-64, "crashed .SIGRTMAX|crashed .signal 64"),
        (-200, "crashed .signal 200"),
        (0xC000001D, "instructions this processor does not have"),
        (0xC0000135, "library of the model engine is missing.*Visual C"),
        (0xC0000017, "not enough memory"),
        (1, "ended unexpectedly .exit code 1"),
        (3, "ended unexpectedly .exit code 3"),
    ],
)
def test_every_way_to_die_has_a_sentence_and_a_remedy(code: int, words: str) -> None:
    message, remedy = explain_exit(code)
    fault = EngineFault(message, remedy)
    assert message.endswith(".")
    assert remedy
    assert re.search(words, str(fault))


def test_cores_are_at_least_one_and_at_most_what_may_be_used() -> None:
    assert 1 <= physical_cores() <= (os.cpu_count() or 1)
