"""Which kind of task a problem is, where a prompt has worked examples for that kind alone.

Only two are told apart: a problem that asks for a plot, and one that asks for the solutions of an equation or a system
and nothing else. Everything else, every word problem included, is of no kind, and its prompt stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

Kind = Literal["plot", "equation", ""]
KINDS: Final[Mapping[str, Kind]] = {"plot": "plot", "equation": "equation"}
"""By name, without the kind of all others."""

LONGEST: Final = 400
"""Characters: a longer text tells more than a plain task."""
_DRAWN: Final = (
    r"graphs?|curves?|functions?|parabolas?|hyperbolas?|ellipses?|circles?|(?:straight )?lines?|plots?|charts?"
    r"|bar charts?|histograms?|diagrams?|regions?|data|points?|vectors?|inequalit(?:y|ies)|equations?|polygons?"
    r"|triangles?|solution sets?|polynomials?"
)
_OF_A_KIND: Final = r"(?:[\w-]+\s+){0,4}?"
_PLOT: Final = re.compile(
    rf"""(?:^|[.!?;:,]\s+|\n\s*|\b(?:and|then|please|also|now|can\s+you|could\s+you)\s+)
    (?:(?:plot|graph|sketch|visuali[sz]e|draw)\s+(?:(?:the|a|an|its|their|both|these|this)\s+)?{_OF_A_KIND}(?:{_DRAWN})\b
    |(?:plot|graph|sketch|visuali[sz]e)\s+[^.?!\n]{{0,40}}?(?:\$|\\\(|[a-z]\([a-z]\)|[yf]\s*=|[a-z]\s*\^|\bsin\b|\bcos\b)
    |(?:make|create|show|give)\s+(?:me\s+)?(?:a|the)\s+{_OF_A_KIND}(?:plot|graph|chart|histogram)\s+of\b)""",
    re.IGNORECASE | re.VERBOSE,
)
_SOLVE: Final = re.compile(
    r"""^\W*(?:please\s+)?
    (?:solve\b
    |(?:find|determine|give|compute)\s+(?:all|the|every|both|each)?\s*(?:of\s+the\s+)?(?:real\s+|exact\s+|complex\s+|possible\s+|integer\s+)*
     (?:solutions?|roots?|zeros?|values?\s+of\s+\$?[a-z]\$?(?:\s+and\s+\$?[a-z]\$?)?\s+(?:that|which|such|if|for\s+which|satisf))
    |(?:find|determine)\s+\$?[a-z]\$?(?:\s*(?:,|and)\s*\$?[a-z]\$?)*\s*(?:\bif\b|\bwhen\b|\bsuch\b|\bgiven\b|:|\bin\b|\bfrom\b)
    |(?:find|determine)\s+all\s+\$?[a-z]\$?\b
    |what\s+(?:are|is)\s+(?:all\s+)?(?:the\s+)?(?:real\s+|complex\s+|exact\s+)*(?:solutions?|roots?|zeros?)\b
    |for\s+(?:what|which)\s+(?:real\s+)?(?:values?\s+of\s+)?\$?[a-z]\$?\b)""",
    re.IGNORECASE | re.VERBOSE,
)
_MORE: Final = re.compile(
    r"(?i)\b(?:sum|product|difference|number of|how many|how much|smallest|largest|greatest|least|minimum|maximum"
    r"|average|mean|squares? of|expressed|express|in terms of|form|then|remainder|digits?|domain|range|probability|area"
    r"|perimeter|distance|plot|graph|where|what is)\b"
)
_EQUATION: Final = re.compile(r"(?<![<>!=])=(?!=)|\\(?:le|leq|ge|geq)\b|[<>\u2264\u2265]|\bequals?\b")
_UNKNOWN: Final = re.compile(r"(?<![A-Za-z\\])[a-z](?![a-z])|\d[a-z](?![a-z])")
_WORDS: Final = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3,}")
_FUNCTIONS: Final = frozenset("sin cos tan log sqrt exp abs lim".split())  # noqa: SIM905
_MOST_WORDS: Final = 18


def kind_of(problem: str) -> Kind:
    """The kind of a problem; empty for one of no kind of its own."""
    if len(problem) > LONGEST:
        return ""
    if _PLOT.search(problem):
        return "plot"
    if not _EQUATION.search(problem) or not _UNKNOWN.search(problem):
        return ""
    words = [word for word in _WORDS.findall(problem) if word.lower() not in _FUNCTIONS]
    if not words:
        return "equation" if "=" in problem and "?" not in problem else ""
    asked = _SOLVE.match(problem)
    if asked is None or len(words) > _MOST_WORDS or _MORE.search(problem, asked.end()):
        return ""
    return "equation"
