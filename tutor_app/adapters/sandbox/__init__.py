"""Running model-written Python, confined by the system; the face is :mod:`tutor_app.adapters.sandbox.sessions`.

Empty on purpose: the confined process imports its own parts from here and nothing of the program's side.
"""
