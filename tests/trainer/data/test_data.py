import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("tokenizers", reason="the trainer's packages are not installed")
pytest.importorskip("torch", reason="the trainer's packages are not installed")

import numpy as np

from tests.trainer.tiny_models import code_records, save, texts
from trainer.data.packing import IGNORED, batches, best_fit, encode, encode_all, make_row, make_rows, order, share
from trainer.data.view import coloured, show
from trainer.models.tokenizer import SpanTokenizer, from_gguf
from trainer.train.tiny import make_base, train_tokenizer
from tutor_app.core.dialect import DIALECTS, MUMATH, render
from tutor_app.core.errors import UserFault
from tutor_app.core.parts import Code, Figure, Output, Part, Text
from tutor_app.core.transcript import Transcript

_TRAINED: list[SpanTokenizer] = []


def trained() -> SpanTokenizer:
    if not _TRAINED:
        _TRAINED.append(train_tokenizer(texts(code_records(60)), 500))
    return _TRAINED[0]


FRAGMENTS = [
    "```", "```output\n", "```python\n", "````", "\n", "\n\n", " ", "72", "x = 1", "</s>", "<|user|>\n", "...",
    "<|assistant|>", "<|im_end|>", "\\boxed{7}", "é∑🎲", "print('''", '"""', "  ```", "\t",
    "NameError: name 'x' is not defined",
]  # fmt: skip
snippets = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=6)), min_size=1, max_size=8).map("".join)
parts = st.lists(
    st.one_of(
        snippets.map(Text),
        st.tuples(snippets, snippets).map(lambda t: (Code(t[0]), Output(stdout=t[1], feedback=t[1]))),
    ),
    min_size=1,
    max_size=6,
)


def solution(drawn: list[Text | tuple[Code, Output]]) -> tuple[Part, ...]:
    found: list[Part] = []
    for item in drawn:
        found += item if isinstance(item, tuple) else (item,)
    return tuple(found)


def check_masks(tokenizer: SpanTokenizer, dialect_name: str, problem: str, made: tuple[Part, ...]) -> None:
    """No token of an output or the problem is supervised, no token of the reasoning is lost."""
    dialect = DIALECTS[dialect_name]
    record = Transcript.of(problem, *made, meta={"id": "r"})
    ids, mask = tokenizer.ids(render(record, dialect), dialect)
    supervised = tokenizer.decode([i for i, m in zip(ids, mask, strict=True) if m])
    masked = tokenizer.decode([i for i, m in zip(ids, mask, strict=True) if not m])
    spans = render(record, dialect)
    end = tokenizer.decode([tokenizer.eos_id])
    wanted = "".join(s.text for s in spans if s.supervised)
    if not dialect.special:
        wanted = wanted.removesuffix(dialect.assistant_close) + end
    assert supervised == wanted
    assert masked == "".join(s.text for s in spans if not s.supervised)
    # And by the parts, independently of the spans.
    position = 0
    for part in made:
        if isinstance(part, Text | Code):
            words = part.text if isinstance(part, Text) else part.source
            position = supervised.index(words, position) + len(words)
    for part in made:
        if isinstance(part, Output) and part.feedback:
            assert dialect.sanitize_frames(part.feedback) in masked


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(snippets, parts, st.sampled_from(["mumath", "chatml"]))
def test_masks_with_a_tokenizer_trained_here(
    problem: str, drawn: list[Text | tuple[Code, Output]], dialect: str
) -> None:
    check_masks(trained(), dialect, problem, solution(drawn))


def test_masks_with_the_tokenizer_of_a_real_model(starter_gguf: Path) -> None:
    tokenizer = from_gguf(starter_gguf)

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(snippets, parts, st.sampled_from(["mumath", "chatml"]))
    def check(problem: str, drawn: list[Text | tuple[Code, Output]], dialect: str) -> None:
        check_masks(tokenizer, dialect, problem, solution(drawn))

    check()


def test_an_output_that_holds_fences_leaks_nothing() -> None:
    leak = "```\nleaked secret\n```\n```output\nmore"
    record = Transcript.of("Q", Text("A\n"), Code("f()"), Output(feedback=leak), Text("So."), meta={"id": "r"})
    sample = encode(record, MUMATH, trained())
    supervised = trained().decode(sample.ids[sample.supervised].tolist())
    assert "leaked" not in supervised
    assert "more" not in supervised
    assert supervised.endswith("So." + trained().decode([trained().eos_id]))
    assert "output\n" in supervised


def test_figures_and_the_extracted_answer_are_no_text() -> None:
    figure = Figure(svg="<svg/>", png="", width=1, height=1, alt="a plot")
    with_figure = Transcript.of("Q", Text("A "), figure, Text("B"), meta={"id": "r"})
    without = Transcript.of("Q", Text("A "), Text("B"), meta={"id": "r"})
    assert encode(with_figure, MUMATH, trained()).ids.tolist() == encode(without, MUMATH, trained()).ids.tolist()


