"""A recipe of very few problems, whose every stage takes seconds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
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


ASKING = RECIPE.replace(
    '[decontaminate]\nagainst = ["test.jsonl"]',
    """asked = ["rephrase"]
tries = 1

[teacher]
endpoint = "URL"
dialect = "chatml"
parallel = 2

[synthesize]
of = ["rephrase"]
samples = 1
keep = 1
rounds = 1

[decontaminate]
against = ["test.jsonl"]""",
).replace('methods = ["fobar"]\n\n', 'methods = ["fobar"]\n')
"""The same with a teacher on a server, and a round by the model itself."""


def scripted(wrong: Callable[[int], bool] = lambda _: False) -> Callable[[str, str], str]:
    """What a teacher says of these problems: new wordings, solutions in words, and code, some of it wrong.

    Args:
        wrong: Of a number of boxes, whether the code for them comes to another result.
    """

    def says(problem: str, said: str) -> str:
        name = problem.split()[0]
        boxes, each, more = (int(n) for n in re.findall(r"\d+", problem)[:3])
        if "```output" in said:
            return f"{name} has $\\boxed{{{said.rsplit('```output', 1)[1].split()[0]}}}$ shells."
        if said.startswith("Analysis:"):
            end = f" - {boxes}" if wrong(boxes) else ""
            words = f" We are asked how many shells {name} has. First come the boxes, then the rest."
            code = (
                f"def shells():\n    in_boxes = {boxes} * {each}\n    return in_boxes + {more}{end}\n\nprint(shells())"
            )
            return f"{words}\n\n```python\n{code}\n```\n"
        if "besides" in problem:
            held = boxes * each
            return (
                f"The boxes hold {boxes} * {each} = {held}, so there are {held} + {more} = $\\boxed{{{held + more}}}$"
            )
        return (
            f"{name} owns {boxes} boxes, each with {each} shells in it, and comes upon {more} shells besides. "
            "What number of shells is that in all?"
        )

    return says
