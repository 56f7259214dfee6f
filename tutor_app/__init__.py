"""A mathematics tutor: a local model reasons, its Python runs confined, the worked solution stays."""

__version__ = "0.1.0"
