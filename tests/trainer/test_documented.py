"""The commands that the documents and the help name: all are read by the real command line, the road is walked."""

import json
import os
import re
import shlex
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from trainer.__main__ import STEPS, main, parser
from trainer.config import load

ROOT = Path(__file__).parents[2]
DOCUMENTS = (
    ROOT / "README.md",
    *sorted((ROOT / "trainer").rglob("README.md")),
    ROOT / "packaging" / "bench" / "README.md",
)
_STARTS = re.compile(r"(?:-m trainer|\bmutrain) (?=[a-z])")
VALUES = {
    "$m": "rephrase",
    "DIR": "folder",
    "FILE": "file.jsonl",
    "NAME": "default",
    "MODEL": "starter",
    "FOLDER": "folder",
}


def commands(text: str) -> list[list[str]]:
    """Every command of the trainer in a text, as its arguments: in a code block to the end of the line."""
    found = []
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        lines = block.replace("\\\n", " ").splitlines()
        found += [line[m.end() :] for line in lines if (m := _STARTS.search(line))]
    for quoted in re.findall(r"(?<!`)`([^`]+)`(?!`)", text):
        if m := _STARTS.search(" ".join(quoted.split())):
            found.append(" ".join(quoted.split())[m.end() :])
    whole = [c for c in found if "..." not in c and "STEP" not in c]
    return [[VALUES.get(word, word) for word in shlex.split(c, comments=True)] for c in whole]


DOCUMENTED = [
    *(pytest.param(c, id=" ".join(c)[:60]) for path in DOCUMENTS for c in commands(path.read_text(encoding="utf-8"))),
    *(pytest.param([name, *shlex.split(step.example)], id=f"help of {name}") for name, step in STEPS.items()),
]


def test_the_documents_are_found() -> None:
    assert len(DOCUMENTS) >= 5
    assert len(DOCUMENTED) > 30
    assert commands(
        "```sh\npython -m trainer view x \\\n  --n 2  # look\n```\nand `mutrain plot a\nb`, `-m trainer STEP`"
    ) == [
        ["view", "x", "--n", "2"],
        ["plot", "a", "b"],
    ]


@pytest.mark.parametrize("arguments", DOCUMENTED)
def test_a_documented_command_is_one(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "3")
    asked = parser(arguments[0]).parse_args([os.path.expandvars(word) for word in arguments])
    assert asked.step == arguments[0]
    for setting in (asked.config,) if asked.step == "train" else ():
        assert load(ROOT / setting).stage in (1, 2)


GSM8K = [
    {
        "question": f"A tank holds {n}0 liters. It loses 3 liters an hour for 12 hours. How much is left?",
        "answer": f"<<3*12=36>>36\n<<{n}0-36={n * 10 - 36}>>{n * 10 - 36}\n#### {n * 10 - 36}",
    }
    for n in range(5, 45)
]


def _globbed(word: str) -> list[str]:
    return sorted(map(str, Path().glob(word))) if "*" in word else [word]


@pytest.mark.slow
def test_the_road_by_hand_is_walked_as_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line of the document's two-stage run, on a tiny base; settings that need a GPU or hours are overridden."""
    for package in ("torch", "transformers", "gguf", "llama_cpp"):
        if find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    from tests.trainer.tiny_models import code_records, texts
    from trainer.export.gguf import write_f16
    from trainer.models.tokenizer import from_folder
    from trainer.train.tiny import make_base, train_tokenizer

    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "trainer" / "configs", tmp_path / "trainer" / "configs")
    Path("train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in GSM8K))
    Path("gsm8k.test.jsonl").write_text(json.dumps({"question": "How many legs have 3 dogs?", "answer": "#### 12"}))
    make_base(tmp_path / "base", train_tokenizer(texts(code_records(20)), 500), width=256, layers=1)
    write_f16(tmp_path / "base", from_folder(tmp_path / "base"), Path("starter.gguf"), name="Base", dialect="mumath")
    text = (ROOT / "trainer" / "README.md").read_text(encoding="utf-8")
    (block,) = (b for b in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) if "stage1-gpu.toml" in b)
    small = ["--set", "precision=fp32", "max_steps=2", "batch_size=4", "max_length=512", "row_tokens=512", "threads=1"]
    for line in block.strip().splitlines():
        words = [w for word in shlex.split(line)[3:] for w in _globbed(word)]
        assert main([*words, *(small if words[0] == "train" else [])]) == 0, line
    assert Path("mine.gguf").stat().st_size > 0
    assert json.loads(Path("mine.json").read_text())["type"] == "q4_k_m"
