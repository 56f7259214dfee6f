"""The tutor's own model as the black box: is this solution right?

``llama_box`` is the GGUF model behind the boundary; ``judged`` keeps what it says of solutions; ``head`` makes
calibrated probabilities of that; ``report`` measures them on problems that were held out; ``training`` is the whole of
it, from graded solutions to the verifier's file, which :mod:`tutor_app.adapters.verifying` uses.
"""
