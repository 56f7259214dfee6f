"""Finds the statements of a text that can be checked, and checks them; see :mod:`.checker`."""
