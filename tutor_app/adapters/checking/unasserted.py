"""Tells which statements of a text are not made by it: told of others, imagined, denied, asked to be shown.

What is read as false there is none of the solution's faults, and what is read as true is none of its merits. Only the
words of the sentence are asked; a word of contrast or consequence ("but", "so") ends what others say.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final

from tutor_app.adapters.checking.sentences import sentences
from tutor_app.core.claims import Claim

BEYOND: Final = 80
"""Characters behind a statement in which the next words may take it back."""
REACH: Final = 300
"""Characters of its sentence before and behind a statement that are asked."""
_NEXT_LINE: Final = re.compile(r"\n(?=\s*[A-Z$\d])")
"""Where a sentence ends that has no full stop."""
_NOT_A_NAME: Final = (
    "The|This|That|These|Those|It|We|He|She|They|You|There|Here|So|Then|Thus|Hence|Now|Problem|Question|Step|Which"
)
_SAY: Final = (
    r"(?:say|writ|wrot|think|thought|claim|believ|argu|guess|suggest|assert|insist|pretend|imagin|maintain|conclud)"
    r"(?:e|es|s|ed|d|t|en|ing)?|said"
)
_OTHERS: Final = (
    r"(?i:someone|somebody|anyone|anybody|nobody|no one|people|students|pupils|children|beginners|others|many|some|most"
    r"|few|(?:an?|one|another|the|my|his|her|your|some|many|most|no|every) (?:\w+ ){0,2}?(?:students?|pupils?|people"
    r"|person|child|children|kids?|learners?|beginners?|classmates?|friends?|brother|sister|cousin|boys?|girls?"
    r"|calculator|book|author|computer))"
)
_REPORTED: Final = re.compile(
    rf"(?:\b{_OTHERS}|\b(?!(?:{_NOT_A_NAME})\b)[A-Z][a-z]+)\s+(?:(?:might|may|could|would|will|can|often|sometimes|also"
    rf"|wrongly|even|then|once|has|have|had|who)\s+)*(?:{_SAY})\b"
    r"|\b(?i:you|one|we|they|he|she|it|i)\s+(?i:might|may|could|would)\s+(?:\w+\s+)?"
    rf"(?:{_SAY}|expect|be tempted)\b|\b(?:he|she|they)\s+(?:think|claim|believe|guess|insist)(?:s|ed)?\b"
    r"|\b[Aa]ccording to (?:[A-Z][a-z]+|him|her|them|an? \w+)\b"
    r"|\b[A-Z][a-z]+'s (?:claim|guess|idea|assertion|suggestion|answer|line|attempt|conjecture)\b"
    r"|\b(?i:the|a|any|this) (?:claim|assertion|conjecture|suggestion|idea|assumption|hypothesis|guess|rumou?r) that\b"
)
"""Somebody else says it."""
_OWN: Final = re.compile(
    r"(?i)[;:]|,\s*(?:so|and|which|then)\b"
    r"|\b(?:but|however|because|since|actually|in fact|in truth|really|therefore|thus|hence)\b"
)
"""From here on the text speaks for itself again."""
_WRITING: Final = re.compile(r"\b(?:writes?|wrote|written|writing)\s*$")
_THINGS: Final = re.compile(r"\s+(?:more |useful |full )?[a-z]{3,}s\b")
"""What somebody writes is counted: "he writes 4 × 3 = 12 pages"."""
_IMAGINED: Final = re.compile(
    r"(?i)(?:\b(?:suppos|assum|imagin|pretend|pictur)(?:e|ing)?(?:,[^,]{1,40},)?|\bwhat if|\beven if|\bas (?:if|though)"
    r"|\blet(?:'s| us) say|\bperhaps|\bmaybe|\bin case|\bdoubt(?:s|ed|ful)?|\bwonder(?:s|ed)?|\bunlikely"
    r"|\btempt(?:ed|ing)|\binstead of|\brather than|\bbeware of|\bavoid(?:ing)?|\b(?:dis|re)(?:prove|fute|ject)s?"
    r"|\bden(?:y|ies|ied)|\btrue or false|\bno way|\bhardly|\bif (?:we|you|one|it|there) (?:had|were)"
    r"|\bworld (?:where|in which)|\bnothing supports"
    r"|\bwrong (?:line|step|equation|result|answer) (?:is|was)"
    r"|\b(?:impossible|untrue|unclear|questionable|absurd|unthinkable|inconceivable|nonsense)"
    r"|\b(?:never|don't|do not|must not|should not)(?= (?:write|say|claim|conclude)))"
    r"[\s,:]*(?:(?:now|first|instead|for a moment|that|whether|if|to|write|writing|say|saying|claim|claiming|conclude"
    r"|the|equation|it is the case|it is true)[\s,:]+)*[\"'“‘$\\(\[]*$"
)
"""Right before a statement: it is imagined, doubted or warned of."""
_TASK: Final = re.compile(r"(?i)^\W*(?:prove|disprove|show|verify|decide|explain why|determine) (?:that|whether|if)\b")
_EITHER: Final = re.compile(r"(?i)\beither\b[^,;]*$")
_INVERTED: Final = re.compile(
    r"^\W*(?:Had|Were|Should)\s+[^\W\d]"
    r"|[,;(]\s*had\s+(?:(?:the|a|an|his|her|their|its|each|one|every)\s+)?[\w$\\]+\s+(?:not\s+)?(?:been|\w+ed|\w+en)\b"
    r"|[,;(]\s*were (?:it|he|she|there|the \w+) "
)
_PARTICIPLE: Final = (
    r"(?:been|had|held|got|cost|paid|sold|bought|made|kept|left|lost|won|spent|come|gone|put|set|cut|known|done|built|met"
    r"|told|sent|lent|brought|found|grown|drawn|run|read|\w+ed|\w+en)"
)
_UNREAL: Final = re.compile(
    r"(?i)\b(?:if|suppos(?:e|ing)|say|imagine|pretend|assum(?:e|ing))\b[^;]*?\b"
    rf"(?:had (?:not )?{_PARTICIPLE}\b|(?!there|they|we|you)(?:\w*[^\Ws]|\w+(?:us|ss|is)) were)\b"
)
_ANOTHER_COUNT: Final = re.compile(
    r"(?i)\bon (?:a|the|this|our) (?:\S+ )?clock\b|\bclock arithmetic\b"
    r"|(?:^\W*|\b(?:working|computing|counting|counted|arithmetic) )mod(?:ulo)? \d+\s*[,:]"
)
_OWN_SIGN: Final = re.compile(
    r"\b([a-z])\s*([*∗⋆★#@&∘⊕⊗△◇]|\\(?:ast|star|circ|oplus|otimes)\b)\s*([a-z])\s*=\s*"
    r"(?=[^.;=\n]*\1)(?=[^.;=\n]*\3)"
)
"""An operation that the text defines: "a * b = ab + 1"."""
_UNTRUE: Final = re.compile(
    r"(?i)\bfar from (?:being )?(?:true|right|correct)\b|\bmisprint|\btypo\b|\bnonsense\b|\bhas the wrong\b"
    r"|\bneeds? (?:checking|proof|to be (?:checked|proved|proven))\b"
)
_REFUSED: Final = re.compile(
    r"(?i)^[\s\"'”’$\\)\].]*,?\s*(?:(?:is|are|was|were|would be)"
    r"(?: no such|(?:n't| not)(?: quite)? (?:true|so|right|correct|the case|such)\b"
    r"| (?:clearly |obviously )?(?:out of the question|ruled out|excluded|unthinkable|refuted|rejected|untenable)\b"
    r"| no (?:case|example|solution|identity|rule|fact|law|truth)\b| (?:a|an|the) (?:\w+ )?(?:slip|lie|joke|mistake"
    r"|error|fallacy|misprint|typo|trap)\b)|(?:would|must|should) (?:have|need) to (?:hold|be)\b"
    r"|(?:this|that|it|which) (?:is|was) (?:at once |clearly |of course |obviously |plainly )?"
    r"(?:refuted|false|wrong|untrue|incorrect|impossible|absurd|nonsense|not (?:true|so|possible|right|correct))\b)"
)
"""Right behind a statement: it does not hold."""


def without_unasserted(text: str, claims: Iterable[Claim]) -> Iterator[Claim]:
    """The claims that the text itself makes.

    Args:
        text: In which they stand.
        claims: In any order.
    """
    cuts: list[tuple[int, int]] | None = None
    signs: list[re.Match[str]] = []
    for claim in claims:
        if claim.verdict == "unchecked":
            yield claim
            continue
        if cuts is None:
            cuts, signs = list(sentences(text)), list(_OWN_SIGN.finditer(text))
        n = max(0, bisect_right(cuts, (claim.start, len(text))) - 1)
        begin, end = cuts[n] if cuts else (0, len(text))
        begin, end = max(begin, claim.start - REACH), min(end, claim.end + REACH)
        begin = max([begin, *(m.end() for m in _NEXT_LINE.finditer(text, begin, claim.start))])
        end = min([end, *(m.start() for m in _NEXT_LINE.finditer(text, claim.end, max(claim.end, end)))])
        after, beyond = text[claim.end : max(claim.end, end)], text[claim.end : claim.end + BEYOND]
        own = any(m[2] in claim.text and claim.end > m.end() for m in signs)
        if not (own or _REFUSED.search(beyond) or _is_unasserted(text[begin : claim.start], after)):
            yield claim


def _is_unasserted(before: str, after: str) -> bool:
    """Whether the words of its sentence before and behind a statement say that it is not made."""
    said = [m.end() for m in _REPORTED.finditer(before)]
    if said and not _OWN.search(before, said[-1]) and not (_WRITING.search(before) and _THINGS.match(after)):
        return True
    if _IMAGINED.search(before) or _TASK.search(before):
        return True
    if _EITHER.search(before) and re.search(r"\bor\b", after):
        return True
    whole = f"{before} {after}"
    if _INVERTED.search(whole) or (_UNREAL.search(whole) and "would" in whole):
        return True
    return any(pattern.search(whole) for pattern in (_ANOTHER_COUNT, _UNTRUE))
