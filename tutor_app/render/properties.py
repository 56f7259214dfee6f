"""Properties that the formats of a document's characters, blocks and frames carry beside their looks."""

from __future__ import annotations

from typing import Final

from PySide6.QtGui import (
    QTextFormat,
)

FORMULA: Final = QTextFormat.ObjectTypes.UserObject.value + 1
FIGURE: Final = QTextFormat.ObjectTypes.UserObject.value + 2
OBJECT_CHARACTER: Final = "\ufffc"
JOINER: Final = "\u2060"
# Properties of the characters that stand for objects.
SOURCE: Final = QTextFormat.Property.UserProperty.value + 1
DISPLAY: Final = SOURCE + 1
EM: Final = SOURCE + 2
RAW: Final = SOURCE + 3
FIGURE_KEY: Final = SOURCE + 4
# Property of frames: what they are, for the backdrop.
KIND: Final = SOURCE + 10
LABEL: Final = SOURCE + 11
ASIDE: Final = SOURCE + 12
# Property of frames: they are folded away.
FOLDED: Final = SOURCE + 20
# Property of blocks: the end of a page must not part it from what follows.
KEEP: Final = SOURCE + 13
# Property of blocks: index in the solution of the part they came from; missing for the problem and remarks.
PART: Final = SOURCE + 15
# Property of formulas in a table: how wide their cell is.
CELL: Final = SOURCE + 14
# Properties of characters: the false statement that they belong to, and what it says.
FALSE: Final = SOURCE + 16
FALSE_TEXT: Final = SOURCE + 17
