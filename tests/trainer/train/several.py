"""Starts several ranks as torchrun does, each its own process over gloo."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

from trainer.config import TrainConfig

ROOT = Path(__file__).parents[3]


def settings_of(config: TrainConfig, path: Path) -> Path:
    """A configuration file."""
    lines = []
    for key, value in config.to_dict().items():
        lines.append(f"{key} = {json.dumps(list(value) if isinstance(value, tuple) else value)}")
    path.write_text("\n".join(lines))
    return path


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


def start(n: int, *arguments: str) -> list[subprocess.Popen[str]]:
    """Start ``n`` ranks of ``python -m trainer``."""
    world = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": str(n), "OMP_NUM_THREADS": "1"}
    return [
        subprocess.Popen(
            [sys.executable, "-m", "trainer", *arguments],
            cwd=ROOT,
            env={**os.environ, **world, "RANK": str(i), "LOCAL_RANK": str(i)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for i in range(n)
    ]


def run(n: int, *arguments: str) -> list[tuple[int, str]]:
    """Run ``n`` ranks to their end; their exit codes and what each said.

    One process imports the libraries and forks into the ranks: importing them takes longer than what is tested.
    """
    with tempfile.TemporaryDirectory() as folder:
        here = [sys.executable, "-m", "tests.trainer.train.several", str(n), str(free_port()), folder, *arguments]
        subprocess.run(here, cwd=ROOT, timeout=400, check=True)
        codes = json.loads((Path(folder) / "codes.json").read_text())
        return [(codes[i], (Path(folder) / f"{i}.txt").read_text()) for i in range(n)]


def torchrun(n: int, *arguments: str) -> None:
    """Run ``n`` ranks, which must succeed."""
    done = run(n, *arguments)
    assert [code for code, _ in done] == [0] * n, "\n".join(text for _, text in done)


def main(n: int, port: int, folder: Path, arguments: list[str]) -> None:
    """Fork into ``n`` ranks; leaves their exit codes and what they said in the folder."""
    import torch
    import transformers.models.qwen2.modeling_qwen2  # noqa: F401  # once for all

    from trainer.__main__ import main as trainer
    from trainer.train import loop  # noqa: F401  # once for all

    torch.set_num_threads(1)
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), WORLD_SIZE=str(n), OMP_NUM_THREADS="1")
    pids = []
    for i in range(n):
        pid = os.fork()
        if not pid:
            os.environ.update(RANK=str(i), LOCAL_RANK=str(i))
            said = os.open(folder / f"{i}.txt", os.O_WRONLY | os.O_CREAT)
            os.dup2(said, 1)
            os.dup2(said, 2)
            try:
                code = trainer(arguments)
            except BaseException:  # noqa: BLE001 - said, as the interpreter would
                traceback.print_exc()
                code = 70
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        pids.append(pid)
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    (folder / "codes.json").write_text(json.dumps(codes))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
