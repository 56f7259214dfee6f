"""What was read of solutions: a file that is torn is read again, and never ends the program."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from tutor_app.adapters.verifying.kept import Kept
from tutor_app.adapters.verifying.reading import SCORES, Reading
from tutor_app.core.errors import UserFault

READING = Reading(30, np.arange(float(len(SCORES))))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "read"
    path.mkdir()
    return path


def test_what_was_read_comes_back_with_the_same_model(folder: Path, model: Path) -> None:
    Kept(folder, model).add("a solution", READING, b"keys and values")
    kept = Kept(folder, model)
    found = kept.take("a solution")
    assert found is not None
    assert (found.tokens, found.scores.tolist()) == (READING.tokens, READING.scores.tolist())
    assert (len(kept), kept.tokens(0), kept.state(0)) == (1, 30, b"keys and values")
    assert kept.take("another") is None
    model.write_bytes(b"GGUF, another one")
    assert Kept(folder, model).take("a solution") is None


@pytest.mark.parametrize("torn", [b"", b"half", b"PK\x03\x04", pickle.dumps([1]), b"\x93NUMPY\x01\0v\0" + b" " * 118])
def test_a_torn_file_is_read_again(torn: bytes, folder: Path, model: Path) -> None:
    kept = Kept(folder, model)
    kept.add("a solution", READING, b"keys and values")
    path = next(folder.iterdir())
    path.write_bytes(torn)
    assert Kept(folder, model).take("a solution") is None
    with pytest.raises(UserFault, match=r"is gone or broken\. Start the same command again"):
        kept.state(0)
    Kept(folder, model).add("a solution", READING, b"keys and values")
    assert kept.state(0) == b"keys and values"
