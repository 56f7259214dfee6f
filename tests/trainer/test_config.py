import tomllib
from pathlib import Path

import pytest

import trainer
from trainer.config import TrainConfig, from_mapping, load
from tutor_app.core.errors import UserFault

CONFIGS = sorted(Path(trainer.__file__).parent.rglob("stage*.toml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.name)
def test_every_shipped_configuration_reads_and_names_its_command(path: Path) -> None:
    load(path)
    text = path.read_text()
    assert f"trainer/configs/{path.name}" in text
    assert "-m trainer train" in text
    stage = tomllib.loads(text)["stage"]
    assert path.name.startswith(f"stage{stage}")


@pytest.mark.parametrize(
    ("name", "lr", "length"),
    [("stage1", 2e-5, 2048), ("stage2", 2e-5, 2048), ("stage1-34b", 1e-5, 1536), ("stage2-34b", 1e-5, 1536)],
)
def test_the_published_recipe(name: str, lr: float, length: int) -> None:
    c = load(Path(trainer.__file__).parent / "configs" / f"{name}.toml")
    assert (c.lr, c.max_length, c.schedule, c.warmup_ratio, c.weight_decay) == (lr, length, "linear", 0.03, 0.0)
    assert (c.epochs, c.batch_size, c.precision, c.method, c.clip) == (3, 128, "bf16", "full", 0.0)
    assert (c.beta1, c.beta2, c.eps) == (0.9, 0.999, 1e-8)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("stage = 3\n[optim]\nlr = -1\nepochs = 1.5\nbatchsize = 8\n[model]\nmethod = 'lor'\npacking = 1\n")
    with pytest.raises(UserFault) as e:
        load(path)
    text = str(e.value)
    for part in ("stage must be 1 or 2", "lr must be more than 0", "epochs must be a whole number"):
        assert part in text
    assert "batchsize is not a setting; did you mean batch_size?" in text
    assert "method must be one of full, lora, qlora, not 'lor'" in text
    assert "packing must be true or false" in text


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"row_tokens": 100, "max_length": 200}, "row_tokens"),
        ({"lora_targets": [], "method": "lora"}, "lora_targets"),
        ({"lora_dropout": 0.1}, "no use with method full"),
        ({"method": "qlora", "parallel": "fsdp"}, "cannot be sharded"),
        ({"warmup_ratio": 1.0}, "less than 1"),
        ({"lora_targets": "q_proj"}, "list of texts"),
    ],
)
def test_values_that_do_not_go_together(values: dict[str, object], why: str) -> None:
    with pytest.raises(UserFault, match=why):
        from_mapping(values, "x")


def test_the_command_line_wins_and_a_bad_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("stage = 2\nlr = 1e-4\n")
    assert load(path, {"lr": 1}) == TrainConfig(stage=2, lr=1.0)
    path.write_text("stage =")
    with pytest.raises(UserFault, match="is not TOML"):
        load(path)
    with pytest.raises(UserFault, match="cannot be read"):
        load(tmp_path / "no.toml")
