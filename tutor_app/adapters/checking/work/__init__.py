"""Judges a student's own lines; see :mod:`.judge`. It runs in the checking process."""
