"""One training loop for both stages, with its loss, checkpoints and ranks."""
