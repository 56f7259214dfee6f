"""Models and their parts: tokenizers, bases out of folders and GGUF files, attention, a model behind the solve loop."""
