"""A GGUF model as a black box that is asked whether a solution is right: ``python -m trainer.cbbt.llama_box MODEL``.

A solution is read once; its keys and values are kept as bytes. A query puts a few soft tokens (embeddings) and the
question after it and gives the margin of "Yes" over "No" and the hidden state of the last token. All prompts of a
request share the solution's cells, so a query costs the soft tokens and the question. The operations are ``start``,
``read`` and ``judge``; weights and gradients have none.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from trainer.cbbt.frames import Array, Arrays
from trainer.cbbt.serving import serve
from tutor_app.adapters.engine.llama import LoadError, Model
from tutor_app.core.errors import UserFault

BEFORE: Final = "<|im_start|>user\nA problem and a student's solution.\n\n"
QUESTION: Final = "\nIs this solution right? Answer Yes or No.<|im_end|>\n<|im_start|>assistant\n"
FIRST: Final = " check"
"""The word that the soft tokens begin as."""
N_CTX: Final = 2048
SEQUENCES: Final = 33
"""The solution itself, and prompts that are judged at once."""


class Judge:
    """The model, and the solutions that it has read.

    Args:
        path: Of the GGUF file.
        threads: For evaluation.

    Raises:
        UserFault: If the model cannot be loaded or gives no hidden states.
    """

    def __init__(self, path: str, threads: int = 2) -> None:
        request = {
            "path": path, "gpu_layers": -1, "n_seq": SEQUENCES, "n_ctx": N_CTX, "threads": threads,
            "batched": True, "kv_type": "f16", "adapter": "",
        }  # fmt: skip
        try:
            self._model = Model(request, [], lambda _: None)
        except LoadError as e:
            raise UserFault(f"{path} cannot be used: {e}.", "Give a GGUF model.") from None
        self._low = self._model.lc
        self.width = int(self._low.llama_model_n_embd(self._model.model))
        self._low.llama_set_embeddings(self._model.ctx, True)
        self._path = path
        self._question = self._ids(QUESTION)
        self._yes, self._no = (self._ids(word)[0] for word in ("Yes", "No"))
        self._states: list[tuple[bytes, int]] = []
        self._rows = int(self._low.llama_n_batch(self._model.ctx))
        self._soft = self._low.llama_batch_init(self._rows, self.width, 1)

    def start(self, header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
        """The embeddings that soft tokens begin as; a token's embedding is what the box takes, like its text."""
        from gguf import GGUFReader
        from gguf.quants import dequantize

        found = next((t for t in GGUFReader(self._path).tensors if t.name == "token_embd.weight"), None)
        if found is None:
            raise UserFault("The model's file has no token embeddings.", "Use a model that takes embeddings.")
        row = dequantize(found.data[self._ids(FIRST)[0]][None], found.tensor_type)[0]
        return {"prompt": np.tile(row.astype(np.float32), (int(header["tokens"]), 1))}

    def read(self, header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
        """Read solutions; the answer holds their lengths in tokens, 0 for one that is too long to be judged."""
        lengths = []
        for text in header["texts"]:
            ids = self._model.tokenize((BEFORE + str(text)).encode(), special=True, first=True)
            room = N_CTX - len(self._question) - 64
            if len(ids) > room:
                self._states.append((b"", 0))
            else:
                self._model.forget(0, 0)
                for first in range(0, len(ids), 64):
                    part = ids[first : first + 64]
                    self._model.decode([(t, first + i, 0, False) for i, t in enumerate(part)])
                self._states.append((self._model.state(0), len(ids)))
            lengths.append(self._states[-1][1])
        return {"lengths": np.array(lengths, dtype=np.int64)}

    def judge(self, header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
        """Margins ``[prompts, items]`` and hidden states ``[prompts, items, width]`` of solutions that were read."""
        prompts, items = arrays["prompts"], arrays["items"]
        if prompts.ndim != 3 or prompts.shape[2] != self.width:
            raise UserFault(f"A soft token has {self.width} numbers.")
        margins = np.zeros((len(prompts), len(items)), dtype=np.float32)
        hidden = np.zeros((len(prompts), len(items), self.width), dtype=np.float32)
        at_once = max(1, min(SEQUENCES - 1, self._rows // max(prompts.shape[1], len(self._question))))
        for column, item in enumerate(items):
            if not 0 <= item < len(self._states) or not self._states[item][1]:
                raise UserFault(f"Solution {item} has not been read.")
            state, length = self._states[item]
            for seq in range(SEQUENCES):
                self._model.forget(seq, 0)
            if not self._model.restore(0, state):
                raise UserFault("The model's context takes no saved state.")
            for first in range(0, len(prompts), at_once):
                part = prompts[first : first + at_once]
                found = self._judged(part, length)
                for i, (margin, state_of) in enumerate(found):
                    margins[first + i, column], hidden[first + i, column] = margin, state_of
        return {"margins": margins, "features": hidden}

    def _judged(self, prompts: Array, length: int) -> list[tuple[float, Array]]:
        """Margin and hidden state under each prompt, after the solution in sequence 0."""
        tokens = prompts.shape[1]
        for seq in range(1, len(prompts) + 1):
            self._model.copy(0, seq)
        self._decode_soft(prompts, length)
        rows, last = [], []
        for n in range(len(prompts)):
            for i, token in enumerate(self._question):
                rows.append((token, length + tokens + i, n + 1, i == len(self._question) - 1))
            last.append(len(rows) - 1)
        self._model.decode(rows)
        found = []
        for row in last:
            logits = self._model.logits(row)
            pointer = self._low.llama_get_embeddings_ith(self._model.ctx, row)
            state = np.ctypeslib.as_array(ctypes.cast(pointer, ctypes.POINTER(ctypes.c_float)), shape=(self.width,))
            found.append((float(logits[self._yes] - logits[self._no]), state.copy()))
        return found

    def _decode_soft(self, prompts: Array, length: int) -> None:
        batch, flat = self._soft, np.ascontiguousarray(prompts.reshape(-1, self.width), dtype=np.float32)
        batch.n_tokens = len(flat)
        ctypes.memmove(batch.embd, flat.ctypes.data, flat.nbytes)
        for i in range(len(flat)):
            seq, place = divmod(i, prompts.shape[1])
            batch.pos[i], batch.n_seq_id[i], batch.seq_id[i][0], batch.logits[i] = length + place, 1, seq + 1, 0
        if self._low.llama_decode(self._model.ctx, batch):
            raise UserFault("The model takes no embeddings.", "Use another model.")

    def _ids(self, text: str) -> list[int]:
        return self._model.tokenize(text.encode(), special=True, first=False)


def box_command(model: str, threads: int = 2) -> list[str]:
    """What starts the black box of a GGUF model."""
    return [sys.executable, "-m", "trainer.cbbt.llama_box", model, str(threads)]


def main(path: str, threads: int) -> None:
    """Be the black box."""
    judge = Judge(path, threads)
    info = {"embedding": judge.width, "features": judge.width}
    serve({"start": judge.start, "read": judge.read, "judge": judge.judge}, info)


if __name__ == "__main__":
    try:
        main(sys.argv[1], int(sys.argv[2]))
    except UserFault as e:
        sys.exit(str(e))
