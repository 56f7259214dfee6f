"""BF-Trans (MuMath): the backward question told as a plain forward one, with the old answer stated as a fact.

By a teacher, which is given the FOBAR question; or by rules, where the sentence that holds the number and the sentence
that asks are of common forms: "Natalia sold 48 clips in April. ... How many clips did she sell in all?" asks for the 48
once the other number is told. The label is the number that is no longer said.
"""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from trainer.augment.asked import Asked, need_gold, several
from trainer.augment.fobar import FOBAR_TAIL, backward_solution, masked_questions, of_the_masked
from trainer.augment.ground import Grounded, maskable, record
from trainer.data.chain import NotAChain, shown
from trainer.data.number_words import numbers_in, ordinals
from trainer.data.problems import Problem
from trainer.data.records import question_id, record_id
from trainer.data.sentences import sentences, told
from trainer.synthesize.make_code import run_block
from trainer.teacher.work import NotMade
from tutor_app.core.parts import Text
from tutor_app.core.ports import Cancel, CodeExecutor
from tutor_app.core.transcript import Transcript

METHOD: Final = "bf-trans"
_BACKWARD_WORDS: Final = re.compile(r"\bX\b|unknown|variable|the above|the answer", re.IGNORECASE)


def bf_trans(problem: Problem, asked: Asked, cancel: Cancel) -> list[Transcript]:
    """Forward questions for numbers of the problem, by a teacher.

    Raises:
        NotMade: If none is good.
    """
    gold = need_gold(problem)
    masked = masked_questions(problem.text, gold, asked.teacher.sampling.seed)

    def turned(backward: str, hidden: str) -> Transcript:
        check = functools.partial(_need_forward, backward, hidden, gold)
        forms = functools.partial(_forward_forms, backward)
        question = asked.question(METHOD, problem, cancel, asked=backward, check=check, forms=forms)
        return asked.executed(METHOD, problem, question, hidden, "masked number", cancel)

    return several(asked, functools.partial(of_the_masked, masked, asked, turned))


_REPLY: Final = re.compile(
    r"Fact:\s*(?P<fact>[^\n]+)\s*^\W*Asked:\s*(?P<asked>[^\n]+?)\s*(?:^\W*Together:\s*(?P<together>.+))?",
    re.DOTALL | re.MULTILINE,
)


def _forward_forms(backward: str, reply: str) -> list[str]:
    """The new question as the teacher told it and, from its fact and what it asks for, as the old one is told.

    Small teachers find the fact and the question, and yet leave the X where it was.
    """
    m = _REPLY.fullmatch(reply.strip())
    if m is None:
        return [reply]
    whole = [m["together"]] if m["together"] else []
    rest = _told_without(backward.split(FOBAR_TAIL)[0])
    return [*whole, f"{rest} {m['fact'].strip()} {m['asked'].strip()}"] if rest else whole or [reply]


_NOT_BEFORE_SOME: Final = re.compile(
    r"\b(?:an?|the|these|those|his|her|their|its|first|next|last|another|every|each|all|than|number|\d+) $",
    re.IGNORECASE,
)


def _told_without(masked: str) -> str:
    """A problem without its question, and with words for its X; empty if they would not fit there."""
    before, x, after = told(masked).partition("X")
    if not x or "X" in after:
        return ""
    if after.startswith(("%", " percent")):
        before, after = re.sub(r"\ban? $", "", before), re.sub(r"^(?:%| percent)", "", after)
        some = "a certain percentage"
    elif before.endswith("$"):
        before, some = before[:-1], "a certain amount"
    elif re.match(r"-| (?:more|less|fewer|other|extra|additional)\b", after):
        return ""
    else:
        noun = re.match(
            r" (?!(?:and|or|to|of|for|in|on|at|from|with|by|each|per|as|than|is|are|was|were)\b)[a-z]", after
        )
        some = "a certain number of" if noun else "a certain number"
    if _NOT_BEFORE_SOME.search(before):
        return ""
    begins = not before or re.search(r"[.!?] $", before) is not None
    return f"{before}{some[0].upper() + some[1:] if begins else some}{after}"


