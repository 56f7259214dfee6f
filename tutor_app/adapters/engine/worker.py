"""The model process: owns llama.cpp and one context of several sequences; speaks length-prefixed JSON.

Run by path as a child of :mod:`tutor_app.adapters.engine.client`; imports llama_cpp and numpy, of this program only
its neighbours and :mod:`tutor_app.adapters.wire`, and nothing of Qt. It decides nothing about solutions, it continues
texts.

Requests: ``load``, ``check``, ``generate``, ``cancel``, ``tokenize``, ``quit``. Answers: ``loading``, ``loaded``,
``checked``, ``progress``, ``piece``, ``stopped``, ``not_finite``, ``tokens``, ``error``.

What is kept between requests:

- The token ids of what was generated. A prompt that contains the model's own words again gets those very ids
  back, not a new tokenisation, so its keys and values in the cache stay good and only new text is evaluated.
- The state of the constant beginning of prompts, in memory and, if a folder is given, on disk; so neither the
  second question nor the next launch pays for it. A beginning is always evaluated up to its end before
  anything else, so that a kept state and a computed one continue to the same numbers.

Every prompt is evaluated in chunks cut at the same places whether or not part of it was kept: what is reused
beyond the constant beginning is only what this conversation itself evaluated. Greedy text is therefore the same
with and without the caches.

It is also the same whatever else is generated meanwhile, unless ``batched`` is asked for. llama.cpp takes other
kernels for other shapes of a batch, which round differently: on a CPU, weights are multiplied by four rows at a time
where there are four, else by one. So the sequences take turns, each in a batch of its own, of the shape it would have
alone. ``batched`` puts the next tokens of all into one batch: more tokens per second, and now and then another word.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import queue
import sys
import threading
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, NoReturn

if not __package__:  # run by its path: the package is looked for there, for the imports below alone
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tutor_app.adapters.engine.llama import LlamaModel, LoadError, check_file
from tutor_app.adapters.engine.prefix_states import PrefixStates
from tutor_app.adapters.engine.processor import take, would_take
from tutor_app.adapters.engine.proof import WrongText
from tutor_app.adapters.engine.sampling import Generated, Remembered, StopWatcher, common_prefix, draw
from tutor_app.adapters.wire import read_message, take_output, write_message

if not __package__:
    del sys.path[0]

REMEMBERED_GENERATIONS: Final = 256
LOG_LINES: Final = 200
DEBUG: Final = 1
"""A level of llama.cpp's log."""
KEPT_SINCE: Final = "2"
"""Raised when what was kept on disk before may be wrong."""


@dataclass
class Slot:
    """One sequence of the context and what its cache holds."""

    seq: int
    tokens: list[int] = field(default_factory=list)
    job: Job | None = None
    used: float = 0.0
    awaited: bool = False  # it was stopped, as where a block of code has closed: more of it may be asked for soon
    turn: int = 0  # when it was last evaluated, in steps


@dataclass
class Job:
    """One generation under way."""

    id: int
    ids: list[int]
    prefix: int  # tokens of the constant beginning
    resumed: int  # tokens up to the end of the model's own last words, or 0
    max_tokens: int
    temperature: float
    top_p: float
    rng: Any
    watcher: StopWatcher
    memory_key: int
    done: int = 0
    evaluated: int = 0
    generated: Generated = field(default_factory=Generated)
    count: int = 0
    reported: int = 0
    first_token: float = 0.0
    next_token: int | None = None


def log_line(log: list[str], level: int, text: bytes) -> str:
    """Keep a line of llama.cpp's log, of which the last ones stay; returns it, or nothing if it is not kept."""
    if level == DEBUG:  # a line for each tensor, behind which nothing else would be found
        return ""
    log.append(text.decode("utf-8", "replace").rstrip("\n"))
    del log[:-LOG_LINES]
    return log[-1]


