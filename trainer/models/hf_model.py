"""A Hugging Face causal model as the solve loop's language model, so that what trains is judged by the loop that ships.

It reads prompts token for token as the engine does and keeps the ids of its own words. One thread owns the model;
sequences that are under way at once take each step together, in one forward pass over keys and values that are kept
per sequence. Nothing here draws from torch's random state: a model may be asked in the middle of a training run.

It is no server: no quantised arithmetic, no paged memory. For speed, export the model and use the engine. Alone
(``n_seq=1``) a greedy text is the same every time; beside others, the shape of the batch changes the last bits of
the logits, and a near tie may fall the other way.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any, Final

import numpy as np
import torch

from trainer.models import attention, parts
from trainer.models.kv_cache import KVCache
from trainer.models.token_bytes import TokenBytes
from trainer.models.tokenizer import SpanTokenizer
from tutor_app.adapters.engine.sampling import Generated, StopWatcher, common_prefix, draw
from tutor_app.core.dialect import Span
from tutor_app.core.errors import EngineFault
from tutor_app.core.ports import Cancel, Generation, ModelInfo, Piece, PromptProgress, Sampling, Stopped, StopReason

CHUNK: Final = 512
"""Prompt tokens of one forward pass; a cancel is answered between two of them."""
REMEMBERED: Final = 256
"""Generations whose token ids are kept."""


@dataclass
class _Job:
    """One generation under way."""

    ids: list[int]
    prefix: int  # tokens of the constant beginning
    resumed: int  # tokens up to the end of the model's own last words, or 0
    sampling: Sampling
    max_tokens: int
    watcher: StopWatcher
    cancel: Cancel
    replies: queue.SimpleQueue[Generation | EngineFault] = field(default_factory=queue.SimpleQueue)
    closed: bool = False
    rng: Any = None
    done: int = 0
    evaluated: int = 0
    count: int = 0
    reported: int = 0
    first_token: float = 0.0
    next_token: int | None = None
    generated: Generated = field(default_factory=Generated)

    @property
    def cancelled(self) -> bool:
        return self.closed or self.cancel.is_set()


@dataclass
class _Slot:
    """A sequence and the tokens whose keys and values it holds."""

    row: int
    tokens: list[int] = field(default_factory=list)
    job: _Job | None = None
    used: float = 0.0


class HuggingFaceModel:
    """A causal model of transformers, with or without adapters; a :class:`~tutor_app.core.ports.LanguageModel`.

    The model is used as it is: on its device, in its dtype. It must be in evaluation mode and left alone while texts
    are generated; :meth:`close` ends the thread and lets go of keys and values.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: SpanTokenizer,
        *,
        n_ctx: int = 2048,
        n_seq: int = 1,
        name: str = "",
        sha256: str = "",
        autocast: torch.dtype | None = None,
    ) -> None:
        """Take a model over.

        Args:
            model: A causal language model, adapters or not.
            tokenizer: Of the model.
            n_ctx: Tokens of one sequence; at most what the model was made for.
            n_seq: Sequences at once.
            name: As the user sees it.
            sha256: Of its weights, if known.
            autocast: Compute in this dtype, as training under autocast does.
        """
        self._model, self._tokenizer, self._autocast = parts.causal(model), tokenizer, autocast
        self._n_ctx = min(n_ctx, int(self._model.config.max_position_embeddings))
        self._n_seq, self._name, self._sha256 = n_seq, name or "a Hugging Face model", sha256
        self._bytes = TokenBytes(tokenizer)
        self._wake = threading.Condition()
        self._waiting: deque[_Job] = deque()
        self._slots: list[_Slot] = []
        self._kv = KVCache(n_seq, self._n_ctx)
        self._memory: deque[tuple[int, Generated]] = deque(maxlen=REMEMBERED)
        self._thread: threading.Thread | None = None
        self._ending = False

    @property
    def info(self) -> ModelInfo:
        """The model; its device is where its weights are."""
        device = self._device()
        where = f"CPU, {torch.get_num_threads()} threads"
        if device.type == "cuda":
            where = str(torch.cuda.get_device_name(device))
        engine = f"transformers {metadata.version('transformers')}"
        return ModelInfo(self._name, self._sha256, self._n_ctx, self._n_seq, where, engine)

    def load(self, cancel: Cancel | None = None) -> ModelInfo:
        """Nothing is left to do: the model is in memory already."""
        return self.info

    def close(self) -> None:
        """End the thread, and whatever is under way as cancelled; safe to call twice."""
        with self._wake:
            self._ending = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._kv = KVCache(self._n_seq, self._n_ctx)

    def __enter__(self) -> HuggingFaceModel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def tokenize(self, spans: Sequence[Span]) -> list[int]:
        """Ids of a prompt, as :meth:`generate` reads it."""
        return self._ids(spans, 0)[0]

    def generate(
        self,
        prompt: Sequence[Span],
        *,
        sampling: Sampling,
        max_tokens: int,
        stop: Sequence[str] = (),
        prefix: int = 0,
        cancel: Cancel,
    ) -> Iterator[Generation]:
        """See :meth:`tutor_app.core.ports.LanguageModel.generate`.

        Raises:
            EngineFault: If the forward pass fails, for example for lack of memory; the next call starts afresh.
        """
        if cancel.is_set():
            yield Stopped("cancelled")
            return
        job = _Job([], 0, 0, sampling, max_tokens, StopWatcher(list(stop)), cancel)
        with self._wake:
            if self._ending:
                raise EngineFault("The model was closed.", "Open it again.")
            job.ids, job.prefix, job.resumed = self._ids(prompt, prefix)
            if not job.ids:
                yield Stopped("eos")
                return
            if len(job.ids) >= self._n_ctx:
                yield Stopped("context", prompt_tokens=len(job.ids))
                return
            job.rng = np.random.Generator(np.random.PCG64([sampling.seed % 2**64, len(job.ids)]))
            self._waiting.append(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="hf-model", daemon=True)
                self._thread.start()
            self._wake.notify()
        item: Generation | EngineFault = PromptProgress(0, 0)
        try:
            while not isinstance(item, Stopped):
                item = job.replies.get()
                if isinstance(item, EngineFault):
                    raise item
                yield item
        finally:
            job.closed = True
            # Until its ids are kept: the next prompt will contain these words.
            while not isinstance(item, Stopped | EngineFault):
                item = job.replies.get()

    def drawn(self, prompt: Sequence[Span], said: str) -> tuple[list[int], list[int]]:
        """Ids of a prompt, and those drawn after it for a text; none of these if it is not remembered."""
        with self._wake:
            ids, _, _ = self._ids(prompt, 0)
            own = self._recall(hash(tuple(ids)), said)
        return ids, list(own.ids) if own is not None else []

    def scores(self, ids: Sequence[int], start: int) -> torch.Tensor:
        """Log-probabilities of the token after each of ``ids[start:]``, shape ``(len(ids) - start, n_vocab)``, nats."""
        with torch.no_grad(), self._precision():
            rows = torch.tensor([list(ids)], device=self._device())
            hidden = parts.backbone(self._model).forward(input_ids=rows, use_cache=False).last_hidden_state
            return self._logits(hidden[0, start:]).log_softmax(-1).cpu()

    # Prompts.

    def _ids(self, spans: Sequence[Span], prefix: int) -> tuple[list[int], int, int]:
        """Ids of a prompt, the length of its constant beginning, and of what it resumes; as the engine makes them."""
        ids: list[int] = []
        constant = resumed = 0
        run: list[str] = []

        def put(text: str, *, special: bool) -> None:
            if text:
                first = not ids
                if first and self._tokenizer.bos_id is not None:
                    ids.append(self._tokenizer.bos_id)
                ids.extend(self._tokenizer.encode(text, special=special, first=first))

        def flush() -> None:
            put("".join(run), special=False)
            run.clear()

        for i, span in enumerate(spans):
            if i == prefix:
                flush()
                constant = len(ids)
            if span.supervised:
                flush()
                own = self._recall(hash(tuple(ids)), span.text)
                if own is None:
                    put(span.text, special=span.special)
                    continue
                known, rest = own.upto(span.text)
                ids += known
                resumed = len(ids)
                put(rest, special=False)
            elif span.special:
                flush()
                put(span.text, special=True)
            else:
                run.append(span.text)
        flush()
        return ids, constant, resumed

    def _recall(self, key: int, text: str) -> Generated | None:
        return next((g for k, g in reversed(self._memory) if k == key and g.text.startswith(text)), None)

    # The thread.

    def _serve(self) -> None:
        self._slots = [_Slot(i) for i in range(self._n_seq)]
        while True:
            with self._wake:
                while not (self._ending or self._waiting or any(s.job for s in self._slots)):
                    self._wake.wait()
                if self._ending:
                    self._drop("cancelled")
                    return
                self._assign()
            try:
                with torch.no_grad(), self._precision():
                    self._step()
            except Exception as e:  # noqa: BLE001 - whatever fails in the library is one fault for the callers
                fault = _fault(e)
                with self._wake:
                    self._drop(fault)
                    self._kv = KVCache(self._n_seq, self._n_ctx)
                    self._slots = [_Slot(i) for i in range(self._n_seq)]

    def _drop(self, why: StopReason | EngineFault) -> None:
        jobs = [*(s.job for s in self._slots if s.job), *self._waiting]
        self._waiting.clear()
        for job in jobs:
            job.replies.put(why if isinstance(why, EngineFault) else Stopped(why, prompt_tokens=len(job.ids)))
        for slot in self._slots:
            slot.job = None

    def _assign(self) -> None:
        """Give waiting jobs a sequence, the one whose keys and values serve best."""
        for job in [j for j in self._waiting if j.cancelled]:
            self._waiting.remove(job)
            job.replies.put(Stopped("cancelled"))
        while self._waiting and (free := [s for s in self._slots if s.job is None]):
            job = self._waiting[0]
            start = job.ids[: job.prefix]
            if start and any(_is_reading(s, start) for s in self._slots):
                return  # another sequence is at the same beginning, which will serve this one too
            self._waiting.popleft()
            slot = max(free, key=lambda s: (n if (n := _reusable(s, job)) > job.prefix else 0, -s.used))
            keep = _reusable(slot, job)
            if keep < job.prefix:
                like = next((s for s in self._slots if s.tokens[: job.prefix] == start), None)
                if like is not None:
                    keep = min(job.prefix, len(job.ids) - 1)
                    self._kv.copy(like.row, slot.row, keep)
            slot.tokens = job.ids[:keep]
            slot.job, slot.used, job.done = job, time.monotonic(), keep
            job.replies.put(PromptProgress(keep, len(job.ids), 0))

    def _step(self) -> None:
        """Read a chunk of one prompt, then let every sequence that is past its prompt say a token."""
        for slot in self._slots:
            if slot.job is not None and slot.job.cancelled:
                self._finish(slot, "cancelled")
        reading = [s for s in self._slots if s.job is not None and s.job.next_token is None]
        if reading:
            slot = min(reading, key=lambda s: s.used)
            job = slot.job
            assert job is not None
            end = min(len(job.ids), job.done + CHUNK)
            if job.done < job.prefix:
                end = min(end, job.prefix)
            logits = self._forward([slot], [job.ids[job.done : end]])
            job.evaluated += end - job.done
            job.done = end
            job.replies.put(PromptProgress(end, len(job.ids), job.evaluated))
            if end == len(job.ids):
                self._advance(slot, logits[0])
        speaking = [s for s in self._slots if s.job is not None and s.job.next_token is not None]
        if speaking:
            last = [s.job.next_token for s in speaking if s.job is not None]
            logits = self._forward(speaking, [[t] for t in last if t is not None])
            for slot, row in zip(speaking, logits, strict=True):
                self._advance(slot, row)

    def _forward(self, slots: Sequence[_Slot], new: Sequence[Sequence[int]]) -> Any:
        """Logits after the last new token of each sequence, float32, shape ``(slots, n_vocab)``."""
        device = self._device()
        ids = torch.tensor(new, device=device)
        starts = torch.tensor([len(s.tokens) for s in slots], device=device)
        positions = starts[:, None] + torch.arange(ids.shape[1], device=device)
        seen = self._kv.aim([s.row for s in slots], positions)
        # Its own forward: one that is compiled for training would be compiled anew for every length.
        out = parts.backbone(self._model).forward(
            input_ids=ids,
            position_ids=positions,
            attention_mask=self._masks(seen, positions),
            past_key_values=self._kv,
            use_cache=True,
        )
        for slot, tokens in zip(slots, new, strict=True):
            slot.tokens += tokens
        return self._logits(out.last_hidden_state[:, -1]).cpu().numpy()

    def _logits(self, hidden: torch.Tensor) -> torch.Tensor:
        return parts.finished(self._model, parts.head(self._model)(hidden).float())

    def _masks(self, seen: torch.Tensor, positions: torch.Tensor) -> Any:
        found = parts.seen_by(self._model, seen, positions)
        if isinstance(found, dict):
            return {kind: self._mask(mask) for kind, mask in found.items()}
        return self._mask(found)

    def _mask(self, seen: torch.Tensor) -> torch.Tensor:
        if self._model.config._attn_implementation in ("sdpa", attention.NAME):
            return seen
        dtype = self._autocast or next(self._model.parameters()).dtype
        return torch.zeros(seen.shape, dtype=dtype, device=seen.device).masked_fill(~seen, torch.finfo(dtype).min)

    def _advance(self, slot: _Slot, logits: Any) -> None:
        """Draw a sequence's next token and say what it completes."""
        job = slot.job
        assert job is not None
        token = draw(logits, job.sampling.temperature, job.sampling.top_p, job.rng)
        job.count += 1
        job.first_token = job.first_token or time.monotonic()
        if token in self._bytes.ends:
            self._finish(slot, "eos")
            return
        self._say(job, job.watcher.feed(job.generated.add(token, self._bytes[token])))
        if job.watcher.found:
            self._finish(slot, "stop")
        elif job.count >= job.max_tokens:
            self._finish(slot, "length")
        elif len(slot.tokens) + 1 >= self._n_ctx:
            self._finish(slot, "context")
        else:
            job.next_token = token

    def _say(self, job: _Job, text: str) -> None:
        # A token without visible text still counts: tokens are reported with the next text.
        if text:
            job.replies.put(Piece(text, job.count - job.reported))
            job.reported = job.count

    def _finish(self, slot: _Slot, reason: StopReason) -> None:
        job = slot.job
        assert job is not None
        if reason != "stop":
            last = "" if reason == "cancelled" else job.generated.end()
            self._say(job, job.watcher.feed(last) + job.watcher.flush())
        with self._wake:
            if job.generated.ids:
                self._memory.append((hash(tuple(job.ids)), job.generated))
        slot.job, slot.used = None, time.monotonic()
        job.replies.put(
            Stopped(
                reason,
                stop=job.watcher.found,
                prompt_tokens=len(job.ids),
                evaluated_tokens=job.evaluated,
                generated_tokens=job.count,
                decode_seconds=time.monotonic() - job.first_token if job.first_token else 0.0,
            )
        )

    def _device(self) -> torch.device:
        device: torch.device = next(self._model.parameters()).device
        return device

    def _precision(self) -> Any:
        return torch.autocast(self._device().type, self._autocast, enabled=self._autocast is not None)


