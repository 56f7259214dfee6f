"""Few-shot classification of image sets over a CLIP that is a black box, with every baseline in one table.

Shots and images to select on are CoOp's samples (:mod:`trainer.cbbt.vision.image_set`); the test split is read once by
each method, after everything was chosen. Images are encoded once: their features are kept in the run folder, so that an
experiment that was ended goes on from there.
"""

from __future__ import annotations

import io
import itertools
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from trainer.cbbt.adapter import Features, Labels
from trainer.cbbt.box import Box, Budget, size_of
from trainer.cbbt.encoder import EncoderBox, Wording
from trainer.cbbt.methods import (
    Case,
    Method,
    Scores,
    adapter_only,
    folder_name,
    linear_probe,
    prompt_then_adapter,
    table,
    tip_adapter,
    tuned,
    zero_shot,
)
from trainer.cbbt.shots import SealedSplit, Split
from trainer.cbbt.tune import TuneConfig
from trainer.cbbt.vision.eleven_sets import LAYOUTS, read_set
from trainer.cbbt.vision.image_set import ImageSet, Pictures, few_shot_pictures, need_files
from trainer.cbbt.vision.pixels import augmented, squares
from trainer.runs import Journal, ProgressLine, Run, digest, write_atomically
from tutor_app.core.errors import UserFault

AT_ONCE: Final = 32
"""Images of one request."""
KEPT_AT_ONCE: Final = 512
"""Images whose features are one file of the run folder."""
PASSES: Final = 10
"""Augmented passes whose mean is a key of the cache, as Tip-Adapter has them."""


def methods(queries: int) -> dict[str, Method]:
    """The rows of the table, for a budget of prompts."""
    return {
        "zero-shot": zero_shot,
        "linear probe": linear_probe,
        "Tip-Adapter": tip_adapter,
        "prompt only": tuned(TuneConfig(adapter="none", tokens=0, queries=queries)),
        "adapter only": adapter_only,
        "both": prompt_then_adapter(TuneConfig(tokens=0, queries=queries)),
    }


def wording_of(found: ImageSet) -> Wording:
    """CLIP's template of a set, around its classes."""
    before, after = LAYOUTS[found.name].template.split("{}")
    return Wording(before.strip(), tuple(f"{name}{after}" for name in found.classes))


def experiment(
    box: Box, run: Run, sets: Sequence[ImageSet], shots: Sequence[int], seeds: Sequence[int], queries: int, model: str
) -> list[Scores]:
    """Every method for every set, number of shots and seed; goes on from what the run folder holds.

    Args:
        box: CLIP, behind its boundary.
        run: For features, the states of tunings and the finished rows.
        sets: What was read.
        shots: Of each class.
        seeds: Of the samples.
        queries: Budget of each tuning.
        model: Tells this CLIP from others.

    Raises:
        UserFault: If a class has too few images, or an image cannot be read.
        BoxFault: If the box does not answer; what was finished is kept.
    """
    rows_of = methods(queries)
    todo = list(itertools.product(sets, shots, seeds))
    # A class with too few images is told before anything is encoded.
    samples = {(s.name, n, seed): few_shot_pictures(s, n, seed) for s, n, seed in todo}
    for found in sets:
        sampled = (part for n, seed in itertools.product(shots, seeds) for part in samples[found.name, n, seed])
        need_files(found, itertools.chain(found.test, *sampled))
    images = {s.name: s.identity for s in sets}
    encoded = _Encoded(box, run.folder / "features", model)
    with Journal(run.folder / "vision.journal", digest([model, queries, list(rows_of), 2])) as journal:
        # Rows of other images are left alone: the folder may have been used with another copy of a set.
        done = {(r["set"], r["shots"], r["seed"], r["method"], r["images"]) for r in journal.rows}
        keys = [(s.name, n, seed, name, images[s.name]) for (s, n, seed), name in itertools.product(todo, rows_of)]
        progress = ProgressLine("rows", len(keys), len([k for k in keys if k in done]))
        for (found, shot, seed), name in itertools.product(todo, rows_of):
            if (found.name, shot, seed, name, images[found.name]) in done:
                continue
            identity = digest([model, images[found.name]])
            case = _case(encoded, found, samples[found.name, shot, seed], seed, identity)
            began = time.monotonic()
            folder = run.folder / f"{found.name}-{images[found.name][:8]}-{folder_name(name)}-{shot}-{seed}"
            scores = rows_of[name](box, case, folder)
            seconds = round(time.monotonic() - began, 1)
            key = {"set": found.name, "shots": shot, "seed": seed, "method": name, "images": images[found.name]}
            journal.add({**key, "seconds": seconds, **scores})
            progress.step(note=f"{found.name}, {name}, {shot} shots: {scores['test']:.1%}")
        wanted = set(keys)
        return [r for r in journal.rows if (r["set"], r["shots"], r["seed"], r["method"], r["images"]) in wanted]


