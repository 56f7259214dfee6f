"""What several ranks do that one can show alone: a sharded start that never holds the whole model."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="the trainer's packages are not installed")
pytest.importorskip("transformers", reason="the trainer's packages are not installed")
pytest.importorskip("peft", reason="the trainer's packages are not installed")

import torch
from torch import distributed

from tests.trainer.tiny_models import code_records, texts
from trainer.config import TrainConfig
from trainer.models import bases, parts, weights
from trainer.train.loss import SupervisedLoss
from trainer.train.ranks import fill, shard
from trainer.train.tiny import make_base, train_tokenizer
from tutor_app.core.errors import UserFault

CONFIG = TrainConfig(precision="fp32", parallel="fsdp")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    make_base(folder, train_tokenizer(texts(code_records(10)), 300))
    return folder


@pytest.fixture
def group() -> Iterator[None]:
    """A process group of this process alone."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    distributed.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=0, world_size=1)
    try:
        yield
    finally:
        distributed.destroy_process_group()


def held(model: Any) -> int:
    """Bytes behind a model's weights, each piece of memory counted once."""
    pieces = {p.untyped_storage().data_ptr(): p.untyped_storage().nbytes() for p in model.parameters()}
    return sum(pieces.values())


def whole(module: Any) -> dict[str, Any]:
    return {n: p.full_tensor() for n, p in module.named_parameters()}


def test_a_hollow_model_has_shapes_and_no_weights(base: Path) -> None:
    full, hollow = bases.load_model(base), bases.hollow_model(base)
    assert {n: p.shape for n, p in hollow.named_parameters()} == {n: p.shape for n, p in full.named_parameters()}
    assert held(hollow) <= 4 * len(list(hollow.parameters()))
    assert held(full) > 100_000
    assert hollow.lm_head.weight is hollow.model.embed_tokens.weight


@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_sharded_start_has_the_weights_and_adapters_of_a_whole_one(base: Path, method: str, group: None) -> None:
    def made(model: Any) -> SupervisedLoss:
        torch.manual_seed(5)
        return SupervisedLoss(bases.with_adapters(model, CONFIG) if method == "lora" else model, 64)

    plain = made(bases.load_model(base))
    sharded = made(bases.hollow_model(base))
    shard(sharded, parts.blocks(sharded.model), CONFIG)
    without = fill(sharded, weights.read(base), lambda name: bases.plain_name(name.removeprefix("model.")))
    assert all("lora_" in name for name in without)
    found = whole(sharded)
    assert found.keys() == dict(plain.named_parameters()).keys()
    assert all(torch.equal(p, found[n]) for n, p in plain.named_parameters())
    # The head is still the embedding, and buffers that no file holds are right: the losses are the same.
    row = torch.arange(12).unsqueeze(0)
    assert sharded(row, row, row).item() == pytest.approx(plain(row, row, row).item(), rel=1e-6)


def test_a_weight_that_no_file_has_is_named(base: Path, group: None) -> None:
    module = SupervisedLoss(bases.hollow_model(base), 64)
    shard(module, parts.blocks(module.model), CONFIG)
    some = ((n, t) for n, t in weights.read(base) if "norm" not in n)
    missing = fill(module, some, lambda name: bases.plain_name(name.removeprefix("model.")))
    assert missing
    assert all("norm" in n for n in missing)


def test_what_cannot_be_compiled_is_said(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(UserFault, match="compile needs a C\\+\\+ compiler"):
        bases.compile_layers(bases.load_model(base), torch.device("cpu"))
    with pytest.raises(UserFault, match="liger needs a CUDA GPU"):
        bases.apply_liger(bases.load_model(base), torch.device("cpu"))
