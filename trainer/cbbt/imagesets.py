"""The eleven image sets of few-shot tuning of CLIP, read from disk, and their few-shot samples.

Each set is looked for in the layout of CoOp (Zhou et al., IJCV 2022), whose fixed splits are lists in
``split_zhou_NAME.json``; FGVCAircraft and ImageNet have lists and folders of their own there. Where that is missing,
the layout that torchvision downloads is read (:mod:`trainer.cbbt.torchvision_sets`). Nothing is downloaded here, and
no pixel is read: an image is a path.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from trainer.cbbt.image_set import PARTS, ImageSet, Picture, Pictures, made_set
from trainer.cbbt.shots import VALIDATION_SHOTS
from trainer.cbbt.torchvision_sets import FOLDERS, read_torchvision
from tutor_app.core.errors import UserFault


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a set lies and how CLIP is asked about it.

    Attributes:
        folder: CoOp's name of it.
        images: What the paths of the split file are relative to.
        split: The split file; empty where the set has none.
        template: CLIP's wording, with ``{}`` for the class (CoOp, ``trainers/zsclip.py``).
    """

    folder: str
    images: str
    split: str
    template: str


LAYOUTS: Final[Mapping[str, Layout]] = {
    "ImageNet": Layout("imagenet", "images", "", "a photo of a {}."),
    "Caltech101": Layout("caltech-101", "101_ObjectCategories", "split_zhou_Caltech101.json", "a photo of a {}."),
    "OxfordPets": Layout("oxford_pets", "images", "split_zhou_OxfordPets.json", "a photo of a {}, a type of pet."),
    "StanfordCars": Layout("stanford_cars", "", "split_zhou_StanfordCars.json", "a photo of a {}."),
    "Flowers102": Layout(
        "oxford_flowers", "jpg", "split_zhou_OxfordFlowers.json", "a photo of a {}, a type of flower."
    ),
    "Food101": Layout("food-101", "images", "split_zhou_Food101.json", "a photo of {}, a type of food."),
    "FGVCAircraft": Layout("fgvc_aircraft", "images", "", "a photo of a {}, a type of aircraft."),
    "SUN397": Layout("sun397", "SUN397", "split_zhou_SUN397.json", "a photo of a {}."),
    "DTD": Layout("dtd", "images", "split_zhou_DescribableTextures.json", "{} texture."),
    "EuroSAT": Layout("eurosat", "2750", "split_zhou_EuroSAT.json", "a centered satellite photo of {}."),
    "UCF101": Layout("ucf101", "UCF-101-midframes", "split_zhou_UCF101.json", "a photo of a person doing {}."),
}
"""The eleven sets."""


def set_name(text: str) -> str:
    """The name of a set as it is written here, whatever the capitals.

    Raises:
        UserFault: If there is none of that name.
    """
    for name in LAYOUTS:
        if text.casefold() in (name.casefold(), LAYOUTS[name].folder):
            return name
    raise UserFault(f"There is no image set {text!r}.", f"Choose among {', '.join(LAYOUTS)}.")


def read_set(root: Path, name: str) -> ImageSet:
    """A set that lies below ``root`` in CoOp's layout, or in torchvision's.

    Raises:
        UserFault: If it is not there, or not whole.
    """
    layout = LAYOUTS[name]
    folder = root / layout.folder
    if layout.split and (folder / layout.split).is_file():
        return _by_split_file(name, folder / layout.split, folder / layout.images)
    if name == "FGVCAircraft" and (folder / "variants.txt").is_file():
        return _aircraft(folder)
    if name == "ImageNet" and (folder / "classnames.txt").is_file():
        return _imagenet(folder)
    found = read_torchvision(root, name)
    if found is None:
        wanted = folder / (layout.split or ("variants.txt" if name == "FGVCAircraft" else "classnames.txt"))
        raise UserFault(
            f"{name} is not in {root}: {wanted} is missing.",
            "Lay the set out as CoOp's DATASETS.md says, or give another --data.",
        )
    return found


