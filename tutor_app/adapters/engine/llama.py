"""llama.cpp by its low-level calls: a model, its vocabulary, and one context of several sequences.

May abort the process it is used in, so only the model process imports it.
"""

from __future__ import annotations

import ctypes
import os
from typing import Any, Final

from tutor_app.adapters.engine.processor import take
from tutor_app.adapters.engine.proof import prove as write_known_text

GPU_CHUNK: Final = 512
CPU_CHUNK: Final = 64
"""Prompt tokens evaluated at once; a cancel is answered between two of them."""
CPU_TOGETHER: Final = 4
"""Rows from which on a CPU evaluates them faster together than one by one: its kernels take four rows, or one. Two
rows of the starter in one batch take 2.5 to 4 times as long as one, four of them 3.5 to 4.5 times
(``packaging/vote_rules.py --measure``)."""


class LoadError(Exception):
    """The model or its context could not be made; the text is for the user."""


class LlamaModel:
    """A model, its vocabulary and a context of ``n_seq`` sequences.

    Attributes:
        chunk: Tokens of a prompt to evaluate at once.
        together: Rows from which on they are evaluated faster in one batch than one by one.
    """

    def __init__(self, request: dict[str, Any], log: list[str], progress: Any) -> None:
        import llama_cpp as lc
        from llama_cpp import llama_cpp as low

        self.lc = low
        self.variant = str(request["variant"])
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
        on_card = layers_on_card(log) if gpu and layers else ""  # now: the log is kept for some lines only
        self.vocab = low.llama_model_get_vocab(self.model)
        self.n_vocab = int(low.llama_vocab_n_tokens(self.vocab))
        self.n_seq = int(request["n_seq"])
        # Beyond what it was trained on, a model writes nonsense.
        self.n_ctx = min(int(request["n_ctx"]), int(low.llama_model_n_ctx_train(self.model)) or 2**31)
        self.threads = int(request["threads"])
        self.chunk = GPU_CHUNK if gpu and layers else CPU_CHUNK
        self.together = 1 if gpu and layers else CPU_TOGETHER
        context = low.llama_context_default_params()
        context.n_ctx = self.n_ctx * self.n_seq
        context.n_seq_max = self.n_seq
        context.n_batch = context.n_ubatch = self.chunk + self.n_seq
        context.n_threads = context.n_threads_batch = self.threads
        # As a rule each sequence has keys and values of its own: in one cache for all, each would be compared with
        # those of the others, too, and then masked. Eight attempts at a problem are a fifth faster so.
        self._one_cache = bool(request.get("one_cache", False))
        context.kv_unified = self._one_cache
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
        spm = int(low.llama_vocab_type(self.vocab)) == 1  # LLAMA_VOCAB_TYPE_SPM
        # Gemma's vocabulary is such a one, and puts no space: there two line feeds are one token.
        self._spaced = spm and self._tokenize(b"\na", False, False)[-1:] != self._tokenize(b"a", False, False)
        self.device = on_card or self._processor()
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

    def _processor(self) -> str:
        kind = f" ({self.variant})" if self.variant else ""
        return f"CPU{kind}, {self.threads} thread{'s' if self.threads != 1 else ''}"

    def tokenize(self, data: bytes, *, special: bool, first: bool) -> list[int]:
        """Token ids of ``data``; the model's begin-of-text token is put before the ``first`` text."""
        if not data:
            return []
        # Most SentencePiece vocabularies put a space before every text they are given. Text that continues another
        # must not get one: tokenise it after a line feed, which merges with nothing, and drop that again.
        lead = b"\n" if self._spaced and not first else b""
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

    def copy(self, source: int, target: int) -> None:
        """Give ``target`` what ``source`` holds, in the place of its own; both may go on from there.

        With one cache for all sequences nothing is copied: the cells belong to both. Between caches of their own
        llama.cpp only notes the copy and makes it before the next evaluation, of what the source holds by then, over
        what was put into the target meanwhile; so the bytes are taken and put here.
        """
        self.lc.llama_memory_seq_rm(self.memory, target, -1, -1)
        if self._one_cache:
            self.lc.llama_memory_seq_cp(self.memory, source, target, -1, -1)
        elif not self.restore(target, self.state(source)):
            raise RuntimeError("what a sequence holds could not be copied")

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

    def prove(self) -> None:
        """Compute as for a prompt and as for a word, and forget it; an instruction that is missing ends the process.

        Raises:
            WrongText: If an instruction computes something else.
        """
        write_known_text(self.lc)
        count = min(self.chunk, self.n_ctx - 1)
        self.decode([(0, at, 0, at == count - 1) for at in range(count)])
        self.decode([(0, count, 0, True)])
        self.forget(0, 0)

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

    take(())
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


def layers_on_card(log: list[str]) -> str:
    """What llama.cpp's log says of the layers that a graphics card computes; empty if that are none."""
    offloaded = [line for line in log if "offloaded" in line and "layers to GPU" in line]
    layers = offloaded[-1].split("offloaded", 1)[1].split("layers", 1)[0].strip() if offloaded else "0/"
    if layers.startswith("0/"):
        return ""
    names = [line.split("using device", 1)[1].strip() for line in log if "using device" in line]
    return f"{layers} layers on {names[-1].split(' - ')[0].removesuffix(' (unknown id)') if names else 'GPU'}"


def _why(log: list[str]) -> str:
    """The line of llama.cpp's log that names the failure, else the last that speaks of one."""
    for line in log:
        if "error loading model:" in line:
            return line.split("error loading model:", 1)[1].strip().rstrip(".")
    for line in reversed(log):
        if "error" in line or "failed" in line or "unknown" in line:
            return line.strip().rstrip(".")
    return ""
