"""The page of a solution: its view and what works on it."""
