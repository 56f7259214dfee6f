"""Difficulty enhancement (MuMath): a condition or a step more; the answer is what most solutions agree on.

The teacher tells what is added and what is then asked; what the problem tells stays as it is. Asked for the whole new
problem, a small teacher gives the old one back.
"""

from __future__ import annotations

import functools
import re
from typing import Final

from trainer.augment.asked import Asked, several
from trainer.data.problems import Problem
from trainer.data.sentences import told
from trainer.teacher.work import NotMade
from tutor_app.core.ports import Cancel
from tutor_app.core.transcript import Transcript

_REPLY: Final = re.compile(r"Added:\s*(?P<added>.+?)\s*^\W*Asked:\s*(?P<asked>[^\n]+)", re.DOTALL | re.MULTILINE)

_FEWEST_WORDS: Final = 4
"""That are added."""


def difficulty(problem: Problem, asked: Asked, cancel: Cancel) -> list[Transcript]:
    """A harder problem.

    Raises:
        NotMade: If it is no longer than the problem, or the votes do not agree.
    """

    def one(sample: int) -> Transcript:
        forms = functools.partial(_harder, problem.text)
        question = asked.question("difficulty", problem, cancel, sample, forms=forms)
        return asked.voted("difficulty", problem, question, cancel)

    return several(asked, one)


def _harder(problem: str, reply: str) -> list[str]:
    m = _REPLY.fullmatch(reply.strip())
    facts = told(problem) if m is not None else ""
    if m is None:
        whole, added = reply, len(reply.split()) - len(problem.split())
    else:
        whole, added = f"{facts} {m['added'].strip()} {m['asked'].strip()}", len(m["added"].split())
    if added < _FEWEST_WORDS or (m is None and reply.lstrip().startswith("Added:")):
        raise NotMade("nothing was added to the problem")
    if m is not None and not facts:
        raise NotMade("the problem tells nothing before it asks")
    return [whole]
