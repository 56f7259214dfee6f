"""How prompts are read: tokens at once, the type of keys and values, and the fused attention, against what is used now.

By processor time too, which hardly depends on what else the machine does. What it found is in ``README.md``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

from tutor_app.adapters.engine.hardware import physical_cores
from tutor_app.tutor.models import model_store
from tutor_app.tutor.paths import folders

Row = tuple[str, float, str, str, float]

PROMPT: Final = 512
WORDS: Final = 24
USED: Final = (64, "f16", "plain")
"""By the model process on a CPU: see ``tutor_app/adapters/engine/llama.py``."""
CHOICES: Final = (
    USED,
    (32, "f16", "plain"),
    (128, "f16", "plain"),
    (256, "f16", "plain"),
    (512, "f16", "plain"),
    (64, "f16", "fused"),
    (64, "q8_0", "fused"),
    (256, "q8_0", "fused"),
)
RUNS: Final = 2

# A process of its own each: prints seconds by the clock and of the processor for the prompt, then for the words.
_CHILD = f"""
import ctypes, sys, time
from llama_cpp import llama_cpp as l
path, chunk, kv, attention, threads = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5])
@l.llama_log_callback
def quiet(level, text, data): pass
l.llama_log_set(quiet, ctypes.c_void_p(0))
m = l.llama_model_load_from_file(path.encode(), l.llama_model_default_params())
p = l.llama_context_default_params()
p.n_ctx, p.n_batch, p.n_ubatch, p.n_threads, p.n_threads_batch, p.no_perf = 4096, chunk, chunk, threads, threads, True
p.type_k = p.type_v = {{"f16": 1, "q8_0": 8}}[kv]
p.flash_attn_type = 1 if attention == "fused" else 0
c = l.llama_init_from_model(m, p)
b = l.llama_batch_init(chunk, 0, 1)
def step(tokens, at):
    b.n_tokens = len(tokens)
    for i, t in enumerate(tokens):
        b.token[i], b.pos[i], b.n_seq_id[i], b.seq_id[i][0], b.logits[i] = t, at + i, 1, 0, i == len(tokens) - 1
    assert l.llama_decode(c, b) == 0
ids = [1000 + 7 * i % 5000 for i in range({PROMPT})]
step(ids[:chunk], 0)
l.llama_memory_seq_rm(l.llama_get_memory(c), 0, -1, -1)
times, longest = [time.perf_counter(), time.process_time()], 0.0
for at in range(0, len(ids), chunk):
    begun = time.perf_counter()
    step(ids[at:at + chunk], at)
    longest = max(longest, time.perf_counter() - begun)
times += [time.perf_counter(), time.process_time()]
for i in range({WORDS}):
    step([1000 + i], len(ids) + i)
times += [time.perf_counter(), time.process_time()]
print(times[2] - times[0], times[3] - times[1], times[4] - times[2], times[5] - times[3], longest)
"""


def rows() -> Iterator[Row]:
    """Measure with the starter, or the model that ``TUTOR_BENCH_MODEL`` names."""
    where = folders(os.environ.get("TUTOR_DATA_DIR"))
    path = str(model_store(where).find(os.environ.get("TUTOR_BENCH_MODEL", "starter")).path)
    found: dict[tuple[int, str, str], list[list[float]]] = {choice: [] for choice in CHOICES}
    for _ in range(RUNS):  # in turns, so that what else the machine does hits all alike
        for choice in CHOICES:
            found[choice].append(_measured(path, *choice))
    best = {choice: [min(column) for column in zip(*runs, strict=True)] for choice, runs in found.items()}
    used = best[USED]
    for choice, (clock, spent, words_clock, words_spent, longest) in best.items():
        name = f"{choice[0]} at once, {choice[1]}, {choice[2]}"
        yield f"prompt, {name}", PROMPT / clock, "tok/s", "64 at once, f16, plain", used[0] / clock
        yield f"prompt, {name}, of processor time", PROMPT / spent, "tok/s", "64 at once, f16, plain", used[1] / spent
        yield f"words, {name}", WORDS / words_clock, "tok/s", "64 at once, f16, plain", used[2] / words_clock
        yield (
            f"words, {name}, of processor time",
            WORDS / words_spent,
            "tok/s",
            "64 at once, f16, plain",
            used[3] / words_spent,
        )
        yield f"longest time without answering Stop, {name}", longest, "s", "64 at once, f16, plain", longest / used[4]


def _measured(path: str, chunk: int, kv: str, attention: str) -> list[float]:
    command = [sys.executable, "-c", _CHILD, path, str(chunk), kv, attention, str(physical_cores())]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [float(word) for word in done.stdout.split()]
