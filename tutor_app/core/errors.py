"""Everything that can go wrong, split by who is at fault.

::

    TutorError
    ├── UserFault              the request cannot be carried out as asked; nothing is broken
    └── HostFault              something on this computer failed; says how to mend it
        ├── EngineFault        the model process
        │   └── ModelFileFault the model file itself: missing, truncated, of another kind
        ├── SandboxFault       the process that runs code
        ├── LibraryFault       the database of solutions
        └── ModelStoreFault    download, verification, import of models

Mistakes of the *model* (code that raises, a missing answer) are no exceptions: they are parts of the
transcript and reasons why a solution ended, because the student is meant to see them.
"""

from __future__ import annotations


class TutorError(Exception):
    """Root of the tree; its text is one clear sentence and, if there is one, what to do about it."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".rstrip()


class UserFault(TutorError):
    """The request cannot be carried out as asked."""


class HostFault(TutorError):
    """Something on this computer failed."""


class EngineFault(HostFault):
    """The model process failed to start, to load, or died."""


class ModelFileFault(EngineFault):
    """A model file is missing, truncated, unreadable or of another kind."""


class SandboxFault(HostFault):
    """Code cannot be run here at all (a block that fails is no fault: it is an output)."""


class LibraryFault(HostFault):
    """The library of solutions cannot be read or written."""


class ModelStoreFault(HostFault):
    """A model could not be fetched, verified, imported or removed."""
