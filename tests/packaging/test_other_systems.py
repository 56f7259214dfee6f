"""Configuration of installers that have not been run: it can be read, and everything that it names is there."""

from __future__ import annotations

import plistlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from installer import bundle

ROOT = Path(__file__).resolve().parents[2]
INSTALLER = ROOT / "packaging" / "installer"
NAME = "io.github.mumath_tutor.MuMathTutor"
WORKFLOW = ROOT / ".github" / "workflows" / "installers.yml"
UNTRIED = [
    INSTALLER / "flatpak" / f"{NAME}.yaml",
    INSTALLER / "macos" / "build.sh",
    INSTALLER / "windows" / "build.ps1",
    INSTALLER / "windows" / "mumath-tutor.iss",
    WORKFLOW,
]


@pytest.mark.parametrize("path", UNTRIED, ids=lambda p: p.name)
def test_what_has_not_been_run_says_so(path: Path) -> None:
    assert "Not yet run" in path.read_text(encoding="utf-8")


def test_the_flatpak_takes_what_a_package_has() -> None:
    yaml = pytest.importorskip("yaml")
    manifest = yaml.safe_load(UNTRIED[0].read_text(encoding="utf-8"))
    assert manifest["id"] == NAME
    assert manifest["command"] == "tutor"
    (module,) = manifest["modules"]
    (source,) = module["sources"]
    assert (UNTRIED[0].parent / source["path"]).resolve() == ROOT / "build" / "deb"
    script = (INSTALLER / "linux" / "tutor.sh").read_text(encoding="utf-8")
    assert "/usr/lib/mumath-tutor/" in script  # which the manifest replaces
    assert not any("filesystem" in argument for argument in manifest["finish-args"])


def test_the_workflow_calls_scripts_that_are_there() -> None:
    yaml = pytest.importorskip("yaml")
    workflow = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    assert set(workflow["jobs"]) == {"linux", "macos", "windows"}
    commands = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    scripts = [name.replace("\\", "/") for text in commands for name in re.findall(r"packaging[\w./\\]+", text)]
    assert sorted(scripts) == ["packaging/installer/macos/build.sh", "packaging/installer/windows/build.ps1"]
    assert all((ROOT / script).is_file() for script in scripts)
    assert workflow["permissions"] == {"contents": "read"}


@pytest.mark.parametrize(
    ("kept", "left"),
    [
        (
            "Qt6Core.dll Qt6Widgets.dll QtGui.pyd pyside6.abi3.dll msvcp140.dll vcruntime140_1.dll opengl32sw.dll "
            "support/deprecated.py plugins/platforms/qwindows.dll plugins/styles/qmodernwindowsstyle.dll "
            "plugins/imageformats/qsvg.dll __init__.py",
            "Qt6Qml.dll Qt6Quick.dll QtQml.pyd designer.exe qml/QtQuick/x.dll plugins/sqldrivers/qsqlite.dll "
            "plugins/platforms/qminimal.dll translations/qtbase_de.qm resources/icudtl.dat typesystems/x.xml",
        ),
        (
            "QtCore.abi3.so libpyside6.abi3.6.11.dylib Qt/lib/QtGui.framework/QtGui "
            "Qt/plugins/platforms/libqcocoa.dylib Qt/plugins/styles/libqmacstyle.dylib",
            "QtQml.abi3.so Designer.app/Contents/x Qt/lib/QtQuick.framework/QtQuick Qt/qml/x qmlls "
            "Qt/plugins/sqldrivers/libqsqlite.dylib Qt/plugins/platforms/libqminimal.dylib "
            "Qt/translations/qtbase_fr.qm",
        ),
    ],
    ids=["windows", "macos"],
)
def test_of_qt_the_same_is_left_out_as_on_linux(kept: str, left: str, tmp_path: Path) -> None:
    """The names are those of Qt's wheels; every library that a kept one of them asks for is among them."""
    for name in (kept + " " + left).split():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    bundle.prune_qt(tmp_path)
    assert {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()} == set(kept.split())


@pytest.mark.parametrize("script", [INSTALLER / "macos" / "build.sh", INSTALLER / "windows" / "build.ps1"])
def test_other_systems_are_bundled_as_linux_is(script: Path) -> None:
    """By the same versions and options, without what is never loaded, compiled before anybody signs it."""
    text = script.read_text(encoding="utf-8").replace("\\", "/")
    order = [
        "-r packaging/requirements.txt",
        "packaging/installer/bundle.py",
        "compileall",
        "codesign" if script.suffix == ".sh" else "signtool",
    ]
    places = [text.index(word, text.index("pip install")) for word in order]
    assert places == sorted(places)
    assert "CMAKE_ARGS" not in text
    assert "-P -m tutor_app" in text + (INSTALLER / "windows" / "mumath-tutor.iss").read_text(encoding="utf-8")


def test_a_bundle_of_another_system_is_finished_by_one_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    packages = tmp_path / "python" / "Lib" / "site-packages"
    for name in ("PySide6/QtQml.pyd", "PySide6/QtCore.pyd", "numpy/tests/test_x.py", "numpy/core.py"):
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).write_text("x = 1\n")
    site = packages.parent / "site.py"
    site.write_text("ENABLE_USER_SITE = None\n")
    monkeypatch.setattr("sys.argv", ["bundle.py", str(tmp_path), str(packages)])
    assert bundle.main() == 0
    assert site.read_text() == "ENABLE_USER_SITE = False\n"
    assert sorted(p.name for p in packages.rglob("*.p*")) == ["QtCore.pyd", "core.py"]
    assert capsys.readouterr().out.splitlines()[-1].endswith("MB  in all")
    assert bundle.main() == 1, "a site.py that is not as expected"


def test_the_lists_of_properties_can_be_read() -> None:
    told = plistlib.loads((INSTALLER / "macos" / "Info.plist").read_bytes())
    assert told["CFBundleIdentifier"] == NAME
    assert told["CFBundleShortVersionString"] == "@VERSION@"
    assert f'"$app/Contents/MacOS/{told["CFBundleExecutable"]}"' in UNTRIED[1].read_text(encoding="utf-8")
    rights = plistlib.loads((INSTALLER / "macos" / "entitlements.plist").read_bytes())
    assert all(rights.values())
    assert "com.apple.security.get-task-allow" not in rights  # a notarised program may not have it


def test_the_shell_script_is_a_shell_script() -> None:
    if not shutil.which("bash"):
        pytest.skip("no bash")
    done = subprocess.run(["bash", "-n", str(UNTRIED[1])], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
