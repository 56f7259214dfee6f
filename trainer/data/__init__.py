"""Records and where they come from: readers, provenance, decontamination, token ids with their loss mask."""
