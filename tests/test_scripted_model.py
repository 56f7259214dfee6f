"""What the script does beyond what every language model must (see the contract tests)."""

import threading

import pytest

from tests.generations import ask, stopped, text_of
from tests.scripted_model import Failure, ScriptedModel
from tutor_app.core.dialect import Span
from tutor_app.core.errors import EngineFault
from tutor_app.core.ports import Piece, PromptProgress, Sampling


def own(*words: str) -> list[Span]:
    return [Span("Problem")] + [s for w in words for s in (Span(w, supervised=True), Span("output"))]


def test_the_next_reply_is_picked_by_the_models_own_words_in_the_prompt() -> None:
    model = ScriptedModel(["first", "second"])
    assert text_of(ask(model, own("first"))) == "second"
    assert text_of(ask(model, own())) == "first"
    assert text_of(ask(model, own("anything"))) == "second"
    end = ask(model, own("first", "second"))
    assert (text_of(end), stopped(end).reason) == ("", "eos")


@pytest.mark.parametrize("size", [1, 3, 100])
def test_pieces_have_the_size_of_a_token(size: int) -> None:
    items = ask(ScriptedModel(["abcdefgh"], token_size=size), "x")
    pieces = [i.text for i in items if isinstance(i, Piece)]
    assert "".join(pieces) == "abcdefgh"
    assert all(len(p) == size for p in pieces[:-1])
    assert stopped(items).generated_tokens == len(pieces) + 1, "the end of the turn is a token"


@pytest.mark.parametrize("after", [0, 2, 3])
def test_it_fails_once_where_it_was_told_to(after: int) -> None:
    fault = EngineFault("Gone.", "Again.")
    model = ScriptedModel(["first", "abcdefgh"], token_size=4, failure=Failure(1, after, fault))
    assert text_of(ask(model, own())) == "first"
    with pytest.raises(EngineFault, match="Gone"):
        ask(model, own("first"))
    assert text_of(ask(model, own("first"))) == "abcdefgh"


def test_a_slow_one_is_cancelled_while_it_thinks() -> None:
    model = ScriptedModel(["abcdefgh"], seconds_per_token=3600)
    flag = threading.Event()
    items = []
    for item in model.generate([Span("x")], sampling=Sampling(), max_tokens=9, cancel=flag):
        items.append(item)
        if isinstance(item, PromptProgress):
            flag.set()
    assert stopped(items).reason == "cancelled"
    assert stopped(items).generated_tokens == 0


def test_it_says_that_no_model_is_at_work() -> None:
    info = ScriptedModel([], name="a script").info
    assert info.name == "a script"
    assert "no model" in info.device
