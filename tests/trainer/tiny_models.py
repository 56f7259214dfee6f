"""Small real things for tests that train: records, a tokenizer trained in this process, a base of random weights."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from tests.trainer.local_code import LocalExecutor
from trainer.data.records import write_records
from trainer.data.seeds import gsm8k
from trainer.synthesize.make_code import make
from tutor_app.core.dialect import MUMATH, render
from tutor_app.core.transcript import Transcript

NAMES = ("Ann", "Ben", "Cleo", "Dan", "Eve", "Finn")
THINGS = ("apples", "books", "coins", "pens", "shells", "cards")


def rows(n: int, seed: int = 1) -> list[dict[str, str]]:
    """Problems in GSM8K's form."""
    rng = random.Random(seed)
    made = []
    for _ in range(n):
        name, thing, a, b, c = rng.choice(NAMES), rng.choice(THINGS), *(rng.randint(2, 9) for _ in range(3))
        ab, abc = a * b, a * b + c
        made.append(
            {
                "question": f"{name} has {a} boxes of {b} {thing} and finds {c} more. How many {thing} are there?",
                "answer": f"The boxes hold {a}*{b} = <<{a}*{b}={ab}>>{ab} {thing}.\n"
                f"With {c} more there are {ab}+{c} = <<{ab}+{c}={abc}>>{abc} {thing}.\n#### {abc}",
            }
        )
    return list({r["question"]: r for r in made}.values())


def code_records(n: int, seed: int = 1) -> list[Transcript]:
    return [make(r["question"], r["answer"], i, LocalExecutor()) for i, r in enumerate(rows(n, seed), 1)]


def text_records(n: int, seed: int = 1) -> list[Transcript]:
    return [gsm8k(r, i, "gsm8k-train", "MIT") for i, r in enumerate(rows(n, seed), 1)]


def texts(records: list[Transcript]) -> list[str]:
    return ["".join(s.text for s in render(r, MUMATH)) for r in records]


def save(path: Path, records: list[Transcript]) -> Path:
    write_records(path, records)
    return path


def metrics(run: Path, key: str = "loss") -> list[Any]:
    lines = (run / "metrics.jsonl").read_text().splitlines()
    return [row[key] for line in lines if key in (row := json.loads(line))]