@contextlib.contextmanager
def asked_while_training(model: Any) -> Iterator[None]:
    """Evaluation mode, with an attention that takes any mask; afterwards everything is as it was."""
    inner = parts.causal(model)
    trained_with = inner.config._attn_implementation
    training = [m for m in model.modules() if m.training]
    model.eval()
    if trained_with not in ("sdpa", "eager"):
        inner.set_attn_implementation("sdpa")
    try:
        yield
    finally:
        if trained_with not in ("sdpa", "eager"):
            inner.set_attn_implementation(trained_with)
        for module in training:
            module.training = True


def _reusable(slot: _Slot, job: _Job) -> int:
    """How many tokens of the job's prompt the sequence holds, at the cuts where a text with and without is the same."""
    shared = common_prefix(slot.tokens, job.ids)
    allowed = job.prefix if shared >= job.prefix else 0
    if shared >= job.resumed - 1 > 0:
        allowed = min(shared, job.resumed)
    return min(allowed, len(job.ids) - 1)


def _is_reading(slot: _Slot, start: list[int]) -> bool:
    """Whether a sequence is under way through this very beginning."""
    job = slot.job
    return job is not None and job.done < job.prefix and job.ids[: job.prefix] == start


def _fault(error: Exception) -> EngineFault:
    if isinstance(error, torch.OutOfMemoryError | MemoryError) or "allocate memory" in str(error):
        return EngineFault("There is not enough memory to go on with the text.", "Ask fewer problems at once.")
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return EngineFault(f"The model failed: {first}", "See that the model's folder is sound.")
