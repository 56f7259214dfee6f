"""Which verifier belongs to which model: installed once, then found by the model's SHA-256."""

from __future__ import annotations

import logging
import re
from pathlib import Path

from tutor_app.adapters.engine.processor import FILE
from tutor_app.adapters.files import write_file
from tutor_app.adapters.models.installed import InstalledModel
from tutor_app.adapters.verifying.verifier import Verifier, VerifierFile, read_verifier
from tutor_app.core.errors import HostFault, UserFault
from tutor_app.tutor.models import model_store
from tutor_app.tutor.paths import Folders

log = logging.getLogger(__name__)


def install(where: Folders, path: Path) -> tuple[InstalledModel, VerifierFile]:
    """Use a verifier from now on, for the model that it was trained for; another one of that model is replaced.

    Raises:
        UserFault: If the file is no verifier, or its model is not installed.
        HostFault: If it cannot be written.
    """
    found = read_verifier(path)
    model = next((m for m in model_store(where).installed() if m.sha256 and m.sha256 == found.model_sha256), None)
    if model is None:
        raise UserFault(
            f"The verifier {path.name} belongs to a model that is not installed (sha256 {found.model_sha256[:12]}).",
            "Install that model first, and for a file of your own: tutor models verify NAME.",
        )
    try:
        where.verifiers.mkdir(parents=True, exist_ok=True)
        write_file(where.verifiers / f"{found.model_sha256}.json", path.read_bytes())
    except OSError as e:
        raise HostFault(f"The verifier cannot be kept: {e.strerror}.", "Check the folder's permissions.") from None
    return model, found


def remove(where: Folders, name: str) -> InstalledModel:
    """Use the verifier of a model no more.

    Raises:
        UserFault: If there is no such model, or it has none.
    """
    model = model_store(where).find(name)
    path = verifier_of(where, model.sha256)
    if path is None:
        raise UserFault(f"{model.name} has no verifier.")
    path.unlink(missing_ok=True)
    return model


def opened_verifier(where: Folders, sha256: str) -> Verifier | None:
    """The verifier of a model, to be closed by the caller; None if none is installed."""
    path = verifier_of(where, sha256)
    model = next((m for m in model_store(where).installed() if m.sha256 == sha256 and not m.problem), None)
    if path is None or model is None or model.base is not None:
        return None
    try:
        found = read_verifier(path)
    except UserFault as e:
        log.warning("the verifier of %s is not used: %s", model.name, e)
        return None
    known = where.prompts / FILE
    return Verifier(path, model.path, graded=found.graded, power=found.power, processor=known)


def verifier_of(where: Folders, sha256: str) -> Path | None:
    """The verifier of a model, if one is installed."""
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        return None
    path = where.verifiers / f"{sha256}.json"
    return path if path.is_file() else None
