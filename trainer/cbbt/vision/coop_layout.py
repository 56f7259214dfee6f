"""Image sets as CoOp lays them out (Zhou et al., IJCV 2022, its DATASETS.md): paths and labels, no pixels.

Its fixed splits are lists in ``split_zhou_NAME.json``; FGVCAircraft and ImageNet have lists and folders of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.cbbt.vision.image_set import CHECK, PARTS, ImageSet, made_set
from trainer.runs import json_of
from tutor_app.core.errors import UserFault


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a set lies and how CLIP is asked about it.

    Attributes:
        folder: CoOp's name of it.
        images: What the paths of the split file are relative to.
        listing: The file that says what is in the set.
        template: CLIP's wording, with ``{}`` for the class (CoOp, ``trainers/zsclip.py``).
    """

    folder: str
    images: str
    listing: str
    template: str


def read_coop(root: Path, name: str, layout: Layout) -> ImageSet | None:
    """A set that lies below ``root`` in CoOp's layout; None if it does not.

    Raises:
        UserFault: If it is not whole.
    """
    folder = root / layout.folder
    if not (folder / layout.listing).is_file():
        return None
    match name:
        case "FGVCAircraft":
            return _aircraft(folder)
        case "ImageNet":
            return _imagenet(folder)
        case _:
            return _by_split_file(name, folder / layout.listing, folder / layout.images)


def _by_split_file(name: str, path: Path, images: Path) -> ImageSet:
    try:
        value = json_of(path.read_text(encoding="utf-8"))
        parts = {part: [_row(images, row) for row in value[part]] for part in PARTS}
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise UserFault(f"{path} is no split file of CoOp ({type(e).__name__}: {e}).", "Fetch it anew.") from None
    return made_set(name, parts)


def _row(images: Path, row: Any) -> tuple[Path, int, str]:
    """Path, label and class of one line of a split file.

    Raises:
        ValueError: If it is none.
    """
    match row:
        case [str(file), int(label), str(word)] if not isinstance(label, bool):
            return images / file, label, word
    raise ValueError(f"{row!r:.80} is not a path, a number and a class")


def _aircraft(folder: Path) -> ImageSet:
    """FGVCAircraft: ``variants.txt`` and a list of ``image variant`` for each split."""
    labels = {word: i for i, word in enumerate(_lines(folder / "variants.txt"))}
    parts = {}
    for part in PARTS:
        path = folder / f"images_variant_{part}.txt"
        rows = [line.partition(" ")[::2] for line in _lines(path)]
        unknown = next((word for _, word in rows if word not in labels), None)
        if unknown is not None:
            raise UserFault(f"{path} has the variant {unknown!r}, which variants.txt has not.", CHECK)
        parts[part] = [(folder / "images" / f"{image}.jpg", labels[word], word) for image, word in rows]
    return made_set("FGVCAircraft", parts)


def _imagenet(folder: Path) -> ImageSet:
    """ImageNet: a folder for each class, named in ``classnames.txt``; its validation images are the test split."""
    names = dict(line.partition(" ")[::2] for line in _lines(folder / "classnames.txt"))
    parts = {}
    sources = {"train": folder / "images" / "train", "test": folder / "images" / "val"}
    folders_of = {
        part: sorted(p for p in source.iterdir() if p.is_dir()) if source.is_dir() else []
        for part, source in sources.items()
    }
    here, there = ({p.name for p in folders} for folders in folders_of.values())
    if here and there and here != there:
        raise UserFault(
            f"The class {min(here ^ there)} is in one of {' and '.join(map(str, sources.values()))} only.", CHECK
        )
    for part, folders in folders_of.items():
        if unknown := next((p for p in folders if p.name not in names), None):
            raise UserFault(f"{unknown} is no class of classnames.txt.", CHECK)
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
        raise UserFault(f"{path} cannot be read: {e}.", CHECK) from None
