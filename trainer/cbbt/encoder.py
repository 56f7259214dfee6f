"""A dual encoder of images and texts behind a black box: the client's side.

Three operations: ``start`` (embeddings of the words a prompt may begin with), ``texts`` (prompts, which the box puts
before its classes' own tokens, to features) and ``images``.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from trainer.cbbt.adapter import Features
from trainer.cbbt.box import Box, Budget, size_of
from trainer.cbbt.estimator import Vector
from tutor_app.core.errors import UserFault

PUBLISHED_CHUNK: Final = 6000
"""Sequences of one request at most."""


class EncoderBox:
    """Texts and images to unit features.

    Args:
        box: Where the encoder is.
        budget: Counts every prompt.

    Raises:
        UserFault: If the box takes no embeddings or gives no features.
    """

    def __init__(self, box: Box, budget: Budget) -> None:
        self._box, self.budget = box, budget
        self.embedding, self.width = size_of(box.info, "embedding"), size_of(box.info, "features")
        self.classes = size_of(box.info, "classes")
        scale = box.info.get("scale")
        if not isinstance(scale, int | float) or not scale > 0:
            raise UserFault("The black box does not say the scale of its logits.", "Use an encoder such as CLIP.")
        self.scale = float(scale)

    def start(self, tokens: int) -> Vector:
        """The embeddings that a prompt begins with, ``[tokens, embedding]``."""
        shapes = {"prompt": (tokens, self.embedding)}
        return np.asarray(self._box.ask("start", {}, shapes, tokens=tokens)["prompt"], dtype=np.float64)

    def texts(self, prompts: Vector) -> Features:
        """Features of each class under each prompt, ``[n, tokens, embedding]`` to ``[n, classes, features]``.

        Raises:
            BudgetSpent: If there are fewer queries left than prompts.
            BoxFault: If the box does not answer as agreed.
        """
        self.budget.take(len(prompts), each=self.classes)
        parts = []
        size = max(1, PUBLISHED_CHUNK // self.classes)
        for first in range(0, len(prompts), size):
            part = prompts[first : first + size].astype(np.float32)
            shapes = {"features": (len(part), self.classes, self.width)}
            parts.append(self._box.ask("texts", {"prompts": part}, shapes)["features"])
        return np.concatenate(parts)

    def images(self, images: Features) -> Features:
        """Features of images, ``[n, ...]`` to ``[n, features]``; counted as no query: each is encoded once."""
        answer = self._box.ask("images", {"images": images.astype(np.float32)}, {"features": (len(images), self.width)})
        return np.asarray(answer["features"], dtype=np.float32)
