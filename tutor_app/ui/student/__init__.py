"""The student's side of the window: how typing was read, and what helps instead of a whole solution."""