def _need_forward(backward: str, hidden: str, gold: str, question: str) -> None:
    """See that a question tells what the backward one tells, in the form of any other question.

    Raises:
        NotMade: If it does not.
    """
    if _BACKWARD_WORDS.search(question):
        raise NotMade("the question is still a backward one")
    said, known = set(numbers_in(question)), set(numbers_in(backward))
    if set(numbers_in(hidden)) & (said - known):
        raise NotMade("the question says its answer")
    if not set(numbers_in(gold)) <= said:
        raise NotMade("the old answer is not stated")
    if known - said - set(ordinals(question)) - {1}:
        raise NotMade("a number was lost")


_VERBS: Final = (
    "sell sold sells;buy bought buys;need needed needs;spend spent spends;pay paid pays;earn earned earns;"
    "make made makes;eat ate eats;collect collected collects;get got gets;receive received receives;read read reads;"
    "walk walked walks;run ran runs;drive drove drives;save saved saves;use used uses;plant planted plants;"
    "pick picked picks;bake baked bakes;owe owed owes;weigh weighed weighs;drink drank drinks;catch caught catches;"
    "lose lost loses;find found finds;write wrote writes;grow grew grows;carry carried carries;"
    "produce produced produces;work worked works;complete completed completes;score scored scores;gain gained gains;"
    "raise raised raises;donate donated donates;order ordered orders;travel traveled travels;cook cooked cooks;"
    "invite invited invites;watch watched watches;own owned owns;hold held holds;contain contained contains;"
    "deliver delivered delivers;paint painted paints;knit knitted knits;build built builds;wash washed washes"
)
_FORMS: Final = [tuple(forms.split()) for forms in _VERBS.split(";")]
_PAST: Final = {base: past for base, past, _ in _FORMS} | {"have": "had"}
_THIRD: Final = {base: third for base, _, third in _FORMS} | {"have": "has"}
_BASE_OF_PAST: Final = {past: base for base, past, _ in _FORMS if past != base}
_BASE_OF_THIRD: Final = {third: base for base, _, third in _FORMS}
_SUBJECT: Final = (
    r"[A-Z][a-z]+(?: and [A-Z][a-z]+)?|(?:[Tt]he|[Ee]ach|[Ee]very|[Aa]n?|[Hh]is|[Hh]er|[Tt]heir) [a-z]+(?: [a-z]+)?"
)
_PRONOUN: Final = r"he|she|they|it"
_HOW_MANY: Final = re.compile(
    rf"How (?P<how>many|much) (?P<noun>[a-z]+(?: [a-z]+){{0,3}}?) (?P<aux>did|does|do|will) "
    rf"(?P<subject>{_SUBJECT}|{_PRONOUN}) (?P<verb>{'|'.join(_PAST)})\b(?P<rest>[^,?]*)\?"
)
_INFINITIVE: Final = re.compile(
    r" (?P<do>to [a-z]+(?: up)?)(?= ?$| (?:to|an?|each|per|every|in|on|at|for|from|by|this|before|after|with)\b)"
)
"""What is done with the things asked for; "to make six bracelets" has things of its own and is a purpose."""
_ARE_LEFT: Final = re.compile(
    r"How many (?P<noun>[a-z]+(?: [a-z]+){0,3}?) (?P<be>are|were) (?P<rest>(?:left|there|in|on|at)\b[^,?]*)\?"
)
_HOLDS: Final = re.compile(
    rf"(?P<lead>(?:On|In|Last|Yesterday|Every|This) ?[A-Z]?[a-z]*,? )?(?P<subject>{_SUBJECT}) "
    rf"(?P<verb>{'|'.join([*_BASE_OF_PAST, *_BASE_OF_THIRD])}) "
    r"(?P<number>\d[\d,]*(?:\.\d+)?) (?P<noun>[a-z]+(?:s|people|children)\b(?: of [a-z]+)?)"
    r"(?P<rest>[^.,;]*)(?P<end>[.,;].*|$)"
)
_NOUN: Final = (
    r"(?P<noun>(?!(?:more|other|less|fewer|extra|additional|dozen|hundred|thousand|million)\b)"
    r"(?:[a-z]+ ){0,2}?(?:[a-z]+s|people|children)\b(?: of [a-z]+)?)"
)
_HAS: Final = re.compile(
    rf"(?P<subject>[A-Z][a-z]+|(?:The|A|An) [a-z]+) (?P<verb>has|had) (?P<number>\d[\d,]*) {_NOUN}(?P<rest>[^.,;]*)\."
)
_THERE: Final = re.compile(rf"There (?P<verb>are|were) (?P<number>\d[\d,]*) {_NOUN}(?P<rest>[^.,;]*)\.")
_CHANGE: Final = re.compile(
    r"\b(?:left|now|remain\w*|in the end|at the end|after|still|then|later|los[et]s?|gives?|gave|buys?|bought"
    r"|sells?|sold|joins?|joined|leaves?|(?:gets?|got) (?:on|off)|eats?|ate|adds?|added|takes?|took"
    r"|receive[sd]?|adopted|removed?|away|donate[sd]?|uses?|used)\b",
    re.IGNORECASE,
)
_TIMED: Final = re.compile(r"\b(?:beginning|start|today|week|month|year|first|each|every|originally)\b")
_RESTS: Final = re.compile(
    r"(?: (?:in|on|at|to|for|from|with|during|yesterday|last|this|every|each|per) ?[A-Za-z' ]*)?"
)
_BAD_REST: Final = re.compile(r"\b(?:and|but|that|which|who|than|as|if|because|so|more|less|fewer)\b|\d")


