"""Finds the result that a text states for a problem: the last value that it calls so, boxes or concludes with.

A sentence about a step, a mistake, a case or another problem states nothing. Nothing is compared here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, Literal

from tutor_app.adapters.grading.units import is_unit, measure
from tutor_app.core.against_output import UNSURE, stems
from tutor_app.core.answers import NUMBER, boxed, final_boxes
from tutor_app.tutor.task import Task, stands_in, units_in

_NUMERAL: Final = (
    r"[-\u2212]?\s?(?:\\?[$€£])?\s?(?:\\[dt]?frac\s*\{-?\d+\}\s*\{\d+\}|\d[\d,]*(?:\.\d+)?(?:\s*/\s*\d+)?)(?:\s*\\?%)?"
)
WORDS_FOR_NUMBERS: Final = (
    r"zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    r"|eighteen"
    r"|nineteen|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:-\w+)?"
)
_VALUE: Final = re.compile(
    rf"(?:(?:also|just|exactly|then|still|indeed|equal to|really|simply|only|actually|therefore|always)\s+)*"
    rf"(?P<value>(?:{_NUMERAL}|(?:{WORDS_FOR_NUMBERS})\b)"
    rf"(?:(?:\s*,\s*(?:and\s+|or\s+)?|\s+and\s+|\s+or\s+)(?:[a-zA-Z]\s*=\s*)?{_NUMERAL})*)"
    r"(?P<behind>(?:\s*(?:[A-Za-z°²³/-]|\\circ|\^)+){0,7})",
    re.IGNORECASE,
)
_NAMED: Final = (
    r"(?<![\w\\^_*/+\u2212-])(?<![\d)}}\]+*/-] ){name}\s*(?:=|(?:is|equals|must be|has to be|is equal to)\s)\s*"
    r"|\bvalue of {name}\b[^.=\d]{{0,40}}?\bis\s+"
)
"""The letter that is asked for, and what tells its value."""
_MARKED: Final = re.compile(r"\W*(?:so|therefore|thus|hence|finally)\b", re.IGNORECASE)
_HEAD_IS: Final = r"\b(?:the|its|their)\s+{head}\b[^=]*?(?:=|\bis\b|\bare\b|\bequals\b)"
_PAIR: Final = re.compile(
    rf"(?<![\w\\^_*/+-])([a-z])\s*=\s*({_NUMERAL})\s*(?:,|\band\b|,\s*and\b)\s*([a-z])\s*=\s*({_NUMERAL})(?!\s*[-+*/^\w])"
)
"""The values of two letters."""
_YES_NO: Final = re.compile(r"(?:yes|no|true|false)\b", re.IGNORECASE)
_RESULT_IS: Final = (
    r"\b(?:the|its|their|our|they|both)\s+{name}\b(?P<of>[^=]*?)(?:\b(?:is|are|equals|becomes)\b|=|:)"
    r"\s*(?:then\s+)?(?:given by\s+)?"
)
_OF: Final = re.compile(r"\s*(?:of|for)\s+(?:the (?:function|expression|polynomial|quadratic)\b\s*)?(.*)")
_COMMANDS: Final = (
    r"[dt]?frac|sqrt|pi|cdot|times|sin|cos|tan|ln|log|exp|infty|cup|left|right|pm|leq?|geq?|in|lt|gt|mid|mathbb"
)
"""What may stand in a formula that is a value."""
_AT_POINT: Final = re.compile(r"\b(?:is |are |lies )?at\s+(?:the\s+point\s+)?(?=\()", re.IGNORECASE)
_HALF_BRACED: Final = re.compile(r"\\[dt]?frac\s*(\d)\s*(\d)")
_SENTENCE: Final = re.compile(r"[^\n]+?(?:(?:[.?]|(?<![\d)nk])!)(?=\s|\*|$)|$)", re.MULTILINE)
_REASON: Final = re.compile(
    r",\s+(?=[A-Za-z]{2})(?!and\s+\S*\d|or\s+\S*\d)|;|\((?=[A-Za-z]{2})|(?<=\d)\s+\((?![^()]*[a-z])|\s(?:because|since|so|which|as|when|where|by|from"
    r"|but)\b",
    re.I,
)
_THE_ANSWER: Final = re.compile(
    r"(?<!your )(?<!his )(?<!her )\b(?:answer|solution|final result|antwort|l\u00f6sung|r\u00e9ponse"
    r"|respuesta)\b(?:\s+(?:to|of|for)\s+(?:the|this|your"
    r"|our)?\s*\w+)?"
    r"(?:\s+(?:is|are|was|becomes|ist|lautet|est|es)\b\s*(?:that\b)?:?|\s*[=:])\s*",
    re.IGNORECASE,
)
_CONCLUDED: Final = re.compile(
    r"^\W*(?:(?:so|therefore|thus|hence|finally|and so|in total|altogether)\b,?\s*)"
    r"(?:(?:then|finally|in total|altogether|in the end)\b,?\s*)*"
    r"(?:(?:it|that)['’]s"
    r"|(?:we|you|this|that|it|she|he|they|there)\s+(?:finally\s+)?(?:get|ha(?:s|ve)|obtain|find|arrive at|gives?"
    r"|is|are|equals"
    r"|comes to|makes|leaves|(?:end up|(?:is|are) left) with)"
    r"|(?:the\s+)?(?:\w+\s+)?(?:result|total|sum|value)"
    r"(?:\s+(?:cost|price|amount|number|time|length|distance|weight))?\s+(?:is|equals|comes to))\s*:?\s*",
    re.IGNORECASE,
)
_ELSEWHERE: Final = re.compile(
    r"\b(?:for example|for instance|e\.g\.|an(?:other)? example|similar(?:ly)?|analog\w+"
    r"|(?:want|like|try) another(?! (?:way|method|approach))|imagine|suppose we had"
    r"|what if|in general"
    r"|(?:new|another|next|different|other) (?:problem|question|exercise|case)|let'?s say|think of)\b",
    re.IGNORECASE,
)
_BACK: Final = re.compile(
    r"\b(?:original|our problem|this problem|given problem|your problem|back to)\b", re.IGNORECASE
)
_NO_CLAIM: Final = re.compile(
    r"\b(?:mistake\w*|errors?|misread\w*|confus\w*|tempt\w*|trap|forg[eo]t\w*|try|tries|tried|trying|plug\w*"
    r"|substitut\w*"
    r"|put(?:ting)?|choos\w*|pick|take|at|when|where|with|unless|step|part|either|case|even though|false\w*"
    r"|impossible"
    r"|extraneous|reject\w*|discard\w*|ignore\w*|cannot|can't|never|you(?:r|'ve| have)? (?:got|get|wrote|write"
    r"|said|say|have"
    r"|think|thought|answer|result|value|claim|calculated|found|made|did))\b|≠|\\neq?\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Said:
    """A value that a reply states.

    Attributes:
        latex: The value.
        source: How it was found.
        firm: Whether it is called the answer, or by the name of what is asked.
        named: Whether it is called by the name of what the task makes, such as the factored form.
    """

    latex: str
    source: Literal["boxed", "phrase"]
    firm: bool = False
    named: bool = False


def last_said(reply: str, problem: str, right: str) -> Said | None:
    """The last value that the reply states as the problem's result; firm if it was called the answer anywhere.

    Args:
        reply: All its words.
        problem: What it is about.
        right: The answer to it, whose units and letter tell what is asked for.
    """
    found: Said | None = None
    task, elsewhere = Task.of(problem, right), False
    usual = frozenset(re.findall(r"[a-z]+", problem.lower()))
    sentences = [m[0].strip() for m in _SENTENCE.finditer(reply) if m[0].strip()]
    for number, sentence in enumerate(sentences, 1):
        elsewhere = not _BACK.search(sentence) and (elsewhere or _ELSEWHERE.search(sentence) is not None)
        reason, _, conclusion = sentence.rpartition(", so ")
        if reason and not re.search(r"(?i)\b(?:if|suppose|would|not|because)\b", reason):
            called = _said(reason, task, last=False) if _claims(reason, usual) else None
            found = called if called is not None and called.firm and not elsewhere else found
            sentence = f"So {conclusion}"
        if elsewhere or not _claims(sentence, usual):
            continue
        said = _said(sentence, task, last=number == len(sentences))
        if said is not None:
            again = found is not None and found.firm and found.latex == said.latex
            found = replace(said, firm=said.firm or again)
    return found


def _claims(sentence: str, usual: frozenset[str]) -> bool:
    """Whether a sentence states something as certain, about the problem itself."""
    unsure = {word.lower() for word in UNSURE.findall(sentence)} - usual
    end = re.split(r":\s", sentence)[-1]
    told = end if any(boxed(end)) or _THE_ANSWER.search(end) else sentence
    return not unsure and not _NO_CLAIM.search(_AT_POINT.sub("is ", _plain(_THE_ANSWER.sub(" ", told))))


def _said(sentence: str, task: Task, *, last: bool) -> Said | None:
    plain = _AT_POINT.sub("is ", _plain(sentence))
    value: str | None
    box = final_boxes(sentence)
    called = list(_THE_ANSWER.finditer(plain))
    if called and (value := _value(_end_of_chain(plain[called[-1].end() :]), task)):
        return Said(value, "boxed" if box else "phrase", firm=True)
    if task.names and (places := list(re.finditer(_NAMED.format(name=f"(?:{task.names})"), plain))):
        values = [found for place in places if (found := _value(_end_of_chain(plain[place.end() :]), task))]
        values = [value for value in values if not _is_given(value, task)]
        if values:
            return Said(" or ".join(dict.fromkeys(values)), "boxed" if box else "phrase", firm=True)
    if task.point and (pairs := _PAIR.findall(plain)):
        return Said("({1}, {3})".format(*pairs[-1]), "boxed" if box else "phrase", named=True)
    if box:
        return Said(box, "boxed", firm=bool(called))
    if value := _named_result(plain, task):
        return Said(value, "phrase", named=True)
    if (m := _CONCLUDED.match(plain)) and (value := _value(_end_of_chain(plain[m.end() :]), task)):
        return Said(value, "phrase")
    head = task.head and re.search(_HEAD_IS.format(head=task.head), plain, re.IGNORECASE)
    enough = len(task.asked) > 1 or (last and task.asked and _MARKED.match(plain))
    named = enough and task.asked <= frozenset(stems(plain))
    if (head or named) and (value := _value(_result(plain), task)) and not _is_given(value, task):
        return Said(value, "phrase", named=bool(head))
    return None


def _is_given(value: str, task: Task) -> bool:
    """Whether a formula is one of the problem itself."""
    return re.search(r"[a-z]", value) is not None and stands_in(value, task.text)


def _named_result(plain: str, task: Task) -> str:
    """What a sentence tells to be the factored form, the roots, the point of intersection, as the task has it."""
    pattern = _RESULT_IS.format(name=f"(?:{task.results})")
    for place in re.finditer(pattern, plain, re.IGNORECASE) if task.results else ():
        of = _OF.match(place["of"])
        if of is not None and re.search(r"[\d^]", of[1]) and not stands_in(of[1], task.text):
            continue
        if value := _value(_end_of_chain(plain[place.end() :]), task):
            return value
    return ""


def _result(plain: str) -> str:
    """What a sentence that repeats the question's words comes to: behind its last sign or verb, or its one number."""
    numbers = list(NUMBER.finditer(plain))
    if len(numbers) == 1 and not re.search(r"[=^<>≤≥]|\d[a-z]|\\(?:in|l|g)|[(\[{][^A-Za-z]*\d", plain):
        return plain[numbers[0].start() :]
    return re.split(r"=|\b(?:is|are|equals)\b(?!\s+equal)", plain)[-1].strip()


