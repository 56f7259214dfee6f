"""The form of the note about the newest version, and whether the makers have signed it.

A note is JSON with the two texts ``note``, which is JSON itself, and ``signature``, the Ed25519 signature of exactly
that text in Base64. What is signed is the text as it was sent, so that no two spellings of the same value can be
mixed up. Made by ``packaging/sign_update.py``; its public keys are in ``resources/update_keys.txt``.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from urllib.parse import urlsplit

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from tutor_app.core.errors import HostFault
from tutor_app.core.updates import UpdateNote, is_version

PURPOSE: Final = b"mumath-tutor update note 1\n"
"""Stands before the text when it is signed: a signature of something else can never be one of a note."""
PROGRAM: Final = "mumath-tutor"
MOST_CHANGES: Final = 50
MOST_LETTERS: Final = 500


class UntrustedNote(HostFault):
    """What was fetched is no note of the makers', or one that has been changed."""


def read_note(data: bytes, keys: Sequence[bytes], today: date) -> UpdateNote:
    """The note that ``data`` holds.

    Args:
        data: As fetched.
        keys: Public keys, each 32 bytes; one of them must have signed it.
        today: A note is good until the day that it names.

    Raises:
        UntrustedNote: If it is no note, none of the keys has signed it, or its time is over.
    """
    try:
        outer = json.loads(data)
        text, signature = outer["note"], base64.b64decode(outer["signature"], validate=True)
        signed = text.encode()
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, binascii.Error):
        raise UntrustedNote("What is at that address is no note about a version.") from None
    if not any(_is_signed(signed, signature, key) for key in keys):
        raise UntrustedNote(
            "The note about the newest version was not signed by the makers of this program, so it is not believed."
        )
    try:
        return _note(json.loads(text), today)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise UntrustedNote("The note about the newest version is of a form that this version cannot read.") from None


def read_keys(text: str) -> list[bytes]:
    """The public keys of a file that has one in Base64 a line, and comments after ``#``."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [base64.b64decode(line, validate=True) for line in lines if line]


def _is_signed(text: bytes, signature: bytes, key: bytes) -> bool:
    try:
        VerifyKey(key).verify(PURPOSE + text, signature)
    except (BadSignatureError, ValueError):  # ValueError: a signature of another length
        return False
    return True


def _note(plain: Any, today: date) -> UpdateNote:
    if plain["program"] != PROGRAM:
        raise UntrustedNote("The note is about another program.")
    if date.fromisoformat(plain["good_until"]) < today:
        raise UntrustedNote("The note about the newest version is too old to be believed.")
    version, page, changes = plain["version"], plain["page"], plain["changes"]
    if not is_version(version):
        raise ValueError(version)
    # Shown as a link: nothing but a page may open when it is clicked.
    if urlsplit(page).scheme not in ("http", "https") or not page.isprintable():
        raise ValueError(page)
    lines = tuple(" ".join(change.split())[:MOST_LETTERS] for change in changes[:MOST_CHANGES])
    return UpdateNote(version, date.fromisoformat(plain["day"]), lines, page)
