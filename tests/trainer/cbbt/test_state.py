"""The state of a tuning: what is torn, cut or of another tuning is told of, and never gone on with."""

from __future__ import annotations

import dataclasses
import io
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.trainer.cbbt import toy_box
from tests.trainer.cbbt.test_tune import BOTH, TRAIN, VALIDATION, tuning_of
from trainer.cbbt.box import Box, Budget, ProcessBox
from trainer.cbbt.encoder import EncoderBox, Wording
from trainer.cbbt.frames import Array
from trainer.cbbt.state import StateFile
from trainer.cbbt.tune import Tuning
from tutor_app.core.errors import UserFault

ARRAYS = {"point": np.arange(3.0), "curve": np.ones((5, 2))}
SHAPES: dict[str, tuple[int | None, ...]] = {"point": (3,), "curve": (None, 2)}


def kept(path: Path, identity: str = "mine") -> StateFile:
    file = StateFile(path, identity)
    file.save({"step": 7, "rng": {"state": 1 << 100}}, ARRAYS)
    return file


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    assert StateFile(tmp_path / "none.npz", "mine").load((), {}) is None
    found = kept(tmp_path / "s.npz").load(("step", "rng"), SHAPES)
    assert found is not None
    assert (found[0]["step"], found[0]["rng"]["state"]) == (7, 1 << 100)
    assert {name: array.tolist() for name, array in found[1].items()} == {n: a.tolist() for n, a in ARRAYS.items()}


def changed(change: Callable[[dict[str, Array]], object]) -> Callable[[bytes], bytes]:
    """The same file with other arrays."""

    def again(data: bytes) -> bytes:
        with np.load(io.BytesIO(data)) as file:
            arrays = {name: file[name] for name in file.files}
        change(arrays)
        body = io.BytesIO()
        np.savez(body, **arrays)
        return body.getvalue()

    return again


def plain(text: bytes) -> Callable[[bytes], bytes]:
    return changed(lambda arrays: arrays.update(state=np.frombuffer(text, dtype=np.uint8)))


@pytest.mark.parametrize(
    "hurt",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda data: data[7:],
        lambda data: data.replace(b"point", b"paint"),
        lambda data: b"hello",
        lambda data: pickle.dumps({"state": 1}),
        lambda data: b"PK\x05\x06" + b"\0" * 18,
        lambda data: b"\x93NUMPY\x01\0v\0" + b" " * 118,
        changed(lambda arrays: arrays.pop("point")),
        changed(lambda arrays: arrays.pop("state")),
        changed(lambda arrays: arrays.update(point=np.arange(2.0))),
        changed(lambda arrays: arrays.update(curve=np.ones(10))),
        changed(lambda arrays: arrays.update(point=np.array([0.0, np.nan, 1.0]))),
        changed(lambda arrays: arrays.update(point=np.array([{"a": 1}] * 3, dtype=object))),
        plain(b'{"identity": "mine", "st'),
        plain(b'{"identity": "mine", "step": 1}'),
        plain(b'{"step": 1, "rng": 2}'),
        plain(b"[1, 2]"),
        plain(b"[" * 100_000),
        plain(b"\xff\xfe"),
    ],
)
def test_a_torn_state_is_one_sentence(hurt: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "s.npz"
    file = kept(path)
    path.write_bytes(hurt(path.read_bytes()))
    before = path.read_bytes()
    with pytest.raises(UserFault) as e:
        file.load(("step", "rng"), SHAPES)
    assert str(e.value) == f"{path} is broken. Delete it to start afresh."
    assert path.read_bytes() == before


@pytest.mark.parametrize("change", [{"rng": "none"}, {"rng": [{}, {}]}, {"steps": 7}, {"budget": ["a", "b"]}])
def test_values_that_a_tuning_cannot_go_on_with(change: dict[str, Any], tmp_path: Path) -> None:
    config = dataclasses.replace(BOTH, epochs=1)
    with ProcessBox(toy_box.command()) as box:
        tuning_of(box, config, tmp_path).run()
        path = tmp_path / "state.npz"
        with np.load(path) as file:
            value = json.loads(file["state"].tobytes())
        path.write_bytes(plain(json.dumps(value | change).encode())(path.read_bytes()))
        with pytest.raises(UserFault, match=r"state\.npz is broken\. Delete it to start afresh"):
            tuning_of(box, config, tmp_path)


def test_a_state_of_another_tuning(tmp_path: Path) -> None:
    kept(tmp_path / "s.npz", "yours")
    with pytest.raises(UserFault, match="was begun with other settings, data or another model"):
        StateFile(tmp_path / "s.npz", "mine").load(("step", "rng", "more"), {"another": (1,)})


@pytest.mark.parametrize(
    ("wording", "identity"),
    [
        (Wording("a photo of a", ("cat", "dog", "hen", "owl")), "another model"),
        (Wording("a photo of a", ("cat", "dog", "hen", "ape")), "this model"),
        (Wording("a picture of a", ("cat", "dog", "hen", "owl")), "this model"),
    ],
)
def test_models_and_classes_of_the_same_sizes_are_told_apart(wording: Wording, identity: str, tmp_path: Path) -> None:
    def tuning(box: Box, wording: Wording, identity: str) -> Tuning:
        encoder = EncoderBox(box, Budget(limit=BOTH.queries), wording, identity)
        return Tuning(encoder, TRAIN, VALIDATION, dataclasses.replace(BOTH, epochs=1), tmp_path)

    with ProcessBox(toy_box.command()) as box:
        begun = tuning(box, Wording("a photo of a", ("cat", "dog", "hen", "owl")), "this model")
        begun.run()
        with pytest.raises(UserFault, match="begun with other settings, data or another model"):
            tuning(box, wording, identity)
