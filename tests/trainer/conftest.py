"""Data and models that are used where they are present; a test that needs one skips, saying so, where it is not."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from multiprocessing import resource_tracker
from pathlib import Path

import pytest

from tests.sandboxes import one_for_all
from tutor_app.adapters.sandbox import sessions

with contextlib.suppress(ImportError):
    # Its thread watches over bars that nobody shows here, and would be taken for a leak.
    from tqdm import tqdm

    tqdm.monitor_interval = 0


@pytest.fixture(scope="session")
def tracker() -> None:
    """Python keeps one process, for all that it spawns, until it ends itself."""
    resource_tracker.ensure_running()


def _file(variable: str, name: str) -> Path:
    folder = os.environ.get(variable, "")
    path = Path(folder) / name
    if not folder or not path.is_file():
        pytest.skip(f"{name} is not here (set {variable} to the folder that holds it)")
    return path


@pytest.fixture(scope="session")
def gsm8k_train() -> Path:
    return _file("MUMATH_DATA", "gsm8k.train.jsonl")


@pytest.fixture(scope="session")
def gsm8k_test() -> Path:
    return _file("MUMATH_DATA", "gsm8k.test.jsonl")


@pytest.fixture(scope="session")
def math_test() -> Path:
    return _file("MUMATH_DATA", "math.test.jsonl")


@pytest.fixture(scope="session")
def starter_gguf() -> Path:
    return _file("MUMATH_TEST_MODELS", "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf")


@pytest.fixture(scope="module")
def shared_sandboxes() -> Iterator[None]:
    """Of the trainer's commands, too."""
    from trainer.commands import augment
    from trainer.teacher import open as teachers
    from tutor_app.tutor import service

    with one_for_all(sessions, service, augment, teachers):
        yield
