"""Runs the parts of llama.cpp that export needs, each in a process of its own (see ``llama_child.py``)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from tutor_app.adapters.engine.exit_codes import explain_exit
from tutor_app.core.errors import HostFault

WORDS: Final = {
    "quantize": "quantise the file",
    "logits": "read the file",
    "likeliest": "read the file",
}
"""What each command does."""


def run_llama_cpp(command: str, *arguments: object) -> None:
    """Run a part of llama.cpp in a process of its own.

    Raises:
        HostFault: If it fails, with its last words.
    """
    script = Path(__file__).with_name("llama_child.py")
    ran = subprocess.run(
        [sys.executable, str(script), command, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if ran.returncode:
        words = [line for line in ran.stderr.splitlines() if line.strip()]
        why = words[-1] if words else explain_exit(ran.returncode)[0]
        if why.startswith("OSError"):  # NumPy says how much was written, and not why no more
            raise HostFault(f"The disk refused what llama.cpp computed ({why}).", "Free some space and export again.")
        raise HostFault(
            f"llama.cpp failed to {WORDS[command]}: {why}", "See that llama-cpp-python is installed and sound."
        )
