"""The SHA-256 of a large file, with progress and a way to stop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tutor_app.adapters.models.transfer import (
    BLOCK,
    TransferStopped,
)
from tutor_app.core.errors import ModelFileFault
from tutor_app.core.ports import Cancel
from tutor_app.core.values import Progress


def sha256_of(path: Path, name: str, total: int, progress: Callable[[Progress], None], cancel: Cancel) -> str:
    """Hash of a file; raises :class:`TransferStopped` if ``cancel`` is raised."""
    import hashlib  # and with it OpenSSL, 4 MB

    digest, done = hashlib.sha256(), 0
    try:
        with path.open("rb", buffering=0) as stream:
            while block := stream.read(4 * BLOCK):
                if cancel.is_set():
                    raise TransferStopped("The check was stopped.")
                digest.update(block)
                done += len(block)
                if done % (64 * BLOCK) == 0:
                    progress(Progress("check", name, done=done, total=total))
    except OSError as e:
        raise ModelFileFault(f'"{path}" cannot be read: {e.strerror or e}.', "Check the disk.") from None
    return digest.hexdigest()
