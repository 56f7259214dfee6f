"""Two copies of the program over one library at the same time: both keep every solution."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tutor_app.adapters.library import Library

_PROGRAM = """
import sys
from pathlib import Path
from tutor_app.adapters.library import Library
from tutor_app.core.parts import Text
from tutor_app.core.transcript import Transcript

name, path = sys.argv[1:]
with Library(Path(path)) as library:
    print("open", flush=True)
    sys.stdin.readline()
    for number in range(20):
        key = library.create(Transcript.of(f"{name} {number}"))
        for words in ("one", "one two", "one two three"):
            library.save(key, Transcript.of(f"{name} {number}", Text(words)), "running")
        library.save(key, Transcript.of(f"{name} {number}", Text("done")), "finished")
"""


def test_solutions_that_are_written_at_once_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite3"
    copies = [
        subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, name, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for name in ("first", "second", "third")
    ]
    for copy in copies:
        assert copy.stdout is not None
        assert copy.stdout.readline() == "open\n"
    for copy in copies:
        assert copy.stdin is not None
        copy.stdin.write("\n")
        copy.stdin.flush()
    assert [copy.communicate(timeout=120)[1] for copy in copies] == ["", "", ""]
    assert [copy.returncode for copy in copies] == [0, 0, 0]
    with Library(path) as library:
        entries = library.entries(limit=100)
        assert sorted(e.problem for e in entries) == sorted(
            f"{name} {number}" for name in ("first", "second", "third") for number in range(20)
        )
        assert {e.status for e in entries} == {"finished"}
        assert {part.text for e in entries for part in library.get(e.id).solution if hasattr(part, "text")} == {"done"}
