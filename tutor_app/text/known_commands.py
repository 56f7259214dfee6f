r"""Commands of common LaTeX packages, said again in the commands that the converter to MathML knows.

:func:`expand` covers amsmath, mathtools, physics, siunitx, mhchem and the shorthands that KaTeX and MathJax understand.
Pure text in, text out. Refuses to guess: a command that it does not know stays, and its formula is shown as source.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Final

from tutor_app.text.colours import coloured
from tutor_app.text.scan import argument, replace_command, tokens

_SIGNS: Final = {
    # mathtools, colonequals
    "coloneqq": "\u2254", "colonequals": "\u2254", "Coloneqq": "\u2a74", "coloncolonequals": "\u2a74",
    "eqqcolon": "\u2255", "equalscolon": "\u2255", "coloneq": ":-", "eqcolon": "-:", "colonminus": ":-",
    "minuscolon": "-:", "vcentcolon": ":", "ordinarycolon": ":", "ratio": ":", "dblcolon": "\u2237",
    "coloncolon": "\u2237", "colonapprox": ":\\approx ", "colonsim": ":\\sim ", "simcolon": "\\sim :",
    "approxcolon": "\\approx :",
    "nleqq": "\\nleq ", "nsupseteqq": "\\nsupseteq ", "minuso": "\\ominus ", "shortparallel": "\\parallel ",
    "divides": "\\mid ", "lparen": "(", "rparen": ")", "lt": "<", "gt": ">", "varvdots": "\\vdots ",
    # sets of numbers
    "R": "\\mathbb{R}", "N": "\\mathbb{N}", "Z": "\\mathbb{Z}", "Q": "\\mathbb{Q}", "C": "\\mathbb{C}",
    "RR": "\\mathbb{R}", "NN": "\\mathbb{N}", "ZZ": "\\mathbb{Z}", "QQ": "\\mathbb{Q}", "CC": "\\mathbb{C}",
    "reals": "\\mathbb{R}", "Reals": "\\mathbb{R}", "real": "\\Re ", "image": "\\Im ", "natnums": "\\mathbb{N}",
    "cnums": "\\mathbb{C}", "Complex": "\\mathbb{C}",
    # the names of HTML entities
    "Alpha": "\\mathrm{A}", "Beta": "\\mathrm{B}", "Epsilon": "\\mathrm{E}", "Zeta": "\\mathrm{Z}",
    "Eta": "\\mathrm{H}", "Iota": "\\mathrm{I}", "Kappa": "\\mathrm{K}", "Mu": "\\mathrm{M}", "Nu": "\\mathrm{N}",
    "Omicron": "\\mathrm{O}", "Rho": "\\mathrm{P}", "Tau": "\\mathrm{T}", "Chi": "\\mathrm{X}",
    "alef": "\\aleph ", "alefsym": "\\aleph ", "thetasym": "\\vartheta ", "weierp": "\\wp ", "infin": "\\infty ",
    "empty": "\\emptyset ", "exist": "\\exists ", "isin": "\\in ", "plusmn": "\\pm ", "sdot": "\\cdot ",
    "sub": "\\subset ", "sube": "\\subseteq ", "supe": "\\supseteq ", "bull": "\\bullet ",
    "clubs": "\\clubsuit ", "diamonds": "\\diamondsuit ", "hearts": "\\heartsuit ", "spades": "\\spadesuit ",
    "larr": "\\leftarrow ", "lArr": "\\Leftarrow ", "Larr": "\\Leftarrow ", "rarr": "\\rightarrow ",
    "rArr": "\\Rightarrow ", "Rarr": "\\Rightarrow ", "harr": "\\leftrightarrow ", "hArr": "\\Leftrightarrow ",
    "Harr": "\\Leftrightarrow ", "lrarr": "\\leftrightarrow ", "lrArr": "\\Leftrightarrow ",
    "Lrarr": "\\Leftrightarrow ", "uarr": "\\uparrow ", "uArr": "\\Uparrow ", "Uarr": "\\Uparrow ",
    "darr": "\\downarrow ", "dArr": "\\Downarrow ", "Darr": "\\Downarrow ",
    # text signs
    "P": "\u00b6", "S": "\u00a7", "sect": "\u00a7", "dag": "\u2020", "ddag": "\u2021", "Dagger": "\u2021",
    "AA": "\u00c5", "aa": "\u00e5", "copyright": "\u00a9", "textcopyright": "\u00a9", "textregistered": "\u00ae",
    "textless": "<", "textgreater": ">", "euro": "\\text{\u20ac}", "texteuro": "\\text{\u20ac}",
    "yen": "\\text{\u00a5}", "pounds": "\\text{\u00a3}", "mleft": "\\left", "mright": "\\right",
    "lq": "\u2018", "rq": "\u2019", "dotsx": "\\ldots ", "enskip": "\\enspace ", "relax": "",
    # physics
    "dd": "\\mathrm{d}", "grad": "\\nabla ", "laplacian": "\\nabla^2 ", "curl": "\\nabla\\times ",
    # others that are written often
    "doublecup": "\\Cup ", "doublecap": "\\Cap ", "argmax": "\\operatorname*{arg\u2009max}",
    "argmin": "\\operatorname*{arg\u2009min}", "lcm": "\\operatorname{lcm}", "sgn": "\\operatorname{sgn}",
    "tr": "\\operatorname{tr}", "rank": "\\operatorname{rank}", "arsinh": "\\operatorname{arsinh}",
    "arcosh": "\\operatorname{arcosh}", "artanh": "\\operatorname{artanh}", "arcsec": "\\operatorname{arcsec}",
    "arccsc": "\\operatorname{arccsc}", "arccot": "\\operatorname{arccot}", "sech": "\\operatorname{sech}",
    "csch": "\\operatorname{csch}",
    "qed": "\\square ", "qedsymbol": "\\square ",
}  # fmt: skip
"""What a command without arguments is drawn as."""
_OPERATORS: Final = (
    "diag Tr trace Span sinc erf Res ord supp adj cis Arg Log Var Cov id Hom Aut End sign proj dist card"
    " nullity Area Vol area vol arcctan mex lb ld Li Ei Si conv diam GL SL SO median sen tg ctg cotg arctg arcctg"
    " arccotg arcsen senh tgh sh ch th cth cosec arsh arch arth"
)
"""Names that authors define for themselves with DeclareMathOperator, and that models write without."""
_SIGNS.update({name: f"\\operatorname{{{name}}}" for name in _OPERATORS.split()})

_FENCED: Final = {
    "abs": ("|", "|"), "norm": ("\\|", "\\|"), "ceil": ("\\lceil", "\\rceil"), "floor": ("\\lfloor", "\\rfloor"),
    "set": ("\\{", "\\}"), "Set": ("\\{", "\\}"), "Bra": ("\\langle", "|"), "Ket": ("|", "\\rangle"),
    "bra": ("\\langle", "|"), "ket": ("|", "\\rangle"), "eval": (".", "|"), "evaluated": (".", "|"),
    "Braket": ("\\langle", "\\rangle"), "ev": ("\\langle", "\\rangle"), "expval": ("\\langle", "\\rangle"),
    "paren": ("(", ")"), "pqty": ("(", ")"), "bqty": ("[", "]"),
    "Bqty": ("\\{", "\\}"),
}  # fmt: skip
_PAIRED: Final = {
    "comm": ("[", ",", "]"), "commutator": ("[", ",", "]"), "acomm": ("\\{", ",", "\\}"),
    "inner": ("\\langle", ",", "\\rangle"), "innerproduct": ("\\langle", "|", "\\rangle"),
    "ip": ("\\langle", "|", "\\rangle"), "braket": ("\\langle", "|", "\\rangle"),
}  # fmt: skip
"""Fences around two arguments, with what stands between them; around one where the second is missing."""
_RENAMED: Final = {
    "framebox": "boxed", "vb": "mathbf", "va": "vec", "vu": "hat", "bold": "mathbf", "mathbold": "mathbf",
    "Overrightarrow": "overrightarrow", "overrightharpoon": "overrightarrow", "overleftharpoon": "overleftarrow",
    "overlinesegment": "overline", "underlinesegment": "underline", "overgroup": "overbrace",
    "undergroup": "underbrace", "xrightleftarrows": "xrightleftharpoons", "xrightequilibrium": "xrightleftharpoons",
    "xleftequilibrium": "xrightleftharpoons", "mathds": "mathbb", "mathbbm": "mathbb", "dbar": "bar",
    "pdfrac": "frac", "uline": "underline", "textcircled": "mathrm", "hphantom": "phantom", "sout": "cancel",
    "hcancel": "cancel", "vv": "overrightarrow", "mathnormal": "mathit",
}  # fmt: skip
_NEGATED: Final = {
    "=": "\\neq ", "<": "\\nless ", ">": "\\ngtr ", "|": "\\nmid ", "\\leq": "\\nleq ", "\\geq": "\\ngeq ",
    "\\le": "\\nleq ", "\\ge": "\\ngeq ", "\\to": "\\nrightarrow ", "\\eq": "\\neq ", "\\lt": "\\nless ",
    "\\gt": "\\ngtr ", "\\implies": "\\nRightarrow ", "\\iff": "\\nLeftrightarrow ", "\\equiv": "\u2262",
    "\\vert": "\\nmid ",
    "\\approx": "\u2249", "\\simeq": "\u2244", "\\cong": "\\ncong ", "\\ni": "\u220c", "\\sim": "\\nsim ",
    **{f"\\{name}": f"\\;\\cancel{{\\{name}}}\\;" for name in (
        "perp", "bot", "propto", "asymp", "prec", "preceq", "succ", "succeq", "sqsubseteq", "sqsupseteq", "ll", "gg",
        "doteq", "mapsto", "smile", "frown", "bowtie", "forall", "longrightarrow", "leadsto", "trianglelefteq",
        "trianglerighteq",
    )},
}  # fmt: skip
_CLASSES: Final = {
    "mathbin": ("\\:", "\\:"), "mathrel": ("\\;", "\\;"), "mathpunct": ("", "\\,"), "mathord": ("", ""),
    "mathinner": ("", ""), "mathopen": ("", ""), "mathclose": ("", ""),
}  # fmt: skip
"""The space around what is made a sign of a class."""
_SPACED: Final = frozenset({
    "=", "<", ">", "+", "-", "\\le", "\\leq", "\\ge", "\\geq", "\\ne", "\\neq", "\\sim", "\\approx", "\\equiv", "\\in",
    "\\ni", "\\to", "\\times", "\\cdot", "\\oplus", "\\otimes", "\\pm", "\\cup", "\\cap", "\\circ", "\\mid",
    "\\parallel", "\\subset", "\\subseteq", "\\Rightarrow", "\\rightarrow", "\\implies", "\\iff", "\u2254",
})  # fmt: skip
"""Signs that have their space without being told."""
_ENCLOSED: Final = {
    "longdiv": "{{)}}\\overline{{\\,{0}}}", "box": "\\boxed{{{0}}}", "updiagonalstrike": "\\cancel{{{0}}}",
    "downdiagonalstrike": "\\bcancel{{{0}}}", "horizontalstrike": "\\cancel{{{0}}}", "top": "\\overline{{{0}}}",
    "bottom": "\\underline{{{0}}}", "circle": "\\boxed{{{0}}}", "roundedbox": "\\boxed{{{0}}}",
    "radical": "\\sqrt{{{0}}}", "left": "\\left|{0}\\right.", "right": "\\left.{0}\\right|",
}  # fmt: skip
_PREFIXES: Final = {
    "kilo": "k", "mega": "M", "giga": "G", "tera": "T", "hecto": "h", "deca": "da", "deci": "d", "centi": "c",
    "milli": "m", "micro": "\u00b5", "nano": "n", "pico": "p",
}  # fmt: skip
_UNITS: Final = {
    "meter": "m", "metre": "m", "gram": "g", "kilogram": "kg", "second": "s", "ampere": "A", "kelvin": "K",
    "mole": "mol", "candela": "cd", "hertz": "Hz", "newton": "N", "pascal": "Pa", "joule": "J", "watt": "W",
    "coulomb": "C", "volt": "V", "ohm": "\u03a9", "farad": "F", "tesla": "T", "henry": "H", "liter": "L",
    "litre": "L", "minute": "min", "hour": "h", "day": "d", "percent": "%", "degree": "\u00b0", "radian": "rad",
    "steradian": "sr", "celsius": "\u00b0C", "degreeCelsius": "\u00b0C", "electronvolt": "eV", "tonne": "t",
    "hectare": "ha", "bit": "bit", "byte": "B", "decibel": "dB", "weber": "Wb", "siemens": "S", "becquerel": "Bq",
    "lumen": "lm", "lux": "lx", "bar": "bar", "angstrom": "\u00c5", "arcminute": "\u2032", "arcsecond": "\u2033",
    "km": "km", "m": "m", "cm": "cm", "mm": "mm", "kg": "kg", "g": "g", "mg": "mg", "s": "s", "ms": "ms", "N": "N",
    "J": "J", "W": "W", "kW": "kW", "V": "V", "A": "A", "K": "K", "L": "L", "mL": "mL", "ml": "ml", "mol": "mol",
    "kWh": "kWh", "Hz": "Hz", "Pa": "Pa", "eV": "eV",
}  # fmt: skip
_POWERS: Final = {"squared": "2", "cubed": "3"}
_CHEMICAL_ARROWS: Final = {
    "<=>": "\\rightleftharpoons ", "<->": "\\leftrightarrow ", "->": "\\rightarrow ", "<-": "\\leftarrow ",
}  # fmt: skip
_LONG_ARROWS: Final = {"->": "xrightarrow", "<-": "xleftarrow", "<->": "xleftrightarrow"}
"""What an arrow of mhchem is that has words above it: as long as these."""
_CHEMICAL: Final = re.compile(
    r"(?P<arrow>(?:<=>|<->|->|<-)(?:\[(?P<above>[^\]]*)\](?:\[(?P<below>[^\]]*)\])?)?)|(?P<leaves>(?<=\s)[v^](?=\s|$))|(?P<state>\((?:aq|s|l|g)\))|(?P<element>[A-Za-z]+)|(?P<number>\d+(?:[./]\d+)?)"
    r"|\^\{?(?P<charge>\d*[+-]|\d+)\}?|_\{?(?P<index>\w+)\}?|(?P<sign>(?<=[A-Za-z0-9)\]])[+-](?=\s|$|[\])]))|(?P<other>.)",
    re.DOTALL,
)
_NAMED_OPERATOR: Final = re.compile(
    r"\\(?:(?:mathrm|text|operatorname)\s*\{((?:[A-Za-z\s]|\\[,;:! ])+)\}|rm(?![A-Za-z])\s*((?:[A-Za-z\s]|\\[,;:! ])+))"
)
_COLON: Final = r"(?:\\math(?:op|ord|rel)\s*\{\s*:\s*\}|(?:\\math(?:op|ord)\s*)?:)"
_DEFINED: Final = re.compile(
    rf"(?<!:)(?:\\mathrel\s*\{{\s*{_COLON}\s*(?:=\s*\}}|\}}\s*=(?![=:]))|{_COLON}\s?=(?![=:]))"
)
_SIZED: Final = r"\\((?:big|Big|bigg|Bigg)[lrm]?)\s*"


def expand(source: str) -> str:
    """``source`` with the commands of packages said again."""
    if "\\" not in source and ":=" not in source:
        return source
    s = _fences(source)
    s = re.sub(r"\\(?:center)?not\s*\{?\s*(\\[A-Za-z]+|[=<>|])\s*\}?", _negated, s)
    s = _classes(s)
    s = _environments(s)
    for build in (_units, _physics, coloured):
        s = build(s)
    s = _said_again(s)
    s = replace_command(s, "ce", 1, lambda a: _chemistry(a[0]))
    s = replace_command(s, "enclose", 2, _enclosed)
    s = replace_command(s, "longdiv", 1, lambda a: _enclosed(["longdiv", a[0]]))
    s = replace_command(s, "prescript", 3, lambda a: f"{{}}^{{{a[0]}}}_{{{a[1]}}}{a[2]}")
    s = re.sub(r"\\hdotsfor\s*(?:\[[^\]]*\])?\s*\{(\d{1,2})\}", lambda m: "&".join(["\\ldots "] * int(m[1])), s)
    s = _own_operators(s)
    s = re.sub(r"\\operatorname(\*?)\s*\{((?:[A-Za-z\s]|\\[,;:! ]|~)+)\}", _operator, s)
    s = re.sub(r"\\vcentcolon\s*=", "\u2254", s)
    for old, new in _RENAMED.items():
        s = re.sub(rf"\\{old}(?=\s*(?:\{{|\\|[A-Za-z0-9]))(?![A-Za-z])", rf"\\{new}", s)
    return re.sub(r"\\([A-Za-z]+)", lambda m: _SIGNS.get(m[1], m[0]), s)


def _said_again(s: str) -> str:
    """Commands with arguments, in the commands that every reader of LaTeX knows."""
    for name in ("nicefrac", "sfrac", "flatfrac"):
        s = replace_command(s, name, 2, lambda a: f"{{{a[0]}}}/{{{a[1]}}}")
    s = replace_command(s, "textsuperscript", 1, lambda a: f"{{}}^{{\\text{{{a[0]}}}}}")
    s = replace_command(s, "textsubscript", 1, lambda a: f"{{}}_{{\\text{{{a[0]}}}}}")
    s = re.sub(r"\\require\s*\{[^{}]*\}", "", s)
    s = re.sub(r"\\unicode\s*(?:\[[^\]]*\]\s*)*\{\s*(x[0-9A-Fa-f]{1,6}|[0-9]{1,7})\s*\}", _of_unicode, s)
    s = replace_command(s, "displaylines", 1, lambda a: f"\\begin{{gathered}}{a[0]}\\end{{gathered}}")
    for name in ("texttip", "mathtip"):
        s = replace_command(s, name, 2, lambda a: f"{{{a[0]}}}")
    for name in ("class", "cssId", "href", "htmlClass", "htmlId", "htmlData", "htmlStyle", "style"):
        s = replace_command(s, name, 2, lambda a: f"{{{a[1]}}}")
    s = re.sub(r"\\bbox\s*(?:\[([^\]]*)\])?\s*(?=\{)", _background, s)
    s = re.sub(r"\\(?:arc|overarc|wideparen|overparen)(?=\s*\{)", r"\\overset{\\frown}", s)
    for name, mark, place in (("under", "_", "under"), ("over", "^", "over")):
        s = re.sub(rf"\\{name}(bracket|paren)\s*(?:\[[^\]]*\]\s*)*(?=\{{)", rf"\\{name}\1", s)
        s = _labelled(s, rf"\\{name}(?:bracket|paren)(?=\s*\{{)", mark, place)
    return re.sub(r"\\(?:short)?intertext\s*\{([^{}]*)\}", r"&\\text{\1}\\\\ ", s)


def _of_unicode(m: re.Match[str]) -> str:
    """A character by its number; what cannot be shown stays as it was written."""
    code = int(m[1][1:], 16) if m[1][0] == "x" else int(m[1])
    sign = chr(code) if code <= sys.maxunicode else ""
    return sign if sign.isprintable() and not sign.isascii() else m[0]


def _background(m: re.Match[str]) -> str:
    """MathJax's box: with a border it is one of ours, with a colour a ground."""
    options = m[1] or ""
    if "border" in options:
        return "\\boxed"
    colour = next(
        (o.strip() for o in options.split(",") if re.fullmatch(r"\s*(#[0-9A-Fa-f]{3,6}|[A-Za-z]+)\s*", o)), ""
    )
    return f"\\colorbox{{{colour}}}" if colour else ""