def bf_trans_by_rules(
    question: str, answer: str, executor: CodeExecutor, *, n: int = 1, seed: int = 0
) -> Iterator[Transcript]:
    """Forward questions for numbers that stand in a sentence of a common form.

    Raises:
        NotAChain: If the problem cannot be masked safely, or its sentences have other forms.
        SandboxFault: If code cannot be run here at all.
    """
    base = maskable(question, answer)
    parts = sentences(question)
    fact = _stated(parts[-1], shown(base.gold))
    places = list(base.places.items())
    random.Random(f"{question}/{seed}/{METHOD}").shuffle(places)
    turned = False
    for text, (start, end) in places:
        if n <= 0:
            return
        asked = _asked(parts, question, start, end)
        if asked is None:
            continue
        turned = True
        at, masked, ask = asked
        told = [*parts[:at], masked, *parts[at + 1 : -1], fact, ask]
        made = _checked(base, text, " ".join(told), question, executor, seed)
        if made is not None:
            n -= 1
            yield made
    if not turned:
        raise NotAChain("no number stands in a sentence of a common form")


def _stated(ask: str, gold: str) -> str:
    """The sentence that asks, as a statement with its answer.

    Raises:
        NotAChain: If it is of another form.
    """
    m = _HOW_MANY.fullmatch(ask)
    if m is not None and not _BAD_REST.search(m["rest"]):
        amount = f"${gold}" if m["how"] == "much" and m["noun"] in ("money", "dollars") else f"{gold} {m['noun']}"
        if m["how"] == "much" and not amount.startswith("$"):
            raise NotAChain("the question that asks is of another form")
        subject, verb, rest = m["subject"], m["verb"], m["rest"]
        subject = subject[0].upper() + subject[1:]
        if (infinitive := _INFINITIVE.match(rest)) is not None and verb in ("need", "have"):
            # "How many words does he need to learn a day?": it is what he learns, so it stands behind that verb.
            amount, rest = f"{infinitive['do']} {amount}", rest[infinitive.end() :]
        if m["aux"] == "did":
            verb = _PAST[verb]
        elif m["aux"] == "does" and " and " not in subject:
            verb = _THIRD[verb]
        elif m["aux"] == "will":
            verb = f"will {verb}"
        return f"{subject} {verb} {amount}{rest}."
    m = _ARE_LEFT.fullmatch(ask)
    if m is not None and not _BAD_REST.search(m["rest"]) and gold != "1":
        rest = m["rest"].removeprefix("there").strip()
        if m["rest"].startswith("there"):
            return f"There {m['be']} {gold} {m['noun']}{' ' + rest if rest else ''}."
        return f"{gold} {m['noun']} {m['be']} {rest}."
    raise NotAChain("the question that asks is of another form")


