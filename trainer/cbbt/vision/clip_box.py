"""A local CLIP folder as a black box: ``python -m trainer.cbbt.vision.clip_box FOLDER [--threads N] [--port N]``.

The operations are ``start``, ``texts`` and ``images``; weights and gradients have none. On the standard streams, or as
an HTTP service with ``--port``. The folder is what transformers saves of a ``CLIPModel``, with its tokenizer.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional

from trainer.cbbt.frames import Array, Arrays
from trainer.cbbt.serving import Handler, serve, serve_http
from trainer.cbbt.vision.torchvision_import import prepare_transformers
from tutor_app.core.errors import UserFault

AT_ONCE: Final = 256
"""Texts of one forward pass."""
MEAN: Final = (0.48145466, 0.4578275, 0.40821073)
STD: Final = (0.26862954, 0.26130258, 0.27577711)
"""CLIP's own, for a folder without ``preprocessor_config.json``."""


class ClipEncoder:
    """CLIP's two towers.

    Args:
        folder: The saved model.

    Raises:
        UserFault: If it cannot be loaded.
    """

    def __init__(self, folder: Path) -> None:
        check_clip(folder)
        prepare_transformers()
        try:
            from transformers import AutoTokenizer, CLIPModel

            self._model = CLIPModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32).eval()
            self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            values = _normalisation(folder)
        except Exception as e:  # noqa: BLE001 - safetensors, pickle and tokenizers each fail in their own way
            advice = "Save it again with transformers."
            raise UserFault(f"The CLIP model in {folder} cannot be loaded: {_first_line(e)}.", advice) from None
        config = self._model.config
        self._mean, self._std = (torch.tensor(row).view(1, 3, 1, 1) for row in values)
        self._begin, self._end = self._tokenizer.bos_token_id, self._tokenizer.eos_token_id
        if self._begin is None or self._end is None:
            raise UserFault(f"The tokenizer in {folder} has no tokens for begin and end.", "Use CLIP's own.")
        letters = {self._ids(text) for text in ("a", "o")}  # transformers makes an empty tokenizer where there is none
        if len(letters) < 2 or () in letters or max(map(max, letters)) >= config.text_config.vocab_size:
            raise UserFault(f"The tokenizer in {folder} is none of this model.", "Save it again with transformers.")
        self._longest = int(config.text_config.max_position_embeddings)
        self._embed = self._model.text_model.get_input_embeddings()
        self.info: dict[str, Any] = {
            "embedding": int(config.text_config.hidden_size),
            "features": int(config.projection_dim),
            "image": int(config.vision_config.image_size),
            "scale": float(self._model.logit_scale.detach().exp()),
        }

    def handlers(self) -> dict[str, Handler]:
        """The operations."""
        return {"start": self._start, "texts": self._texts, "images": self._images}

    @functools.lru_cache(maxsize=4096)  # noqa: B019 - there is one of it, as long as the process
    def _ids(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer(text, add_special_tokens=False).input_ids)

    def _start(self, header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
        """Embeddings of words, cut or repeated to ``tokens`` of them; 0 is as many as they have."""
        ids, count = self._ids(str(header.get("words", "a"))), int(header["tokens"])
        if count and not ids:
            raise UserFault("Words are needed to begin with.")
        if count:
            ids = (ids * count)[:count]
        with torch.inference_mode():
            return {"prompt": self._embed(torch.tensor(ids, dtype=torch.long)).numpy().copy()}

    def _texts(self, header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
        """Features of each class under each prompt."""
        prompts = torch.from_numpy(arrays["prompts"])
        classes = header.get("classes")
        if not isinstance(classes, list) or not classes:
            raise UserFault("The request names no classes.")
        n, k, width = prompts.shape
        own = [self._ids(str(text)) for text in classes]
        longest = 2 + k + max(len(ids) for ids in own)
        if width != self.info["embedding"] or longest > self._longest:
            raise UserFault(f"A prompt of {k} tokens of {width} numbers and its class do not fit.")
        # A soft token's place holds the first id of the vocabulary, which is no end; its embedding is put in below.
        rows = torch.tensor([
            [self._begin, *[0] * k, *ids, self._end, *[self._end] * (longest - 2 - k - len(ids))] for ids in own
        ])  # fmt: skip
        ids = rows.repeat(n, 1)
        soft = prompts.repeat_interleave(len(own), dim=0)
        found = [self._features(i, s) for i, s in zip(ids.split(AT_ONCE), soft.split(AT_ONCE), strict=True)]
        return {"features": torch.cat(found).reshape(n, len(own), -1).numpy()}

    def _features(self, ids: Tensor, soft: Tensor) -> Tensor:
        """Unit features of token rows whose places from 1 on are soft tokens."""

        def put(module: Any, inputs: Any, embedded: Tensor) -> Tensor:
            return torch.cat([embedded[:, :1], soft, embedded[:, 1 + soft.shape[1] :]], dim=1)

        # The library finds the place of the end by ids, and takes no embeddings: they are put in behind its look-up.
        hook = self._embed.register_forward_hook(put)
        try:
            with torch.inference_mode():
                found = self._model.get_text_features(input_ids=ids)
        finally:
            hook.remove()
        return functional.normalize(_projected(found), dim=-1)

    def _images(self, header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
        given, side = torch.from_numpy(arrays["images"]), self.info["image"]
        if given.dtype != torch.uint8 or given.ndim != 4 or given.shape[1:] != (side, side, 3):
            raise UserFault(f"Images are {side} x {side} x 3 bytes.")
        pixels = (given.permute(0, 3, 1, 2).float() / 255 - self._mean) / self._std
        with torch.inference_mode():
            found = self._model.get_image_features(pixel_values=pixels)
            return {"features": functional.normalize(_projected(found), dim=-1).numpy()}


def check_clip(folder: Path) -> None:
    """See that a folder holds a CLIP model, without loading it.

    Raises:
        UserFault: If it does not.
    """
    advice = "Give a folder that transformers saved of a CLIPModel, or the address of a service."
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        kind = config.get("model_type") if isinstance(config, dict) else None
    except OSError:
        raise UserFault(f"{folder} holds no model: there is no config.json.", advice) from None
    except ValueError:
        raise UserFault(f"{folder / 'config.json'} is broken.", advice) from None
    if kind != "clip":
        raise UserFault(f"The model in {folder} is {kind or 'of no known kind'}, not clip.", advice)


def box_command(folder: Path, threads: int = 2) -> list[str]:
    """What starts the black box of a CLIP folder."""
    return [sys.executable, "-m", "trainer.cbbt.vision.clip_box", str(folder), "--threads", str(threads)]


def _projected(found: Any) -> Tensor:
    """The features, which newer versions of the library put into an output object."""
    features: Tensor = found if isinstance(found, Tensor) else found.pooler_output
    return features


def _normalisation(folder: Path) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of the three colours.

    Raises:
        ValueError: If the folder states others than three numbers each.
    """
    path = folder / "preprocessor_config.json"
    value = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    mean, std = ([float(n) for n in value.get(k, d)] for k, d in (("image_mean", MEAN), ("image_std", STD)))
    if len(mean) != 3 or len(std) != 3 or not all(map(math.isfinite, mean)) or not all(0 < n < math.inf for n in std):
        raise ValueError(f"{path.name} does not give mean and spread of three colours")
    return mean, std


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).strip().splitlines()[0].partition(". ")[0].rstrip(".:")


def main() -> None:
    """Be the black box."""
    parser = argparse.ArgumentParser(description="A CLIP folder as a black box.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--port", type=int, default=None, help="be an HTTP service on 127.0.0.1")
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    encoder = ClipEncoder(a.folder)
    if a.port is None:
        serve(encoder.handlers(), encoder.info)
    else:
        serve_http(encoder.handlers(), encoder.info, a.port)


if __name__ == "__main__":
    try:
        main()
    except UserFault as e:
        sys.exit(str(e))
