"""The eleven image sets of few-shot tuning of CLIP: their names, how CLIP is asked about them, and where they lie.

Each is looked for as CoOp lays it out, with CoOp's fixed splits; where that is missing, as torchvision downloads it.
Nothing is downloaded here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from trainer.cbbt.vision.coop_layout import Layout, read_coop
from trainer.cbbt.vision.image_set import ImageSet
from trainer.cbbt.vision.torchvision_layout import FOLDERS, read_torchvision
from tutor_app.core.errors import UserFault

LAYOUTS: Final[Mapping[str, Layout]] = {
    "ImageNet": Layout("imagenet", "images", "classnames.txt", "a photo of a {}."),
    "Caltech101": Layout("caltech-101", "101_ObjectCategories", "split_zhou_Caltech101.json", "a photo of a {}."),
    "OxfordPets": Layout("oxford_pets", "images", "split_zhou_OxfordPets.json", "a photo of a {}, a type of pet."),
    "StanfordCars": Layout("stanford_cars", "", "split_zhou_StanfordCars.json", "a photo of a {}."),
    "Flowers102": Layout(
        "oxford_flowers", "jpg", "split_zhou_OxfordFlowers.json", "a photo of a {}, a type of flower."
    ),
    "Food101": Layout("food-101", "images", "split_zhou_Food101.json", "a photo of {}, a type of food."),
    "FGVCAircraft": Layout("fgvc_aircraft", "images", "variants.txt", "a photo of a {}, a type of aircraft."),
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
    found = read_coop(root, name, layout) or read_torchvision(root, name)
    if found is None:
        raise UserFault(
            f"{name} is not in {root}: {root / layout.folder / layout.listing} is missing.",
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
