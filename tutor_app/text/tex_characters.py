r"""The characters of LaTeX's fonts and usual packages by how they are written, and commands by name. Data only."""

from __future__ import annotations

import unicodedata
from typing import Final

SPECIAL: Final = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}", "$": r"\$",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "\"": r"\textquotedbl{}", "\xa0": "~", "\u200b": "", "\u2060": "", "\ufeff": "",
    "\u2018": "`", "\u2019": "'", "\u201c": "``", "\u201d": "''", "\u2013": "--", "\u2014": "---",
    "\u2026": r"\ldots{}", "\u2022": r"\textbullet{}", "\u2009": r"\,", "\u202f": r"\,", "\u2011": "-",
    "\u2010": "-", "\u20ac": r"\texteuro{}",
}  # fmt: skip
"""In running text."""
MATH: Final = {
    "\u2254": r"\coloneqq ", "\u2255": r"\eqqcolon ",
    "\u2212": "-", "\xd7": r"\times ", "\xf7": r"\div ", "\xb7": r"\cdot ", "\u22c5": r"\cdot ", "\xb1": r"\pm ",
    "\u2264": r"\le ", "\u2265": r"\ge ", "\u2260": r"\ne ", "\u2248": r"\approx ", "\u2261": r"\equiv ",
    "\u221e": r"\infty ", "\u221a": r"\surd ", "\u2211": r"\sum ", "\u220f": r"\prod ", "\u222b": r"\int ",
    "\u2202": r"\partial ", "\u2207": r"\nabla ", "\u2208": r"\in ", "\u2209": r"\notin ", "\u2282": r"\subset ",
    "\u2286": r"\subseteq ", "\u222a": r"\cup ", "\u2229": r"\cap ", "\u2205": r"\emptyset ", "\u2200": r"\forall ",
    "\u2203": r"\exists ", "\xac": r"\neg ", "\u2227": r"\wedge ", "\u2228": r"\vee ", "\u2192": r"\to ",
    "\u2190": r"\leftarrow ", "\u21d2": r"\Rightarrow ", "\u21d4": r"\Leftrightarrow ",
    "\u2194": r"\leftrightarrow ", "\u21a6": r"\mapsto ", "\xb0": r"^\circ ", "\u2220": r"\angle ",
    "\u25b3": r"\triangle ", "\u22a5": r"\perp ", "\u2225": r"\parallel ", "\u221d": r"\propto ",
    "\u223c": r"\sim ", "\u2245": r"\cong ", "\u2234": r"\therefore ", "\u2235": r"\because ", "\u2032": "'",
    "\u230a": r"\lfloor ", "\u230b": r"\rfloor ", "\u2308": r"\lceil ", "\u2309": r"\rceil ", "\u27e8": r"\langle ",
    "\u27e9": r"\rangle ", "\u2115": r"\mathbb{N}", "\u2124": r"\mathbb{Z}", "\u211a": r"\mathbb{Q}",
    "\u211d": r"\mathbb{R}", "\u2102": r"\mathbb{C}", "\u2713": r"\checkmark ", "\u2714": r"\checkmark ",
    "\u25a0": r"\blacksquare ", "\u25a1": r"\square ", "\u2218": r"\circ ", "\u2217": r"\ast ",
    "\u22ef": r"\cdots ", "\u2026": r"\ldots ", "\u03d5": r"\phi ", "\u03f5": r"\epsilon ", "\xb2": "^2",
    "\xb3": "^3", "\xb9": "^1", "\xbd": r"\tfrac12 ", "\xbc": r"\tfrac14 ", "\xbe": r"\tfrac34 ",
}  # fmt: skip
"""In a formula."""
RAISED: Final = dict(zip("\u2070\u2074\u2075\u2076\u2077\u2078\u2079\u207f\u207b\u207a", "0456789n-+", strict=True))
LOWERED: Final = {chr(0x2080 + d): str(d) for d in range(10)}
_COMMANDS = """
textasciicircum textasciitilde textless textgreater textbar textquotedbl textbullet texteuro
gt lt bcancel xcancel cancelto coloneqq eqqcolon coloneq Coloneqq vcentcolon hdots medspace thickspace multimap
intercal ddddot varlimsup varliminf injlim projlim lgroup rgroup leftroot uproot
upharpoonright ulcorner urcorner llcorner lrcorner eqsim colorbox emph fbox genfrac
AA aa acute ae aleph alpha amalg angle approx approxeq arccos arcsin arctan arg ast asymp atop backslash bar
because begin beta beth bf Big big bigcap bigcirc bigcup Bigg bigg Biggl biggl Biggm biggm Biggr biggr Bigl bigl
Bigm bigm bigodot bigoplus bigotimes Bigr bigr bigsqcup bigstar bigtriangledown bigtriangleup biguplus bigvee
bigwedge binom blacklozenge blacksquare bm bmod boldsymbol bot bowtie Box boxdot boxed boxminus boxplus boxtimes
brace brack breve bullet cal cancel cap cdot cdots cfrac check checkmark chi choose circ circlearrowright cline
clubsuit colon color complement cong coprod copyright cos cosh cot coth csc cup curvearrowright dagger daleth
dashv dbinom ddagger dddot ddot ddots deg degree Delta delta det dfrac Diamond diamond diamondsuit digamma dim
displaystyle div dot doteq dotplus dots dotsb dotsc dotsi dotsm dotso Downarrow downarrow ell em emph emptyset
end enspace epsilon equiv eta eth exists exp fbox Finv flat footnotesize forall frac frown Game Gamma gamma gcd
ge geq geqq geqslant gets gg ggg gimel grave gtrless gtrsim hat hbar hbox heartsuit hfil hfill hline hom
hookleftarrow hookrightarrow hphantom hskip hspace iff iiint iint Im imath impliedby implies in inf infty int
iota it item jmath Join kappa ker kern label Lambda lambda land langle Large large lbrace lbrack lceil ldots le
leadsto left Leftarrow leftarrow leftharpoonup Leftrightarrow leftrightarrow leq leqq leqslant lessgtr lesssim
lfloor lg lhd lim liminf limits limsup ll lll ln lnot log Longleftarrow longleftarrow Longleftrightarrow
longleftrightarrow longmapsto Longrightarrow longrightarrow lor lozenge ltimes lVert lvert maltese mapsto mathbb
mathbf mathbin mathcal mathclose mathfrak mathinner mathit mathop mathopen mathord mathpunct mathrel mathring
mathrm mathscr mathsf mathstrut mathtt max mbox measuredangle mho mid middle min mkern mod models mp mskip mu
multicolumn nabla natural ne nearrow neg negthinspace neq nexists ngeq ngtr ni nleq nless nmid nolimits nonumber
normalsize not notag notin nparallel nrightarrow nsubseteq nu null nwarrow O o odot oe oint Omega omega ominus
operatorname operatornamewithlimits oplus oslash otimes over overbrace overleftarrow overleftrightarrow overline
overrightarrow overset owns P parallel partial perp phantom Phi phi Pi pi pm pmb pmod pod pounds Pr prec preceq
prime prod propto Psi psi qquad quad rangle rbrace rbrack rceil Re relax rfloor rhd rho right Rightarrow
rightarrow rightharpoonup rightleftharpoons rightsquigarrow rm rtimes rule rVert rvert S sc scriptscriptstyle
scriptstyle searrow sec setminus sf sharp sideset Sigma sigma sim simeq sin sinh small smallsetminus smash smile
spadesuit sphericalangle sqcap sqcup sqrt sqsubseteq sqsupseteq square ss stackrel star strut subset subseteq
subsetneq substack succ succeq sum sup supset supseteq supsetneq surd swarrow tag tan tanh tau tbinom text
textbackslash textbf textcolor textdegree textdollar textit textnormal textquotesingle textrm textsc textsf
textstyle texttt textup tfrac therefore Theta theta thickapprox thinspace tilde times tiny to top triangle
triangledown triangleleft triangleq triangleright tt underbrace underline underrightarrow underset Uparrow
uparrow updownarrow uplus Upsilon upsilon varepsilon varkappa varnothing varphi varpi varrho varsigma vartheta
Vdash vdash vdots vec vee Vert vert vphantom vspace wedge widehat widetilde wp wr Xi xi xleftarrow xrightarrow
zeta
Bbbk Bumpeq Cap Cup Lleftarrow Lsh Rrightarrow Rsh Subset Supset Vvdash backepsilon backprime backsim backsimeq
barwedge between blacktriangle blacktriangledown blacktriangleleft blacktriangleright bumpeq centerdot circeq
circlearrowleft circledR circledS circledast circledcirc circleddash curlyeqprec curlyeqsucc curlyvee curlywedge
curvearrowleft dashleftarrow dashrightarrow diagdown diagup divideontimes doteqdot doublebarwedge doublecap doublecup
downdownarrows downharpoonleft downharpoonright eqcirc eqslantgtr eqslantless fallingdotseq gnapprox gneq gneqq gnsim
gtrapprox gtrdot gtreqless gtreqqless gvertneqq hslash iddots idotsint iiiint leftarrowtail leftharpoondown
leftleftarrows leftrightarrows leftrightharpoons leftrightsquigarrow leftthreetimes lessapprox lessdot lesseqgtr
lesseqqgtr lmoustache lnapprox lneq lneqq lnsim looparrowleft looparrowright lvertneqq mathclap mathllap mathrlap
mspace nLeftarrow nLeftrightarrow nRightarrow nVDash nVdash ncong ngeqq ngeqslant nleftarrow nleftrightarrow nleqq
nleqslant nprec npreceq nshortmid nshortparallel nsim nsubseteqq nsucc nsucceq nsupseteq nsupseteqq ntriangleleft
ntrianglelefteq ntriangleright ntrianglerighteq nvDash nvdash overbracket pitchfork precapprox preccurlyeq precnapprox
precneqq precnsim precsim restriction rightarrowtail rightharpoondown rightleftarrows rightrightarrows rightthreetimes
risingdotseq rmoustache shortmid shortparallel smallfrown smallint smallsmile sqsubset sqsupset subseteqq subsetneqq
succapprox succcurlyeq succnapprox succneqq succnsim succsim supseteqq supsetneqq trianglelefteq trianglerighteq
twoheadleftarrow twoheadrightarrow underbracket underleftarrow underleftrightarrow unlhd unrhd upharpoonleft
upuparrows vDash varDelta varGamma varLambda varOmega varPhi varPi varPsi varSigma varTheta varUpsilon varXi varinjlim
varprojlim varpropto varsubsetneq varsubsetneqq varsupsetneq varsupsetneqq vartriangle vartriangleleft
vartriangleright veebar xLeftarrow xLeftrightarrow xRightarrow xhookleftarrow xhookrightarrow xleftrightarrow xmapsto
"""
COMMANDS: Final = frozenset(_COMMANDS.split())
"""Commands of amsmath, amssymb and LaTeX itself that can stand in a formula."""
WEB_COLORS: Final = {
    "aqua": "00FFFF", "chocolate": "D2691E", "coral": "FF7F50", "crimson": "DC143C", "darkblue": "00008B",
    "darkgreen": "006400", "darkorange": "FF8C00", "darkred": "8B0000", "deeppink": "FF1493", "dodgerblue": "1E90FF",
    "firebrick": "B22222", "forestgreen": "228B22", "fuchsia": "FF00FF", "gold": "FFD700", "goldenrod": "DAA520",
    "grey": "808080", "hotpink": "FF69B4", "indigo": "4B0082", "limegreen": "32CD32", "maroon": "800000",
    "mediumblue": "0000CD", "navy": "000080", "orangered": "FF4500", "orchid": "DA70D6", "royalblue": "4169E1",
    "salmon": "FA8072", "seagreen": "2E8B57", "sienna": "A0522D", "silver": "C0C0C0", "skyblue": "87CEEB",
    "slateblue": "6A5ACD", "slategray": "708090", "springgreen": "00FF7F", "steelblue": "4682B4", "tomato": "FF6347",
    "turquoise": "40E0D0",
}  # fmt: skip
"""Colours of the web by name, as six hexadecimal digits."""
_SMALL = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi o pi rho varsigma sigma tau upsilon"
_GREEK: Final = (*_SMALL.split(), "phi", "chi", "psi", "omega")
_CAPITALS: Final = frozenset(
    {"Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"}
)
_ALIKE: Final = {
    "Alpha": "A", "Beta": "B", "Epsilon": "E", "Zeta": "Z", "Eta": "H", "Iota": "I", "Kappa": "K", "Mu": "M", "Nu": "N",
    "O": "O", "Rho": "P", "Tau": "T", "Chi": "X",
}  # fmt: skip
_NOT_IN_T1: Final = frozenset(
    "\u0100\u0101\u0108\u0109\u010a\u010b\u0112\u0113\u0114\u0115\u0116\u0117\u011c\u011d\u0120\u0121\u0122\u0123"
    "\u0124\u0125\u0128\u0129\u012a\u012b\u012c\u012d\u012e\u012f\u0132\u0133\u0134\u0135\u0136\u0137\u013b\u013c"
    "\u013f\u0140\u0145\u0146\u0149\u014c\u014d\u014e\u014f\u0156\u0157\u015c\u015d\u0168\u0169\u016a\u016b\u016c"
    "\u016d\u0172\u0173\u0174\u0175\u0176\u0177\u017f"
)

