"""Proves that llama.cpp computes rightly on this processor: a model of some hundred kilobytes must write a known text.

    python -m tutor_app.adapters.engine.proof [--card] [REFUSED ...]

What a processor says of itself is not always what it, or a hypervisor, lets a program do. A missing instruction ends
the process; one that computes something else gives another text. The weights are random bytes in every form that
the catalogue's models have, and what is computed goes through every kernel that they need: a prompt, several rows at
once, single rows. With ``--card`` the graphics card computes, else no card is touched. It prints llama-cpp-python's
version and, before that is loaded, what it computes with. Exit codes: 0 right, 3 another text (one sentence says so),
4 there is no card, -4 (SIGILL) an instruction is missing.
"""

from __future__ import annotations

import ctypes
import os
import random
import struct
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

if not __package__:  # run by its path: the package is looked for there, for the imports below alone
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tutor_app.adapters.engine.processor import WITHOUT_CARD, take, would_take

if not __package__:
    del sys.path[0]

EXPECTED: Final = (176, 36, 176, 36, 86, 51, 244, 19, 244, 53, 14, 126)
"""The tokens that follow the prompt, with every instruction set. Each was likelier than the next by a fifth of the
logits' deviation, a hundred times what kernels differ in."""

_SEED: Final = 558
_WIDTH: Final = 256
_LAYERS: Final = 2
_PROMPT: Final = tuple(range(7, 52))
_BATCHES: Final = (32, 8, 5)
"""Rows at once, as the prompt is read: kernels take several rows in different ways."""


WRONG: Final = 3
"""The exit code of a proof that computed something else."""
NO_CARD: Final = 4
"""The exit code of a proof that was to use a graphics card, and found none."""


class WrongText(Exception):
    """What was written is not what the weights say."""


# A tensor's form: its number in GGUF, weights in a block, and a block of random bytes with scales that suit.

_NAMES: Final = {"f32": 0, "q4_0": 2, "q5_0": 6, "q8_0": 8, "q4_K": 12, "q5_K": 13, "q6_K": 14}


def _half(number: float) -> bytes:
    return struct.pack("<e", number / 16)


def _block(form: str, bytes_of: random.Random) -> bytes:
    """32 or 256 weights of a deviation of about 1/16, so that 256 products make a sum of about one."""
    draw = bytes_of.randbytes
    match form:
        case "q4_0":
            return _half(1 / 4.6) + draw(16)
        case "q5_0":
            return _half(1 / 9.2) + draw(20)
        case "q8_0":
            return _half(1 / 74) + draw(32)
        case "q4_K":
            return _half(1 / 257) + _half(7.5 / 257) + draw(140)
        case "q5_K":
            return _half(1 / 524) + _half(15.5 / 524) + draw(172)
        case _:  # q6_K
            return draw(208) + _half(1 / 1369)


def _tensors() -> Iterator[tuple[str, tuple[int, ...], str, bytes]]:
    """Name, shape, form and bytes of every tensor."""
    source = random.Random(_SEED)

    def matrix(name: str, form: str) -> tuple[str, tuple[int, ...], str, bytes]:
        blocks = _WIDTH * _WIDTH // (256 if form.endswith("K") else 32)
        return name, (_WIDTH, _WIDTH), form, b"".join(_block(form, source) for _ in range(blocks))

    ones = struct.pack(f"<{_WIDTH}f", *[1.0] * _WIDTH)
    forms = [
        "q4_K",
        "q8_0",
        "q6_K",
        "q5_0",
        "q4_0",
        "q5_K",
        "q4_K",
        "q5_0",
        "q8_0",
        "q6_K",
        "q4_K",
        "q5_0",
        "q8_0",
        "q6_K",
    ]
    yield matrix("token_embd.weight", "q5_0")
    for layer in range(_LAYERS):
        yield f"blk.{layer}.attn_norm.weight", (_WIDTH,), "f32", ones
        yield f"blk.{layer}.ffn_norm.weight", (_WIDTH,), "f32", ones
        for part in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"):
            yield matrix(f"blk.{layer}.{part}.weight", forms.pop(0))
    yield "output_norm.weight", (_WIDTH,), "f32", ones
    yield matrix("output.weight", "q8_0")


def _text(words: str) -> bytes:
    return struct.pack("<Q", len(words)) + words.encode()


