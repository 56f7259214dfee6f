"""A user's problem or question as it will be asked: cleaned, and refused in a sentence where nothing can be asked."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from tutor_app.core.errors import UserFault

MAX_PROBLEM: Final = 20_000
"""Longest problem, in characters."""
_PICTURE: Final = re.compile(
    r"(?:!\[[^\]]*\]\([^)]*\)|<img\b[^>]*>|data:image/[\w+.-]+;base64,\S*|[^\n?*|<>]{1,250}\.(?:png|jpe?g|gif|webp|bmp|heic|tiff?|pdf))",
    re.IGNORECASE,
)
"""A picture, or the name of one, and nothing else."""
_NO_WIDTH: Final = frozenset({"Cc", "Cf"})
"""Categories of characters that show nothing; one that this Python does not know yet may well show something."""
_UNREADABLE: Final = "\ufffd"
_MOST_UNREADABLE: Final = 20
"""One of so many characters may be unreadable; where there are more, it is no text."""


def check_problem(text: str) -> str:
    """``text`` as it will be asked: control characters removed, outer white space stripped.

    Raises:
        UserFault: If nothing is left, or it is too long.
    """
    return _asked(text, "problem", "There is no problem to solve.")


def check_question(text: str) -> str:
    """A question about a solution as it will be asked: cleaned as a problem is.

    Raises:
        UserFault: If nothing is left, or it is too long.
    """
    return _asked(text, "question", "There is no question.")


def _asked(text: str, name: str, missing: str) -> str:
    clean = "".join(c for c in text.replace("\r\n", "\n").replace("\r", "\n") if c >= " " or c in "\n\t")
    clean = clean.replace("\x7f", "").encode("utf-8", "replace").decode().strip()
    if all(c.isspace() or unicodedata.category(c) in _NO_WIDTH for c in clean):
        raise UserFault(missing, "Type one and try again.")
    if _PICTURE.fullmatch(clean):
        raise UserFault("A picture cannot be read here.", "Type what is in it.")
    if clean.count(_UNREADABLE) * _MOST_UNREADABLE > len(clean):
        raise UserFault(f"This {name} is no text that can be read.", "Type it, or save it as text in UTF-8.")
    if len(clean) > MAX_PROBLEM:
        raise UserFault(
            f"The {name} has {len(clean):,} characters; at most {MAX_PROBLEM:,} fit.",
            "Shorten it to what is needed.",
        )
    return clean
