import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("urllib3", reason="the trainer's packages are not installed")

ROOT = Path(__file__).resolve().parents[2]


def load(*options: str) -> list[str]:
    command = [sys.executable, str(ROOT / "packaging" / "teacher_load.py"), *options]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no SIGKILL")
def test_failures_and_kills_change_no_record() -> None:
    said = load(
        "--items",
        "240",
        "--parallel",
        "8",
        "--kills",
        "2",
        "--capacity-items",
        "16",
        "--seconds",
        "0.1",
        "--share",
        "0",
    )
    assert "killed with -9 2 times" in said[1]
    assert said[2] == "lost: 0; doubled: 0; the same records: yes"
    assert said[3].startswith("capacity: 8 at once, 0.1 s each, 16 requests")


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(sys.platform == "win32", reason="this system has no SIGKILL")
def test_ten_thousand_requests_and_three_kills() -> None:
    said = load("--capacity-items", "0")
    assert "killed with -9 3 times" in said[1]
    assert said[2] == "lost: 0; doubled: 0; the same records: yes"
