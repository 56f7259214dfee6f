"""Finds charts that are asked for by name: bars, lines, slices, a histogram or a box, of a list or of named values."""

from __future__ import annotations

import re
from typing import Final

from tutor_app.tutor.drawing import programs
from tutor_app.tutor.drawing.programs import Drawing

MOST: Final = 200
_KINDS: Final = (
    ("bar", r"(?:bar|column)\s?(?:charts?|graphs?|diagrams?|plots?)"),
    ("pie", r"(?:pie|circle)\s?(?:charts?|graphs?|diagrams?)"),
    ("histogram", r"histograms?"),
    ("box", r"box(?:[-\s]?and[-\s]?whiskers?)?[-\s]?(?:plots?|diagrams?|charts?)"),
    ("line", r"(?:line|time series)\s?(?:charts?|graphs?|diagrams?|plots?)"),
)
_NUMBER: Final = r"[-\u2212]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[-\u2212]?\d+(?:\.\d+)?"
_LABELLED: Final = re.compile(
    rf"(?P<label>[^\W\d_][\w.\u2019'-]*(?:\s[^\W\d_][\w'-]*){{0,2}})\s*(?:[:=\u2013-]|\bis\b|\bhas\b|\bare\b)?\s*(?P<value>{_NUMBER})(?:\s?%|\b)(?!\s*[-+*/^=]\s*\w)"
)
_YEARS: Final = re.compile(rf"\b(?P<label>(?:19|20)\d\d)\s*[:=]\s*(?P<value>{_NUMBER})")
_LIST: Final = re.compile(rf"(?<![\w.])(?:{_NUMBER})(?:\s*(?:,\s*and\b|,|;|\band\b|\s)\s*(?:{_NUMBER}))+(?![\w%.]\w)")
_SKIPPED: Final = re.compile(r"(?i)^(?:(?:and|the|a|an|with|of|for|on|in|there|were|was|und|then)\s+)+")
_UNFINISHED: Final = re.compile(r"(?i)\b(?:of|and|by|the|a|with|for|than|was|were|from|to)$")
_COUNTED: Final = re.compile(rf"(?P<value>{_NUMBER})\s*%?\s+(?P<label>[^\W\d_][^\d,;.?!]*)")
_FILLING: Final = re.compile(
    r"(?i)^(?:(?:come|comes|go|goes|travel|travels|ride|rides|take|takes|use|uses|like|likes|prefer|prefers|choose|chose|"
    r"have|has|play|plays|are|were|by|on|of|for|the|a|an|pupils|students|children|people|persons|votes|voted|who)\s+)+"
)
_WANTED: Final = re.compile(r"(?i)\b(?:draw|make|create|construct|plot|sketch|produce|display|show)\b[^.?!]{0,40}$")
_FORMULA: Final = re.compile(r"[a-z]\s*\(\s*[a-z]\s*\)|\b[yf]\s*=|\b[a-z]\s*\^|[\u00b2\u00b3]")


def chart(prose: str, *, asked: bool) -> Drawing | None:
    """A chart that a problem asks for by name.

    Args:
        prose: The problem as plain text, formulas included.
        asked: Whether the user wants it drawn; else the problem itself must say so.
    """
    named = [(m.start(), m, kind) for kind, words in _KINDS if (m := re.search(rf"(?i)\b{words}\b", prose))]
    if not named or _FORMULA.search(prose):
        return None
    _, m, kind = min(named, key=lambda found: found[0])
    heading = not prose[: m.start()].strip() and re.match(r"\s*(?::|of\b)", prose[m.end() :])
    if not asked and not heading and not _WANTED.search(prose[: m.start()]):
        return None
    rest = f"{prose[: m.start()]} ; {prose[m.end() :]}"
    if kind in ("bar", "pie", "line"):
        pairs = [*_YEARS.finditer(rest)] or [*_LABELLED.finditer(rest)]
        labels = [_SKIPPED.sub("", p["label"]).strip() for p in pairs]
        named_well = all(label and not _UNFINISHED.search(label) for label in labels)
        if len(pairs) > 1 and named_well and len(set(labels)) == len(labels):
            return programs.chart(kind, labels[:MOST], [_plain(p["value"]) for p in pairs][:MOST])
        if counted := _counted(rest):
            return programs.chart(kind, [label for label, _ in counted], [_plain(value) for _, value in counted])
    lists = [re.findall(_NUMBER, found[0]) for found in _LIST.finditer(rest)]
    longest = max(lists, key=len, default=[])
    if len(longest) < (2 if asked else 3):
        return None
    return programs.chart(kind, [], [_plain(value) for value in longest[:MOST]])


def _counted(text: str) -> list[tuple[str, str]]:
    """Labels and values of counted things, each with its number in front: ``8 walk, 12 come by bus and 4 by car``."""
    runs: list[list[tuple[str, str]]] = [[]]
    for sentence in re.split(r"[.?!;](?=\s|$)", text):
        runs.append([])
        for piece in re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", sentence):
            found = list(_COUNTED.finditer(piece.strip()))
            if found and (not runs[-1] or (len(found) == 1 and found[0].start() == 0)):  # others may stand in front
                runs[-1].append((_FILLING.sub("", found[-1]["label"].strip()), found[-1]["value"]))
            else:
                runs.append([])
    longest = max(runs, key=len)
    labels = [label for label, _ in longest]
    return longest[:MOST] if len(longest) > 1 and all(labels) and len(set(labels)) == len(labels) else []


def _plain(number: str) -> str:
    return number.replace("\u2212", "-").replace(",", "")
