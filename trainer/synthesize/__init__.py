"""Solutions with code that was really run."""
