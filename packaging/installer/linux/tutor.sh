#!/bin/sh
# The program with its own interpreter; what the user's shell says of other Pythons is not for it.
unset PYTHONPATH PYTHONHOME PYTHONSTARTUP
exec /usr/lib/mumath-tutor/python/bin/python3.11 -P -m tutor_app "$@"
