"""A dual encoder of images and texts behind a black box: the client's side.

Three operations: ``start`` (embeddings of the words a prompt may begin with), ``texts`` (prompts, which the box puts
before its classes' own tokens, to features) and ``images``. The classes are the box's own, or named in each request.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from trainer.cbbt.adapter import Features
from trainer.cbbt.box import Box, BoxFault, Budget, size_of
from trainer.cbbt.estimator import Vector
from trainer.runs import digest
from tutor_app.core.errors import UserFault

PUBLISHED_CHUNK: Final = 6000
"""Sequences of one request at most."""
LENGTH_ERROR: Final = 0.02
"""Of unit features, which may have been computed in half precision."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What a box that knows no classes of its own is asked about.

    Attributes:
        words: A prompt begins as them; may be empty.
        classes: Texts that come after the prompt, one of each class.
    """

    words: str
    classes: tuple[str, ...]


class EncoderBox:
    """Texts and images to unit features.

    Args:
        box: Where the encoder is.
        budget: Counts every prompt.
        wording: The classes; None where the box has its own.
        identity: Of the model and what it is shown; the state of a tuning with others is not gone on with.

    Raises:
        UserFault: If the box takes no embeddings or gives no features.
    """

    def __init__(self, box: Box, budget: Budget, wording: Wording | None = None, identity: str = "") -> None:
        self._box, self.budget = box, budget
        self.identity = digest([identity, [wording.words, wording.classes] if wording else None, box.info.get("scale")])
        self.embedding, self.width = size_of(box.info, "embedding"), size_of(box.info, "features")
        self.classes = len(wording.classes) if wording else size_of(box.info, "classes")
        self._words: dict[str, Any] = {"words": wording.words} if wording else {}
        self._named: dict[str, Any] = {"classes": list(wording.classes)} if wording else {}
        scale = box.info.get("scale")
        if isinstance(scale, bool) or not isinstance(scale, int | float) or not 0 < scale < math.inf:
            raise UserFault("The black box does not say the scale of its logits.", "Use an encoder such as CLIP.")
        self.scale = float(scale)

    def start(self, tokens: int) -> Vector:
        """The embeddings that a prompt begins with, ``[tokens, embedding]``; 0 is as many as the wording has."""
        shapes = {"prompt": (tokens or None, self.embedding)}
        answer = self._box.ask("start", {}, shapes, tokens=tokens, **self._words)
        return np.asarray(answer["prompt"], dtype=np.float64)

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
            parts.append(_unit(self._box.ask("texts", {"prompts": part}, shapes, **self._named)["features"]))
        return np.concatenate(parts)

    def images(self, images: npt.NDArray[Any]) -> Features:
        """Features of images, ``[n, ...]`` to ``[n, features]``; counted as no query: each is encoded once."""
        given = images if images.dtype == np.uint8 else images.astype(np.float32)
        answer = self._box.ask("images", {"images": given}, {"features": (len(images), self.width)})
        return _unit(answer["features"])


def _unit(features: Features) -> Features:
    """The features, of which the length is agreed: 1.

    Raises:
        BoxFault: If they have another one; their products with others would be no cosines.
    """
    lengths = np.linalg.norm(features, axis=-1)
    if np.abs(lengths - 1).max(initial=0.0) > LENGTH_ERROR:
        worst = lengths.flat[np.abs(lengths - 1).argmax()]
        raise BoxFault(
            f"The black box answered features of length {worst:.3g} where 1 was agreed.",
            "Let it divide them by their length.",
        )
    return features
