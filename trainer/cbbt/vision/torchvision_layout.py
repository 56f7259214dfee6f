"""Image sets in the layouts that torchvision downloads, for those that are not laid out as CoOp does.

Paths and labels only: torchvision's readers are given a loader that returns the path. Where a set has no validation
split, a fifth of each class's training images is one; where it has no split at all, half of each class is to train
on, a fifth to select on, the rest to test on. These are CoOp's shares, with a fixed seed, but not its images.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from trainer.cbbt.vision.image_set import CHECK, ImageSet, made_set
from trainer.cbbt.vision.torchvision_import import import_torchvision
from tutor_app.core.errors import UserFault

Row = tuple[Path, int, str]

FOLDERS: Final[Mapping[str, str]] = {
    "ImageNet": "imagenet",
    "Caltech101": "caltech101",
    "OxfordPets": "oxford-iiit-pet",
    "StanfordCars": "stanford_cars",
    "Flowers102": "flowers-102",
    "Food101": "food-101",
    "FGVCAircraft": "fgvc-aircraft-2013b",
    "SUN397": "SUN397",
    "DTD": "dtd/dtd",
    "EuroSAT": "eurosat/2750",
}
"""Where torchvision puts each below its root; it has no still images of UCF101."""

SEED: Final = 1


def read_torchvision(root: Path, name: str) -> ImageSet | None:
    """A set that torchvision has downloaded to ``root``; None if it has not.

    Raises:
        UserFault: If torchvision cannot be used, or finds the set broken.
    """
    if name not in FOLDERS or not (root / FOLDERS[name]).is_dir():
        return None
    if name == "OxfordPets":
        return made_set(name, _with_validation({p: _pets(root / FOLDERS[name], p) for p in ("trainval", "test")}))
    sets = _datasets()
    try:
        parts = _READERS[name](sets, root)
    except Exception as e:  # noqa: BLE001 - its readers, SciPy's and pickle's among them, believe what a file holds
        reason = str(e).splitlines()[0].rstrip(".") if str(e) else "it is empty or broken"
        reason = f"{reason} is missing" if isinstance(e, LookupError) else reason
        raise UserFault(f"torchvision cannot read {name} in {root}: {reason}.", CHECK) from None
    return made_set(name, _with_validation(parts))


def _datasets() -> ModuleType:
    try:
        return import_torchvision("torchvision.datasets")
    except (ImportError, RuntimeError, OSError) as e:
        reason = str(e).splitlines()[0] if str(e) else type(e).__name__
        raise UserFault(
            f"The set lies there as torchvision lays it out, and torchvision cannot be used: {reason}.",
            "Install it with: pip install -e .[vision], or add CoOp's split file.",
        ) from None


def _rows(dataset: Any, classes: Sequence[str] | None = None) -> list[Row]:
    """Rows of a dataset whose loader returned the path."""
    names = classes if classes is not None else dataset.classes
    pairs = [dataset[i] for i in range(len(dataset))]
    return [(Path(path), int(label), str(names[label])) for path, label in pairs]


def _splits(class_name: str, splits: Mapping[str, str], **options: Any) -> Callable[[ModuleType, Path], Any]:
    """A reader for a dataset with the argument ``split``."""

    def read(sets: ModuleType, root: Path) -> dict[str, list[Row]]:
        kind = getattr(sets, class_name)
        return {part: _rows(kind(str(root), split=split, loader=str, **options)) for part, split in splits.items()}

    return read


def _whole(class_name: str) -> Callable[[ModuleType, Path], Any]:
    """A reader for a dataset without splits."""

    def read(sets: ModuleType, root: Path) -> dict[str, list[Row]]:
        return {"all": sorted(_rows(getattr(sets, class_name)(str(root), loader=str)))}

    return read


def _caltech(sets: ModuleType, root: Path) -> dict[str, list[Row]]:
    found = sets.Caltech101(str(root))
    folder, rows = Path(found.root) / "101_ObjectCategories", []
    for number, label in zip(found.index, found.y, strict=True):
        word = found.categories[label]
        rows.append((folder / word / f"image_{number:04d}.jpg", int(label), word))
    return {"all": rows}


def _imagenet(sets: ModuleType, root: Path) -> dict[str, list[Row]]:
    found = {}
    for part, split in (("train", "train"), ("test", "val")):
        dataset = sets.ImageNet(str(root / FOLDERS["ImageNet"]), split=split, loader=str)
        found[part] = _rows(dataset, [words[0] for words in dataset.classes])
    return found


def _pets(folder: Path, part: str) -> list[Row]:
    """The set's own list; torchvision's reader gives no path."""
    path, rows = folder / "annotations" / f"{part}.txt", []
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            image, label, *_ = line.split()
            rows.append((folder / "images" / f"{image}.jpg", int(label) - 1, image.rpartition("_")[0].lower()))
    except (OSError, ValueError) as e:
        raise UserFault(f"{path} cannot be read: {e}.", CHECK) from None
    return rows


_READERS: Final[Mapping[str, Callable[[ModuleType, Path], dict[str, list[Row]]]]] = {
    "ImageNet": _imagenet,
    "Caltech101": _caltech,
    "StanfordCars": _splits("StanfordCars", {"trainval": "train", "test": "test"}),
    "Flowers102": _splits("Flowers102", {"train": "train", "val": "val", "test": "test"}),
    "Food101": _splits("Food101", {"trainval": "train", "test": "test"}),
    "FGVCAircraft": _splits("FGVCAircraft", {"train": "train", "val": "val", "test": "test"}),
    "SUN397": _whole("SUN397"),
    "DTD": _splits("DTD", {"train": "train", "val": "val", "test": "test"}),
    "EuroSAT": _whole("EuroSAT"),
}


def _with_validation(parts: Mapping[str, Sequence[Row]]) -> dict[str, list[Row]]:
    """CoOp's shares of what has no validation split, or no split at all."""
    rng = random.Random(SEED)
    if "all" in parts:
        made: dict[str, list[Row]] = {"train": [], "val": [], "test": []}
        for rows in _by_class(parts["all"]):
            rng.shuffle(rows)
            first, second = round(0.5 * len(rows)), round(0.5 * len(rows)) + round(0.2 * len(rows))
            for part, share in zip(made, (rows[:first], rows[first:second], rows[second:]), strict=True):
                made[part] += share
        return made
    if "trainval" in parts:
        made = {"train": [], "val": [], "test": list(parts["test"])}
        for rows in _by_class(parts["trainval"]):
            rng.shuffle(rows)
            held = round(0.2 * len(rows))
            made["val"] += rows[:held]
            made["train"] += rows[held:]
        return made
    return {part: list(rows) for part, rows in parts.items()}


def _by_class(rows: Sequence[Row]) -> list[list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row[1], []).append(row)
    return list(found.values())