def _labelled(s: str, command: str, mark: str, place: str) -> str:
    """What stands at a bracket, in the middle of it."""
    out, at = "", 0
    for m in re.finditer(command, s):
        if m.start() < at:
            continue
        held, end = argument(s, m.end())
        label = ""
        if found := re.compile(rf"\s*{re.escape(mark)}").match(s, end):
            label, end = argument(s, found.end())
        built = f"{m[0]}{{{_labelled(held, command, mark, place)}}}"
        out += s[at : m.start()] + (f"\\{place}set{{{label}}}{{{built}}}" if label else built)
        at = end
    return out + s[at:]


def _fences(s: str) -> str:
    """Fences of a given size: without braces of their own; the empty one is nothing."""
    s = re.sub(_SIZED + r"\{\s*(\\[A-Za-z]+|\\[{}|]|[()\[\]|/<>.])\s*\}", r"\\\1\2 ", s)
    s = re.sub(_SIZED + r"\.", "", s)
    s = re.sub(r"\\(left|right|middle)\s*([<>])", lambda m: f"\\{m[1]}\\{'l' if m[2] == '<' else 'r'}angle ", s)
    s = re.sub(_SIZED + "<", r"\\\1\\langle ", s)
    return re.sub(_SIZED + ">", r"\\\1\\rangle ", s)


