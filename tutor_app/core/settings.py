"""The user's settings as one frozen value.

Each field carries its title, bounds and explanation, so the settings dialog and the command line's help are
made from here. Nothing here applies a setting, or reads or writes the file of them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Any, Final, Literal, TypeVar

from tutor_app.core.errors import UserFault

Kind = Literal["text", "whole", "number", "switch", "choice"]
Group = Literal["Model", "Solving", "Sampling", "Appearance", "Code", "Updates"]
T = TypeVar("T", str, int, float, bool)

_META: Final = "setting"


@dataclass(frozen=True, slots=True)
class Setting:
    """What a dialog needs to know of one field.

    Attributes:
        name: The field, and the key in the file.
        kind: Which control fits.
        title: Label, a few words.
        help: One or two sentences for a user who has never heard of it.
        group: Heading under which it is shown.
        default: Its value if the user never touched it.
        minimum: Smallest value of a number, or None.
        maximum: Largest value of a number, or None.
        unit: Unit of a number, or empty.
        choices: The texts to choose from.
        special: Values with a meaning of their own, with the words to show instead of the number.
        secret: It is not shown while nobody types it.
    """

    name: str
    kind: Kind
    title: str
    help: str
    group: Group
    default: str | int | float | bool
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()
    special: tuple[tuple[int | float, str], ...] = ()
    secret: bool = False

    def complaint(self, value: object) -> str:
        """Why ``value`` is not allowed, as the end of a sentence about it; empty if it is."""
        match self.kind:
            case "switch":
                return "" if isinstance(value, bool) else "must be true or false"
            case "text":
                ok = isinstance(value, str) and value.isprintable() and len(value) <= 500
                return "" if ok else "must be one line of text"
            case "choice":
                return "" if value in self.choices else f"must be {_either(self.choices)}"
            case "whole":
                ok = isinstance(value, int) and not isinstance(value, bool)
            case "number":
                ok = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        assert self.minimum is not None
        assert self.maximum is not None
        if ok and isinstance(value, int | float) and self.minimum <= value <= self.maximum:
            return ""
        what = "a whole number" if self.kind == "whole" else "a number"
        return f"must be {what} from {_number(self.minimum)} to {_number(self.maximum)}"


def _setting(default: T, kind: Kind, title: str, help_: str, group: Group, **more: Any) -> T:
    about = {"kind": kind, "title": title, "help": help_, "group": group, "default": default, **more}
    made: T = field(default=default, metadata={_META: about})
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the user can choose; the defaults suit a laptop without a graphics card."""

    model: str = _setting(
        "",
        "text",
        "Model",
        "Which model answers; the best one that is here, if none is named.",
        "Model",
    )
    n_ctx: int = _setting(
        4096,
        "whole",
        "Context",
        "How much text the model can keep in view at once. More room needs more memory.",
        "Model",
        minimum=512,
        maximum=131072,
        unit="tokens",
    )
    threads: int = _setting(
        0,
        "whole",
        "Threads",
        "Processor cores the model may use. More than the physical cores makes it slower.",
        "Model",
        minimum=0,
        maximum=256,
        special=((0, "automatic"),),
    )
    gpu_layers: int = _setting(
        -1,
        "whole",
        "Layers on the graphics card",
        "How much of the model is put on the graphics card, if there is one that can be used. "
        "0 keeps the model on the processor.",
        "Model",
        minimum=-1,
        maximum=1000,
        unit="layers",
        special=((-1, "automatic"), (0, "none")),
    )
    server: str = _setting(
        "",
        "text",
        "Server",
        "Address of another computer where “tutor serve” runs (http://192.168.1.5:8642, say). Its model answers "
        "instead of one here, and code still runs on this computer. Without an address a model here answers.",
        "Model",
    )
    server_key: str = _setting(
        "",
        "text",
        "Key of the server",
        "The API key that “tutor serve” printed there, if it asks for one.",
        "Model",
        secret=True,
    )
    max_rounds: int = _setting(
        4,
        "whole",
        "Rounds",
        "How many times the model may speak; between two rounds its code is run.",
        "Solving",
        minimum=1,
        maximum=20,
    )
    max_tokens: int = _setting(
        1024,
        "whole",
        "Length of a round",
        "The most the model may write before its code is run or the solution ends.",
        "Solving",
        minimum=16,
        maximum=32768,
        unit="tokens",
    )
    seconds: int = _setting(
        300,
        "whole",
        "Time for a solution",
        "A solution that takes longer is ended; what there is of it is kept.",
        "Solving",
        minimum=5,
        maximum=86400,
        unit="s",
    )
    thinking: bool = _setting(
        False,
        "switch",
        "Let the model think first",
        "A model that can think before it answers does so. It solves more, but writes thousands of words first, which "
        "takes minutes without a graphics card.",
        "Solving",
    )
    check_statements: bool = _setting(
        True,
        "switch",
        "Check statements",
        "Every statement of a solution that a machine can check is checked, and a false one is told.",
        "Solving",
    )
    correct_statements: bool = _setting(
        False,
        "switch",
        "Correct false calculations at once",
        "When a paragraph states a false calculation before any code has run, the model is told the right value and "
        "asked to correct it before it goes on. Needs the check of statements.",
        "Solving",
    )
    reasoning_only: bool = _setting(
        False,
        "switch",
        "Reasoning only",
        "The model reasons in words and no code is run; for models that were trained without code.",
        "Solving",
    )
    votes: int = _setting(
        8,
        "whole",
        "Attempts of a vote",
        'How many attempts "Ask several times" makes at once; the answer that most of them agree on wins.',
        "Solving",
        minimum=2,
        maximum=32,
    )
    weigh_votes: bool = _setting(
        False,
        "switch",
        "Weigh the votes",
        "An attempt counts less in a vote where its code failed or printed something else, or a statement in it is "
        "false. Measured, this found no more right answers than equal votes.",
        "Solving",
    )
    temperature: float = _setting(
        0.0,
        "number",
        "Temperature",
        "0 always takes the likeliest next word, so the same problem gives the same solution. "
        "Higher values give more variety.",
        "Sampling",
        minimum=0,
        maximum=2,
    )
    top_p: float = _setting(
        1.0,
        "number",
        "Top-p",
        "Draws only from the likeliest words that together have this chance. No effect at temperature 0.",
        "Sampling",
        minimum=0.01,
        maximum=1,
    )
    seed: int = _setting(
        0,
        "whole",
        "Seed",
        "Start of the random draw: the same seed gives the same solution. No effect at temperature 0.",
        "Sampling",
        minimum=0,
        maximum=2**31 - 1,
    )
    theme: str = _setting(
        "system",
        "choice",
        "Theme",
        "Light or dark; system follows the desktop.",
        "Appearance",
        choices=("system", "light", "dark"),
    )
    font_size: int = _setting(
        12,
        "whole",
        "Text size",
        "Size of the text and the formulas in a solution.",
        "Appearance",
        minimum=6,
        maximum=48,
        unit="pt",
    )
    zoom: int = _setting(
        100,
        "whole",
        "Zoom",
        "Makes a solution larger or smaller; Ctrl with +, - or the wheel changes it.",
        "Appearance",
        minimum=70,
        maximum=250,
        unit="%",
    )
    steps: str = _setting(
        "auto",
        "choice",
        "Table of steps",
        "Lists the steps beside a solution; auto does so for long ones.",
        "Appearance",
        choices=("auto", "always", "never"),
    )
    hide_code: bool = _setting(
        False,
        "switch",
        "Hide code",
        "Folds every block of code; a click opens one.",
        "Appearance",
    )
    hide_outputs: bool = _setting(
        False,
        "switch",
        "Hide outputs",
        "Folds what the code printed and drew; a click opens one.",
        "Appearance",
    )
    show_thoughts: bool = _setting(
        False,
        "switch",
        "Show thoughts",
        "Unfolds what a model thought before its solution; otherwise a click opens it.",
        "Appearance",
    )
    code_timeout: int = _setting(
        10,
        "whole",
        "Time for a block of code",
        "A block that runs longer is stopped, and the model is told so.",
        "Code",
        minimum=1,
        maximum=600,
        unit="s",
    )
    require_full_sandbox: bool = _setting(
        False,
        "switch",
        "Run code only if fully confined",
        "Refuses to run the model's code where this computer cannot enforce every limit on it.",
        "Code",
    )
    check_updates: bool = _setting(
        False,
        "switch",
        "Look for newer versions",
        "Once a day, when the window opens, the address below is asked for the newest version. Nothing about you is "
        "sent, and nothing is ever installed by itself.",
        "Updates",
    )
    update_url: str = _setting(
        "",
        "text",
        "Address of the newest version",
        "A web address with a note that the makers of this program have signed; without that signature it is not "
        "believed.",
        "Updates",
    )

    def changed(self, **values: object) -> Settings:
        """These settings with ``values`` in place of their own, as a command line's options ask.

        Raises:
            UserFault: If any does not fit; the sentence names them all.
        """
        good, complaints = sift(values)
        if complaints:
            raise UserFault(" ".join(complaints))
        return replace(self, **good)


