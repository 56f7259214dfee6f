"""Copied HTML as a tree of elements; need not be well formed. Nothing is ever loaded."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

_VOID: Final = frozenset(
    ["br", "hr", "img", "input", "meta", "link", "col", "wbr", "area", "base", "embed", "source", "track"]
)


@dataclass(slots=True)
class Node:
    """An element with its text and children in order."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)

    @property
    def classes(self) -> frozenset[str]:
        """The classes of the element."""
        return frozenset(self.attributes.get("class", "").split())


class _Reader(HTMLParser):
    """Builds the tree; an end tag closes the nearest element of its name and whatever is open inside."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("body")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        node = Node(_plain_tag(tag), {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        # Past this depth the elements are siblings: no real page is deeper, and the walk is recursive.
        if tag not in _VOID and len(self._open) < 200:
            self._open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content."""
        self._open[-1].children.append(Node(_plain_tag(tag), {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """Close an element."""
        tag = _plain_tag(tag)
        for n in range(len(self._open) - 1, 0, -1):
            if self._open[n].tag == tag:
                del self._open[n:]
                return

    def handle_data(self, data: str) -> None:
        """Text, with its line breaks as spaces, as a browser shows it."""
        inside = any(n.tag == "pre" for n in self._open)
        self._open[-1].children.append(data if inside else re.sub(r"\s+", " ", data))


def _plain_tag(tag: str) -> str:
    """A tag without its prefix: ``m:math``."""
    return tag.rpartition(":")[2]


def tree_of(html: str) -> Node:
    """The elements of copied HTML."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.root
