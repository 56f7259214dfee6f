"""What is shown of what a confined process sent."""

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor_app.adapters.sandbox.clean_output import clean_svg, png_size, visible

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


def test_towers_of_accents_are_cut() -> None:
    assert len(visible("e" + "\u0301" * 500)) == 5


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


def test_deep_nesting_is_cut_and_no_crash() -> None:
    assert len(clean_svg(HEAD + "<g>" * 900 + "</g>" * 900 + "</svg>")) < 2000


def test_what_matplotlib_uses_is_kept() -> None:
    picture = (
        HEAD + "<defs><clipPath id='p1'><rect x='1' y='2' width='3' height='4'/></clipPath></defs>"
        "<g id='axes_1'><path d='M 0 1 L 2 3' clip-path='url(#p1)' style='fill: none; stroke: #1f77b4; "
        "stroke-width: 1.5'/><use xlink:href='#g1' transform='translate(1 2) scale(0.1 -0.1)'/></g></svg>"
    )
    clean = clean_svg('<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x.dtd">' + picture)
    for piece in ("M 0 1 L 2 3", "url(#p1)", "stroke: #1f77b4", "#g1", "translate(1 2) scale(0.1 -0.1)", "round"):
        assert piece in clean


def png(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def test_the_size_of_a_png_is_in_its_header() -> None:
    assert png_size(png(640, 480)) == (640, 480)


@pytest.mark.parametrize("data", [b"", b"GIF89a" + bytes(50), png(0, 5), png(100_000, 100_000), png(5, 5)[:20]])
def test_what_is_no_png_or_unpacks_to_too_much_is_refused(data: bytes) -> None:
    assert png_size(data) is None
