from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.export.solutions import ALL, FULL, HOSTILE, VALUE
from tutor_app.core.errors import HostFault, TutorError, UserFault
from tutor_app.core.parts import Text, Thought
from tutor_app.core.transcript import Transcript
from tutor_app.export import export, file_name, format_of, read_transcripts, write_export
from tutor_app.handout.options import Format, Options


@pytest.mark.parametrize("transcripts", [[FULL], list(ALL), [HOSTILE, HOSTILE]])
def test_json_comes_back_without_loss(tmp_path: Path, transcripts: list[Transcript]) -> None:
    path = tmp_path / "solutions.json"
    assert write_export(path, transcripts) == [path]
    assert read_transcripts(path) == transcripts


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_any_text_comes_back_from_json(texts: list[str]) -> None:
    written = [Transcript.of(t, Text(t), meta={"m": t}) for t in texts]
    data = export(written, "json").data
    lines = data.decode().split("\n")[:-1]
    assert [Transcript.from_json(line) for line in lines] == written


@pytest.mark.parametrize("form", ["html", "tex", "ipynb", "md"])
def test_thoughts_go_along_only_where_they_are_asked_for(form: Format) -> None:
    solved = Transcript.of("P", Thought("A hunch: $x^2$, and\n\n```python\nopen"), Text("It is seven."))
    assert b"hunch" not in export([solved], form).data
    shown = export([solved], form, Options(thoughts=True)).data
    assert shown.count(b"Thoughts") == 1
    assert shown.index(b"hunch") < shown.index(b"It is seven.")


def test_the_json_form_keeps_thoughts() -> None:
    solved = Transcript.of("P", Thought("A hunch."), Text("It is seven."))
    assert Transcript.from_json(export([solved], "json").data) == solved


def test_pictures_lie_beside_the_document(tmp_path: Path) -> None:
    names = [p.name for p in write_export(tmp_path / "two words.md", [FULL])]
    assert names == ["two words.md", "two-words-figure-1.svg"]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(names)


