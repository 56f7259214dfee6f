"""Collaborative black-box tuning: prompts and light adapters for a model whose weights and gradients stay closed."""
