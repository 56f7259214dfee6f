"""Tells whether a text is English: no model, no data of a language but one list of frequent words.

Names, numbers, formulas and code say nothing; of the other words of English mathematics most are of the list, of any
other language hardly one. It is judged by sentence, too, because a teacher may change its language on the way.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

_WORDS: Final = """
the of and to is in it that for are with as his they be at one have this from or had by not but what all were we when
your can said there each which she do how their if will her then them these some would other into has more two many
than first been its who now did get made after back only much every same because does both between you he i my our us
out up off over under about just like so was on no any few most least less fewer own until while since where why total
number answer find three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty hundred
thousand million half twice double triple third fourth fifth sixth quarter dozen once time second last next another
hour minute day week month year today tomorrow yesterday morning night afternoon evening monday tuesday wednesday
thursday friday saturday sunday cost price pay paid spend spent buy bought sell sold money dollar cent worth cheap
expensive earn save saving profit bill tax tip discount sale charge rate amount sum difference product quotient ratio
percent percentage average mean median fraction remain remaining rest left leave need want give gave given take took
taken make use go goes went come came see saw seen know known let say tell told call ask asked put keep kept hold held
add added subtract away multiply divide divided equal equally altogether together combined already still again even
odd very too enough extra additional whole full empty part piece pair group set box bag pack package jar bottle cup
bowl basket bucket crate case carton pile row column table list page book paper pencil pen card letter word line point
score game team player class school student teacher child children kid boy girl man men woman women people person
friend family brother sister mother father mom dad son daughter parent cousin uncle aunt neighbor worker member guest
customer passenger house home room floor door window wall yard garden farm field park store shop market street road
city town building office library kitchen car truck bus train bike boat plane trip drive drove driving walk run ran
ride rode fly swim travel speed fast slow mile kilometer meter metre centimeter inch foot feet long length short wide
width tall height high low deep depth big large small little size area volume perimeter weight weigh heavy light pound
ounce ton gram kilogram liter litre gallon quart pint water milk juice coffee tea food meal lunch dinner breakfast
bread cake cookie pie pizza candy chocolate fruit apple orange banana berry egg meat fish chicken cow horse dog cat
bird animal pet tree flower plant seed leaf leaves green red blue yellow white black brown pink purple color colour
new old young age born ago later before during through across around among against toward inside outside start begin
began beginning end finish complete stop continue change turn open close read write wrote cook eat ate eaten drink
drank sleep work job play watch wash clean paint build built cut break fill pour grow grew pick collect catch caught
throw hit win won lose lost miss share split receive got send sent bring brought carry order deliver visit meet invite
help try decide plan hope think thought believe require must should could may might cannot possible different similar
either neither instead however therefore thus hence finally lastly notice note recall consider suppose assume show
prove obtain follow following above below calculate compute computed determine evaluate simplify solve solution
problem question step result value values unknown variable equation expression formula function graph term terms
coefficient constant factor multiple integer digit prime positive negative zero root square cube power exponent
logarithm sequence series arithmetic geometric polynomial quadratic linear system matrix vector angle degree triangle
rectangle circle radius diameter circumference polygon side edge vertex corner diagonal parallel perpendicular segment
distance coordinate axis slope intercept probability chance event outcome random choose chosen way ways arrangement
combination permutation subset element divisible remainder greatest common minimum maximum interval range domain real
complex imaginary rational irrational finite infinite limit simply directly exactly approximately nearly almost
roughly per unit units times plus minus substitute substituting plug plugging rewrite rearrange rearranging isolate
cancel expand written denote denoted represent represents define defined satisfy satisfies holds true false right
wrong correct check verify confirm conclude analysis knowledge fact outline execution print printed output code python
here using follows depends relation quantity quantities nickel dime penny coin income salary wage interest loan bank
account budget expense expenses balance debt fee ticket tank gas fuel battery machine computer phone movie song music
race ball marble sticker stamp toy doll bead ribbon shirt shoe sock hat dress clothes jacket pants ring gold silver
wood brick stone sand sheet fabric rope wire board plank nail brush canvas picture painting photo cover covering such
further similarly initial initially original originally final current currently previous previously newly starting
reach reached increase increased decrease decreased reduce reduced raise raised rise drop dropped fall fell stay
stayed wait arrive arrived join joined enter return returned remove removed found finds create shell sea ocean beach
bear duck goat sheep pig snake insect vegetable potato tomato corn rice sugar butter cheese cream ice pan tub plate
spoon knife fork factory company business employee hire manager police doctor nurse farmer king queen club band
concert museum zoo circus camp hotel airport station bridge river lake island mountain forest sun moon star rain snow
wind hot cold warm replace replaced repair fix lay laid stand sit move moved bottom top front middle those mark choice
batch perform addition subtraction multiplication division calculation seem process express expressed relationship
slice degrees celsius fahrenheit mph kph kmh rpm lbs hrs mins secs min sec yds gal tbsp tsp january february march april
june july august september october november december
key idea hint remark summary overview approach method strategy proof claim goal task reason reasoning explain
explanation detail insight observe observation intuition background context assumption interpret interpretation setup
"""
_KNOWN: Final = frozenset(_WORDS.split())
_ENDINGS: Final = ("s", "es", "ed", "d", "ing", "er", "ers", "ly", "'s", "'t", "n't", "'re", "'ll", "'ve", "’s")
_CODE: Final = re.compile(r"```.*?(?:```|\Z)|\[asy\].*?(?:\[/asy\]|\Z)", re.DOTALL)
_LATEX: Final = re.compile(r"\\[A-Za-z]+|\$[^$]*\$|\\\[.*?\\\]|\\\(.*?\\\)", re.DOTALL)
_SENTENCE: Final = re.compile(r"(?<=[.!?:;])\s+|\n+")
_WORD: Final = re.compile(r"[^\W\d_]{2,}(?:['’][^\W\d_]+)?")
_ENOUGH: Final = 6
"""Different words of which a share can be told."""
_FEWEST: Final = 3
"""Different words of which one, at least, must be known; of one that is no name, in any case."""
_SHARE: Final = 0.25
"""Least share of known words in English; there it is mostly above a half, elsewhere below a sixth."""
_STEM: Final = 4
"""First letters by which a word is that of a question in another form."""
_OF_SEVERAL: Final = frozenset(("also", "die", "hat", "man"))
"""Words of English that other languages have, too: they tell nothing in a short sentence."""


def is_english(text: str, question: str = "") -> bool:
    """Whether the words of a text, without code and formulas, are English as far as can be told.

    Args:
        text: The text.
        question: What it answers, in English: its words are known, so the last sentence, however short, can be judged.
    """
    prose = _LATEX.sub(" ", _CODE.sub(" ", text))
    if _foreign_letters(prose) or _foreign_words(prose) or _foreign_sentence(prose, question):
        return False
    everything: set[str] = set()
    small: set[str] = set()
    for sentence in _SENTENCE.split(prose):
        words = [w for w in _WORD.findall(sentence) if len(w) > 2 or is_frequent(w)]  # "ad + bc" is a formula
        common = {w.lower() for w in words if w[0].islower()}  # others may be names
        if len(common) >= _ENOUGH and _share(common) < _SHARE:
            return False
        small |= common
        everything |= common | {w.lower() for w in words[:1]}
    if len(everything) >= _ENOUGH:
        return _share(everything) >= _SHARE
    return (not small and len(everything) < _FEWEST) or any(map(is_frequent, everything))


_ACCENTED: Final = re.compile(r"\b[a-z]*[ß-öø-ÿāăąćčďđēęěğīıłńňōőœřśşšţťūůűźżžȘșț][a-zß-öø-ÿ]*\b")
_BORROWED_WORDS: Final = (
    "café cafés résumé résumés jalapeño jalapeños piñata piñatas fiancé fiancée entrée entrées purée sauté sautéed "
    "crêpe crêpes décor naïve façade cliché éclair éclairs soufflé soufflés"
)
_BORROWED: Final = frozenset(_BORROWED_WORDS.split())
_FEWEST_ACCENTED: Final = 2
"""Different words with accents that make a text another language; one does in a text of hardly any words."""


def _foreign_sentence(prose: str, question: str) -> bool:
    """Whether no word of a sentence is known, or too few of the last, which tells the answer of the question."""
    if not question:  # a question has short sentences of words that are its own
        return False
    stems = _stems(question)
    spoken = [sentence for sentence in _SENTENCE.split(prose) if _WORD.search(sentence)]
    for sentence in spoken:
        words = [w for w in _WORD.findall(sentence) if len(w) > 2 or is_frequent(w)]
        is_long = len({w.lower() for w in words}) > 1 and any(w[0].islower() for w in words)
        if is_long and not any(is_frequent(w) or _stem(w) in stems for w in words):
            return True
    if not spoken:
        return False
    stems |= _stems(" ".join(spoken[:-1]))
    if _foreign_grammar(spoken[-1], question):
        return True
    heard = {w.lower() for w in _WORD.findall(" ".join((question, *spoken[:-1])))}
    last = {w.lower() for w in _WORD.findall(spoken[-1]) if len(w) > 2} - _OF_SEVERAL
    strange = sum(not is_frequent(w) and (_stem(w) not in stems or _bent(w, heard)) for w in last)
    return 0 < strange >= len(last) - strange


_GRAMMAR_WORDS: Final = """
au aux das dem den der des ein eine einen einer el ella elle elles em en es essa esse est esta este esto et gli il ils
ist jest las le les los mit nella nel nie não och oder os para por pour que qui si sie sind só sont sono sur são um uma
un una und une uno unos vi von wir zu zum zur è é és är één să și så
"""
_GRAMMAR: Final = frozenset(_GRAMMAR_WORDS.split())
"""Small words of other languages that are none of English: "En total 15" has one."""
_IDIOMS: Final = re.compile(r"\ben route\b|\bet al\b|\(e[sn]\)|\bdes\b(?= moines)", re.IGNORECASE)
_ENGLISH_WORDS: Final = (
    "the is are was were of and to has have had he she they it for with will would be there that this by"
)
_ENGLISH_GRAMMAR: Final = frozenset(_ENGLISH_WORDS.split())
_ONE_WORD: Final = re.compile(r"[^\W\d_]+")
_BENT: Final = frozenset(["e", "o", "os", "as", "t", "i", "et", "ement", "mente"])


def _foreign_grammar(sentence: str, question: str) -> bool:
    """Whether small words of a sentence are those of another language, and none is of English."""
    words = _ONE_WORD.findall(_IDIOMS.sub(" ", sentence))
    small = {w.lower() for i, w in enumerate(words) if w[0].islower() or i == 0}  # others may be names
    theirs = (small & _GRAMMAR) - set(_ONE_WORD.findall(question.lower()))
    return bool(theirs) and not small & _ENGLISH_GRAMMAR


def _bent(word: str, heard: Collection[str]) -> bool:
    """Whether a word is one that was heard, with an ending that English does not have: "totale", "totalt"."""
    return any(len(h) > 3 and word.startswith(h) and word[len(h) :] in _BENT for h in heard)


def _stems(text: str) -> set[str]:
    return set(map(_stem, _WORD.findall(text)))


def _stem(word: str) -> str:
    return re.split("['’]", word.lower())[0][:_STEM]


def _foreign_words(prose: str) -> bool:
    accented = {w for w in _ACCENTED.findall(prose) if w not in _BORROWED}
    return len(accented) >= (_FEWEST_ACCENTED if len(prose.split()) > _ENOUGH else 1)


def _share(words: Collection[str]) -> float:
    return sum(map(is_frequent, words)) / len(words)


def is_frequent(word: str) -> bool:
    """Whether a word, in any of its forms, is one of the frequent ones of English mathematics."""
    word = word.lower()
    if word in _KNOWN:
        return True
    stems = [word[: -len(end)] for end in _ENDINGS if word.endswith(end)]
    doubled = [s[:-1] for s in stems if s[-2:-1] == s[-1:]]  # planned, biggest
    return any(s in _KNOWN or f"{s}e" in _KNOWN or (s.endswith("i") and f"{s[:-1]}y" in _KNOWN)
               for s in (*stems, *doubled))  # fmt: skip


def _foreign_letters(prose: str) -> bool:
    letters = [c for c in prose if c.isalpha()]
    foreign = sum(
        not ("a" <= c.lower() <= "z" or "\u00c0" <= c <= "\u024f" or "α" <= c.lower() <= "ω") for c in letters
    )
    return foreign > max(1, 0.02 * len(letters))
