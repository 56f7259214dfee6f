"""The scanner of LaTeX groups, on texts where counting goes wrong easily."""

from __future__ import annotations

import pytest

from tutor_app.text.scan import BRACKETS, ENVIRONMENTS, FENCES, Pairs, argument, group_end, levels, unmatched


@pytest.mark.parametrize(
    ("source", "strays", "opened"),
    [
        ("", 0, 0),
        (r"\frac{1}{2}", 0, 0),
        (r"\{x\}", 0, 0),
        (r"\\{a}", 0, 0),
        ("{{a}", 0, 1),
        ("a}}{b", 2, 1),
        ("}{", 1, 1),
        ("{\\", 0, 1),
    ],
)
def test_unmatched_braces_are_counted(source: str, strays: int, opened: int) -> None:
    assert unmatched(source) == (strays, opened)


@pytest.mark.parametrize(
    ("source", "pairs", "expected"),
    [
        ("a{b}c", None, [("a", 0), ("{", 0), ("b", 1), ("}", 1), ("c", 0)]),
        (r"}a\{b", None, [("}", 0), ("a", 0), (r"\{", 0), ("b", 0)]),
        (r"\left(x\right)", FENCES, [(r"\left", 0), ("(", 1), ("x", 1), (r"\right", 1), (")", 0)]),
        (r"\left(x)", BRACKETS, [(r"\left", 0), ("(", 1), ("x", 2), (")", 2)]),
        (r"\begin a\end", ENVIRONMENTS, [(r"\begin", 0), (" ", 1), ("a", 1), (r"\end", 1)]),
    ],
)
def test_levels_are_those_before_the_token(source: str, pairs: Pairs | None, expected: list[tuple[str, int]]) -> None:
    found = list(levels(source) if pairs is None else levels(source, pairs=pairs))
    assert [(token, depth) for token, _, depth in found] == expected
    assert "".join(token for token, _, _ in found) == source
    assert [at for _, at, _ in found] == [len("".join(t for t, _, _ in found[:k])) for k in range(len(found))]


def test_levels_begin_and_end_where_they_are_told() -> None:
    assert list(levels("{{a}}", 2, 4)) == [("a", 2, 0), ("}", 3, 0)]


@pytest.mark.parametrize(
    ("source", "at", "end"), [(r"{a\}b}c", 0, 6), ("{{a}", 0, -1), ("a{b}", 0, -1), ("a{b}", 1, 4), ("{}", 0, 2)]
)
def test_a_group_ends_at_its_brace(source: str, at: int, end: int) -> None:
    assert group_end(source, at) == end


@pytest.mark.parametrize(
    ("source", "expected"),
    [("{ab}c", ("ab", 4)), (" xy", ("x", 2)), (r"\pi r", (r"\pi", 3)), ("{ab", ("ab", 3)), ("", ("", 0))],
)
def test_an_argument_is_a_group_a_command_or_a_character(source: str, expected: tuple[str, int]) -> None:
    assert argument(source, 0) == expected