def model() -> bytes:
    """The model as a GGUF file."""
    known: dict[str, int | float | str] = {
        "general.architecture": "llama",
        "llama.context_length": 256,
        "llama.embedding_length": _WIDTH,
        "llama.block_count": _LAYERS,
        "llama.feed_forward_length": _WIDTH,
        "llama.attention.head_count": 4,
        "llama.attention.head_count_kv": 4,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.vocab_size": _WIDTH,
        "tokenizer.ggml.model": "no_vocab",
    }
    tensors = list(_tensors())
    out = bytearray(struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(known)))
    for key, value in known.items():
        match value:
            case str():
                out += _text(key) + struct.pack("<I", 8) + _text(value)
            case float():
                out += _text(key) + struct.pack("<If", 6, value)
            case _:
                out += _text(key) + struct.pack("<II", 4, value)
    at = 0
    for name, shape, form, data in tensors:
        out += _text(name) + struct.pack("<I", len(shape)) + b"".join(struct.pack("<Q", n) for n in shape)
        out += struct.pack("<IQ", _NAMES[form], at)
        at += len(data) + -len(data) % 32
    out += bytes(-len(out) % 32)
    for *_, data in tensors:
        out += data + bytes(-len(data) % 32)
    return bytes(out)


def prove(low: Any, *, card: bool = False) -> None:
    """Let llama.cpp write the text.

    Args:
        low: ``llama_cpp.llama_cpp``, with the library loaded that is to be proved.
        card: Whether all of it is computed on the graphics card.

    Raises:
        WrongText: If it is another.
    """
    written = tuple(token for token, _ in _written(low, 9999 if card else 0))
    if written != EXPECTED:
        what = "graphics card" if card else "fast instructions of this processor"
        raise WrongText(f"what it computes with the {what} is wrong")


def _written(low: Any, layers: int) -> Iterator[tuple[int, float]]:
    """Every token that is written, and by how much it was likelier than the next, in deviations of the logits."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # Windows keeps a mapped file
        path = Path(folder) / "proof.gguf"
        path.write_bytes(model())
        params = low.llama_model_default_params()
        params.n_gpu_layers = layers
        loaded = low.llama_model_load_from_file(os.fsencode(path), params)
        if not loaded:
            raise WrongText("llama.cpp cannot read the model of the proof")
        settings = low.llama_context_default_params()
        settings.n_ctx = settings.n_batch = settings.n_ubatch = 128
        settings.n_threads = settings.n_threads_batch = 2
        context = low.llama_init_from_model(loaded, settings)
        batch = low.llama_batch_init(128, 0, 1)
        try:
            at = 0

            def read(tokens: tuple[int, ...]) -> tuple[int, float]:
                nonlocal at
                batch.n_tokens = len(tokens)
                for i, token in enumerate(tokens):
                    batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.seq_id[i][0] = token, at + i, 1, 0
                    batch.logits[i] = i == len(tokens) - 1
                if low.llama_decode(context, batch):
                    raise WrongText("llama.cpp cannot compute the proof")
                at += len(tokens)
                logits = list(low.llama_get_logits_ith(context, len(tokens) - 1)[:_WIDTH])
                best, second = sorted(range(_WIDTH), key=lambda n: -logits[n])[:2]
                mean = sum(logits) / _WIDTH
                deviation = (sum((x - mean) ** 2 for x in logits) / _WIDTH) ** 0.5
                return best, (logits[best] - logits[second]) / deviation

            left = _PROMPT
            for size in _BATCHES:
                here, left = left[:size], left[size:]
                found = read(here)
            for _ in range(12):
                yield found
                found = read((found[0],))
        finally:
            low.llama_batch_free(batch)
            low.llama_free(context)
            low.llama_model_free(loaded)


def main() -> int:
    """Prove the library of this environment; returns the exit code."""
    card, refused = "--card" in sys.argv, [name for name in sys.argv[1:] if name != "--card"]
    if not card:
        os.environ.update(WITHOUT_CARD)
    import llama_cpp
    from llama_cpp import llama_cpp as low

    @low.llama_log_callback  # type: ignore[untyped-decorator]
    def quiet(level: Any, text: Any, data: Any) -> None:
        pass

    low.llama_log_set(quiet, ctypes.c_void_p(0))
    low.llama_backend_init()
    sys.stdout.write(f"{llama_cpp.__version__} {would_take(refused)}\n")
    sys.stdout.flush()
    take(refused)
    if card and not low.llama_supports_gpu_offload():
        return NO_CARD
    try:
        prove(low, card=card)
    except WrongText as e:
        sys.stderr.write(f"{e}\n")
        return WRONG
    return 0


if __name__ == "__main__":
    sys.exit(main())
