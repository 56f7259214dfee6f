"""Pictures of what a problem is about, drawn by programs of our own, never by a model's."""