def _negated(m: re.Match[str]) -> str:
    return _NEGATED.get(m[1], m[0].replace("\\centernot", "\\not"))


def _classes(s: str) -> str:
    r"""``\mathrel{x}`` and its kin as what they hold, with the space of their class; ``:=`` as one sign."""
    s = _DEFINED.sub("\u2254 ", s.replace("::=", "\u2a74 "))
    for name, (before, after) in _CLASSES.items():
        s = replace_command(s, name, 1, lambda a, b=before, c=after: _of_class(a[0].strip(), b, c))  # type: ignore[misc]
    return s


def _own_operators(s: str) -> str:
    r"""``\mathop{x}``, the limits of which stand below and above it whatever it is."""
    out, at = "", 0
    for m in re.finditer(r"\\mathop(?![A-Za-z])", s):
        if m.start() < at:
            continue
        held, end = argument(s, m.end())
        held = _own_operators(held.strip())
        out += s[at : m.start()]
        if named := _NAMED_OPERATOR.fullmatch(held):
            out += f"\\operatorname*{{{(named[1] or named[2]).strip()}}}"
        elif re.fullmatch(r"\\[A-Za-z]+", held):
            out += f"{held} "
        else:
            end = m2.end() if (m2 := re.compile(r"\s*\\limits(?![A-Za-z])").match(s, end)) else end
            built = f"{{{held}}}"
            while (mark := re.compile(r"\s*([_^])").match(s, end)) and held:
                limit, end = argument(s, mark.end())
                built = f"\\{'under' if mark[1] == '_' else 'over'}set{{{_own_operators(limit)}}}{{{built}}}"
            out += built
        at = end
    return out + s[at:]


