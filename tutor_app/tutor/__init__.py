"""What a tutor does, without a screen: solve, check, record; models, samples, settings, folders."""
