"""What a reply says the answer to the problem is, and whether that is the answer that its solution was found to have.

A small model that is asked "Why?" may come to another number than the solution it explains. That is told only where the
reply is surely about the same problem and states its result: a question that changes the problem, asks for something
else or for an example, and a sentence about a step, a mistake or a case, are never held against it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from tutor_app.adapters.checking.work.values import Value, alike
from tutor_app.adapters.grading.units import is_unit, measure
from tutor_app.core.against_output import UNSURE, asked_stems, stems
from tutor_app.core.answers import NUMBER, final_boxes
from tutor_app.core.parts import Answer, Part, Text
from tutor_app.core.transcript import Transcript
from tutor_app.core.verdicts import Verdict
from tutor_app.tutor.about import About, about_what, claimed, numbers_of, texts_of
from tutor_app.tutor.leaks import values_of, written
from tutor_app.tutor.samples import known_answer

_NUMERAL: Final = (
    r"[-\u2212]?\s?(?:\\?[$€£])?\s?(?:\\[dt]?frac\s*\{-?\d+\}\s*\{\d+\}|\d[\d,]*(?:\.\d+)?(?:\s*/\s*\d+)?)(?:\s*\\?%)?"
)
_WORDS_FOR_NUMBERS: Final = (
    r"zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    r"|eighteen"
    r"|nineteen|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:-\w+)?"
)
_VALUE: Final = re.compile(
    rf"(?:(?:also|just|exactly|then|still|indeed|equal to|really|simply|only|actually|therefore|always)\s+)*"
    rf"(?P<value>(?:{_NUMERAL}|(?:{_WORDS_FOR_NUMBERS})\b)"
    rf"(?:(?:\s*,\s*(?:and\s+|or\s+)?|\s+and\s+|\s+or\s+)(?:[a-zA-Z]\s*=\s*)?{_NUMERAL})*)"
    r"(?P<behind>(?:\s*(?:[A-Za-z°²³/-]|\\circ|\^)+){0,7})",
    re.IGNORECASE,
)
_NAMED: Final = (
    r"(?<![\w\\^_*/+\u2212-])(?<![\d)}}\]+*/-] ){name}\s*(?:=|(?:is|equals|must be|has to be|is equal to)\s)\s*"
    r"|\bvalue of {name}\b[^.=\d]{{0,40}}?\bis\s+"
)
"""The letter that is asked for, and what tells its value."""
_CHECKS: Final = re.compile(r"\b(?:check\w*|verif\w*|test\w*|prove|proof|sure|correct|right|plug\w*)\b", re.IGNORECASE)
_MARKED: Final = re.compile(r"\W*(?:so|therefore|thus|hence|finally)\b", re.IGNORECASE)
_HEAD: Final = re.compile(
    r"\b(?:what (?:is|was)|find|calculate|determine|compute)\s+(?:the|its|their)\s+([a-z]{3,})", re.IGNORECASE
)
_HEAD_IS: Final = r"\b(?:the|its|their)\s+{head}\b[^=]*?(?:=|\bis\b|\bequals\b)"
_SENTENCE: Final = re.compile(r"[^\n]+?(?:(?:[.?]|(?<![\d)nk])!)(?=\s|\*|$)|$)", re.MULTILINE)
_REASON: Final = re.compile(
    r",\s+(?=[A-Za-z]{2})(?!and\s+\S*\d|or\s+\S*\d)|;|\(|\s(?:because|since|so|which|as|when|where|by|from"
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
    r"|(?:the\s+)?(?:\w+\s+)?(?:result|total|sum|value)\s+(?:is|equals|comes to))\s*:?\s*",
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
_ASKED_NAME: Final = re.compile(
    r"\b(?:find|solve for|value of|what is|determine|compute|calculate"
    r"|for)\s+(?:the\s+)?(?:value\s+of\s+)?\$?([b-zA-Z])\b\$?(?!\s*[-+*/^(_])"
)


@dataclass(frozen=True, slots=True)
class _Said:
    """A value that a reply states.

    Attributes:
        latex: The value.
        source: How it was found.
        firm: Whether it is called the answer, or by the name of what is asked.
    """

    latex: str
    source: Literal["boxed", "phrase"]
    firm: bool = False


@dataclass(frozen=True, slots=True)
class _Task:
    """What a problem asks for.

    Attributes:
        name: The letter that is asked for, or empty.
        head: The first noun of "What is the area of ...", or empty.
        asked: The words that tell what is asked for.
        units: All units that stand in the problem and its answer, and those of the question alone.
    """

    name: str
    head: str
    asked: frozenset[str]
    units: tuple[frozenset[str], frozenset[str]]

    @classmethod
    def of(cls, problem: str, right: str) -> _Task:
        """Read a problem, with its answer."""
        question = re.split(r"(?<=[.!?])\s", problem.strip())[-1]
        asked = frozenset(_units(question)) | frozenset(_units(right))
        head = _HEAD.search(problem)
        units = (frozenset(_units(problem)) | asked, asked)
        words = re.sub(r"\\[A-Za-z]+", " ", problem)  # signs and letters of formulas tell nothing
        named = frozenset(stem for stem in asked_stems(words) if len(stem) > 1)
        return cls(_name(problem, right), head[1] if head is not None else "", named, units)


def judged_reply(
    question: str,
    solved: Transcript,
    given: Answer | None,
    parts: Sequence[Part],
    same: Callable[[str, str], bool | None],
) -> Answer | None:
    """The reply's answer with its verdict, where it is about the problem of the solution; else None.

    Args:
        question: As asked.
        solved: The solution that it is about.
        given: The answer that the reply boxes, or calls so.
        parts: Of the reply, as far as they are complete.
        same: Whether two answers are equal; None where that cannot be told.
    """
    right, sure = _right(solved)
    about = about_what(question, solved)
    if not right or solved.problem == question or about == "else":
        return None
    reply = "\n\n".join(part.text for part in parts if isinstance(part, Text))
    said = _last_said(reply, solved, right, about)
    values = [said] if said is not None else []
    if given is not None and (said is None or not given.parts):
        values.append(_Said(final_boxes(reply) or given.latex, "boxed"))
    for value in values:
        if same(right, value.latex) is True:
            agreed = Verdict("checked" if sure else "unchecked", "solution" if sure else "")
            if given is not None and given.source == "phrase" and said is not None:
                given = replace(given, latex=said.latex)  # "indeed 3 servings"
            return replace(given, verdict=agreed) if given is not None else None
    if said is None or not _contradicts(right, said, same):
        return None
    if said.latex in numbers_of(question) and not claimed(question):
        return None  # what is asked about, such as "Why 6?"
    if not said.firm and not (about == "all" and _stands_alone(reply, solved, right, said, question)):
        return None
    verdict = Verdict("wrong", "solution", right) if sure else Verdict("unchecked", "solution", right)
    return Answer(said.latex, said.source, verdict)


def _right(solved: Transcript) -> tuple[str, bool]:
    """The answer to hold a reply against, and whether it is known to be right; empty where there is none."""
    answer = solved.answer
    if answer is None or answer.parts:
        return "", False
    verdict = answer.verdict
    if verdict.kind in ("checked", "numeric"):
        return answer.latex, True
    if verdict.kind == "wrong":
        right = known_answer(solved.problem) if verdict.how == "known" else verdict.right
        return ("", False) if "=" in right or not right else (right, True)
    return answer.latex, False


# -- what a reply states -------------------------------------------------------------------------------------------


def _last_said(reply: str, solved: Transcript, right: str, about: About) -> _Said | None:
    """The last value that the reply states as the problem's result."""
    found: _Said | None = None
    task, elsewhere = _Task.of(solved.problem, right), False
    usual = frozenset(re.findall(r"[a-z]+", solved.problem.lower()))
    sentences = [m[0].strip() for m in _SENTENCE.finditer(reply) if m[0].strip()]
    for number, sentence in enumerate(sentences, 1):
        elsewhere = not _BACK.search(sentence) and (elsewhere or _ELSEWHERE.search(sentence) is not None)
        reason, _, conclusion = sentence.rpartition(", so ")
        if reason and not re.search(r"(?i)\b(?:if|suppose|would|not|because)\b", reason):
            sentence = f"So {conclusion}"
        unsure = {word.lower() for word in UNSURE.findall(sentence)} - usual
        if elsewhere or unsure or _NO_CLAIM.search(_THE_ANSWER.sub(" ", sentence)):
            continue
        found = _said(sentence, task, last=number == len(sentences)) or found
    return found