def _plain(sentence: str) -> str:
    """A sentence without the marks of formulas and emphasis, its boxes opened."""
    text = re.sub(r"\\(?:boxed|fbox|text|mathrm|mbox)\s*\{((?:[^{}]|\{[^{}]*\})*)\}", r" \1 ", sentence)
    text = _HALF_BRACED.sub(r"\\frac{\1}{\2}", text)
    text = re.sub(r"\\\$", "\ue000", text)
    text = (
        re.sub(r"\$(?=\d[\d,.]*(?:\s+[a-z]|[.!,]?\s*$))(?<![\d}]\$)", "\ue000", text) if text.count("$") == 1 else text
    )
    text = re.sub(r"\*\*|__|`|&|\$|\\[()\[\],;:! ]|\\quad|\\left|\\right|\\Rightarrow|\\implies|⇒|→", " ", text)
    return " ".join(text.replace("\ue000", "$").split())


def _end_of_chain(text: str) -> str:
    """What stands behind the last equals sign of ``a = b = c``, within the same clause."""
    clause = _REASON.split(text, maxsplit=1)[0]
    if re.search(r"\b(?:or|and)\b|,", clause):
        return text
    return clause.rpartition("=")[2].strip() if "=" in clause else text


def _value(text: str, task: Task) -> str:
    """The value that a text begins with and is about; empty if there is none, or it is part of something else."""
    clause = _REASON.split(text.strip(), maxsplit=1)[0].strip(" .!:;,*")
    if _YES_NO.fullmatch(clause):
        return clause
    m = _VALUE.fullmatch(clause)
    if m is not None and (not m["behind"][:1].isalpha() or is_unit(m["behind"].split()[0], spaced=False)):
        behind = m["behind"].strip()
        strange = not _same_units(behind, task)
        odd = re.search(r"\b(?:times|of|than|to|more|less|percent|and|or|through|power|digits?|cases?)\b", behind)
        return "" if strange or odd else m["value"].strip()
    if _is_formula(clause):
        clause = re.sub(rf"^(?:{task.name})\s*=\s*(?=[^=]*$)", "", clause) if task.name else clause
        return clause if re.search(r"[A-Za-z\\π√∞<>≤≥({\[]", clause) and re.search(r"\d|\^|[a-z]", clause) else ""
    return ""


def _is_formula(text: str) -> bool:
    """Whether a text is one formula, list or interval: no words, no chain, and as many brackets open as close."""
    bare_words = re.sub(rf"\\(?:{_COMMANDS})(?![A-Za-z])|\b(?:sin|cos|tan|log|sqrt|exp|and)\b", "", text)
    closed = sum(map(text.count, "([{")) == sum(map(text.count, ")]}"))
    one = not re.search(r"=[^=,]*[-+*/(][^=,]*=", text)
    return bool(text) and closed and one and not re.search(r"[A-Za-z]{3}", bare_words)


def _same_units(behind: str, task: Task) -> bool:
    """Whether the units behind a value are those that the problem asks for, as far as they can be told."""
    everywhere, asked = task.units
    for unit in map(measure, units_in(behind)):
        alike_units = [m for u in (asked or everywhere) if (m := measure(u)) and unit and m[0] == unit[0]]
        if unit not in map(measure, everywhere) or any(m != unit for m in alike_units):
            return False
    return True
