"""The step ``road``: runs every stage of a recipe, from seeds to model card, and skips what is up to date."""
