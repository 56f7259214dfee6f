"""A local CLIP behind its boundary, the same over HTTP, and the command over small image sets."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra trainer is not installed")
pytest.importorskip("transformers", reason="the extra trainer is not installed")

import torch

from tests.trainer.cbbt.vision.image_folders import COLOURS, coop, picture
from tests.trainer.cbbt.vision.tiny_clip import SIDE, save_clip
from trainer.__main__ import main
from trainer.cbbt.box import BoxFault, Budget, HttpBox, ProcessBox
from trainer.cbbt.encoder import EncoderBox, Wording
from trainer.cbbt.vision import experiment as vision
from trainer.cbbt.vision.clip_box import ClipEncoder, box_command
from trainer.cbbt.vision.eleven_sets import read_set
from trainer.cbbt.vision.pixels import augmented, squares
from tutor_app.core.errors import UserFault

WORDING = Wording("a photo of a", ("red apple.", "green leaf.", "blue sea."))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def box(clip: Path) -> Iterator[ProcessBox]:
    with ProcessBox(box_command(clip, 1)) as box:
        yield box


@pytest.fixture(scope="module")
def service(clip: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "trainer.cbbt.vision.clip_box", str(clip), "--threads", "1", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def test_words_as_embeddings_are_the_words(clip: Path, box: ProcessBox) -> None:
    """A prompt of the embeddings of "a photo of a" gives the very features of the text."""
    from transformers import AutoTokenizer, CLIPModel

    encoder = EncoderBox(box, Budget(), WORDING)
    start = encoder.start(0)
    got = encoder.texts(start[None])[0]
    model, tokenizer = CLIPModel.from_pretrained(clip).eval(), AutoTokenizer.from_pretrained(clip)
    with torch.inference_mode():
        for row, name in zip(got, WORDING.classes, strict=True):
            found = model.get_text_features(**tokenizer(f"a photo of a {name}", return_tensors="pt")).pooler_output[0]
            np.testing.assert_allclose(row, (found / found.norm()).numpy(), atol=2e-5)
    assert encoder.start(1).tolist() == start[:1].tolist()
    assert len(encoder.start(len(start) + 2)) == len(start) + 2
    assert EncoderBox(box, Budget(), Wording("", WORDING.classes)).start(0).shape == (0, 32)


def test_images_are_normalised_behind_the_boundary(clip: Path, box: ProcessBox, tmp_path: Path) -> None:
    from transformers import CLIPModel

    for label in range(3):
        picture(tmp_path / f"{label}.png", label, 0, (40, 20))
    pixels = squares([tmp_path / f"{label}.png" for label in range(3)], SIDE)
    assert pixels.shape == (3, SIDE, SIDE, 3)
    assert pixels.dtype.name == "uint8"
    got = EncoderBox(box, Budget(), WORDING).images(pixels)
    values = (torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255 - torch.tensor([0.4, 0.5, 0.6]).view(1, 3, 1, 1)) / (
        torch.tensor([0.2, 0.25, 0.3]).view(1, 3, 1, 1)
    )
    with torch.inference_mode():
        want = CLIPModel.from_pretrained(clip).eval().get_image_features(pixel_values=values).pooler_output
    np.testing.assert_allclose(got, (want / want.norm(dim=-1, keepdim=True)).numpy(), atol=2e-5)
    with pytest.raises(UserFault, match="16 x 16 x 3 bytes"):
        EncoderBox(box, Budget(), WORDING).images(pixels[:, :8])


@pytest.mark.parametrize("op", ["weights", "gradient", "state_dict"])
def test_no_weight_has_an_operation(box: ProcessBox, op: str) -> None:
    with pytest.raises(UserFault, match="only images, start, texts"):
        box.ask(op, {}, {})


def test_prompts_that_do_not_fit(box: ProcessBox) -> None:
    encoder = EncoderBox(box, Budget(), WORDING)
    with pytest.raises(UserFault, match="A prompt of 45 tokens of 32 numbers and its class do not fit"):
        encoder.texts(np.zeros((1, 45, 32)))
    with pytest.raises(UserFault, match="names no classes"):
        box.ask("texts", {"prompts": np.zeros((1, 1, 32), np.float32)}, {})


def test_the_service_answers_as_the_process(box: ProcessBox, service: str) -> None:
    over_http = HttpBox(service, seconds=60)
    assert dict(over_http.info) == dict(box.info)
    prompts = np.random.default_rng(3).standard_normal((5, 2, 32))
    got, want = (EncoderBox(b, Budget(), WORDING).texts(prompts) for b in (over_http, box))
    np.testing.assert_allclose(got, want, atol=1e-6)
    with pytest.raises(UserFault, match="only images, start, texts"):
        over_http.ask("weights", {}, {})


def command_of(data: Path, clip: str | Path, run: Path, *more: str) -> list[str]:
    return [
        "cbbt", "vision", "--data", str(data), "--clip", str(clip), "--run", str(run), "--shots", "2",
        "--queries", "60", "--threads", "1", *more,
    ]  # fmt: skip


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short tunings."""
    pytest.importorskip("sklearn", reason="the extra cbbt is not installed")
    import dataclasses

    from trainer.cbbt import adapter_choice, methods

    for name in ("tuned", "prompt_then_adapter"):
        made = getattr(methods, name)
        monkeypatch.setattr(
            vision, name, lambda c, made=made: made(dataclasses.replace(c, epochs=3, warm_generations=0))
        )
    monkeypatch.setattr(adapter_choice, "EPOCHS", 5)
    monkeypatch.setattr(vision, "PASSES", 2)


