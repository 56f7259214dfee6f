"""Configuration of installers that have not been run: it can be read, and everything that it names is there."""

from __future__ import annotations

import plistlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

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
