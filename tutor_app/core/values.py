"""Plain values that pass between the adapters, the tutor and a screen: lines of lists and states of long tasks.

They hold data and sentences made of it; nothing here reads a file or asks a model.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tutor_app.core.verdicts import VerdictKind

Status = Literal["running", "finished", "interrupted"]
Stage = Literal["connect", "download", "check", "done"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One saved solution, as a line of a list.

    Attributes:
        id: What to fetch it by.
        problem: The problem's text.
        model: Name of the model that solved it, or empty.
        answer: LaTeX of the final answer, or empty.
        status: ``running`` (a live program is at it), ``finished`` (ended for a reason of its own), or
            ``interrupted`` (its program closed or died before the end).
        created: POSIX seconds.
        updated: POSIX seconds of the last save.
        verdict: What was found about the answer.
    """

    id: str
    problem: str
    model: str = ""
    answer: str = ""
    status: Status = "finished"
    created: float = 0.0
    updated: float = 0.0
    verdict: VerdictKind = "unchecked"


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample problem.

    Attributes:
        topic: Field of mathematics, for the menu.
        difficulty: From 1 (very easy) to 5 (very hard).
        problem: The statement, with LaTeX between dollar signs.
        id: Unique and stable, ``topic-word``.
        answer: The known answer, LaTeX or a number.
        check: Python that computes the answer on its own and prints it.
    """

    topic: str
    difficulty: int
    problem: str
    id: str = ""
    answer: str = ""
    check: str = ""


@dataclass(frozen=True, slots=True)
class PublishedAccuracy:
    """A share of problems that a model was reported to solve; published by others, not measured by this project.

    Attributes:
        benchmark: The set of problems.
        percent: Of them solved, by unquantised weights.
        with_code: Whether the model could run code.
        thinking: Whether it thought first.
        source: Where it was published.
    """

    benchmark: str
    percent: float
    with_code: bool
    thinking: bool
    source: str

    @property
    def share(self) -> str:
        """The published result without its source: ``MATH 79.7 % with code``."""
        how = "with code" if self.with_code else "thinking, without code" if self.thinking else "without code"
        return f"{self.benchmark} {self.percent:g} % {how}"

    @property
    def sentence(self) -> str:
        """The published result in one sentence, with its source."""
        return f"{self.share} (published, not measured by us: {self.source})"


@dataclass(frozen=True, slots=True)
class Offer:
    """A model that can be downloaded.

    Attributes:
        id: What to download it by.
        name: For the user.
        licence: Of the weights.
        bytes: Size of the download.
        ram_bytes: Memory it takes, roughly.
        note: One sentence for the one who chooses, or empty.
        accuracy: What was published of it.
        here: How it would do on this computer, as a phrase, or empty if that is not known.
        recommended: Whether it is the strongest that suits this computer.
    """

    id: str
    name: str
    licence: str
    bytes: int
    ram_bytes: int
    note: str = ""
    accuracy: tuple[PublishedAccuracy, ...] = ()
    here: str = ""
    recommended: bool = False

    @property
    def published(self) -> str:
        """What was published of it, by source, for the one who chooses; empty if nothing was."""
        by_source: dict[str, list[str]] = {}
        for found in self.accuracy:
            by_source.setdefault(found.source, []).append(found.share)
        said = "; ".join(f"{', '.join(shares)} ({source})" for source, shares in by_source.items())
        return f"Published, not measured by us: {said}" if said else ""


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model that another program has put on this computer.

    Attributes:
        app: Which program.
        name: For the user.
        path: The file, which is used where it lies.
        bytes: Its length.
    """

    app: str
    name: str
    path: Path
    bytes: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a download is.

    Attributes:
        stage: What is going on.
        name: Of the model.
        source: Where from.
        done: Bytes that are here (while checking: that have been checked).
        total: Bytes of the whole.
        bytes_per_second: Over the last seconds; 0 if not known yet.
        seconds_left: At that speed, or None.
        note: Why an earlier source was given up, or empty.
    """

    stage: Stage
    name: str = ""
    source: str = ""
    done: int = 0
    total: int = 0
    bytes_per_second: float = 0.0
    seconds_left: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What came of an import of solutions.

    Attributes:
        ids: In the library, of every solution in the files.
        new: How many of them were not there before.
    """

    ids: tuple[str, ...]
    new: int

    @property
    def sentence(self) -> str:
        """How many were new and how many not."""
        known = len(self.ids) - self.new
        if not self.ids:
            return "There was no solution to import."
        if not self.new:
            was = "This solution was" if known == 1 else f"All {known} solutions were"
            return f"{was} in the library already."
        said = f"Imported {self.new} solution{'s' if self.new != 1 else ''}"
        return f"{said}; {known} {'was' if known == 1 else 'were'} in the library already." if known else f"{said}."
