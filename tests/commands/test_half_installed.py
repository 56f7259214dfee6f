"""Parts of the program or of its packages are missing or cut off: one sentence, never a traceback."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tiny_gguf import write_model
from tutor_app import __version__
from tutor_app.adapters.whole import ENGINE, QT, cut_off, script_fault
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


def tutor(program: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    left_out = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "PYTHONPATH")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    return subprocess.run(
        [sys.executable, "-m", "tutor_app", "--data-dir", str(program / "data"), *words],
        cwd=program,
        env=environment | {"PYTHONPATH": str(program), **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def packaged(name: str, damage: Callable[[Path], None]) -> Callable[[Path], None]:
    """A package beside the program as it is installed here, but for the damage."""

    def copied(program: Path) -> None:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.submodule_search_locations
        real = Path(spec.submodule_search_locations[0])
        for folder, _, files in os.walk(real):
            if not folder.endswith("__pycache__"):
                place = program / name / Path(folder).relative_to(real)
                place.mkdir(parents=True)
                for file in files:
                    (place / file).symlink_to(Path(folder) / file)
        damage(program / name)

    return copied


def without(pattern: str) -> Callable[[Path], None]:
    def damage(package: Path) -> None:
        found = list(package.glob(pattern))
        assert found
        for path in found:
            path.unlink()

    return damage


def shortened(pattern: str, part: float) -> Callable[[Path], None]:
    def damage(package: Path) -> None:
        found = list(package.glob(pattern))
        assert found
        for path in found:
            data = path.read_bytes()
            path.unlink()
            path.write_bytes(data[: int(len(data) * part)])

    return damage


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


ENGINE_NOT_WHOLE = "The model engine is not installed properly ("


@pytest.mark.skipif(sys.platform != "linux", reason="names and form of Linux's libraries")
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (remove("tutor_app/adapters/engine/worker.py"), "the program's own file engine/worker.py is missing."),
        (remove("tutor_app/adapters/engine/sampling.py"), f"{ENGINE_NOT_WHOLE}ModuleNotFoundError"),
        (remove("tutor_app/adapters/wire.py"), "the part tutor_app.adapters.wire is missing."),
        (cut("tutor_app/adapters/engine/worker.py"), "the program's own file engine/worker.py is cut off."),
        (cut("tutor_app/adapters/engine/sampling.py"), f"{ENGINE_NOT_WHOLE}sampling.py: SyntaxError"),
        (packaged("llama_cpp", without("lib/libllama.so*")), f"{ENGINE_NOT_WHOLE}FileNotFoundError"),
        (packaged("llama_cpp", without("lib/libggml*")), f"{ENGINE_NOT_WHOLE}RuntimeError"),
        (packaged("llama_cpp", without("llama_cpp.py")), f"{ENGINE_NOT_WHOLE}ModuleNotFoundError"),
        (packaged("llama_cpp", shortened("lib/libggml-base.so*", 0)), f"{ENGINE_NOT_WHOLE}RuntimeError"),
        (packaged("llama_cpp", shortened("lib/libllama.so*", 0.4)), f"{ENGINE_NOT_WHOLE}libllama.so"),
        (packaged("llama_cpp", shortened("lib/libggml-cpu.so*", 0.9)), f"{ENGINE_NOT_WHOLE}"),
    ],
)
def test_an_engine_that_is_not_whole_is_one_sentence(
    damage: Callable[[Path], None], said: str, program: Path, tmp_path: Path
) -> None:
    damage(program)
    model = write_model(tmp_path / "m.gguf")
    done = tutor(program, "solve", "--offline", "--model", str(model), "What is 1+1?")
    told = done.stdout + done.stderr
    assert "Traceback" not in told
    assert done.returncode == 3
    assert said in told
    assert "nstall" in told.partition(said)[2]


@pytest.mark.skipif(sys.platform != "linux", reason="names and form of Linux's libraries")
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (without("Qt/plugins/platforms/*"), "Qt's part for such a display is missing."),
        (shortened("Qt/plugins/platforms/libqxcb.so", 0.7), "libqxcb.so is cut off."),
        (without("Qt/lib/libQt6Gui.so.6"), "libQt6Gui.so.6: cannot open shared object file"),
        (shortened("QtGui.abi3.so", 0.5), "QtGui.abi3.so is cut off."),
        (shortened("Qt/lib/libQt6Widgets.so.6", 0.99), "libQt6Widgets.so.6 is cut off."),
        (shortened("Qt/lib/libQt6Core.so.6", 0), "libQt6Core.so.6 is cut off."),
    ],
)
def test_a_qt_that_is_not_whole_is_one_sentence(damage: Callable[[Path], None], said: str, program: Path) -> None:
    packaged("PySide6", damage)(program)
    done = tutor(program, DISPLAY=":77")
    assert done.returncode == 3
    assert done.stderr.startswith("tutor: The window cannot be shown: ")
    assert said in done.stderr
    assert done.stderr.endswith("Install the program again.\n")


WORKERS = sorted((ROOT / "tutor_app").rglob("*worker.py"))


@pytest.mark.parametrize("script", WORKERS, ids=[f"{path.parent.name}/{path.stem}" for path in WORKERS])
def test_a_script_of_the_programs_own_that_is_not_whole_is_named(script: Path, tmp_path: Path) -> None:
    assert script_fault(script) == ""
    copy = tmp_path / script.parent.name / script.name
    copy.parent.mkdir()
    name = f"the program's own file {script.parent.name}/{script.name}"
    assert script_fault(copy) == f"{name} is missing"
    lines = script.read_bytes().splitlines(keepends=True)
    for n in range(len(lines)):
        copy.write_bytes(b"".join(lines[:n]))
        assert script_fault(copy) == f"{name} is cut off"
    for n in range(1, len(lines[-1])):
        copy.write_bytes(b"".join([*lines[:-1], lines[-1][:-n]]))
        assert script_fault(copy) == (f"{name} is cut off" if lines[-1][:-n].rstrip() != lines[-1].rstrip() else "")


def test_libraries_that_are_cut_off_are_named_and_whole_ones_are_not(program: Path) -> None:
    assert cut_off("PySide6", QT) == cut_off("llama_cpp", ENGINE) == cut_off("not_there_at_all", QT) == ""
    packaged("llama_cpp", shortened("lib/libggml-base.so*", 0.3))(program)
    done = tutor(program, "doctor")
    assert done.returncode == 1
    assert re.search(r"packages +libggml-base\.so\S* is cut off\. Install the program again\.", done.stdout)


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
