"""Tells whether words name a quantity, so that a plan may say "Find the number of clips sold in May."

No grammar is read: closed lists tell a verb that would make a sentence of the words ("students wore lipstick") from a
participle that describes them ("clips sold in May").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_QUANTITIES: Final = _words(
    "age ages amount area average balance base bill budget capacity change charge combined cost costs count debt "
    "depth difference discount distance duration earnings expense expenses fare fee fees fraction height income "
    "interest length loss mass money number numbers pay payment percent percentage perimeter population portion "
    "price prices product profit profits quantity rate ratio remainder revenue salary sale sales savings score "
    "share size speed spending sum tax temperature time tip total value volume wage wages weight width worth"
)
_FINITE: Final = _words(
    "aren ate attend attends became become becomes began blow blows burst buy buys came can come comes contain "
    "contains contribute cost costs could did didn disappear disappears do does doesn don drank drive drives "
    "drove earn earns eat eats enjoy enjoys equal equals fall falls favor favors fell fit fits flew gave get gets "
    "give gives go goes got grew grow grows had happen happens has hatch have holds isn keeps knew lasts lay lays "
    "leave like likes live lives love loves make makes may might must need needs neither nor own owns pass passes "
    "pay pays play plays prefer prefers ran read reads represent represents run runs sang sat saw sell sells "
    "should speak speaks spend spends stands stay stays stood swam take takes took touch touches use uses want "
    "wants wasn wear wears weigh weighs went weren will wore work works would write writes wrote"
)
_PARTICIPLES: Final = _words(
    "baked bought broken brought built burnt caught cut done drawn driven drunk eaten fed filled found given gone "
    "grown held hit kept laid left lent lost made missed owed paid planted put raised read ridden run seen sent "
    "set shot sold spent spilled taken taught thrown told won worn written"
)
_MAY_FOLLOW: Final = _words(
    "a about across after again ago all along already alone altogether among an and around as at away back between "
    "by combined daily down during each every for from home in inside into last left more now of off on online "
    "only or out outside over overall per remaining since so this through to today together too total toward "
    "towards under up weekly with within without yesterday"
)
"""What may follow a participle that describes the words before it; a noun would be its object."""
_SAID_OF_THEM: Final = _words(
    "red green blue yellow orange purple pink brown black white larger smaller men women boys girls other others"
)
"""Words that follow a noun with "are" between ("the balls are red"), and stand before it otherwise."""


_MEASURES: Final = _words(
    "cups gallons quarts pints ounces pounds tons grams kilograms liters inches feet yards miles meters kilometers "
    "seconds minutes hours"
)
_OF_MEASURES: Final = _words(
    "apart deep early faster farther heavier high higher late long longer old shorter slower tall taller thick wide "
    "wider"
)


def is_quantity(words: str) -> bool:
    """Whether a subject is something that a number can be: "the total cost of the trip", not "the first episodes"."""
    return any(w in _QUANTITIES for w in re.findall(r"[a-z]+", words.lower()))


def is_noun_phrase(words: Sequence[str]) -> bool:
    """Whether the words after "the number of" are no sentence: no verb but participles that describe them."""
    lowered = [w.lower().strip("'") for w in words]
    if len({w for w in lowered if len(w) > 4}) < sum(len(w) > 4 for w in lowered):
        return False  # "cupcakes more cupcakes"
    second = lowered[1] if len(lowered) > 1 else ""
    if lowered[0] in _MEASURES and second not in _MAY_FOLLOW | _OF_MEASURES | _PARTICIPLES | {"", "to"}:
        return second.endswith(("ed", "ing", "ly"))  # "hours driving", and not "cups flour"
    if lowered[-1] == "away" and lowered[0] not in _MEASURES:
        return False  # "apples away", which were thrown there, and not "miles away"
    if lowered[1:] and lowered[-1] in _SAID_OF_THEM and lowered[0].endswith("s") and len(lowered) == 2:
        return False  # "beans green", "students men"
    infinitive = False
    for i, word in enumerate(lowered[1:], 1):
        base = word.removesuffix("'t")
        if word == "to":
            infinitive = True
            continue
        if base in _FINITE and words[i].islower() and not infinitive:
            return False
        describes = word.endswith("ed") or word in _PARTICIPLES
        if describes and not infinitive and i + 1 < len(lowered) and lowered[i + 1] not in _MAY_FOLLOW:
            return lowered[i - 1] in _MAY_FOLLOW  # "of used bricks"
    return True
