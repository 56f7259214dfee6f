"""For students: hints, checking own lines of work, questions about a solution, symbols to type."""
