"""Hints without any number, for each kind of problem: for where the problem's own words would give too much away.

One text a level, from what is asked to the code; the kind is recognised by the words of the problem. No text holds a
number, in digits or in words, so that none can be an answer.
"""

from __future__ import annotations

import re
from typing import Final

_QUANTITIES: Final = (
    "Read the last sentence again, and say in your own words what is to be found, and in which unit.",
    "Write down every quantity that the problem gives, with its unit and what it stands for.",
    "Think about how the quantities belong together: which operation connects them?",
    "Begin with the quantity for which everything is given in the problem.",
    "Plan: work out the quantities in between in the order of the problem, then put them together to what is asked.",
    "The code gives each quantity a name, works out those in between, and prints the last of them.",
)
_EQUATION: Final = (
    "Every value is asked for that makes the equation true when it is put in for the unknown.",
    "The equation itself is all that is given. Look at its shape: where does the unknown stand, and how high is its "
    "power?",
    "The idea: bring everything to a side, then look for a form that can be solved, such as a product that vanishes.",
    "Begin by bringing all terms to the same side, in the order of their powers.",
    "Plan: bring all terms to the same side, factor or use the formula for this kind of equation, and put every "
    "solution back into the equation.",
    "The code writes the equation down with a symbol for the unknown, solves it, and prints the solutions.",
)
_DERIVATIVE: Final = (
    "A derivative is asked for: how fast the function changes.",
    "The function is given. Look at how it is built: as a sum, a product, a quotient, or a function inside another?",
    "The idea: each way in which a function is built has a rule for its derivative.",
    "Begin with the outermost part of the function, and say which rule belongs to it.",
    "Plan: name the rule for every part, take the derivatives of the parts, put them together, and, if a place is "
    "given, put it in at the end.",
    "The code writes the function down with a symbol, takes its derivative, and prints it or its value.",
)
_INTEGRAL: Final = (
    "An integral is asked for: with bounds it is an area, counted with its sign; without them a function.",
    "The function under the integral is given, and the bounds, if there are any. Look at how the function is built.",
    "The idea: look for a function that has the given function as its derivative.",
    "Begin with a function whose derivative comes near, and mend the factor that is missing.",
    "Plan: find an antiderivative, check it by taking its derivative, and, if there are bounds, take its value at the "
    "upper bound less its value at the lower.",
    "The code writes the function down with a symbol, integrates it, and prints what comes out.",
)
_LIMIT: Final = (
    "A limit is asked for: what the values come close to, not a value at the place itself.",
    "The function and the place are given. What do its parts do when you come close to the place?",
    "The idea: where putting the place in does not help, rewrite the function first.",
    "Begin by putting the place in, to see whether that already tells the limit.",
    "Plan: put the place in; if that does not help, cancel a common factor, use a known limit, or take derivatives "
    "above and below.",
    "The code writes the function down with a symbol, takes its limit, and prints it.",
)
_REWRITING: Final = (
    "The same expression is asked for in another form; its value stays the same whatever is put in.",
    "The expression is given. Look for common factors, like terms, and brackets.",
    "The idea: use a law of algebra that leads from the given form to the form that is asked for.",
    "Begin with the innermost brackets, or with a factor that all terms have in common.",
    "Plan: change the form step by step, each time by a law, and compare both forms for some value at the end.",
    "The code writes the expression down with symbols, rewrites it, and prints the new form.",
)
_KINDS: Final = (
    (r"\\int(?![a-z])|∫|\b(?:integral|integrate|antiderivative)\b", _INTEGRAL),
    (r"\\lim(?![a-z])|\blimit\b|\blim\b", _LIMIT),
    (r"\b(?:derivative|differentiate)\b|\bslope of the tangent\b", _DERIVATIVE),
    (r"^\s*(?:simplify|expand|factor(?:i[sz]e)?|multiply out)\b", _REWRITING),
    (r"\bsolv(?:e|ing)\b[^.?!]*=|\bsolutions?\b[^.?!]*=|=[^.?!]*\bsolve\b|\broots of\b", _EQUATION),
)


def plain_hint(level: int, problem: str) -> str:
    """A hint of a level, from 1 to 6, that holds no number.

    Args:
        level: See :data:`tutor_app.core.hints.LEVELS`.
        problem: As typed; it decides which kind of hint it is.
    """
    kind = next((hints for pattern, hints in _KINDS if re.search(pattern, problem, re.IGNORECASE)), _QUANTITIES)
    return kind[level - 1]