def _of_class(held: str, before: str, after: str) -> str:
    return f"{held} " if held in _SPACED or not held else f"{before}{{{held}}}{after}"


def _environments(s: str) -> str:
    """Environments that open with options, and those with a brace at their right end."""
    if "\\begin" not in s:
        return s
    s = s.replace("\\begin{CD}", "\\commutativediagram ")  # not drawn: its arrows would become letters
    s = re.sub(r"\\begin\{(aligned|alignedat|gathered|split|array)\}\s*\[[tbc]\]", r"\\begin{\1}", s)
    s = re.sub(r"\\(begin|end)\{multlined\}(?:\s*\[[tbc]\])?", r"\\\1{gathered}", s)
    s = re.sub(r"\\begin\{(sub)?numcases\}\s*\{([^{}]*)\}", r"\2\\begin{cases}", s)
    s = re.sub(r"\\end\{(?:sub)?numcases\}", r"\\end{cases}", s)
    s = _cases_with_words(s)
    s = re.sub(r"\\begin\{(?:darray|subarray)\}", r"\\begin{array}", s)
    s = re.sub(r"\\end\{(?:darray|subarray)\}", r"\\end{array}", s)
    s = re.sub(r"\\begin\{d?rcases\}", r"\\left.\\begin{array}{ll}", s)
    s = re.sub(r"\\end\{d?rcases\}", r"\\end{array}\\right\\}", s)
    fences = {"": ".", "p": "()", "b": "[]", "B": "{}", "v": "||", "V": "\u2016\u2016"}

    def matrix(m: re.Match[str]) -> str:
        pair = fences[m[2]]
        sides = [{"{": "\\{", "}": "\\}", "\u2016": "\\|"}.get(side, side) for side in (pair[0], pair[-1])]
        if m[1] == "end":
            return f"\\end{{array}}\\right{sides[1]}"
        return f"\\left{sides[0]}\\begin{{array}}{{{(m[3] or 'c') * 12}}}"

    def small(m: re.Match[str]) -> str:
        side = fences[m[2]][0 if m[1] == "begin" else -1]
        side = {"{": "\\{", "}": "\\}", "\u2016": "\\|"}.get(side, side)
        return f"\\left{side}\\begin{{smallmatrix}}" if m[1] == "begin" else f"\\end{{smallmatrix}}\\right{side}"

    s = re.sub(r"\\(begin|end)\{([pbBvV])smallmatrix\*?\}(?:\s*\[[lcr]\])?", small, s)
    return re.sub(r"\\(begin|end)\{([pbBvV]?)matrix\*\}(?:\s*\[([lcr])\])?", matrix, s)


