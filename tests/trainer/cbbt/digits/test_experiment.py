"""The encoder of drawn digits, its black box, the experiment's table, and the command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from trainer.__main__ import main
from trainer.cbbt.box import Budget, ProcessBox
from trainer.cbbt.digits.drawing import CLASSES, DIGITS, draw
from trainer.cbbt.digits.experiment import METHODS
from trainer.cbbt.encoder import EncoderBox
from trainer.cbbt.methods import table
from tutor_app.core.errors import UserFault

torch = pytest.importorskip("torch", reason="the extra trainer is not installed")

from trainer.cbbt.digits.dual_encoder import DualEncoder, DualShape, box_command, train_encoder  # noqa: E402

SHAPE = DualShape(embedding=32, width=32, features=24, layers=1)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    train_encoder(count=1500, epochs=4, shape=SHAPE).save(folder)
    return folder


def test_drawings_are_the_same_for_the_same_seed() -> None:
    images, classes, styles = draw(40, seed=1)
    again = draw(40, seed=1)
    assert images.shape == (40, 16, 16)
    assert images.dtype == np.float32
    assert (images.min(), classes.max() < len(CLASSES), styles.max() < 9) == (0, True, True)
    assert 0 < images.max() <= 1
    assert [a.tolist() for a in again] == [images.tolist(), classes.tolist(), styles.tolist()]


def test_every_class_is_drawn_with_ink() -> None:
    images, classes, _ = draw(400, seed=2)
    assert set(classes) == set(range(len(CLASSES)))
    assert (images.reshape(400, -1).max(axis=1) > 0.15).all()


def test_the_encoder_behind_its_boundary_knows_drawn_digits(encoder: Path) -> None:
    images, labels, _ = draw(600, seed=77)
    digits = labels < len(DIGITS)
    with ProcessBox(box_command(encoder, DIGITS)) as box:
        client = EncoderBox(box, Budget())
        assert (client.embedding, client.width, client.classes) == (32, 24, 10)
        texts = client.texts(client.start(1)[None])[0]
        features = client.images(images[digits])
        with pytest.raises(UserFault, match="only images, start, texts"):
            box.ask("weights", {}, {})
        with pytest.raises(UserFault, match="does not fit"):
            box.ask("texts", {"prompts": np.zeros((1, 1, 7), np.float32)}, {})
        with pytest.raises(UserFault, match="16 x 16"):
            client.images(np.zeros((2, 8, 8), np.float32))
    right = ((features @ texts.T).argmax(axis=1) == labels[digits]).mean()
    assert right > 0.4  # chance is 0.1; a real one is trained for longer
    model = DualEncoder.load(encoder)
    with torch.inference_mode():
        want = model.image_features(torch.from_numpy(images[digits])).numpy()
    np.testing.assert_allclose(features, want, atol=1e-5)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_another_model_is_not_replaced(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / name).write_text('{"kind": "mine"}')
    assert main(["cbbt", "encoder", "--out", str(tmp_path), "--images", "256"]) == 2
    assert "holds another model" in capsys.readouterr().err
    assert [p.read_text() for p in tmp_path.iterdir()] == ['{"kind": "mine"}']


def test_a_folder_that_holds_no_encoder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cbbt", "digits", "--encoder", str(tmp_path), "--run", str(tmp_path / "run")]) == 2
    assert "holds no dual encoder" in capsys.readouterr().err
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UserFault, match="python -m trainer cbbt encoder"):
        DualEncoder.load(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("model.safetensors", b"\x80\x04N.", "holds no dual encoder: Error while deserializing header"),
        ("model.safetensors", b"", "holds no dual encoder: Error while deserializing header"),
        ("config.json", b"[]", "holds no dual encoder: list indices must be integers or slices"),
        ("config.json", b'{"shape": {"width": 48}, "words": ["a"]}', "holds no dual encoder: Error.s. in loading"),
    ],
)
def test_an_encoder_that_is_not_whole(encoder: Path, tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    folder = tmp_path / "encoder"
    shutil.copytree(encoder, folder)
    (folder / name).write_bytes(content)
    with pytest.raises(UserFault, match=sentence) as e:
        DualEncoder.load(folder)
    assert "\n" not in str(e.value)


def test_a_class_that_the_encoder_has_no_word_for(encoder: Path) -> None:
    from trainer.cbbt.box import BoxFault

    with pytest.raises(BoxFault, match="does not know the word 'eleven'"):
        ProcessBox(box_command(encoder, ["eleven"]))


def test_the_experiment_goes_on_where_it_was(
    encoder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn", reason="the extra cbbt is not installed")
    quick = ["zero-shot", "linear probe", "Tip-Adapter"]
    for name in METHODS.keys() - quick:
        monkeypatch.delitem(METHODS, name)
    command = ["cbbt", "digits", "--encoder", str(encoder), "--run", str(tmp_path), "--shots", "2", "--seeds", "0"]
    assert main(command) == 0
    first = capsys.readouterr().out
    journal = (tmp_path / "digits.journal").read_text()
    assert main(command) == 0
    assert capsys.readouterr().out.splitlines()[:5] == first.splitlines()[:5]
    assert (tmp_path / "digits.journal").read_text() == journal
    rows = json.loads((tmp_path / "digits.json").read_text())
    assert [r["method"] for r in rows] == quick


def test_scikit_learn_is_asked_for(encoder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if _has_sklearn():
        pytest.skip("scikit-learn is installed")
    assert main(["cbbt", "digits", "--encoder", str(encoder), "--run", str(tmp_path)]) == 2
    assert "come with scikit-learn" in capsys.readouterr().err


def _has_sklearn() -> bool:
    import importlib.util

    return importlib.util.find_spec("sklearn") is not None


def test_the_table() -> None:
    rows = [
        {"method": "both", "shots": 2, "seed": s, "test": t, "queries": 6631} for s, t in enumerate((0.8, 0.85, 0.9))
    ]
    rows += [{"method": "zero-shot", "shots": 1, "seed": 0, "test": 0.5}]
    assert table(rows, METHODS).splitlines() == [
        "| method | queries | 1 shot | 2 shots |",
        "|---|--:|--:|--:|",
        "| zero-shot | 0 | 50.0 |  |",
        "| both | 6,631 |  | 85.0 ± 5.0 |",
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("digits --encoder e --run r --shots 0", "--shots: '0' is not a whole number of 1 or more"),
        ("digits --encoder e --run r --seeds -1", "--seeds: '-1' is not a whole number of 0 or more"),
        ("digits --encoder e --run r --seconds nan", "--seconds: 'nan' is not a number of seconds"),
        ("encoder --out e --images 3", "--images: '3' is not a whole number of 256 or more"),
        ("verifier --model m --solutions s --run r --threads 0", "--threads: '0' is not a whole number of 1 or more"),
        ("verifier --model m --solutions s --run r --queries few", "--queries: 'few' is not a whole number"),
    ],
)
def test_numbers_that_make_no_sense(arguments: str, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["cbbt", *arguments.split()])
    assert sentence in capsys.readouterr().err


def test_a_folder_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("")
    assert main(["cbbt", "encoder", "--out", str(tmp_path / "taken"), "--images", "256"]) == 1
    assert "could not be written: File exists" in capsys.readouterr().err
