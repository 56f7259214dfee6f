"""Finds the chains ``a = b = c`` of a text in prose: where each member begins and ends, and what it means.

Chains inside one formula are read by :mod:`~tutor_app.adapters.checking.formulas`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tutor_app.adapters.checking.formulas import pieces, value_of
from tutor_app.adapters.checking.prose import ROOTS, Expression, ProseReader
from tutor_app.adapters.checking.scanner import Token
from tutor_app.adapters.checking.words import (
    ADDING,
    APPROXIMATE,
    BEFORE,
    BREAKS,
    CONSISTING,
    COUNTED,
    LABELS,
    MULTIPLES,
    NO_LABEL,
    NUMBERS,
    PARTS,
    RESULTS,
    ROUNDING,
    TOTALS,
    VARIABLES,
    WHOLE,
)
from tutor_app.adapters.grading.terms import Term
from tutor_app.adapters.grading.units import measure

WINDOW: Final = 90
"""Tokens that the left side of a relation may have."""


_STOPS: Final = BREAKS | {"if", "when", "whenever", "unless", "iff"}
"""Words between a value and a relation that does not go on from it."""
_TWO_DIVISIONS: Final = re.compile(r"(?:\\div(?![a-zA-Z])|÷)[^/]*/")
"""A slash after the sign of a division: whether it belongs to a fraction is not certain."""


@dataclass(frozen=True, slots=True)
class Member:
    """One side of a relation.

    Attributes:
        start: Where it stands in the text.
        end: Where it ends.
        value: What it means, or None if it is not understood.
        clear: It begins and ends at places that leave no doubt.
        name: The words that stand there instead of a value.
        first: It is the first of its sentence.
        source: In a formula its LaTeX.
    """

    start: int
    end: int
    value: Expression | None
    clear: bool
    name: str = ""
    first: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """Members and the relations between them.

    Attributes:
        members: At least two.
        relations: One fewer; ``= ~ < > <= >= != is``.
        approximate: Words beside it say that a value is rounded.
        whole: Words near it say that the whole part of a quotient is meant.
        spelled: Which relations are written in words.
        before: The words of its sentence that stand before it, in small letters.
        after: The words that follow it.
        formula: It stands in a formula.
    """

    members: tuple[Member, ...]
    relations: tuple[str, ...]
    spelled: tuple[bool, ...]
    approximate: bool
    whole: bool
    before: tuple[str, ...]
    after: tuple[str, ...]
    formula: bool = False


def chains(tokens: Sequence[Token], values: dict[str, Term] | None = None) -> Iterator[Chain]:
    """The chains of a text in prose, in order."""
    reader = ProseReader(tokens, values)
    i = last = 0
    while i < len(tokens):
        if tokens[i].kind == "formula":
            begin = _sentence(tokens, i)
            words = {t.text.lower() for t in tokens[begin : i + 25] if t.kind == "word"}
            close = {t.text.lower() for t in tokens[max(0, i - 2) : i + 4] if t.kind == "word"}
            approximate, whole = not APPROXIMATE.isdisjoint(close), not WHOLE.isdisjoint(words)
            yield from _in_formula(tokens, i, approximate, whole)
        if tokens[i].kind != "rel":
            i += 1
            continue
        left = _left(reader, tokens, i, last)
        members, relations, spelled = [left], list[str](), list[bool]()
        while True:
            relation = tokens[i].text
            spelled.append(tokens[i].end - tokens[i].start > 2)
            i += 1
            while i < len(tokens) and tokens[i].kind == "rel" and tokens[i].text in ("=", "~"):
                relation = "~" if "~" in (relation, tokens[i].text) else relation
                i += 1
            member, after, goes_on = _right(reader, tokens, i)
            members.append(member)
            relations.append(relation)
            last, i = i, max(i, after)
            if not goes_on:
                break
        begin = _sentence(tokens, last)
        before = _words_before(tokens, begin, _index_at(tokens, members[0].start, begin, last))
        rounds = not ROUNDING.isdisjoint(before)
        words = {t.text.lower() for t in tokens[begin : i + 25] if t.kind == "word"}
        close = {t.text.lower() for t in tokens[max(0, last - 2) : i + 4] if t.kind == "word"}
        approximate, whole = rounds or not APPROXIMATE.isdisjoint(close), not WHOLE.isdisjoint(words)
        yield Chain(
            tuple(members),
            tuple(relations),
            tuple(spelled),
            approximate,
            whole,
            before,
            _words_before(tokens, i, i + 14),
        )


def _in_formula(tokens: Sequence[Token], i: int, approximate: bool, whole: bool) -> Iterator[Chain]:
    """The chains inside the formula at ``i``."""
    token = tokens[i]
    before = _words_before(tokens, _sentence(tokens, i), i)
    after = _words_before(tokens, i + 1, i + 14)
    joined = _is_joined(tokens, i)
    members, relations = list[Member](), list[str]()
    for piece in [*pieces(token.text), None]:
        if piece is not None and members and token.inner + piece.start == members[-1].start:
            continue  # a new row goes on with the chain of the row before
        if (piece is None or not piece.relation) and members:
            if len(members) > 1:
                yield Chain(
                    tuple(members), tuple(relations), (False,) * len(relations), approximate, whole, before, after, True
                )
            members, relations = [], []
        if piece is not None:
            start = token.inner + piece.start
            clear = not (joined and piece.start == 0) and not (piece.listed and not piece.relation)
            clear = clear and not _TWO_DIVISIONS.search(piece.source)
            value = value_of(piece.source)
            member = Member(start, token.inner + piece.end, value, clear, "", True, piece.source)
            if piece.relation and not members:
                continue
            members.append(member)
            relations.extend([piece.relation] if piece.relation else [])


def _is_joined(tokens: Sequence[Token], i: int) -> bool:
    """Whether what stands right before the formula at ``i`` may be a part of its first member."""
    before, earlier = tokens[i - 1] if i else None, tokens[i - 2] if i > 1 else None
    if before is None:
        return False
    if before.kind == "op" and before.text != ":":
        # In "the balance is multiplied by 1 + 6 % = 1.06" nothing stands before the sign that it could multiply.
        spelled = before.end - before.start > 2
        return not spelled or earlier is None or earlier.kind not in ("word", "rel") or earlier.text in VARIABLES
    if before.text.lower() == "of":
        return not _is_value_of(tokens, i - 1)
    if before.kind in ("num", "cur") or before.text.lower() in ("x", *BEFORE):
        return True
    return before.text == "." and not tokens[i].spaced  # ".$500"


def _is_value_of(tokens: Sequence[Token], k: int) -> bool:
    """Whether what stands behind the "of" at ``k`` is the value of what is named before it.

    So it is in "a total of 3 + 4" and "a sum of 3 + 4", not in "a third of", "the last digit of" or "the square of".
    """
    word = tokens[k - 1].text.lower() if k else ""
    article = tokens[k - 2].text.lower() if k > 1 else ""
    if word == "value" and article == "absolute":
        return False
    return word in TOTALS | CONSISTING or (word in RESULTS and article in ("a", "an", "same"))


def _is_multiplied(tokens: Sequence[Token], start: int, begin: int) -> bool:
    """Whether words before it take a multiple or a count of it: "twice the sum 3 + 4", "digits in 2 * 6"."""
    words = [t.text.lower() for t in tokens[max(begin, start - 4) : start]]
    if words[-1:] in (["in"], ["among"]):
        return "number" in words or not COUNTED.isdisjoint(words)
    named = words[-1] in RESULTS if words else False
    return named and any(word in MULTIPLES or word in PARTS or word in ("times", "*") for word in words[:-1])


def _index_at(tokens: Sequence[Token], place: int, begin: int, end: int) -> int:
    """Index of the token that stands at a place."""
    return next((k for k in range(begin, end) if tokens[k].start >= place), end)


def _words_before(tokens: Sequence[Token], begin: int, i: int) -> tuple[str, ...]:
    return tuple(t.text.lower() for t in tokens[begin:i] if t.kind in ("word", "sep") or t.text == ":")


def _sentence(tokens: Sequence[Token], i: int) -> int:
    """Index of the first token of the sentence that token ``i`` is in."""
    k = i
    while k > 0 and i - k < WINDOW:
        token = tokens[k - 1]
        if token.kind == "line" or (token.kind == "sep" and token.text in ".;?!"):
            break
        k -= 1
    return k


def _left(reader: ProseReader, tokens: Sequence[Token], i: int, floor: int) -> Member:
    """The longest expression that ends right before the relation at ``i``."""
    begin = i
    # "3 + 4" in one line, "= 7" in the next
    split = i > 0 and tokens[i - 1].kind == "line" and tokens[i - 1].text.count("\n") == 1
    while begin > max(floor, i - WINDOW) and not _is_boundary(tokens, begin - 1, i):
        begin -= 1
    for start in range(begin, i - split):
        if not _starts_value(tokens, start):
            continue
        found = reader.read(start, stop=i - split)
        if found is not None:
            clear = not found.loose and _clear_before(tokens, start, begin)
            return Member(tokens[start].start, found.place, found, clear, first=start == begin)
    place = tokens[begin].start if begin < i else tokens[i].start
    name = " ".join(t.text for t in tokens[begin:i])
    return Member(place, tokens[i - 1].end if begin < i else place, None, False, name)


def _is_boundary(tokens: Sequence[Token], k: int, i: int) -> bool:
    token = tokens[k]
    if token.kind == "sep":
        return True
    if token.kind == "line":
        before, after = tokens[k - 1] if k else None, tokens[k + 1] if k + 1 < len(tokens) else None
        joined = (before is not None and before.kind == "op" and before.text in "+-*/") or (
            after is not None and ((after.kind == "op" and after.text in "+*/") or k + 1 == i)
        )
        return not joined
    if token.kind == "op" and token.text == ":":
        after = tokens[k + 1] if k + 1 < len(tokens) else None
        return not (token.spaced and after is not None and after.spaced)
    return token.kind in ("rel", "formula")


def _starts_value(tokens: Sequence[Token], k: int) -> bool:
    token = tokens[k]
    if token.kind in ("num", "cur", "open", "vulgar"):
        return True
    if token.kind == "op":
        if token.text in ROOTS:
            return True
        # A sign, not a dash: it stands right before its number, and is the first of the line or follows a word.
        after = tokens[k + 1] if k + 1 < len(tokens) else None
        if token.text != "-" or after is None or after.spaced:
            return False
        return after.kind in ("num", "cur", "open") or after.text in VARIABLES
    if token.kind == "word":
        low = token.text.lower()
        return low in NUMBERS or low in MULTIPLES or low in PARTS or token.text in VARIABLES
    return False


def _clear_before(tokens: Sequence[Token], start: int, begin: int) -> bool:
    """Whether nothing right before the expression may belong to it."""
    before = tokens[start - 1] if start else None
    if before is None:
        return True
    if before.kind == "sep" and (before.text.isdigit() or _cuts_number(tokens, start)):
        return False
    if before.kind == "op" and before.text == ":" and start >= 2 and tokens[start - 2].kind == "num":
        label = tokens[start - 3] if start >= 3 else None
        named = label is None or label.kind in ("line", "sep") or label.text.lower() in LABELS
        return before.spaced or tokens[start].spaced or named  # else a time of day
    if _is_multiplied(tokens, start, begin):
        return False
    if start == begin:
        return before.kind != "formula"
    if _is_list_mark(tokens, start):
        return True
    if before.kind == "word":
        low = before.text.lower()
        if low == "of":  # "a total of 3 + 4", but not "a third of 3 + 4"
            return _is_value_of(tokens, start - 1)
        if low in BEFORE or before.text in VARIABLES:
            return False
        earlier = tokens[start - 2] if start - 2 >= begin else None
        if (low in LABELS or low.removesuffix("s") in LABELS) and not (
            earlier is not None and earlier.text.lower() in NO_LABEL
        ):
            return len(tokens[start].text) > 2  # "on day 1 * 2 pages"
        if earlier is not None and earlier.kind == "num" and (unit := measure(low)) is not None:
            # "1 hour 20 minutes"
            return not any(
                (m := measure(t.text)) is not None and m[0] == unit[0] for t in tokens[start + 1 : start + 3]
            )
        return not _is_added(tokens, start, begin)
    return before.kind in ("sep", "line", "rel") or (before.kind == "open" and start - 1 == begin)


def _is_list_mark(tokens: Sequence[Token], start: int) -> bool:
    """Whether a bullet or a number stands before it, first in its line: "- 5 * 6", "2) 9 / 3"."""
    mark, earlier = tokens[start - 1], tokens[start - 2] if start >= 2 else None
    if mark.kind == "op" and mark.text in "-*+" and mark.end - mark.start == 1:
        return tokens[start].spaced and (earlier is None or earlier.kind == "line")
    first = tokens[start - 3] if start >= 3 else None
    if mark.text != ")" or earlier is None:
        return False
    if first is not None and first.text == "(":  # "(b) 9 - 4"
        first = tokens[start - 4] if start >= 4 else None
    letter = earlier.kind == "word" and (len(earlier.text) == 1 or not set(earlier.text) - set("ivx"))
    return (earlier.kind == "num" or letter) and (first is None or first.kind == "line")


def _is_added(tokens: Sequence[Token], start: int, begin: int) -> bool:
    """Whether something is added to what begins at ``start``: "add 5 to the 29 + 24"."""
    beside = start - 1
    if tokens[beside].text.lower() in ("the", "his", "her", "their", "its", "these", "those"):
        beside -= 1
    if beside < begin or tokens[beside].text.lower() not in ("to", "from"):
        return False
    words = [t.text.lower() for t in tokens[begin:beside]]
    place = max((i for i, word in enumerate(words) if word in ADDING), default=len(words))
    return any(t.kind == "num" for t in tokens[begin + place : beside])


def _cuts_number(tokens: Sequence[Token], start: int) -> bool:
    """Whether the point or comma before the expression may be one of a number: "14, 400 / 80", "13,2000", ". 84"."""
    sign, before = tokens[start - 1], tokens[start - 2] if start >= 2 else None
    if sign.text not in ".," or before is None:
        return False
    first = tokens[start]
    if before.kind == "op":
        return True
    return (
        before.kind == "num" and first.kind == "num" and sign.text == "," and (not first.spaced or len(first.text) == 3)
    )


def _right(reader: ProseReader, tokens: Sequence[Token], i: int) -> tuple[Member, int, bool]:
    """The expression after a relation, where to go on, and whether another relation follows it at once."""
    at = i
    if at < len(tokens) and tokens[at].kind == "line":
        at += 1
    while at < len(tokens) and tokens[at].kind == "word" and tokens[at].text.lower() in APPROXIMATE:
        at += 1
    place = tokens[at].start if at < len(tokens) else tokens[-1].end
    found = reader.read(at) if at < len(tokens) else None
    if found is None:
        return Member(place, place, None, False), at, False
    k, words = found.end, 0
    while k < len(tokens) and words < 8 and tokens[k].kind in ("word", "op", "cur"):
        if tokens[k].kind == "word" and tokens[k].text.lower() in _STOPS:
            break
        if tokens[k].kind == "op" and tokens[k].text not in "/-":
            break
        k, words = k + 1, words + 1
    if k + 1 < len(tokens) and tokens[k].kind == "line" and tokens[k + 1].kind == "rel":
        k += 1
    found = replace(
        found, units=(*found.units, *(t.text.lower() for t in tokens[found.end : k] if t.kind in ("word", "cur")))
    )
    goes_on = k < len(tokens) and tokens[k].kind == "rel" and tokens[k].text != "is"
    return (
        Member(place, found.place, found, not found.loose and _clear_after(tokens, found.end)),
        k if goes_on else found.end,
        goes_on,
    )


def _clear_after(tokens: Sequence[Token], k: int) -> bool:
    """Whether nothing right after the expression may belong to it."""
    if k >= len(tokens):
        return True
    token = tokens[k]
    if token.kind == "sep":
        follows = tokens[k + 1] if k + 1 < len(tokens) else None
        return not (
            token.text[0].isdigit()
            or token.text in "…\\"
            or (token.text == "." and follows is not None and follows.text == ".")
        )
    near = tokens[k + 1 : k + 4]
    if token.kind == "word":
        low = token.text.lower()
        if low == "of" or (low == "out" and near and near[0].text.lower() == "of"):
            return not any(t.kind in ("num", "vulgar") for t in near)  # "5 out of 6"
        return not (low in ("remainder", "r") or (low in PARTS and low.endswith("s") and low != "quarters"))
    if token.kind == "op":
        return not (near and near[0].kind in ("num", "cur", "open", "vulgar")) or (token.text == "-" and token.spaced)
    return token.kind not in ("num", "formula", "open", "vulgar")