def _cases_with_words(s: str) -> str:
    r"""``cases*`` of mathtools, where what follows ``&`` is words with formulas in dollars."""

    def row(written: str) -> str:
        value, mark, condition = written.partition("&")
        if not mark or not condition.strip() or "\\text" in condition:
            return written
        return f"{value}&\\text{{{condition.strip()}}}"

    def rows(m: re.Match[str]) -> str:
        return f"\\begin{{{m[1]}}}" + "\\\\".join(row(r) for r in m[2].split("\\\\")) + f"\\end{{{m[1]}}}"

    return re.sub(r"\\begin\{(d?r?cases)\*\}(.*?)\\end\{\1\*\}", rows, s, flags=re.DOTALL)


def _operator(m: re.Match[str]) -> str:
    name = re.sub(r"\\[,;:! ]|~|\s+", "\u2009", m[2].strip())
    return f"\\operatorname{m[1]}{{{name}}}"


def _enclosed(arguments: list[str]) -> str:
    pattern = _ENCLOSED.get(arguments[0].strip())
    return pattern.format(arguments[1]) if pattern else f"\\enclose{{{arguments[0]}}}{{{arguments[1]}}}"


def _physics(s: str) -> str:
    s = re.sub(r"\\qty\s*\(((?:[^()]|\([^()]*\))*)\)", r"\\left(\1\\right)", s)
    s = re.sub(r"\\qty\s*\[([^][]*)\]", r"\\left[\1\\right]", s)
    for name, (opening, closing) in _FENCED.items():
        s = re.sub(rf"\\{name}\*(?=\s*\{{)", rf"\\{name}", s)
        s = _with_group(s, name, lambda a, left=opening, right=closing: f"\\left{left} {a} \\right{right} ")  # type: ignore[misc]
    for name, (opening, between, closing) in _PAIRED.items():
        s = re.sub(
            rf"\\{name}\*?\s*\{{([^{{}}]*)\}}\s*\{{([^{{}}]*)\}}",
            lambda m, parts=(opening, between, closing): (
                f"\\left{parts[0]} {m[1]} {parts[1]} {m[2]} \\right{parts[2]} "
            ),  # type: ignore[misc]
            s,
        )
        if name == "braket":  # what stands between is written by the user, as in "a|b"
            s = _with_group(s, name, lambda a: f"\\left\\langle {a} \\right\\rangle ")
        else:
            s = _with_group(s, name, lambda a, left=opening, right=closing: f"\\left{left} {a} \\right{right} ")  # type: ignore[misc]
    for name, sign in (("dv", "d"), ("pdv", "\\partial "), ("odv", "d")):
        s = _derivatives(s, name, sign)
    return _with_group(s, "order", lambda a: f"\\mathcal{{O}}\\left({a}\\right)")


