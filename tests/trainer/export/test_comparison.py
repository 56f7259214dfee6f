"""The last part of the gate: a file solves problems as its model does, told without luck."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the trainer's packages are not installed")
pytest.importorskip("transformers", reason="the trainer's packages are not installed")
pytest.importorskip("gguf", reason="the trainer's packages are not installed")
if find_spec("llama_cpp") is None:  # importing it would leave files open
    pytest.skip("llama-cpp-python is not installed", allow_module_level=True)

import numpy as np
import torch

from tests.trainer.tiny_models import code_records, texts
from trainer.export.comparison import Comparison, Original, likeliest
from trainer.export.gguf import write_f16
from trainer.export.llama_process import run_llama_cpp
from trainer.models import bases
from trainer.models.tokenizer import SpanTokenizer, from_folder
from trainer.train.tiny import make_base, train_tokenizer
from tutor_app.core.errors import HostFault

PROBLEMS = ["What is 3 + 4?", "A bag holds 12 nuts. Half are eaten. How many are left?"]


@pytest.fixture(scope="module")
def tokenizer() -> SpanTokenizer:
    return train_tokenizer(texts(code_records(40)), 500)


def random_model(folder: Path, tokenizer: SpanTokenizer, seed: int) -> Path:
    """Weights so large that the model is sure of its nonsense, and speaks it in tokens that no text is split into."""
    make_base(folder, tokenizer, kind="qwen3", width=256, seed=seed, initializer_range=0.08)
    return folder


def written(folder: Path, out: Path) -> Path:
    write_f16(folder, from_folder(folder), out, name="Tiny", dialect="mumath")
    return out


@pytest.fixture(scope="module")
def original(tokenizer: SpanTokenizer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Original, Path]]:
    folder = random_model(tmp_path_factory.mktemp("model") / "base", tokenizer, 5)
    with Original(bases.load_model(folder).eval(), from_folder(folder), "mumath", PROBLEMS) as made:
        yield made, folder


def test_a_sound_file_of_a_random_model_passes(original: tuple[Original, Path], tmp_path: Path) -> None:
    made, folder = original
    found = made.compare(written(folder, tmp_path / "m.gguf"))
    assert (found.problems, found.unlike, found.failure()) == (2, 0, "")
    assert found.lead < 0.05


def test_another_models_file_fails(original: tuple[Original, Path], tokenizer: SpanTokenizer, tmp_path: Path) -> None:
    made, _ = original
    other = random_model(tmp_path / "other", tokenizer, 6)
    found = made.compare(written(other, tmp_path / "m.gguf"))
    assert found.lead > 0.05
    assert "names another token where the original is sure of its own" in found.failure()


def test_what_fails_is_said() -> None:
    assert Comparison(5, 5, 5, 0.0).failure() == ""
    assert Comparison(5, 2, 4, 0.049).failure() == ""
    assert "sure of its own by 0.3 nats" in Comparison(5, 2, 4, 0.3).failure()
    assert "another text in 2 of 5 problems in which nothing was in doubt" in Comparison(5, 3, 5, 0.0, 2).failure()


def test_the_likeliest_tokens_are_the_models(original: tuple[Original, Path], tmp_path: Path) -> None:
    _, folder = original
    rows = [[5, 9, 20, 33, 41], [7, 8]]
    named = likeliest(written(folder, tmp_path / "m.gguf"), rows)
    model = bases.load_model(folder).eval()
    with torch.no_grad():
        own = [model(input_ids=torch.tensor([row]), use_cache=False).logits[0].argmax(-1).tolist() for row in rows]
    assert named == own


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full here")
def test_a_full_disk_is_not_blamed_on_llama_cpp(original: tuple[Original, Path], tmp_path: Path) -> None:
    _, folder = original
    made = written(folder, tmp_path / "m.gguf")
    np.save(tmp_path / "ids.npy", np.array([[5, 9, 20]]))
    (tmp_path / "out.npy").symlink_to("/dev/full")
    with pytest.raises(HostFault, match=r"The disk refused what llama\.cpp computed"):
        run_llama_cpp("likeliest", made, tmp_path / "ids.npy", tmp_path / "out.npy")


def test_a_file_that_llama_cpp_cannot_read_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "no.gguf").write_bytes(b"GGUF rubbish")
    with pytest.raises(HostFault, match=r"llama\.cpp failed to read the file"):
        likeliest(tmp_path / "no.gguf", [[1, 2]])
