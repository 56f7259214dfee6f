"""The domain. Standard library only: no Qt, no I/O, no threads, no third-party package."""
