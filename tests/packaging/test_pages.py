from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tutor_app.core.parts import Answer, Code, Output, Text
from tutor_app.core.transcript import Transcript
from tutor_app.resources import resource_names, resource_text

SCRIPT = Path(__file__).resolve().parents[2] / "packaging" / "pages.py"


def bundled(count: int) -> list[str]:
    """Solutions made of the bundled problems, as lines of JSON."""
    rows = [row for name in resource_names("problems", ".json") for row in json.loads(resource_text(name))]
    lines = []
    for shape in ("We compute it. {}\n\nSo it is $\\boxed{{{}}}$.", "> {}\n\n1. It is $\\boxed{{{}}}$."):
        for row in rows:
            answer = str(row["answer"])
            words = Text(shape.format(" ".join(row["problem"].split()), answer))
            parts = (words, Code(row["check"]), Output(f"{answer}\n"), Answer(answer))
            lines.append(Transcript.of(row["problem"], *parts).to_json())
    return lines[:count]


def run(path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), str(path), "--count", "0"]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=550,
        check=False,
        cwd=SCRIPT.parents[1],
        env={**os.environ, "PYTHONPATH": str(SCRIPT.parents[1]), **environment},
    )


def test_without_a_tex_it_says_so(tmp_path: Path) -> None:
    path = tmp_path / "solutions.jsonl"
    path.write_text("\n".join(bundled(1)) + "\n", encoding="utf-8")
    found = run(path, PATH="")
    assert found.returncode == 0, found.stdout
    assert "0 compiled by a TeX, 1 left out" in found.stdout


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_fifty_solutions_compile(tmp_path: Path) -> None:
    path = tmp_path / "solutions.jsonl"
    path.write_text("\n".join(bundled(50)) + "\n", encoding="utf-8")
    found = run(path)
    assert found.returncode == 0, found.stdout
    assert "50 compiled by a TeX, 0 left out" in found.stdout
