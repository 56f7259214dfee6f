"""A stub server as teacher for the commands: what it says is looked up by the problem it is asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.trainer.teacher.completions_server import Script


def last_problem(prompt: str) -> str:
    """What the last user turn of a ChatML prompt says."""
    return prompt.rsplit("<|im_start|>user\n", 1)[1].split("<|im_end|>", 1)[0]


def said_so_far(prompt: str) -> str:
    """What the teacher has said in this turn."""
    return prompt.rsplit("<|im_start|>assistant\n", 1)[1]


def teacher(replies: Mapping[str, str] | Callable[[str, str], str], **more: Any) -> Script:
    """A server that says, of the problem's reply, what follows the words that it has said already.

    A mapping gives the whole turn by a word of the problem; a function gets the problem and the words so far and
    gives what comes next.
    """

    def reply(prompt: str) -> str:
        problem, said = last_problem(prompt), said_so_far(prompt)
        if callable(replies):
            return replies(problem, said)
        whole = next(text for key, text in replies.items() if key in problem)
        return whole.removeprefix(said) if whole.startswith(said) else whole

    return Script(reply, **more)


def lines(path: Path, *values: Any) -> Path:
    path.write_text("".join(json.dumps(v, ensure_ascii=False) + "\n" for v in values))
    return path


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def against(folder: Path) -> Path:
    """A test set that nothing here overlaps."""
    return lines(folder / "test.jsonl", {"question": "How far is it from the lighthouse to the old mill by boat?"})


def endpoint(url: str, *more: str) -> list[str]:
    return ["--endpoint", url, "--dialect", "chatml", "--no-stream", *more]
