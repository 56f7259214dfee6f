"""Parts of the program or of its packages are missing or cut off: one sentence, never a traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tutor_app import __version__
from tutor_app.commands import doctor

ROOT = Path(__file__).resolve().parents[2]


def remove(*names: str) -> Callable[[Path], None]:
    def damage(program: Path) -> None:
        for name in names:
            path = program / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    return damage


def shadow(name: str, text: str) -> Callable[[Path], None]:
    """A package that is there and does not load."""

    def damage(program: Path) -> None:
        (program / f"{name}.py").write_text(text)

    return damage


def cut(name: str) -> Callable[[Path], None]:
    def damage(program: Path) -> None:
        text = (program / name).read_text()
        (program / name).write_text(text[: len(text) // 2] + "\n(")

    return damage


def tutor(program: Path, *words: str) -> subprocess.CompletedProcess[str]:
    left_out = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "PYTHONPATH")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    return subprocess.run(
        [sys.executable, "-m", "tutor_app", "--data-dir", str(program / "data"), *words],
        cwd=program,
        env=environment | {"PYTHONPATH": str(program)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def program(tmp_path: Path) -> Path:
    for name in ("tutor_app", "resources"):
        ignored = shutil.ignore_patterns("__pycache__", "screenshots", "fonts")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    return tmp_path


@pytest.mark.parametrize(
    ("damage", "words", "said"),
    [
        (remove("tutor_app/core/settings.py"), ["solve", "1+1"], "the part tutor_app.core.settings is missing."),
        (remove("tutor_app/commands/solve.py"), ["solve", "1+1"], "the part tutor_app.commands.solve is missing."),
        (remove("tutor_app/adapters/models"), ["models", "list"], "the part tutor_app.adapters.models is missing."),
        (remove("resources"), ["models", "list"], "The program's own files are missing"),
        (remove("resources/models.json"), ["models", "list"], "The program's own file models.json is missing."),
        (cut("tutor_app/commands/parser.py"), ["doctor"], "Install it again."),
        (cut("tutor_app/tutor/models.py"), ["models", "list"], "Install it again."),
        (
            shadow("platformdirs", "raise ImportError('it was damaged')"),
            ["doctor"],
            "it was damaged. Install it again.",
        ),
        (shadow("psutil", "import a_part_that_is_missing"), ["doctor"], "the part a_part_that_is_missing is missing."),
    ],
)
def test_what_is_missing_is_one_sentence(
    damage: Callable[[Path], None], words: list[str], said: str, program: Path
) -> None:
    damage(program)
    done = tutor(program, *words)
    assert "Traceback" not in done.stderr
    assert done.returncode == 3
    assert said in done.stderr
    assert done.stderr.startswith("tutor: ")
    assert done.stderr.count("\n") == 1


def test_the_version_is_told_without_the_package_that_checks_signatures(program: Path) -> None:
    shadow("nacl", "import a_part_that_is_missing")(program)
    done = tutor(program, "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"tutor {__version__}\n", "")


def test_doctor_names_the_packages_that_are_missing() -> None:
    assert doctor.packages().ok
    found = doctor.packages(["sympy", "not_there_at_all", "numpy", "nor_this"])
    assert not found.ok
    assert found.text == "not_there_at_all, nor_this missing: install the program again"


def test_doctor_knows_every_package_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert len(doctor.PACKAGES) == len(project["dependencies"])
