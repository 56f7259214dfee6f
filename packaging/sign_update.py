"""Makes and signs the note about the newest version, which programs fetch whose user wants to be told of it.

    python packaging/sign_update.py keygen PRIVATE.key
    python packaging/sign_update.py public PRIVATE.key
    python packaging/sign_update.py sign PRIVATE.key --page https://... [--days 400] [-o update.json]
    python packaging/sign_update.py verify update.json

``keygen`` writes a new private key, for its owner only, and prints the public one; add that line to
``resources/update_keys.txt``. All keys in that file are believed, so that a new one can be handed out with a release
before the old one is given up. The private key is never part of the project: keep it where the releases are made.
``public`` prints the public key of a private one again. ``packaging/installer/README.md`` tells how keys are changed.

``sign`` takes version, day and changes of the newest section of ``resources/release_notes.md``. Put what it writes at
the address that is set as "Address of the newest version". The note says until when it is good, so that nobody can
keep an old one alive for ever: sign a new one before that day even if there is no new version. What no program would
believe is not written.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from nacl.signing import SigningKey

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tutor_app.adapters.updates.signed_note import PROGRAM, PURPOSE, UntrustedNote, read_note  # noqa: E402
from tutor_app.text.release_notes import Release, releases  # noqa: E402
from tutor_app.tutor.updates import own_keys  # noqa: E402

NOTES: Final = ROOT / "resources" / "release_notes.md"
MOST_DAYS: Final = 1000
"""For longer nobody shall be able to keep an old note alive."""


def make_note(release: Release, page: str, good_until: date) -> str:
    """The text that is signed."""
    plain = {
        "program": PROGRAM,
        "version": release.version,
        "day": release.day.isoformat(),
        "good_until": good_until.isoformat(),
        "changes": list(release.changes),
        "page": page,
    }
    return json.dumps(plain, ensure_ascii=False)


def signed(text: str, private: bytes) -> bytes:
    """The note as it is published."""
    signature = SigningKey(private).sign(PURPOSE + text.encode()).signature
    return json.dumps({"note": text, "signature": base64.b64encode(signature).decode()}, indent=1).encode() + b"\n"


def keygen(place: Path) -> str:
    """Write a new private key to ``place``, which must not exist; returns the public one in Base64."""
    key = SigningKey.generate()
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(base64.b64encode(bytes(key)) + b"\n")
    return public_key(key)


def private_key(place: Path) -> SigningKey:
    """The key that :func:`keygen` wrote.

    Raises:
        ValueError: If it is none, or others may read it.
    """
    if os.name == "posix" and place.stat().st_mode & 0o077:
        raise ValueError(f"Others may read {place}; make it yours alone with: chmod 600 {place}")
    try:
        return SigningKey(base64.b64decode(place.read_bytes().strip(), validate=True))
    except ValueError:
        raise ValueError(f"{place} is no private key that keygen has written.") from None


def public_key(key: SigningKey) -> str:
    """The line for ``resources/update_keys.txt``."""
    return base64.b64encode(bytes(key.verify_key)).decode()


def newest_note(key: SigningKey, page: str, days: int) -> bytes:
    """The note about the newest version, as it is published.

    Raises:
        ValueError: If there is anything about it that programs would not accept.
    """
    if bytes(key.verify_key) not in own_keys():
        raise ValueError(f"No program believes this key: {public_key(key)} is not in resources/update_keys.txt.")
    if not 1 <= days <= MOST_DAYS:
        raise ValueError(f"A note is good for 1 to {MOST_DAYS} days, not for {days}.")
    newest = releases(NOTES.read_text(encoding="utf-8"))[0]
    note = signed(make_note(newest, page, date.today() + timedelta(days=days)), bytes(key))
    try:
        read_note(note, [bytes(key.verify_key)], date.today())
    except UntrustedNote:  # its other parts are ours
        raise ValueError(f"The page must be an address that begins with https:// or http://, not {page!r}.") from None
    return note


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    actions = parser.add_subparsers(dest="action", required=True)
    for name in ("keygen", "public"):
        actions.add_parser(name).add_argument("key", type=Path)
    sign = actions.add_parser("sign")
    sign.add_argument("key", type=Path)
    sign.add_argument("--page", required=True, help="where the version can be had")
    sign.add_argument("--days", type=int, default=400, help="how long the note is good (default: 400)")
    sign.add_argument("-o", "--output", type=Path, default=Path("update.json"))
    actions.add_parser("verify").add_argument("note", type=Path)
    args = parser.parse_args(arguments)
    try:
        if args.action == "keygen":
            print(keygen(args.key))
        elif args.action == "public":
            print(public_key(private_key(args.key)))
        elif args.action == "sign":
            args.output.write_bytes(newest_note(private_key(args.key), args.page, args.days))
            note = read_note(args.output.read_bytes(), own_keys(), date.today())
            print(f"{args.output}: version {note.version}, good for {args.days} days")
        else:
            note = read_note(args.note.read_bytes(), own_keys(), date.today())
            print(f"version {note.version} of {note.day}, {note.page}")
    except OSError as e:
        print(f"{e.filename}: {e.strerror}.", file=sys.stderr)
        return 1
    except (ValueError, UntrustedNote) as e:
        print(e, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
