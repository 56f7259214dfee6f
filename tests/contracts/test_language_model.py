"""What every language model must do; run on the script, on llama.cpp in its process, on another computer's model and
on transformers, with a tiny model."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.generations import ask, stopped, text_of
from tests.scripted_model import ScriptedModel
from tests.server.served import served
from tests.tiny_gguf import reciting_weights, token_id, write_model
from tutor_app.adapters.engine.client import Engine, EngineOptions
from tutor_app.adapters.engine.remote import RemoteModel
from tutor_app.core.dialect import Span
from tutor_app.core.ports import Generation, LanguageModel, NeverCancelled, Piece, PromptProgress, Sampling, Stopped
from tutor_app.core.solve_settings import SolveSettings

ALPHABET = "abcdefghijklmnopqrstuvwxyz é∑"
"""What both models say, over and over."""

N_CTX = 512
PROMPT = (Span("Recite: "),)


@pytest.fixture(scope="module", params=["script", "engine", "remote", "transformers"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageModel]:
    if request.param == "script":
        # The first reply goes on from the prompt's end, later ones from the end of the words that came before.
        yield ScriptedModel([("é∑" + ALPHABET * 40)] * 8, token_size=1, n_ctx=N_CTX, n_seq=2)
        return
    if request.param == "remote":
        script = ScriptedModel([("é∑" + ALPHABET * 40)] * 8, token_size=1, n_ctx=N_CTX, n_seq=2)
        with served(model=script, settings=SolveSettings(max_tokens=100_000)) as server:
            yield RemoteModel(server.url)
        return
    tokens = [token_id(bytes([b])) for b in ALPHABET.encode()]
    path = write_model(tmp_path_factory.mktemp("model") / "recites.gguf", reciting_weights(tokens))
    if request.param == "transformers":
        pytest.importorskip("torch", reason="the trainer's packages are not installed")
        pytest.importorskip("transformers", reason="the trainer's packages are not installed")
        yield from _of_the_trainer(path, tmp_path_factory.mktemp("base"))
        return
    engine = Engine(path, EngineOptions(n_ctx=N_CTX, n_seq=2, threads=1))
    yield engine
    engine.close()


def _of_the_trainer(path: Path, work: Path) -> Iterator[LanguageModel]:
    """The same file as the trainer reads it."""
    import torch

    from trainer.models import bases
    from trainer.models.hf_model import HuggingFaceModel
    from trainer.models.tokenizer import from_folder

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    folder = bases.prepare(path, work / "folder", "mumath")
    loaded = bases.load_model(folder).eval()
    with HuggingFaceModel(loaded, from_folder(folder), n_ctx=N_CTX, n_seq=2) as model:
        yield model
    torch.set_num_threads(threads)


def test_progress_then_pieces_then_exactly_one_stopped(model: LanguageModel) -> None:
    items = ask(model, PROMPT)
    kinds = [type(i) for i in items]
    assert kinds.count(Stopped) == 1
    assert kinds == sorted(kinds, key=[PromptProgress, Piece, Stopped].index)
    progress = [i for i in items if isinstance(i, PromptProgress)]
    assert [p.done for p in progress] == sorted(p.done for p in progress)
    assert progress[-1].done == progress[-1].total == stopped(items).prompt_tokens > 0
    assert progress[-1].evaluated == stopped(items).evaluated_tokens


def test_text_comes_in_pieces_that_are_whole_characters(model: LanguageModel) -> None:
    items = ask(model, PROMPT, max_tokens=60)
    pieces = [i for i in items if isinstance(i, Piece)]
    assert len(pieces) > 20
    assert all(p.text and "\ufffd" not in p.text for p in pieces)
    assert ALPHABET in text_of(items)
    assert sum(p.tokens for p in pieces) <= stopped(items).generated_tokens


def test_greedy_text_is_the_same_every_time(model: LanguageModel) -> None:
    assert text_of(ask(model, PROMPT)) == text_of(ask(model, PROMPT))


def test_max_tokens_is_a_bound(model: LanguageModel) -> None:
    for n in (1, 7):
        end = stopped(ask(model, PROMPT, max_tokens=n))
        assert (end.reason, end.generated_tokens) == ("length", n)


def test_a_stop_string_ends_the_text_and_is_not_part_of_it(model: LanguageModel) -> None:
    items = ask(model, PROMPT, stop=["nothing", "hij"])
    end = stopped(items)
    assert (end.reason, end.stop) == ("stop", "hij")
    assert text_of(items).endswith("abcdefg")


def test_what_only_begins_like_a_stop_string_is_text(model: LanguageModel) -> None:
    items = ask(model, PROMPT, stop=["hijX"])
    assert stopped(items).reason == "length"
    assert "ghijkl" in text_of(items)


def test_the_earliest_of_several_stop_strings_counts(model: LanguageModel) -> None:
    assert stopped(ask(model, PROMPT, stop=["xyz", "cde", "def"])).stop == "cde"


def test_a_full_context_ends_the_text_and_keeps_it(model: LanguageModel) -> None:
    items = ask(model, PROMPT, max_tokens=10_000)
    end = stopped(items)
    assert end.reason == "context"
    assert end.prompt_tokens + end.generated_tokens == N_CTX
    assert text_of(items).count(ALPHABET) > 10


def test_a_prompt_that_does_not_fit_says_so(model: LanguageModel) -> None:
    items = ask(model, [Span("word " * N_CTX)])
    assert [type(i) for i in items] == [Stopped]
    assert stopped(items).reason == "context"
    assert stopped(items).prompt_tokens >= N_CTX


@pytest.mark.parametrize("cut", [100, 101, 122, 150, 199])
def test_its_own_words_in_the_prompt_cost_nothing(model: LanguageModel, cut: int) -> None:
    question = Span(f"Recite {cut} characters: ")
    own = text_of(ask(model, [question], max_tokens=260))[:cut]
    assert len(own) == cut
    new = "\n```output\n42\n```\n"
    end = stopped(ask(model, [question, Span(own, supervised=True), Span(new)]))
    # The token drawn last may have to be evaluated, and those of a character that was cut off.
    assert end.evaluated_tokens <= len(new) + 4
    assert end.prompt_tokens > cut


def test_cancelled_before_it_starts(model: LanguageModel) -> None:
    flag = threading.Event()
    flag.set()
    items = list(model.generate(PROMPT, sampling=Sampling(), max_tokens=40, cancel=flag))
    assert [type(i) for i in items] == [Stopped]
    assert stopped(items).reason == "cancelled"


def test_cancelled_in_the_middle_keeps_what_was_said(model: LanguageModel) -> None:
    flag = threading.Event()
    items: list[Generation] = []
    for item in model.generate(PROMPT, sampling=Sampling(), max_tokens=480, cancel=flag):
        items.append(item)
        if len(text_of(items)) == 5:
            flag.set()
    assert stopped(items).reason in ("cancelled", "length")
    whole = text_of(ask(model, PROMPT, max_tokens=480))
    assert whole.startswith(text_of(items))


def test_closed_early_it_can_be_asked_again(model: LanguageModel) -> None:
    for _ in range(model.info.n_seq + 1):
        stream = model.generate(PROMPT, sampling=Sampling(), max_tokens=400, cancel=NeverCancelled())
        assert next(item for item in stream if isinstance(item, Piece)).text
        stream.close()  # type: ignore[attr-defined]
    assert stopped(ask(model, PROMPT)).reason == "length"


def test_more_threads_than_sequences_all_get_their_text(model: LanguageModel) -> None:
    texts: dict[int, str] = {}

    def work(i: int) -> None:
        texts[i] = text_of(ask(model, PROMPT, max_tokens=100))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(model.info.n_seq + 3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(texts) == len(threads)
    assert set(texts.values()) == {text_of(ask(model, PROMPT, max_tokens=100))}


def test_one_that_waits_for_its_turn_can_be_cancelled(model: LanguageModel) -> None:
    busy = [
        model.generate(PROMPT, sampling=Sampling(), max_tokens=400, cancel=NeverCancelled())
        for _ in range(model.info.n_seq)
    ]
    for stream in busy:
        next(stream)
    flag = threading.Event()
    waiting = model.generate(PROMPT, sampling=Sampling(), max_tokens=400, cancel=flag)
    timer = threading.Timer(0.05, flag.set)
    timer.start()
    assert stopped(list(waiting)).reason in ("cancelled", "length")
    timer.join()
    for stream in busy:
        stream.close()  # type: ignore[attr-defined]


def test_it_says_what_it_is(model: LanguageModel) -> None:
    ask(model, PROMPT, max_tokens=1)
    assert model.info.name
    assert (model.info.n_ctx, model.info.n_seq) == (N_CTX, 2)
