"""The training loop: one for both stages, for full, LoRA and QLoRA, for one process or many.

A step takes ``batch_size`` samples, whatever the number of ranks and rows they are packed into; its loss is the sum
over their supervised tokens divided by the number of these, so the numbers are the same for every way to split the
work. Metrics go to ``metrics.jsonl`` at every step. A run that is started again goes on from its last checkpoint to
the same bits.

What goes wrong is said in one sentence, and the last good checkpoint is kept: a loss that is no number never reaches
the weights.
"""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import torch

from trainer.config import TrainConfig
from trainer.data import store
from trainer.data.benchmarks import Task
from trainer.data.packing import Data, Row, Sample, batches, make_rows, share
from trainer.models import bases, exportable, weights
from trainer.models.hf_model import HuggingFaceModel, asked_while_training
from trainer.models.tokenizer import SpanTokenizer, from_folder
from trainer.runs import ProgressLine, Run, digest, only_one
from trainer.train import checkpoint, model, result
from trainer.train.accuracy import Solved, rates, solve_all
from trainer.train.checkpoint import Position, Resumed, Saver
from trainer.train.interrupts import Stop, signals
from trainer.train.job import Job, data_of, tasks_for
from trainer.train.ranks import Ranks, process_group
from trainer.train.trackers import Tracker, open_trackers
from tutor_app.adapters.sandbox.sessions import Sandbox
from tutor_app.core.dialect import DIALECTS
from tutor_app.core.errors import HostFault, TutorError, UserFault
from tutor_app.core.solve_settings import SolveSettings

SOLVE_SECONDS: Final = 180.0
"""Wall time of one solution during training."""


REPLACED: Final = ("base", "tokens", "checkpoints", "model", "adapter", "train.provenance.json", "result.json")
"""What a run makes anew in its folder."""


class Interrupted(Exception):
    """The run was asked to stop and has saved where it is."""


def train(job: Job) -> Position:
    """Train to the end, or until a signal; returns where the run is.

    Raises:
        UserFault: If the request cannot be carried out (bad data, base, checkpoint of another run).
        HostFault: If memory or disk ran out or the loss is no number.
        Interrupted: After SIGINT or SIGTERM, with a checkpoint written.
    """
    config = job.config
    with process_group() as ranks, _threads(config.threads):
        if ranks.device.type == "cpu" and config.precision == "bf16":
            raise UserFault("There is no GPU here, and bf16 needs one.", "Set precision to fp32: --set precision=fp32")
        if config.method == "qlora" and ranks.device.type != "cuda":
            raise UserFault("qlora needs a CUDA GPU.", "Choose method lora.")
        with _claimed(job.run, ranks):
            folder = ranks.first_makes(lambda: bases.prepare(job.base, job.run.folder / "base", config.dialect))
            tokenizer = from_folder(folder)
            exportable.check_sound(folder, tokenizer)
            if (why := exportable.obstacle(folder, tokenizer)) and ranks.first:
                print(f"Warning: {why} It is trained all the same; export will refuse the result.", flush=True)
            data = data_of(job, folder, ranks)
            tasks = ranks.together(lambda: tasks_for(job, data))
            loop = TrainingLoop(job, ranks, folder, tokenizer, data, data.held_out, tasks)
            with signals(loud=ranks.first) as stop, loop.saver:
                position = loop.begin(data.bad_lines)
                if ranks.first:
                    store.forget_others(data.held_records.parent)
                position = loop.run(stop, position)
            loop.finish(position)
            return position


@contextlib.contextmanager
def _claimed(run: Run, ranks: Ranks) -> Iterator[None]:
    """The run folder, for this run alone while it is under way.

    Raises:
        UserFault: If another run is under way in it, or what a run would replace is there and no run has made it.
    """
    lock = run.folder / "train.lock"

    def claim() -> None:
        foreign = [name for name in REPLACED if (run.folder / name).exists()]
        foreign += [] if run.notes_alone() else ["metrics.jsonl"]
        if foreign and not lock.exists():
            raise UserFault(
                f"{run.folder} holds {foreign[0]}, which no run of train has made.", "Give a new folder with --run."
            )
        stack.enter_context(only_one(lock, "This run folder"))

    with contextlib.ExitStack() as stack:
        ranks.together(lambda: claim() if ranks.first else None)
        yield


