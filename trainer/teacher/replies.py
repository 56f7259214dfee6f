"""Looks at what a teacher wrote before anything is made of it; each fault has a name by which it is counted.

Nothing here says whether the mathematics is right. Faults: nothing, cut off, too long, running in circles, another
language than English, words that are addressed to a model or come from its frames instead of the solution.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from fractions import Fraction
from typing import Final

from trainer.teacher.english import is_english
from trainer.teacher.teacher import Reply
from tutor_app.core.turns import repeats

LONGEST: Final = 6000
"""Characters of a solution."""
_SAME_LINES: Final = 4
"""Lines that say the same, at which a text runs in circles."""
_SAME_SENTENCES: Final = 5
_ALIKE_SENTENCES: Final = 12
"""Sentences that differ in their numbers alone; a plan of a week has seven, one of a year as many as this."""
_FEW_WORDS: Final = 3
_SENTENCE_END: Final = re.compile(r"(?<=[.!?;])\s+|\n+")
_DIGITS: Final = re.compile(r"\d+")
_AT_ONCE: Final = re.compile(r"((?=[^\n]{0,40}[A-Za-z]{3})[^\n+*]{5,60}?)\1{5}")
"""The same words six times in a row; sums of equal numbers are none."""
_ONE_CHARACTER: Final = re.compile(r"(\S)\1{60}")
_GRAM: Final = 6
_NEW_SHARE: Final = 0.6
"""Least share of new stretches of six words in a text that does not run in circles."""
_UNSEEN: Final = re.compile(r"\b(?:[A-Za-z] {1,4}){7,}[A-Za-z]\b|[\x00-\x08\x0e-\x1f\x7f\ufffd]|[A-Za-z0-9+/=_-]{48,}")
"""Characters that nobody sees are looked for by their kind; these besides, and what is written for machines."""
_FRAMES: Final = re.compile(
    r"[<\[][|｜][^<>\[\]\n]{1,40}[|｜][>\]]|\[/?INST\]|<</?SYS>>|</?s>"
    r"|^\s*###\s*(?:instruction|response|system|user|question|problem|example|input|task)\b"
    r"|[\"']role[\"']\s*:|\{\s*[\"'][\w -]{1,40}[\"']\s*:"
    r"|<!--|-->|\[/?(?:system|user|assistant|human)\]|\bQ\s*:.*?\bA\s*:"
    r"|\\(?:documentclass|usepackage)\b|\\begin\{document\}"
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
    r"|https?://|www\.\w|[\w.]+@[\w-]+\.\w|!\[[^\]]*\]\(|\]\((?:data|file|javascript):"
    # Whoever reads or marks it, and what is asked of them.
    r"|\bthe user (?:has|have|is|wants?|says?|said|asks?|asked|should|must)\b"
    r"|\b(?:the|this|each|every|any) (?:prompt|chatbot|checker|data ?set)\b"
    r"|\b(?:reply|respond) (?:only )?with\b|\boutput only\b|\balways (?:answer|reply|respond|say|output|write)\b"
    r"|\b(?:future|every|all|further) (?:answers?|repl(?:y|ies)|responses?|outputs?) (?:must|should|will|shall)\b"
    r"|\b(?:do not|don't|stop|never) (?:follow|obey|solv|answer)(?:ing|e)?\b"
    r"|\bwhen(?:ever)? you (?:see|read|are asked)\b|\bwhoever (?:reads|trains)\b|\btrain(?:s|ed|ing)? on th(?:is|ese)\b"
    r"|\btraining (?:data|set|example)\b|\b(?:give|award|deserves?)\b[^.\n]{0,30}\bfull (?:marks|credit|points)\b"
    r"|\bsecret (?:key|word|phrase)\b|\b(?:important|attention|warning)\s*[:!]|\battention,"
    r"|\byou (?:will|shall|should|must|are to) (?:now|only|always|never|instead)\b"
    r"|\bartificial intelligence\b|\bI(?:'m| am) (?:just |only )?an? (?:ai|assistant|chat ?bot|bot|program)\b"
    r"|\b(?:reference|official|gold|model) (?:solution|answer)\b|\banswer key\b"
    r"|^\W*(?:hello|hi|hey|greetings)\b|\bthank(?:s| you) for (?:asking|the|your)\b|\bwould you like\b"
    r"|\bdo you (?:want|need|have) (?:me|another|any|more)\b|\bany (?:other|more|further) questions\b"
    r"|\bdear (?:ai|assistant|grader|model|reader|trainer)\b"
    r"|\byour (?:next|later|future) (?:answers?|repl(?:y|ies)|outputs?)\b"
    r"|\b(?:who|whoever|anyone|everyone|everybody)(?: who)? (?:reads?|is reading) (?:this|these)\b"
    r"|\b(?:begin|start|end) (?:of )?(?:the )?(?:prompt|instructions?|system|conversation)\b|\bdot com\b"
    r"|\{\{\s*(?:user|system|char|prompt|input|question|instruction)\w*\s*\}\}"
    r"|\bos\.(?:environ|system|popen)\b|\bsubprocess\b|\bapi[ _-]keys?\b"
    r"|\b(?:remember|keep|store|obey|follow|heed) (?:this|these|my) (?:instructions?|rules?|commands?|orders?)\b"
    # What it was shown and told, who it is said to be now, and what asks for marks, followers or a machine.
    r"|\b(?:my|these|those) instructions\b|\b(?:examples?|demonstrations?) (?:above|given|provided|shown)\b"
    r"|\b(?:given|previous|above|provided) (?:examples?|demonstrations?)\b"
    r"|\bI (?:was|am|have been|had been) (?:told|instructed|asked|supposed|required|designed|built) to\b"
    r"|\bfrom (?:now|here|this (?:point|moment)) (?:on,? ?)?(?:you|your|always|never)\b|\bunrestricted\b"
    r"|\bwithout (?:any )?(?:rules|restrictions|filters|limitations)\b|\bneural net(?:work)?s?\b"
    r"|\bmy (?:weights|parameters|developers?|creators?|knowledge)\b|\bAI (?:tutor|assistant|helper|teacher|system)s?\b"
    r"|\bas your (?:\w+ )?(?:tutor|assistant|teacher|helper|guide)\b"
    r"|\b(?:next|future|later|previous|earlier) (?:conversation|chat|session|dialog\w*)s?\b"
    r"|\b(?:do not|don't|never) (?:tell|show|mention|reveal|inform|alert|warn|repeat)"
    r" (?:the|this|that|anyone|anybody|them|your|it)\b"
    r"|\b(?:the|this|any|every|each) (?:reviewer|grader|evaluator|annotator|moderator|labell?er)\b"
    r"|\byou are now (?-i:[A-Z])|\bbeing an? (?:ai|language model|assistant|machine|computer|bot)\b"
    r"|\b(?:score|grade|rate|rank|mark|evaluate|upvote) (?:this|my|the) (?:answer|solution|reply|response|work)\b"
    r"|\b(?:telegram|whatsapp|discord|youtube|tiktok|twitch) (?:channel|server|page)\b|(?<![\w@])@[a-z]\w{2,}"
    r"|\b(?:join|follow|subscribe to|visit|contact|email|message) (?:me|us|my|our)\b|\b(?:promo|coupon|referral) code\b"
    r"|\bsystem\W{0,3}override\b|\boutput (?:must|should|shall)\b"
    r"|\\(?:input|include|write18|openin|openout|catcode|immediate|newcommand|def|href|url)\b"
    r"|\b(?:drop|alter|truncate) table\b|\bselect \* from\b|\brm -rf\b|\bsudo\b|\bcurl -"
    r"|\b(?:for|in|to) (?:all|every|any|each) (?:later|future|further|coming|subsequent)"
    r" (?:problems?|questions?|tasks?)\b",
    re.IGNORECASE,
)
_CODE: Final = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_PICTURES: Final = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b50-\u2b55\ufe0f\u20e3]")
_NO_LETTERS: Final = frozenset(("Cc", "Cf", "Co", "Cs", "Cn"))
_LAYOUT: Final = frozenset("\n\r\t")


def fault(reply: Reply, question: str = "") -> str:
    """Why a reply is refused, which answers a question if one is given; empty if it is not."""
    if reply.ended == "repeats":
        return "the reply runs in circles"
    if reply.ended == "cancelled":
        return "the reply was stopped"
    if not reply.text.strip():
        return "the reply is empty"
    if len(reply.text) > LONGEST:
        return "the reply is too long"
    if in_circles(reply.text):
        return "the reply runs in circles"
    if reply.ended in ("length", "context"):
        return "the reply was cut off"
    return text_fault(reply.text, question)


def text_fault(text: str, question: str = "") -> str:
    """Why the words of a text are refused, which answers a question if one is given; empty if they are not."""
    if _FRAMES.search(text):
        return "frames of a conversation in the reply"
    if _UNSEEN.search(_CODE.sub(" ", text)) or any(unicodedata.category(c) in _NO_LETTERS for c in set(text) - _LAYOUT):
        return "characters that nobody reads in the reply"
    if _PICTURES.search(text):
        return "pictures in the reply"
    if _TO_A_MODEL.search(_CODE.sub(" ", text)):
        return "words to or of a model in the reply"
    if not is_english(text, question):
        return "another language"
    return ""


def in_circles(text: str) -> bool:
    """Whether a text says the same again and again, also where it found out of it in the end."""
    if repeats(text) or _ONE_CHARACTER.search(text):
        return True
    lines = Counter(line.strip() for line in text.splitlines() if len(line.strip()) >= 12)
    if lines and max(lines.values()) >= _SAME_LINES:
        return True
    sentences = Counter(s for s in _SENTENCE_END.split(text) if len(s.split()) >= _FEW_WORDS)
    if sentences and max(sentences.values()) >= _SAME_SENTENCES:
        return True
    alike = Counter(_DIGITS.sub("#", s) for s in sentences.elements())
    if alike and max(alike.values()) >= _ALIKE_SENTENCES:
        return True
    if _AT_ONCE.search(text):
        return True
    words = text.split()
    grams = [tuple(words[i : i + _GRAM]) for i in range(len(words) - _GRAM + 1)]
    return len(grams) >= 40 and len(set(grams)) < _NEW_SHARE * len(grams)


_DOUBTS: Final = re.compile(
    r"\b(?:error|mistake|typo|inconsisten\w+|contradict\w+)\b[^.\n]{0,30}\b(?:problem|question|statement|definition)\b"
    r"|\b(?:problem|question)(?: statement)? (?:is|seems|appears|must be|may be|might be|contains?|has an?)\b"
    r"[^.\n]{0,20}\b(?:missing|incomplete|unsolvable|underspecified|wrong|incorrect|flawed|inconsistent|impossible|unclear|ambiguous|error|mistake|typo)\b"
    r"|\b(?:makes? no sense|(?:does|do)(?: not|n't) make (?:any )?sense|re-?evaluate our|re-?examine the problem)\b"
    r"|\bI(?:'m| am) not (?:sure|certain)\b|\bI (?:just |will |would |have to )?guess\b"
    r"|\bI(?:'m| am) guessing\b|\bI can only guess\b"
    r"|\bI (?:do not|don't|cannot|can't|can not|could not|couldn't) (?:know|solve|answer|tell|determine|understand)\b"
    r"|\bnot enough information\b|\binsufficient information\b"
    r"|\bwhich is (?:not possible|impossible|nonsensical)\b"
    r"|\b((?:[a-z]+ ){3,9}?[a-z]+) (?:(?:is|are) )?(?:multiplied|divided|subtracted|added) (?:by|from|to) \1\b"
    r"|\bnegative (?:number|amount|quantity) of\b|\bcan(?:not|['’]t| not) have (?:a )?negative\b",
    re.IGNORECASE,
)


def doubts(text: str) -> bool:
    """Whether a solution finds its problem impossible, or has a quantity multiplied by itself in the same long words.

    A right answer after that was found by bending the problem, or by chance.
    """
    return _DOUBTS.search(text) is not None


_EXPLAINED: Final = re.compile(r"[\"“]([^\"“”\n]+)[\"”]\s+means\s+([^\n]+)")
_BELOW: Final = (
    ("half", "halves"),
    ("third",),
    ("quarter", "fourth"),
    ("fifth",),
    ("sixth",),
    ("seventh",),
    ("eighth",),
)
_SHARE_NAMES: Final = {word: below for below, words in enumerate(_BELOW, 2) for word in words} | {"tenth": 10}
_COUNT_NAMES: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_COUNTS: Final = {word: n for n, word in enumerate(_COUNT_NAMES, 1)} | {"a": 1, "an": 1}
_SHARE: Final = re.compile(
    r"(?<![\w.])(?P<above>\d+)\s*/\s*(?P<below>[1-9]\d*)(?![\w.])"
    r"|(?<![\w.])(?P<percent>\d+(?:\.\d+)?)\s*(?:%|percent\b)"
    rf"|\b(?:(?P<count>{'|'.join(_COUNTS)})[ -])?(?P<word>{'|'.join(_SHARE_NAMES)})s?\b"
    rf"|\b(?P<parts>{'|'.join(_COUNTS)}|\d+) (?:equal )?parts\b(?! out of\b)",
    re.IGNORECASE,
)
_COMPARED: Final = re.compile(
    r"(?P<first>[A-Z]\w*(?: [A-Z]\w*)*)\b.*?\b(?P<factor>\d+|twice|thrice|(?:two|three|four|five|six) times)\b"
    r".*\b(?:as|than) (?P<second>[A-Z]\w*(?: [A-Z]\w*)*)\W*"
)


def misexplains(text: str) -> bool:
    """Whether a solution explains words of its problem by others of another meaning.

    As in: "two-thirds" means three-fourths; "a third" means three parts; "Ann is 3 times as old as Ben" means Ben is 3
    times Ann's age.
    """
    return any(_another_share(m[1], m[2]) or _turned_round(m[1], m[2]) for m in _EXPLAINED.finditer(text))


def _another_share(words: str, meaning: str) -> bool:
    said, meant = _shares(words), _shares(meaning)
    if len(said) != 1 or not meant:
        return False
    (share,) = said
    return not meant & {share, 1 - share, 1 + share}


def _shares(text: str) -> set[Fraction]:
    """Every share of a whole that a text states; so many parts, which are none, count as so many wholes."""
    found: set[Fraction] = set()
    for m in _SHARE.finditer(text):
        if m["below"]:
            found.add(Fraction(int(m["above"]), int(m["below"])))
        elif m["percent"]:
            found.add(Fraction(m["percent"]) / 100)
        elif m["word"]:
            found.add(Fraction(_COUNTS[(m["count"] or "a").lower()], _SHARE_NAMES[m["word"].lower()]))
        else:
            found.add(Fraction(_COUNTS.get(m["parts"].lower()) or int(m["parts"])))
    return found


def _turned_round(words: str, meaning: str) -> bool:
    said = _COMPARED.search(words)
    if said is None or said["first"] == said["second"]:
        return False
    other, first, factor = (re.escape(said[name]) for name in ("second", "first", "factor"))
    turned = re.match(rf"\W*(?:that )?{other}\b(?!['’]s).*?\b{factor}\b.*\b{first}\b", meaning)
    return turned is not None and re.search(r"less|fewer|smaller|younger|divided|/", meaning) is None
