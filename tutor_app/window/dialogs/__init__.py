"""Dialogs, and the pages that take the place of the solution."""