_ACCENTS: Final = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".",
    "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0327": "c", "\u0328": "k",
}  # fmt: skip
_SIGNS: Final = {
    "\xa1": "textexclamdown", "\xa3": "pounds", "\xa7": "S", "\xa9": "textcopyright", "\xab": "guillemotleft",
    "\xae": "textregistered", "\xbb": "guillemotright", "\xbf": "textquestiondown", "\xc6": "AE", "\xd8": "O",
    "\xde": "TH", "\xdf": "ss", "\xe6": "ae", "\xf0": "dh", "\xf8": "o", "\xfe": "th",
}  # fmt: skip


def greek(c: str) -> str | None:
    """A Greek letter as mathematics, or None."""
    if "\u03b1" <= c <= "\u03c9":
        name = _GREEK[ord(c) - 0x3B1]
        return "o" if name == "o" else f"\\{name}"
    if "\u0391" <= c <= "\u03a9" and c != "\u03a2":
        name = _GREEK[ord(c) - 0x391].capitalize()
        return f"\\{name}" if name in _CAPITALS else f"\\mathrm{{{_ALIKE[name]}}}"
    return None


def character(c: str) -> str:
    """One character of running text, for any engine; what no font has becomes ``\\uchar{CODE}``."""
    if c in SPECIAL:
        return SPECIAL[c]
    if c.isascii():
        return c
    if c in MATH:
        return f"$\\relax{MATH[c]}$" if MATH[c].startswith(("^", "'")) else f"\\ensuremath{{{MATH[c].strip()}}}"
    if c in RAISED:
        return f"$^{{{RAISED[c]}}}$"
    if c in LOWERED:
        return f"$_{{{LOWERED[c]}}}$"
    if (letter := greek(c)) is not None:
        return f"\\ensuremath{{{letter}}}"
    if _in_t1(c):
        return c
    if unicodedata.combining(c) or c in "\u200c\u200d" or "\ufe00" <= c <= "\ufe0f" or "\ud800" <= c <= "\udfff":
        return ""
    return " " if c.isspace() else f"\\uchar{{{ord(c):04X}}}"


