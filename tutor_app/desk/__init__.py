"""For teaching with a solution: stepping through its code, and the attempts of a vote side by side."""
