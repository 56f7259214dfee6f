"""The model process: owns llama.cpp and one context of several sequences; speaks length-prefixed JSON.

Run by path as a child of :mod:`tutor_app.adapters.engine.client`; imports llama_cpp and numpy, of this program only
:mod:`tutor_app.adapters.wire`, and nothing of Qt. It decides nothing about solutions: it continues texts.

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

import codecs
import contextlib
import ctypes
import hashlib
import math
import os
import queue
import sys
import threading
import time
import traceback
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, NoReturn

if not __package__:  # run by its path: the package is looked for there, for the import below alone
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tutor_app.adapters.wire import read_message, take_output, write_message

if not __package__:
    del sys.path[0]

PREFIX_STATES_IN_MEMORY: Final = 4
REMEMBERED_GENERATIONS: Final = 256
LOG_LINES: Final = 200
GPU_CHUNK: Final = 512
CPU_CHUNK: Final = 64
"""Prompt tokens evaluated at once; a cancel is answered between two of them."""


# --- pure parts, tested without a model ----------------------------------------------------------------------


class StopWatcher:
    """Cuts a stream of text at the first stop string; holds back what may become one."""

    def __init__(self, stops: list[str]) -> None:
        self._stops = [s for s in stops if s]
        self._held = ""
        self.found = ""

    def feed(self, text: str) -> str:
        """The part of ``text`` (and of what was held back) that can be shown."""
        self._held += text
        hits = [(at, s) for s in self._stops if (at := self._held.find(s)) >= 0]
        if hits:
            at, self.found = min(hits)
            shown, self._held = self._held[:at], ""
            return shown
        keep = 0
        for stop in self._stops:
            for n in range(min(len(stop) - 1, len(self._held)), keep, -1):
                if self._held.endswith(stop[:n]):
                    keep = n
                    break
        cut = len(self._held) - keep
        shown, self._held = self._held[:cut], self._held[cut:]
        return shown

    def flush(self) -> str:
        """What was held back and turned out to be text."""
        shown, self._held = self._held, ""
        return shown


def common_prefix(a: list[int], b: list[int]) -> int:
    """Number of leading elements that agree."""
    n = min(len(a), len(b))
    if a[:n] == b[:n]:
        return n
    low, high = 0, n
    while low < high:
        mid = (low + high + 1) // 2
        if a[:mid] == b[:mid]:
            low = mid
        else:
            high = mid - 1
    return low


def draw(logits: Any, temperature: float, top_p: float, rng: Any) -> int:
    """A token id from ``logits`` (float32, shape ``(n_vocab,)``); greedy at temperature 0.

    Nucleus sampling as in Holtzman et al. 2020: the smallest set of most likely tokens whose probability
    reaches ``top_p``.
    """
    import numpy as np

    if temperature <= 0:
        return int(np.argmax(logits))
    scaled = logits.astype(np.float64) / temperature
    scaled -= scaled.max()
    p = np.exp(scaled)
    p /= p.sum()
    if top_p < 1:
        # All tokens rarer than this make up less than 1 - top_p together, so none is in the nucleus; sorting
        # a vocabulary of 150,000 for every token would cost more than a small model's forward pass.
        likely = np.flatnonzero(p >= (1 - top_p) / len(p))
        order = likely[np.argsort(-p[likely], kind="stable")]
        kept = order[: int(np.searchsorted(np.cumsum(p[order]), top_p)) + 1]
        weights = p[kept] / p[kept].sum()
        return int(kept[int(np.searchsorted(np.cumsum(weights), rng.random(), side="right")) % len(kept)])
    return int(min(np.searchsorted(np.cumsum(p), rng.random(), side="right"), len(p) - 1))


class Generated:
    """Token ids of one generation, its text, and where in the text each token ends.

    Bytes that are no UTF-8 become U+FFFD, in the text that is sent and in the text that is compared alike.
    """

    def __init__(self) -> None:
        self.text = ""
        self.ids: list[int] = []
        self._ends: list[int] = []  # in characters; -1 for a token that ends within one
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, token: int, piece: bytes) -> str:
        """Append a token; returns the characters it completes."""
        new = self._decoder.decode(piece)
        self.text += new
        self.ids.append(token)
        self._ends.append(-1 if self._decoder.getstate()[0] else len(self.text))
        return new

    def end(self) -> str:
        """What an incomplete character at the end is shown as."""
        new = self._decoder.decode(b"", True)
        if new:
            self.text += new
            self._ends[-1] = len(self.text)
        return new

    def upto(self, text: str) -> tuple[list[int], str]:
        """Ids of the whole tokens within ``text``, a beginning of this one, and what of it they leave over."""
        n = next((n for n in range(len(self.ids), 0, -1) if 0 <= self._ends[n - 1] <= len(text)), 0)
        return self.ids[:n], text[self._ends[n - 1] if n else 0 :]


# --- llama.cpp -----------------------------------------------------------------------------------------------


class LoadError(Exception):
    """The model or its context could not be made; the text is for the user."""


class Model:
    """A model, its vocabulary and a context of ``n_seq`` sequences."""

    def __init__(self, request: dict[str, Any], log: list[str], progress: Any) -> None:
        import llama_cpp as lc
        from llama_cpp import llama_cpp as low

        self.lc = low
        low.llama_backend_init()
        gpu = bool(low.llama_supports_gpu_offload())
        layers = int(request["gpu_layers"]) if gpu else 0
        params = low.llama_model_default_params()
        params.n_gpu_layers = 9999 if layers < 0 else layers
        callback_type = dict(low.llama_model_params._fields_)["progress_callback"]

        def on_progress(fraction: float, _: Any) -> bool:
            progress(fraction)
            return True

        self._on_progress = callback_type(on_progress)
        params.progress_callback = self._on_progress
        self.model = _load_file(request["path"], params, log)
        self.vocab = low.llama_model_get_vocab(self.model)
        self.n_vocab = int(low.llama_vocab_n_tokens(self.vocab))
        self.n_seq = int(request["n_seq"])
        # Beyond what it was trained on, a model writes nonsense.
        self.n_ctx = min(int(request["n_ctx"]), int(low.llama_model_n_ctx_train(self.model)) or 2**31)
        self.threads = int(request["threads"])
        self.chunk = GPU_CHUNK if gpu and layers else CPU_CHUNK
        context = low.llama_context_default_params()
        context.n_ctx = self.n_ctx * self.n_seq
        context.n_seq_max = self.n_seq
        context.n_batch = context.n_ubatch = self.chunk + self.n_seq
        context.n_threads = context.n_threads_batch = self.threads
        context.kv_unified = False
        context.no_perf = True
        context.type_k = context.type_v = _KV_TYPES[request["kv_type"]]
        # On a CPU the fused attention decodes a tenth slower from a few hundred positions on and reads prompts no
        # faster; only a quantised cache needs it.
        self.fused = self.chunk == GPU_CHUNK or request["kv_type"] == "q8_0"
        context.flash_attn_type = _ATTENTION_AUTO if self.fused else _ATTENTION_PLAIN
        self.ctx = low.llama_init_from_model(self.model, context)
        if not self.ctx:
            raise LoadError(_why(log) or "llama.cpp could not make a context; a smaller one may fit")
        if request["adapter"]:
            self._adapt(request["adapter"], log)
        self.n_ctx = min(self.n_ctx, int(low.llama_n_ctx_seq(self.ctx)))
        self.memory = low.llama_get_memory(self.ctx)
        self.version = str(lc.__version__)
        self.spm = int(low.llama_vocab_type(self.vocab)) == 1  # LLAMA_VOCAB_TYPE_SPM
        self.device = self._device(log, gpu and layers != 0)
        self._capacity = self.chunk + self.n_seq
        self.batch = low.llama_batch_init(self._capacity, 0, 1)
        self._piece = (ctypes.c_char * 512)()

    def _adapt(self, path: str, log: list[str]) -> None:
        """Use a LoRA adapter over the model, in full strength."""
        adapter = self.lc.llama_adapter_lora_init(self.model, os.fsencode(path))
        if not adapter:
            raise LoadError(_why(log) or "llama.cpp could not read the adapter")
        adapters, scales = (self.lc.llama_adapter_lora_p_ctypes * 1)(adapter), (ctypes.c_float * 1)(1.0)
        if self.lc.llama_set_adapters_lora(self.ctx, adapters, 1, scales):
            raise LoadError("the adapter does not fit the model")

    def _device(self, log: list[str], gpu: bool) -> str:
        offloaded = [line for line in log if "offloaded" in line and "layers to GPU" in line]
        if gpu and offloaded:
            layers = offloaded[-1].split("offloaded", 1)[1].split("layers", 1)[0].strip()
            if not layers.startswith("0/"):
                names = [line.split("using device", 1)[1].strip() for line in log if "using device" in line]
                name = names[-1].split(" - ")[0] if names else "GPU"
                return f"{layers} layers on {name}"
        return f"CPU, {self.threads} thread{'s' if self.threads != 1 else ''}"

    def tokenize(self, data: bytes, *, special: bool, first: bool) -> list[int]:
        """Token ids of ``data``; the model's begin-of-text token is put before the ``first`` text."""
        if not data:
            return []
        # A SentencePiece vocabulary puts a space before every text it is given. Text that continues another
        # must not get one: tokenise it after a line feed, which merges with nothing, and drop that again.
        lead = b"\n" if self.spm and not first else b""
        ids = self._tokenize(lead + data, special, first)
        if first and ids[:2] == [int(self.lc.llama_vocab_bos(self.vocab))] * 2:
            # The text begins with the token itself, as chat templates write it, and the library has added it.
            ids = ids[1:]
        return ids[len(self._tokenize(lead, False, False)) :] if lead else ids

    def _tokenize(self, data: bytes, special: bool, first: bool) -> list[int]:
        size = len(data) + 8
        out = (ctypes.c_int32 * size)()
        n = int(self.lc.llama_tokenize(self.vocab, data, len(data), out, size, first, special))
        if n < 0:
            out = (ctypes.c_int32 * -n)()
            n = int(self.lc.llama_tokenize(self.vocab, data, len(data), out, -n, first, special))
        return list(out[:n])

    def piece(self, token: int) -> bytes:
        """Bytes of a token; control tokens have none."""
        n = int(self.lc.llama_token_to_piece(self.vocab, token, self._piece, len(self._piece), 0, False))
        return self._piece.raw[:n] if n > 0 else b""

    def ends(self, token: int) -> bool:
        """Whether the token ends the model's turn."""
        return bool(self.lc.llama_vocab_is_eog(self.vocab, token))

    def forget(self, seq: int, start: int) -> int:
        """Drop a sequence's keys and values from position ``start`` on; returns where it ends now.

        The memory of a recurrent model cannot be cut, only cleared.
        """
        if self.lc.llama_memory_seq_rm(self.memory, seq, start, -1):
            return start
        self.lc.llama_memory_seq_rm(self.memory, seq, -1, -1)
        return 0

    def state(self, seq: int) -> bytes:
        """Keys and values of a sequence."""
        size = int(self.lc.llama_state_seq_get_size(self.ctx, seq))
        buffer = (ctypes.c_uint8 * size)()
        n = int(self.lc.llama_state_seq_get_data(self.ctx, buffer, size, seq))
        return bytes(memoryview(buffer)[:n])

    def restore(self, seq: int, state: bytes) -> bool:
        """Put :meth:`state`'s bytes into a sequence; False if they do not fit this context."""
        buffer = (ctypes.c_uint8 * len(state)).from_buffer_copy(state)
        return int(self.lc.llama_state_seq_set_data(self.ctx, buffer, len(state), seq)) > 0

    def decode(self, rows: list[tuple[int, int, int, bool]]) -> None:
        """Evaluate ``(token, position, sequence, wants logits)`` rows."""
        batch = self.batch
        batch.n_tokens = len(rows)
        for i, (token, pos, seq, logits) in enumerate(rows):
            batch.token[i] = token
            batch.pos[i] = pos
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = seq
            batch.logits[i] = logits
        rc = int(self.lc.llama_decode(self.ctx, batch))
        if rc:
            raise RuntimeError(f"llama_decode returned {rc}")

    def logits(self, row: int) -> Any:
        """Logits of a batch row: float32, shape ``(n_vocab,)``, valid until the next decode."""
        import numpy as np

        return np.ctypeslib.as_array(self.lc.llama_get_logits_ith(self.ctx, row), shape=(self.n_vocab,))


