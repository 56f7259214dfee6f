"""Looks at what a teacher wrote before anything is made of it; each fault has a name by which it is counted.

Nothing here says whether the mathematics is right. Faults: nothing, cut off, too long, running in circles, another
language than English, words that are addressed to a model or come from its frames instead of the solution.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from trainer.teacher.teacher import Reply
from tutor_app.core.turns import repeats

LONGEST: Final = 6000
"""Characters of a solution."""
_SAME_LINES: Final = 4
"""Lines that say the same, at which a text runs in circles."""
_GRAM: Final = 6
_NEW_SHARE: Final = 0.6
"""Least share of new stretches of six words in a text that does not run in circles."""
_FRAMES: Final = re.compile(
    r"<\|[\w ]{1,40}\|>|\[/?INST\]|<</?SYS>>|</?s>|^\s*###\s*(?:instruction|response|system|user)\b"
    r"|^\s*\**(?:user|human|assistant|system|ai)\**\s*:\**",
    re.IGNORECASE | re.MULTILINE,
)
_TO_A_MODEL: Final = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,40}\b(?:instructions?|prompts?|rules|above|guidelines)\b"
    r"|\bas (?:an ai\b|a (?:large )?language model\b)|\b(?:system|developer) (?:prompt|message)\b"
    r"|\byou are (?:now )?(?:chatgpt|gpt|qwen|an? (?:ai|helpful|language model|assistant))|\bjailbreak"
    r"|\b(?:I(?:'m| am) sorry|I apologi[sz]e)\b[^.\n]{0,40}\b(?:can(?:no|')t|unable)"
    r"|\b(?:rephrased|rewritten|original|new) (?:question|problem)\b\s*(?:is|:)"
    r"|https?://|www\.\w",
    re.IGNORECASE,
)
_CODE: Final = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_LATEX: Final = re.compile(r"\\[A-Za-z]+|\$[^$]*\$")
_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_ENGLISH_WORDS: Final = """
the of and to is in it that was for on are with as his they be at one have this from or had by not but what all were we
when your can said there each which she do how their if will her then them these so some would other into has more two
many than first been its who now did get made after back only much every same because does both between he i you an a
total number answer find
"""
_FOREIGN_WORDS: Final = """
der das und ist nicht ein eine einen wie viele hat haben werden wird mit von zu für auf dem des sich auch nach
le la les un une est et dans combien il elle des du pour avec qui que sur au aux ont nous sont
el los las una es cuántos cuántas tiene con por para del cada se su más como hay en de
um uma é quantos quantas tem com não mais ao gli di che è quanti quante ha sono nel della al
het een en van hoeveel zijn heeft met op voor
"""
_ENGLISH: Final = frozenset(_ENGLISH_WORDS.split())
_FOREIGN: Final = frozenset(_FOREIGN_WORDS.split())
"""Frequent words of German, French, Spanish, Portuguese, Italian and Dutch that are no English ones."""
_FEWEST_WORDS: Final = 8


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
    if repeats(text):
        return True
    lines = Counter(line.strip() for line in text.splitlines() if len(line.strip()) >= 12)
    if lines and max(lines.values()) >= _SAME_LINES:
        return True
    words = text.split()
    grams = [tuple(words[i : i + _GRAM]) for i in range(len(words) - _GRAM + 1)]
    return len(grams) >= 40 and len(set(grams)) < _NEW_SHARE * len(grams)


def is_english(text: str) -> bool:
    """Whether the words of a text, without code and formulas, are English as far as can be told."""
    prose = _LATEX.sub(" ", _CODE.sub(" ", text))
    letters = [c for c in prose if c.isalpha()]
    foreign_letters = sum(
        not ("a" <= c.lower() <= "z" or "\u00c0" <= c <= "\u024f" or "α" <= c.lower() <= "ω") for c in letters
    )
    if foreign_letters > max(1, 0.02 * len(letters)):
        return False
    words = [w.lower() for w in _WORD.findall(prose)]
    if len(words) < _FEWEST_WORDS:
        return True
    english, foreign = sum(w in _ENGLISH for w in words), sum(w in _FOREIGN for w in words)
    return foreign <= english and (english >= 0.1 * len(words) or foreign < 0.1 * len(words))
