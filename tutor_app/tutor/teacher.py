"""The teacher's limit of the hints, kept with a PIN in a file of its own beside the settings.

The PIN is kept as a salted hash. It guards against a student's click, not against somebody who deletes the file.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from pathlib import Path
from typing import Final

from tutor_app.adapters.files import write_file
from tutor_app.core.errors import HostFault, UserFault
from tutor_app.core.hints import LEVELS, LONGEST_PIN, SHORTEST_PIN, HintLimit

ROUNDS: Final = 200_000
FILE_NAME: Final = "teacher.json"


def cap_of(folder: Path) -> int:
    """The highest level of hints that is allowed; all of them where nobody has set a limit, or it is not readable."""
    found = _read(folder).get("cap")
    return found if isinstance(found, int) and 1 <= found <= len(LEVELS) else len(LEVELS)


def limit_of(folder: Path) -> HintLimit:
    """The highest level of hints, and whether a PIN is set."""
    return HintLimit(cap_of(folder), isinstance(_read(folder).get("hash"), str))


def set_cap(folder: Path, cap: int, pin: str, new_pin: str = "") -> None:
    """Set the highest level of hints, and perhaps another PIN.

    Args:
        folder: Of the settings.
        cap: From 1 to the number of levels.
        pin: The teacher's; the first one that is given is kept.
        new_pin: The one that takes its place; empty keeps it.

    Raises:
        UserFault: If the PIN is not the one that was set, or the level does not exist.
        HostFault: If it cannot be kept.
    """
    if not 1 <= cap <= len(LEVELS):
        raise UserFault(f"There is no level {cap} of hints.", f"Choose 1 to {len(LEVELS)}.")
    if not all(SHORTEST_PIN <= len(given) <= LONGEST_PIN for given in (pin, new_pin or pin)):
        raise UserFault(
            f"A PIN has {SHORTEST_PIN} to {LONGEST_PIN} characters.", "Choose one, or give the one that was set."
        )
    kept = _read(folder)
    salt = kept.get("salt")
    if isinstance(kept.get("hash"), str) and isinstance(salt, str):
        if not hmac.compare_digest(_hashed(pin, salt), str(kept["hash"])):
            raise UserFault(
                "This is not the PIN that was set.", "Ask your teacher. The README tells what helps if it is lost."
            )
    else:
        salt = secrets.token_hex(16)
    data = {"cap": cap, "salt": salt, "hash": _hashed(new_pin or pin, str(salt))}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_file(folder / FILE_NAME, json.dumps(data).encode())
    except OSError as e:
        raise HostFault(f"The limit of the hints cannot be kept: {e.strerror or e}.") from e


def _hashed(pin: str, salt: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", pin.encode("utf-8", "replace"), salt.encode(), ROUNDS).hex()


def _read(folder: Path) -> dict[str, object]:
    try:
        found = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