@cache
def described() -> Mapping[str, Setting]:
    """Every setting by name, in the order to show them."""
    return {f.name: Setting(name=f.name, **f.metadata[_META]) for f in fields(Settings)}


def sift(values: Mapping[str, object]) -> tuple[dict[str, Any], list[str]]:
    """What fits, and a sentence for each that does not."""
    good: dict[str, Any] = {}
    complaints: list[str] = []
    for name, value in values.items():
        setting = described().get(name)
        if setting is None:
            complaints.append(f"There is no setting {_shown(name)}.")
        elif complaint := setting.complaint(value):
            complaints.append(f"{name} {complaint}, not {_shown(value)}.")
        else:
            good[name] = float(value) if setting.kind == "number" and isinstance(value, int) else value
    return good, complaints


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _shown(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _either(choices: tuple[str, ...]) -> str:
    quoted = [f'"{c}"' for c in choices]
    return ", ".join(quoted[:-1]) + f" or {quoted[-1]}"


ZOOMS: Final = (70, 80, 90, 100, 110, 125, 150, 175, 200, 250)
"""Steps of the zoom, in per cent."""


def zoomed(zoom: int, step: int) -> int:
    """The next zoom up (1) or down (-1), at most the last one; 0 is the normal size again."""
    nearest = min(range(len(ZOOMS)), key=lambda n: abs(ZOOMS[n] - zoom))
    return 100 if step == 0 else ZOOMS[max(0, min(len(ZOOMS) - 1, nearest + step))]