def _said(sentence: str, task: _Task, *, last: bool) -> _Said | None:
    plain = _plain(sentence)
    value: str | None
    box = final_boxes(sentence)
    called = list(_THE_ANSWER.finditer(plain))
    if called and (value := _value(_end_of_chain(plain[called[-1].end() :]), task)):
        return _Said(value, "boxed" if box else "phrase", firm=True)
    if task.name and (places := list(re.finditer(_NAMED.format(name=task.name), plain))):
        values = [found for place in places if (found := _value(_end_of_chain(plain[place.end() :]), task))]
        if values:
            return _Said(" or ".join(dict.fromkeys(values)), "boxed" if box else "phrase", firm=True)
    if box:
        return _Said(box, "boxed", firm=bool(called))
    if (m := _CONCLUDED.match(plain)) and (value := _value(_end_of_chain(plain[m.end() :]), task)):
        return _Said(value, "phrase")
    head = task.head and re.search(_HEAD_IS.format(head=task.head), plain, re.IGNORECASE)
    enough = len(task.asked) > 1 or (last and task.asked and _MARKED.match(plain))
    named = enough and task.asked <= frozenset(stems(plain))
    if (head or named) and (value := _value(_result(plain), task)):
        return _Said(value, "phrase")
    return None


def _result(plain: str) -> str:
    """What a sentence that repeats the question's words comes to: behind its last sign or verb, or its one number."""
    numbers = list(NUMBER.finditer(plain))
    if len(numbers) == 1 and not re.search(r"[=^]|\d[a-z]", plain):
        return plain[numbers[0].start() :]
    return re.split(r"=|\b(?:is|are|equals)\b(?!\s+equal)", plain)[-1].strip()


