"""The tutor without a screen: solve, check, record; models, samples, settings, folders."""
