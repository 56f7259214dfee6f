import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.test_parser import tutor
from tutor_app.core.errors import UserFault
from tutor_app.server.serving import read_key

ROOT = Path(__file__).parents[2]


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--parallel", "0"], "--parallel must be from 1 to 64, not 0."),
        (["--port", "70000"], "There is no port 70000. Choose one from 1024 to 65535."),
        (["--port", "0", "--api-key-file", "none"], "The API key cannot be read from none: No such file or directory."),
        (["--port", "0"], "No model is installed yet. Get one with: tutor models pull starter"),
        (["--host", "203.0.113.7"], "203.0.113.7 is no address of this computer."),
    ],
)
def test_what_cannot_be_served_is_one_sentence(words: list[str], sentence: str, tmp_path: Path) -> None:
    done = tutor("serve", *words, cwd=tmp_path)
    assert done.returncode == 2
    (told,) = done.stderr.decode().splitlines()  # and no key for an address that cannot be had
    assert told.startswith(f"tutor: {sentence}")


@pytest.mark.e2e
def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = tutor("serve", "--port", str(taken.getsockname()[1]), cwd=tmp_path)
    assert done.returncode == 2
    assert b"is in use" in done.stderr


@pytest.mark.e2e
def test_beyond_this_computer_there_is_a_key(tmp_path: Path) -> None:
    done = tutor("serve", "--host", "0.0.0.0", "--port", "0", cwd=tmp_path, TUTOR_API_KEY="")
    file = tmp_path / "data" / "config" / "server-key"
    assert file.read_text().strip() in done.stderr.decode()
    done = tutor("serve", "--behind-proxy", "--port", "0", cwd=tmp_path, TUTOR_API_KEY="")
    assert file.read_text().strip() in done.stderr.decode()
    done = tutor("serve", "--host", "0.0.0.0", "--port", "0", cwd=tmp_path, TUTOR_API_KEY="short")
    assert b"at least 16" in done.stderr


@pytest.fixture
def starter() -> Path:
    path = Path(os.environ.get("MUMATH_TEST_MODELS", "")) / "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
    if not path.is_file():
        pytest.skip(f"no model at {path}: pull the starter")
    return path


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C of POSIX systems")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_the_starter_is_served_until_a_signal(starter: Path, end: signal.Signals) -> None:
    import openai  # a thousand modules, not for the collection of tests

    command = [sys.executable, "-m", "tutor_app", "serve", "--model", str(starter), "--port", "0", "--parallel", "2"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TUTOR_API_KEY": ""}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True
    ) as run:
        assert run.stdout is not None
        line = run.stdout.readline()
        match = re.fullmatch(r"Serving (\S+) at (http://127\.0\.0\.1:\d+/v1)\n", line)
        assert match, line
        with openai.OpenAI(base_url=match[2], api_key="none", timeout=200) as api:
            said = api.chat.completions.create(
                model=match[1], messages=[{"role": "user", "content": "What is 6 times 7?"}]
            )
        run.send_signal(end)
        assert run.wait(60) == 0
    assert "42" in (said.choices[0].message.content or "")
    assert said.usage is not None
    assert said.usage.completion_tokens > 5


@pytest.mark.e2e
@pytest.mark.parametrize("words", [["--port", "0", "--api-key-file", "short"], ["--port", "0", "--host", "0.0.0.0"]])
def test_a_key_that_is_none_is_named_by_its_file(words: list[str], tmp_path: Path) -> None:
    own = tmp_path / "data" / "config" / "server-key"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"")
    (tmp_path / "short").write_text("abc")
    done = tutor("serve", *words, cwd=tmp_path, TUTOR_API_KEY="")
    assert done.returncode == 2
    (told,) = done.stderr.decode().splitlines()
    assert told.startswith(f"tutor: The API key in {'short' if 'short' in words else own} must have at least 16 ")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a device without end")
def test_a_key_is_not_read_without_end() -> None:
    with pytest.raises(UserFault, match="larger than 4,096 bytes"):
        read_key(Path("/dev/zero"))
