"""A set of labelled images in three splits, and few-shot samples of it: paths and classes, no pixels."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trainer.cbbt.shots import VALIDATION_SHOTS
from trainer.runs import digest
from tutor_app.core.errors import UserFault

PARTS: Final = ("train", "val", "test")
CHECK: Final = "Check that the set and its lists were unpacked as a whole."


@dataclass(frozen=True, slots=True)
class Picture:
    """An image and its class.

    Attributes:
        path: Of its file.
        label: Of its class, from 0.
    """

    path: Path
    label: int


Pictures = tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class ImageSet:
    """A set of labelled images in its three splits.

    Attributes:
        name: As it is written in papers.
        classes: Names, as words.
        train: What shots are drawn from.
        validation: What the images to select on are drawn from; empty: those of ``train`` that are no shots.
        test: For the one look at the end.
    """

    name: str
    classes: tuple[str, ...]
    train: Pictures
    validation: Pictures
    test: Pictures

    @property
    def identity(self) -> str:
        """Tells these images and their splits from others, wherever they lie."""
        parts = [[(*p.path.parts[-2:], p.label) for p in part] for part in (self.train, self.validation, self.test)]
        return digest([self.name, self.classes, parts])


def words_of(name: str) -> str:
    """A class's name as words."""
    return " ".join(name.replace("_", " ").split())


def made_set(name: str, parts: Mapping[str, Sequence[tuple[Path, int, str]]]) -> ImageSet:
    """A set out of ``(path, label, class)`` rows of each split.

    Raises:
        UserFault: If the labels do not belong to one class each, a class has nothing to learn from or to be tested on,
            or an image is in two splits.
    """
    names: dict[int, str] = {}
    for part in PARTS:
        for _, label, word in parts.get(part, ()):
            if names.setdefault(label, word) != word:
                raise UserFault(f"The class {label} of {name} has two names, {names[label]} and {word}.", CHECK)
    if len(names) < 2:
        raise UserFault(f"{name} has {len(names)} classes with images, and 2 at least are needed.", CHECK)
    if strange := sorted(set(names) ^ set(range(len(names)))):
        numbers = f"0 to {len(names) - 1}: see class {strange[0]}"
        raise UserFault(f"The {len(names)} classes of {name} that have images are not numbered {numbers}.", CHECK)
    made = {part: tuple(Picture(path, label) for path, label, _ in parts.get(part, ())) for part in PARTS}
    classes = tuple(words_of(names[i]) for i in range(len(names)))
    for part in ("train", "test"):
        if not made[part]:
            raise UserFault(f"{name} has no images to {part} on.", CHECK)
        if without := set(range(len(names))) - {picture.label for picture in made[part]}:
            raise UserFault(f"The class {classes[min(without)]} of {name} has no images to {part} on.", CHECK)
    for one, other in itertools.combinations(PARTS, 2):
        if common := {p.path for p in made[one]} & {p.path for p in made[other]}:
            raise UserFault(
                f"{len(common)} images of {name} are in two of its splits, {one} and {other}, such as {min(common)}.",
                "Fetch its lists anew: what is learned from would be tested on.",
            )
    return ImageSet(name, classes, made["train"], made["val"], made["test"])


def need_files(found: ImageSet, pictures: Iterable[Picture]) -> None:
    """See that images are there, before hours are spent on the others.

    Raises:
        UserFault: If one is not.
    """
    needed = {picture.path for picture in pictures}
    if missing := [path for path in needed if not path.is_file()]:
        raise UserFault(
            f"{len(missing):,} of the {len(needed):,} images of {found.name} that are needed are not there, "
            f"such as {min(missing)}.",
            "Check that its lists and its images belong together, and that they were unpacked as a whole.",
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
    shown = set(train)
    rest = found.validation or tuple(p for p in found.train if p not in shown)
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
