"""New questions out of known ones."""
