"""Exports as files: whole or not there, with names every system takes, and faults in one sentence.

A full disk or a power cut never leaves half a handout where a whole one was, nor pictures without their document:
see :mod:`tutor_app.adapters.files`.
"""

from __future__ import annotations

import base64
import errno
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tutor_app.adapters.files import read_file, require_answer, write_files
from tutor_app.core.errors import HostFault, TutorError, UserFault
from tutor_app.core.part_json import TranscriptFormatError
from tutor_app.core.parts import Figure
from tutor_app.core.transcript import Transcript
from tutor_app.export.face import export, format_of
from tutor_app.handout.options import DEFAULTS, FORMATS, Format, Options
from tutor_app.handout.wording import title_of
from tutor_app.text.decoding import decoded
from tutor_app.text.minus import MINUS

if TYPE_CHECKING:
    from tutor_app.render.typeset import FormulaCache

MAX_NAME: Final = 80
LARGEST: Final = 2**29
"""Bytes of a file of solutions."""
_RESERVED: Final = re.compile(r"(?i)(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)")


def write_export(
    path: str | os.PathLike[str],
    transcripts: Sequence[Transcript],
    format: Format | None = None,
    options: Options = DEFAULTS,
    *,
    formulas: FormulaCache | None = None,
) -> list[Path]:
    """Export solutions to a file, and their pictures beside it where the format cannot hold them.

    Args:
        path: Where to; an existing file is replaced.
        transcripts: At least one.
        format: None means what the name's ending says.
        options: What is shown.
        formulas: For PDF, formulas that were typeset before.

    Returns:
        The files written, the document first.

    Raises:
        UserFault: If it cannot be done as asked.
        HostFault: If the file cannot be written; says why.
    """
    target = Path(path)
    chosen = format or format_of(target.name)
    if chosen is None:
        raise UserFault(
            f"The name {target.name} does not say what to export to.",
            f"End it in one of {', '.join('.' + f for f in FORMATS)}.",
        )
    try:
        require_answer(target)
    except OSError as e:
        raise _fault(target, e) from None
    if os.path.isdir(target):  # noqa: PTH112  (unlike Path's, it has an answer where one may not look)
        raise UserFault(f"{target} is a folder.", "Give the name of a file in it.")
    exported = export(transcripts, chosen, options, stem=file_name(target.stem), formulas=formulas)
    # Pictures first: whoever finds the document finds them too.
    files = [*((target.parent / name, data) for name, data in exported.files.items()), (target, exported.data)]
    _write(files)
    return [target, *(path for path, _ in files[:-1])]


def write_data(path: str | os.PathLike[str], data: bytes) -> None:
    """Write one file of the user's, such as a recording or a figure.

    Raises:
        UserFault: If it cannot be done as asked.
        HostFault: If the file cannot be written; says why.
    """
    _write([(Path(path), data)])


def write_figure(path: str | os.PathLike[str], figure: Figure) -> None:
    """Write a figure to a file, as SVG if the name says so, else as PNG.

    Raises:
        UserFault: If the figure has no such form, or it cannot be done as asked.
        HostFault: If the file cannot be written; says why.
    """
    svg = Path(path).suffix.lower() == ".svg"
    try:
        data = figure.svg.encode("utf-8", "replace") if svg else base64.b64decode(figure.png)
    except ValueError:  # a PNG that was damaged in a transcript from elsewhere
        data = b""
    if not data:
        raise UserFault(f"The figure cannot be saved as {'SVG' if svg else 'PNG'}.", "Choose the other format.")
    write_data(path, data)


def file_name(title: str, suffix: str = "") -> str:
    """A file name for a title: no slashes, nothing a file system refuses, never empty, not too long."""
    # These are separators or wild cards somewhere; a dot or dash at the beginning hides a file or looks like an option.
    name = re.sub(r'[/\\:*?"<>|\x00-\x1f\x7f\ud800-\udfff]+', " ", title)
    name = re.sub(r"\s+", " ", name).strip(" .-")[:MAX_NAME]
    while len(name.encode("utf-8")) > 180:  # file systems count bytes, and a letter can have four
        name = name[:-1]
    name = name.strip(" .-")
    if not name or _RESERVED.match(name):
        name = f"solution {name}".strip()
    return f"{name}.{suffix}" if suffix else name


def suggested_name(transcripts: Sequence[Transcript], format: Format) -> str:
    """A file name for these solutions."""
    title = title_of(transcripts[0], 48).rstrip("\u2026") if len(transcripts) == 1 else "Worked solutions"
    # A second ending of its own: by it a desktop knows a solution among other JSON, and opens it with this program.
    return file_name(title.replace(MINUS, "-"), "mumath.json" if format == "json" else format)


def read_transcripts(path: str | os.PathLike[str]) -> list[Transcript]:
    """The transcripts of an exported JSON file: one, or one a line.

    Raises:
        UserFault: If it cannot be read or holds something else; says what and where.
    """
    try:
        text = decoded(read_file(Path(path), LARGEST))
    except OSError as e:
        raise UserFault(f"{path} cannot be read: {e.strerror or e}.") from None
    except ValueError:  # a null byte
        raise UserFault(f"{os.fspath(path)!r} cannot be the name of a file.") from None
    if text is None:
        raise UserFault(f"{path} is not text in UTF-8, so it is no exported transcript.")
    if not text.strip():
        raise UserFault(f"{path} is empty.", "Export the solution again.")
    try:
        return [Transcript.from_json(text)]
    except TranscriptFormatError as e:
        whole = e
    lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    if len(lines) < 2:
        raise UserFault(f"{path} is no exported transcript ({whole}).")
    found = []
    for n, line in lines:
        try:
            found.append(Transcript.from_json(line))
        except TranscriptFormatError as e:
            raise UserFault(f"Line {n} of {path} is no exported transcript ({e}).") from None
    return found


def _write(files: Sequence[tuple[Path, bytes]]) -> None:
    try:
        write_files(files)
    except (OSError, ValueError) as e:
        raise _fault(next((p for p, _ in files if str(p) == getattr(e, "filename", "")), files[0][0]), e) from None


def _fault(target: Path, error: OSError | ValueError) -> TutorError:
    name, folder = target.name, target.parent
    code = error.errno if isinstance(error, OSError) else None
    if code in (errno.ENOENT, errno.ENOTDIR) and not os.path.isdir(folder):  # noqa: PTH112
        return UserFault(f"There is no folder {folder}.", "Choose a folder that exists.")
    if code in (errno.ENOSPC, errno.EDQUOT):
        return HostFault(f"There is no room left on the disk of {folder} for {name}.", "Make room, or choose another.")
    if code == errno.EROFS:
        return HostFault(f"{folder} can only be read, not written.", "Choose another folder.")
    if code == errno.ENAMETOOLONG:
        return UserFault("The file's name is too long.", "Choose a shorter one.")
    if isinstance(error, ValueError) or code == errno.EINVAL:
        return UserFault(f"{name!r} cannot be the name of a file.", "Choose another name.")
    if code in (errno.EACCES, errno.EPERM, errno.EBUSY, errno.ETXTBSY):
        if sys.platform == "win32" and target.exists():
            return HostFault(f"{name} is open in another program.", "Close it there, or choose another name.")
        return HostFault(f"You may not write {name} in {folder}.", "Choose another folder.")
    if code == errno.ETIMEDOUT:
        return HostFault(f"The drive of {folder} does not answer.", "Connect it again, or choose another folder.")
    return HostFault(f"{name} cannot be written: {error.strerror or error}.", "Choose another folder.")
