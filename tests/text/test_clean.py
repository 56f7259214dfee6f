"""What is shown of what a confined process sent."""

import base64
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor_app.text.clean import (
    MAX_PNG_SIDE,
    clean_svg,
    clean_variable,
    formula_text,
    png_size,
    visible,
    without_controls,
)

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">'


@given(st.text(st.characters(codec=None)))
def test_visible_text_can_be_stored_and_orders_nothing(text: str) -> None:
    shown = visible(text)
    shown.encode("utf-8")
    assert not {c for c in shown if ord(c) < 32 and c not in "\n\t"}
    assert "\x7f" not in shown
    assert "\u202e" not in shown
    assert visible(shown) == shown


def test_ordinary_text_stays_as_it_is() -> None:
    for text in ("", "a\tb\n", "∑ α ≤ β √2 你好 é", "עברית", "👩‍👩‍👧 x̄ ñ", "a\u200cb"):
        assert visible(text) == text


@pytest.mark.parametrize("mark", ["\u0301", "\u0e47", "\u064b", "\u05b0", "\ufe0f", "\u200d"])
def test_towers_of_accents_are_cut(mark: str) -> None:
    assert len(visible("e" + mark * 500)) == 5


@pytest.mark.parametrize("blank", ["\u3164", "\u115f", "\uffa0", "\u2061", "\U000e0041", "\U0001d173", "\ufdd0"])
def test_letters_that_show_nothing_are_shown(blank: str) -> None:
    assert (
        visible(f"a{blank}b")
        == f"a\\{'U' if ord(blank) > 0xFFFF else 'u'}{ord(blank):0{8 if ord(blank) > 0xFFFF else 4}x}b"
    )


def test_windows_line_ends_become_plain() -> None:
    assert visible("a\r\nb\rc") == "a\nb\\x0dc"


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "<foreignObject><body xmlns='http://www.w3.org/1999/xhtml'><b>x</b></body></foreignObject>",
        "<style>@import url(http://a.test/x)</style>",
        "<a xlink:href='http://a.test'><path d='M0 0'/></a>",
        "<image xlink:href='http://a.test/x.png'/>",
        "<image xlink:href='file:///etc/passwd'/>",
        "<image xlink:href='data:image/svg+xml;base64,AAAA'/>",
        "<use xlink:href='http://a.test/x.svg#a'/>",
        "<path d='M0 0' onclick='alert(1)'/>",
        "<path d='M0 0' style='fill: url(http://a.test/x)'/>",
        "<path d='M0 0' fill='url(http://a.test/x)'/>",
        "<path d='M0 0' style='background: u\\rl(http://a.test)'/>",
        "<animate attributeName='href' values='http://a.test'/>",
        "<set attributeName='href' to='http://a.test'/>",
        "<text><script>alert(1)</script></text>",
        "<x:script xmlns:x='http://www.w3.org/2000/svg'>alert(1)</x:script>",
        "<?xml-stylesheet href='http://a.test/x.css'?>",
    ],
)
def test_nothing_active_or_foreign_survives(evil: str) -> None:
    clean = clean_svg(HEAD + evil + "</svg>")
    assert clean.startswith("<svg")
    for word in ("script", "a.test", "file:", "alert", "foreign", "animate", "http://a", "svg+xml", "onclick", "b>"):
        assert word not in clean


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no svg",
        "<html></html>",
        '<!DOCTYPE svg [<!ENTITY a "b">]>' + HEAD + "&a;</svg>",
        HEAD,
        HEAD + "<g>" * 5000 + "</g>" * 5000 + "</svg>x",
        HEAD + "<path/>" * 30_000 + "</svg>",
        HEAD + "x" * (3 << 20) + "</svg>",
        HEAD.replace("2000/svg", "2000/other") + "</svg>",
    ],
)
def test_what_is_no_picture_is_dropped(text: str) -> None:
    assert clean_svg(text) == ""


@pytest.mark.parametrize(
    "evil",
    [
        "<g transform='" + "translate(1)  " * 5_000 + "X'/>",
        "<g style='fill:" + " " * 500_000 + "{'/>",
        "<g fill='" + "a" * 500_000 + "('/>",
        "<g style='" + "fill:a(" * 50_000 + "'/>",
    ],
)
def test_an_attribute_made_to_be_slow_to_judge_is_dropped(evil: str) -> None:
    assert len(clean_svg(HEAD + evil + "</svg>")) < 200


def test_many_declarations_of_a_type_are_no_picture() -> None:
    assert clean_svg("<!DOCTYPE" * 200_000) == ""


def test_only_a_plain_shape_can_be_drawn_again() -> None:
    layers = "".join(f"<g id='g{n + 1}'>" + f"<use xlink:href='#g{n}'/>" * 10 + "</g>" for n in range(30))
    clean = clean_svg(HEAD + "<path id='g0' d='M0 0'/>" + layers + "<use href='#g30'/></svg>")
    assert clean.count("#g0") == 10
    assert clean.count("href") == 10
    named_twice = HEAD + "<path id='a' d='M0 0'/><g id='a'><use xlink:href='#a'/></g></svg>"
    assert "#a" not in clean_svg(named_twice)


