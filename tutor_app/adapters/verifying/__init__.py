"""Asks a model whether a solution is right, with soft tokens and a head that the trainer has tuned for it."""
