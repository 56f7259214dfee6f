"""Other ways to write an answer, each rewritten in the one notation that the lexer knows.

Markdown and HTML marks, letters and signs of Unicode, upright letters, the unit commands of siunitx, brackets that
open outward, systems of equations, derivatives that name the answer, decimal commas that can be nothing else. A text
rewritten here keeps its value; what may mean two things stays as it is and is left to
:mod:`tutor_app.adapters.grading.readings`.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_SIGNS: Final = {
    "⩽": "≤", "⩾": "≥", "≦": "≤", "≧": "≥", "≲": "≤", "∗": "*", "∨": r"\lor ", "∧": r"\land ", "∩": r"\cap ",
    "∓": r"\mp ", "∖": r"\setminus ", "⋯": "...", "′": "'", "″": "''", "∛": "cbrt ", "⁺": "+", "∶": ":", "㎝": "cm",
    "∂": r"\partial ", "∣": "|", "⟹": "=>", "‐": "-", "‑": "-", "‒": "-", "—": "-", "﹣": "-", "╱": "/", "∕": "/",
    "ℤ": r"\mathbb{Z}", "ℕ": r"\mathbb{N}", "ℚ": r"\mathbb{Q}", "ℂ": r"\mathbb{C}", "•": r"\cdot ", "∙": r"\cdot ",
    "‰": r"\text{per mille}", "∡": "", "△": "", "∎": "", "✕": "×", "✖": "×", "⨯": "×", "➗": "÷", "º": "°", "˚": "°",
    "\u2062": "", "\u200b": "", "\ufeff": "", "\u2061": "", "\u2007": " ", "\u2002": " ", "\u2003": " ", "\u200a": " ",
    "µ": r"\mu ", "℃": "°C", "℉": "°F", "ℜ": r"\Re ", "∈": r"\in ", "¢": r"\text{ cents}", "¬": r"\neg ",
    "→": r"\to ", "⇒": r"\to ", "↔": r"\iff ", "⇔": r"\iff ",
    "↦": r"\mapsto ", "⊆": r"\subseteq ", "⊂": r"\subset ", "∉": r"\notin ", "π": r"\pi ",
}  # fmt: skip
_GREEK: Final = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ϵ": "epsilon", "ζ": "zeta", "η": "eta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "ρ": "rho", "σ": "sigma", "τ": "tau",
    "υ": "upsilon", "φ": "phi", "ϕ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta",
    "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega", "ϑ": "theta",
}  # fmt: skip
_TRANSLATE: Final = str.maketrans(_SIGNS | {sign: f"\\{name} " for sign, name in _GREEK.items()})
_LOWERED: Final = re.compile(r"[₀-₉]+")
_LOWERED_DIGITS: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_EMPHASIS: Final = re.compile(r"(\*\*\*|\*\*|__|_|\*|`+|==|~~)(?=\S)(.+?)(?<=\S)\1", re.DOTALL)
_BOLD_INSIDE: Final = re.compile(r"(?<![\w)*])\*\*(?=\S)([^*]+?)(?<=\S)\*\*(?![\w(*])")
_BOLD_LABEL: Final = re.compile(r"\*\*[A-Za-z ]+:\s*\*\*\s*(?=\S)|\*\*[A-Za-z ]+\*\*\s*:\s*(?=\S)")
_FENCE: Final = re.compile(r"```\w*\n(.*?)\n?```", re.DOTALL)
_QUOTED_LINE: Final = re.compile(r"^>\s+(?=\S)")
_HEADING: Final = re.compile(r"#{1,6}\s+")
_TAG: Final = re.compile(r"</?(?:b|strong|em|i|u|p|span|code|mark|div)>", re.IGNORECASE)
_TAG_SCRIPT: Final = re.compile(r"<(sup|sub)>(.*?)</\1>", re.IGNORECASE | re.DOTALL)
_UPRIGHT_NAMES: Final = (
    "e|i|d|x|y|z|n|k|ln|log|sin|cos|tan|cot|sec|csc|arcsin|arccos|arctan|exp|sqrt|gcd|lcm|lg"
    "|tg|ctg|cotg|cotan|cosec|arctg|cis"
)
_UPRIGHT: Final = re.compile(
    rf"\\(?:mathrm|operatorname\*?|textrm|textup|mathup|mathit|rm|textit|mathsf)\s*"
    rf"\{{\s*(?:\\?({_UPRIGHT_NAMES})|\\(pi|imath|jmath|theta))\s*\}}"
)
_UPRIGHT_OLD: Final = re.compile(r"\{\s*\\(?:rm|it)\s+([eixyz])\s*\}")
_COMMANDS: Final = {
    r"\uppi": r"\pi", r"\lor": r"\text{ or }", r"\vee": r"\text{ or }", r"\land": r"\text{ and }",
    r"\wedge": r"\text{ and }", r"\leqq": r"\le", r"\geqq": r"\ge", r"\lvert": r"\lvert", r"\nolinebreak": "",
    r"\dotsc": r"\ldots", r"\dotsb": r"\ldots", r"\colon": ":", r"\middle": "", r"\bigcup": r"\cup",
    r"\bigcap": r"\cap",
    r"\reals": r"\mathbb{R}", r"\R": r"\mathbb{R}", r"\RR": r"\mathbb{R}", r"\Reals": r"\mathbb{R}",
    r"\Z": r"\mathbb{Z}", r"\N": r"\mathbb{N}", r"\euro": "€", r"\EUR": "€", r"\texteuro": "€", r"\pounds": "£",
    r"\textpounds": "£", r"\dollar": r"\$", r"\textdollar": r"\$", r"\percent": r"\%", r"\textdegree": r"^\circ",
    r"\celsius": r"^\circ\text{C}", r"\bold": r"\mathbf", r"\i": "i", r"\displaylimits": "", r"\medspace": "",
    r"\negthinspace": "", r"\thickspace": " ", r"\enspace": " ", r"\hfill": "", r"\space": " ", r"\nobreakspace": " ",
    r"\upi": r"\pi", r"\plusmn": r"\pm", r"\degrees": r"^\circ", r"\inf": r"\infty", r"\empty": r"\emptyset",
    r"\O": r"\emptyset", r"\textasciitilde": "~", r"\tt": "", r"\sf": "", r"\varepsilon": r"\epsilon",
    r"\varphi": r"\phi",
    r"\tg": r"\tan ", r"\ctg": r"\cot ", r"\cotg": r"\cot ", r"\cotan": r"\cot ", r"\cosec": r"\csc ",
    r"\arctg": r"\arctan ", r"\neg": r"\lnot ", r"\Rightarrow": r"\to", r"\rightarrow": r"\to",
    r"\implies": r"\to", r"\Leftrightarrow": r"\iff", r"\leftrightarrow": r"\iff",
    r"\nexists": r"\text{does not exist}",
}  # fmt: skip
_COMMAND: Final = re.compile(r"\\[A-Za-z]+")
_SIUNITX: Final = re.compile(
    r"\\(SI|qty|si|unit|ang|num)\s*(?:\[[^\]]*\])?\s*\{([^{}]*)\}\s*(?:\{((?:[^{}]|\{[^{}]*\})*)\})?"
)
_SIUNITX_COMMANDS: Final = (r"\SI", r"\qty", r"\si", r"\unit", r"\ang", r"\num")
_UNIT_COMMAND: Final = re.compile(r"\\([a-z]+)")
_PREFIXES: Final = {"kilo": "k", "centi": "c", "milli": "m", "deci": "d", "micro": "μ", "mega": "M"}
_UNITS: Final = {
    "metre": "m", "meter": "m", "gram": "g", "second": "s", "minute": "min", "hour": "h", "day": "day",
    "litre": "L", "liter": "L", "percent": "%", "degree": "deg", "kilogram": "kg", "newton": "N", "joule": "J",
    "watt": "W", "volt": "V", "ampere": "A", "kelvin": "K", "hertz": "Hz", "pascal": "Pa", "mole": "mol",
    "cm": "cm", "km": "km", "kg": "kg", "celsius": "C", "degreeCelsius": "C", "angle": "deg", "ohm": "ohm",
}  # fmt: skip
_INTERVAL: Final = re.compile(r"([\[\]])([^\[\]]*[,;][^\[\]]*)([\[\]])")
_TURNED: Final = {"][": "()", "]]": "(]", "[[": "[)", "[]": "[]"}
_HALF_OUTWARD: Final = (
    re.compile(r"\(([^\[\]()]*[,;][^\[\]()]*)\["),
    re.compile(r"\]([^\[\]()]*[,;][^\[\]()]*)\)"),
)
_SIZES: Final = re.compile(r"\\(?:left|right|[bB]igg?[lr]?)\s*(?=[\[\]()])")
_SYSTEM: Final = re.compile(
    r"(?:\\left\s*\\\{\s*)?\\begin\s*\{(cases|aligned|align\*?|array|gathered|split|rcases|dcases)\}"
    r"(?:\s*\{[lcr| ]*\})?(.*?)\\end\s*\{\1\}(?:\s*\\right\s*\.)?",
    re.DOTALL,
)
_DETERMINANT: Final = re.compile(r"\\det\s*\\begin\s*\{[pb]matrix\}(.*?)\\end\s*\{[pb]matrix\}", re.DOTALL)
_ROWS: Final = re.compile(r"\\\\(?:\s*\[[^\]]*\])?|\\cr(?![a-z])")
_PIECES: Final = frozenset(("cases", "dcases", "rcases", "array"))
_CONDITION: Final = re.compile(
    r"\\(?:text|mbox|mathrm|textrm)\s*\{\s*,?\s*(?:if|for|when|where)\b([^{}]*)\}|\b(?:if|for|when)\b"
)
_OTHERWISE: Final = re.compile(
    r"&?\s*(?:\\(?:text|mbox|mathrm|textrm)\s*\{\s*,?\s*(?:otherwise|else|elsewhere)\s*[.,]?\s*\}|\botherwise\b|\belse\b)"
)
_RELATION: Final = re.compile(r"[=<>≤≥]|\\(?:le|ge|lt|gt)(?:q|slant|qslant)?(?![a-z])")
_DERIVATIVE: Final = re.compile(
    r"(?:\\[dt]?frac\s*\{\s*(?:d|\\partial|D)\s*(?:\^\s*\{?([23])\}?)?\s*([A-Za-z])\s*(?:\(\s*\w\s*\))?\s*\}"
    r"\s*\{\s*(?:d|\\partial)\s*[A-Za-z]\s*(?:\^\s*\{?[23]\}?)?\s*\}"
    r"|\bd\s*(?:\^\s*\{?([23])\}?)?\s*([A-Za-z])\s*/\s*d\s*[A-Za-z](?:\s*\^\s*\{?[23]\}?)?)\s*(?==)"
)
_DOTTED: Final = re.compile(r"\\(d{1,3})ot\s*(?:\{\s*([A-Za-z])\s*\}|([A-Za-z]))")
_PRIMES: Final = re.compile(r"(?<=[A-Za-z])\s*\^\s*(?:\{((?:\s*\\prime)+)\s*\}|\\prime(?![A-Za-z]))")
_DERIVED: Final = re.compile(
    r"\\[dt]?frac\s*\{\s*d\s*\}\s*\{\s*d\s*[A-Za-z]\s*\}\s*\(?\s*([fghy])\s*(?:\(\s*[A-Za-z]\s*\))?\s*\)?\s*(?==)"
)
_PARTIAL: Final = re.compile(
    r"(?:\\[dt]?frac\s*\{\s*\\partial\s*(?:\^\s*\{?[23]\}?)?\s*([A-Za-z])\s*\}\s*\{((?:\s*\\partial\s*[A-Za-z]\s*(?:\^\s*\{?[23]\}?)?)+)\s*\}"
    r"|\\partial\s*(?:\^\s*\{?[23]\}?)?\s*([A-Za-z])\s*/\s*((?:\s*\\partial\s*[A-Za-z]\s*(?:\^\s*\{?[23]\}?)?)+)"
    r"|\\partial_\{?([a-z]{1,3})\}?\s*([A-Za-z])(?![A-Za-z]))\s*(?:\([^()=]*\))?\s*(?==)"
)
_BY: Final = re.compile(r"\\partial\s*([A-Za-z])\s*(?:\^\s*\{?([23])\}?)?")
_MAPS: Final = re.compile(r"^\s*(?:([fgh])\s*:\s*)?([a-z])\s*\\mapsto\s*")
_NAMELESS: Final = re.compile(
    r"\s*\$?\s*(?:\\(?:displaystyle\s*\\)?(?:lim|int|iint|oint|sum|prod|det)(?![A-Za-z])"
    r"|\\[dt]?frac\s*\{\s*(?:d|\\partial)\s*(?:\}\s*\{|\()|D_[a-z]\s*[(\[]|\\nabla\s*[A-Za-z](?![A-Za-z])|\([^()=]*\)')[^=]*=\s*(?=[^=]+$)"
)
_EVALUATED: Final = re.compile(
    r"^\$?(?:\\left\s*\.)?\s*\\[dt]?frac\s*\{[^{}]*\}\s*\{[^{}]*\}\s*(?:\\(?:right|[bB]igg?[rl]?)\s*)?(?:\||\\vert)"
    r"\s*_\s*\{[^{}]*\}\s*=\s*"
)
_LOWER_LIMIT: Final = re.compile(r"(\\(?:sum|prod|int))\s*(?:\\limits)?\s*_\s*\{[^{}]*\}")
_DECIMAL_BRACES: Final = re.compile(r"(?<![\d.,}])(\d+)\{[,.]\}(\d+)(?![\d{])")
_EUROPEAN: Final = re.compile(r"(?<![\d.,])(\d{1,3}(?:\.\d{3})+),(\d{1,2}|\d{4,})(?![\d.,])")
_THIN_SPACES: Final = re.compile(r"(?<![\d.,}])(\d{1,3}(?:\\,\d{3})+)\{,\}(\d+)(?!\d)")
"""Thin spaces between thousands and a braced decimal comma."""
_DEFINED_AS: Final = re.compile(r":=|≔|\\(?:coloneqq|coloneq)(?![a-zA-Z])")
_EUROPEAN_SPACES: Final = re.compile(r"(?<![\d.,])(\d{1,3}(?:[ \u00a0\u202f\u2009]\d{3})+),(\d{1,2}|\d{4,})(?![\d.,])")
_POINTS: Final = re.compile(r"(?<![\d.,])\d{1,3}(?:\.\d{3}){2,}(?![\d.,])")
_APOSTROPHES: Final = re.compile(r"(?<![\d.,])\d{1,3}(?:['’]\d{3})+(?![\d,'’])")
_INDIAN: Final = re.compile(r"(?<![\d.,])\d{1,2}(?:,\d{2})+,\d{3}(?![\d,])")
_EQUATION_INDEX: Final = re.compile(r"(?<![A-Za-z\\_^{\d])([A-Za-z])(\d)(?=\s*=[^=])")
_DEGREES_MINUTES: Final = re.compile(
    r"(\d+)\s*(?:°|\^\s*\{?\s*\\circ\s*\}?)\s*(\d{1,2})\s*(?:'|\^\s*\{?\s*\\prime\s*\}?)(?!')"
    r"\s*(?:(\d{1,2}(?:\.\d+)?)\s*(?:''|\"|\^\s*\{?\s*\\prime\s*\\prime\s*\}?))?"
)
_MOD_WORD: Final = re.compile(r"\\(?:text|mathrm|operatorname)\s*\{\s*mod\s*\}")
_MOD_INDEX: Final = re.compile(r"\\equiv_\{?(\d+)\}?\s*([^,;]+)$")
_WHERE_CONSTANT: Final = re.compile(
    r"\s*(?:,|\\text\s*\{\s*,?\s*where\s*\}|,?\s*where)\s*\$?C\$?\s*(?:\\in\s*\\mathbb\s*\{?R\}?|(?:\\text\s*\{)?\s*is\s+(?:a|any|an\s+arbitrary)"
    r"\s+(?:real\s+)?(?:constant|number)[^{}]*\}?)\s*$"
)
_MODULUS: Final = re.compile(r"\(\s*(?:\\mod|\\bmod|mod(?:ulo)?)(?![A-Za-z])\s*([^()]+)\)")
_BLACKBOARD: Final = re.compile(r"\\mathbb\s*([RZNQC])(?![A-Za-z])")
_TEXT_CONSTANT: Final = re.compile(
    r"(?<=\+)\s*(?:\\(?:text|mathrm|textrm)\s*\{\s*(?:C|[Cc]onst(?:ant)?\.?)\s*\}|const(?:ant)?\b\.?)"
)
_UPRIGHT_LETTER: Final = re.compile(r"\\mathrm\s+([ei](?![A-Za-z])|d(?=\s*[A-Za-z](?![A-Za-z])|\s*\}))")
_REALS_LETTER: Final = re.compile(r"\\mathbf\s*\{\s*R\s*\}|(?<=\\in)\s+R(?![A-Za-z(])|(?:(?<=^)|(?<=\\in))\s*\\Re\s*$")
_RAISED_ORDINAL: Final = re.compile(
    r"(\d+|(?<![A-Za-z\\])[nk])\s*\^\s*(?:\{\s*)?(?:\\(?:text|mathrm|textrm|rm|textit|mathit|textsuperscript)\s*\{?\s*)?(st|nd|rd|th)"
    r"(?![A-Za-z])\s*\}?\s*\}?"
)
"""The letters behind a number that make it a place in an order, raised as in print."""
_LOGIC_SIGNS: Final = re.compile(r"(?<=[\w)])\s*(\|\||&&)\s*(?=[\w(-])|(?<=[\w)])\s+\|\s+(?=[a-z]\s*[<>=])")
_LOUD: Final = re.compile(r"\b(?:AND|OR)\b")
_LINE_BREAK: Final = re.compile(r"\s*\\\\\s*(?=[A-Za-z])")
_TEXT_LETTER: Final = re.compile(r"\\text\s*\{\s*([ei])\s*\}")
_CURRENCIES: Final = {"€": "euros", "£": "£", "¥": "yen", "₹": "rupees"}
_CURRENCY: Final = re.compile(r"([€£¥₹])\s*(-?\d[\d.,]*)|(?<=\d)\s*([€£¥₹])")
_CURRENCY_CODE: Final = re.compile(r"^(GBP|EUR|JPY|INR)\s*(-?\d[\d.,]*\d|\d)$")
_MULTIPLICITY: Final = re.compile(
    r"\s*\((?:an?\s+)?(?:(?:double|repeated|triple)\s+(?:root|solution)|(?:with\s+)?multiplicity\s*(?:of\s+)?\d|twice)\)$"
)
_BOTH_ROOTS: Final = re.compile(r"\b([a-z])_\{\s*1\s*[,/]\s*2\s*\}(?=\s*=)")
_SAID_MINUS: Final = re.compile(r"^(?:minus|negative)\s+(?=[\d.\\(])", re.IGNORECASE)
_AT_MOST: Final = re.compile(r"=<(?=[^>]*$)")
_UNIT_FRACTION: Final = re.compile(
    r"(?<=[\d}])\s*(?:\\[,;: ])?\s*\\[dt]?frac\s*\{\s*\\(?:text|mathrm)\s*\{\s*([A-Za-z]+)\s*\}\s*\}"
    r"\s*\{\s*\\(?:text|mathrm)\s*\{\s*([A-Za-z]+)\s*\}\s*(?:\^\s*\{?([23])\}?)?\s*\}"
)
_PER: Final = re.compile(
    r"(?<=\d)\s*(?:\\,|~)?\s*(?:\\(?:text|mathrm)\s*\{\s*)?(k?m|cm|mm|mi|ft|k?g|m?L|J|N|mol|rad)\s*\}?\s*(?:\\cdot|\\,|[\s*·])\s*"
    r"(?:\\(?:text|mathrm)\s*\{\s*)?(s|h|min)\s*\}?\s*\^\s*(?:\{\s*-\s*([12])\s*\}|-([12]))(?:\s*\})?"
)
"""A unit divided by a time, written with a negative power."""
_NEXT_EQUATION: Final = re.compile(r"(?<=[\w}])\s*\\q?quad\s*(?=[A-Za-z](?:_\{?\w+\}?)?\s*=)")
_REALS_SET: Final = re.compile(
    r"^((?:[A-Za-z]\s*\\in\s*)?)R\s*(?:\\setminus|\\backslash|\\ |\\|-)\s*(?:\\?\{([^{}]*[^{}\\])\\?\}$|(?=[\[(]))"
)
_REALS_FIRST: Final = re.compile(
    r"^[A-Za-z]\s*\\in\s*\\mathbb\s*\{?R\}?\s*(?:,|;|\\text\{\s*(?:and|,)?\s*\}|and)\s*(?=.)"
)
_REALS_MINUS: Final = re.compile(r"(\\mathbb\s*\{R\})\s*[-–−]\s*(?=\\?\{)")
_SIGNED_REALS: Final = re.compile(
    r"\\mathbb\s*\{?R\}?\s*(?:\^|_)\s*(?:\{\s*)?(\+|-|\*|\\ast|\\times|>\s*0|\\ge\s*0|\\geq\s*0)(?:\s*\})?"
)
_REALS_SIGNED: Final = {
    **dict.fromkeys(("*", r"\ast", r"\times"), r"\mathbb{R}\setminus\{0\}"),
    "+": r"(0,\infty)",
    "-": r"(-\infty,0)",
    ">0": r"(0,\infty)",
}
_SAYS: Final = (
    (
        re.compile(
            r"(?<=[A-Za-z])\s+(?:is\s+)?(?:strictly\s+)?(?:greater|more|larger|bigger)\s+than\s+or\s+equal\s+to\s+"
        ),
        r" \\ge ",
    ),
    (re.compile(r"(?<=[A-Za-z])\s+(?:is\s+)?(?:strictly\s+)?(?:less|smaller)\s+than\s+or\s+equal\s+to\s+"), r" \\le "),
    (re.compile(r"(?<=[A-Za-z])\s+(?:is\s+)?(?:strictly\s+)?(?:greater|more|larger|bigger)\s+than\s+"), " > "),
    (re.compile(r"(?<=[A-Za-z])\s+(?:is\s+)?(?:strictly\s+)?(?:less|smaller)\s+than\s+"), " < "),
    (re.compile(r"(?<=[A-Za-z])\s+is\s+congruent\s+to\s+"), r" \\equiv "),
    (re.compile(r"\bmodulo\b"), "mod"),
    (re.compile(r"(?<=[A-Za-z])\s+is\s+at\s+least\s+"), r" \\ge "),
    (re.compile(r"(?<=[A-Za-z])\s+is\s+at\s+most\s+"), r" \\le "),
    (re.compile(r"(?<=[A-Za-z])\s+(?:is\s+not\s+equal\s+to|does\s+not\s+equal|is\s+not)\s+(?=[-\d])"), r" \\ne "),
    (re.compile(r"^([A-Za-z])\s+(?:is\s+equal\s+to|equals|is)\s+(?=[-\d\\(])"), r"\1 = "),
)
_EITHER: Final = re.compile(r"^(?:either|both)\s+(?=.*\b(?:or|and)\b)", re.IGNORECASE)
_PER_CENT: Final = re.compile(r"\bper\s+cent\b|\bpct\b\.?")
_PLUS_MINUS: Final = re.compile(r"\+\s*(?:/|or)\s*-|\(\s*\+\s*/\s*-\s*\)|(?:\bplus[ -]or[ -]minus\b)|\\\+\\?-")
_PLUS_MINUS_START: Final = re.compile(r"(^|=\s*)\+-\s*(?=[\d.\\(a-z])")
_CHOICES: Final = re.compile(
    r"(?:\{\s*\}|(?<=^)|(?<=[=\s(*/+-]))\s*(?:[_^]\s*\{?(\d+)\}?|(?<![\d.])(\d+))\s*(?:\\(?:mathrm|text)\{C\}|C)\s*_?\s*\{?(\d+)\}?(?![\d_])"
)
_CHOICES_BRACED: Final = re.compile(r"^\{(\d+)\}\s*C\s*\{(\d+)\}$|^(\d+)\s*nCr\s*(\d+)$")
_CHOICES_NAMED: Final = re.compile(
    r"(?:\{\s*\}\s*_\s*\{?|(?<![A-Za-z\\]))([nm])\}?\s*C\s*_?\{?([a-z\d])\}?(?![A-Za-z\d])"
)
_PERMUTATIONS: Final = re.compile(
    r"(?:\{\s*\})?\s*(?:[_^]\s*\{?(\d+)\}?|(?<![\d.])(\d+))\s*(?:\\(?:mathrm|text)\{P\}|P)\s*_?\s*\{?(\d+)\}?(?![\d_])"
)
_CHOICE_CALL: Final = re.compile(
    r"^(=?\s*)(?:\\(?:mathrm|text)\{C\}|n?Cr?|\bcomb|\bbinom(?:ial)?)\s*\(\s*(\w+)\s*,\s*(\w+)\s*\)"
)
_CHOICE_SCRIPTS: Final = re.compile(
    r"(?:\\(?:mathrm|text)\{C\}|(?<![A-Za-z])C)(?:\s*_\s*\{?(\d+)\}?\s*\^\s*\{?(\d+)\}?|\s*\^\s*\{?(\d+)\}?\s*_\s*\{?(\d+)\}?)"
)


def rewritten(text: str) -> str:
    """The same answer in the notation that the lexer knows."""
    if not text.isascii():
        text = _plain_signs(text)
    if any(sign in text for sign in (":=", "≔", "coloneq")):
        text = _DEFINED_AS.sub("=", text)
    text = without_marks(text)
    if "^" in text:
        text = _RAISED_ORDINAL.sub(r"\1\2", text)
    if "\\" in text:
        text = _plain_commands(text)
    if "R" in text:
        text = _REALS_SET.sub(_reals_without, text)
    if "[" in text or "]" in text:
        text = _inward(text)
    if any(sign in text for sign in ",.'’"):
        text = _decimals(text)
    if "°" in text or "circ" in text:
        text = _DEGREES_MINUTES.sub(lambda m: _angle(f"{m[1]};{m[2]};{m[3] or 0}"), text)
    if "-1" in text or "-2" in text or "- 1" in text:
        text = _PER.sub(lambda m: rf"\text{{ {m[1]}/{m[2]}{'^2' if '2' in (m[3], m[4]) else ''}}}", text)
    if "=" in text or "<" in text or ">" in text:
        text = _NEXT_EQUATION.sub(" , ", text)
        text = _AT_MOST.sub("<=", _BOTH_ROOTS.sub(r"\1", text))
        text = _LOUD.sub(lambda m: m[0].lower(), text)
        if not text.startswith(("{", r"\{")):
            text = _LOGIC_SIGNS.sub(lambda m: " and " if m[1] == "&&" else " or ", text)
    if "mod" in text or "equiv_" in text:
        text = _MOD_INDEX.sub(r"\\equiv \2\\pmod{\1}", _MOD_WORD.sub(r"\\bmod ", text))
        text = _MODULUS.sub(r"\\pmod{\1}", text)
    if text[:1].isalpha():
        text = _SAID_MINUS.sub("-", text)
        text = _CURRENCY_CODE.sub(r"\2\\text{ \1}", _EITHER.sub("", text))
    text = text.replace("{:}", ":")
    if text.endswith(")"):
        text = _MULTIPLICITY.sub("", text)
    if "per" in text or "pct" in text:
        text = _PER_CENT.sub("percent", text)
    if " " in text:
        for said, written in _SAYS:
            text = said.sub(written, text)
    if "plus" in text:
        text = _PLUS_MINUS.sub(r"\\pm ", text)
    if "+" in text:
        text = _PLUS_MINUS_START.sub(r"\1\\pm ", _PLUS_MINUS.sub(r"\\pm ", text))
        text = _WHERE_CONSTANT.sub("", _TEXT_CONSTANT.sub("C", text))
    if "C" in text or "P" in text or "omb" in text:
        text = _choices(text)
    if r"\mapsto" in text:
        text = _MAPS.sub(lambda m: f"{m[1] or 'f'}({m[2]})=", text)
    if "=" in text:
        text = _EVALUATED.sub("", text)
        text = _EQUATION_INDEX.sub(r"\1_\2", text)
        if "partial" in text:
            text = _PARTIAL.sub(_partial, text)
        text = _PRIMES.sub(lambda m: "'" * (m[1] or "p").count("p"), text)
        text = _DERIVED.sub(r"\1'", text)
        text = _DERIVATIVE.sub(lambda m: (m[2] or m[4]) + "'" * int(m[1] or m[3] or 1), text)
        bare = _LOWER_LIMIT.sub(r"\1 ", text)
        if m := _NAMELESS.match(bare):
            text = bare[m.end() :]
    return text


def _plain_signs(text: str) -> str:
    """Letters of mathematical alphabets, full-width signs and lowered digits as the usual ones."""
    letters = [
        unicodedata.normalize("NFKC", c)
        if "\U0001d400" <= c <= "\U0001d7ff" or "\uff01" <= c <= "\uff5e" or c in "ℯⅇⅈⅉⅆℎ"
        else str(unicodedata.digit(c))
        if not c.isascii() and unicodedata.category(c) == "Nd"
        else c
        for c in text
    ]
    text = _LOWERED.sub(lambda m: "_{" + m[0].translate(_LOWERED_DIGITS) + "}", "".join(letters))
    text = _CURRENCY.sub(_currency, text)
    return text.translate(_TRANSLATE)


def _currency(m: re.Match[str]) -> str:
    amount = (m[2] or "").rstrip(".,")
    return rf"{amount}\text{{ {_CURRENCIES[m[1] or m[3]]}}}"


def without_marks(text: str) -> str:
    """Without the emphasis of Markdown and the tags of HTML around an answer or one of its parts."""
    text = _HEADING.sub("", text.strip()) if text.lstrip().startswith("#") else text
    if "<" in text:
        text = _TAG.sub("", text)
        text = _TAG_SCRIPT.sub(lambda m: ("^{" if m[1].lower() == "sup" else "_{") + m[2] + "}", text)
    text = text.strip()
    if text[:1] in (">", "`") or "```" in text:
        text = _QUOTED_LINE.sub("", _FENCE.sub(r"\1", text))
    stripped = text
    while stripped[:1] in ("*", "_", "`", "=", "~") and (m := _EMPHASIS.fullmatch(stripped)) and m[1] not in m[2]:
        stripped = text = m[2].strip()
    if "**" in text:
        text = _BOLD_INSIDE.sub(r"\1", _BOLD_LABEL.sub("", text))
    return text


def _plain_commands(text: str) -> str:
    if r"\math" in text or r"\text" in text or r"\op" in text or r"\rm" in text or r"\it" in text:
        text = _UPRIGHT.sub(lambda m: " " + _upright(m[1] or "\\" + m[2]), text)
        text = _TEXT_LETTER.sub(r"\1", _BLACKBOARD.sub(r"\\mathbb{\1}", _UPRIGHT_LETTER.sub(r"\1", text)))
        text = _UPRIGHT_OLD.sub(r"\1", text)
    if "R" in text:
        text = _REALS_LETTER.sub(r"\\mathbb{R}", text)
    if any(command in text for command in _SIUNITX_COMMANDS):
        text = _SIUNITX.sub(_with_unit, text)
    if "frac" in text:
        text = _UNIT_FRACTION.sub(lambda m: rf"\text{{ {m[1]}/{m[2]}{'^' + m[3] if m[3] else ''}}}", text)
    text = _COMMAND.sub(lambda m: _COMMANDS.get(m[0], m[0]), text)
    if "£" in text or "€" in text:
        text = _CURRENCY.sub(_currency, text)
    if "dot" in text:
        text = _DOTTED.sub(lambda m: (m[2] or m[3]) + "'" * len(m[1]), text)
    if r"\notin" in text:
        text = text.replace(r"\notin", r"\in\mathbb{R}\setminus ")
    if r"\mathbb" in text:
        text = _REALS_MINUS.sub(r"\1\\setminus ", _REALS_FIRST.sub("", text))
        text = _SIGNED_REALS.sub(lambda m: _REALS_SIGNED.get(m[1].replace(" ", ""), r"[0,\infty)"), text)
    if r"\begin" in text:
        text = _DETERMINANT.sub(r"\\begin{vmatrix}\1\\end{vmatrix}", text)
        text = _SYSTEM.sub(_system, text)
    elif "=" in text:
        text = _LINE_BREAK.sub(" , ", text)
    return text


def _partial(m: re.Match[str]) -> str:
    """A partial derivative as the function with the variables below it."""
    if m[6]:
        return f"{m[6]}_{{{m[5]}}}"
    variables = "".join(b[1] * int(b[2] or 1) for b in _BY.finditer(m[2] or m[4]))
    return f"{m[1] or m[3]}_{{{variables}}}"


def _reals_without(m: re.Match[str]) -> str:
    points = rf"\{{{m[2]}\}}" if m[2] else ""
    return rf"{m[1]}\mathbb{{R}}\setminus {points}"


def _upright(name: str) -> str:
    if name in (r"\imath", r"\jmath"):
        return name[1]
    return f"\\{name} " if len(name) > 1 and not name.startswith("\\") else f"{name} " if len(name) > 1 else name


def _with_unit(m: re.Match[str]) -> str:
    command, first, second = m[1], m[2].strip(), m[3]
    if command == "num":
        return first
    if command == "ang":
        return _angle(first)
    if command in ("SI", "qty") and second is not None:
        unit = _unit(second)
        return rf"{first}^\circ " if unit == "deg" else rf"{first}\%" if unit == "%" else rf"{first}\text{{ {unit}}}"
    return rf"\text{{ {_unit(first)}}}"


def _angle(written: str) -> str:
    parts = [part.strip() or "0" for part in written.split(";")]
    degrees = "+".join(part if k == 0 else rf"\frac{{{part}}}{{{60**k}}}" for k, part in enumerate(parts) if k < 3)
    return rf"{degrees}^\circ " if len(parts) == 1 else rf"({degrees})^\circ "


def _unit(written: str) -> str:
    """The unit words of a chain such as ``\\kilo\\metre\\per\\hour``."""
    if "\\" not in written:
        return written.replace(".", " ").strip()
    words: list[str] = []
    prefix, power = "", ""
    for name in _UNIT_COMMAND.findall(written):
        if name == "per":
            words.append("/")
        elif name in ("square", "cubic"):
            power = "^2" if name == "square" else "^3"
        elif name in ("squared", "cubed") and words:
            words[-1] += "^2" if name == "squared" else "^3"
        elif name in _PREFIXES:
            prefix = _PREFIXES[name]
        else:
            words.append(prefix + _UNITS.get(name, name) + power)
            prefix = power = ""
    return "".join(words)


def _inward(text: str) -> str:
    """Intervals with brackets turned outward, as some countries write open ends."""
    if _balanced(text):
        return text
    bare = _SIZES.sub("", text).strip()
    if any(m[1] == "]" or m[3] == "[" for m in _INTERVAL.finditer(bare)):
        return _INTERVAL.sub(lambda m: _TURNED[m[1] + m[3]][0] + m[2] + _TURNED[m[1] + m[3]][1], bare)
    for pattern in _HALF_OUTWARD:
        if m := pattern.fullmatch(bare):
            return f"({m[1]})"
    return text


def _balanced(text: str) -> bool:
    depth = 0
    for c in text:
        depth += {"[": 1, "]": -1}.get(c, 0)
        if depth < 0:
            return False
    return depth == 0


def _system(m: re.Match[str]) -> str:
    """The rows of a system of equations as a list, those of a piecewise function without the words."""
    rows = [row.strip(" \n,;.") for row in _ROWS.split(m[2]) if row.strip()]
    pieces = m[1] in _PIECES and (m[1] != "array" or m[0].startswith((r"\left", r"\{")) or _CONDITION.search(m[2]))
    if pieces and any(_is_piece(row) for row in rows):
        return r"\begin{cases}" + r"\\".join(map(_piece, rows)) + r"\end{cases}"
    joined = [row.replace("&", " ").strip() for row in rows]
    if joined and all(_RELATION.search(row) for row in joined):
        return (" , " if all("=" in row for row in joined) else r"\text{ and }").join(joined)
    return m[0]


def _is_piece(row: str) -> bool:
    value, mark, condition = row.partition("&")
    return bool(_CONDITION.search(row) or _OTHERWISE.search(row)) or (
        bool(mark) and not _RELATION.search(value) and not _RELATION.match(condition.strip())
    )


def _piece(row: str) -> str:
    row = _OTHERWISE.sub(r"& \\text{otherwise}", row)
    row = _CONDITION.sub(lambda m: "&" + (m[1] or "").replace("$", ""), row)
    value, _, condition = row.partition("&")
    condition = condition.replace("&", " ").replace(r"\quad", " ").replace(r"\,", " ")
    return f"{value.strip(' ,;')}&{condition.strip(' ,;')}"


def _decimals(text: str) -> str:
    """Marks of thousands and decimal commas that can be nothing else."""
    text = _EUROPEAN.sub(lambda m: m[1].replace(".", "") + "." + m[2], text)
    text = _THIN_SPACES.sub(lambda m: m[1].replace(r"\,", "") + "." + m[2], text)
    text = _EUROPEAN_SPACES.sub(lambda m: re.sub(r"\s", "", m[1]) + "." + m[2], text)
    text = _POINTS.sub(lambda m: m[0].replace(".", ""), text)
    text = _APOSTROPHES.sub(lambda m: m[0].replace("'", "").replace("’", ""), text)
    text = _INDIAN.sub(lambda m: m[0].replace(",", ""), text)
    return _DECIMAL_BRACES.sub(lambda m: f"{m[1]}.{m[2]}" if len(m[2]) != 3 or m[1].startswith("0") else m[0], text)


def _choices(text: str) -> str:
    text = _CHOICE_CALL.sub(r"\1\\binom{\2}{\3}", text)
    text = _CHOICES_BRACED.sub(lambda m: rf"\binom{{{m[1] or m[3]}}}{{{m[2] or m[4]}}}", text)
    text = _CHOICES_NAMED.sub(r"\\binom{\1}{\2}", text)
    text = _CHOICE_SCRIPTS.sub(lambda m: _choose(m[1] or m[3], m[2] or m[4]), text)
    text = _CHOICES.sub(lambda m: rf"\binom{{{m[1] or m[2]}}}{{{m[3]}}}", text)
    return _PERMUTATIONS.sub(
        lambda m: (
            rf"\frac{{{m[1] or m[2]}!}}{{({m[1] or m[2]}-{m[3]})!}}"
            if int((m[1] or m[2])[:6]) >= int(m[3][:6])
            else m[0]
        ),
        text,
    )


def _choose(one: str, two: str) -> str:
    """``C_5^2`` and ``C_2^5`` are both written for five choose two."""
    large, small = (one, two) if int(one[:9]) >= int(two[:9]) else (two, one)
    return rf"\binom{{{large}}}{{{small}}}"
