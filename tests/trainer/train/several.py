"""Starts several ranks as torchrun does, each its own process over gloo."""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

from trainer.config import TrainConfig

ROOT = Path(__file__).parents[3]
_HANGS = 300.0
"""Seconds after which a rank is taken to hang."""


def settings_of(config: TrainConfig, path: Path) -> Path:
    """A configuration file."""
    lines = []
    for key, value in config.to_dict().items():
        lines.append(f"{key} = {json.dumps(list(value) if isinstance(value, tuple) else value)}")
    path.write_text("\n".join(lines))
    return path


@contextlib.contextmanager
def meeting_place(n: int) -> Iterator[dict[str, str]]:
    """The store in which ``n`` ranks find one another, kept by this process as torchrun keeps it; their environment.

    A port that was only looked for could be another program's before the first rank listens on it.
    """
    from torch.distributed import TCPStore

    store = TCPStore("127.0.0.1", 0, n, is_master=True, wait_for_workers=False)
    yield {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(store.port),
        "TORCHELASTIC_USE_AGENT_STORE": "True",
        "WORLD_SIZE": str(n),
        # A process that is to fork must have one thread.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


@contextlib.contextmanager
def started(n: int, *arguments: str) -> Iterator[list[subprocess.Popen[str]]]:
    """Start ``n`` ranks of ``python -m trainer``; killed at the end."""
    with meeting_place(n) as world:
        children = [
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
        try:
            yield children
        finally:
            for child in children:
                child.kill()
                child.communicate()


def run(n: int, *arguments: str) -> list[tuple[int, str]]:
    """Run ``n`` ranks to their end; their exit codes and what each said.

    One process imports the libraries and forks into the ranks: importing them takes longer than what is tested.
    """
    with tempfile.TemporaryDirectory() as folder, meeting_place(n) as world:
        here = [sys.executable, "-m", "tests.trainer.train.several", str(n), folder, *arguments]
        subprocess.run(here, cwd=ROOT, env={**os.environ, **world}, timeout=400, check=True)
        codes = json.loads((Path(folder) / "codes.json").read_text())
        return [(codes[i], (Path(folder) / f"{i}.txt").read_text()) for i in range(n)]


def torchrun(n: int, *arguments: str) -> None:
    """Run ``n`` ranks, which must succeed."""
    done = run(n, *arguments)
    assert [code for code, _ in done] == [0] * n, "\n".join(text for _, text in done)


def main(n: int, folder: Path, arguments: list[str]) -> None:
    """Fork into ``n`` ranks; leaves their exit codes and what they said in the folder.

    Where they hang, each leaves the stacks of its threads.
    """
    import torch
    import transformers.models.qwen2.modeling_qwen2  # noqa: F401  # once for all

    from trainer.__main__ import main as trainer
    from trainer.train import loop  # noqa: F401  # once for all

    torch.set_num_threads(1)
    # What another thread holds at the fork would be held for ever in the child.
    assert len(list(Path("/proc/self/task").iterdir())) == 1
    pids = []
    for i in range(n):
        pid = os.fork()
        if not pid:
            os.environ.update(RANK=str(i), LOCAL_RANK=str(i))
            said = os.open(folder / f"{i}.txt", os.O_WRONLY | os.O_CREAT)
            os.dup2(said, 1)
            os.dup2(said, 2)
            faulthandler.dump_traceback_later(_HANGS, exit=True)
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
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
