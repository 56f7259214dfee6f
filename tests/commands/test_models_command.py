"""``tutor models``: what its actions need, and what they say of several models."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tiny_gguf import write_model
from tutor_app.commands.parser import main


def test_all_models_are_verified_where_none_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = ["--data-dir", str(tmp_path / "data")]
    assert main(["models", "verify", *folder]) == 2
    assert capsys.readouterr().err == "tutor: No model is installed yet. Get one with: tutor models pull starter\n"
    files = [write_model(tmp_path / f"{name}.gguf") for name in ("first", "second", "third")]
    for file in files:
        assert main(["models", "import", str(file), *folder]) == 0
    assert main(["models", "verify", *folder]) == 0
    assert capsys.readouterr().out.count("every bit is as it should be") == 3
    for file in files[:2]:
        file.write_bytes(file.read_bytes()[:-1] + b"\xff")
    assert main(["models", "verify", *folder]) == 3
    said = capsys.readouterr()
    assert said.out.count("every bit is as it should be") == 1
    assert said.err.count("has changed since it was imported") == 2
    assert "Traceback" not in said.err


@pytest.mark.parametrize("words", [["list"], ["show", "starter"], ["verify"], ["pack", "starter"]])
def test_what_only_reads_makes_no_folders(words: list[str], tmp_path: Path) -> None:
    main(["models", *words, "--data-dir", str(tmp_path / "data")])
    assert not (tmp_path / "data" / "models").exists()
    assert not (tmp_path / "data" / "config").exists()
