"""Problems to practise: variants of what was solved, and a list of those that were missed."""
