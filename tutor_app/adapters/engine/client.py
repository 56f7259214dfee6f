"""The model in a child process: starts it, speaks to it, and says in one sentence what happened when it dies.

llama.cpp can abort, run out of memory or meet an illegal instruction; here that costs one solution's remaining
text, never the program. The process is started on first use and again after a death. This module knows nothing
of prompts or solutions: it implements :class:`tutor_app.core.ports.LanguageModel`.
"""

from __future__ import annotations

import itertools
import queue
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tutor_app.adapters import child
from tutor_app.adapters.child import Child
from tutor_app.adapters.engine import processor
from tutor_app.adapters.engine.exit_codes import ILLEGAL_INSTRUCTION, explain_end, rebuild
from tutor_app.adapters.engine.hardware import gpu_backends, physical_cores
from tutor_app.adapters.engine.proving import card_works
from tutor_app.adapters.files import require_answer
from tutor_app.core.dialect import Span
from tutor_app.core.errors import EngineFault, ModelFileFault
from tutor_app.core.ports import Cancel, Generation, ModelInfo, Piece, PromptProgress, Sampling, Stopped
from tutor_app.resources import reinstall

POLL_SECONDS: Final = 0.03
LOAD_POLL_SECONDS: Final = 0.05
HUNG_SECONDS: Final = 3.0
"""How long a process that was told to stop may be silent. It answers between two batches; one that does not is
replaced, because loading the model again is better than a Stop that has no effect."""
STOP_SECONDS: Final = 4.5
"""After which a stopped generation ends for its caller, even if the process is merely slow."""
WAITING: Final = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "1000"}
"""How llama.cpp's OpenMP threads wait for each other. By default they spin, and with other programs busy on the cores
decoding becomes three to twenty times slower; sleeping at once halves the speed of an idle machine. A short spin and
then sleep comes near the better of the two in both cases (`make bench` has the numbers)."""
CHECK_SECONDS: Final = 60.0
"""For reading a vocabulary, which takes a third of a second from a disk that is not busy."""
_TOO_NEW: Final = re.compile(r"unknown (?:model architecture|pre-tokenizer|tokenizer)", re.IGNORECASE)
NOT_FINITE: Final = (
    "The model's numbers are not finite: its file is damaged or does not run on this computer.",
    "Verify it with `tutor models verify`, set GPU layers to 0 in Settings, or choose another model.",
)
GPU_STEPS: Final = (24, 12, 6, 0)
"""Layers on the graphics card to try, one after the other, when all of them (-1) do not fit."""
CACHE_LIMIT: Final = 512 * 2**20
"""Bytes of kept prompt states on disk, over all models."""


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How a model is run.

    Attributes:
        n_ctx: Context of one sequence, in tokens.
        n_seq: Solutions generated at once.
        batched: Whether those are evaluated together: more tokens per second in all, but then the last bits of the
            logits, and now and then a word, depend on what else is being generated. Otherwise they take turns, and
            every text is what it would be alone.
        threads: 0 means one per physical core.
        gpu_layers: -1 means as many as fit.
        kv_type: ``f16``, ``q8_0`` or ``f32``.
        cache_folder: Where the states of constant prompt beginnings are kept; None keeps none on disk.
        load_timeout: Seconds without any sign of life while loading.
    """

    n_ctx: int = 4096
    n_seq: int = 1
    batched: bool = False
    threads: int = 0
    gpu_layers: int = -1
    kv_type: str = "f16"
    cache_folder: Path | None = None
    load_timeout: float = 300.0


def worker_command() -> list[str]:
    """The command that starts the model process."""
    return child.worker_command("--engine-worker", Path(__file__).with_name("worker.py"))


def _start(*, card: bool = False) -> Child:
    try:
        return Child(worker_command(), "engine", WAITING if card else WAITING | processor.WITHOUT_CARD)
    except OSError as e:
        what = e.strerror or str(e)
        raise EngineFault(f"The model process cannot be started: {what}.", reinstall()) from None


def _check_file(path: Path) -> None:
    try:
        require_answer(path)
        with path.open("rb") as f:
            magic = f.read(4)
    except FileNotFoundError:
        raise ModelFileFault(f"The model file {path} is gone.", "Choose another model or download it again.") from None
    except OSError as e:
        raise ModelFileFault(f"The model file {path} cannot be read: {e.strerror}.") from None
    if magic != b"GGUF":
        raise ModelFileFault(f"{path.name} is not a GGUF model file.", "Choose another model.")


def _refused(path: Path, why: str) -> ModelFileFault:
    """The fault for a file that llama.cpp does not take, of which it says ``why``."""
    if _TOO_NEW.search(why):
        return ModelFileFault(
            f"{path.name} is of a kind that this version of llama.cpp does not know ({why}).",
            "Update the program, or choose another model.",
        )
    return ModelFileFault(
        f"{path.name} could not be loaded: {why}.",
        "Verify it with `tutor models verify`, or choose another model or a smaller context.",
    )


def check_model(path: Path) -> None:
    """Ask llama.cpp, in a process of its own, whether it knows this kind of model; its weights are not read.

    An engine that does not start or does not answer is no fault of the file: using the model will say so.

    Raises:
        ModelFileFault: If llama.cpp refuses the file.
    """
    try:
        worker = _start()
    except EngineFault:
        return
    try:
        inbox = worker.open(0)
        worker.send(op="check", path=str(path))
        message = inbox.get(timeout=CHECK_SECONDS)
    except queue.Empty:
        return
    finally:
        worker.end()
    if message["op"] == "error":
        raise _refused(path, message["message"])


class _LoadCancelled(EngineFault):
    """Loading was stopped by whoever asked for it."""


class Engine:
    """A :class:`~tutor_app.core.ports.LanguageModel` on a GGUF file.

    Several threads may generate at once; up to ``n_seq`` of them advance together, in turns or in one batch.
    """

    def __init__(
        self,
        path: Path,
        options: EngineOptions | None = None,
        *,
        name: str = "",
        sha256: str = "",
        adapter: Path | None = None,
    ) -> None:
        """Nothing is started yet.

        Args:
            path: The GGUF file.
            options: How to run it.
            name: For the user; the file's name by default.
            sha256: Of the file (of the adapter, if there is one), for provenance and to recognise kept prompt
                states; by default a model's path, size and date are used.
            adapter: A LoRA adapter in a GGUF file, used over the model.
        """
        self._path, self._options = path, options or EngineOptions()
        self._adapter = adapter
        self._name, self._sha256 = name or (adapter or path).stem, sha256
        self._lock = threading.Lock()
        self._worker: Child | None = None
        self._ids = itertools.count(1)
        self._info = ModelInfo(self._name, sha256, self._options.n_ctx, self._options.n_seq)
        self._gpu_layers = self._options.gpu_layers
        self._closes = 0
        folder = self._options.cache_folder
        self._processor = processor.Memory(folder / processor.FILE if folder is not None else None)
        self._variant = ""

    @property
    def info(self) -> ModelInfo:
        """The model; its device is known once it is loaded."""
        return self._info

    @property
    def pid(self) -> int | None:
        """The process id of the model process, if it runs."""
        worker = self._worker
        return worker.pid if worker is not None and worker.alive else None

    def load(self, cancel: Cancel | None = None) -> ModelInfo:
        """Start the process and load the model, unless that has happened.

        Raises:
            ModelFileFault: If the file is missing, unreadable or no model llama.cpp knows.
            EngineFault: If the process cannot start, dies, or the loading was cancelled.
        """
        self._ready(cancel)
        return self._info

    def close(self) -> None:
        """End the process; safe to call twice. A later call of :meth:`generate` starts it again."""
        self._closes += 1  # a load under way sees this and lets go of the lock
        with self._lock:
            if self._worker is not None:
                self._worker.end()
                self._worker = None

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
        """See :meth:`tutor_app.core.ports.LanguageModel.generate`."""
        try:
            if cancel.is_set():
                raise _LoadCancelled("Cancelled before it began.")
            worker = self._ready(cancel)
        except _LoadCancelled:
            if not cancel.is_set():
                raise
            yield Stopped("cancelled")
            return
        job = next(self._ids)
        inbox = worker.open(job)
        finished = False
        tally = _Tally()
        try:
            worker.send(
                op="generate",
                id=job,
                spans=[[s.text, s.supervised, s.special] for s in prompt],
                sampling=asdict(sampling),
                max_tokens=max_tokens,
                stop=list(stop),
                prefix=prefix,
            )
            cancelled = 0.0  # when, by the monotonic clock
            while not finished:
                if not cancelled and cancel.is_set():
                    cancelled = time.monotonic()
                    worker.send(op="cancel", id=job)
                try:
                    message = inbox.get(timeout=POLL_SECONDS)
                except queue.Empty:
                    if cancelled and _waited_long_enough(worker, cancelled):
                        finished = True
                        yield tally.stopped()
                    continue
                match message["op"]:
                    case "progress":
                        yield PromptProgress(message["done"], message["total"], message["evaluated"])
                    case "piece":
                        tally.count(message["tokens"])
                        yield Piece(message["text"], message["tokens"])
                    case "stopped":
                        finished = True
                        yield Stopped(**{k: v for k, v in message.items() if k not in ("op", "id")})
                    case "not_finite":
                        finished = True
                        raise EngineFault(*NOT_FINITE)
                    case child.DIED:
                        finished = True
                        if cancelled:  # another generation found it hung, or it died of what it was doing
                            yield tally.stopped()
                            return
                        raise self._death(worker)
        finally:
            worker.close(job)
            if not finished and worker.alive:
                worker.send(op="cancel", id=job)

    def tokenize(self, spans: Sequence[Span]) -> list[int]:
        """Token ids of a text, exactly as :meth:`generate` would read it.

        Raises:
            EngineFault: If the engine cannot start or dies.
        """
        worker = self._ready(None)
        job = next(self._ids)
        inbox = worker.open(job)
        try:
            worker.send(op="tokenize", id=job, spans=[[s.text, s.supervised, s.special] for s in spans])
            message = inbox.get()
            if message["op"] == child.DIED:
                raise self._death(worker)
            ids: list[int] = message["ids"]
            return ids
        finally:
            worker.close(job)

    def _ready(self, cancel: Cancel | None) -> Child:
        closes = self._closes

        def is_cancelled() -> bool:
            return self._closes != closes or (cancel is not None and cancel.is_set())

        # Somebody else's load may take minutes; a cancel or a close is answered meanwhile.
        while not self._lock.acquire(timeout=LOAD_POLL_SECONDS):
            if is_cancelled():
                raise _LoadCancelled("Loading the model was stopped.")
        try:
            if self._worker is not None:
                if self._worker.alive:
                    return self._worker
                self._worker.end()
                self._worker = None
            for path in (self._path, self._adapter):
                if path is not None:
                    _check_file(path)
            tried: set[str] = set()
            while True:
                if self._gpu_layers and gpu_backends() and not card_works(self._processor, is_cancelled):
                    self._gpu_layers = 0
                worker = _start(card=bool(self._gpu_layers))
                try:
                    self._load(worker, is_cancelled)
                except EngineFault:
                    refused = processor.one_of_several(self._variant) and self._processor.refuses(self._variant)
                    worker.end()
                    if refused and self._variant not in tried and not is_cancelled():
                        tried.add(self._variant)  # the next slower library
                        continue
                    # Too many layers for the graphics memory is the commonest reason: step down, at last to none.
                    if self._gpu_layers == 0 or is_cancelled() or not gpu_backends():
                        raise
                    self._gpu_layers = next(n for n in GPU_STEPS if n < self._gpu_layers or self._gpu_layers < 0)
                    continue
                except BaseException:
                    worker.end()
                    raise
                self._worker = worker
                return worker
        finally:
            self._lock.release()

    def _load(self, worker: Child, is_cancelled: Callable[[], bool]) -> None:
        o = self._options
        inbox = worker.open(0)
        worker.send(
            op="load",
            path=str(self._path),
            adapter=str(self._adapter or ""),
            identity=self._identity(),
            n_ctx=o.n_ctx,
            n_seq=o.n_seq,
            batched=o.batched,
            threads=o.threads or physical_cores(),
            gpu_layers=self._gpu_layers,
            refused=list(self._processor.known.refused),
            proved=list(self._processor.known.proved),
            kv_type=o.kv_type,
            cache_folder=str(o.cache_folder or ""),
            cache_limit=CACHE_LIMIT,
        )
        waited = 0.0
        while True:
            if is_cancelled():
                raise _LoadCancelled("Loading the model was stopped.")
            try:
                message = inbox.get(timeout=LOAD_POLL_SECONDS)
            except queue.Empty:
                waited += LOAD_POLL_SECONDS
                if waited > o.load_timeout:
                    raise EngineFault(
                        f"The model did not load within {o.load_timeout:.0f} seconds.",
                        "Choose a smaller model, or look whether the disk is very busy.",
                    ) from None
                continue
            waited = 0.0
            match message["op"]:
                case "loading":  # a sign of life, and at first what will compute
                    self._variant = message.get("variant", self._variant)
                case "error" if message["kind"] == "processor":
                    self._processor.refuse(self._variant)
                    raise EngineFault(f"The model engine does not run here: {message['message']}.", rebuild())
                case "error":
                    raise _refused(self._path, message["message"])
                case child.DIED:
                    raise self._death(worker)
                case "loaded":
                    worker.close(0)
                    self._processor.prove(self._variant)
                    self._info = ModelInfo(
                        name=self._name,
                        sha256=self._sha256,
                        n_ctx=message["n_ctx"],
                        n_seq=message["n_seq"],
                        device=message["device"],
                        engine=f"llama-cpp-python {message['version']}",
                    )
                    return

    def _identity(self) -> str:
        """Tells apart what is loaded, for kept prompt states."""
        stat = self._path.stat()
        file = f"{self._path}|{stat.st_size}|{stat.st_mtime_ns}"
        if self._adapter is None:
            return self._sha256 or file
        import hashlib  # and with it OpenSSL, 4 MB

        with self._adapter.open("rb") as f:
            return f"{file}|{hashlib.file_digest(f, 'sha256').hexdigest()}"

    def _death(self, worker: Child) -> EngineFault:
        if worker.hung:
            return EngineFault("The model process did not answer any more and was ended.", "Ask again.")
        if worker.ended:
            return EngineFault("The model was closed while it was at work.", "Ask again.")
        code = worker.wait()
        message, remedy = explain_end(code, worker.last_error_line())
        if code in ILLEGAL_INSTRUCTION and self._variant not in ("", *self._processor.known.refused):
            self._processor.refuse(self._variant)
            if processor.one_of_several(self._variant):
                remedy = "Ask again: a part that needs less of the processor is used from now on."
        return EngineFault(message, remedy)


@dataclass(slots=True)
class _Tally:
    """What a generation has delivered so far, for a process that can no longer say it."""

    tokens: int = 0
    first: float = 0.0
    last: float = 0.0

    def count(self, tokens: int) -> None:
        self.last = time.monotonic()
        self.first = self.first or self.last
        self.tokens += tokens

    def stopped(self) -> Stopped:
        return Stopped("cancelled", generated_tokens=self.tokens, decode_seconds=self.last - self.first)


def _waited_long_enough(worker: Child, since: float) -> bool:
    """Whether a caller who asked to stop at ``since`` need not wait any more; ends a process that hangs."""
    now = time.monotonic()
    if now - max(since, worker.heard) > HUNG_SECONDS:
        worker.end(hung=True)
        return True
    return now - since > STOP_SECONDS