def test_an_existing_file_is_replaced_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    path.chmod(0o640)
    write_export(path, [VALUE])
    assert read_transcripts(path) == [VALUE]
    assert os.name == "nt" or path.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "no room left"),
        (errno.EACCES, "may not write"),
        (errno.EROFS, "only be read"),
        (errno.EIO, "cannot be written"),
        (errno.EINVAL, "cannot be the name"),
    ],
)
def test_a_failure_is_one_sentence_and_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")

    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(TutorError, match=words) as caught:
        write_export(path, [VALUE])
    assert "\n" not in str(caught.value)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Root may do anything: for a moment this process is a user who may not."""
    if os.name == "nt":
        pytest.skip("Windows has no such permissions")
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize("mode", [0o500, 0o000])
def test_a_folder_that_may_not_be_written(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(mode)
    try:
        with as_nobody(), pytest.raises(HostFault, match=r"may not write a\.json"):
            write_export(folder / "a.json", [VALUE])
    finally:
        folder.chmod(0o700)
    assert not list(folder.iterdir())


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("this user may not mount a small disk")
    try:
        (disk / "a.md").write_text("old")
        large = Transcript.of("p", *FULL.solution, Text("x" * 40_000))
        with pytest.raises(HostFault, match="no room left") as caught:
            write_export(disk / "a.md", [large])
        assert "\n" not in str(caught.value)
        assert [p.name for p in disk.iterdir()] == ["a.md"]
        assert (disk / "a.md").read_text() == "old"
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_file_that_is_open_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.md").write_text("old")

    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError(errno.EACCES, "Access is denied")

    monkeypatch.setattr(Path, "replace", refuse)
    monkeypatch.setattr("tutor_app.export.files.sys.platform", "win32")
    with pytest.raises(HostFault, match=r"a\.md is open in another program"):
        write_export(tmp_path / "a.md", [VALUE])
    monkeypatch.undo()
    assert [p.name for p in tmp_path.iterdir()] == ["a.md"]


def test_names_no_system_takes(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="name is too long"):
        write_export(tmp_path / ("x" * 300 + ".json"), [VALUE])
    with pytest.raises(UserFault, match="cannot be the name"):
        write_export(tmp_path / "a\0b.json", [VALUE])
    with pytest.raises(UserFault, match="cannot be the name"):
        read_transcripts("a\0b.json")
    assert not list(tmp_path.iterdir())


def test_requests_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="no folder"):
        write_export(tmp_path / "missing" / "a.json", [VALUE])
    with pytest.raises(UserFault, match="does not say what to export"):
        write_export(tmp_path / "a.docx", [VALUE])
    with pytest.raises(UserFault, match="is a folder"):
        write_export(tmp_path, [VALUE], "json")
    with pytest.raises(UserFault, match="no solution to export"):
        export([], "json")
    with pytest.raises(UserFault, match="no format"):
        export([VALUE], "docx")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe", "not text in UTF-8"),
        (b"{}", 'expected an object with a list "turns"'),
        (b"hello", "not JSON"),
        (b'{"version": 99, "turns": []}', "version 99"),
    ],
)
def test_a_file_that_is_no_transcript_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(UserFault, match=words):
        read_transcripts(path)
    with pytest.raises(UserFault, match="cannot be read"):
        read_transcripts(tmp_path / "absent.json")


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(VALUE.to_json() + "\n\n" + "{}\n", encoding="utf-8")
    with pytest.raises(UserFault, match="Line 3"):
        read_transcripts(path)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("a/b\\c:d", "a b c d"),
        ("../../etc/passwd", "etc passwd"),
        ("", "solution"),
        ("...", "solution"),
        ("CON", "solution CON"),
        ("nul.txt", "solution nul.txt"),
        ("-rf", "rf"),
        ("f(x) = x\u00b2?", "f(x) = x\u00b2"),
        ("a\nb\x00c", "a b c"),
    ],
)
def test_titles_become_names_that_every_system_takes(title: str, name: str) -> None:
    assert file_name(title) == name


@given(st.text(max_size=300))
def test_any_title_is_a_name(title: str) -> None:
    name = file_name(title, "pdf")
    assert name.endswith(".pdf")
    assert len(name.encode("utf-8")) <= 190
    assert not set(name) & set('/\\:*?"<>|\0\n')
    assert not name.startswith((".", "-", " "))


def test_formats_are_known_by_their_endings() -> None:
    assert [format_of(n) for n in ("a.PDF", "a.htm", "a.tex", "a.ipynb", "a.markdown", "a.jsonl", "a")] == [
        "pdf", "html", "tex", "ipynb", "md", "json", None,
    ]  # fmt: skip


def test_text_formats_need_no_qt() -> None:
    program = (
        "import sys\nsys.modules['PySide6'] = None\n"
        "from tests.export.solutions import ALL, FULL\nfrom tutor_app.export import export\n"
        "for form in ('html', 'tex', 'ipynb', 'md', 'json'):\n    assert len(export(ALL, form).data) > 500\n"
        "assert list(export([FULL], 'tex').files) == ['solution-figure-1.png']\n"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-W", "error", "-c", program], cwd=root, check=True)


def test_a_file_in_utf_16_is_read_and_an_empty_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(VALUE.to_json().encode("utf-16"))
    assert read_transcripts(path) == [VALUE]
    path.write_bytes(b"\xef\xbb\xbf\n")
    with pytest.raises(UserFault, match=r"is empty\. Export the solution again"):
        read_transcripts(path)


@pytest.mark.parametrize(("text", "words"), [
    ('{"version": 99, "turns": []}', "a newer program wrote it; update this one"),
    ('{"version": 1, "turns": [{"role": "us', "its end is missing"),
    ('{"version": 1' + "0" * 5000 + ', "turns": []}', "a number in it has too many digits"),
])  # fmt: skip
def test_why_a_file_cannot_be_imported_is_said(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserFault, match=words):
        read_transcripts(path)
