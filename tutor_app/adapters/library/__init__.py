"""The library of solutions: one SQLite file."""

from tutor_app.adapters.library.solutions import Library

__all__ = ["Library"]
