"""Which stages of a run are made: a file of hashes says, for every stage, from what it was made and what came out.

A stage is up to date if its settings and inputs hash to what they did, and its outputs are still what it wrote; then
it is not made again. A stage that was killed goes on from what it left, if it is of the kind that can and nothing it
depends on has changed since; otherwise its folder is emptied first. The module makes nothing itself.
"""

from __future__ import annotations

import contextlib
import functools
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from trainer.runs import digest, disk_fault, sha256_of, write_atomically
from tutor_app.adapters.library.presence import try_lock
from tutor_app.core.errors import UserFault

NAME: Final = "road.json"
_LOCK: Final = ".road.lock"
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage; what it makes is in a folder of its name.

    Attributes:
        name: Of the stage and of its folder in the run folder.
        options: Everything that decides what comes out, beside the inputs.
        inputs: Files or folders: of the user, or outputs of earlier stages.
        outputs: What it makes, as paths in its folder, whose hashes are the same whenever it is made.
        make: Does it; returns what is left to tell.
        resumes: Whether it goes on from what a killed one left in the folder.
    """

    name: str
    options: Mapping[str, Any]
    inputs: tuple[Path, ...]
    outputs: tuple[str, ...]
    make: Callable[[], str]
    resumes: bool = False


@dataclass(slots=True)
class State:
    """The stages that are made.

    Attributes:
        folder: Of the run.
        stages: By name: ``key`` (hash of settings and inputs), ``inputs`` (names and hashes), ``outputs`` (hashes by
            path), ``seconds``.
        begun: Keys of the stages that have begun and are not made.
    """

    folder: Path
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)
    begun: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> State:
        """What the folder's file says.

        Raises:
            UserFault: If it is damaged, or the folder is somebody else's.
        """
        path = folder / NAME
        if not path.exists():
            # Names with a dot are the lock, and what a killed process was about to rename.
            if any(not p.name.startswith(".") for p in folder.iterdir()):
                raise UserFault(f"{folder} holds something that `road` has not made.", "Give a new folder with --run.")
            return cls(folder)
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            if found["version"] != _VERSION:
                raise UserFault(
                    f"{path} is of another version of the trainer.", "Give a new folder with --run, or delete this one."
                )
            stages, begun = dict(found["stages"]), dict(found["begun"])
            for made in stages.values():
                if not isinstance(made["key"], str) or not isinstance(made["outputs"], dict):
                    raise TypeError("a stage without its hashes")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as e:
            raise UserFault(
                f"{path} is damaged ({e}).", f"Delete {folder}, or give a new folder with --run; it is all made again."
            ) from None
        return cls(folder, stages, begun)

    def write(self) -> None:
        """Replace the file."""
        value = {"version": _VERSION, "stages": self.stages, "begun": self.begun}
        write_atomically(self.folder / NAME, json.dumps(value, indent=2, ensure_ascii=False) + "\n")

    def outputs(self) -> dict[str, str]:
        """The hash of everything that is made, by its path in the run folder."""
        return {
            f"{name}/{path}": sha256
            for name, made in self.stages.items()
            for path, sha256 in sorted(made["outputs"].items())
        }


def run_stages(folder: Path, stages: Sequence[Stage], say: Callable[[str], None], until: str = "") -> State:
    """Make what is not up to date, in order.

    Args:
        folder: Of the run; made if it is not there.
        stages: All of them.
        say: Takes a line for the user.
        until: The last stage to make; empty makes all.

    Raises:
        UserFault: If the folder cannot be used, or a stage cannot be carried out.
        HostFault: If the disk refuses, or as a stage does.
    """
    with _locked(folder):
        state = State.read(folder)
        names = [s.name for s in stages]
        if gone := [n for n in (*state.stages, *state.begun) if n not in names]:
            for name in gone:
                state.stages.pop(name, None)
                state.begun.pop(name, None)
            state.write()
        for stage in stages:
            _one(state, stage, say)
            if stage.name == until:
                break
        return state


def _one(state: State, stage: Stage, say: Callable[[str], None]) -> None:
    folder = state.folder / stage.name
    inputs = sorted([_label(state, p), h] for path in stage.inputs for p, h in hashes_of(path).items())
    key = digest([stage.name, dict(stage.options), inputs])
    made = state.stages.get(stage.name)
    if made is not None and made["key"] == key and _present(folder, stage.outputs) == made["outputs"]:
        say(f"{stage.name}: up to date.")
        return
    goes_on = stage.resumes and state.begun.get(stage.name) == key
    if not goes_on:
        # The old entry goes first: killed from here on, nothing claims that the outputs are there.
        state.stages.pop(stage.name, None)
        state.begun.pop(stage.name, None)
        state.write()
        _empty(folder)
        state.begun[stage.name] = key
        state.write()
    say(f"{stage.name}: {'going on' if goes_on else 'making it again' if made else 'making it'}.")
    began = time.monotonic()
    if told := stage.make():
        say(told)
    outputs = _present(folder, stage.outputs)
    if outputs is None:
        raise UserFault(f"The stage {stage.name} left something out of {folder}.", "Report this.")
    state.begun.pop(stage.name, None)
    state.stages[stage.name] = {
        "key": key,
        "inputs": inputs,
        "outputs": outputs,
        "seconds": round(time.monotonic() - began, 1),
    }
    state.write()


def hashes_of(path: Path) -> dict[Path, str]:
    """The hash of a file, or of every file in a folder.

    Raises:
        UserFault: If it cannot be read.
    """
    if not path.is_dir():
        return {path: _hash(path)}
    return {p: _hash(p) for p in sorted(path.rglob("*")) if p.is_file()}


def _hash(path: Path) -> str:
    try:
        at = path.stat()
    except OSError as e:
        raise UserFault(f"{path} cannot be read: {e.strerror}.", "Check the path.") from None
    return _hash_of_version(path, at.st_mtime_ns, at.st_size, at.st_ino)


@functools.cache
def _hash_of_version(path: Path, *_: int) -> str:
    """Weights are an input of several stages, and take seconds to hash."""
    return sha256_of(path)


def _present(folder: Path, outputs: Sequence[str]) -> dict[str, str] | None:
    """The hashes of a stage's outputs; None if one is missing."""
    found: dict[str, str] = {}
    for name in outputs:
        if not (folder / name).exists():
            return None
        found |= {p.relative_to(folder).as_posix(): h for p, h in hashes_of(folder / name).items()}
    return found


def _label(state: State, path: Path) -> str:
    """A name that stays when the folders are moved: of a file of the user only the last part."""
    return path.relative_to(state.folder).as_posix() if path.is_relative_to(state.folder) else path.name


def _empty(folder: Path) -> None:
    try:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
    except OSError as e:
        raise disk_fault(folder, e) from None


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other processes out of the run folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / _LOCK).open("ab")
    except OSError as e:
        raise disk_fault(folder, e) from None
    with file:
        if not try_lock(file.fileno()):
            raise UserFault(f"Another process is working in {folder}.", "Wait for it, or end it.")
        yield