def _with_group(s: str, name: str, build: Callable[[str], str]) -> str:
    """Replace ``\\name{x}``; the name without a group stays."""
    if not re.search(rf"\\{name}\s*\{{", s):
        return s
    return replace_command(s, name, 1, lambda a: build(a[0]))


def _derivatives(s: str, name: str, sign: str) -> str:
    out, at = "", 0
    for m in re.finditer(rf"\\{name}(?![A-Za-z])\s*(?:\[([^\]]*)\])?(?=\s*\{{)", s):
        if m.start() < at:
            continue
        function, end = argument(s, m.end())
        power = f"^{{{m[1]}}}" if m[1] else ""
        if s[end:].lstrip().startswith("{"):
            variable, end = argument(s, end)
        else:
            variable, function = function, ""
        second = ""
        if name == "pdv" and s[end:].lstrip().startswith("{"):  # a mixed derivative
            second, end = argument(s, end)
            power = "^{2}"
        below = f"{sign}{variable}{sign}{second}" if second else f"{sign}{variable}{power}"
        out += s[at : m.start()] + f"\\frac{{{sign}{power}{function}}}{{{below}}}"
        at = end
    return out + s[at:]


def _units(s: str) -> str:
    s = replace_command(s, "ang", 1, lambda a: _angle(a[0]))
    for name in ("SIrange", "qtyrange"):
        s = replace_command(s, name, 3, lambda a: "\\text{ to }".join(_measured(n, a[2]) for n in a[:2]))
    s = replace_command(s, "numrange", 2, lambda a: f"{_number(a[0])}\\text{{ to }}{_number(a[1])}")
    s = replace_command(s, "numlist", 1, lambda a: ",\\ ".join(map(_number, a[0].split(";"))))
    s = replace_command(s, "num", 1, lambda a: _number(a[0]))
    for name in ("SI", "qty"):
        if re.search(rf"\\{name}\s*(?:\[[^\]]*\]\s*)?\{{[^{{}}]*\}}\s*\{{", s):
            s = re.sub(rf"\\{name}\s*\[[^\]]*\]", rf"\\{name}", s)
            s = replace_command(s, name, 2, lambda a: _measured(*a))
    for name in ("si", "unit"):
        s = replace_command(s, name, 1, lambda a: _unit(a[0]))
    return s


