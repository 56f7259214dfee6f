"""A trained model as a GGUF file that the window loads, checked before it is kept."""