def check_file(path: str, log: list[str]) -> None:
    """Let llama.cpp read all of a model file but its weights.

    Raises:
        LoadError: If it does not know the architecture or the vocabulary, or finds something wrong.
    """
    from llama_cpp import llama_cpp as low

    low.llama_backend_init()
    params = low.llama_model_default_params()
    params.vocab_only = True
    low.llama_model_free(_load_file(path, params, log))


def _load_file(path: str, params: Any, log: list[str]) -> Any:
    from llama_cpp import llama_cpp as low

    model = low.llama_model_load_from_file(os.fsencode(path), params)
    if not model:
        raise LoadError(_why(log) or "llama.cpp could not read the model file")
    return model


_KV_TYPES: Final = {"f32": 0, "f16": 1, "q8_0": 8}
_ATTENTION_AUTO, _ATTENTION_PLAIN = -1, 0  # llama_flash_attn_type


def _why(log: list[str]) -> str:
    """The line of llama.cpp's log that names the failure, else the last that speaks of one."""
    for line in log:
        if "error loading model:" in line:
            return line.split("error loading model:", 1)[1].strip().rstrip(".")
    for line in reversed(log):
        if "error" in line or "failed" in line or "unknown" in line:
            return line.strip().rstrip(".")
    return ""


class PrefixStates:
    """States of constant beginnings, a few in memory and a bounded number of bytes on disk."""

    def __init__(self, folder: str, identity: str, limit: int) -> None:
        self._folder = Path(folder) if folder else None
        self._identity, self._limit = identity.encode("utf-8", "backslashreplace"), limit
        self._memory: OrderedDict[str, bytes] = OrderedDict()

    def _key(self, ids: list[int]) -> str:
        return hashlib.sha256(self._identity + f"|{ids}".encode()).hexdigest()[:40]

    def get(self, ids: list[int]) -> bytes | None:
        """The state after ``ids``, if it was kept."""
        key = self._key(ids)
        if key in self._memory:
            self._memory.move_to_end(key)
            return self._memory[key]
        if self._folder is None:
            return None
        try:
            data = (self._folder / f"{key}.kv").read_bytes()
            digest, state = data[:32], data[32:]
            if hashlib.sha256(state).digest() != digest:
                return None
            os.utime(self._folder / f"{key}.kv")
        except OSError:
            return None
        self._remember(key, state)
        return state

    def drop(self, ids: list[int]) -> None:
        """Forget a state that turned out not to fit."""
        key = self._key(ids)
        self._memory.pop(key, None)
        if self._folder is not None:
            with contextlib.suppress(OSError):
                (self._folder / f"{key}.kv").unlink()

    def put(self, ids: list[int], state: bytes) -> None:
        """Keep the state after ``ids``; a disk that cannot be written is no reason to fail."""
        key = self._key(ids)
        self._remember(key, state)
        if self._folder is None or len(state) > self._limit:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # What a process that was killed left half written counts, too, and goes in its turn.
            kept = [*self._folder.glob("*.kv"), *self._folder.glob("*.part")]
            kept.sort(key=lambda p: p.stat().st_mtime, reverse=True)
            room = self._limit - len(state)
            for path in kept:
                room -= path.stat().st_size
                if room < 0:
                    path.unlink()
            part = self._folder / f"{key}.{os.getpid()}.part"
            part.write_bytes(hashlib.sha256(state).digest() + state)
            part.replace(self._folder / f"{key}.kv")
        except OSError:
            return

    def _remember(self, key: str, state: bytes) -> None:
        self._memory[key] = state
        self._memory.move_to_end(key)
        while len(self._memory) > PREFIX_STATES_IN_MEMORY or sum(map(len, self._memory.values())) > self._limit:
            self._memory.popitem(last=False)


