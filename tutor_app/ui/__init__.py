"""Widgets draw and emit. No decisions, no I/O."""
