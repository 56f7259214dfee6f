"""The guard against leaks and the slow tier, tried on small test modules of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")


def run(folder: Path, *options: str, grace: float = 5, **tests: str) -> subprocess.CompletedProcess[str]:
    """Run test modules of these texts, each by its name."""
    shutil.copy(CONFTEST, folder / "conftest.py")
    for name, text in tests.items():
        (folder / f"{name}.py").write_text(text)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = slow\n")
    environment = {
        **os.environ,
        "PYTHONPATH": str(CONFTEST.parents[1]),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "TUTOR_TEST_GRACE": str(grace),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, timeout=120)


def test_a_thread_and_a_process_left_behind_fail_and_are_named(tmp_path: Path) -> None:
    thread = (
        "import threading, time\n"
        "def test_clean(): pass\n"
        "def test_leaky(): threading.Thread(target=time.sleep, args=(20,), name='forgotten', daemon=True).start()\n"
        "def test_later(): pass\n"
    )
    process = (
        "import subprocess\n"
        "keep = []\n"
        "def test_leaky(): keep.append(subprocess.Popen(['sleep', '7.25']))\n"
        "def test_later(): pass\n"
    )
    result = run(tmp_path, grace=0.1, test_thread=thread, test_process=process)
    assert result.returncode == 1, result.stdout
    assert "5 passed, 2 errors" in result.stdout
    assert "left behind: thread forgotten" in result.stdout
    assert "first seen after test_leaky" in result.stdout
    assert "(sleep 7.25), first seen after test_leaky" in result.stdout


WIDER = (
    "import subprocess, threading, time, pytest\n"
    "@pytest.fixture(scope='module')\n"
    "def of_module():\n"
    "    children = []\n"
    "    yield children\n"
    "    for child in children: child.kill(); child.wait()\n"
    "@pytest.fixture(scope='session')\n"
    "def of_session():\n"
    "    child = subprocess.Popen(['sleep', '60'])\n"
    "    yield child\n"
    "    child.kill(); child.wait()\n"
    "def test_soon(): threading.Thread(target=time.sleep, args=(0.2,)).start()\n"
    "def test_lazy(of_module): of_module.append(subprocess.Popen(['sleep', '60']))\n"
    "def test_session(of_session): assert of_session.poll() is None\n"
)
TIERS = "import pytest\ndef test_quick(): pass\n@pytest.mark.slow\ndef test_slow(): pass\n"


@pytest.mark.parametrize(("options", "words"), [((), "4 passed, 1 skipped"), (("--slow",), "5 passed")])
def test_the_slow_tier_is_opt_in_and_what_ends_in_time_or_belongs_to_a_wider_fixture_passes(
    tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    result = run(tmp_path, *options, test_wider=WIDER, test_tiers=TIERS)
    assert result.returncode == 0, result.stdout
    assert words in result.stdout


def test_home_is_a_new_one_and_goes_away(tmp_path: Path) -> None:
    result = run(
        tmp_path,
        test_it="import os\nfrom pathlib import Path\nfrom tutor_app.tutor.paths import folders\n"
        "def test_it():\n"
        "    assert folders().data.is_relative_to(Path.home())\n"
        "    assert os.environ['QT_QPA_PLATFORM']\n"
        "    Path('home').write_text(str(Path.home()))\n",
    )
    assert result.returncode == 0, result.stdout
    home = Path((tmp_path / "home").read_text())
    assert home != Path.home()
    assert not home.exists()
