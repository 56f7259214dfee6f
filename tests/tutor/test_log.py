"""The log and the report that is made of it."""

from __future__ import annotations

import logging
from logging.handlers import BufferingHandler
from pathlib import Path

import pytest

from tutor_app.adapters.library import Library
from tutor_app.commands.parser import main
from tutor_app.commands.report import Finding, write_report
from tutor_app.core.errors import UserFault
from tutor_app.core.settings import Settings
from tutor_app.core.transcript import Transcript
from tutor_app.tutor import settings_file
from tutor_app.tutor.log import MAX_BYTES, last_lines, logging_to
from tutor_app.tutor.paths import Folders

log = logging.getLogger("tutor_app.test")


def test_records_go_to_the_file_only_while_the_context_lasts(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "tutor.log"
    with logging_to(path):
        assert not path.exists()
        log.info("one \ud800")
    log.warning("two")
    (line,) = last_lines(path)
    assert line.endswith("INFO tutor_app.test: one \\ud800")


def test_the_file_does_not_grow_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "tutor.log"
    with logging_to(path):
        for _ in range(5 * MAX_BYTES // 10_000):
            log.info("x" * 10_000)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["tutor.log", "tutor.log.1", "tutor.log.2"]
    assert path.stat().st_size <= MAX_BYTES


def test_a_log_that_cannot_be_written_disturbs_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way")
    with logging_to(tmp_path / "file" / "tutor.log"):
        log.error("nobody hears it")
    assert capsys.readouterr().err == ""
    assert last_lines(tmp_path / "file" / "tutor.log") == []


def test_commands_are_logged_without_what_was_typed(tmp_path: Path) -> None:
    assert main(["solve", "my secret problem", "--offline", "--data-dir", str(tmp_path)]) == 2
    lines = last_lines(Folders.under(tmp_path).log)
    assert "solve begins: tutor " in lines[0]
    assert lines[-1].endswith("solve was not understood")
    assert not any("secret" in line for line in lines)


def test_the_report_holds_everything_but_the_users_texts(tmp_path: Path) -> None:
    where = Folders.under(tmp_path / "data")
    where.create()
    settings_file.save(where.settings, Settings(model="/home/me/secret.gguf", n_ctx=2048))
    with logging_to(where.log):
        log.warning("the engine ended")
    with Library(where.library) as library:
        library.create(Transcript.of("a secret problem"))
    path = tmp_path / "report.txt"
    write_report(path, where, [Finding("memory", False, "none is free")], problems=False)
    text = path.read_text()
    for line in ("!!  memory           none is free", "n_ctx: 2048", "model: (chosen)"):
        assert f"\n{line}\n" in text
    assert "WARNING tutor_app.test: the engine ended" in text
    assert "secret" not in text
    write_report(path, where, [], problems=True)
    assert path.read_text().endswith("\nThe latest problems\n[interrupted] a secret problem\n")
    with pytest.raises(UserFault, match=r"The report cannot be written to .*: No such file"):
        write_report(tmp_path / "no" / "report.txt", where, [], problems=False)


def test_a_handler_of_the_root_that_a_library_put_there_gets_no_record(tmp_path: Path) -> None:
    handler = BufferingHandler(capacity=100)
    logging.getLogger().addHandler(handler)
    try:
        with logging_to(tmp_path / "tutor.log"):
            log.info("for the file")
        assert handler.buffer == []
        assert last_lines(tmp_path / "tutor.log")
    finally:
        logging.getLogger().removeHandler(handler)