# --- generations ---------------------------------------------------------------------------------------------


@dataclass
class Slot:
    """One sequence of the context and what its cache holds."""

    seq: int
    tokens: list[int] = field(default_factory=list)
    job: Job | None = None
    used: float = 0.0
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


class Worker:
    """Serves requests until the stream ends: one loop, no locks, llama.cpp called from this thread only."""

    def __init__(self, incoming: IO[bytes], outgoing: IO[bytes]) -> None:
        self._in, self._out = incoming, outgoing
        self._requests: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._waiting: list[dict[str, Any]] = []
        self._slots: list[Slot] = []
        self._model: Model | None = None
        self._states = PrefixStates("", "", 0)
        self._batched = False
        self._steps = 0
        # By the hash of the prompt's ids; one prompt may have several, drawn with different seeds.
        self._memory: deque[tuple[int, Generated]] = deque(maxlen=REMEMBERED_GENERATIONS)
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
        def on_log(_level: int, text: bytes, _: Any) -> None:
            self._log.append(text.decode("utf-8", "replace").rstrip("\n"))
            del self._log[:-LOG_LINES]
            sys.stderr.write(self._log[-1] + "\n")

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
            self._model = model = Model(request, self._log, progress)
        except LoadError as e:
            self._send(op="error", kind="load", message=str(e))
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
                memory = self._recall(hash(tuple(ids)), text)
                if memory is not None:
                    own, rest = memory.upto(text)
                    ids += own
                    resumed = len(ids)
                    ids += model.tokenize(rest.encode("utf-8", "replace"), special=False, first=False)
                else:
                    ids += model.tokenize(data, special=bool(special), first=not ids)
            elif special:
                ids += self._flush(run, ids)
                ids += model.tokenize(data, special=True, first=not ids)
            else:
                run.append(data)
        ids += self._flush(run, ids)
        return ids, constant, resumed, hash(tuple(ids))

    def _recall(self, key: int, text: str) -> Generated | None:
        """The generation after the prompt of that key that begins with ``text``, if it is remembered."""
        return next((g for k, g in reversed(self._memory) if k == key and g.text.startswith(text)), None)

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
            if self._being_read(ids[:prefix]):
                return  # another sequence is reading the same beginning: its state will serve this one too
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
            # solution's words while a sequence that nobody needs is free.
            own = {s.seq: n if (n := self._reusable(s, job)) > job.prefix else 0 for s in free}
            slot = max(free, key=lambda s: (own[s.seq], -s.used))
            self._start(slot, job)

    def _being_read(self, constant: list[int]) -> bool:
        """Whether a sequence is under way through this very constant beginning."""
        return bool(constant) and any(
            s.job.done < s.job.prefix and s.job.ids[: s.job.prefix] == constant
            for s in self._slots
            if s.job is not None
        )

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
        if keep < job.prefix:
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
        if len(slot.tokens) > keep:
            keep = model.forget(slot.seq, keep)
            del slot.tokens[keep:]
        job.done = keep
        slot.job, slot.used = job, time.monotonic()
        self._send(op="progress", id=job.id, done=keep, total=len(job.ids), evaluated=0)

    def _step(self) -> None:
        """Evaluate one batch: a token or a chunk of the prompt of one sequence, or, if ``batched``, of all of them."""
        active = [s for s in self._slots if s.job is not None]
        if not active:
            return
        self._steps += 1
        if not self._batched:
            active = [min(active, key=lambda s: s.turn)]
            active[0].turn = self._steps
        model = self._loaded()
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

    def _advance(self, slot: Slot, model: Model, row: int) -> None:
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

    def _give_up(self, slot: Slot, model: Model) -> None:
        """End a generation whose logits mean nothing, and keep nothing that was computed for it."""
        job = slot.job
        assert job is not None
        self._states.drop(job.ids[: job.prefix])
        model.forget(slot.seq, 0)
        slot.job, slot.used, slot.tokens = None, time.monotonic(), []
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
            self._memory.append((job.memory_key, job.generated))
        slot.job, slot.used = None, time.monotonic()
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

    def _loaded(self) -> Model:
        if self._model is None:
            raise RuntimeError("no model is loaded")
        return self._model


def main() -> NoReturn:
    """Serve on standard input and output; anything llama.cpp prints goes to standard error."""
    outgoing = take_output()
    code = 0
    try:
        with contextlib.suppress(BrokenPipeError):
            Worker(sys.stdin.buffer, outgoing).run()
    except Exception:  # noqa: BLE001 - the interpreter's own exit would abort, as the reading thread holds its stream
        traceback.print_exc()
        code = 1
    # llama.cpp's own teardown at interpreter exit can hang on some GPU drivers; the system frees everything.
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
