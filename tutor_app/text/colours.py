r"""Colours in formulas: names, mixtures and models of LaTeX's xcolor as names or numbers that browsers and Qt know.

Pure text in, text out. Refuses to guess: a colour that it does not know keeps its name, and is drawn as the text is.
"""

from __future__ import annotations

import re
from typing import Final

from tutor_app.text.scan import FENCES, levels, replace_command

_NAMES: Final = "blue|orange|pink|red|green|gray|purple|teal|gold|maroon|mint"
_MODELS: Final = {"rgb": 255.0, "RGB": 1.0, "gray": 255.0}
_DVIPS: Final = {
    "Apricot": "fbb982", "Bittersweet": "c04f17", "BlueGreen": "00b3b8", "BrickRed": "b6321c", "BurntOrange": "f7921d",
    "CarnationPink": "f282b4", "Cerulean": "00a2e3", "Dandelion": "fdbc42", "Emerald": "00a99d",
    "JungleGreen": "00a99a", "Mahogany": "a9341f", "Melon": "f89e7b", "Mulberry": "a93c93", "NavyBlue": "006eb8",
    "OliveGreen": "3c8031", "Peach": "f7965a", "Periwinkle": "7977b8", "PineGreen": "008b72", "ProcessBlue": "00b0f0",
    "RawSienna": "974006", "RedOrange": "f26035", "RedViolet": "a1246b", "Rhodamine": "ef559f",
    "RoyalPurple": "613f99", "RubineRed": "ed017d", "Sepia": "671800", "TealBlue": "00aeb3", "VioletRed": "ef58a0",
    "WildStrawberry": "ee2967", "YellowOrange": "faa21a",
}  # fmt: skip
"""The names of dvips that are no names of the web."""
_MIXED: Final = {
    "red": "ff0000", "green": "00ff00", "blue": "0000ff", "cyan": "00ffff", "magenta": "ff00ff", "yellow": "ffff00",
    "black": "000000", "white": "ffffff", "gray": "808080", "darkgray": "404040", "lightgray": "bfbfbf",
    "brown": "bf8040", "lime": "bfff00", "olive": "808000", "orange": "ff8000", "pink": "ffbfbf", "purple": "bf0040",
    "teal": "008080", "violet": "800080", **_DVIPS,
}  # fmt: skip
"""What colours are mixed of."""
_COMMAND: Final = re.compile(r"(\\(?:text|page|f?box)?color|\\[f]?colorbox)\s*(?:\[([A-Za-z]+)\]\s*)?\{([^{}]*)\}")
_SECOND: Final = re.compile(r"(\\fcolorbox\s*\{[^{}]*\}\s*)\{([^{}]*)\}")
_DEFINITION: Final = re.compile(
    r"\\(?:definecolor\s*\{([^{}]*)\}\s*\{([^{}]*)\}|colorlet\s*\{([^{}]*)\})\s*\{([^{}]*)\}"
)


def coloured(s: str) -> str:
    r"""``s`` with every colour as ``\textcolor`` or ``\colorbox`` of a name or number that is known everywhere."""
    s = re.sub(rf"\\({_NAMES})[A-J]?\s*\{{", r"\\textcolor{\1}{", s)
    if "color" not in s:
        return s
    own: dict[str, str] = {}
    for m in _DEFINITION.finditer(s):
        own[m[1] or m[3]] = _known(m[4], m[2] or "", own)
    s = _DEFINITION.sub("", s)
    s = _COMMAND.sub(lambda m: f"{m[1]}{{{_known(m[3], m[2] or '', own)}}}", s)
    s = _SECOND.sub(lambda m: f"{m[1]}{{{_known(m[2], '', own)}}}", s)
    s = re.sub(r"\\color\s*(\{[^{}]*\})\s*\{", r"\\textcolor\1{", s)
    s = _rest(s)
    s = replace_command(s, "colorbox", 2, lambda a: f"\\colorbox{{{a[0]}}}{{{_boxed_words(a[1])}}}")
    return replace_command(s, "fcolorbox", 3, lambda a: f"\\fcolorbox{{{a[0]}}}{{{a[1]}}}{{{_boxed_words(a[2])}}}")


def _known(colour: str, model: str, own: dict[str, str]) -> str:
    """A colour of a model, a mixture such as ``red!50!black``, or a name."""
    colour = colour.strip()
    if written := re.fullmatch(r"rgb,(\d+)\s*:\s*red,([\d.]+);\s*green,([\d.]+);\s*blue,([\d.]+)", colour):
        whole = float(written[1]) or 1.0
        return _number([255 * float(written[i]) / whole for i in (2, 3, 4)])
    if model == "HTML" and re.fullmatch(r"[0-9A-Fa-f]{6}", colour):
        return f"#{colour}"
    if model:
        return _of_model(model, [float(x) for x in re.findall(r"\d*\.?\d+", colour)])
    if colour in own:
        return own[colour]
    if "!" in colour:
        return _mixture(colour.lstrip("-").split("!"), own)
    return f"#{_DVIPS[colour]}" if colour in _DVIPS else colour


def _of_model(model: str, shares: list[float]) -> str:
    if model == "gray" and len(shares) == 1:
        shares = shares * 3
    elif model == "cmyk" and len(shares) == 4:
        shares, model = [(1 - ink) * (1 - shares[3]) for ink in shares[:3]], "rgb"
    if len(shares) != 3:
        return "black"
    scale = 1.0 if any(share > 1 for share in shares) else _MODELS.get(model, 255.0)  # [rgb]{255,0,0} is written, too
    return _number([share * scale for share in shares])


def _mixture(parts: list[str], own: dict[str, str]) -> str:
    """``red!50!black``: 50 % of red and 50 % of black; white where no second colour is named."""

    def shares(name: str) -> list[float] | None:
        code = own.get(name, "").lstrip("#") or _MIXED.get(name, "")
        return [float(int(code[i : i + 2], 16)) for i in (0, 2, 4)] if re.fullmatch("[0-9A-Fa-f]{6}", code) else None

    mixed = shares(parts[0])
    for at in range(1, len(parts), 2):
        other = shares(parts[at + 1] if at + 1 < len(parts) else "white")
        if mixed is None or other is None or not re.fullmatch(r"\d+\.?\d*", parts[at]):
            return parts[0]
        part = float(parts[at]) / 100
        mixed = [part * a + (1 - part) * b for a, b in zip(mixed, other, strict=True)]
    return parts[0] if mixed is None else _number(mixed)


def _number(shares: list[float]) -> str:
    return "#" + "".join(f"{min(255, max(0, round(share))):02x}" for share in shares)


def _rest(s: str) -> str:
    r"""``\color{red} x``, which colours what is left of its group or cell, as ``\textcolor``."""
    while m := re.search(r"\\color\s*\{([^{}]*)\}", s):
        ends = (
            at
            for token, at, depth in levels(s, m.end(), pairs=FENCES)
            if depth == 0 and (token in ("&", "\\\\", "\\color") or token in FENCES[1])
        )
        end = next(ends, len(s))
        s = f"{s[: m.start()]}\\textcolor{{{m[1]}}}{{{s[m.end() : end]}}}{s[end:]}"
    return s


def _boxed_words(words: str) -> str:
    """What stands in a coloured box: words, in which dollars enclose formulas; without dollars it is a formula."""
    parts = re.split(r"(?<!\\)\$", words)
    if len(parts) == 3 and not (parts[0] + parts[2]).strip():
        return parts[1]
    return f"\\text{{{words}}}" if len(parts) > 1 else words