@pytest.mark.usefixtures("few")
def test_the_command(clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("EuroSAT", "DTD"):
        coop(tmp_path / "data", name)
    command = command_of(tmp_path / "data", clip, tmp_path / "run", "--seeds", "1", "2")
    assert main(command) == 0
    first = capsys.readouterr().out.splitlines()
    assert first[0] == "2 shots:"
    assert first[2] == "| method | queries | DTD | EuroSAT | mean |"
    rows = [line.split("|")[1].strip() for line in first[4:10]]
    assert rows == ["zero-shot", "linear probe", "Tip-Adapter", "prompt only", "adapter only", "both"]
    kept = json.loads((tmp_path / "run" / "vision.json").read_text())
    assert len(kept) == 2 * 2 * 6
    assert all(0 <= r["test"] <= 1 and r.get("queries", 0) <= 60 for r in kept)
    probes = [r["test"] for r in kept if r["method"] == "linear probe"]
    assert min(probes) > 0.9  # the classes are colours, which even random towers tell apart
    assert main(command) == 0  # goes on from what is there: the same table, nothing asked again
    assert capsys.readouterr().out.splitlines()[:10] == first[:10]


@pytest.mark.usefixtures("few")
def test_the_command_over_http(service: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    coop(tmp_path, "OxfordPets")
    assert main(command_of(tmp_path, service, tmp_path / "run", "--seeds", "1", "--sets", "oxfordpets")) == 0
    assert "| both |" in capsys.readouterr().out


@pytest.mark.usefixtures("few")
def test_a_run_that_was_ended_asks_for_no_image_again(clip: Path, tmp_path: Path) -> None:
    from trainer.runs import Run

    coop(tmp_path, "EuroSAT")
    sets = [read_set(tmp_path, "EuroSAT")]
    with ProcessBox(box_command(clip, 1)) as inner:
        counted = Counting(inner, dies_after=4)
        with pytest.raises(BoxFault):
            vision.experiment(counted, Run.at(tmp_path / "run"), sets, [2], [1], 60, "model")
        before, counted.left = counted.images, 1 << 30
        rows = vision.experiment(counted, Run.at(tmp_path / "run"), sets, [2], [1], 60, "model")
    assert (before, counted.images) == (5, 5)
    assert len(rows) == 6


class Counting:
    """Counts requests about images, and dies after some about texts."""

    def __init__(self, box: ProcessBox, dies_after: int) -> None:
        self._box, self.left, self.images = box, dies_after, 0
        self.info = box.info

    def ask(self, op, arrays, shapes, **values):  # type: ignore[no-untyped-def]
        self.images += op == "images"
        self.left -= op == "texts"
        if self.left < 0:
            raise BoxFault("The black box ended by itself.")
        return self._box.ask(op, arrays, shapes, **values)

    def close(self) -> None:
        """The box belongs to another."""


def test_every_template_is_words_before_and_after(tmp_path: Path) -> None:
    for name in ("DTD", "EuroSAT", "UCF101"):
        coop(tmp_path, name)
    got = [vision.wording_of(read_set(tmp_path, n)) for n in ("DTD", "EuroSAT", "UCF101")]
    assert [(w.words, w.classes[0]) for w in got] == [
        ("", "red apple texture."),
        ("a centered satellite photo of", "red apple."),
        ("a photo of a person doing", "red apple."),
    ]


def test_augmented_passes_differ_and_are_repeatable(tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)).save(tmp_path / "a.png")
    passes = [augmented([tmp_path / "a.png"], SIDE, np.random.default_rng(s)) for s in (1, 1, 2)]
    assert passes[0].tolist() == passes[1].tolist() != passes[2].tolist()
    assert passes[0].shape == (1, SIDE, SIDE, 3)
    picture(tmp_path / "b.png", 0, 0)
    assert augmented([tmp_path / "b.png"], SIDE, np.random.default_rng(0))[0, 8, 8].tolist() == list(
        next(iter(COLOURS.values()))
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "holds no model: there is no config.json"),
        ("{", "is broken"),
        ("[]", "is of no known kind, not clip"),
        ('{"model_type": "bert"}', "is bert, not clip"),
        ('{"model_type": "clip"}', "cannot be loaded"),
    ],
)
def test_a_folder_that_is_no_clip(
    tmp_path: Path, content: str | None, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("sklearn", reason="the extra cbbt is not installed")
    coop(tmp_path / "data", "DTD")
    (tmp_path / "clip").mkdir()
    if content is not None:
        (tmp_path / "clip" / "config.json").write_text(content)
    assert main(command_of(tmp_path / "data", tmp_path / "clip", tmp_path / "run")) != 0
    said = capsys.readouterr().err
    assert sentence in said
    assert "Traceback" not in said


def without_tokenizer(folder: Path) -> None:
    for path in folder.iterdir():
        if "token" in path.name or path.name in ("vocab.json", "merges.txt"):
            path.unlink()


def torn(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:900])


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"weights": print}))


