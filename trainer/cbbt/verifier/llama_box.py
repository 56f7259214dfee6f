"""A GGUF model as a black box that judges solutions.

``python -m trainer.cbbt.verifier.llama_box MODEL THREADS [FOLDER]`` is that process. The operations are ``start``,
``read`` and ``judge`` (:mod:`tutor_app.adapters.verifying.judge`); weights and gradients have none.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from trainer.cbbt.frames import Array, Arrays
from trainer.cbbt.serving import serve
from tutor_app.adapters.engine.processor import FILE, Memory
from tutor_app.adapters.verifying.judge import Judge
from tutor_app.core.errors import UserFault
from tutor_app.tutor.paths import folders

FIRST: Final = " check"
"""The word that the soft tokens begin as."""


def box_command(model: str, threads: int = 2, folder: Path | None = None) -> list[str]:
    """What starts the black box of a GGUF model, which keeps what it reads in the folder if there is one."""
    command = [sys.executable, "-m", "trainer.cbbt.verifier.llama_box", model, str(threads)]
    return command if folder is None else [*command, str(folder)]


def main(path: str, threads: int, folder: Path | None = None) -> None:
    """Be the black box."""
    model = Judge(path, threads, folder, Memory(folders().prompts / FILE))

    def start(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
        row = _embedding(path, model.ids(FIRST)[0])
        return {"prompt": np.tile(row, (int(header["tokens"]), 1))}

    def read(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
        found = [model.read(str(text)) for text in header["texts"]]
        lengths = np.array([reading.tokens for reading in found], dtype=np.int64)
        return {"lengths": lengths, "scores": np.stack([reading.scores for reading in found]).astype(np.float32)}

    def judge(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
        margins, hidden = model.judge(arrays["prompts"], arrays["items"])
        return {"margins": margins, "features": hidden}

    serve({"start": start, "read": read, "judge": judge}, {"embedding": model.width, "features": model.width})


def _embedding(path: str, token: int) -> Array:
    """The embedding of a token, which the box takes like its text."""
    from gguf import GGUFReader
    from gguf.quants import dequantize

    found = next((t for t in GGUFReader(path).tensors if t.name == "token_embd.weight"), None)
    if found is None:
        raise UserFault("The model's file has no token embeddings.", "Use a model that takes embeddings.")
    row: Array = dequantize(found.data[token][None], found.tensor_type)[0].astype(np.float32)
    return row


if __name__ == "__main__":
    try:
        main(sys.argv[1], int(sys.argv[2]), *map(Path, sys.argv[3:4]))
    except UserFault as e:
        sys.exit(str(e))
