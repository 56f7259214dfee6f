"""One foreign thing per file; each maps its own exceptions to :mod:`tutor_app.core.errors`."""