def grey(folder: Path) -> None:
    (folder / "preprocessor_config.json").write_text('{"image_mean": [0.5], "image_std": [0.5]}')


def flat(folder: Path) -> None:
    (folder / "preprocessor_config.json").write_text('{"image_std": [0, 0, 0]}')


@pytest.mark.parametrize(
    ("hurt", "sentence"),
    [
        (without_tokenizer, "The tokenizer in .* is none of this model"),
        (torn, "cannot be loaded: .*header"),
        (pickled, "cannot be loaded"),
        (grey, "does not give mean and spread of three colours"),
        (flat, "does not give mean and spread of three colours"),
    ],
)
def test_a_clip_that_is_not_whole(hurt: Callable[[Path], None], sentence: str, clip: Path, tmp_path: Path) -> None:
    folder = tmp_path / "clip"
    shutil.copytree(clip, folder)
    hurt(folder)
    with pytest.raises(UserFault, match=sentence) as e:
        ClipEncoder(folder)
    assert "\n" not in str(e.value)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--shots", "16"), "The class red apple of DTD has 8 images, too few for 16 shots: 16 are needed."),
        (("--sets", "cifar"), "There is no image set 'cifar'. Choose among ImageNet"),
        (("--sets", "UCF101"), "UCF101 is not in "),
        (("--clip", "http://127.0.0.1:9/"), "cannot be reached"),
        (("--data", "/nowhere"), "/nowhere is no folder."),
    ],
)
def test_requests_that_cannot_be_carried_out(
    clip: Path, tmp_path: Path, more: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    coop(tmp_path / "data", "DTD")
    assert main([*command_of(tmp_path / "data", clip, tmp_path / "run"), *more]) != 0
    assert sentence in capsys.readouterr().err


@pytest.mark.usefixtures("few")
def test_an_image_that_is_missing_is_told_of_before_any_is_encoded(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    coop(tmp_path / "data", "DTD")
    read_set(tmp_path / "data", "DTD").test[-1].path.unlink()
    assert main(command_of(tmp_path / "data", clip, tmp_path / "run")) == 2
    assert "images of DTD that are needed are not there, such as" in capsys.readouterr().err
    assert not (tmp_path / "run" / "features").exists()


@pytest.mark.usefixtures("few")
def test_rows_of_another_copy_of_a_set_are_not_taken_for_its_own(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    coop(tmp_path / "data", "DTD")
    coop(tmp_path / "fewer", "DTD", {"train": 8, "val": 5, "test": 2})

    def rows(data: str) -> list[dict[str, Any]]:
        assert main(command_of(tmp_path / data, clip, tmp_path / "run")) == 0
        found: list[dict[str, Any]] = json.loads((tmp_path / "run" / "vision.json").read_text())
        return found

    first, second = rows("data"), rows("fewer")
    assert len(first) == len(second)
    assert {r["images"] for r in first}.isdisjoint(r["images"] for r in second)
    assert rows("data") == first


@pytest.mark.usefixtures("few")
def test_an_image_that_is_broken(clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = coop(tmp_path / "data", "DTD")
    for file in (folder / "images" / "blue_sea").iterdir():
        file.write_bytes(b"\xff\xd8 half")
    assert main(command_of(tmp_path / "data", clip, tmp_path / "run")) == 2
    assert "cannot be read: it is no whole image." in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main([*command_of(tmp_path / "empty", clip, tmp_path / "run")]) == 2
    assert "None of the eleven image sets is in" in capsys.readouterr().err
