"""Makes and signs the note about the newest version, which programs fetch whose user wants to be told of it.

    python packaging/sign_update.py keygen PRIVATE.key
    python packaging/sign_update.py sign PRIVATE.key --page https://... [--days 400] [-o update.json]
    python packaging/sign_update.py verify update.json

``keygen`` writes a new private key, for its owner only, and prints the public one; add that line to
``resources/update_keys.txt``. All keys in that file are believed, so that a new one can be handed out with a release
before the old one is given up. The private key is never part of the project: keep it where the releases are made.

``sign`` takes version, day and changes of the newest section of ``resources/release_notes.md``. Put what it writes at
the address that is set as "Address of the newest version". The note says until when it is good, so that nobody can
keep an old one alive for ever: sign a new one before that day even if there is no new version.
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
    return base64.b64encode(bytes(key.verify_key)).decode()


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("keygen").add_argument("key", type=Path)
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
        elif args.action == "sign":
            newest = releases(NOTES.read_text(encoding="utf-8"))[0]
            text = make_note(newest, args.page, date.today() + timedelta(days=args.days))
            args.output.write_bytes(signed(text, base64.b64decode(args.key.read_bytes(), validate=False)))
            print(f"{args.output}: version {newest.version}, good for {args.days} days")
        else:
            note = read_note(args.note.read_bytes(), own_keys(), date.today())
            print(f"version {note.version} of {note.day}, {note.page}")
    except (OSError, ValueError, UntrustedNote) as e:
        print(e, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
