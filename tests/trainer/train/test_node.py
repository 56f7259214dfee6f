"""Runs of many ranks: checkpoints that go on with another number of them, and ranks that die."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import wait_until

pytest.importorskip("torch", reason="the trainer's packages are not installed")
pytest.importorskip("transformers", reason="the trainer's packages are not installed")
pytest.importorskip("peft", reason="the trainer's packages are not installed")

import torch
from safetensors.torch import load_file

from tests.trainer.tiny_models import code_records, metrics, save, texts
from tests.trainer.train.several import ROOT, run, settings_of, started, torchrun
from trainer.config import TrainConfig
from trainer.train.checkpoint import latest
from trainer.train.tiny import make_base, train_tokenizer

pytestmark = pytest.mark.slow
CONFIG = TrainConfig(
    stage=2,
    precision="fp32",
    max_length=512,
    row_tokens=512,
    batch_size=16,
    epochs=2,
    lr=3e-4,
    held_out=0.0,
    save_every=2,
    max_steps=4,
    threads=1,
    keep=9,
    parallel="fsdp",
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("node")
    records = code_records(40)
    save(folder / "data.jsonl", records)
    make_base(folder / "base", train_tokenizer(texts(records), 400))
    return folder


def command(place: Path, config: TrainConfig, to: Path, settings: Path) -> list[str]:
    made = ["train", "--not-decontaminated", "--config", str(settings_of(config, settings)), "--to", str(to)]
    return [*made, "--base", str(place / "base"), "--data", str(place / "data.jsonl")]


def cut(run_folder: Path, to: Path) -> None:
    """A copy of a run that was stopped after step 2."""
    shutil.copytree(run_folder, to)
    shutil.rmtree(to / "checkpoints" / "step-0000004")
    shutil.rmtree(to / "model")


@pytest.mark.parametrize("method", ["full", "lora"])
def test_four_ranks_are_gone_on_from_by_one_two_four_and_eight(place: Path, tmp_path: Path, method: str) -> None:
    config: TrainConfig = replace(CONFIG, method=method, lora_dropout=0.0)  # type: ignore[arg-type]  # a parameter
    made = command(place, config, tmp_path / "four", tmp_path / "c.toml")
    torchrun(4, *made)
    whole = metrics(tmp_path / "four")
    assert len(whole) == 4
    assert len(list((tmp_path / "four" / "checkpoints" / "step-0000002").glob("*.distcp"))) == 4
    for n in (1, 2, 4, 8):
        cut(tmp_path / "four", tmp_path / str(n))
        torchrun(n, *command(place, config, tmp_path / str(n), tmp_path / "c.toml"))
        if n == 4:
            assert metrics(tmp_path / "4") == whole
            a, b = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("four", "4"))
            assert all(torch.equal(a[k], b[k]) for k in a)
        assert metrics(tmp_path / str(n)) == pytest.approx(whole, abs=1e-5)


@pytest.mark.parametrize("changes", [{"shard_ranks": 2}, {"offload": True}, {"parallel": "ddp"}], ids=str)
def test_groups_of_shards_offload_and_replicas_give_the_same_losses(
    place: Path, tmp_path: Path, changes: dict[str, Any]
) -> None:
    torchrun(1, *command(place, CONFIG, tmp_path / "one", tmp_path / "c.toml"))
    torchrun(4, *command(place, replace(CONFIG, **changes), tmp_path / "four", tmp_path / "c.toml"))
    assert metrics(tmp_path / "four") == pytest.approx(metrics(tmp_path / "one"), abs=1e-5)
    assert metrics(tmp_path / "four", "grad_norm") == pytest.approx(metrics(tmp_path / "one", "grad_norm"), rel=1e-4)


def test_a_fault_of_all_ranks_is_said_once(place: Path, tmp_path: Path) -> None:
    made = command(place, CONFIG, tmp_path / "run", tmp_path / "c.toml")
    made[made.index("--data") + 1] = str(tmp_path / "none.jsonl")
    done = run(2, *made)
    assert [code for code, _ in done] == [2, 2]
    said = "".join(text for _, text in done)
    assert said.count("none.jsonl cannot be read") == 1
    assert "Traceback" not in said


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
def test_a_dead_rank_ends_all_with_one_sentence(place: Path, tmp_path: Path, which: int, how: signal.Signals) -> None:
    config = replace(CONFIG, max_steps=0, epochs=5000, save_every=2)
    with started(2, *command(place, config, tmp_path / "run", tmp_path / "c.toml")) as children:
        wait_until(lambda: latest(tmp_path / "run" / "checkpoints") is not None, 300)
        children[which].send_signal(how)
        said, _ = children[1 - which].communicate(timeout=60)
    assert children[1 - which].returncode == 1
    assert "so the run was ended. Start the same command again" in said
    assert "Traceback" not in said


def test_under_torchrun_the_sentence_is_the_last_thing(place: Path, tmp_path: Path) -> None:
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "trainer"]
    made = command(place, CONFIG, tmp_path / "run", tmp_path / "c.toml")
    made[made.index("--data") + 1] = str(tmp_path / "none.jsonl")
    done = subprocess.run([*launch, *made], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode != 0
    lines = done.stderr.strip().splitlines()
    assert lines[-1] == f"{tmp_path / 'none.jsonl'} cannot be read: No such file or directory. Check the path."
    assert "Traceback" not in done.stdout
