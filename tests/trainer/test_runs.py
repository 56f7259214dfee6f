import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from trainer.commands.cbbt_vision import are_rows
from trainer.runs import Journal, ProgressLine, Run, digest, git_revision, metrics_of, sha256_of, write_atomically
from tutor_app.core.errors import HostFault, UserFault


def test_an_atomic_write_replaces_the_whole_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_atomically(path, "old")
    write_atomically(path, "new")
    assert path.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_said_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = open("/dev/full", "ab", buffering=0)  # noqa: SIM115, PTH123 - the journal closes it
    really = Path.open

    def fill_the_disk(path: Path, mode: str = "r", *more: Any, **options: Any) -> Any:
        return full if mode == "ab" else really(path, mode, *more, **options)

    (tmp_path / "j").touch()
    monkeypatch.setattr(Path, "open", fill_the_disk)
    with pytest.raises(HostFault, match="disk is full"):
        Journal(tmp_path / "j", "x")
    assert full.closed


def test_a_journal_that_another_process_has_open_is_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", "x") as journal:
        journal.add(1)
        with pytest.raises(UserFault, match="Another process is working on"):
            Journal(tmp_path / "j", "x")
    with Journal(tmp_path / "j", "x") as journal:
        assert journal.rows == [1]


def test_a_journal_goes_on_where_it_was_and_drops_a_cut_line(tmp_path: Path) -> None:
    path = tmp_path / "step.journal"
    with Journal(path, "one") as journal:
        journal.add({"a": 1})
        journal.add({"a": 2})
    with path.open("ab") as f:
        f.write(b'{"a": 3')
    with Journal(path, "one") as journal:
        assert journal.rows == [{"a": 1}, {"a": 2}]
        journal.add({"a": 4})
    with Journal(path, "one") as journal:
        assert journal.rows == [{"a": 1}, {"a": 2}, {"a": 4}]


def test_a_journal_of_other_work_is_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", "one"):
        pass
    with pytest.raises(UserFault, match="other inputs or options"):
        Journal(tmp_path / "j", "two")


def test_a_journal_survives_a_kill(tmp_path: Path) -> None:
    code = (
        "import sys, os, signal; from pathlib import Path; from trainer.runs import Journal\n"
        "j = Journal(Path(sys.argv[1]), 'one')\n"
        "for i in range(5): j.add(i)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(tmp_path / "j")], check=False)
    assert ran.returncode == -9
    with Journal(tmp_path / "j", "one") as journal:
        assert journal.rows == [0, 1, 2, 3, 4]


def test_metrics_after_a_step_are_forgotten(tmp_path: Path) -> None:
    run = Run.at(tmp_path / "r")
    run.note(step_name="seeds")
    for step in (1, 2, 3):
        run.note(step=step, loss=1.0)
    run.keep_metrics(2)
    rows = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    assert [r.get("step") for r in rows] == [None, 1, 2]


def test_metrics_that_were_cut_off_or_hold_odd_separators(tmp_path: Path) -> None:
    run = Run.at(tmp_path)
    run.note(step=1, note="one\u2028two\x85three")
    run.note(step="odd", loss=2.0)
    whole = metrics_of(tmp_path / "metrics.jsonl")
    assert [row["step"] for row in whole] == [1, "odd"]
    with (tmp_path / "metrics.jsonl").open("ab") as f:
        f.write(b'5\n[1]\n{"step": 2, "loss": 1.')
    assert metrics_of(tmp_path / "metrics.jsonl") == whole
    run.keep_metrics(0)
    assert metrics_of(tmp_path / "metrics.jsonl") == [{"step": "odd", "loss": 2.0}]


def test_identity_depends_on_content_and_options_not_on_names(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_text("x")
    b.write_text("x")
    run = Run.at(tmp_path)
    same = [run.provenance("s", {"n": 1}, [p])["identity"] for p in (a, b)]
    assert same[0] == same[1]
    assert run.provenance("s", {"n": 2}, [a])["identity"] != same[0]
    b.write_text("y")
    assert run.provenance("s", {"n": 1}, [b])["identity"] != same[0]
    assert digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})


def test_provenance_names_what_it_was_made_with(tmp_path: Path) -> None:
    found = Run.at(tmp_path).provenance("s", {}, [])
    assert {"git", "versions", "command", "started", "inputs"} <= set(found)
    assert found["versions"]["python"].startswith("3.")
    assert isinstance(git_revision(), str)


def test_a_missing_input_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="cannot be read"):
        sha256_of(tmp_path / "no")


def test_progress_tells_rate_and_time_left() -> None:
    out = io.StringIO()
    progress = ProgressLine("work", 3, stream=out)
    for _ in range(3):
        progress.step(note="fine")
    assert "work: 3 of 3" in out.getvalue()
    assert "left; fine" in out.getvalue()


@pytest.mark.parametrize("name", ["made.jsonl", "made.report.json", "made.provenance.json"])
@pytest.mark.parametrize("noted", ["", "[]", '{"step": "other"}'])
def test_what_no_step_has_made_is_not_replaced(tmp_path: Path, name: str, noted: str) -> None:
    run = Run.at(tmp_path)
    run.may_write("made", [])
    if noted:
        (tmp_path / "made.provenance.json").write_text(noted)
    (tmp_path / name).write_text(noted or "mine")
    with pytest.raises(UserFault, match=r"made\.\S+ is there already, and no step has made it"):
        run.may_write("made", [])
    run.write_json("made.provenance.json", run.provenance("made", {}, []))
    run.may_write("made", [])


def test_a_step_that_was_killed_between_its_files_may_write_again(tmp_path: Path) -> None:
    run = Run.at(tmp_path)
    run.write_json("made.report.json", {"kept": 3, "removed": 0})
    run.may_write("made", [])
    run.write_json("made.provenance.json", run.provenance("made", {}, []))
    (tmp_path / "made.jsonl").write_text("{}\n")
    run.may_write("made", [])
    (tmp_path / "made.provenance.json").unlink()
    with pytest.raises(UserFault, match=r"made\.jsonl is there already"):
        run.may_write("made", [])


def test_a_table_replaces_nothing_but_a_table(tmp_path: Path) -> None:
    run = Run.at(tmp_path)
    run.may_replace("t.json", are_rows)
    for text in ("mine", "[]", "3", '{"a": 1}', '[{"shots": 1}]'):
        (tmp_path / "t.json").write_text(text)
        with pytest.raises(UserFault, match=r"t\.json is there already, and this step has not made it"):
            run.may_replace("t.json", are_rows)
    run.write_json("t.json", [{"shots": 1, "seed": 0, "method": "zero-shot", "accuracy": 0.5}])
    run.may_replace("t.json", are_rows)


def test_metrics_of_somebody_else_are_told_from_notes(tmp_path: Path) -> None:
    run = Run.at(tmp_path)
    assert run.notes_alone()
    run.note(step_name="seeds", records=3)
    assert run.notes_alone()
    run.note(step=7, loss=0.5)
    assert not run.notes_alone()
    (tmp_path / "metrics.jsonl").write_text("my notes")
    assert not run.notes_alone()
