"""The tutor as a service of this computer: an interface that OpenAI's clients speak, and one of its own for solutions.

``turns`` shares the model fairly among the clients, ``requests`` reads what they ask, ``replies`` writes what they get,
``jobs`` runs a solution for a client that may go away at any time, ``application`` puts the routes together, and
``serving`` opens the port. Nothing here knows the terminal or the window.
"""
