"""A new question as changes of the old one: a teacher says which words, and which others stand there now.

Asked for the whole new problem, a small teacher copies the old one, or changes more than it should. Asked for the
words to change it names them, and everything else stays as it was, to the letter.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from trainer.augment.ground import with_article
from trainer.teacher.work import NotMade

_CHANGE: Final = re.compile(r"^\W*Old:[ \t]*(?P<old>[^\n]+)\n\W*New:[ \t]*(?P<new>[^\n]+)", re.MULTILINE)


def edited(problem: str, reply: str) -> list[str]:
    """The problem with the changes of a reply; the reply itself where it tells none: it may be the whole question.

    Raises:
        NotMade: If no words to be changed stand exactly once in the problem, or two changes meet.
    """
    changes = [(_bare(m["old"]), _bare(m["new"])) for m in _CHANGE.finditer(reply)]
    if not changes and not reply.lstrip().startswith("Old:"):
        return [reply]
    if not changes:
        raise NotMade("no change is told")
    places: list[tuple[int, int, str]] = []
    for old, new in dict(changes).items():
        if old == new:
            continue
        found = [m.span() for m in re.finditer(rf"(?<![\w.]){re.escape(old)}(?![\w%]|[.,]\d)", problem)]
        if len(found) == 1:  # others are not of this problem, or could mean any of several
            places.append((*found[0], new))
    if not places:
        raise NotMade("what is to be changed does not stand once in the problem")
    places.sort(reverse=True)
    if any(end > later for (later, _, _), (_, end, _) in pairwise(places)):
        raise NotMade("two changes of the same words")
    for start, end, new in places:
        problem = with_article(problem[:start], new) + problem[end:]
    return [problem]


def _bare(words: str) -> str:
    """Words without the quotes and the full stop that a reply may put around them."""
    return words.strip().strip("\"'“”`*").strip().rstrip(".").strip()
