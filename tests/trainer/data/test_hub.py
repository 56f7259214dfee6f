"""Data sets of a hub, with a library in the place of the real one: nothing here leaves the computer."""

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from trainer.commands.seeds import import_seeds
from trainer.data import hub
from trainer.runs import Run
from trainer.steps import InputFiles
from tutor_app.core.errors import HostFault, UserFault

ROWS = [
    {"question": "Ann has 2 boxes of 3 pens. How many pens?", "answer": "2*3 = <<2*3=6>>6 pens.\n#### 6"},
    {"question": "Ben has 4 pens and buys 5. How many pens?", "answer": "4+5 = <<4+5=9>>9 pens.\n#### 9"},
]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the library was asked for; it knows one data set."""
    calls: list[Any] = []

    def load_dataset(name: str, configuration: str | None, *, split: str, streaming: bool) -> Any:
        calls.append((name, configuration, split, streaming))
        if name == "nobody/away":
            raise ConnectionError("Couldn't reach the hub.\nMany more lines.")
        if split != "train":
            raise ValueError(f"Unknown split {split!r}. Should be one of ['train'].")
        return iter(ROWS)

    module = ModuleType("datasets")
    module.__spec__ = ModuleSpec("datasets", None)
    module.load_dataset = load_dataset  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "datasets", module)
    return calls


def test_a_data_set_is_fetched_once_and_is_a_file_from_then_on(asked: list[Any], tmp_path: Path) -> None:
    mine = tmp_path / "mine.jsonl"
    files = hub.local([mine, Path("hub:openai/gsm8k/main:train")], tmp_path / "hub")
    assert files == [mine, tmp_path / "hub" / "openai--gsm8k--main--train.jsonl"]
    assert hub.local([Path("hub:openai/gsm8k/main:train")], tmp_path / "hub") == files[1:]
    assert asked == [("openai/gsm8k", "main", "train", True)]
    told = import_seeds(Run.at(tmp_path / "run"), InputFiles(tuple(files[1:])), "gsm8k")
    assert "2 records" in told


def test_the_split_is_train_unless_it_is_named(asked: list[Any], tmp_path: Path) -> None:
    hub.local([Path("hub:openai/gsm8k")], tmp_path)
    assert asked == [("openai/gsm8k", None, "train", True)]


def test_what_goes_wrong_is_one_sentence_and_leaves_no_file(asked: list[Any], tmp_path: Path) -> None:
    for name, kind, said in (
        ("hub:gsm8k", UserFault, "names no data set"),
        ("hub:openai/gsm8k:test", UserFault, r"cannot be read: Unknown split 'test'"),
        ("hub:nobody/away", HostFault, r"cannot be fetched: Couldn't reach the hub\."),
    ):
        with pytest.raises(kind, match=said):
            hub.local([Path(name)], tmp_path / "hub")
    assert not list(tmp_path.rglob("*.jsonl*"))


def test_without_the_package_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(hub, "find_spec", lambda _: None)
    with pytest.raises(UserFault, match="needs the package datasets"):
        hub.local([Path("hub:openai/gsm8k")], tmp_path)