def _measured(value: str, spec: str) -> str:
    unit = _unit(spec)
    return f"{_number(value)}{_gap(unit)}{unit}"


def _gap(unit: str) -> str:
    return "" if unit.startswith(("^\\circ", "\\%")) else "\\,"


def _angle(value: str) -> str:
    parts = value.split(";")
    return "".join(f"{p}{sign}" for p, sign in zip(parts, ("^\\circ ", "'", "''"), strict=False) if p.strip())


def _number(value: str) -> str:
    if m := re.fullmatch(r"\s*([-+]?[\d.,]*)\s*[eE]\s*([-+]?\d+)\s*", value):
        return f"{m[1]}\\times 10^{{{m[2]}}}" if m[1] else f"10^{{{m[2]}}}"
    return re.sub(r"\s*\+-\s*", "\\\\pm ", value)


def _unit(spec: str) -> str:
    r"""A unit of siunitx in upright letters, as in ``\meter\per\second\squared``."""
    out, prefix, below, before = "", "", False, ""
    for token in tokens(spec):
        name = token[1:]
        if not token.startswith("\\"):
            if token == ".":
                out += "\\,"
            else:
                out += token if token in "^{}0123456789-_" else f"\\mathrm{{{token}}}" if token.isalpha() else token
        elif name in _PREFIXES:
            prefix = _PREFIXES[name]
        elif name == "per":
            below = True
        elif name in ("square", "cubic"):
            before = "2" if name == "square" else "3"
        elif name in _POWERS:
            out += f"^{{{_POWERS[name]}}}"
        elif name in _UNITS:
            out += "/" if below else "\\," if out else ""
            if name in ("celsius", "degreeCelsius"):
                out += "{}^\\circ\\mathrm{C}"
            elif name == "degree":
                out += "^\\circ"
            else:
                out += "\\%" if name == "percent" else f"\\text{{{prefix}{_UNITS[name]}}}"
            out += f"^{{{before}}}" if before else ""
            prefix, below, before = "", False, ""
        else:
            out += token
    return out