def _name(problem: str, right: str) -> str:
    """The letter that is asked for; empty where there is none, or several."""
    if m := re.search(r"(?i)\b(?:find|what is|compute|evaluate|determine|calculate)\s+\$?([a-z]\(-?\d+\))", problem):
        return re.escape(m[1])
    if m := re.match(r"\s*\$?([A-Za-z])\s*=", right) or _ASKED_NAME.search(problem):
        return str(m[1])
    plain = re.sub(r"\\[A-Za-z]+", " ", problem)
    letters: set[str] = set(re.findall(r"(?<![A-Za-z])[\d.]*([A-Za-z])(?![A-Za-z])", plain.split("olve", 1)[-1]))
    if "=" in problem and re.search(r"\b[Ss]olve\b|^[^A-Za-z]*[A-Za-z]?[^A-Za-z]*$", plain) and len(letters) == 1:
        return letters.pop()
    return ""


def _plain(sentence: str) -> str:
    """A sentence without the marks of formulas and emphasis, its boxes opened."""
    text = re.sub(r"\\(?:boxed|fbox|text|mathrm|mbox)\s*\{((?:[^{}]|\{[^{}]*\})*)\}", r" \1 ", sentence)
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


def _value(text: str, task: _Task) -> str:
    """The value that a text begins with and is about; empty if there is none, or it is part of something else."""
    clause = _REASON.split(text.strip(), maxsplit=1)[0].strip(" .!:;,*")
    m = _VALUE.fullmatch(clause)
    if m is not None and (not m["behind"][:1].isalpha() or is_unit(m["behind"].split()[0], spaced=False)):
        behind = m["behind"].strip()
        strange = not _same_units(behind, task)
        odd = re.search(r"\b(?:times|of|than|to|more|less|percent|and|or|through|power|digits?|cases?)\b", behind)
        return "" if strange or odd else m["value"].strip()
    formula = re.sub(
        r"\\(?:[dt]?frac|sqrt|pi|cdot|times|sin|cos|tan|ln|log|exp|infty|cup|left|right|pm|le|ge)\b", "", clause
    )
    if clause and not re.search(r"[A-Za-z]{3}", re.sub(r"\b(?:sin|cos|tan|log|sqrt|exp|and)\b", "", formula)):
        clause = re.sub(rf"^{task.name}\s*=\s*(?=[^=]*$)", "", clause) if task.name else clause
        return clause if re.search(r"[A-Za-z\\π√∞]", clause) and re.search(r"\d|\^|[a-z]", clause) else ""
    return ""