def _asked(parts: list[str], question: str, start: int, end: int) -> tuple[int, str, str] | None:
    """Which sentence holds the number, that sentence without it, and the question for it."""
    written = question[start:end]
    holders = [i for i, s in enumerate(parts[:-1]) if re.search(rf"(?<![\d.,]){re.escape(written)}(?![\d]|[.,]\d)", s)]
    if len(holders) != 1:
        return None
    sentence = parts[holders[0]]
    m = _HOLDS.fullmatch(sentence)
    if m is None and holders[0] == 0:
        return _owned(sentence, written, " ".join(parts[1:]))
    if m is None or m["number"] != written or _RESTS.fullmatch(m["rest"]) is None or _BAD_REST.search(m["rest"]):
        return None
    if m["lead"] or not re.fullmatch(r"\.", m["end"]):
        return None
    past = _BASE_OF_PAST.get(m["verb"])
    subject = m["subject"]
    first = subject.split()[0]
    if first in _NO_SUBJECT:
        return None
    plural = " and " in subject or first == "They"
    asked_subject = subject[0].lower() + subject[1:] if first in _LOWER else subject
    asked_subject = re.sub(r"^an? ", "the ", asked_subject)
    verb = past or _BASE_OF_THIRD[m["verb"]]
    aux = "did" if past else ("do" if plural else "does")
    masked = f"{subject} {m['verb']} some {m['noun']}{m['rest']}."
    return holders[0], masked, f"How many {m['noun']} {aux} {asked_subject} {verb}{m['rest']}?"


def _owned(sentence: str, written: str, later: str) -> tuple[int, str, str] | None:
    """The same for what somebody has, or what there is, in the first sentence.

    What is told later may make them more or fewer: then "at first" says which are meant.
    """
    m = _HAS.fullmatch(sentence) or _THERE.fullmatch(sentence)
    if m is None or m["number"] != written or _RESTS.fullmatch(m["rest"]) is None or _BAD_REST.search(m["rest"]):
        return None
    noun, rest = m["noun"], m["rest"]
    there = "subject" not in m.groupdict()
    subject = "There" if there else m["subject"]
    masked = f"{subject} {m['verb']} some {noun}{rest}."
    first = _CHANGE.search(later) is not None and _TIMED.search(rest) is None
    now = m["verb"] in ("has", "are") and not first
    after = re.sub(r"\b[Aa]n? ", "the ", rest) + (" at first" if first else "")
    if there:
        return 0, masked, f"How many {noun} {'are' if now else 'were'} there{after}?"
    who = re.sub(r"^(?:The|An?) ", "the ", subject)
    return 0, masked, f"How many {noun} {'does' if now else 'did'} {who} have{after}?"


_LOWER: Final = frozenset(("The", "Each", "Every", "A", "An", "His", "Her", "Their", "He", "She", "They", "It"))
"""What a subject may begin with that is written small within a sentence."""
_NO_SUBJECT: Final = frozenset(("There", "This", "That", "These", "Those", "Another", "Also", "Then", "One", "Some"))


def _checked(
    base: Grounded, text: str, asked: str, question: str, executor: CodeExecutor, seed: int
) -> Transcript | None:
    """A record whose code finds exactly the number that is no longer said, or None."""
    value = Fraction(text)
    key = record_id("gsm8k-train", METHOD, asked)
    opening, code, closing = backward_solution(base, text, key, seed)
    session = executor.open()
    try:
        output = run_block(session, code.source)
    finally:
        session.close()
    if output.status != "ok" or output.stdout.strip() != f"[{shown(value)}]":
        return None
    end = Text(closing.text.format(answer=shown(value)))
    parent = question_id(question)
    return record(asked, (opening, code, output, end), value, key, METHOD, parent, label="masked number", seed=seed)