def _chemical_arrow(sign: str, above: str | None, below: str | None) -> str:
    if above and sign in _LONG_ARROWS:
        return f"\\{_LONG_ARROWS[sign]}" + (f"[\\text{{{below}}}]" if below else "") + f"{{\\text{{{above}}}}}"
    arrow = _CHEMICAL_ARROWS[sign]
    if below:
        arrow = f"\\underset{{\\text{{{below}}}}}{{{arrow}}}"
    return f"\\overset{{\\text{{{above}}}}}{{{arrow}}}" if above else arrow


def _chemistry(formula: str) -> str:
    """The notation of mhchem: numbers behind an element are indices, numbers before one are counts."""
    out, before = "", " "
    for m in _CHEMICAL.finditer(formula):
        kind, text = m.lastgroup, m[0]
        if kind == "arrow":
            out += _chemical_arrow(text.partition("[")[0], m["above"], m["below"])
        elif kind == "leaves":
            out += "\\downarrow " if text == "v" else "\\uparrow "
        elif kind in ("element", "state"):
            out += f"\\mathrm{{{text}}}"
        elif kind == "number":
            out += f"_{{{text}}}" if before.isalpha() or before in ")]" else f"{text}\\,"
        elif kind == "charge":
            out += f"^{{{m['charge']}}}"
        elif kind == "sign":
            out += f"^{{{text}}}"
        elif kind == "index":
            out += f"_{{{m['index']}}}"
        else:
            out += text
        before = text[-1]
    return out
