"""The file of the user's settings, as JSON.

Reading never fails: what is unknown or out of bounds is left at its default and reported, all of it at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path

from tutor_app.adapters.files import write_file
from tutor_app.core.errors import HostFault
from tutor_app.core.settings import Settings, described, sift
from tutor_app.text.decoding import decoded


def load(path: Path) -> tuple[Settings, tuple[str, ...]]:
    """Read the settings; never fails.

    Returns:
        The settings, and one sentence for each thing in the file that was not used. A missing file is no
        reason for one.
    """
    try:
        text = decoded(path.read_bytes())  # Windows editors like to write UTF-16, or a mark
    except FileNotFoundError:
        return Settings(), ()
    except OSError as e:
        return Settings(), (f"The settings in {path} cannot be read ({e.strerror}), so the defaults are used.",)
    if text is None:
        return Settings(), (f"The settings in {path} are not text, so the defaults are used.",)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as e:
        where = f"line {e.lineno}" if isinstance(e, json.JSONDecodeError) else "too deep"
        return Settings(), (f"The settings in {path} are not valid JSON ({where}), so the defaults are used.",)
    if not isinstance(data, dict):
        return Settings(), (f"The settings in {path} are not a JSON object, so the defaults are used.",)
    good, complaints = sift(data)
    return replace(Settings(), **good), tuple(f"{c} The default is used." for c in complaints)


def save(path: Path, settings: Settings) -> None:
    """Write the settings so that a crash at any moment leaves the old file or the new one.

    Only what differs from the defaults is written, so a better default of a later version reaches everybody
    who never chose. What is in the file and not understood is left in it: a newer version may have written it. A file
    that is there but cannot be read as JSON is kept beside it as ``*.bad``. A file with a server's key in it is for its
    owner only.

    Raises:
        HostFault: If the file cannot be written.
    """
    values = {f.name: getattr(settings, f.name) for f in fields(settings)}
    changed = {name: v for name, v in values.items() if v != described()[name].default}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _keep_if_unreadable(path)
        text = json.dumps(_not_understood(path, values) | changed, indent=2, ensure_ascii=False) + "\n"
        data = text.encode("utf-8", "backslashreplace")  # half a surrogate pair becomes JSON's escape
        write_file(path, data, private=bool(settings.server_key))
    except OSError as e:
        raise HostFault(
            f"The settings cannot be written to {path}: {e.strerror or e}.",
            "They hold until the program ends; make room or choose another folder with --data-dir.",
        ) from e


def _not_understood(path: Path, values: Mapping[str, object]) -> dict[str, object]:
    """What the file says that this version does not use, unless the user has chosen something else meanwhile."""
    try:
        data = json.loads(decoded(path.read_bytes()) or "")
    except (FileNotFoundError, ValueError, RecursionError):
        return {}
    if not isinstance(data, dict):
        return {}
    good, _ = sift(data)
    return {
        name: value
        for name, value in data.items()
        if name not in good and (name not in values or values[name] == described()[name].default)
    }


def _keep_if_unreadable(path: Path) -> None:
    if not path.is_file():
        return
    data = path.read_bytes()
    try:
        readable = isinstance(json.loads(decoded(data) or ""), dict)
    except (ValueError, RecursionError):
        readable = False
    if not readable:
        write_file(path.with_name(path.name + ".bad"), data, private=True)
