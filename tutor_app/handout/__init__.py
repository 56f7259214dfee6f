"""Handouts, whatever the format: options, steps, wording, and fragments to copy. No Qt, no files."""
