"""The built installers in a bare Debian 12, used as a student does. Left out where a part is missing, saying which."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STARTER = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"


def tried(script: str, installer: str) -> str:
    """What a script says that uses the newest of these installers with the starter model."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("a root folder of Debian is made by root")
    for tool in ("mmdebstrap", "unshare", "chroot"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not here")
    model = Path(os.environ.get("MUMATH_TEST_MODELS", "")) / STARTER
    if not model.is_file():
        pytest.skip(f"{STARTER} is not here")
    built = sorted((ROOT / "dist").glob(installer), key=lambda path: path.stat().st_mtime)
    if not built:
        pytest.skip(f"there is no dist/{installer}; `make installer` makes it")
    command = [str(ROOT / "packaging" / "installer" / script), str(built[-1]), str(model)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=3000)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(3100)
def test_the_package_is_installed_used_and_taken_out_again() -> None:
    said = tried("try_deb.sh", "mumath-tutor_*.deb")
    assert "solved with the model, code confined" in said
    assert "solved in a home that cannot be written" in said
    assert said.splitlines()[-1].startswith("uninstalled without a trace")


@pytest.mark.slow
@pytest.mark.timeout(3100)
def test_the_image_is_used_with_and_without_fuse() -> None:
    said = tried("try_appimage.sh", "mumath-tutor-*.AppImage")
    assert "without FUSE: This computer cannot mount the program" in said
    assert said.splitlines()[-1].startswith("unpacked where there is no FUSE")