def _units(text: str) -> Iterator[str]:
    """The units behind numbers and in questions for an amount, without the endings of plurals."""
    yield from (unit for sign, unit in (("$", "dollar"), ("€", "euro"), ("£", "pound")) if sign in text)
    for word in re.findall(r"(?<![\\A-Za-z])[A-Za-z]+", re.sub(r"\\text\s*\{", " ", text)):
        if word not in ("in", "a", "A", "I", "am") and is_unit(word, spaced=True):
            yield word.removesuffix("s") if len(word) > 2 else word


def _same_units(behind: str, task: _Task) -> bool:
    """Whether the units behind a value are those that the problem asks for, as far as they can be told."""
    everywhere, asked = task.units
    for unit in map(measure, _units(behind)):
        alike_units = [m for u in (asked or everywhere) if (m := measure(u)) and unit and m[0] == unit[0]]
        if unit not in map(measure, everywhere) or any(m != unit for m in alike_units):
            return False
    return True


# -- against the answer --------------------------------------------------------------------------------------------


def _contradicts(right: str, said: _Said, same: Callable[[str, str], bool | None]) -> bool:
    """Whether a value cannot be the answer, nor a part of it, nor, unless it is called so, its opposite."""
    if not re.search(r"\d|\\pi|[=^]|^\W*[a-z]\W*$", right) or not re.search(r"\d|\\pi|[a-z]", said.latex):
        return False
    if same(right, said.latex) is not False:
        return False
    ours, theirs = _numbers(right), _numbers(said.latex)
    if not ours or not theirs:
        # One is a formula, the other may be too; a number alone is no formula and is told of a formula only if boxed.
        return bool(ours) == bool(theirs) or (said.source == "boxed" and said.firm)
    shared = [value for value in theirs if any(alike(value, own) for own in ours)]
    if shared and (len(theirs) < len(ours) or len(ours) == 1 or len(shared) == len(theirs)):
        return False
    if len(ours) == len(theirs) == 1 and re.search(r"%|\d\.\d", said.latex) and _nearly(theirs[0], ours[0]):
        return False
    opposite = len(ours) == len(theirs) == 1 and alike(ours[0], -theirs[0])
    return not opposite or said.firm


def _nearly(said: Value, right: Value) -> bool:
    """Whether a number is another one rounded, perhaps in per cent."""
    a, b = float(said), float(right)
    return any(abs(a * factor - b) <= abs(b) / 200 for factor in (1, 100, 0.01))


def _numbers(latex: str) -> tuple[Value, ...]:
    """The numbers that an answer consists of; none where it is a formula with letters."""
    bare = re.sub(r"\\(?:text|mathrm)\s*\{[^{}]*\}|\\[A-Za-z]+|[A-Za-z]\w*\s*=|\b(?:and|or)\b", " ", _in_figures(latex))
    letters = re.search(r"(?<![A-Za-z])[A-Za-z](?![A-Za-z])|[\d)][A-Za-z]", bare)
    return () if letters else values_of(_in_figures(latex))


def _in_figures(latex: str) -> str:
    """A number in words as figures."""
    if re.fullmatch(rf"(?:{_WORDS_FOR_NUMBERS})", latex, re.IGNORECASE):
        return next((str(value) for value in list(written(latex))[-1:]), latex)
    return latex


def _stands_alone(reply: str, solved: Transcript, right: str, said: _Said, question: str) -> bool:
    """Whether a value that nothing calls the answer can be nothing else.

    The right one is nowhere in the reply, and unless it is boxed, it is no number of the problem or the solution. A
    check of the answer that comes back to a number of the problem boxes that.
    """
    ours = _numbers(right)
    in_problem = [value for value in written(solved.problem) if any(alike(value, own) for own in ours)]
    place = (
        "\n".join(re.findall(r"(?:=|\bis\b|\bare\b|\bget\b|\bgives\b|boxed\{)([^\n.]{0,12})", reply))
        if in_problem
        else reply
    )
    if ours and all(any(alike(value, own) for value in written(place)) for own in ours):
        return False
    theirs = _numbers(said.latex)
    boxed = said.source == "boxed"
    if boxed and not _CHECKS.search(question):
        return True
    texts = [solved.problem] if boxed else texts_of(solved)
    known = [value for text in texts for value in written(text)]
    return not (theirs and all(any(alike(value, own) for value in known) for own in theirs))
