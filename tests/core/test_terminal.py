"""Text with carriage returns as a terminal shows it in the end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor_app.core.terminal import TerminalLines, settled


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ntext", "plain\ntext"),
        ("a\r\nb", "a\nb"),
        ("10 %\r50 %\r100 %\n", "100 %\n"),
        ("wait...\rok", "ok" + "it..."),
        ("working\r       \r", ""),
        ("working\r\x1b[2Kdone", "done"),
        ("working\r\x1b[Kdone", "done"),
        ("\x1b[1;32mgreen\x1b[0m", "green"),
        ("|\b/\b-\bok", "ok"),
        ("\b\ba", "a"),
        ("kept\n1\r2\nkept", "kept\n2\nkept"),
        ("\x1b[2J stays", "\x1b[2J stays"),
    ],
)
def test_settled(text: str, shown: str) -> None:
    assert settled(text) == shown


@given(
    st.lists(st.sampled_from(["a", "bc", "\r", "\n", "\b", "\x1b[K", "\x1b[31m", "\r\n", " "]), max_size=30), st.data()
)
def test_any_cut_of_the_text_shows_the_same(pieces: list[str], data: st.DataObject) -> None:
    text = "".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    lines = TerminalLines()
    shown = []
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        shown += [t for t, _ in lines.feed(text[start:end], "stdout")]
    shown += [t for t, _ in lines.end()]
    assert "".join(shown) == settled(text)


def test_an_unfinished_line_waits_and_each_stream_keeps_its_text() -> None:
    lines = TerminalLines()
    assert list(lines.feed("a", "stdout")) == []
    assert list(lines.feed("b\nc", "stderr")) == [("a", "stdout"), ("b\n", "stderr")]
    assert lines.held == 1
    assert (lines.news(), lines.news()) == ([("c", "stderr")], [])
    assert list(lines.feed("\rd", "stderr")) == []
    assert (lines.news(), lines.overwritten()) == (None, ("d", "stderr"))
    assert list(lines.end()) == [("d", "stderr")]
    assert lines.news() == []