def listed_character(c: str) -> str:
    """One character of a listing, in ASCII: pdfTeX's listings take the bytes of any other apart, without end."""
    written = character(c)
    if written != c:
        return written or "{}"
    if c in _SIGNS:
        return f"\\{_SIGNS[c]}{{}}"
    parts = unicodedata.normalize("NFD", c)
    base, accent = parts[0], _ACCENTS.get(parts[1:])
    return f"\\{accent}{{{base}}}" if accent and base.isascii() else f"\\uchar{{{ord(c):04X}}}"


def math_character(c: str) -> str:
    """One character of a formula."""
    if c.isascii():
        return c
    if c in MATH:
        return MATH[c]
    if c in RAISED:
        return f"^{{{RAISED[c]}}}"
    if c in LOWERED:
        return f"_{{{LOWERED[c]}}}"
    if (letter := greek(c)) is not None:
        return f"{letter} "
    return " " if c.isspace() else f"\\text{{{character(c)}}}"


def _in_t1(c: str) -> bool:
    """Whether LaTeX's T1 fonts have it: accented Latin letters and some signs of Latin-1."""
    code = ord(c)
    if code in (0xA1, 0xA3, 0xA7, 0xAB, 0xBB, 0xBF, 0xC6, 0xD8, 0xDE, 0xDF, 0xE6, 0xF0, 0xF8, 0xFE, 0xA9, 0xAE):
        return True
    return 0xC0 <= code <= 0x17E and bool(unicodedata.decomposition(c)) and c not in _NOT_IN_T1
