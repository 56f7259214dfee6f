"""The proof that llama.cpp computes rightly with the instructions that it was built for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from llama_cpp import llama_cpp as low

from tests.tiny_gguf import write_model
from tutor_app.adapters.engine import client, proof, proving
from tutor_app.adapters.engine.exit_codes import rebuild
from tutor_app.adapters.engine.processor import FILE, Memory, built_for, one_of_several
from tutor_app.commands import doctor
from tutor_app.resources import reinstall
from tutor_app.tutor.paths import Folders


def run(*code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *code], capture_output=True, text=True, check=False)


def test_the_engine_here_writes_the_known_text_and_says_what_it_computes_with() -> None:
    done = run("-m", "tutor_app.adapters.engine.proof")
    assert (done.returncode, done.stderr) == (0, "")
    version, kind = done.stdout.rstrip("\n").split(" ")
    assert version.startswith("0.3.")
    assert kind == built_for(low.llama_print_system_info().decode())


def test_one_wrong_number_is_another_text() -> None:
    """As an instruction would give it that computes something else in one place of the model."""
    code = """
import sys
from tests.tiny_gguf import write_model
from tutor_app.adapters.engine import client, proof, proving
right = proof.model()
middle = len(right) // 2
wrong = bytes(byte ^ 64 for byte in right[middle : middle + 4000])
proof.model = lambda: right[:middle] + wrong + right[middle + 4000 :]
sys.exit(proof.main())
"""
    done = run("-c", code)
    assert done.returncode == proof.WRONG
    assert done.stderr == "what it computes with the fast instructions of this processor is wrong\n"


@pytest.mark.parametrize(
    ("info", "name"),
    [
        ("CPU : SSE3 = 1 | AVX = 1 | AVX_VNNI = 1 | AVX2 = 1 | AVX512 = 1 | AVX512_VNNI = 1 | REPACK = 1 | ", "avx512"),
        ("CPU : SSE3 = 1 | AVX = 1 | AVX_VNNI = 1 | AVX2 = 1 | LLAMAFILE = 1 | ", "avxvnni"),
        ("CPU : SSE3 = 1 | SSSE3 = 1 | AVX = 1 | AVX2 = 1 | F16C = 1 | ", "avx2"),
        ("CPU : SSE3 = 1 | AVX512 = 0 | ", "basic"),
        ("CPU : NEON = 1 | ARM_FMA = 1 | ", ""),
        ("", ""),
    ],
)
def test_what_a_library_was_built_for_is_what_it_says(info: str, name: str) -> None:
    assert built_for(info) == name
    assert not one_of_several(name)


def ending(code: int, out: str = "", errors: str = "", seconds: float = 0.0) -> Callable[[], list[str]]:
    """A proof that prints and ends so."""
    end = f"os.kill(os.getpid(), {-code})" if code < 0 else f"sys.exit({code})"
    said = f"sys.stdout.write({out!r}); sys.stderr.write({errors!r}); sys.stdout.flush(); time.sleep({seconds})"
    return lambda: [sys.executable, "-c", f"import os, sys, time; {said}; {end}"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX systems")
@pytest.mark.parametrize(
    ("code", "out", "words"),
    [
        (0, "0.3.36 avx512\n", "llama-cpp-python 0.3.36, CPU only, computes rightly with avx512"),
        (
            -4,
            "0.3.36 avx512\n",
            f"llama.cpp for avx512 does not run on this processor (an instruction is missing). {rebuild()}",
        ),
        (3, "0.3.36 avx2\n", f"llama.cpp for avx2 does not run on this processor (it is wrong). {rebuild()}"),
        (-4, "", f"llama.cpp does not run on this processor (an instruction is missing). {rebuild()}"),
        (1, "", f"The model engine is not installed properly (it is wrong). {reinstall()}"),
    ],
)
def test_doctor_tells_what_computes_and_what_failed(
    code: int, out: str, words: str, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proving, "command", ending(code, out, "it is wrong" if code else ""))
    finding = doctor.engine(folders)
    assert (finding.ok, finding.text) == (code == 0, words)


@pytest.fixture
def with_card(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes this a build for a graphics card whose proof ends as given."""

    def built(code: int, out: str = "", errors: str = "", seconds: float = 0.0) -> None:
        monkeypatch.setattr(proving, "gpu_backends", lambda: ("vulkan",))
        monkeypatch.setattr(client, "gpu_backends", lambda: ("vulkan",))
        plain, card = ending(0, "0.3.36 avx2\n")(), ending(code, out, errors, seconds)()
        choose = f"os.execv(sys.executable, {card!r} if '--card' in sys.argv else {plain!r})"
        monkeypatch.setattr(proving, "command", lambda: [sys.executable, "-c", f"import os, sys; {choose}"])

    return built


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX systems")
@pytest.mark.parametrize("ends", [(-11,), (-6,), (-7,), (3, "", "it is wrong")])
def test_a_card_whose_driver_is_broken_is_refused_remembered_and_told(
    ends: tuple[Any, ...], with_card: Callable[..., None], tmp_path: Path, folders: Folders
) -> None:
    with_card(*ends)
    options = client.EngineOptions(n_ctx=256, cache_folder=folders.prompts)
    engine = client.Engine(write_model(tmp_path / "m.gguf"), options)
    try:
        assert engine.load().device.startswith("CPU")
    finally:
        engine.close()
    assert doctor.engine(folders).text == (
        "llama-cpp-python 0.3.36, CPU only, computes rightly with avx2; vulkan failed here"
    )
    with_card(0)  # a new driver: it is not asked again before set-up does
    memory = Memory(folders.prompts / FILE)
    assert not proving.card_works(memory)
    memory.prove("vulkan")
    assert proving.card_works(Memory(folders.prompts / FILE))
    assert doctor.engine(folders).text.startswith("llama-cpp-python 0.3.36, uses the graphics card (vulkan), ")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX systems")
@pytest.mark.parametrize(
    ("ends", "works"),
    [
        ((0,), True),
        ((proof.NO_CARD,), False),
        ((1, "", "ImportError: libvulkan.so.1: cannot open shared object file"), False),
        ((-9,), False),
    ],
)
def test_a_card_that_is_not_there_is_not_refused_for_ever(
    ends: tuple[Any, ...], works: bool, with_card: Callable[..., None], folders: Folders
) -> None:
    with_card(*ends)
    memory = Memory(folders.prompts / FILE)
    assert proving.card_works(memory) is works
    assert memory.known.refused == ()
    assert memory.known.proved == (("vulkan",) if works else ())


def test_a_driver_that_is_stuck_is_given_up_and_a_stop_is_heard(
    with_card: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_card(0, seconds=60.0)
    memory = Memory(None)
    assert not proving.card_works(memory, lambda: True)
    assert not memory.refuses("vulkan")
    monkeypatch.setattr(proving, "SECONDS", 0.5)
    assert not proving.card_works(memory)
    assert memory.refuses("vulkan")


def test_doctor_tells_what_was_refused_before(folders: Folders) -> None:
    Memory(folders.prompts / FILE).refuse("zen4")
    assert doctor.engine(folders).text.endswith("; zen4 failed here")


@pytest.fixture
def folders(tmp_path: Any) -> Folders:
    return Folders.under(tmp_path)