def test_what_is_drawn_again_costs_what_it_draws() -> None:
    shape = "<path id='a' d='" + "M 1 1 " * 20_000 + "'/>"
    assert "#a" in clean_svg(HEAD + shape + "<use xlink:href='#a'/>" * 100 + "</svg>")
    assert clean_svg(HEAD + shape + "<use xlink:href='#a'/>" * 1_000 + "</svg>") == ""


def image(data: bytes) -> str:
    return f"<image xlink:href='data:image/png;base64,{base64.b64encode(data).decode()}'/>"


def test_pictures_within_a_picture_are_bounded() -> None:
    assert "data:image/png" in clean_svg(HEAD + image(png(300, 300)) + "</svg>")
    assert "data:image/png" not in clean_svg(HEAD + image(b"GIF89a") + image(png(1, 100_000)) + "</svg>")
    large = image(png(MAX_PNG_SIDE, MAX_PNG_SIDE))
    assert "data:image/png" in clean_svg(HEAD + large + "</svg>")
    assert clean_svg(HEAD + large * 2 + "</svg>") == ""


def test_a_style_says_how_a_shape_looks_not_where_it_is_on_a_page() -> None:
    clean = clean_svg(HEAD + "<g style='position: fixed; top: 0; z-index: 9; fill: red; stroke-width: 2'/></svg>")
    assert 'style="fill: red; stroke-width: 2"' in clean


def test_a_picture_that_would_lose_something_is_left_to_its_pixels() -> None:
    assert clean_svg(HEAD + "<defs><pattern id='h'/></defs><path d='M0 0' style='fill: url(#h)'/></svg>") == ""


def test_deep_nesting_is_cut_and_no_crash() -> None:
    assert len(clean_svg(HEAD + "<g>" * 900 + "</g>" * 900 + "</svg>")) < 2000


def test_what_matplotlib_uses_is_kept() -> None:
    picture = (
        HEAD + "<defs><clipPath id='p1'><rect x='1' y='2' width='3' height='4'/></clipPath><path id='g1' d='M 7 7'/>"
        "</defs>"
        "<g id='axes_1'><path d='M 0 1 L 2 3' clip-path='url(#p1)' style='fill: none; stroke: #1f77b4; "
        "stroke-width: 1.5'/><use xlink:href='#g1' transform='translate(1 2) scale(0.1 -0.1)'/></g></svg>"
    )
    clean = clean_svg('<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x.dtd">' + picture)
    for piece in ("M 0 1 L 2 3", "url(#p1)", "stroke: #1f77b4", "#g1", "translate(1 2) scale(0.1 -0.1)", "round"):
        assert piece in clean


def test_a_recorded_value_is_cut_and_made_visible() -> None:
    clean = clean_variable("f\x1b", "symbolic", "x" * 10_000, "\u202e")
    assert (clean.name, len(clean.text), clean.latex) == ("f\\x1b", 2_000, "\\u202e")


@pytest.mark.parametrize(
    "data", [("a", "html", "", ""), ("a", ["number"], "", ""), ("a", {}, "", ""), (1, "number", "", ""),
             ("a", "number", None, ""), ("a", "number", "", 5)],
)  # fmt: skip
def test_what_is_no_value_is_refused(data: tuple[object, object, object, object]) -> None:
    with pytest.raises(ValueError, match="no value"):
        clean_variable(*data)


def png(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def test_the_size_of_a_png_is_in_its_header() -> None:
    assert png_size(png(640, 480)) == (640, 480)


@pytest.mark.parametrize("data", [b"", b"GIF89a" + bytes(50), png(0, 5), png(100_000, 100_000), png(5, 5)[:20]])
def test_what_is_no_png_or_unpacks_to_too_much_is_refused(data: bytes) -> None:
    assert png_size(data) is None


@pytest.mark.parametrize(
    ("written", "shown", "marked"),
    [
        ("a\tb\nc", "a\tb\nc", "a\tb\nc"),
        ("a\r\nb\rc", "a\nb\nc", "a\nb\nc"),
        ("a\x00b\x7fc\x9fd", "abcd", "a\ufffdb\ufffdc\ufffdd"),
        ("a\u202eb\u2066c", "abc", "abc"),
        ("a\ufdd0b\ufffcc", "abc", "a\ufffdb\ufffdc"),
        ("\u05d0\u200fb\u200d", "\u05d0\u200fb\u200d", "\u05d0\u200fb\u200d"),
    ],
)
def test_prose_and_code_lose_control_characters(written: str, shown: str, marked: str) -> None:
    assert without_controls(written) == shown
    assert without_controls(written, "\ufffd") == marked


def test_formulas_lose_what_has_neither_width_nor_glyph_too() -> None:
    assert formula_text("x\u200b+\u2060y\ue000\ufeff\u202e=\x0b1") == "x+y=1"
    assert formula_text(r"\frac{1}{2}") == r"\frac{1}{2}"


def test_the_shape_of_a_blank_is_one_that_every_viewer_draws() -> None:
    for empty in ('<path id="a"/>', '<path id="a" d=" "/>'):
        assert '<path id="a" d="M0 0" />' in clean_svg(f"{HEAD}<defs>{empty}</defs></svg>")