@pytest.mark.parametrize("made", [(), (Text(""),), (Figure("", "", 1, 1),)])
def test_a_record_with_nothing_to_train_on_is_refused_by_its_id(made: tuple[Part, ...]) -> None:
    with pytest.raises(UserFault, match="Record gsm8k/7 has nothing to train on"):
        encode(Transcript.of("Q", *made, meta={"id": "gsm8k/7"}), MUMATH, trained())


def test_too_long_records_are_left_out_and_named() -> None:
    records = code_records(20)
    lengths = sorted(len(encode(r, MUMATH, trained())) for r in records)
    encoded = encode_all(records, MUMATH, trained(), lengths[10])
    assert len(encoded.samples) + len(encoded.too_long) == len(records)
    assert all(len(s) <= lengths[10] for s in encoded.samples)
    with pytest.raises(UserFault, match="No record is at most 3 tokens"):
        encode_all(records, MUMATH, trained(), 3)


@given(st.lists(st.integers(1, 100), max_size=60))
def test_best_fit_packs_every_item_once_into_no_row_too_full(lengths: list[int]) -> None:
    rows = best_fit(lengths, 100)
    assert sorted(i for row in rows for i in row) == list(range(len(lengths)))
    assert all(sum(lengths[i] for i in row) <= 100 for row in rows)
    # Best fit is never worse than 11/9 of the optimum and a bit, which is at least the total over the capacity.
    assert len(rows) <= max(1, 11 / 9 * max(sum(lengths) / 100, sum(n > 50 for n in lengths)) + 3) or not lengths


def test_best_fit_fills_rows() -> None:
    lengths = np.random.Generator(np.random.PCG64(0)).integers(100, 700, size=2000).tolist()
    rows = best_fit(lengths, 2048)
    assert sum(lengths) / (2048 * len(rows)) > 0.97
    with pytest.raises(ValueError, match="does not fit"):
        best_fit([5], 4)


def test_a_row_predicts_only_supervised_tokens_of_the_same_document() -> None:
    samples = encode_all(code_records(6), MUMATH, trained(), 2048).samples
    row = make_row(samples)
    start = 0
    for s in samples:
        n = len(s)
        assert row.positions[start : start + n].tolist() == list(range(n))
        assert row.targets[start + n - 1] == IGNORED
        for i in range(n - 1):
            wanted = int(s.ids[i + 1]) if s.supervised[i + 1] else IGNORED
            assert row.targets[start + i] == wanted
        start += n
    assert row.n_targets == sum(s.targets for s in samples)


@pytest.mark.parametrize("ranks", [1, 2, 3, 7])
def test_ranks_get_evenly_many_rows_and_all_targets(ranks: int) -> None:
    samples = encode_all(code_records(25), MUMATH, trained(), 2048).samples
    rows = make_rows(samples, 2048, packing=True)
    shares = share(rows, ranks)
    assert len({len(s) for s in shares}) == 1
    assert sum(r.n_targets for s in shares for r in s) == sum(s.targets for s in samples)


def test_the_order_is_a_function_of_seed_and_epoch() -> None:
    assert order(50, 1, 0) == order(50, 1, 0)
    assert len({tuple(order(50, s, e)) for s in (1, 2) for e in (0, 1)}) == 4
    assert sorted(order(50, 1, 0)) == list(range(50))
    whole = list(batches(23, 4, 1, 0))
    assert [len(b) for b in whole] == [4, 4, 4, 4, 4, 3]
    assert list(batches(23, 4, 1, 0, skip=2)) == whole[2:]


def test_the_viewer_says_when_all_records_are_passed_over(tmp_path: Path) -> None:
    records = code_records(3)
    base, file = tmp_path / "base", save(tmp_path / "a.jsonl", records)
    make_base(base, trained())
    out = io.StringIO()
    assert show(file, base, "mumath", skip=2, plain=True, out=out) == 0
    assert str(records[2].meta["id"]) in out.getvalue()
    with pytest.raises(UserFault, match="holds 3 records, and --skip 3 passes over all"):
        show(file, base, "mumath", skip=3, out=out)


def test_the_viewer_shows_what_is_supervised() -> None:
    record = Transcript.of("Why?", Text("A\n"), Code("print(1)"), Output(feedback="1"), Text("B"), meta={"id": "r"})
    text = coloured(encode(record, MUMATH, trained()), trained(), plain=True)
    assert text == "<|user|>\nWhy?\n<|assistant|>\n⟦A\n```python\nprint(1)\n```\n```output\n⟧1\n```\n⟦B<|im_end|>⟧"
    colours = coloured(encode(record, MUMATH, trained()), trained())
    assert "\x1b[90m1\x1b[0m" in colours
    assert "\x1b[32mprint(1)\x1b[0m" in colours