def total_steps(n: int, config: TrainConfig) -> int:
    """Optimiser steps of a whole run over ``n`` samples."""
    steps = config.epochs * math.ceil(n / config.batch_size)
    return min(steps, config.max_steps) if config.max_steps else steps


def learning_rate(step: int, steps: int, config: TrainConfig) -> float:
    """Of optimiser step ``step`` (from 0): linear warm-up, then the schedule down to 0 at ``steps``."""
    warmup = math.ceil(config.warmup_ratio * steps)
    if step < warmup:
        return config.lr * step / warmup
    done = (step - warmup) / max(1, steps - warmup)
    match config.schedule:
        case "linear":
            return config.lr * (1 - done)
        case "cosine":
            return config.lr * 0.5 * (1 + math.cos(math.pi * done))
        case "constant":
            return config.lr


class TrainingLoop:
    """The state of a run."""

    def __init__(
        self,
        job: Job,
        ranks: Ranks,
        folder: Path,
        tokenizer: SpanTokenizer,
        training: Data,
        held_out: Sequence[Sample],
        tasks: Sequence[Task],
    ) -> None:
        self._job, self._ranks, self._folder, self._tokenizer = job, ranks, folder, tokenizer
        self._training, self._held_out, self._tasks = training, held_out, tasks
        config = self._config = job.config
        torch.manual_seed(config.seed)
        self._built = model.build(folder, config, ranks)
        self._module, self._sharded = self._built.module, self._built.sharded
        torch.manual_seed(config.seed * 1000 + ranks.rank)  # dropout differs between ranks
        self._trained = self._built.parameters
        self._optimizer = torch.optim.AdamW(
            [
                {"params": [p for p in self._trained if p.ndim > 1], "weight_decay": config.weight_decay},
                {"params": [p for p in self._trained if p.ndim <= 1], "weight_decay": 0.0},
            ],
            lr=config.lr,
            betas=(config.beta1, config.beta2),
            eps=config.eps,
            fused=ranks.device.type == "cuda",
        )
        self._checkpoints = job.run.folder / "checkpoints"
        self._steps = total_steps(len(training.samples), config)
        self._identity = {
            "config": config.to_dict(),
            "data": training.digest(),
            "base": weights.hash_of(folder),
        }
        self.saver = Saver(
            self._checkpoints, self._module, self._optimizer, ranks, identity=self._identity, keep=config.keep
        )
        self._trackers: list[Tracker] = []
        self._note = ""

    def describe(self, rejected: Sequence[str], resumed: Resumed | None) -> None:
        """Write what this run is, and say the main things; what earlier starts wrote is kept below it."""
        config, data, run = self._config, self._training, self._job.run
        inputs = [*self._job.data, *self._job.eval_data]
        provenance = run.provenance("train", config.to_dict(), inputs)
        run.write_json(
            "train.provenance.json",
            {
                **provenance,
                "base": str(self._job.base),
                "identity": {k: v for k, v in self._identity.items() if k != "config"},
                "samples": len(data.samples),
                "held_out": len(self._held_out),
                "solve": {
                    "problems": len(self._tasks),
                    "digest": digest([[t.problem, t.gold] for t in self._tasks]),
                },
                "too_long": list(data.too_long),
                "bad_lines": list(rejected),
                "tokens": data.tokens,
                "supervised": data.targets,
                "parameters": sum(p.numel() for p in self._module.parameters()),
                "trained_parameters": sum(p.numel() for p in self._trained),
                "ranks": self._ranks.world,
                "device": str(self._ranks.device),
                "starts": _starts(run, provenance["started"], self._ranks.world, resumed),
            },
        )
        said = f"{len(data.samples):,} samples, {data.tokens:,} tokens, {data.targets:,} supervised; "
        said += f"{self._steps:,} steps"
        if data.too_long:
            said += f"; {len(data.too_long):,} longer than {config.max_length} tokens left out"
        if rejected:
            said += f"; {len(rejected):,} bad lines left out"
        if self._tasks and self._sharded:
            said += "; the accuracy is not measured, because no rank has the whole of a sharded model"
        print(said, flush=True)
        if resumed is not None:
            print(resumed.sentence(), flush=True)

    def begin(self, rejected: Sequence[str] = ()) -> Position:
        """Go back to the last checkpoint, if there is one, and write down what this run is.

        Raises:
            UserFault: If the checkpoint is of another run; nothing is written then.
            HostFault: If it cannot be read.
        """
        config, run = self._config, self._job.run
        position = Position()
        resumed = checkpoint.find(self._checkpoints, self._ranks, self._identity)
        if resumed is not None:
            checkpoint.load(resumed, self._module, self._optimizer, self._ranks)
            position = resumed.position
        if self._ranks.first:
            self.describe(rejected, resumed)
            run.keep_metrics(position.step)
            self._trackers = open_trackers(self._job.trackers, run.folder, position.step, config.to_dict())
        return position

    def run(self, stop: Stop, position: Position) -> Position:
        """From where it is to the end."""
        config, first = self._config, self._ranks.first
        progress = ProgressLine("train", self._steps, position.step, every=config.log_every) if first else None
        saved = position.step
        if not position.step:
            self._solve(position, stop)
        for position in self._steps_from(position):  # noqa: B020  # where it started is not needed any more
            step = position.step
            if progress is not None:
                progress.step(note=self._note)
            last = step >= self._steps
            if config.eval_every and step % config.eval_every == 0 and not last:
                self._evaluate(position)
            if config.solve_every and (last or step % config.solve_every == 0):
                self._solve(position, stop)
            stopping = self._ranks.any(stop.asked)
            if stopping or last or (config.save_every and step % config.save_every == 0):
                self.saver.save(position)
                saved = step
            if stopping and not last:
                self.saver.finish()
                raise Interrupted(f"Stopped at step {saved:,} of {self._steps:,}. The same command goes on from here.")
        self.saver.finish()
        return position

    def _steps_from(self, position: Position) -> Iterator[Position]:
        config, n = self._config, len(self._training.samples)
        per_epoch = math.ceil(n / config.batch_size)
        while position.step < self._steps:
            if position.batch >= per_epoch:
                position = replace(position, epoch=position.epoch + 1, batch=0)
            for chosen in batches(n, config.batch_size, config.seed, position.epoch, position.batch):
                if position.step >= self._steps:
                    return
                position = self.step([self._training.samples[i] for i in chosen], position)
                yield position

    def step(self, samples: Sequence[Sample], position: Position) -> Position:
        config, ranks = self._config, self._ranks
        began = time.perf_counter()
        rows = make_rows(samples, config.row_length, packing=config.packing, ranks=ranks.world)
        n_targets = sum(r.n_targets for r in rows)
        n_tokens = sum(map(len, rows))
        rate = learning_rate(position.step, self._steps, config)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.zero_grad(set_to_none=True)
        with self._memory(position.step + 1, max(map(len, rows))):
            total = torch.zeros((), device=ranks.device)
            mine = share(rows, ranks.world)[ranks.rank]
            for i, row in enumerate(mine, 1):
                with self._gradients(last=i == len(mine)):
                    loss = self._loss(row, learning=True) / n_targets
                    loss.backward()
                total += loss.detach()
            loss_value = ranks.sum(float(total))
            norm = self._norm()
            # Asked of all, so that no rank goes on while another ends.
            if ranks.any(not (math.isfinite(loss_value) and math.isfinite(norm))):
                self.saver.finish()
                raise self._not_finite(position.step + 1, loss_value, samples)
            self.saver.settle()
            self._optimizer.step()
        seconds = time.perf_counter() - began
        position = replace(
            position,
            step=position.step + 1,
            batch=position.batch + 1,
            targets=position.targets + n_targets,
            tokens=position.tokens + n_tokens,
            seconds=position.seconds + seconds,
        )
        self._tell(
            position,
            loss=loss_value,
            lr=rate,
            grad_norm=norm,
            samples=len(samples),
            rows=len(rows),
            tokens=n_tokens,
            supervised=n_targets,
            seconds=round(seconds, 4),
            **self._peak_memory(),
        )
        self._note = f"loss {loss_value:.4f}, {n_tokens / seconds:,.0f} tokens/s"
        return position

    def _peak_memory(self) -> dict[str, int]:
        """Bytes of the GPU's memory that were in use at most since the start."""
        device = self._ranks.device
        return {"peak_memory": torch.cuda.max_memory_allocated(device)} if device.type == "cuda" else {}

    def _gradients(self, *, last: bool) -> Any:
        """Replicas add up their gradients after the last row of a step, not after each."""
        return (
            contextlib.nullcontext()
            if last or not hasattr(self._built.forward, "no_sync")
            else self._built.forward.no_sync()
        )

    def _loss(self, row: Row, *, learning: bool = False) -> torch.Tensor:
        device = self._ranks.device
        tensors = [torch.from_numpy(x).unsqueeze(0).to(device) for x in (row.ids, row.positions, row.targets)]
        with torch.autocast(device.type, torch.bfloat16, enabled=self._built.autocast):
            loss: torch.Tensor = (self._built.forward if learning else self._module)(*tensors)
        return loss

    def _norm(self) -> float:
        limit = self._config.clip or math.inf
        norm: Any = torch.nn.utils.clip_grad_norm_(self._trained, limit)
        if hasattr(norm, "full_tensor"):
            norm = norm.full_tensor()
        return float(norm)

    def _evaluate(self, position: Position) -> float | None:
        """The held-out loss per supervised token."""
        if not self._held_out:
            return None
        self._module.eval()
        total = 0.0
        config, world = self._config, self._ranks.world
        rows = make_rows(self._held_out, config.row_length, packing=config.packing, ranks=world)
        with torch.no_grad():
            for row in share(rows, self._ranks.world)[self._ranks.rank]:
                total += float(self._loss(row))
        self._module.train()
        loss = self._ranks.sum(total) / sum(r.n_targets for r in rows)
        self._tell(position, held_out_loss=loss)
        return loss

    def _solve(self, position: Position, stop: Stop) -> None:
        """The accuracy on problems that are not trained on; replicas share them, a sharded model is not asked.

        Nothing that training depends on is touched: a run with and without it comes to the same bits.
        """
        config, ranks = self._config, self._ranks
        if not self._tasks or self._sharded:
            return
        began = time.perf_counter()
        mine = self._tasks[ranks.rank :: ranks.world]
        solved: list[Solved] | None = []
        fault = ""
        try:
            with asked_while_training(self._module.model), self._asked(len(mine)) as model:
                budget = SolveSettings(max_tokens=config.solve_max_tokens, seconds=SOLVE_SECONDS)
                solved = solve_all(mine, model, DIALECTS[config.dialect], Sandbox, budget, stopping=stop.is_set)
        except TutorError as e:
            fault = str(e)
        # One rank's trouble is every rank's, or the others would wait for it.
        faults, shares = ranks.gather(fault), ranks.gather(solved)
        everything = [s for share in shares for s in share or ()]
        fault = next((f for f in [*faults, *(s.fault for s in everything)] if f), "")
        if fault and ranks.first:
            print(f"The accuracy at step {position.step:,} is left out. {fault}", flush=True)
        if not fault and None not in shares:
            self._tell(position, **rates(everything), solve_seconds=round(time.perf_counter() - began, 1))

    def _asked(self, n: int) -> HuggingFaceModel:
        config, device = self._config, self._ranks.device
        return HuggingFaceModel(
            self._module.model,
            self._tokenizer,
            n_ctx=max(2048, config.max_length + config.solve_max_tokens),
            n_seq=max(1, min(n, 16 if device.type == "cuda" else 4)),
            name="the model in training",
            autocast=torch.bfloat16 if self._built.autocast else None,
        )

    def _tell(self, position: Position, **values: Any) -> None:
        if not self._ranks.first:
            return
        self._job.run.note(step=position.step, epoch=position.epoch, **values)
        for tracker in self._trackers:
            tracker.log(position.step, values)

    def _thriftier(self) -> str:
        """What takes less memory and still may be changed when the run goes on."""
        config = self._config
        ways = []
        if not config.gradient_checkpointing:
            ways.append("gradient_checkpointing=true")
        if config.packing and config.row_length > config.max_length:
            ways.append(f"row_tokens={config.max_length}")
        elif config.packing:
            ways.append("packing=false")
        if config.ce_chunk > 128:
            ways.append("ce_chunk=128")
        if self._ranks.world > 1 and config.parallel == "ddp" and config.method != "qlora":
            ways.append("parallel=fsdp")
        elif self._sharded and not config.offload:
            ways.append("offload=true")
        said = f"Go on with --set {' '.join(ways)}." if ways else ""
        return f"{said} A lower max_length or the method lora need a new run folder.".strip()

    def _good(self) -> str:
        newest = checkpoint.latest(self._checkpoints)
        return f"The last good checkpoint is {newest}." if newest else "There is no checkpoint yet."

    def _not_finite(self, step: int, loss: float, samples: Sequence[Sample]) -> HostFault:
        names = ", ".join(s.name for s in samples[:3])
        return HostFault(
            f"At step {step} (records {names} ...) the loss is {loss} or its gradient not finite; nothing was updated.",
            f"Lower lr, or set clip=1.0, both of which a run may go on with. {self._good()}",
        )

    @contextlib.contextmanager
    def _memory(self, step: int, longest: int) -> Iterator[None]:
        """Lack of memory as a sentence."""
        try:
            yield
        except (torch.OutOfMemoryError, MemoryError) as e:
            error: BaseException = e
        except RuntimeError as e:
            if "allocate memory" not in str(e):
                raise
            error = e
        else:
            return
        raise HostFault(
            f"Memory ran out at step {step}, with rows of {longest:,} tokens.",
            f"{self._thriftier()} {self._good()}",
        ) from error

    def finish(self, position: Position) -> None:
        """The held-out loss, and the result as a folder that the next stage and the export read."""
        loss = self._evaluate(position)
        for tracker in self._trackers:
            tracker.close()
        config, run = self._config, self._job.run
        folder = result.write(self._module, config, self._ranks, run.folder, self._folder, self._tokenizer)
        if not self._ranks.first:
            return
        summary = {"steps": position.step, "held_out_loss": loss, "seconds": round(position.seconds, 1)}
        run.write_json("result.json", {**summary, "tokens": position.tokens, "supervised": position.targets})
        held = "" if loss is None else f", held-out loss {loss:.4f}"
        print(f"{folder}: {position.step:,} steps{held}.", flush=True)


def _starts(run: Run, started: str, ranks: int, resumed: Resumed | None) -> list[dict[str, Any]]:
    """Every start of the run, this one last: where it went on from, and which settings were changed for it."""
    try:
        before = json.loads((run.folder / "train.provenance.json").read_text(encoding="utf-8"))["starts"]
    except (OSError, ValueError, KeyError, TypeError):
        before = []
    changed = {k: {"was": was, "is": now} for k, (was, now) in resumed.changed.items()} if resumed else {}
    this = {"started": started, "ranks": ranks, "step": resumed.position.step if resumed else 0, "changed": changed}
    return [*(before if resumed else []), this]


@contextlib.contextmanager
def _threads(n: int) -> Iterator[None]:
    before = torch.get_num_threads()
    if n:
        torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)
