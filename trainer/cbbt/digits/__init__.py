"""The measured experiment: an encoder that saw drawn digits only, adapted to real handwriting.

``drawing`` draws what it is trained on, ``dual_encoder`` is the encoder and its black box, ``experiment`` is every
method on scikit-learn's digits.
"""
