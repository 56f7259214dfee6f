"""Pictures of digits and figures in many fonts and styles, drawn for a small encoder of images and words.

The fonts are those that Matplotlib and this program ship. No photograph and no handwriting is among them.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from trainer.cbbt.adapter import Features, Labels
from tutor_app.resources import resource

DIGITS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
FIGURES: Final = {"disc": "●", "square": "■", "triangle": "▲", "diamond": "◆", "star": "★", "heart": "♥", "cross": "✚"}
"""Words and the characters that draw them, which DejaVu Sans has."""
CLASSES: Final = (*DIGITS, *FIGURES)
STYLES: Final = ("plain", "blurred", "noisy", "coarse", "faint", "shifted", "turned", "slanted", "thick")
SIDE: Final = 16
LARGE: Final = 64

Picture = npt.NDArray[np.float32]


def draw(count: int, seed: int) -> tuple[Features, Labels, Labels]:
    """Digits and figures in fonts and styles.

    Returns:
        Images ``[count, 16, 16]`` (0 is paper, 1 is ink), classes ``[count]`` and styles ``[count]``.
    """
    rng = np.random.default_rng(seed)
    large = [_drawn(c) for c in "0123456789"] + [_drawn(c, figure=True) for c in FIGURES.values()]
    images = np.zeros((count, SIDE, SIDE), dtype=np.float32)
    classes, styles = rng.integers(len(CLASSES), size=count), rng.integers(len(STYLES), size=count)
    for i in range(count):
        candidates = large[int(classes[i])]
        images[i] = _styled(candidates[rng.integers(len(candidates))], STYLES[styles[i]], rng)
    return images, classes, styles


def _drawn(character: str, *, figure: bool = False) -> list[Picture]:
    """Large pictures of a character, one for each font that has it."""
    from PIL import Image, ImageDraw, ImageFont

    found = []
    for file in _fonts(figure=figure):
        font = ImageFont.truetype(file, 56)
        picture = Image.new("L", (LARGE, LARGE), 0)
        left, top, right, bottom = font.getbbox(character)
        place = (LARGE / 2 - (left + right) / 2, LARGE / 2 - (top + bottom) / 2)
        ImageDraw.Draw(picture).text(place, character, fill=255, font=font)
        found.append(np.asarray(picture, dtype=np.float32) / np.float32(255))
    return found


def _fonts(*, figure: bool) -> list[Path]:
    import matplotlib

    shipped = sorted((Path(matplotlib.get_data_path()) / "fonts" / "ttf").glob("*.ttf"))
    if figure:
        return [f for f in shipped if f.stem in ("DejaVuSans", "DejaVuSans-Bold")]
    plain = [f for f in shipped if f.name.startswith(("DejaVu", "STIXGeneral")) and "Display" not in f.name]
    ours = resource("fonts")
    return plain + sorted(f for f in ours.iterdir() if f.suffix in (".otf", ".ttf"))


def _styled(large: Picture, style: str, rng: np.random.Generator) -> Picture:
    """A small picture in a style; every style also varies a little."""
    from PIL import Image, ImageFilter

    picture = Image.fromarray((large * 255).astype(np.uint8))
    angle, shear, size = rng.normal(0, 3), rng.normal(0, 0.05), rng.uniform(0.85, 1.05)
    dx, dy = rng.normal(0, 1.5, size=2)
    if style == "turned":
        angle = rng.choice([-1, 1]) * rng.uniform(12, 22)
    if style == "slanted":
        shear = rng.choice([-1, 1]) * rng.uniform(0.25, 0.45)
    if style == "shifted":
        dx, dy = rng.choice([-1, 1], size=2) * rng.uniform(5, 9, size=2)
    if style == "thick":
        picture = picture.filter(ImageFilter.MaxFilter(7))
    cos, sin = math.cos(math.radians(angle)) / size, math.sin(math.radians(angle)) / size
    a, b, d, e, half = cos, sin + shear, -sin, cos, LARGE / 2
    matrix = (a, b, half - a * (half + dx) - b * (half + dy), d, e, half - d * (half + dx) - e * (half + dy))
    picture = picture.transform((LARGE, LARGE), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    if style == "blurred":
        picture = picture.filter(ImageFilter.GaussianBlur(3.5))
    if style == "coarse":
        picture = picture.resize((SIDE // 2, SIDE // 2), Image.Resampling.BOX)
    out = np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float32) / 255
    if style == "noisy":
        out = out + rng.normal(0, 0.18, size=out.shape).astype(np.float32)
    if style == "faint":
        out = out * np.float32(rng.uniform(0.3, 0.5))
    return np.clip(out, 0, 1)
