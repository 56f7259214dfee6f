"""llama.cpp in a process of its own; the face is :mod:`tutor_app.adapters.engine.client`."""
