"""The one way to write a file: whole, through links, with its permissions, and never in place of a device."""

from __future__ import annotations

import errno
import logging
import os
import stat
import threading
from pathlib import Path

import pytest

from tutor_app.adapters import files
from tutor_app.adapters.files import is_folder, read_file, write_file, write_files
from tutor_app.adapters.models.gguf import read_gguf
from tutor_app.core.errors import HostFault, ModelFileFault, UserFault
from tutor_app.export.files import read_transcripts, write_data
from tutor_app.tutor.log import logging_to
from tutor_app.tutor.paths import Folders

posix = pytest.mark.skipif(os.name != "posix", reason="links, permissions and devices of POSIX")


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_a_file_is_made_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / ("long name " * 24 + "ü")
    for content in (b"one", b"", b"two\n\x00" * 100_000):
        write_file(path, content)
        assert path.read_bytes() == content
    assert names(tmp_path) == [path.name]


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o755])
def test_permissions_stay(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(mode)
    write_file(path, b"new")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", mode)


@posix
def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_file(tmp_path / "ours", b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


@posix
@pytest.mark.parametrize("to", ["kept/settings", "../{}/kept/settings", "middle"])
@pytest.mark.parametrize("exists", [True, False])
def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path, to: str, exists: bool) -> None:
    """A direct link, one through the folder above, and a link to a link; the target may be missing yet."""
    target = tmp_path / "kept" / "settings"
    target.parent.mkdir()
    (tmp_path / "middle").symlink_to(target)
    link = tmp_path / "link"
    link.symlink_to(to.format(tmp_path.name))
    if exists:
        target.write_bytes(b"old")
        target.chmod(0o640)
    write_file(link, b"new")
    assert link.is_symlink()
    assert str(link.readlink()) == to.format(tmp_path.name)
    assert target.read_bytes() == b"new"
    assert not target.is_symlink()
    assert names(tmp_path) == ["kept", "link", "middle"]
    assert names(target.parent) == ["settings"]
    if exists:
        assert stat.S_IMODE(target.stat().st_mode) == 0o640


@posix
@pytest.mark.parametrize("linked", [False, True])
def test_a_device_is_written_to(tmp_path: Path, linked: bool) -> None:
    device = Path(os.devnull)
    if linked:
        device = tmp_path / "null"
        device.symlink_to(os.devnull)
    before = Path(os.devnull).stat()
    write_file(device, b"anything")
    after = Path(os.devnull).stat()
    assert stat.S_ISCHR(after.st_mode)
    assert (after.st_ino, after.st_rdev, after.st_mode) == (before.st_ino, before.st_rdev, before.st_mode)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root makes devices")
def test_a_device_of_any_name_stays_one(tmp_path: Path) -> None:
    node = tmp_path / "node"
    try:
        os.mknod(node, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except OSError as e:
        pytest.skip(f"no devices here: {e}")
    write_file(node, b"anything")
    assert stat.S_ISCHR(node.stat().st_mode)
    assert names(tmp_path) == ["node"]


@posix
def test_a_pipe_gets_the_content(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    reading = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reading.start()
    write_file(pipe, b"through")
    reading.join(20)
    assert got == [b"through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="needs names of open files")
def test_an_open_pipe_named_by_its_number(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    try:
        write_file(Path(f"/dev/fd/{writing}"), b"through")
    finally:
        os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        assert stream.read() == b"through"


def test_a_failure_leaves_all_files_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path / n for n in ("a", "b")]
    for path in paths:
        path.write_bytes(b"old")
    calls = iter([None, OSError(errno.ENOSPC, "full")])

    def second_fails(_: int) -> None:
        if (error := next(calls)) is not None:
            raise error

    monkeypatch.setattr(os, "fsync", second_fails)
    with pytest.raises(OSError, match="full") as caught:
        write_files([(p, b"new") for p in paths])
    assert caught.value.filename == str(paths[1])
    assert [p.read_bytes() for p in paths] == [b"old", b"old"]
    assert names(tmp_path) == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "number"), [("none/a", errno.ENOENT), ("file/a", errno.ENOTDIR), ("folder", errno.EISDIR)]
)
def test_an_error_names_the_path_that_was_asked_for(tmp_path: Path, name: str, number: int) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match=r".") as caught:
        write_file(tmp_path / name, b"x")
    assert caught.value.filename == str(tmp_path / name)
    if os.name == "posix":
        assert caught.value.errno == number
    assert names(tmp_path) == ["file", "folder"]


@posix
def test_a_link_in_a_circle_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match=r".") as caught:
        write_file(tmp_path / "a", b"x")
    assert caught.value.errno == errno.ELOOP


def test_many_writers_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    contents = [bytes([n]) * 50_000 for n in range(8)]
    threads = [threading.Thread(target=write_file, args=(path, c)) for c in contents]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert path.read_bytes() in contents
    assert names(tmp_path) == ["a"]


def test_a_drive_that_does_not_answer_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network drive that is gone keeps every call waiting; what is asked of other drives meanwhile is answered."""
    gone = threading.Event()
    exists = os.path.exists
    monkeypatch.setattr("tutor_app.adapters.files.ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(os.path, "exists", lambda path: gone.wait(60) if "unplugged" in str(path) else exists(path))
    path = tmp_path / "unplugged" / "a"
    try:
        with pytest.raises(TimeoutError) as caught:
            write_file(path, b"1")
        assert (caught.value.errno, caught.value.filename) == (errno.ETIMEDOUT, str(path))
        with pytest.raises(HostFault, match=r"The drive of .* does not answer\. Connect it again"):
            write_data(path, b"1")
        with pytest.raises(UserFault, match="its drive does not answer"):
            read_transcripts(path)
        with pytest.raises(HostFault, match="cannot be made: its drive does not answer"):
            Folders.under(tmp_path / "unplugged").create()
        with pytest.raises(ModelFileFault, match="its drive does not answer"):
            read_gguf(path)
        assert not is_folder(path)
        with logging_to(path):
            logging.getLogger("tutor_app.test").info("said")
        write_file(tmp_path / "b", b"2")
    finally:
        gone.set()
        for thread in threading.enumerate():
            if thread.name == "tutor-question":
                thread.join(10)
    assert names(tmp_path) == ["b"]


@posix
def test_a_pipe_that_is_written_to_is_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"from a program",))
    writer.start()
    assert read_file(pipe, 100) == b"from a program"
    writer.join()


@posix
def test_a_pipe_without_a_writer_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "ANSWER_SECONDS", 0.2)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(TimeoutError, match="nothing comes from it") as caught:
        read_file(pipe, 100)
    assert caught.value.filename == str(pipe)
    os.close(os.open(pipe, os.O_WRONLY))  # the question that is still open ends


@posix
def test_no_more_is_read_than_asked_for(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert read_file(tmp_path / "file", 5) == b"12345"
    for path in (tmp_path / "file", Path("/dev/zero")):
        with pytest.raises(OSError, match="larger than 4 bytes"):
            read_file(path, 4)
