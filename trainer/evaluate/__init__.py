"""Models over benchmarks with the loop that ships, and the grader over pairs."""
