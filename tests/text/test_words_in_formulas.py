"""Words in formulas: what their commands mean, names of quantities, and which side a space stands at."""

from __future__ import annotations

import pytest

from tutor_app.text.repair import attempts
from tutor_app.text.words_in_formulas import named_words, plain_words, spaces_apart


@pytest.mark.parametrize(("words", "expected"), [
    ("d\\'eriv\\'ee", "d\u00e9riv\u00e9e"),
    ("L\\\"osung", "L\u00f6sung"),
    ("\\c{c}a", "\u00e7a"),
    ("a\\~no", "a\u00f1o"),
    ("\\'{\\i}ndice", "\u00edndice"),
    ("Stra\\ss e", "Stra\u00dfe"),
    ("and so on \\ldots", "and so on ..."),
    ("3 \\euro{}", "3 \u20ac"),
    ("so \\(t=2\\)", "so $t=2$"),
    ("<U+092D>", "\u2039U+092D\u203a"),
    ("\\unheard x", "\\unheard x"),
    ("\\cos", "\\cos"),
    ("plain", "plain"),
])  # fmt: skip
def test_commands_of_text_are_characters(words: str, expected: str) -> None:
    assert plain_words(words) == expected


@pytest.mark.parametrize(("source", "expected"), [
    ("\\mathrm{unit_price}+1", "\\text{unit\\_price}+1"),
    ("\\operatorname{my_rule}(t)", "\\text{my\\_rule}(t)"),
    ("\\mathbf{big\\_name}", "\\textbf{big\\_name}"),
    ("\\mathrm{t_1}", "\\mathrm{t_1}"),
    ("v_{max}", "v_{max}"),
])  # fmt: skip
def test_a_name_with_an_underscore_is_text(source: str, expected: str) -> None:
    assert named_words(source) == expected


def test_the_space_after_words_from_right_to_left_is_behind_them() -> None:
    assert spaces_apart("\u05d0\u05dd ") == ("", "\u05d0\u05dd", "\\ ")
    assert spaces_apart(" \u05d0\u05dd") == ("\\ ", "\u05d0\u05dd", "")
    assert spaces_apart("if ") == ("", "if ", "")
    assert next(attempts("\\text{\u05d0\u05dd } t")) == "\\text{\u05d0\u05dd}\\  t"
