"""The proof that llama.cpp computes rightly with the instructions that it was built for."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from llama_cpp import llama_cpp as low

from tutor_app.adapters.engine import proof
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
    version, kind, gpu = done.stdout.split(" ")
    assert version.startswith("0.3.")
    assert kind == built_for(low.llama_print_system_info().decode())
    assert gpu in ("True\n", "False\n")


def test_one_wrong_number_is_another_text() -> None:
    """As an instruction would give it that computes something else in one place of the model."""
    code = """
import sys
from tutor_app.adapters.engine import proof
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


@pytest.mark.parametrize(
    ("code", "out", "words"),
    [
        (0, "0.3.36 avx512 False\n", "llama-cpp-python 0.3.36, CPU only, computes rightly with avx512"),
        (
            -4,
            "0.3.36 avx512 False\n",
            f"llama.cpp for avx512 does not run on this processor (an instruction is missing). {rebuild()}",
        ),
        (3, "0.3.36 avx2 False\n", f"llama.cpp for avx2 does not run on this processor (it is wrong). {rebuild()}"),
        (-4, "", f"llama.cpp does not run on this processor (an instruction is missing). {rebuild()}"),
        (1, "", f"The model engine is not installed properly (it is wrong). {reinstall()}"),
    ],
)
def test_doctor_tells_what_computes_and_what_failed(
    code: int, out: str, words: str, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(*_: Any, **__: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], code, out, "it is wrong" if code else "")

    monkeypatch.setattr(subprocess, "run", ended)
    finding = doctor.engine(folders)
    assert (finding.ok, finding.text) == (code == 0, words)


def test_doctor_tells_what_was_refused_before(folders: Folders) -> None:
    Memory(folders.prompts / FILE).refuse("zen4")
    assert doctor.engine(folders).text.endswith("; zen4 failed here")


@pytest.fixture
def folders(tmp_path: Any) -> Folders:
    return Folders.under(tmp_path)
