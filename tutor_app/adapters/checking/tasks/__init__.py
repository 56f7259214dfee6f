"""Problems that are a computation as a whole: recognised in LaTeX, plain typing or words, and computed."""
