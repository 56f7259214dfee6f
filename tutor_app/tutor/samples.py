"""The sample problems that come with the program.

Reads ``resources/problems/``; checks nothing of the mathematics (a test runs every problem's own check).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields

from tutor_app.core.errors import HostFault
from tutor_app.resources import resource_names, resource_text


@dataclass(frozen=True, slots=True)
class SampleProblem:
    """One sample problem.

    Attributes:
        id: Unique and stable, ``topic-word``.
        topic: Field of mathematics, for the menu.
        difficulty: From 1 (a first exercise) to 5 (takes an idea).
        problem: The statement, with LaTeX between dollar signs.
        answer: The expected answer, LaTeX or a number.
        check: Python that computes the answer on its own and prints it.
    """

    id: str
    topic: str
    difficulty: int
    problem: str
    answer: str
    check: str


def sample_problems() -> tuple[SampleProblem, ...]:
    """All of them, grouped by topic in the files' order, the easier ones of a topic first.

    Raises:
        HostFault: If the program's own files are damaged.
    """
    found: list[SampleProblem] = []
    names = {f.name for f in fields(SampleProblem)}
    for name in resource_names("problems", ".json"):
        try:
            rows = json.loads(resource_text(name))
            found += sorted(
                (SampleProblem(**{key: row[key] for key in names}) for row in rows),
                key=lambda p: p.difficulty,
            )
        except (ValueError, KeyError, TypeError) as e:
            raise HostFault(f"The program's own file {name} is damaged.", "Install the program again.") from e
    return tuple(found)
