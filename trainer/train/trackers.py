"""Trackers of a run beside ``metrics.jsonl``: TensorBoard, trackio or Weights & Biases.

Each only if it is asked for and installed. A run that goes on goes on there too; what was logged after its checkpoint
is hidden or overwritten.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from tutor_app.core.errors import HostFault, UserFault

TRACKERS: Final = ("tensorboard", "trackio", "wandb")


class Tracker(Protocol):
    """Takes numbers by step."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Numbers of a step."""

    def close(self) -> None:
        """Write what is still to be written."""


class _TensorBoard:
    def __init__(self, run: Path, step: int) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise _missing("tensorboard") from None
        # Events after the step from which the run goes on are hidden, those before it stay.
        self._writer: Any = SummaryWriter(str(run / "tensorboard"), purge_step=step + 1 if step else None)

    def log(self, step: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        self._writer.close()


class _Service:
    """trackio and wandb, which have one interface."""

    def __init__(self, package: str, run: Path, step: int, settings: Mapping[str, Any]) -> None:
        try:
            self._service: Any = importlib.import_module(package)
        except ImportError:
            raise _missing(package) from None
        name = run.resolve().name
        known: dict[str, Any] = {"project": "mumath-trainer", "name": name, "config": dict(settings)}
        # One name, one run: it goes on under it.
        known |= {"id": name, "dir": str(run)} if package == "wandb" else {}
        try:
            self._run: Any = self._service.init(**known, resume="allow" if step else "never")
        except Exception as e:  # noqa: BLE001 - whatever the service fails of
            raise HostFault(f"{package} could not be started: {e}.", f"Leave --tracker {package} out.") from None

    def log(self, step: int, values: Mapping[str, float]) -> None:
        self._service.log(dict(values), step=step)

    def close(self) -> None:
        self._service.finish()


def open_trackers(names: Sequence[str], run: Path, step: int, settings: Mapping[str, Any]) -> list[Tracker]:
    """Open what was asked for.

    Args:
        names: Of :data:`TRACKERS`.
        run: The run folder.
        step: From which the run goes on, 0 at its start.
        settings: Of the run.

    Raises:
        UserFault: If one is not installed.
        HostFault: If one cannot be started.
    """
    found: list[Tracker] = []
    for name in dict.fromkeys(names):
        found.append(_TensorBoard(run, step) if name == "tensorboard" else _Service(name, run, step, settings))
    return found


def _missing(package: str) -> UserFault:
    return UserFault(f"{package} is not installed.", f"Install it with: pip install {package}, or leave it out.")
