import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="the trainer's packages are not installed")
pytest.importorskip("transformers", reason="the trainer's packages are not installed")

from tests.trainer.tiny_models import code_records, save, texts
from trainer.__main__ import main
from trainer.commands import card
from trainer.config import TrainConfig
from trainer.runs import Run
from trainer.train.job import Job
from trainer.train.loop import train
from trainer.train.tiny import make_base, train_tokenizer
from tutor_app.core.errors import HostFault

CONFIG = TrainConfig(stage=2, precision="fp32", max_length=512, batch_size=8, max_steps=2, held_out=0.1, threads=1)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with records and a run over them."""
    folder = tmp_path_factory.mktemp("cards")
    records = code_records(20)
    records[0] = replace(records[0], meta={**records[0].meta, "votes": [4, 5], "licence": "CC-BY-4.0"})
    data = save(folder / "data.jsonl", records)
    make_base(folder / "base", train_tokenizer(texts(records), 400))
    train(Job(CONFIG, folder / "base", (data,), Run.at(folder / "run")))
    return folder


def asked(*arguments: str) -> Any:
    return main(["card", *arguments])


def test_the_card_of_a_run_says_what_was_trained_on_what(place: Path) -> None:
    assert asked(str(place / "run")) == 0
    text = (place / "run" / "model" / "README.md").read_text()
    noted = json.loads((place / "run" / "train.provenance.json").read_text())
    assert text.startswith("---\nlicense: other\nlanguage: en\ntags:\n- mumath\n")
    assert f"{noted['parameters']:,} parameters" in text
    assert f"2 steps over {noted['samples']} samples ({noted['tokens']:,} tokens" in text
    assert f"{noted['held_out']} samples were held out; their loss is" in text
    assert "| lr | 2e-05 |" in text
    assert f"`data.jsonl` (SHA-256 {noted['inputs'][str(place / 'data.jsonl')][:16]}):" in text
    assert "| all | | | 20 |" in text
    # The card is made anew over itself, and over nothing else.
    assert asked(str(place / "run")) == 0
    (place / "run" / "model" / "README.md").write_text("My own words.\n")
    assert asked(str(place / "run")) == 2
    assert (place / "run" / "model" / "README.md").read_text() == "My own words.\n"


def test_records_that_were_changed_since_are_not_counted(place: Path, tmp_path: Path) -> None:
    data = place / "data.jsonl"
    kept = data.read_bytes()
    data.write_bytes(kept + b"\n")
    try:
        assert asked(str(place / "run"), "--out", str(tmp_path / "card.md")) == 0
    finally:
        data.write_bytes(kept)
    text = (tmp_path / "card.md").read_text()
    assert "no longer there as it was trained on" in text
    assert "| records |" not in text


def test_the_card_of_records_counts_methods_licences_and_votes(place: Path) -> None:
    assert asked(str(place / "data.jsonl")) == 0
    text = (place / "data.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert sum(int(row.split("|")[4]) for row in rows[1:-1] if "---" not in row) == 20
    assert any("CC-BY-4.0 | 1 |" in row for row in rows)
    assert "majority, 4 of 5 votes 1" in text
    assert "Compared with test sets: 0 of 20." in text


def test_what_is_put_on_the_hub_has_its_card(place: Path, tmp_path: Path) -> None:
    pushed = []
    parser = argparse.ArgumentParser()
    card.add_arguments(parser)
    for what, kind in ((place / "run", "model"), (place / "data.jsonl", "dataset")):
        out = tmp_path / f"{kind}.md"
        a = parser.parse_args([str(what), "--out", str(out), "--push", "me/mine"])
        assert card.main(a, lambda *given: pushed.append(given)) == 0
    assert pushed == [
        (place / "run" / "model", tmp_path / "model.md", "me/mine", "model"),
        (place / "data.jsonl", tmp_path / "dataset.md", "me/mine", "dataset"),
    ]


def test_what_no_card_can_be_made_of_is_a_sentence(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(str(tmp_path)) == 2
    assert "train.provenance.json cannot be read" in capsys.readouterr().err
    assert asked(str(place / "run"), "--out", str(tmp_path)) == 2
    assert "is there already and is no earlier card" in capsys.readouterr().err
    (tmp_path / "empty.jsonl").write_text("")
    assert asked(str(tmp_path / "empty.jsonl")) == 2
    assert "There is no record in" in capsys.readouterr().err
    assert asked(str(tmp_path / "none.jsonl")) == 2


@pytest.mark.parametrize(
    ("raised", "why"), [(LookupError("nobody\nanswers"), "nobody"), (AttributeError(), "AttributeError")]
)
def test_a_hub_that_is_not_reached_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: Exception, why: str
) -> None:
    hub = pytest.importorskip("huggingface_hub", reason="the trainer's packages are not installed")

    class Unreachable:
        def create_repo(self, *_: object, **__: object) -> None:
            raise raised

    monkeypatch.setattr(hub, "HfApi", Unreachable)
    with pytest.raises(HostFault, match=rf"me/mine could not be put on the hub: {why}\. Check the name"):
        card.to_hub(tmp_path, tmp_path / "README.md", "me/mine", "model")
