"""Small image sets in the layouts of the real ones: three classes of coloured squares."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

COLOURS = {"red_apple": (200, 40, 40), "green_leaf": (40, 190, 60), "blue_sea": (40, 60, 200)}
CLASSES = tuple(COLOURS)
COUNTS = {"train": 8, "val": 5, "test": 6}
ENDINGS = {
    "Caltech101": ("caltech-101", "101_ObjectCategories", "split_zhou_Caltech101.json"),
    "OxfordPets": ("oxford_pets", "images", "split_zhou_OxfordPets.json"),
    "StanfordCars": ("stanford_cars", "", "split_zhou_StanfordCars.json"),
    "Flowers102": ("oxford_flowers", "jpg", "split_zhou_OxfordFlowers.json"),
    "Food101": ("food-101", "images", "split_zhou_Food101.json"),
    "SUN397": ("sun397", "SUN397", "split_zhou_SUN397.json"),
    "DTD": ("dtd", "images", "split_zhou_DescribableTextures.json"),
    "EuroSAT": ("eurosat", "2750", "split_zhou_EuroSAT.json"),
    "UCF101": ("ucf101", "UCF-101-midframes", "split_zhou_UCF101.json"),
}


def picture(path: Path, label: int, number: int, size: tuple[int, int] = (24, 18)) -> None:
    """A square of the class's colour, a little different for each number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    colour = tuple(min(255, c + 3 * (number % 9)) for c in COLOURS[CLASSES[label]])
    Image.new("RGB", size, colour).save(path, "JPEG" if path.suffix == ".jpg" else None)


def coop(root: Path, name: str, counts: dict[str, int] = COUNTS) -> Path:
    """A set as CoOp lays it out; its folder."""
    if name == "FGVCAircraft":
        return _aircraft(root / "fgvc_aircraft", counts)
    if name == "ImageNet":
        return _imagenet(root / "imagenet", counts)
    folder, images, split = ENDINGS[name]
    rows: dict[str, list[tuple[str, int, str]]] = {part: [] for part in counts}
    for part, count in counts.items():
        for number in range(count):
            for label, word in enumerate(CLASSES):
                file = f"{word}/{part}_{number}.jpg"
                picture(root / folder / images / file, label, number)
                rows[part].append((file, label, word))
    (root / folder / split).write_text(json.dumps(rows))
    return root / folder


def _aircraft(folder: Path, counts: dict[str, int]) -> Path:
    for part, count in counts.items():
        lines = []
        for number in range(count):
            for label, word in enumerate(CLASSES):
                image = f"{label}{len(part)}{number:04d}"
                picture(folder / "images" / f"{image}.jpg", label, number)
                lines.append(f"{image} {word.replace('_', ' ')}")
        (folder / f"images_variant_{part}.txt").write_text("\n".join(lines) + "\n")
    (folder / "variants.txt").write_text("".join(f"{word.replace('_', ' ')}\n" for word in CLASSES))
    return folder


def _imagenet(folder: Path, counts: dict[str, int]) -> Path:
    for part, where in (("train", "train"), ("test", "val")):
        for label in range(len(CLASSES)):
            for number in range(counts[part] + (counts["val"] if part == "train" else 0)):
                picture(folder / "images" / where / f"n0{label}" / f"{part}_{number}.jpg", label, number)
    (folder / "images" / "train" / "n00" / ".hidden").write_text("")
    (folder / "classnames.txt").write_text(
        "".join(f"n0{label} {word.replace('_', ' ')}\n" for label, word in enumerate(CLASSES))
    )
    return folder


def torchvision(root: Path, name: str) -> Path:
    """A set as torchvision unpacks it, ten images of each class and split."""
    splits = {
        "OxfordPets": ("trainval", "test"),
        "Food101": ("train", "test"),
        "FGVCAircraft": ("train", "val", "test"),
        "DTD": ("train", "val", "test"),
        "StanfordCars": ("train", "test"),
    }.get(name, ("all",))
    rows = [(s, label, n) for s in splits for label in range(len(CLASSES)) for n in range(1, 11)]
    match name:
        case "Caltech101":
            folder = root / "caltech101"
            (folder / "101_ObjectCategories" / "BACKGROUND_Google").mkdir(parents=True)
            (folder / "Annotations").mkdir()
            for _, label, n in rows:
                picture(folder / "101_ObjectCategories" / CLASSES[label] / f"image_{n:04d}.jpg", label, n)
        case "OxfordPets":
            folder = root / "oxford-iiit-pet"
            for s, label, n in rows:
                picture(folder / "images" / f"{CLASSES[label].title()}_{s}{n}.jpg", label, n)
            (folder / "annotations").mkdir()
            for split in splits:
                lines = [f"{CLASSES[c].title()}_{s}{n} {c + 1} 1 1" for s, c, n in rows if s == split]
                (folder / "annotations" / f"{split}.txt").write_text("\n".join(lines))
        case "Food101":
            folder = root / "food-101"
            for s, label, n in rows:
                picture(folder / "images" / CLASSES[label] / f"{s}{n}.jpg", label, n)
            (folder / "meta").mkdir()
            for split in splits:
                of = {w: [f"{w}/{s}{n}" for s, c, n in rows if s == split and c == i] for i, w in enumerate(CLASSES)}
                (folder / "meta" / f"{split}.json").write_text(json.dumps(of))
        case "FGVCAircraft":
            folder = _aircraft(root / "fgvc-aircraft-2013b" / "data", dict.fromkeys(splits, 10)).parent
        case "StanfordCars":
            folder = _cars(root / "stanford_cars")
        case "SUN397":
            folder = root / "SUN397"
            for _, label, n in rows:
                picture(folder / CLASSES[label][0] / CLASSES[label] / f"sun_{n:04d}.jpg", label, n)
            (folder / "ClassName.txt").write_text("".join(f"/{w[0]}/{w}\n" for w in CLASSES))
        case "DTD":
            folder = root / "dtd" / "dtd"
            for s, label, n in rows:
                picture(folder / "images" / CLASSES[label] / f"{s}{n}.jpg", label, n)
            (folder / "labels").mkdir()
            for split in splits:
                lines = [f"{CLASSES[c]}/{s}{n}.jpg" for s, c, n in rows if s == split]
                (folder / "labels" / f"{split}1.txt").write_text("\n".join(lines))
        case "EuroSAT":
            folder = root / "eurosat"
            for _, label, n in rows:
                picture(folder / "2750" / CLASSES[label] / f"{CLASSES[label]}_{n}.jpg", label, n)
        case _:
            raise ValueError(name)
    return folder


def _cars(folder: Path) -> Path:
    """Its lists are MATLAB's: a struct of each image, and the names of the classes."""
    import numpy as np
    from scipy.io import savemat

    (folder / "devkit").mkdir(parents=True)
    fields = [(name, object) for name in ("bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2", "class", "fname")]
    for split, file in (("train", "devkit/cars_train_annos.mat"), ("test", "cars_test_annos_withlabels.mat")):
        rows = []
        for number in range(10 * len(CLASSES)):
            label, name = number % len(CLASSES), f"{number + 1:05d}.jpg"
            picture(folder / f"cars_{split}" / name, label, number)
            rows.append((1, 1, 20, 10, label + 1, name))
        savemat(folder / file, {"annotations": np.array(rows, dtype=fields)})
    names = np.array([word.replace("_", " ") for word in CLASSES], dtype=object)
    savemat(folder / "devkit" / "cars_meta.mat", {"class_names": names})
    return folder
