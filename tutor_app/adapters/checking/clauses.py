"""What the words around a statement make of it: a condition, a question, a definition, a denial."""

from __future__ import annotations

import itertools

from tutor_app.adapters.checking.chains import Chain
from tutor_app.adapters.checking.words import CONDITIONS, REFUTING, TELLING


def is_asked(chain: Chain) -> bool:
    """Whether its sentence is a question."""
    return next((w for w in chain.after if w in (".", "?", "!", ";", ":")), "") == "?"


def is_condition(chain: Chain) -> bool:
    """Whether the words before it make it a condition: "if", "suppose", "we want", with no end of that clause since."""
    return not CONDITIONS.isdisjoint(clause_before(chain)) or is_asked(chain)


def clause_before(chain: Chain) -> tuple[str, ...]:
    """The words before it since the last clause ended."""
    words = chain.before
    end = max((i for i, w in enumerate(words) if w in (",", ":", "then", "so", "therefore")), default=-1)
    return words[end + 1 :]


def is_told(chain: Chain) -> bool:
    """Whether it is a definition in so many words: "let x = 5"."""
    return not TELLING.isdisjoint(clause_before(chain)[-4:])


def is_refuted(chain: Chain) -> bool:
    """Whether the words after it say that it does not hold."""
    words = chain.after
    if not REFUTING.isdisjoint(words) or (words and words[0] in ("wrong", "false", "incorrect", "untrue")):
        return True
    if not {"not", "cannot", "can't", "never", "isn't", "don't"}.isdisjoint(chain.before[-4:]):
        return True
    if any(a in ("is", "are", "be") and b in ("false", "wrong", "incorrect") for a, b in itertools.pairwise(words)):
        return True
    return "not" in words and not {"true", "possible", "hold", "valid", "work", "satisfied"}.isdisjoint(words)