def tables(rows: Sequence[Scores], queries: int) -> str:
    """One table of all sets for each number of shots."""
    names = list(methods(queries))
    parts = []
    for shots in sorted({r["shots"] for r in rows}):
        parts += [f"{shots} shots:\n", table([r for r in rows if r["shots"] == shots], names, "set"), ""]
    return "\n".join(parts).rstrip()


class _Encoded:
    """Features of images, encoded once and kept."""

    def __init__(self, box: Box, folder: Path, model: str) -> None:
        self._encoder = EncoderBox(box, Budget(), Wording("", ("",)))
        self._side = size_of(box.info, "image")
        self._folder, self._model = folder, model

    def features(self, pictures: Pictures, seed: int | None = None) -> Features:
        """Of images as they are, or, with a seed, of one augmented pass, ``[n, F]``."""
        folder = self._folder
        folder.mkdir(parents=True, exist_ok=True)
        parts = []
        for first in range(0, len(pictures), KEPT_AT_ONCE):
            part = pictures[first : first + KEPT_AT_ONCE]
            path = folder / f"{digest([self._model, seed, [str(p.path) for p in part]])[:24]}.npy"
            kept = _kept(path, (len(part), self._encoder.width))
            if kept is None:
                kept = self._asked(part, None if seed is None else np.random.default_rng([seed, first]))
                body = io.BytesIO()
                np.save(body, kept)
                write_atomically(path, body.getvalue())
            parts.append(kept)
        return np.concatenate(parts)

    def _asked(self, pictures: Pictures, rng: np.random.Generator | None) -> Features:
        parts = []
        for first in range(0, len(pictures), AT_ONCE):
            paths = [p.path for p in pictures[first : first + AT_ONCE]]
            pixels = squares(paths, self._side) if rng is None else augmented(paths, self._side, rng)
            parts.append(self._encoder.images(pixels))
        return np.concatenate(parts)

    def keys(self, pictures: Pictures, seed: int) -> Features:
        """The normalised mean over augmented passes, ``[n, F]``."""
        mean = np.mean([self.features(pictures, PASSES * seed + n) for n in range(PASSES)], axis=0)
        return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), dtype=np.float32)


def _kept(path: Path, shape: tuple[int, int]) -> Features | None:
    try:
        found: Features = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return found if found.shape == shape else None


def _case(encoded: _Encoded, found: ImageSet, samples: tuple[Pictures, Pictures], seed: int, identity: str) -> Case:
    train, validation = samples
    return Case(
        Split(encoded.features(train), _labels(train), encoded.keys(train, seed)),
        Split(encoded.features(validation), _labels(validation)),
        SealedSplit(Split(encoded.features(found.test), _labels(found.test))),
        seed,
        wording_of(found),
        identity,
    )


def _labels(pictures: Pictures) -> Labels:
    return np.array([p.label for p in pictures], dtype=np.int64)


def sets_of(root: Path, names: Sequence[str], found: Sequence[str]) -> list[ImageSet]:
    """The named sets, or all that were found.

    Raises:
        UserFault: If there are none, or one is not whole.
    """
    if not names and not found:
        raise UserFault(
            f"None of the eleven image sets is in {root}.", f"Lay one out as CoOp does: {', '.join(LAYOUTS)}."
        )
    return [read_set(root, name) for name in (names or found)]


def model_of(info: Mapping[str, Any], address: str) -> str:
    """What tells a service's model from others: its address and all that it says of itself."""
    return digest([address, dict(sorted(info.items()))])
