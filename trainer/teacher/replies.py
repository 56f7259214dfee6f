"""Looks at what a teacher wrote before anything is made of it; each fault has a name by which it is counted.

Nothing here says whether the mathematics is right. Faults: nothing, cut off, too long, running in circles, another
language than English, words that are addressed to a model or come from its frames instead of the solution.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from trainer.teacher.english import is_english
from trainer.teacher.teacher import Reply
from tutor_app.core.turns import repeats

LONGEST: Final = 6000
"""Characters of a solution."""
_SAME_LINES: Final = 4
"""Lines that say the same, at which a text runs in circles."""
_ONE_CHARACTER: Final = re.compile(r"(\S)\1{60}")
_GRAM: Final = 6
_NEW_SHARE: Final = 0.6
"""Least share of new stretches of six words in a text that does not run in circles."""
_FRAMES: Final = re.compile(
    r"<\|[\w ]{1,40}\|>|\[/?INST\]|<</?SYS>>|</?s>|^\s*###\s*(?:instruction|response|system|user)\b"
    r"|^\s*\**(?:user|human|assistant|system|ai)\**\s*:\**"
    r"|</?[A-Za-z](?:[\w|-]+|[\w|-]*(?:\s+[\w-]+=[^<>]*)+)\s*/?>",
    re.IGNORECASE | re.MULTILINE,
)
_TO_A_MODEL: Final = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,40}"
    r"\b(?:instructions?|prompts?|rules|above|guidelines|everything|told|before)\b"
    r"|\b(?:new|my|these|following|hidden|your) (?:instructions?|prompts?|orders) (?:are|is|follow|:)|\binstructions?:"
    r"|\bfrom now on,? (?:you|only|reply|answer|act|say)\b|\b(?:pretend|imagine) (?:that )?you\b|\bact as an?\b"
    r"|\byou must (?:now )?(?:obey|comply|follow)\b|\b(?:developer|debug|admin|god) mode\b"
    r"|\b(?:send|tell|give|reveal|share)\b[^.\n]{0,30}\bpasswords?\b"
    r"|\b(?:reveal|print|show|repeat|leak)\b[^.\n]{0,30}\b(?:prompt|instructions)\b"
    r"|\b(?:grader|judge|examiner|evaluator|reviewer)\b[^.\n]{0,20}:|\bmark (?:this|it|my)\b[^.\n]{0,40}\bcorrect\b"
    r"|\brate this (?:answer|solution|reply)\b"
    r"|\bas (?:an ai\b|a (?:large )?language model\b)|\b(?:system|developer) (?:prompt|message)\b"
    r"|\b(?:language|AI) models?\b|\b(?:chatgpt|gpt-?\d|openai|anthropic|deepseek|qwen|alibaba|llama-?\d|mistral ai)\b"
    r"|\bI (?:was|am|have been) (?:trained|made|created|developed|programmed) by\b|\bmy training\b"
    r"|\byou are (?:now )?(?:chatgpt|gpt|qwen|an? (?:ai|helpful|language model|assistant))|\bjailbreak"
    r"|\b(?:I(?:'m| am) sorry|I apologi[sz]e)\b[^.\n]{0,40}\b(?:can(?:no|')t|unable)"
    r"|\b(?:rephrased|rewritten|original|new) (?:question|problem|version)\b\s*(?:is|:)"
    r"|^\W*(?:sure|certainly|of course|absolutely|great question)\b\s*[!,.]|\bI'd be happy to\b|\bhappy to help\b"
    r"|\b(?:you asked|as requested|let me know|hope this helps|feel free to|here(?: i|')s (?:the|a|your) "
    r"(?:rephrased|rewritten|new|step|solution|reworded|answer))\b"
    r"|https?://|www\.\w|[\w.]+@[\w-]+\.\w",
    re.IGNORECASE,
)
_CODE: Final = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)


def fault(reply: Reply, longest: int = LONGEST) -> str:
    """What is wrong with a reply; empty if nothing is."""
    if reply.ended == "repeats":
        return "the reply runs in circles"
    if reply.ended == "cancelled":
        return "the reply was stopped"
    if not reply.text.strip():
        return "the reply is empty"
    if len(reply.text) > longest:
        return "the reply is too long"
    if in_circles(reply.text):
        return "the reply runs in circles"
    if reply.ended in ("length", "context"):
        return "the reply was cut off"
    return text_fault(reply.text)


def text_fault(text: str) -> str:
    """What is wrong with the words of a text; empty if nothing is."""
    if _FRAMES.search(text):
        return "frames of a conversation in the reply"
    if _TO_A_MODEL.search(_CODE.sub(" ", text)):
        return "words to or of a model in the reply"
    if not is_english(text):
        return "another language"
    return ""


def in_circles(text: str) -> bool:
    """Whether a text says the same again and again, also where it found out of it in the end."""
    if repeats(text) or _ONE_CHARACTER.search(text):
        return True
    lines = Counter(line.strip() for line in text.splitlines() if len(line.strip()) >= 12)
    if lines and max(lines.values()) >= _SAME_LINES:
        return True
    words = text.split()
    grams = [tuple(words[i : i + _GRAM]) for i in range(len(words) - _GRAM + 1)]
    return len(grams) >= 40 and len(set(grams)) < _NEW_SHARE * len(grams)


_DOUBTS: Final = re.compile(
    r"\b(?:error|mistake|typo|inconsisten\w+|contradict\w+)\b[^.\n]{0,30}\b(?:problem|question|statement|definition)\b"
    r"|\b(?:problem|question)(?: statement)? (?:is|seems|appears|must be|may be|might be|contains?|has an?)\b"
    r"[^.\n]{0,20}\b(?:wrong|incorrect|flawed|inconsistent|impossible|unclear|ambiguous|error|mistake|typo)\b"
    r"|\b(?:makes? no sense|(?:does|do)(?: not|n't) make (?:any )?sense|re-?evaluate our|re-?examine the problem)\b"
    r"|\bnegative (?:number|amount|quantity) of\b|\bcan(?:not|['’]t| not) have (?:a )?negative\b",
    re.IGNORECASE,
)


def doubts(text: str) -> bool:
    """Whether a solution finds its problem impossible; a right answer after that was found by bending the problem."""
    return _DOUBTS.search(text) is not None
