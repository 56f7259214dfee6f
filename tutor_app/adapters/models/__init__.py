"""Model files: their sources, their headers, where they lie; the face is :mod:`tutor_app.adapters.models.store`."""
