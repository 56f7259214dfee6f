"""A recipe of very few problems, whose every stage takes seconds."""

from __future__ import annotations

import json
from pathlib import Path

NAMES = ("Ann", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hana")

RECIPE = """
name = "small"

[seeds]
files = ["train.jsonl"]
limit = 16

[alter]
methods = ["correct"]

[augment]
methods = ["fobar"]

[decontaminate]
against = ["test.jsonl"]
corrections = 0.5

[base]
vocab = 512
width = 64
layers = 1

[stage1]
precision = "fp32"
max_length = 512
batch_size = 4
max_steps = 6
lr = 3e-3
held_out = 0.1
save_every = 2
threads = 1

[stage2]
precision = "fp32"
max_length = 768
batch_size = 4
max_steps = 6
lr = 3e-3
held_out = 0.1
save_every = 2
threads = 1

[evaluate]
benchmark = "gsm8k"
data = "test.jsonl"
max_tokens = 24
max_rounds = 1

[export]
type = "f16"
"""


def train_rows() -> list[dict[str, str]]:
    """Problems in GSM8K's form, of one pattern."""
    made = []
    for i in range(20):
        name, boxes, each, more = NAMES[i % len(NAMES)], 3 + i, 41 + i, 7 + 2 * i
        held, total = boxes * each, boxes * each + more
        made.append(
            {
                "question": f"{name} has {boxes} boxes of {each} shells and finds {more} more shells. "
                "How many shells are there?",
                "answer": f"The boxes hold {boxes}*{each} = <<{boxes}*{each}={held}>>{held} shells.\n"
                f"With {more} more there are {held}+{more} = <<{held}+{more}={total}>>{total} shells.\n#### {total}",
            }
        )
    return made


def benchmark_rows() -> list[dict[str, str]]:
    """Problems of another pattern."""
    return [
        {
            "question": f"A bus starts with {n} passengers, and {k} of them get off at the market. Who stays aboard?",
            "answer": f"<<{n}-{k}={n - k}>>\n#### {n - k}",
        }
        for n, k in ((30, 4), (25, 9), (41, 13))
    ]


def write_recipe(folder: Path, text: str = RECIPE) -> Path:
    """The recipe and its files in a folder; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("train", train_rows()), ("test", benchmark_rows())):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    path = folder / "small.toml"
    path.write_text(text)
    return path
