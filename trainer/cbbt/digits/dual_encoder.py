"""A small dual encoder of images and words, trained on drawn digits and figures: a CLIP that any machine can make.

The image tower is a small convolutional network, the text tower a small transformer over token embeddings, trained to
match each other (CLIP, Radford et al., 2021). Tuning uses it only as a black box: this module is also that process,
``python -m trainer.cbbt.digits.dual_encoder FOLDER CLASS ...``, and refuses everything but ``start``, ``texts`` and
``images``.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from trainer.cbbt.digits.drawing import CLASSES, SIDE, STYLES, draw
from trainer.cbbt.frames import Array, Arrays
from trainer.cbbt.serving import serve
from tutor_app.core.errors import UserFault

KIND: Final = "mumath-dual-encoder"
"""In the configuration of a folder that holds one."""
CONFIG: Final = "config.json"
FILES: Final = ("model.safetensors", CONFIG)
NEUTRAL: Final = "a"
"""The word of a caption that says nothing of the style."""


@dataclass(frozen=True, slots=True)
class DualShape:
    """Sizes.

    Attributes:
        embedding: Of a token, as it crosses the boundary.
        width: Of the text tower's layers.
        features: Of both towers' output.
        layers: Of the text tower.
    """

    embedding: int = 512
    width: int = 96
    features: int = 128
    layers: int = 2


class DualEncoder(nn.Module):  # type: ignore[misc]
    """Two towers into one space.

    Args:
        shape: Sizes.
        words: The vocabulary; a word is one token.
    """

    def __init__(self, shape: DualShape, words: Sequence[str]) -> None:
        super().__init__()
        self.shape, self.words = shape, tuple(words)
        self.tokens = nn.Embedding(len(words), shape.embedding)
        nn.init.normal_(self.tokens.weight, std=0.02 * math.sqrt(512 / shape.embedding))
        self.enter = nn.Linear(shape.embedding, shape.width)
        self.places = nn.Parameter(torch.randn(16, shape.width) * 0.02)
        layer = nn.TransformerEncoderLayer(
            shape.width, 4, 4 * shape.width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.text = nn.TransformerEncoder(layer, shape.layers, enable_nested_tensor=False)
        self.text_out = nn.Linear(shape.width, shape.features, bias=False)
        self.image = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1),
            nn.GELU(),
            nn.Conv2d(32, 48, 3, stride=2, padding=1),
            nn.GELU(),
            nn.Conv2d(48, 64, 3, stride=2, padding=1),
            nn.GELU(),
            nn.Flatten(),
            nn.Linear(64 * (SIDE // 4) ** 2, shape.features),
        )
        self.scale = nn.Parameter(torch.tensor(math.log(10.0)))

    def ids(self, words: Sequence[str]) -> Tensor:
        """Token ids of words.

        Raises:
            UserFault: If one is not in the vocabulary.
        """
        for word in words:
            if word not in self.words:
                raise UserFault(f"The encoder does not know the word {word!r}.", f"It knows {', '.join(self.words)}.")
        return torch.tensor([self.words.index(word) for word in words])

    def text_features(self, embeddings: Tensor) -> Tensor:
        """Unit features of token embeddings, ``[n, length, embedding]`` to ``[n, features]``."""
        hidden = self.enter(embeddings) + self.places[: embeddings.shape[1]]
        return functional.normalize(self.text_out(self.text(hidden)[:, -1]), dim=-1)

    def image_features(self, images: Tensor) -> Tensor:
        """Unit features of images, ``[n, side, side]`` to ``[n, features]``."""
        return functional.normalize(self.image(images[:, None]), dim=-1)

    def save(self, folder: Path) -> None:
        """Write weights and sizes into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        save_file(self.state_dict(), folder / FILES[0])
        config = {"kind": KIND, "shape": asdict(self.shape), "words": list(self.words)}
        (folder / CONFIG).write_text(json.dumps(config, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> DualEncoder:
        """Read what :meth:`save` wrote.

        Raises:
            UserFault: If it is not there, or is something else.
        """
        try:
            config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
            model = cls(DualShape(**config["shape"]), config["words"])
            model.load_state_dict(load_file(folder / FILES[0]))
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as e:
            reason = (str(e).splitlines() or [type(e).__name__])[0].rstrip(".:")
            raise UserFault(
                f"{folder} holds no dual encoder: {reason}.",
                "Make one with: python -m trainer cbbt encoder --out FOLDER",
            ) from None
        model.eval()
        return model


def train_encoder(
    *, count: int = 16_000, epochs: int = 8, seed: int = 0, shape: DualShape | None = None
) -> DualEncoder:
    """Train a dual encoder on drawn digits and figures.

    Half of the loss matches each image with its own caption among all styles and classes, the other half with the
    caption that says nothing of the style.
    """
    torch.manual_seed(seed)
    model = DualEncoder(shape or DualShape(), (NEUTRAL, *STYLES, *CLASSES))
    images, classes, styles = draw(count, seed)
    x, y = torch.from_numpy(images), torch.from_numpy(styles * len(CLASSES) + classes)
    captions = model.ids([w for s in STYLES for c in CLASSES for w in (s, c)]).reshape(-1, 2)
    neutral = model.ids([w for c in CLASSES for w in (NEUTRAL, c)]).reshape(-1, 2)
    steps = epochs * math.ceil(count / 256)
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps)
    for _ in range(epochs):
        for rows in torch.randperm(count).split(256):
            features = model.image_features(x[rows]) * model.scale.exp()
            styled = features @ model.text_features(model.tokens(captions)).T
            plain = features @ model.text_features(model.tokens(neutral)).T
            loss = functional.cross_entropy(styled, y[rows]) + functional.cross_entropy(plain, y[rows] % len(CLASSES))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    model.eval()
    return model


def serve_encoder(folder: Path, classes: Sequence[str]) -> None:
    """Be the black box of an encoder; ``classes`` are the words whose texts are compared with images."""
    torch.set_num_threads(1)  # the requests are small, and other processes need the cores
    model = DualEncoder.load(folder)
    own = model.tokens(model.ids(classes)).detach()

    def start(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
        ids = model.ids([NEUTRAL] * int(header["tokens"]))
        return {"prompt": model.tokens(ids).numpy()}

    def texts(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
        prompts = torch.from_numpy(arrays["prompts"])
        n, k, width = prompts.shape
        if width != model.shape.embedding or k + 1 > len(model.places):
            raise UserFault(f"A prompt of {k} tokens of {width} numbers does not fit.")
        rows = torch.cat(
            [prompts[:, None].expand(-1, len(own), -1, -1), own[None, :, None].expand(n, -1, -1, -1)], dim=2
        )
        found = model.text_features(rows.reshape(n * len(own), k + 1, width))
        return {"features": found.reshape(n, len(own), -1).numpy()}

    def images(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
        given = torch.from_numpy(arrays["images"])
        if given.ndim != 3 or given.shape[1:] != (SIDE, SIDE):
            raise UserFault(f"Images are {SIDE} x {SIDE} grey values.")
        return {"features": model.image_features(given).numpy()}

    info = {
        "embedding": model.shape.embedding,
        "features": model.shape.features,
        "classes": len(own),
        "scale": float(model.scale.detach().exp()),
    }
    with torch.inference_mode():
        serve({"start": start, "texts": texts, "images": images}, info)


def box_command(folder: Path, classes: Sequence[str]) -> list[str]:
    """What starts the black box of an encoder."""
    return [sys.executable, "-m", "trainer.cbbt.digits.dual_encoder", str(folder), *classes]


if __name__ == "__main__":
    try:
        serve_encoder(Path(sys.argv[1]), sys.argv[2:])
    except UserFault as e:
        sys.exit(str(e))
