"""Image sets on disk: each layout, the shots that CoOp draws, and what is said of a set that is not whole."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.cbbt.vision.image_folders import CLASSES, COUNTS, coop, torchvision
from trainer.cbbt.vision.eleven_sets import LAYOUTS, read_set, set_name, sets_in
from trainer.cbbt.vision.image_set import few_shot_pictures, need_files
from tutor_app.core.errors import UserFault

WORDS = ("red apple", "green leaf", "blue sea")


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_set_as_coop_lays_it_out(tmp_path: Path, name: str) -> None:
    coop(tmp_path, name)
    found = read_set(tmp_path, name)
    assert sets_in(tmp_path) == (name,)
    assert found.classes == WORDS
    assert Counter(p.label for p in found.test) == dict.fromkeys(range(3), COUNTS["test"])
    assert len(found.train) == 3 * (COUNTS["train"] + (COUNTS["val"] if name == "ImageNet" else 0))
    assert len(found.validation) == (0 if name == "ImageNet" else 3 * COUNTS["val"])
    assert all(p.path.is_file() for p in (*found.train, *found.validation, *found.test))
    assert not {*found.train, *found.validation} & set(found.test)
    train, validation = few_shot_pictures(found, 4, seed=1)
    assert (len(train), len(validation), len({*train, *validation})) == (12, 12, 24)


def test_the_shots_are_those_of_coop(tmp_path: Path) -> None:
    """Its generator is Python's, seeded once; first all classes' shots are drawn, then those to select on."""
    coop(tmp_path, "EuroSAT")
    found = read_set(tmp_path, "EuroSAT")
    rows = json.loads((tmp_path / "eurosat" / "split_zhou_EuroSAT.json").read_text())
    for seed in (1, 2, 3):
        random.seed(seed)
        drawn = [
            [f"{file}" for word in CLASSES for file in random.sample([f for f, _, w in rows[part] if w == word], count)]
            for part, count in (("train", 6), ("val", 4))
        ]
        got = few_shot_pictures(found, 6, seed)
        assert [[str(p.path.relative_to(tmp_path / "eurosat" / "2750")) for p in part] for part in got] == drawn
    assert few_shot_pictures(found, 6, 1) == few_shot_pictures(found, 6, 1) != few_shot_pictures(found, 6, 2)


@pytest.mark.parametrize("name", ["Caltech101", "StanfordCars", "Food101", "FGVCAircraft", "SUN397", "DTD", "EuroSAT"])
def test_a_set_as_torchvision_lays_it_out(tmp_path: Path, name: str) -> None:
    pytest.importorskip("torch", reason="the extra trainer is not installed")
    _need_torchvision()
    if name == "StanfordCars":
        pytest.importorskip("scipy", reason="the extra cbbt is not installed")
    torchvision(tmp_path, name)
    found = read_set(tmp_path, name)
    assert sets_in(tmp_path) == (name,)
    assert set(found.classes) == set(WORDS)
    for picture in (*found.train, *found.validation, *found.test):
        word = found.classes[picture.label].replace(" ", "_")
        assert picture.path.is_file()
        assert name in ("FGVCAircraft", "StanfordCars") or word in str(picture.path)
    parts = (found.train, found.validation, found.test)
    assert len(set().union(*parts)) == sum(map(len, parts)) > 0
    want = {"Food101": (24, 6, 30), "StanfordCars": (24, 6, 30), "FGVCAircraft": (30, 30, 30), "DTD": (30, 30, 30)}
    assert tuple(map(len, parts)) == want.get(name, (15, 6, 9))
    assert read_set(tmp_path, name) == found  # the same images in every run


def test_pets_as_torchvision_lays_them_out_need_no_torchvision(tmp_path: Path) -> None:
    torchvision(tmp_path, "OxfordPets")
    found = read_set(tmp_path, "OxfordPets")
    assert found.classes == WORDS
    assert (len(found.train), len(found.validation), len(found.test)) == (24, 6, 30)
    assert all(p.path.is_file() for p in found.train)


@pytest.mark.parametrize("text", ["DTD", "dtd", "eurosat", "food-101", "oxfordpets", "OXFORD_PETS"])
def test_names_of_sets(text: str) -> None:
    assert set_name(text) in LAYOUTS


def test_a_set_of_another_name() -> None:
    with pytest.raises(UserFault, match=r"There is no image set 'cifar'\. Choose among ImageNet, Caltech101"):
        set_name("cifar")


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_set_that_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserFault, match=f"{name} is not in .* is missing"):
        read_set(tmp_path, name)
    with pytest.raises(UserFault, match="is no folder"):
        sets_in(tmp_path / "none")
    assert sets_in(tmp_path) == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is no split file of CoOp"),
        ("[]", "is no split file of CoOp"),
        ('{"train": []}', "is no split file of CoOp"),
        ('{"train": [["a.jpg", 0]], "val": [], "test": []}', "is no split file of CoOp"),
        ('{"train": [["a.jpg", "x", "a"]], "val": [], "test": []}', "is no split file of CoOp"),
        ('{"train": [["a.jpg", 0, "a"], ["b.jpg", 0, "b"]], "val": [], "test": []}', "has two names, a and b"),
        (
            '{"train": [["a.jpg", 0, "a"], ["b.jpg", 2, "b"]], "val": [], "test": []}',
            "are not numbered 0 to 1: see class 1.",
        ),
        (
            '{"train": [["a.jpg", -1, "a"], ["b.jpg", 0, "b"]], "val": [], "test": []}',
            "not numbered 0 to 1: see class -1.",
        ),
        ('{"train": [["a.jpg", 0, "a"]], "val": [], "test": [["b.jpg", 0, "a"]]}', "has 1 classes with images, and 2"),
        ('{"train": [["a.jpg", 0.5, "a"]], "val": [], "test": []}', "0.5, 'a'. is not a path, a number and a class"),
        (
            '{"train": [["a.jpg", Infinity, "a"]], "val": [], "test": []}',
            "inf, 'a'. is not a path, a number and a class",
        ),
        ('{"train": [["a.jpg", true, "a"]], "val": [], "test": []}', "True, 'a'. is not a path, a number and a class"),
        ('{"train": [["a.jpg", 0, null]], "val": [], "test": []}', "None. is not a path, a number and a class"),
        ('{"train": {"a.jpg": 0}, "val": [], "test": []}', "'a.jpg' is not a path, a number and a class"),
        ('{"train": ' + "[" * 100_000, "nested too deeply"),
        ('{"train": [["a.jpg", 0, "a"], ["b.jpg", 1, "b"]], "val": [], "test": []}', "no images to test on"),
    ],
)
def test_a_split_file_that_is_broken(tmp_path: Path, text: str, sentence: str) -> None:
    folder = coop(tmp_path, "DTD")
    (folder / "split_zhou_DescribableTextures.json").write_text(text)
    with pytest.raises(UserFault, match=sentence):
        read_set(tmp_path, "DTD")


def test_lists_that_do_not_fit(tmp_path: Path) -> None:
    folder = coop(tmp_path, "FGVCAircraft")
    (folder / "images_variant_val.txt").write_text("000 Concorde\n")
    with pytest.raises(UserFault, match="the variant 'Concorde', which"):
        read_set(tmp_path, "FGVCAircraft")
    (folder / "images_variant_val.txt").unlink()
    with pytest.raises(UserFault, match=r"images_variant_val\.txt cannot be read"):
        read_set(tmp_path, "FGVCAircraft")
    folder = coop(tmp_path, "ImageNet")
    (folder / "classnames.txt").write_text("n00 red apple\n")
    with pytest.raises(UserFault, match="n01 is no class"):
        read_set(tmp_path, "ImageNet")


def test_a_line_without_a_variant(tmp_path: Path) -> None:
    folder = coop(tmp_path, "FGVCAircraft")
    (folder / "images_variant_val.txt").write_text("0034309\n")
    with pytest.raises(UserFault, match="the variant '', which"):
        read_set(tmp_path, "FGVCAircraft")


def written(root: Path, change: Callable[[dict[str, list[list[Any]]]], object]) -> None:
    """A set whose split file was changed so."""
    path = coop(root, "EuroSAT") / "split_zhou_EuroSAT.json"
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


@pytest.mark.parametrize(("one", "other", "count"), [("train", "test", 4), ("val", "test", 2), ("train", "val", 1)])
def test_an_image_in_two_splits_is_refused(tmp_path: Path, one: str, other: str, count: int) -> None:
    """What was learned from, or selected on, would be tested on."""
    written(tmp_path, lambda parts: parts[other].extend(parts[one][:count]))
    with pytest.raises(
        UserFault, match=f"{count} images of EuroSAT are in two of its splits, {one} and {other}, such as"
    ):
        read_set(tmp_path, "EuroSAT")


@pytest.mark.parametrize(("part", "verb"), [("train", "train"), ("test", "test")])
def test_a_class_without_images(tmp_path: Path, part: str, verb: str) -> None:
    written(tmp_path, lambda parts: parts.update({part: [row for row in parts[part] if row[1] != 1]}))
    with pytest.raises(UserFault, match=f"The class green leaf of EuroSAT has no images to {verb} on"):
        read_set(tmp_path, "EuroSAT")


@pytest.mark.parametrize("where", ["train", "val"])
@pytest.mark.parametrize("number", range(3))
def test_a_class_folder_of_imagenet_that_is_missing(tmp_path: Path, where: str, number: int) -> None:
    """Labels are places in the list of folders: those after it would be other classes."""
    folder = coop(tmp_path, "ImageNet") / "images" / where / f"n0{number}"
    shutil.rmtree(folder)
    with pytest.raises(UserFault, match=f"The class n0{number} is in one of .* only"):
        read_set(tmp_path, "ImageNet")
    folder.mkdir()
    with pytest.raises(UserFault, match="has no images to " + ("train" if where == "train" else "test")):
        read_set(tmp_path, "ImageNet")


@pytest.mark.parametrize("name", LAYOUTS)
def test_images_that_are_not_there_are_told_of(tmp_path: Path, name: str) -> None:
    coop(tmp_path, name)
    found = read_set(tmp_path, name)
    train, validation = few_shot_pictures(found, 4, seed=1)
    needed = (*train, *validation, *found.test)
    need_files(found, needed)
    found.test[-1].path.unlink()
    train[0].path.write_bytes(b"")  # is there; whether it is an image is seen when it is opened
    with pytest.raises(UserFault) as e:
        need_files(found, needed)
    assert e.value.message == (
        f"1 of the {len(needed)} images of {name} that are needed are not there, such as {found.test[-1].path}."
    )


def test_the_identity_of_a_set_is_that_of_its_images(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    coop(one, "EuroSAT")
    written(other, lambda parts: parts["test"].pop())
    coop(tmp_path / "copy", "EuroSAT")
    found = read_set(one, "EuroSAT").identity
    assert read_set(tmp_path / "copy", "EuroSAT").identity == found != read_set(other, "EuroSAT").identity


@pytest.mark.parametrize(
    ("shots", "sentence"),
    [
        (9, "The class red apple of DTD has 8 images, too few for 9 shots: 9 are needed. Choose fewer shots."),
        (16, "The class red apple of DTD has 8 images, too few for 16 shots: 16 are needed. Choose fewer shots."),
        (0, "0 shots are too few. Give 1 or more."),
    ],
)
def test_a_class_with_fewer_images_than_shots(tmp_path: Path, shots: int, sentence: str) -> None:
    coop(tmp_path, "DTD")
    with pytest.raises(UserFault) as e:
        few_shot_pictures(read_set(tmp_path, "DTD"), shots, 1)
    assert str(e.value) == sentence


def test_a_class_without_images_to_select_on(tmp_path: Path) -> None:
    coop(tmp_path, "DTD", {"train": 8, "val": 2, "test": 3})
    found = read_set(tmp_path, "DTD")
    assert len(few_shot_pictures(found, 2, 1)[1]) == 6
    with pytest.raises(UserFault, match="has 2 images, too few to select on after 8 shots: 4 are needed"):
        few_shot_pictures(found, 8, 1)


def _need_torchvision() -> None:
    import importlib.util

    if importlib.util.find_spec("torchvision") is None:
        pytest.skip("the extra vision is not installed")


def test_torchvision_is_asked_for_where_only_its_layout_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.setitem(sys.modules, "torchvision.datasets", None)
    torchvision(tmp_path, "DTD")
    with pytest.raises(UserFault, match=r"torchvision cannot be used.*add CoOp's split file"):
        read_set(tmp_path, "DTD")


def test_a_set_that_torchvision_finds_broken(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="the extra trainer is not installed")
    _need_torchvision()
    folder = torchvision(tmp_path, "DTD")
    (folder / "labels" / "val1.txt").unlink()
    with pytest.raises(UserFault, match="torchvision cannot read DTD"):
        read_set(tmp_path, "DTD")


@pytest.mark.parametrize(
    ("name", "file", "sentence"),
    [
        ("DTD", "labels/test1.txt", r"torchvision cannot read DTD in \S+: .*\. Check that the set"),
        ("Food101", "meta/test.json", r"torchvision cannot read Food101 in \S+: .*\. Check that the set"),
        ("SUN397", "ClassName.txt", "torchvision cannot read SUN397 in .*'blue_sea' is missing"),
        ("FGVCAircraft", "data/variants.txt", "torchvision cannot read FGVCAircraft in .*'red apple' is missing"),
    ],
)
def test_lists_that_torchvision_believes(tmp_path: Path, name: str, file: str, sentence: str) -> None:
    pytest.importorskip("torch", reason="the extra trainer is not installed")
    _need_torchvision()
    (torchvision(tmp_path, name) / file).write_text("\0[{")
    with pytest.raises(UserFault, match=sentence):
        read_set(tmp_path, name)
