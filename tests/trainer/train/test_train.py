import copy
import json
import math
import os
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
from torch.distributed.checkpoint.format_utils import dcp_to_torch_save

from tests.trainer.tiny_models import code_records, metrics, save, text_records, texts
from tests.trainer.train.several import ROOT, settings_of, torchrun
from trainer.__main__ import main
from trainer.config import TrainConfig
from trainer.data.packing import Row, encode_all, make_row, make_rows
from trainer.export.gguf import write_f16
from trainer.models import bases, parts
from trainer.models.hf_folder import open_model
from trainer.models.tokenizer import SpanTokenizer, from_folder
from trainer.runs import Run, only_one
from trainer.train import checkpoint
from trainer.train.accuracy import read_tasks
from trainer.train.checkpoint import Position, Saver
from trainer.train.job import Job
from trainer.train.loop import Interrupted, learning_rate, total_steps, train
from trainer.train.loss import SupervisedLoss
from trainer.train.tiny import make_base, train_tokenizer
from tutor_app.core.dialect import MUMATH
from tutor_app.core.errors import HostFault, UserFault

CONFIG = TrainConfig(
    stage=2,
    precision="fp32",
    max_length=512,
    batch_size=8,
    epochs=2,
    lr=3e-3,
    clip=1.0,
    held_out=0.1,
    save_every=3,
    threads=1,
    keep=9,
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``data.jsonl`` and a tiny base of each architecture."""
    folder = tmp_path_factory.mktemp("training")
    records = code_records(40)
    save(folder / "data.jsonl", records)
    tokenizer = train_tokenizer(texts(records), 400)
    for kind in ("qwen2", "llama", "qwen3"):
        make_base(folder / kind, tokenizer, kind=kind, width=32 if kind != "qwen2" else 64)
    make_base(folder / "mistral", tokenizer, kind="mistral", width=32, sliding_window=16)
    return folder


def job(place: Path, run: Path, **changes: Any) -> Job:
    return Job(replace(CONFIG, **changes), place / "qwen2", (place / "data.jsonl",), Run.at(run))


def final(run: Path) -> dict[str, Any]:
    return dict(load_file(str(run / "model" / "model.safetensors")))


def same_bits(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def tensors(row: Row) -> list[Any]:
    return [torch.from_numpy(x).unsqueeze(0) for x in (row.ids, row.positions, row.targets)]


# --- the forward pass --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["qwen2", "llama", "qwen3", "mistral"])
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("training", [True, False])
def test_packed_samples_do_not_see_one_another(place: Path, kind: str, attention: str, training: bool) -> None:
    tokenizer = from_folder(place / kind)
    samples = encode_all(code_records(5), MUMATH, tokenizer, 512).samples
    module = SupervisedLoss(bases.load_model(place / kind, attention=attention).train(training), 64)
    with torch.no_grad():
        ids, positions, _ = tensors(make_row(samples))
        head = parts.causal(module.model).lm_head
        packed = head(module.hidden(ids, positions))[0]
        start = 0
        for sample in samples:
            ids, positions, _ = tensors(make_row([sample]))
            alone = head(module.hidden(ids, positions))[0]
            assert torch.allclose(packed[start : start + len(sample)], alone, atol=1e-5, rtol=0)
            start += len(sample)


def test_the_parity_test_can_fail(place: Path) -> None:
    # With a mask the library would let samples of a row see one another: the trap this guards against.
    tokenizer = from_folder(place / "qwen2")
    samples = encode_all(code_records(2), MUMATH, tokenizer, 512).samples
    model = bases.load_model(place / "qwen2").eval()
    ids, positions, _ = tensors(make_row(samples))
    with torch.no_grad():
        right = model(input_ids=ids, position_ids=positions, use_cache=False).logits
        wrong = model(input_ids=ids, position_ids=positions, attention_mask=torch.ones_like(ids)).logits
    assert (right - wrong).abs().max() > 1e-4


@pytest.mark.parametrize("chunk", [1, 7, 64, 100_000])
def test_the_loss_is_the_plain_cross_entropy_whatever_the_chunks(place: Path, chunk: int) -> None:
    tokenizer = from_folder(place / "qwen2")
    samples = encode_all(code_records(4), MUMATH, tokenizer, 512).samples
    model = bases.load_model(place / "qwen2")
    ids, positions, targets = tensors(make_row(samples))
    logits = model(input_ids=ids, position_ids=positions, use_cache=False).logits
    plain = torch.nn.functional.cross_entropy(logits[0].float(), targets[0], ignore_index=-100, reduction="sum")
    plain.backward()
    wanted = {n: p.grad.clone() for n, p in model.named_parameters()}
    model.zero_grad()
    loss = SupervisedLoss(model, chunk)(ids, positions, targets)
    loss.backward()
    assert loss.item() == pytest.approx(plain.item(), rel=1e-5)
    for name, p in model.named_parameters():
        assert torch.allclose(p.grad, wanted[name], atol=1e-4, rtol=1e-4), name


def test_gradient_checkpointing_gives_the_same_gradients(place: Path) -> None:
    tokenizer = from_folder(place / "qwen2")
    row = make_row(encode_all(code_records(3), MUMATH, tokenizer, 512).samples)
    found = []
    for on in (False, True):
        model = bases.load_model(place / "qwen2").train()
        if on:
            bases.checkpoint_activations(model)
        SupervisedLoss(model, 64)(*tensors(row)).backward()
        found.append({n: p.grad for n, p in model.named_parameters()})
    assert all(torch.allclose(found[0][n], found[1][n], atol=1e-6) for n in found[0])


def test_a_row_without_targets_is_a_loss_of_zero_with_gradients(place: Path) -> None:
    model = bases.load_model(place / "qwen2")
    blank = torch.zeros((1, 1), dtype=torch.int64)
    loss = SupervisedLoss(model, 64)(blank, blank, blank - 100)
    loss.backward()
    assert loss.item() == 0


# --- the numbers do not depend on how the work is split ----------------------------------------------------------


@pytest.mark.parametrize(
    "split",
    [{"row_tokens": 512}, {"row_tokens": 4096}, {"packing": False}, {"ce_chunk": 3}, {"gradient_checkpointing": True}],
    ids=lambda s: next(iter(s)) + str(next(iter(s.values()))),
)
def test_any_split_gives_the_same_losses(place: Path, tmp_path: Path, split: dict[str, Any]) -> None:
    train(job(place, tmp_path / "a", max_steps=5, held_out=0.0))
    train(job(place, tmp_path / "b", max_steps=5, held_out=0.0, **split))
    a, b = metrics(tmp_path / "a"), metrics(tmp_path / "b")
    assert len(a) == 5
    assert b == pytest.approx(a, rel=2e-5)
    assert metrics(tmp_path / "b", "grad_norm") == pytest.approx(metrics(tmp_path / "a", "grad_norm"), rel=1e-3)


@pytest.mark.parametrize(("parallel", "method"), [("ddp", "full"), ("fsdp", "full"), ("fsdp", "lora")])
def test_two_ranks_give_the_numbers_of_one(place: Path, tmp_path: Path, parallel: str, method: str) -> None:
    changes: dict[str, Any] = {"max_steps": 4, "row_tokens": 512, "parallel": parallel, "method": method}
    toml = settings_of(replace(CONFIG, **changes), tmp_path / "c.toml")
    arguments = [
        "train",
        "--not-decontaminated",
        "--config",
        str(toml),
        "--base",
        str(place / "qwen2"),
        "--data",
        str(place / "data.jsonl"),
    ]
    torchrun(2, *arguments, "--run", str(tmp_path / "two"))
    train(job(place, tmp_path / "one", **changes))
    if (parallel, method) == ("fsdp", "full"):
        # Going on from the middle gives the same again, when sharded too.
        before = metrics(tmp_path / "two")
        checkpoints = tmp_path / "two" / "checkpoints"
        shutil.rmtree(checkpoints / "step-0000004")
        assert checkpoint.latest(checkpoints) == checkpoints / "step-0000003"
        torchrun(2, *arguments, "--run", str(tmp_path / "two"))
        assert metrics(tmp_path / "two") == before
    for key in ("loss", "grad_norm", "held_out_loss"):
        one, two = metrics(tmp_path / "one", key), metrics(tmp_path / "two", key)
        assert one, key
        assert two == pytest.approx(one, rel=1e-4), key
    whole, halves = final(tmp_path / "one"), final(tmp_path / "two")
    assert whole.keys() == halves.keys()
    # Adam divides by the root of a tiny second moment at first: a last bit there is a visible one here.
    assert all(torch.allclose(whole[k], halves[k], atol=2e-3) for k in whole)


# --- stopping and going on ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "method",
    [{"method": "full"}, {"method": "lora", "lora_dropout": 0.3, "lora_r": 4}],
    ids=["full", "lora with dropout"],
)
def test_a_stopped_run_goes_on_to_the_same_bits(
    place: Path, tmp_path: Path, method: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    train(job(place, tmp_path / "whole", **method))
    whole = metrics(tmp_path / "whole")
    assert len(whole) > 7  # more than an epoch, the last batch of each smaller

    class Killed(Exception):
        pass

    kept = Saver.save

    def dying(self: Saver, position: Position) -> None:
        kept(self, position)
        if position.step == 6:
            self.finish()
            raise Killed

    # Step 6 is in the middle of the second epoch.
    monkeypatch.setattr(Saver, "save", dying)
    with pytest.raises(Killed):
        train(job(place, tmp_path / "cut", **method))
    monkeypatch.setattr(Saver, "save", kept)
    torch.manual_seed(999)
    train(job(place, tmp_path / "cut", **method))
    assert metrics(tmp_path / "cut") == whole
    assert metrics(tmp_path / "cut", "step")[: len(whole)] == list(range(1, len(whole) + 1))
    assert same_bits(final(tmp_path / "whole"), final(tmp_path / "cut"))


def test_kill_9_and_the_same_command_again(place: Path, tmp_path: Path) -> None:
    config = replace(CONFIG, save_every=1, epochs=6)
    toml = settings_of(config, tmp_path / "c.toml")
    run = tmp_path / "run"
    command = [
        sys.executable,
        "-m",
        "trainer",
        "train",
        "--not-decontaminated",
        "--config",
        str(toml),
        "--base",
        str(place / "qwen2"),
    ]
    command += ["--data", str(place / "data.jsonl"), "--run", str(run)]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: checkpoint.latest(run / "checkpoints") is not None, child)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    newest = checkpoint.latest(run / "checkpoints")
    assert newest is not None
    assert int(newest.name[5:]) < total_steps(36, config)
    train(Job(config, place / "qwen2", (place / "data.jsonl",), Run.at(run)))
    train(Job(config, place / "qwen2", (place / "data.jsonl",), Run.at(tmp_path / "whole")))
    assert metrics(run) == metrics(tmp_path / "whole")
    assert same_bits(final(run), final(tmp_path / "whole"))


def test_ctrl_c_saves_and_says_so(place: Path, tmp_path: Path) -> None:
    toml = settings_of(replace(CONFIG, save_every=0, epochs=50), tmp_path / "c.toml")
    run = tmp_path / "run"
    command = [
        sys.executable,
        "-m",
        "trainer",
        "train",
        "--not-decontaminated",
        "--config",
        str(toml),
        "--base",
        str(place / "qwen2"),
    ]
    command += ["--data", str(place / "data.jsonl"), "--run", str(run)]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        wait_for(lambda: (run / "metrics.jsonl").exists(), child)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    finally:
        child.kill()
        child.wait()
    assert child.returncode == 130
    assert "The same command goes on from here" in out
    assert "Traceback" not in err
    assert checkpoint.latest(run / "checkpoints") is not None


def wait_for(done: Any, child: subprocess.Popen[Any], seconds: float = 120) -> None:
    wait_until(lambda: done() or child.poll() is not None, seconds)
    assert done(), "the run ended too early"


def test_checkpoints_rotate(place: Path, tmp_path: Path) -> None:
    train(job(place, tmp_path / "run", save_every=1, keep=2))
    names = sorted(p.name for p in (tmp_path / "run" / "checkpoints").iterdir())
    assert len(names) == 2
    assert int(names[-1][5:]) == len(metrics(tmp_path / "run"))


def test_a_checkpoint_of_another_configuration_or_data_is_refused(place: Path, tmp_path: Path) -> None:
    train(job(place, tmp_path / "run", max_steps=3))
    (tokens,) = (tmp_path / "run" / "tokens").iterdir()
    with pytest.raises(UserFault, match=r"seed was 1, is 7"):
        train(job(place, tmp_path / "run", max_steps=3, seed=7))
    other = save(tmp_path / "other.jsonl", code_records(30, seed=5))
    with pytest.raises(UserFault, match="the data is another"):
        train(replace(job(place, tmp_path / "run", max_steps=3), data=(other,)))
    with pytest.raises(UserFault, match="the base is another"):
        train(replace(job(place, tmp_path / "run", max_steps=3), base=_other_base(place, tmp_path)))
    # What was refused has left the provenance and the tokens, which may have taken hours, as they were.
    assert (tokens / "train.ids").is_file()
    noted = json.loads((tmp_path / "run" / "train.provenance.json").read_text())
    assert noted["options"]["seed"] == 1
    assert [start["step"] for start in noted["starts"]] == [0]
    # What does not change the numbers may change.
    train(job(place, tmp_path / "run", max_steps=3, save_every=7, keep=1))
    assert list((tmp_path / "run" / "tokens").iterdir()) == [tokens]


@pytest.mark.parametrize(
    "change",
    [
        {"row_tokens": 1024},
        {"packing": False},
        {"ce_chunk": 7},
        {"gradient_checkpointing": True},
        {"attention": "eager"},
    ],
    ids=str,
)
def test_what_saves_memory_may_change_on_the_way(
    place: Path, tmp_path: Path, change: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    train(job(place, tmp_path / "whole", max_steps=4))
    train(job(place, tmp_path / "run", max_steps=3))
    train(job(place, tmp_path / "run", max_steps=4, **change))
    said = capsys.readouterr().out
    assert f"Changed, to the same results but for their last bits: {next(iter(change))}." in said
    # The learning rate of the first three steps was that of a shorter run.
    assert len(metrics(tmp_path / "run")) == 4
    noted = json.loads((tmp_path / "run" / "train.provenance.json").read_text())
    assert [start["step"] for start in noted["starts"]] == [0, 3]
    assert set(noted["starts"][1]["changed"]) == {*change, "max_steps"}


def test_what_changes_results_may_change_and_is_said(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(job(place, tmp_path / "run", epochs=1))
    ended = len(metrics(tmp_path / "run"))
    train(job(place, tmp_path / "run", epochs=2, lr=1e-4))
    assert "what is learned from here on: epochs was 1, is 2; lr was 0.003, is 0.0001" in capsys.readouterr().out
    assert len(metrics(tmp_path / "run")) == 2 * ended
    assert metrics(tmp_path / "run", "lr")[ended] < 1e-4


def test_two_runs_never_share_a_folder(place: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with (
        only_one(tmp_path / "run" / "train.lock", "This run folder"),
        pytest.raises(UserFault, match="This run folder is in use"),
    ):
        train(job(place, tmp_path / "run", max_steps=1))
    train(job(place, tmp_path / "run", max_steps=1))


@pytest.mark.parametrize("name", ["model", "tokens", "base", "adapter", "checkpoints", "result.json", "metrics.jsonl"])
def test_a_folder_that_is_no_runs_is_left_alone(place: Path, tmp_path: Path, name: str) -> None:
    mine = tmp_path / "run" / name / "notes.txt" if "." not in name else tmp_path / "run" / name
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(UserFault, match=f"holds {name}, which no run of train has made"):
        train(job(place, tmp_path / "run", max_steps=1))
    assert [p for p in (tmp_path / "run").rglob("*") if p.is_file()] == [mine]
    assert mine.read_text() == "mine"


def test_another_file_as_base_is_not_taken_for_the_runs(place: Path, tmp_path: Path) -> None:
    """Of a file a run keeps a folder; it must not go on over that of another file."""
    first, second = tmp_path / "first.gguf", tmp_path / "second.gguf"
    other = _other_base(place, tmp_path)
    for folder, path in ((place / "qwen2", first), (other, second)):
        write_f16(folder, from_folder(folder), path, name="Tiny", dialect="mumath")
    train(replace(job(place, tmp_path / "run", max_steps=1), base=first))
    train(replace(job(place, tmp_path / "run", max_steps=1), base=first))
    kept = (tmp_path / "run" / "base" / "model.safetensors").read_bytes()
    with pytest.raises(UserFault, match=r"was begun from another base than .*second\.gguf"):
        train(replace(job(place, tmp_path / "run", max_steps=1), base=second))
    assert (tmp_path / "run" / "base" / "model.safetensors").read_bytes() == kept


def _other_base(place: Path, folder: Path) -> Path:
    make_base(folder / "base", from_folder(place / "qwen2"), seed=9)
    return folder / "base"


# --- the accuracy, measured on the way ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "method",
    [{"method": "full", "gradient_checkpointing": True}, {"method": "lora", "lora_dropout": 0.3, "lora_r": 4}],
    ids=["full", "lora with dropout"],
)
def test_measuring_the_accuracy_changes_no_bit_of_the_run(place: Path, tmp_path: Path, method: dict[str, Any]) -> None:
    method = {**method, "max_steps": 4, "held_out": 0.3}
    train(job(place, tmp_path / "without", **method))
    asked = {"solve_every": 2, "solve_problems": 2, "solve_max_tokens": 24}
    train(job(place, tmp_path / "with", **method, **asked))
    assert metrics(tmp_path / "with") == metrics(tmp_path / "without")
    assert same_bits(final(tmp_path / "with"), final(tmp_path / "without"))
    rows = [json.loads(line) for line in (tmp_path / "with" / "metrics.jsonl").read_text().splitlines()]
    measured = [row for row in rows if "solve_accuracy" in row]
    assert [row["step"] for row in measured] == [0, 2, 4]
    assert all(0 <= row["solve_accuracy"] <= 1 and row["solve_problems"] == 2 for row in measured)


def test_problems_of_a_file_are_asked_instead_of_held_out_ones(place: Path, tmp_path: Path) -> None:
    few = {"solve_every": 2, "solve_problems": 2, "solve_max_tokens": 4, "max_steps": 2}
    with pytest.raises(UserFault, match=r"not trained on\. Say --set held_out=0\.\d,"):
        train(job(place, tmp_path / "none", held_out=0.0, **few))
    with pytest.raises(UserFault, match=r"not trained on: held_out = 0\.0001 keeps none of \d+ records\.") as told:
        train(job(place, tmp_path / "none", held_out=0.0001, **few))
    advised = float(str(told.value).split("held_out=")[1].split(",")[0])
    assert train(job(place, tmp_path / "none", held_out=advised, **few)).step == 2
    path = tmp_path / "problems.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in [{"question": "1 + 1?", "answer": "2\n#### 2"}] * 3))
    assert [(t.problem, t.gold) for t in read_tasks(path)] == [("1 + 1?", "2")] * 3
    assert [t.gold for t in read_tasks(place / "data.jsonl")][:1] != [""]
    path.write_text('{"question": "1 + 1?"}\n')
    with pytest.raises(UserFault, match=r"problems.jsonl, line 1: expected a record, or an object with"):
        read_tasks(path)


def test_a_trained_model_solves_with_code_that_really_runs(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = {"epochs": 120, "held_out": 0.0, "lr": 4e-3, "solve_every": 1000, "solve_problems": 3}
    one = job(place, tmp_path / "run", **config, solve_max_tokens=200)
    few = save(tmp_path / "few.jsonl", code_records(8))
    train(replace(one, data=(few,), solve_data=few))
    before, after = metrics(tmp_path / "run", "solve_with_code")
    assert before == 0
    assert after == 1
    assert metrics(tmp_path / "run", "solve_blocks_ran")[-1] > 0.5
    # What it learned by heart it solves, through the loop that ships.
    assert metrics(tmp_path / "run", "solve_accuracy")[-1] > 0
    capsys.readouterr()
    for name in ("run", "run/model"):
        command = [
            "evaluate",
            "--model",
            str(tmp_path / name),
            "--benchmark",
            "samples",
            "--limit",
            "2",
            "--parallel",
            "2",
        ]
        assert main([*command, "--n-ctx", "700", "--max-tokens", "40", "--max-rounds", "1"]) == 0
        said = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert (said["attempts"], said["model"].split("/")[0]) == (2, name.split("/")[-1])
    with pytest.raises(UserFault, match="neither a model folder nor a run"):
        open_model(tmp_path, n_ctx=512, n_seq=1)


# --- what goes wrong ---------------------------------------------------------------------------------------------


def test_a_loss_that_is_no_number_never_reaches_the_weights(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = SupervisedLoss.forward
    calls = []

    def broken(self: SupervisedLoss, *a: Any) -> Any:
        calls.append(1)
        return forward(self, *a) * (math.nan if len(calls) > 16 else 1.0)

    monkeypatch.setattr(SupervisedLoss, "forward", broken)
    with pytest.raises(HostFault, match=r"nan or its gradient not finite; nothing was updated.*step-0000003") as e:
        train(job(place, tmp_path / "run", packing=False, batch_size=4))
    assert "gsm8k-train/" in str(e.value)
    dcp_to_torch_save(checkpoint.latest(tmp_path / "run" / "checkpoints"), tmp_path / "whole.pt")
    saved = {k: t for k, t in torch.load(tmp_path / "whole.pt", weights_only=True).items() if k.startswith("weights/")}
    assert len(saved) > 10
    assert all(torch.isfinite(t).all() for t in saved.values())


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_lack_of_memory_is_a_sentence(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def full(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(SupervisedLoss, "forward", full)
    with pytest.raises(
        HostFault,
        match=r"ran out at step 1, with rows of .* tokens\. Go on with --set gradient_checkpointing=true",
    ):
        train(job(place, tmp_path / "run"))


def test_a_full_disk_keeps_the_last_good_checkpoint(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = Saver.save

    def filling(self: Saver, position: Position) -> None:
        with monkeypatch.context() as disk:
            if position.step == 6:
                disk.setattr(torch, "save", full)
            saved(self, position)
            self.finish()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Saver, "save", filling)
    with pytest.raises(HostFault, match=r"The disk is full: .*step-0000006.*last good checkpoint is .*step-0000003"):
        train(job(place, tmp_path / "run"))
    assert [p.name for p in (tmp_path / "run" / "checkpoints").iterdir()] == ["step-0000003"]
    monkeypatch.undo()
    train(job(place, tmp_path / "run"))
    assert (tmp_path / "run" / "model" / "model.safetensors").exists()


def test_bf16_without_a_gpu_is_refused(place: Path, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(UserFault, match="bf16 needs one"):
        train(job(place, tmp_path / "run", precision="bf16"))
    with pytest.raises(UserFault, match="qlora needs a CUDA GPU"):
        train(job(place, tmp_path / "run", method="qlora"))


def test_a_base_that_makes_no_sense_is_refused_before_training(place: Path, tmp_path: Path) -> None:
    folder = tmp_path / "base"
    make_base(folder, from_folder(place / "qwen2"))
    config = json.loads((folder / "config.json").read_text())
    for change, why in (
        ({"architectures": None}, "names no architecture"),
        ({"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4}}, "lacks factor"),
        ({"vocab_size": 10}, "They do not belong together"),
    ):
        (folder / "config.json").write_text(json.dumps({**config, **change}))
        with pytest.raises(UserFault, match=why):
            train(replace(job(place, tmp_path / "run"), base=folder))
    with pytest.raises(UserFault, match="does not exist"):
        train(replace(job(place, tmp_path / "run"), base=tmp_path / "none"))


def test_a_base_that_cannot_be_exported_is_trained_with_a_warning(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "base"
    scaled = {"rope_type": "dynamic", "rope_theta": 1e4, "factor": 2.0}
    make_base(folder, from_folder(place / "qwen2"), kind="llama", rope_parameters=scaled)
    train(replace(job(place, tmp_path / "run", epochs=1, max_steps=1), base=folder))
    assert "Warning: The base scales its rotary positions by dynamic, which cannot be exported." in (
        capsys.readouterr().out
    )
    assert main(["export", "--model", str(tmp_path / "run" / "model"), "--out", str(tmp_path / "m.gguf")]) == 2
    assert "scales its rotary positions by dynamic, which cannot be exported" in capsys.readouterr().err


def test_an_architecture_that_llama_cpp_does_not_have_here_is_trained_and_asked(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "base"
    make_base(folder, from_folder(place / "qwen2"), kind="gpt_neox", tie_word_embeddings=False)
    train(replace(job(place, tmp_path / "run", epochs=1, max_steps=2, solve_every=2, solve_problems=1), base=folder))
    assert "Warning: A GPTNeoXForCausalLM cannot be exported" in capsys.readouterr().out
    assert len(metrics(tmp_path / "run")) == 2
    model, dialect = open_model(tmp_path / "run", n_ctx=256, n_seq=1)
    assert dialect.name == "mumath"
    model.close()


def test_settings_that_are_no_settings(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    toml = settings_of(CONFIG, tmp_path / "c.toml")
    command = [
        "train",
        "--not-decontaminated",
        "--config",
        str(toml),
        "--base",
        str(place / "qwen2"),
        "--data",
        str(place / "data.jsonl"),
    ]
    command += ["--run", str(tmp_path / "run")]
    assert main([*command, "--set", "lr"]) == 2
    assert main([*command, "--set", "method=lorra"]) == 2
    assert "--set cannot be used: method must be one of full, lora, qlora, not 'lorra'" in capsys.readouterr().err
    assert main([*command, "--set", "learning_rate=1", "epochs=2.5"]) == 2
    said = capsys.readouterr().err
    assert "learning_rate is not a setting" in said
    assert "epochs must be a whole number" in said
    assert str(toml) not in said
    assert main([*command, "--set", "method=lorra"]) == 2
    assert "method must be one of" in capsys.readouterr().err
    assert main([*command, "--set", "lora_targets=['no_such_layer']", "method=lora"]) == 2
    assert "Correct lora_targets" in capsys.readouterr().err


# --- the schedule, adapters, learning ----------------------------------------------------------------------------


def test_the_learning_rate_is_the_published_schedule() -> None:
    config = TrainConfig(lr=1.0, warmup_ratio=0.1)
    rates = [learning_rate(s, 100, config) for s in range(100)]
    assert rates[:11] == pytest.approx([i / 10 for i in range(11)])
    assert rates[55] == pytest.approx(0.5)
    assert rates[99] == pytest.approx(1 / 90)
    transformers = pytest.importorskip("transformers")
    p = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([p], lr=1.0)
    theirs = transformers.get_linear_schedule_with_warmup(optimizer, 10, 100)
    for rate in rates:
        assert optimizer.param_groups[0]["lr"] == pytest.approx(rate)
        optimizer.step()
        theirs.step()
    cosine = replace(config, schedule="cosine")
    assert learning_rate(55, 100, cosine) == pytest.approx(0.5)
    assert learning_rate(99, 100, replace(config, schedule="constant")) == 1.0
    assert total_steps(100, TrainConfig(batch_size=8, epochs=3)) == 39
    assert total_steps(100, TrainConfig(batch_size=8, epochs=3, max_steps=5)) == 5


def test_adapters_leave_the_base_alone_and_merge(place: Path, tmp_path: Path) -> None:
    before = copy.deepcopy(final_of(place / "qwen2"))
    train(job(place, tmp_path / "run", method="lora", lora_r=4, lr=1e-2))
    losses = metrics(tmp_path / "run")
    assert losses[-1] < losses[0]
    assert same_bits(before, final_of(place / "qwen2"))
    merged = final(tmp_path / "run")
    changed = {k for k in merged if not torch.equal(merged[k], before[k])}
    assert changed
    assert all("proj" in k and k.endswith("weight") for k in changed)
    # The adapter folder alone, as a base, gives the merged weights again.
    again = bases.prepare(tmp_path / "run" / "adapter", tmp_path / "merged", "mumath")
    other = final_of(again)
    assert all(torch.allclose(other[k], merged[k], atol=1e-6) for k in merged)


def final_of(folder: Path) -> dict[str, Any]:
    return dict(load_file(str(folder / "model.safetensors")))


def test_both_stages_learn_and_the_held_out_loss_falls(place: Path, tmp_path: Path) -> None:
    stage1 = save(tmp_path / "text.jsonl", text_records(60))
    first = replace(job(place, tmp_path / "one", stage=1, epochs=6, eval_every=4), data=(stage1,))
    train(first)
    held = metrics(tmp_path / "one", "held_out_loss")
    assert held[-1] < held[0] - 0.5
    second = replace(job(place, tmp_path / "two", epochs=4), base=tmp_path / "one" / "model")
    train(second)
    losses = metrics(tmp_path / "two")
    assert losses[-1] < losses[0] - 0.5
    result = json.loads((tmp_path / "two" / "result.json").read_text())
    assert result["steps"] == len(losses)
    provenance = json.loads((tmp_path / "two" / "train.provenance.json").read_text())
    assert provenance["supervised"] < provenance["tokens"]


def test_problems_held_out_are_never_trained_on(place: Path, tmp_path: Path) -> None:
    train(job(place, tmp_path / "run", max_steps=1, held_out=0.3))
    provenance = json.loads((tmp_path / "run" / "train.provenance.json").read_text())
    total = len((place / "data.jsonl").read_text().splitlines())
    assert provenance["held_out"] + provenance["samples"] == total
    assert provenance["held_out"] > 0


def test_an_interrupted_run_is_no_failure_of_the_loop(place: Path, tmp_path: Path) -> None:
    assert issubclass(Interrupted, Exception)
    assert make_rows([], 10, packing=True) == []
    assert isinstance(from_folder(place / "qwen2"), SpanTokenizer)


def test_records_that_were_compared_with_no_test_set_are_refused(place: Path, tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="40 of 40 records were not compared with any test set"):
        train(replace(job(place, tmp_path / "run"), stamped=True))


@pytest.mark.slow
def test_the_documented_command_for_several_gpus(place: Path, tmp_path: Path) -> None:
    toml = settings_of(replace(CONFIG, max_steps=2, row_tokens=512, parallel="ddp"), tmp_path / "c.toml")
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "trainer", "train"]
    command += ["--to", str(tmp_path / "run"), "--not-decontaminated", "--config", str(toml)]
    command += ["--base", str(place / "qwen2"), "--data", str(place / "data.jsonl")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(metrics(tmp_path / "run")) == 2
