"""The teacher of the data engine: a model behind one small interface, with its budget and its queue of work."""