def sets_in(root: Path) -> tuple[str, ...]:
    """Names of the sets that seem to lie below a folder.

    Raises:
        UserFault: If it is no folder.
    """
    if not root.is_dir():
        raise UserFault(f"{root} is no folder.", "Give the folder in which the image sets lie.")
    return tuple(
        n for n in LAYOUTS if (root / LAYOUTS[n].folder).is_dir() or (root / FOLDERS.get(n, LAYOUTS[n].folder)).is_dir()
    )


def few_shot_pictures(found: ImageSet, shots: int, seed: int) -> tuple[Pictures, Pictures]:
    """Images to learn from and to select on: the very images that CoOp draws with this seed from this split.

    ``random.sample`` of each class in the order of the list, first all shots, then at most 4 of each class to select
    on (Dassl, ``generate_fewshot_dataset``). Where a set has no validation split they come from the rest of the
    training images; CoOp then selects on the test split, which nothing here does.

    Raises:
        UserFault: If a class has too few images.
    """
    if shots < 1:
        raise UserFault(f"{shots} shots are too few.", "Give 1 or more.")
    rng, held = random.Random(seed), min(shots, VALIDATION_SHOTS)
    train = _sampled(found, found.train, shots, rng, f"for {shots} shots")
    rest = found.validation or tuple(p for p in found.train if p not in set(train))
    return train, _sampled(found, rest, held, rng, f"to select on after {shots} shots")


def _sampled(found: ImageSet, pictures: Pictures, count: int, rng: random.Random, purpose: str) -> Pictures:
    by_class: dict[int, list[Picture]] = {}
    for picture in pictures:
        by_class.setdefault(picture.label, []).append(picture)
    for label, name in enumerate(found.classes):
        if len(by_class.get(label, ())) < count:
            raise UserFault(
                f"The class {name} of {found.name} has {len(by_class.get(label, ()))} images, too few {purpose}: "
                f"{count} are needed.",
                "Choose fewer shots.",
            )
    return tuple(p for group in by_class.values() for p in rng.sample(group, count))


def _by_split_file(name: str, path: Path, images: Path) -> ImageSet:
    try:
        value: Any = json.loads(path.read_text(encoding="utf-8"))
        parts = {
            part: [(images / str(file), int(label), str(word)) for file, label, word in value[part]] for part in PARTS
        }
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise UserFault(f"{path} is no split file of CoOp ({type(e).__name__}: {e}).", "Fetch it anew.") from None
    return made_set(name, parts)


def _aircraft(folder: Path) -> ImageSet:
    """FGVCAircraft: ``variants.txt`` and a list of ``image variant`` for each split."""
    labels = {word: i for i, word in enumerate(_lines(folder / "variants.txt"))}
    parts = {}
    for part in PARTS:
        path = folder / f"images_variant_{part}.txt"
        rows = [line.partition(" ")[::2] for line in _lines(path)]
        if unknown := next((word for _, word in rows if word not in labels), None):
            raise UserFault(f"{path} has the variant {unknown!r}, which variants.txt has not.")
        parts[part] = [(folder / "images" / f"{image}.jpg", labels[word], word) for image, word in rows]
    return made_set("FGVCAircraft", parts)


def _imagenet(folder: Path) -> ImageSet:
    """ImageNet: a folder for each class, named in ``classnames.txt``; its validation images are the test split."""
    names = dict(line.partition(" ")[::2] for line in _lines(folder / "classnames.txt"))
    parts = {}
    for part, where in (("train", "train"), ("test", "val")):
        source = folder / "images" / where
        folders = sorted(p for p in source.iterdir() if p.is_dir()) if source.is_dir() else []
        if unknown := next((p for p in folders if p.name not in names), None):
            raise UserFault(f"{unknown} is no class of classnames.txt.")
        # Two of the thousand names are the same ("sunglasses"; "missile" in some lists): the label tells them apart.
        parts[part] = [
            (file, label, names[p.name])
            for label, p in enumerate(folders)
            for file in sorted(p.iterdir())
            if not file.name.startswith(".")
        ]
    return made_set("ImageNet", parts)


def _lines(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as e:
        raise UserFault(f"{path} cannot be read: {e}.", "Check that the set was unpacked as a whole.") from None
