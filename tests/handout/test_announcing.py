"""Which sentence announced the code."""

import pytest

from tutor_app.core.parts import Code, Output, Part, Text
from tutor_app.handout.announcing import announcements

CODE = "width = 3\nheight = 4\narea = width * height\nprint(area)"


def announced(*parts: Part, block: int = 0) -> list[tuple[str, int, int]]:
    found = []
    for a in announcements(parts, block):
        text = parts[a.part]
        assert isinstance(text, Text)
        found.append((text.text[a.start : a.end], a.first_line, a.last_line))
    return found


def test_a_single_sentence_announces_the_block() -> None:
    assert announced(Text("We let Python do it."), Code(CODE)) == [("We let Python do it.", 1, 4)]


def test_a_colon_before_the_code_announces_it() -> None:
    text = "A rectangle has four corners. It is 3.5 cm wide. Let us see:\n"
    assert announced(Text(text), Code(CODE)) == [("Let us see:", 1, 4)]


def test_the_sentence_that_names_what_the_code_names_announces_it() -> None:
    text = "The garden is a rectangle. Its area is the width times the height. Then we are done."
    assert announced(Text(text), Code(CODE)) == [("Its area is the width times the height.", 1, 4)]


def test_numbers_link_sentences_with_comments() -> None:
    text = "We go on like this:\n1. Take the width.\n2. Multiply it by $1.5$ metres. \n\nThat is all."
    code = "# 1. the width\nw = 3\n# Step 2: multiply\na = w * 1.5\nprint(a)"
    assert announced(Text(text), Code(code)) == [
        ("1. Take the width.", 1, 2), ("2. Multiply it by $1.5$ metres.", 3, 5),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["The garden is green. The sky is blue.", "Width and height count. Height and width count, too.", "  ", ""],
)
def test_nothing_is_guessed(text: str) -> None:
    assert announced(Text(text), Code(CODE)) == []


def test_each_block_has_its_own_sentence() -> None:
    parts = (Text("First this."), Code("a = 1"), Output(), Text("Then that."), Code("b = 2"), Output(), Code("c = 3"))
    assert announced(*parts, block=1) == [("Then that.", 1, 1)]
    assert announced(*parts, block=2) == []
    assert announced(*parts, block=3) == []


def test_a_full_stop_in_a_formula_ends_no_sentence() -> None:
    text = "So $x = 1. 5$ holds and the width is known. Hence the sky is blue."
    assert announced(Text(text), Code("width = 1\nknown = 2")) == [
        ("So $x = 1. 5$ holds and the width is known.", 1, 2)
    ]
