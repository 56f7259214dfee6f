"""The tutor's own models by their names, wherever the trainer takes a base. Nothing here needs torch."""

from __future__ import annotations

from pathlib import Path

from tutor_app.tutor.models import model_store
from tutor_app.tutor.paths import folders


def named(base: Path) -> Path:
    """The file of an installed model that a single word names, such as ``starter``; any other path as it is.

    Raises:
        UserFault: If there is no such model, or it is not installed.
        ModelFileFault: If its file cannot be used.
    """
    if base.exists() or len(base.parts) != 1 or base.suffix in (".gguf", ".json"):
        return base
    return model_store(folders()).find(str(base)).path