class EngineWorker:
    """Serves requests until the stream ends: one loop, no locks, llama.cpp called from this thread only."""

    def __init__(self, incoming: IO[bytes], outgoing: IO[bytes]) -> None:
        self._in, self._out = incoming, outgoing
        self._requests: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._waiting: list[dict[str, Any]] = []
        self._slots: list[Slot] = []
        self._model: LlamaModel | None = None
        self._states = PrefixStates("", "", 0)
        self._batched = False
        self._steps = 0
        self._memory = Remembered(REMEMBERED_GENERATIONS)
        self._log: list[str] = []

    def run(self) -> None:
        """Serve until ``quit`` or the end of the stream."""
        threading.Thread(target=self._read, name="engine-reader", daemon=True).start()
        while True:
            busy = any(s.job for s in self._slots) or (self._waiting and any(not s.job for s in self._slots))
            try:
                while True:
                    request = self._requests.get(block=not busy)
                    if request is None or request["op"] == "quit":
                        return
                    self._serve(request)
                    busy = True
            except queue.Empty:
                pass
            self._assign()
            self._step()

    def _read(self) -> None:
        while True:
            message = read_message(self._in)
            self._requests.put(message)
            if message is None:
                return

    def _send(self, **message: Any) -> None:
        write_message(self._out, message)

    def _serve(self, request: dict[str, Any]) -> None:
        match request["op"]:
            case "load":
                self._load(request)
            case "check":
                self._check(request)
            case "generate":
                self._waiting.append(request)
            case "cancel":
                self._cancel(request["id"])
            case "tokenize":
                ids, _, _, _ = self._ids(request["spans"], 0)
                self._send(op="tokens", id=request["id"], ids=ids)

    def _check(self, request: dict[str, Any]) -> None:
        self._keep_log()
        try:
            check_file(request["path"], self._log)
        except LoadError as e:
            self._send(op="error", kind="load", message=str(e))
        else:
            self._send(op="checked")

    def _keep_log(self) -> None:
        from llama_cpp import llama_cpp as low

        @low.llama_log_callback  # type: ignore[untyped-decorator]
        def on_log(level: int, text: bytes, _: Any) -> None:
            if line := log_line(self._log, level, text):
                sys.stderr.write(line + "\n")

        self._on_log = on_log
        low.llama_log_set(on_log, ctypes.c_void_p(0))

    def _load(self, request: dict[str, Any]) -> None:
        self._keep_log()
        shown = -1.0

        def progress(fraction: float) -> None:
            nonlocal shown
            if fraction - shown >= 0.05:
                shown = fraction
                self._send(op="loading", fraction=round(fraction, 3))

        try:
            refused = request.get("refused", ())
            variant = would_take(refused)
            if variant:  # said before it is loaded: if this process dies, it is known of what
                self._send(op="loading", fraction=0.0, variant=variant)
            take(refused)
            self._model = model = LlamaModel({**request, "variant": variant}, self._log, progress)
            if variant not in ("", *request.get("proved", ())):
                model.prove()
        except LoadError as e:
            self._send(op="error", kind="load", message=str(e))
            return
        except WrongText as e:
            self._send(op="error", kind="processor", message=str(e))
            return
        self._slots = [Slot(i) for i in range(model.n_seq)]
        self._batched = bool(request["batched"])
        identity = "|".join(
            [
                request["identity"],
                str(model.n_ctx),
                request["kv_type"],
                str(model.fused),
                model.version,
                model.device,
                str(model.chunk),
                str(self._batched),  # the others of a batch change the last bits of what is kept
                KEPT_SINCE,
            ]
        )
        self._states = PrefixStates(request["cache_folder"], identity, int(request["cache_limit"]))
        self._send(
            op="loaded",
            n_ctx=model.n_ctx,
            n_seq=model.n_seq,
            device=model.device,
            version=model.version,
            pid=os.getpid(),
        )

    def _cancel(self, job_id: int) -> None:
        for request in self._waiting:
            if request["id"] == job_id:
                self._waiting.remove(request)
                self._send(op="stopped", id=job_id, reason="cancelled")
                return
        for slot in self._slots:
            if slot.job is not None and slot.job.id == job_id:
                self._finish(slot, "cancelled")

    # A prompt's token ids, and where its parts end.

    def _ids(self, spans: list[list[Any]], prefix: int) -> tuple[list[int], int, int, int]:
        """Ids of a prompt, the length of its constant beginning, of what it resumes, and its memory key."""
        model = self._loaded()
        ids: list[int] = []
        constant = resumed = 0
        run: list[bytes] = []  # unsupervised plain text is tokenised as a whole, as in training
        for i, (text, supervised, special) in enumerate(spans):
            if i == prefix:
                ids += self._flush(run, ids)
                constant = len(ids)
            data = text.encode("utf-8", "replace")
            if supervised:
                ids += self._flush(run, ids)
                resumed = self._add_words(ids, run, text, special=bool(special)) or resumed
            elif special:
                ids += self._flush(run, ids)
                ids += model.tokenize(data, special=True, first=not ids)
            else:
                run.append(data)
        ids += self._flush(run, ids)
        return ids, constant, resumed, hash(tuple(ids))

    def _add_words(self, ids: list[int], run: list[bytes], text: str, *, special: bool) -> int:
        """Add words of the model to a prompt's ids: those that were drawn, where the words are remembered.

        Words that are told again have with them what was put there when they had ended: the fence of an output, or what
        a solution was made to go on with. That is tokenised as it was then, with the text around it.

        Args:
            ids: Of all that stands before.
            run: Takes plain text that is to be tokenised with what follows.
            text: The words.
            special: Whether control tokens in words that are not remembered are meant as such.

        Returns:
            The length of ``ids`` with the last words that are remembered; 0 if none are.
        """
        model = self._loaded()
        resumed = 0
        while memory := self._memory.recall(ids, text):
            own, rest = memory.upto(text)
            ids += own
            resumed = len(ids)
            if len(memory.text) >= len(text):
                ids += self._plain(rest)
                return resumed
            between = self._memory.put_between(ids, rest, self._plain)
            if not between:
                run.append(rest.encode("utf-8", "replace"))
                return resumed
            ids += between[1]
            text = rest[between[0] :]
        ids += model.tokenize(text.encode("utf-8", "replace"), special=special, first=not ids)
        return resumed

    def _plain(self, text: str) -> list[int]:
        """Ids of plain text that follows something."""
        return self._loaded().tokenize(text.encode("utf-8", "replace"), special=False, first=False)

    def _flush(self, run: list[bytes], ids: list[int]) -> list[int]:
        data = b"".join(run)
        run.clear()
        return self._loaded().tokenize(data, special=False, first=not ids)

    def _assign(self) -> None:
        """Give waiting requests a sequence, the one whose cache serves best."""
        import numpy as np

        while self._waiting:
            free = [s for s in self._slots if s.job is None]
            if not free:
                return
            request = self._waiting[0]
            model = self._loaded()
            ids, prefix, resumed, key = self._ids(request["spans"], int(request["prefix"]))
            if self._being_read(ids[:prefix]) or (self._batched and self._being_asked(ids)):
                return  # another sequence is reading the same text: what it has read will serve this one too
            del self._waiting[0]
            if not ids:
                self._send(op="stopped", id=request["id"], reason="eos")
                continue
            if len(ids) >= model.n_ctx:
                self._send(op="stopped", id=request["id"], reason="context", prompt_tokens=len(ids))
                continue
            sampling = request["sampling"]
            job = Job(
                id=request["id"],
                ids=ids,
                prefix=prefix,
                resumed=resumed,
                max_tokens=int(request["max_tokens"]),
                temperature=float(sampling["temperature"]),
                top_p=float(sampling["top_p"]),
                rng=np.random.Generator(np.random.PCG64([int(sampling["seed"]) % 2**64, len(ids)])),
                watcher=StopWatcher(list(request["stop"])),
                memory_key=key,
            )
            # The constant beginning is quickly put anywhere, so it is no reason to overwrite another
            # solution's words while a sequence that nobody needs is free, least of all of one that goes on in a moment.
            own = {s.seq: n if (n := self._reusable(s, job)) > job.prefix else 0 for s in free}
            slot = max(free, key=lambda s: (own[s.seq], not s.awaited, -s.used))
            self._start(slot, job)

    def _being_read(self, constant: list[int]) -> bool:
        """Whether a sequence is under way through this very constant beginning."""
        return bool(constant) and any(
            s.job.done < s.job.prefix and s.job.ids[: s.job.prefix] == constant
            for s in self._slots
            if s.job is not None
        )

    def _being_asked(self, ids: list[int]) -> bool:
        """Whether a sequence is under way through this very prompt."""
        return any(s.job.done < len(ids) - 1 and s.job.ids == ids for s in self._slots if s.job is not None)

    def _read_elsewhere(self, slot: Slot, job: Job) -> tuple[Slot, int]:
        """The other sequence that has read the most of this prompt, and how much that is.

        Only where sequences are evaluated together: what is taken over was not cut where this one would be.
        """
        if not self._batched:
            return slot, 0
        shared = {s.seq: min(common_prefix(s.tokens, job.ids), len(job.ids) - 1) for s in self._slots if s is not slot}
        source = max(self._slots, key=lambda s: shared.get(s.seq, 0))
        return source, shared.get(source.seq, 0)

    def _reusable(self, slot: Slot, job: Job) -> int:
        """How many leading tokens of the job's prompt the slot's cache can serve, at the cuts allowed."""
        shared = common_prefix(slot.tokens, job.ids)
        # The very last token that was drawn may not have been evaluated any more.
        if shared >= job.resumed - 1 > 0:
            allowed = min(shared, job.resumed)
        else:
            allowed = job.prefix if shared >= job.prefix else 0
        return min(allowed, len(job.ids) - 1)

    def _start(self, slot: Slot, job: Job) -> None:
        model = self._loaded()
        keep = self._reusable(slot, job)
        source, shared = self._read_elsewhere(slot, job)
        if max(keep, shared) < job.prefix:
            constant = job.ids[: job.prefix]
            state = self._states.get(constant)
            if state is not None:
                model.forget(slot.seq, 0)
                slot.tokens = []
                if model.restore(slot.seq, state):
                    slot.tokens = list(constant)
                    keep = min(job.prefix, len(job.ids) - 1)
                else:
                    self._states.drop(constant)
                    keep = 0
        if shared > keep:
            model.copy(source.seq, slot.seq)
            slot.tokens, keep = list(source.tokens), shared
        if len(slot.tokens) > keep:
            keep = model.forget(slot.seq, keep)
            del slot.tokens[keep:]
        job.done = keep
        slot.job, slot.used = job, time.monotonic()
        self._send(op="progress", id=job.id, done=keep, total=len(job.ids), evaluated=0)

    def _step(self) -> None:
        """Evaluate one batch: a token or a chunk of the prompt of one sequence, or, if ``batched``, of all of them.

        A few that only write take turns all the same, where they are sooner done one by one than together.
        """
        active = [s for s in self._slots if s.job is not None]
        if not active:
            return
        self._steps += 1
        model = self._loaded()
        few = len(active) < model.together and all(s.job is not None and s.job.next_token is not None for s in active)
        if few or not self._batched:
            active = [min(active, key=lambda s: s.turn)]
            active[0].turn = self._steps
        rows: list[tuple[int, int, int, bool]] = []
        ready: list[tuple[Slot, int]] = []
        read: list[tuple[Slot, int]] = []
        room = model.chunk
        for slot in active:
            job = slot.job
            assert job is not None
            if job.next_token is not None:
                ready.append((slot, len(rows)))
                rows.append((job.next_token, len(slot.tokens), slot.seq, True))
                slot.tokens.append(job.next_token)
                continue
            n = min(room, len(job.ids) - job.done)
            if job.done < job.prefix:
                n = min(n, job.prefix - job.done)
            if n <= 0:
                continue
            room -= n
            for i in range(job.done, job.done + n):
                rows.append((job.ids[i], i, slot.seq, i == len(job.ids) - 1))
            slot.tokens += job.ids[job.done : job.done + n]
            job.done += n
            job.evaluated += n
            read.append((slot, n))
            if job.done == len(job.ids):
                ready.append((slot, len(rows) - 1))
        model.decode(rows)
        for slot, _ in read:
            job = slot.job
            assert job is not None
            if job.done == job.prefix:
                self._states.put(job.ids[: job.prefix], model.state(slot.seq))
            self._send(op="progress", id=job.id, done=job.done, total=len(job.ids), evaluated=job.evaluated)
        for slot, row in ready:
            self._advance(slot, model, row)

    def _advance(self, slot: Slot, model: LlamaModel, row: int) -> None:
        """Draw a sequence's next token and send what it says."""
        job = slot.job
        assert job is not None
        logits = model.logits(row)
        # The greatest is NaN if any is, and infinite if one has overflowed or none is left; masked ones may be -inf.
        if not math.isfinite(logits.max()):
            self._give_up(slot, model)
            return
        token = draw(logits, job.temperature, job.top_p, job.rng)
        job.count += 1
        job.first_token = job.first_token or time.monotonic()
        if model.ends(token):
            self._finish(slot, "eos")
            return
        self._piece(job, job.watcher.feed(job.generated.add(token, model.piece(token))))
        if job.watcher.found:
            self._finish(slot, "stop")
        elif job.count >= job.max_tokens:
            self._finish(slot, "length")
        elif len(slot.tokens) + 1 >= model.n_ctx:
            self._finish(slot, "context")
        else:
            job.next_token = token

    def _give_up(self, slot: Slot, model: LlamaModel) -> None:
        """End a generation whose logits mean nothing, and keep nothing that was computed for it."""
        job = slot.job
        assert job is not None
        self._states.drop(job.ids[: job.prefix])
        model.forget(slot.seq, 0)
        slot.job, slot.used, slot.awaited, slot.tokens = None, time.monotonic(), False, []
        self._send(op="not_finite", id=job.id)

    def _piece(self, job: Job, text: str) -> None:
        # A token without visible text still counts: tokens are reported with the next text.
        if text:
            self._send(op="piece", id=job.id, text=text, tokens=job.count - job.reported)
            job.reported = job.count

    def _finish(self, slot: Slot, reason: str) -> None:
        job = slot.job
        assert job is not None
        if reason != "stop":
            last = "" if reason == "cancelled" else job.generated.end()
            self._piece(job, job.watcher.feed(last) + job.watcher.flush())
        if job.generated.ids:
            self._memory.add(job.memory_key, job.generated)
        slot.job, slot.used, slot.awaited = None, time.monotonic(), reason in ("stop", "cancelled")
        self._send(
            op="stopped",
            id=job.id,
            reason=reason,
            stop=job.watcher.found,
            prompt_tokens=len(job.ids),
            evaluated_tokens=job.evaluated,
            generated_tokens=job.count,
            decode_seconds=time.monotonic() - job.first_token if job.first_token else 0.0,
        )

    def _loaded(self) -> LlamaModel:
        if self._model is None:
            raise RuntimeError("no model is loaded")
        return self._model


def main() -> NoReturn:
    """Serve on standard input and output; anything llama.cpp prints goes to standard error."""
    outgoing = take_output()
    code = 0
    try:
        with contextlib.suppress(BrokenPipeError):
            EngineWorker(sys.stdin.buffer, outgoing).run()
    except Exception:  # noqa: BLE001 - the interpreter's own exit would abort, as the reading thread holds its stream
        traceback.print_exc()
        code = 1
    # llama.cpp's own teardown at interpreter exit can hang on some GPU drivers; the system frees everything.
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
