"""What the words around a statement make of it: a condition, a question, a definition, a denial."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Final

from tutor_app.adapters.checking.chains import Chain
from tutor_app.adapters.checking.words import (
    BECOMING,
    CONDITIONS,
    HYPOTHESES,
    PUTTING,
    REFUTING,
    RESULTING,
    SUPPOSING,
    TELLING,
    WRONGLY,
)
from tutor_app.adapters.grading.terms import Symbol, Term, symbols

_NEGATIONS: Final = frozenset(("not", "cannot", "can't", "never", "isn't", "don't"))
_SOUGHT: Final = frozenset(
    (
        "numbers",
        "values",
        "points",
        "integers",
        "solutions",
        "places",
        "look",
        "looking",
        "seek",
        "find",
        "every",
        "all",
    )
)
_INTRODUCING: Final = (("with",), ("for",), ("consider",), ("since",))
_ENDS: Final = (".", ",", ";", ":", "!", "?", "so", "then", "and")
"""Signs and words behind which a clause begins."""
_POSING: Final = frozenset(("solve", "find", "determine", "equation", "problem"))
NEAR: Final = 6
"""Words before an equation that may make it a supposition."""


def is_asked(chain: Chain) -> bool:
    """Whether its sentence is a question."""
    return next((w for w in chain.after if w in (".", "?", "!", ";", ":")), "") == "?"


def is_condition(chain: Chain) -> bool:
    """Whether the words before it make it a condition: "if", "suppose", "we want", with no end of that clause since."""
    return any(_sets(words) for words in _threes(clause_before(chain))) or is_asked(chain)


def is_conditional(chain: Chain) -> bool:
    """Whether it is said to hold in some cases only, "... if x = 0", or posed before a colon: "Solve for x: ..."."""
    after = (
        chain.after[1:2] if chain.after[:1] in (("only",), ("exactly",), ("precisely",), ("just",)) else chain.after[:1]
    )
    if after in (("if",), ("when",), ("whenever",), ("iff",), ("provided",), ("unless",)):
        return True
    return chain.before[-1:] == (":",) and not _POSING.isdisjoint((*chain.before[:2], *chain.before[-2:]))


def is_supposed(chain: Chain) -> bool:
    """Whether the words right before it make it one of several cases, or a point that is looked at."""
    return is_put(clause_before(chain)[-NEAR:])


def supposes_arithmetic(chain: Chain) -> bool:
    """Whether words right before a statement about numbers suppose it, so that it need not be right.

    "If and only if" supposes nothing, and nobody supposes a calculation of several steps.
    """
    clause = clause_before(chain)
    words = clause[-2:]
    if len(chain.relations) != 1 or "only" in words:
        return False
    return not SUPPOSING.isdisjoint(words) or (not SUPPOSING.isdisjoint(clause) and _is_unreal(clause[-3:]))


def _is_unreal(words: tuple[str, ...]) -> bool:
    """Whether "were" behind one thing tells what is not so: "if the price were", not "if there were"."""
    return any(
        b == "were" and not a.endswith("s") and a not in ("there", "they", "we", "you")
        for a, b in itertools.pairwise(words)
    )


def begins_supposed(chain: Chain) -> bool:
    """Whether a word right before it supposes it, so that what stands behind "then" follows from it."""
    return not {"if", "when", "suppose", "assume", "supposing", "assuming"}.isdisjoint(chain.before[-2:])


def is_put(before: tuple[str, ...]) -> bool:
    """Whether the words before an equation make it a case, or a value that is put somewhere."""
    for n, word in enumerate(before):
        if word in HYPOTHESES and not (word == "for" and before[max(0, n - 1)].startswith("solv")):
            return True
        if word in PUTTING and RESULTING.isdisjoint(before[n:]):
            return True
    return False


def _threes(words: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    padded = ("", *words, "")
    return zip(padded, padded[1:], padded[2:], strict=False)


def _sets(words: tuple[str, str, str]) -> bool:
    """Whether the word in the middle sets a condition; it does not in "we find" and "the equation becomes"."""
    before, word, after = words
    if word == "find" and before in ("we", "i", "then"):
        return False
    return word in CONDITIONS and not (word in ("equation", "equations") and after in BECOMING)


def clause_before(chain: Chain) -> tuple[str, ...]:
    """The words before it since the last clause ended."""
    words = chain.before
    end = max((i for i, w in enumerate(words) if w in (",", ":", "then", "so", "therefore")), default=-1)
    return words[end + 1 :]


def seeks(chain: Chain) -> bool:
    """Whether it tells which things are looked for: "the numbers with f(x) = 2x", "every x such that f(x) = 2x"."""
    return chain.before[-1:] in (("with",), ("that",), ("which",), ("where",)) and not _SOUGHT.isdisjoint(chain.before)


def is_told(chain: Chain) -> bool:
    """Whether it is a definition in so many words: "let x = 5"."""
    return not TELLING.isdisjoint(clause_before(chain)[-4:])


def introduces(chain: Chain, variable: str, body: Term) -> bool:
    """Whether the words before "f(x) = ..." tell which function it is: "With f(x) = 2x we get f(3) = 6".

    It is not told by "the values of x with f(x) = 6", nor by "for f(x) = x", which are equations.
    """
    if is_told(chain):
        return True
    if variable not in symbols(body) or body == Symbol(variable):
        return False
    begins = chain.before[-2:-1] in ((), *((sign,) for sign in _ENDS))
    return (begins and chain.before[-1:] in _INTRODUCING) or chain.before[-2:] == ("function", "is")


def _until_another(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words up to a sentence that begins something else: "b = 5. If b = 0, then c = 7, which is impossible"."""
    pairs = enumerate(itertools.pairwise(words))
    return words[: next((n for n, (a, b) in pairs if a in (".", ";") and b in CONDITIONS), len(words))]


def is_refuted(chain: Chain) -> bool:
    """Whether the words after it say that it does not hold."""
    words = _until_another(chain.after)
    if not WRONGLY.isdisjoint(chain.before[-5:]):
        return True  # "it is false that 2 + 2 = 5"
    if words[:1] == (",",) and words[1:2] in (("which",), ("this",), ("that",)) and not WRONGLY.isdisjoint(words[2:5]):
        return True
    if not REFUTING.isdisjoint(words) or (words and words[0] in ("wrong", "false", "incorrect", "untrue")):
        return True
    near = (*chain.before[-4:], "")
    if any(w in _NEGATIONS and after not in ("able", "only") for w, after in itertools.pairwise(near)):
        return True
    if any(a in ("is", "are", "be") and b in ("false", "wrong", "incorrect") for a, b in itertools.pairwise(words)):
        return True
    return "not" in words and not {"true", "possible", "hold", "valid", "work", "satisfied"}.isdisjoint(words)
