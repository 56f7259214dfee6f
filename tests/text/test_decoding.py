"""Files as text: what is taken for text, in which encoding, and what is not."""

from __future__ import annotations

import pytest

from tutor_app.text.decoding import decoded, decoded_program


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_text_is_read_without_its_mark(encoding: str) -> None:
    assert decoded("x = 'é'\n".encode(encoding)) == "x = 'é'\n"


@pytest.mark.parametrize("data", [b"caf\xe9", b"\xff\xfea", b"\x89PNG\r\n"])
def test_other_bytes_are_no_text(data: bytes) -> None:
    assert decoded(data) is None
    assert decoded_program(data) is None


def test_a_program_may_declare_its_encoding() -> None:
    assert (
        decoded_program("# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1"))
        == "# -*- coding: latin-1 -*-\nx = 'é'\n"
    )
    assert decoded_program(b"# coding: unheard-of\nx = '\xe9'\n") is None
    assert decoded_program("x = 'é'\n".encode()) == "x = 'é'\n"
