"""From seeds to model card by one recipe: the stages, what each depends on, and what is still to be made."""
