"""Exported solutions come back into the library exactly as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes import MemoryLibrary
from tests.ui.scripted import QUADRATIC, REPAIRED
from tutor_app.commands.parser import main
from tutor_app.core.confinement import Confinement, Guarantee
from tutor_app.core.transcript import Transcript
from tutor_app.export import read_transcripts, write_export
from tutor_app.tutor.recorder import import_transcripts

FIRST = Transcript.of("Sum $k$", *REPAIRED, meta={"model": "M", "ended": "answered", "created": "2026-01-02T03:04:05"})
SECOND = Transcript.of("Sum $k$", *QUADRATIC[:2])


def test_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    write_export(path, [FIRST, SECOND])
    with MemoryLibrary() as library:
        brought = import_transcripts(read_transcripts(path), library)
        assert brought.sentence == "Imported 2 solutions."
        assert [library.get(i) for i in brought.ids] == [FIRST, SECOND]
        assert {e.id: e.status for e in library.entries()} == dict(
            zip(brought.ids, ("finished", "interrupted"), strict=True)
        )
        again = import_transcripts([SECOND, FIRST], library)
        assert again.ids == brought.ids[::-1]
        assert again.sentence == "All 2 solutions were in the library already."
        third = Transcript.of("Sum $k$")
        assert (
            import_transcripts([FIRST, third], library).sentence == "Imported 1 solution; 1 was in the library already."
        )
        assert import_transcripts([third, third], library).new == 0
        assert import_transcripts([], library).sentence == "There was no solution to import."
        assert len(library.entries()) == 3


def test_the_command_takes_all_or_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(FIRST.to_json())
    bad.write_text("[]")
    assert main(["import", str(good), str(bad), "--data-dir", str(tmp_path / "data")]) == 2
    assert "bad.json" in capsys.readouterr().err
    for sentence in ("Imported 1 solution.", "This solution was in the library already."):
        assert main(["import", str(good), "--data-dir", str(tmp_path / "data")]) == 0
        assert capsys.readouterr().out == sentence + "\n"


def row(name: str, held: bool, required: bool = True) -> Guarantee:
    return Guarantee(name, held, "by a test", required)


def test_what_is_missing_is_named() -> None:
    whole = Confinement([row("no network", True), row("namespaces", False, required=False)])
    assert whole.missing == ()
    assert "every limit holds" in whole.sentence
    part = Confinement([row("no network", False), row("no files", False), row("x", True)])
    assert part.sentence.endswith("cannot enforce: no network; no files.")
