"""One foreign thing per module or package; each maps its own exceptions to :mod:`tutor_app.core.errors`."""
