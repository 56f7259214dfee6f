"""Image files as the bytes that cross the boundary: resized, cut to a square, and augmented as CLIP is tuned."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tutor_app.core.errors import UserFault

Pixels = npt.NDArray[np.uint8]

SMALLEST_CROP: Final = 0.5
"""Share of the area of an augmented pass at least, as CBBT published it."""


def squares(paths: Sequence[Path], side: int) -> Pixels:
    """Images with their shorter side at ``side``, cut to the middle, ``[n, side, side, 3]``: CLIP's own form.

    Raises:
        UserFault: If one cannot be read.
    """
    from PIL import Image

    made = []
    for path in paths:
        image = _opened(path)
        width, height = image.size
        share = side / min(width, height)
        size = max(side, round(width * share)), max(side, round(height * share))
        image = image.resize(size, Image.Resampling.BICUBIC)
        left, top = (size[0] - side) // 2, (size[1] - side) // 2
        made.append(np.asarray(image.crop((left, top, left + side, top + side))))
    return np.stack(made)


def augmented(paths: Sequence[Path], side: int, rng: np.random.Generator) -> Pixels:
    """Random parts of images, each at least half of the area, mirrored half of the time, ``[n, side, side, 3]``."""
    from PIL import Image, ImageOps

    made = []
    for path in paths:
        image = _opened(path)
        width, height = image.size
        area, shape = rng.uniform(SMALLEST_CROP, 1.0) * width * height, np.exp(rng.uniform(*np.log((3 / 4, 4 / 3))))
        wide, high = min(width, round((area * shape) ** 0.5)), min(height, round((area / shape) ** 0.5))
        left, top = rng.integers(0, width - wide + 1), rng.integers(0, height - high + 1)
        image = image.resize((side, side), Image.Resampling.BICUBIC, (left, top, left + wide, top + high))
        made.append(np.asarray(ImageOps.mirror(image) if rng.random() < 0.5 else image))
    return np.stack(made)


def _opened(path: Path) -> Any:
    from PIL import Image

    try:
        return Image.open(path).convert("RGB")
    except (
        ArithmeticError,
        LookupError,
        OSError,
        RuntimeError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
    ) as e:
        reason = "it is not there" if isinstance(e, FileNotFoundError) else "it is no whole image"
        raise UserFault(f"The image {path} cannot be read: {reason}.", "Fetch the set anew.") from None
