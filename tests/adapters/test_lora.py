"""LoRA adapters in the model store: taken in over their base, shown as models of their own, refused elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.adapters.gguf_files import TensorSpec, write_gguf
from tutor_app.adapters.models.chat_template import dialect_of
from tutor_app.adapters.models.gguf import read_gguf
from tutor_app.adapters.models.store import ModelStore
from tutor_app.commands.parser import main
from tutor_app.core.dialect import CHATML
from tutor_app.core.errors import ModelFileFault, UserFault

LORA: Mapping[str, object] = {"general.type": "adapter", "adapter.type": "lora", "general.name": "My adapter"}
PAIR = (TensorSpec("output.weight.lora_a", (256, 4), "F32"), TensorSpec("output.weight.lora_b", (4, 5), "F32"))
CHATML_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    catalogue = tmp_path / "catalogue.json"
    catalogue.write_text('{"version": 1, "models": []}')
    return ModelStore(tmp_path / "models", catalogue)


@pytest.fixture
def base(tmp_path: Path, store: ModelStore) -> Path:
    path = write_gguf(tmp_path / "base.gguf", {"tokenizer.chat_template": CHATML_TEMPLATE})
    store.import_(path, "Base")
    return path


def adapter(path: Path, metadata: Mapping[str, object] = LORA, tensors: Sequence[TensorSpec] = PAIR) -> Path:
    return write_gguf(path, metadata, tensors=tensors, without=["tokenizer.ggml.tokens"])


def test_an_adapter_is_a_model_of_its_own(store: ModelStore, base: Path, tmp_path: Path) -> None:
    path = adapter(tmp_path / "mine.gguf")
    model = store.import_(path, base="base")
    assert (model.name, model.id, model.path, model.base, model.weights) == ("My adapter", "mine", path, base, base)
    # Without a word on its dialect it speaks as its base does.
    assert dialect_of(model) is CHATML
    for name in ("mine", "My adapter", str(path)):
        assert store.find(name) == model
    assert [m.id for m in store.installed()] == ["base", "mine"]
    assert store.verify("mine").sha256
    store.remove("mine")
    assert path.exists()


def test_it_says_its_own_dialect(store: ModelStore, base: Path, tmp_path: Path) -> None:
    path = adapter(tmp_path / "a.gguf", {**LORA, "mumath.dialect": "mumath"})
    assert store.import_(path, base=str(base)).dialect == "mumath"


def test_a_base_inside_the_store_moves_with_it(store: ModelStore, tmp_path: Path) -> None:
    store.folder.mkdir()
    base = write_gguf(store.folder / "base.gguf")
    store.import_(base, "Base")
    store.import_(adapter(tmp_path / "a.gguf"), base="base")
    moved = ModelStore(store.folder.rename(tmp_path / "elsewhere"), tmp_path / "catalogue.json")
    assert moved.find("a").base == tmp_path / "elsewhere" / "base.gguf"


def test_without_its_base_it_cannot_be_used(store: ModelStore, base: Path, tmp_path: Path) -> None:
    path = adapter(tmp_path / "a.gguf")
    for use in (store.import_, lambda p: store.find(str(p))):
        with pytest.raises(ModelFileFault, match=r"is an adapter .* --base MODEL"):
            use(path)
    with pytest.raises(UserFault, match="no model"):
        store.import_(path, base="nothing")
    store.import_(path, base="base")
    base.unlink()
    with pytest.raises(ModelFileFault, match="adapter of is gone"):
        store.find("a")


@pytest.mark.parametrize(
    ("metadata", "tensors", "said"),
    [
        ({**LORA, "general.architecture": "qwen2"}, PAIR, "belongs to a qwen2 model"),
        ({**LORA, "adapter.type": "control"}, PAIR, "of the kind control"),
        (LORA, PAIR[:1], "only one of its two matrices"),
        (LORA, (TensorSpec("x", (4,), "F32"),), "holds no LoRA matrices"),
        (LORA, (PAIR[0], replace(PAIR[1], shape=(4, 6))), "does not fit .* output.weight differs"),
        (LORA, (replace(PAIR[0], shape=(256, 3)), PAIR[1]), "does not fit"),
        (LORA, tuple(replace(t, name=t.name.replace("output", "blk.9.attn_q")) for t in PAIR), "does not fit"),
    ],
)
def test_an_adapter_of_another_model_is_refused(
    store: ModelStore,
    base: Path,
    tmp_path: Path,
    metadata: Mapping[str, object],
    tensors: Sequence[TensorSpec],
    said: str,
) -> None:
    with pytest.raises(ModelFileFault, match=said):
        store.import_(adapter(tmp_path / "a.gguf", metadata, tensors), base="base")
    assert [m.id for m in store.installed()] == ["base"]


def test_a_whole_model_has_no_base_and_an_adapter_is_none(store: ModelStore, base: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelFileFault, match="is a whole model"):
        store.import_(write_gguf(tmp_path / "whole.gguf"), base="base")
    store.import_(adapter(tmp_path / "a.gguf"), base="base")
    with pytest.raises(UserFault, match="is an adapter itself"):
        store.import_(adapter(tmp_path / "b.gguf"), base="a")
    assert read_gguf(tmp_path / "a.gguf", adapter=True).name == "My adapter"


def test_the_command_line_takes_it_in_and_lists_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data-dir", str(tmp_path / "data")]
    base, path = write_gguf(tmp_path / "base.gguf"), adapter(tmp_path / "mine.gguf")
    assert main(["models", "import", str(path), *data]) != 0
    assert "--base MODEL" in capsys.readouterr().err
    assert main(["models", "import", str(path), "--base", str(base), *data]) == 0
    assert "--model mine" in capsys.readouterr().out
    assert main(["models", "list", *data]) == 0
    assert "adapter of base.gguf" in capsys.readouterr().out
