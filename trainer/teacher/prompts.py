"""The prompts of the data engine by name: ``trainer/prompts/NAME.json``, in the form of the tutor's own."""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Final

from tutor_app.core.dialect import PromptSet

CORRECTION: Final = "The code above has encountered a problem. Now point out its mistakes and then correct them.\n"
"""What MuMath-Code puts after a failed run; a model is trained on it."""


@functools.cache
def prompt_named(name: str) -> PromptSet:
    """A prompt with its demonstrations."""
    text = resources.files("trainer").joinpath("prompts", f"{name}.json").read_text(encoding="utf-8")
    return PromptSet.from_dict(json.loads(text))
