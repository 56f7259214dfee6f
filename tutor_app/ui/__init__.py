"""Widgets that the rooms above share, and the page of a solution. They draw and emit: no decisions, no I/O."""
