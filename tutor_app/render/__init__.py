"""Solutions as QtGui documents, pages and pictures; no widgets."""
