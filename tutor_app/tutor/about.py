"""Finds the subject of a question about a solution: all of it, something in it, or something else.

A reply to what changes the problem, or asks for another quantity, may well state another result.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal

from tutor_app.adapters.grading.units import measure
from tutor_app.core.against_output import asked_stems, stems
from tutor_app.core.answers import NUMBER
from tutor_app.core.parts import Answer, Code, Text
from tutor_app.core.transcript import Transcript

About = Literal["all", "this", "else"]
"""Whether a question is about the whole solution, about something in it, or about something else."""


_OTHER_PROBLEM: Final = re.compile(
    r"\b(?:similar|what if|what about|how about|suppose|imagine|assum\w+|generali[sz]e\w*|for example|an example"
    r"|(?:double|triple)(?!.?check)|halve|next one|new one|another one|test me|quiz me|who|whose)\b"
    r"|(?<!check )(?<!see )(?<!know )(?<!wonder )(?<!me )(?<!sure )(?<!as )(?<!verify )\bif\b"
    r"|\b(?:another|new|different|other|next|own|harder|easier|easy|hard)\s+(?:\w+\s+)?"
    r"(?:problems?|exercises?|questions?|tasks?|numbers?|values?|equations?|examples?)\b"
    r"|\b(?:change|replace|now with|and with|same for|same with)\b|\b(?:with|for)\s+[$€£]?\d"
    r"|^\W*(?:and|what)\s+(?:then|next|now|after)\b|^\W*(?:next|then|now)\W*$",
    re.IGNORECASE,
)
_CLAIM: Final = re.compile(
    r"\b(?:i|we)\b[^.?!\n]{0,24}\b(?:got|get|think|thought|have|had|found|calculated?|came|come|believe)\b"
    r"|\b(?:he|she|they|my \w+|the (?:book|teacher|calculator|key|sheet|solution))\b[^.?!\n]{0,24}"
    r"\b(?:says?|said|gets?|got|thinks?|told|believes?)\b"
    r"|\b(?:isn.?t|is not|is it not|why not|and not|not|shouldn.?t|is (?:it|this|that|the answer|[xyz]))"
    r"[^.?!\n\d]{0,16}(?=\S?\d)"
    r"|\b(?:answer|result|solution|it|[xyz])\s*(?:should be|must be|is|=|was)\s*(?:really |exactly )?(?=\S?\d)",
    re.IGNORECASE,
)
"""A number that the student, or somebody, holds to be the answer."""
_ASKS_FOR_A_VALUE: Final = re.compile(
    r"\bwhat(?:'s| is| are| was| were| would| will)\b"
    r"|\bhow (?:many|much|far|long|old|big|tall|fast|often|high|deep)\b|\b(?:who|whose|which|where|when)\b"
    r"|(?:^|[.!?]\s*)(?:please |now |can you |could you )*"
    r"(?:calculate|compute|find|determine|evaluate|solve|derive|give|define|convert|round)\b",
    re.IGNORECASE,
)
_EXPLAINS: Final = re.compile(
    r"\b(?:why|warum|wieso|pourquoi|how (?:do|did|does|can|come|would)|explain|check|verify|prove|show|really|sure"
    r"|correct"
    r"|right|wrong|understand|mean|simpl\w*|clear\w*|reason|again|way)\b",
    re.IGNORECASE,
)
_PLACE: Final = re.compile(r"\b(?:step|line|part|point)\s+#?(?:\d+|one|two|three|four|five)\b", re.IGNORECASE)
_GENERIC: Final = frozenset(
    stems(
        "why how explain explanation explaining check checking again answer way ways another other different"
        " method solve solving solution problem result simply simpler simple easy easier short shorter"
        " sentence word python code step each every verify prove proof show sure correct correctly right wrong"
        " true really please tell me understand mean meaning sense make made come came know certain done doing"
        " think thought believe teacher friend book say says said isn shouldn doesn don didn couldn should"
        " number value yours mine own but ok okay hello thanks thank reason because detail slowly slower more"
        " clear clearly once possible idea let see look like kid child language english reply agree"
        " calculation work working worked out using use without same would could just also whole one here"
        " follow following very much less about quickly briefly finally final calculator got five double"
        " triple es old year years was ist die der das antwort ergebnis l sung erkl re einfacher nochmal noch"
        " mal zeig zeige stimmt sicher bist du wirklich berpr fe pr x warum wieso weshalb pourquoi por qu"
        " perch dlaczego bitte genau"
    )
)
"""Words of questions that ask for nothing of their own."""


def about_what(question: str, solved: Transcript) -> About:
    """Whether a question is about the whole solution, something in it, or something else."""
    quoted = any(line.startswith(">") for line in question.split("\n"))
    words = " ".join(line for line in question.split("\n") if not line.startswith(">"))
    claims = claimed(words)
    words = re.sub(r"['’]\w+", " ", words)
    others = re.findall(r"\b(?:in|to|into|as)\s+([^\s?.!,]+)", words)
    if _OTHER_PROBLEM.search(words) or any(measure(word) is not None for word in others):
        return "else"
    placed = _PLACE.sub(" ", words)
    if (_numbers(placed) - {n for text in texts_of(solved) for n in _numbers(text)}) and not claims:
        return "else"
    rest = frozenset(stems(placed)) - _GENERIC - asked_stems(solved.problem)
    if not rest and (claims or not _numbers(placed)):
        return "this" if quoted or placed != words else "all"
    return "else" if _ASKS_FOR_A_VALUE.search(placed) or not _EXPLAINS.search(words) else "this"


def claimed(question: str) -> bool:
    """Whether a question holds a number to be the answer."""
    return NUMBER.search(question) is not None and _CLAIM.search(_PLACE.sub(" ", question)) is not None


def numbers_of(question: str) -> frozenset[str]:
    """The numbers that a question names, but for those of steps."""
    return _numbers(_PLACE.sub(" ", question))


def texts_of(solved: Transcript) -> Iterator[str]:
    """The problem, and all that its solution says."""
    yield solved.problem
    for part in solved.replies[0][1]:
        if isinstance(part, Text):
            yield part.text
        elif isinstance(part, Code):
            yield part.source
        elif isinstance(part, Answer):
            yield part.latex


def _numbers(text: str) -> frozenset[str]:
    return frozenset(number.replace(",", "") for number in NUMBER.findall(text))
