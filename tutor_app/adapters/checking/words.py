"""The English words that statements are made of: numbers, operations, relations, and what a unit phrase cannot hold."""

from __future__ import annotations

from fractions import Fraction
from typing import Final


def _list(words: str) -> list[str]:
    return words.split()


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ONES: Final = _list(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS: Final = _list("twenty thirty forty fifty sixty seventy eighty ninety")
NUMBERS: Final[dict[str, int]] = {
    **{word: n for n, word in enumerate(_ONES)},
    **{word: 10 * n for n, word in enumerate(_TENS, 2)},
    **{f"{ten}-{one}": 10 * n + k for n, ten in enumerate(_TENS, 2) for k, one in enumerate(_ONES[1:10], 1)},
}
SCALES: Final = {"dozen": 12, "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
PARTS: Final = {
    "half": Fraction(1, 2), "halves": Fraction(1, 2), "third": Fraction(1, 3), "thirds": Fraction(1, 3),
    "quarter": Fraction(1, 4), "quarters": Fraction(1, 4), "fourth": Fraction(1, 4), "fourths": Fraction(1, 4),
    "fifth": Fraction(1, 5), "fifths": Fraction(1, 5), "sixth": Fraction(1, 6), "sixths": Fraction(1, 6),
    "seventh": Fraction(1, 7), "sevenths": Fraction(1, 7), "ninth": Fraction(1, 9), "ninths": Fraction(1, 9),
    "twelfth": Fraction(1, 12), "twelfths": Fraction(1, 12),
    "eighth": Fraction(1, 8), "eighths": Fraction(1, 8), "tenth": Fraction(1, 10), "tenths": Fraction(1, 10),
}  # fmt: skip
MULTIPLES: Final = {"twice": 2, "double": 2, "triple": 3, "thrice": 3}
OPERATIONS: Final[dict[tuple[str, ...], str]] = {
    ("plus",): "+", ("minus",): "-", ("times",): "*", ("multiplied", "by"): "*", ("divided", "by"): "/",
    ("added", "to"): "+", ("modulo",): "mod", ("mod",): "mod",
}  # fmt: skip
RELATIONS: Final[dict[tuple[str, ...], str]] = {
    ("is", "equal", "to"): "=", ("are", "equal", "to"): "=", ("equal", "to"): "=", ("equals",): "=", ("equal",): "=",
    ("is", "approximately", "equal", "to"): "~", ("is", "approximately"): "~", ("is", "about"): "~",
    ("is", "roughly"): "~", ("approximately", "equals"): "~", ("is", "approx"): "~", ("is", "around"): "~",
    ("is", "less", "than"): "<", ("is", "greater", "than"): ">", ("is", "more", "than"): ">",
    ("is", "at", "least"): ">=", ("is", "at", "most"): "<=", ("is", "not", "equal", "to"): "!=",
    ("is",): "is", ("makes",): "is",
}  # fmt: skip
"""Words between two values and the relation that they state; ``is`` stands for an equality only after an operation."""
APPROXIMATE: Final = _set(
    "about approximately approx roughly around nearly almost rounded rounding rounds nearest estimate"
)
ROUNDING: Final = _set("round rounds rounded rounding nearest")
"""Those of them that reach over a whole sentence."""
LOOSE: Final = frozenset(("than", "twice"))
"""Words after a number that may multiply it."""
TALKING: Final = _set("we you i he she they it get gets got give gives gave have has had is are was were find")
"""Words that make a sentence of what stands between a number and a relation."""
WHOLE: Final = _set("full whole complete completely leftover leftovers remainder integer floor")
"""Words near a division that does not come out: its whole part is meant."""
BREAKS: Final = _set("""and or so because then am pm but thus hence therefore however although though otherwise meaning
    equals equal plus minus times divided multiplied where whereas making""")
"""Words that end an expression."""
BEFORE: Final = _set("times than twice half double triple thrice plus minus dozen")
"""A word right before an expression that may take it as a part of a larger one."""
LABELS: Final = _set(
    """day week month year step part question problem number chapter group team grade level page round game
    case equation line stage phase room bag box jar tank store option player test quiz trip"""
)
"""Words whose number is a name: "day 1"."""
NO_LABEL: Final = _set("every each per a an that this the one another first second third fourth fifth last")
ADDING: Final = _set("add adds added adding subtract subtracts subtracted subtracting")
VARIABLES: Final = frozenset(
    "bcdefghjklmnopqrstuvwxyzBCDEFGHJKLMNOPQRSTUVWXYZ\N{MATHEMATICAL ITALIC SMALL A}\N{MATHEMATICAL ITALIC CAPITAL A}"
)
"""Letters that stand for a value; ``a``, ``A``, ``i`` and ``I`` are words, too; the scanner tells an ``a`` apart."""
CONDITIONS: Final = _set(
    """if suppose supposing assume assuming let whether want wants wanted when whenever unless such must should would
    given define denote call say set solve satisfies satisfy satisfying equation equations find where need needs
    requires require case"""
)
"""Words that make what follows them a condition or a task, until their clause ends."""
SUPPOSING: Final = _set("if suppose supposing assume assuming whether unless")
"""Those of them that may stand before arithmetic that need not be right."""
HYPOTHESES: Final = SUPPOSING | _set("when whenever case cases otherwise either at for consider try trying")
"""Words shortly before an equation that make it one of several cases, or a point that is looked at."""
PUTTING: Final = _set(
    "let letting plug plugging substitute substituting substituted set setting put putting where with"
)
"""Words shortly before an equation that make it a value that is put somewhere, until the words say what comes of it."""
RESULTING: Final = _set("get gets gives give giving have obtain find yields yield becomes is so then thus hence into")
"""Words that say what comes of it."""
BECOMING: Final = _set("becomes simplifies reduces gives yields is as to")
"""Words after "equation" that tell what it is."""
DOUBTING: Final = _set("possible possibly may might could would approaches approach asymptote asymptotes")
"""Words shortly before an equation that need not hold."""
DENYING: Final = _set(
    """not no never cannot can't isn't impossible contradict contradicts contradiction contradicting nearest round
    rounded rounding extraneous reject rejected discard discarded neither throw thrown ignore ignored root roots"""
)
"""Words beside an equation that does not hold, or holds only when rounded."""
OTHERS: Final = _set("symmetry symmetric similarly likewise another alternatively instead")
"""Words of a sentence that speaks of another point or case with the same names."""
SOLVING: Final = _set(
    """solving solve simplifying simplify dividing divide subtracting subtract adding add multiplying multiply
    calculating combining"""
)
"""Words that make what follows them a consequence of the equation before."""
REFUTING: Final = _set("contradiction contradicts impossible extraneous absurd untrue")
"""Words that say of what stands before them that it does not hold."""
WRONGLY: Final = _set("false wrong incorrect untrue wrongly incorrectly mistakenly mistake error")
"""Words before a statement that is told as a wrong one, or right after it."""
CONNECTING: Final = _set(
    """so then we get gets gives give us thus therefore hence this that means and which the equation becomes now have
    obtain to simplifies simplified simplify simplifying solving solve dividing adding subtracting multiplying
    both sides by from here for translates into meaning implying yielding giving leads indicates tells follows"""
)
"""Words between two lines of a calculation that say no more than that it goes on."""
ARROWS: Final = _set("quad qquad begin end align rightarrow longrightarrow implies")
"""What else may stand between two equations of which the second follows from the first."""
LEADING: Final = ARROWS | _set("find that boxed yields yield it know see")
"""What may stand between an equation and the value of its unknown."""
CONCLUDING: Final = _set(
    """so thus therefore hence rightarrow longrightarrow implies gives yields solving dividing means meaning implying
    yielding giving leads indicates follows"""
)
"""Those of them that say that the second follows from the first alone."""
UNDEFINED: Final = _set("undefined defined indeterminate infinity infinite vertical zero asymptote limit")
"""Words beside a division by zero that is talked about."""
TOTALS: Final = _set(
    """total answer interest area volume cost value length distance price profit income amount speed height width
    perimeter weight mass rate ratio result probability score payment balance radius diameter bound side slope
    expansion change discount maximum minimum load angle age capacity loss group salary tip time savings bonus
    commission increase decrease wage wages fee bill charge pay population period expense expenses budget quota
    gift loan short pace equivalent"""
)
"""Words before "of" and a formula that the formula is the value of; "half of" and "the sum of" take a part of it."""
CONSISTING: Final = _set("consist consists consisted consisting composed comprised up care")
"""Verbs and their like that "of" and the whole of something stand behind: "made up of", "takes care of"."""
COUNTED: Final = _set("digits factors divisors zeros primes terms")
"""What can be counted in a number that stands behind "in"."""
APPLIED: Final = _set(
    """sin cos tan log ln lg exp abs sqrt negative minus doubling tripling halving squaring cubing inverting reversing
    after before digits exponent"""
)
"""Words right before a number that make another of it."""
RESULTS: Final = _set("sum product average mean difference quotient")
"""Words that do so with an article: "a sum of", "an average of"."""
TELLING: Final = _set("let set define call denote where put choose take given")
"""Words that give a name its value for good."""
AMBIGUOUS: Final = _set(
    "$ ¢ cent cents dollar dollars ton tons tonne tonnes oz ounce ounces month months degree degrees deg"
)
"""Units that are several, or that are read as money."""
REWRITING: Final = _set("expand expands expanded expanding factor factors factored factoring")
"""Words that announce that one expression is written in another way."""
ALONE: Final = _set(
    """so then we get thus therefore hence this that means which now have obtain because but as since however number
    value result"""
)
"""Words after which a number is told of by itself, not as a part of what they name."""
FUNCTIONS: Final = _set(
    "sqrt cbrt log ln exp abs sin cos tan sec csc cot arcsin arccos arctan asin acos atan sinh cosh tanh"
)
"""What is applied to a bracket right behind it."""
SHORT: Final = _set(
    """am pm an as at be by do go he if in is it me my no of on or so to up us we all and any are but can day did ex
    few for get got had has her him his how its let may new nor not now off old one our out own per put say see set she
    sum ten the too top two use via was way who why yes yet you mod div st nd rd th vs id ie eg etc max min"""
)
"""Short words that are no products of letters."""
