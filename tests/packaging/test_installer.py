import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from installer import appimage, bundle, deb, desktop, variants

ROOT = Path(__file__).resolve().parents[2]
LISTS = """
    if (GGML_SYSTEM_ARCH STREQUAL "x86")
        ggml_add_cpu_backend_variant(x64)
        ggml_add_cpu_backend_variant(sse42              SSE42)
        if (NOT MSVC)
            ggml_add_cpu_backend_variant(zen4           SSE42 AVX AVX512_BF16)
            ggml_add_cpu_backend_variant(sapphirerapids AVX512 AMX_TILE AMX_INT8)
        endif()
    elseif(GGML_SYSTEM_ARCH STREQUAL "ARM")
            ggml_add_cpu_backend_variant(armv8.2_1    DOTPROD)
"""


def test_only_the_wanted_families_are_built_and_none_with_tiles() -> None:
    text = variants.only_families(LISTS)
    assert [line.split("(")[1].split()[0].rstrip(")") for line in text.splitlines() if "variant(" in line] == [
        "x64",
        "zen4",
        "armv8.2_1",
    ]
    assert variants.only_families(text) == text
    assert "AMX" not in text


def test_what_is_the_same_under_three_names_is_one_file(tmp_path: Path) -> None:
    for name in ("libx.so", "libx.so.0", "libx.so.0.1"):
        (tmp_path / name).write_bytes(b"the same")
    (tmp_path / "liby.so").write_bytes(b"another")
    bundle.link_copies(tmp_path)
    bundle.link_copies(tmp_path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {
        "libx.so": b"the same",
        "libx.so.0": b"the same",
        "libx.so.0.1": b"the same",
        "liby.so": b"another",
    }
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_symlink()) == ["libx.so.0", "libx.so.0.1"]
    assert bundle.size(tmp_path) == len(b"the same") + len(b"another")


def test_only_what_is_named_stays(tmp_path: Path) -> None:
    for name in ("libQt6Core.so.6", "libQt6Qml.so.6", "folder/file"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    bundle.only(tmp_path, {"libQt6Core.so*"})
    assert [p.name for p in tmp_path.iterdir()] == ["libQt6Core.so.6"]
    bundle.only(tmp_path / "missing", {"x"})


def test_libraries_take_the_place_of_the_one(tmp_path: Path) -> None:
    built, folder = tmp_path / "built", tmp_path / "lib"
    built.mkdir()
    folder.mkdir()
    (built / "libggml.so.0.1").write_bytes(b"new")
    (built / "libggml.so").symlink_to("libggml.so.0.1")
    (folder / "libggml-cpu.so").write_bytes(b"old")
    (folder / "libllama.so").write_bytes(b"llama")
    variants.replace(folder, [built / "libggml.so"])
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == {"libggml.so": b"new", "libllama.so": b"llama"}


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("llama_cpp/lib/libllama.so", b"\0/usr/src/x-1/vendor/src/a.cpp:12\0", "/usr/src/x-1/vendor/src/a.cpp"),
        ("llama_cpp/lib/libllama.so", b"\0src/models/a.cpp\0../b/c.h\0/proc/self/maps\0", ""),
        ("llama_cpp/llama.py", b"# see https://a.example/one/llama.cpp and /usr/src/a.cpp", "/usr/src/a.cpp"),
        ("llama_cpp/__pycache__/llama.pyc", b"zhttps://a.example/one/llama.cpp)", ""),
        ("another/lib.so", b"\0/usr/src/a.cpp\0", ""),  # its makers' affair
        ("another/lib.so", b"\0%s/build/a.cpp\0" % bytes(ROOT), f"{ROOT}/build/a.cpp"),
        ("another/a.pyc", b"(%s/x.py" % bytes(ROOT), f"{ROOT}/x.py"),
        ("another/a.py", b"see docs%s/x.py" % bytes(ROOT), ""),
        (
            "another/a.txt",
            b"%s/pip-wheel-x1/a" % tempfile.gettempdir().encode(),
            f"{tempfile.gettempdir()}/pip-wheel-x1/a",
        ),
    ],
)
def test_nothing_in_a_package_tells_where_it_was_built(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    file = tmp_path / name
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    if not told:
        bundle.check_names(tmp_path)
        return
    with pytest.raises(bundle.Failed) as failed:
        bundle.check_names(tmp_path)
    assert f"{name} names a folder of the computer that it was built on: {told}. " in str(failed.value)


@pytest.mark.skipif(not (shutil.which("cmake") and shutil.which("cc")), reason="a compiler and cmake are needed")
def test_a_library_is_the_same_wherever_it_is_built(tmp_path: Path) -> None:
    """Of two builds in folders of different names, both with a message that names its source."""
    built = []
    for folder in (tmp_path / "a", tmp_path / "another place"):
        (folder / "src").mkdir(parents=True)
        (folder / "src" / "x.h").write_text("static inline const char *header(void) { return __FILE__; }\n")
        (folder / "src" / "x.c").write_text(
            '#include <stdio.h>\n#include "x.h"\nvoid x(void) { puts(__FILE__); puts(header()); }\n'
        )
        (folder / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.18)\nproject(x C CXX)\nadd_library(x SHARED src/x.c)\n"
        )
        include = f"-DCMAKE_PROJECT_INCLUDE={bundle.NO_FOLDERS}"
        subprocess.run(["cmake", "-S", folder, "-B", folder / "b", include], check=True, capture_output=True)
        subprocess.run(["cmake", "--build", folder / "b"], check=True, capture_output=True)
        built.append((folder / "b" / "libx.so").read_bytes())
    assert built[0] == built[1]
    assert b"\0src/x.c\0" in built[0]
    assert b"\0src/x.h\0" in built[0]
    assert f"-DCMAKE_PROJECT_INCLUDE={bundle.NO_FOLDERS}" in variants.OPTIONS


@pytest.mark.skipif(os.name != "posix", reason="a shell script")
def test_the_command_starts_the_bundles_own_python() -> None:
    text = (ROOT / "packaging/installer/linux/tutor.sh").read_text()
    assert text.splitlines()[-1] == 'exec /usr/lib/mumath-tutor/python/bin/python3.11 -P -m tutor_app "$@"'
    assert "unset PYTHONPATH PYTHONHOME" in text


def test_the_packages_that_the_bundle_takes_are_the_programs_own() -> None:
    assert {"tutor_app", "resources"} <= set(bundle.PROGRAM)
    assert all((ROOT / name).exists() for name in bundle.PROGRAM)


def test_an_image_brings_what_not_every_desktop_has() -> None:
    names = ("libxcb-cursor.so.0", "libffi.so.8", "libxkbcommon-x11.so.0", "libgomp.so.1", "libssl.so.3")
    left = ("libc.so.6", "libGL.so.1", "libX11.so.6", "libxcb.so.1", "libstdc++.so.6", "ld-linux-x86-64.so.2")
    libraries = {name: Path("/usr/lib") / name for name in (*names, *left)}
    assert sorted(appimage.wanted(libraries)) == sorted(names)


def test_without_its_runtime_it_is_told_what_to_fetch(tmp_path: Path) -> None:
    for runtime in (None, tmp_path / "none"):
        with pytest.raises(bundle.Failed, match=r"runtime\.sh FILE, or fetch runtime-\w+ from https://"):
            appimage.check_runtime(runtime)
    other = tmp_path / "runtime"
    other.write_bytes(b"\x7fELF\x02\x01\x01\x00AI\x01")
    with pytest.raises(bundle.Failed, match="is no runtime"):
        appimage.check_runtime(other)
    other.write_bytes(b"\x7fELF\x02\x01\x01\x00AI\x02 and more")
    appimage.check_runtime(other)


LEFT_OUT = (
    *("PySide6/Qt/translations/qtbase_de.qm", "PySide6/Qt/lib/libQt6Qml.so.6", "PySide6/QtQml.abi3.so"),
    *("numpy/_core/_simd.cpython-311-x86_64-linux-gnu.so", "numpy/f2py/crackfortran.py", "sympy/core/tests/test_x.py"),
    *("cffi/api.py", "pycparser/c_parser.py", "matplotlib/testing/compare.py", "matplotlib/sphinxext/roles.py"),
    *("fontTools/voltLib/ast.py", "fontTools/mtiLib/__init__.py", "fontTools/diff/diff.py", "numpy/__init__.pyi"),
    *("platformdirs-4.dist-info/sboms/x.cdx.json", "sympy-1.dist-info/RECORD", "pip/_vendor/bom.cdx.json"),
)
NEEDED = (
    *("PySide6/QtCore.abi3.so", "PySide6/Qt/lib/libQt6Core.so.6", "PySide6/Qt/lib/libicudata.so.73"),
    *("numpy/_core/numeric.py", "numpy/testing/__init__.py", "_cffi_backend.cpython-311-x86_64-linux-gnu.so"),
    *("fontTools/subset/__init__.py", "matplotlib/mpl-data/fonts/ttf/DejaVuSans.ttf", "pip/_vendor/rich/text.py"),
    *("platformdirs-4.dist-info/METADATA", "platformdirs-4.dist-info/licenses/LICENSE", "nacl/_sodium.abi3.so"),
)


def test_what_is_never_loaded_is_not_in_the_package(tmp_path: Path) -> None:
    for name in (*LEFT_OUT, *NEEDED):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    bundle.prune_packages(tmp_path, tmp_path / "none")
    assert {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()} == set(NEEDED)


BUSY = """
import io, sys, importlib.abc
class Refused(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name in NAMES:
            raise AssertionError(f"{name} is asked for")
sys.meta_path.insert(0, Refused())
import tutor_app.adapters.updates.signed_note, tutor_app.export, tutor_app.render.pdf, pip._internal.commands.download
import llama_cpp, numpy.testing, pypdf, sympy, ziamath
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
plt.plot([1, 2], [3, 4])
plt.title("$x^2$")
for form in ("pdf", "svg", "png"):
    plt.savefig(io.BytesIO(), format=form)
"""


def test_nothing_asks_for_a_module_that_is_not_in_the_package() -> None:
    patterns = [pattern.removesuffix(".*") for pattern in bundle.NEVER_LOADED]
    names = {pattern.replace("/", ".") for pattern in patterns if "*" not in pattern} - {"include"}
    assert {"cffi", "pycparser", "numpy._core._simd", "fontTools.voltLib", "matplotlib.testing"} <= names
    code = BUSY.replace("NAMES", repr(names))
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


MODULES = {
    "a.py": "KINDS = {'one', 'two', 'three', 'four'}\nprint('one' in {'two', 'one', 'six'})\n",
    "b.py": "def one(two: str) -> str:\n    assert two in {'one', 'five', 'three'}\n    return __file__\n",
    "c/__init__.py": "import os\nPATH = os.sep\n",
}


def made(folder: Path, umask: int, when: int) -> Path:
    """A bundle's modules as one builder makes them at one time."""
    before = os.umask(umask)
    try:
        for name, text in MODULES.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        (folder / "run").write_text("#!/bin/sh\n")
        (folder / "run").chmod(0o777 & ~umask)
        (folder / "link").symlink_to("run")
        bundle.compile_modules(Path(sys.executable), folder)
    finally:
        os.umask(before)
    bundle.settle(folder, when)
    return folder


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_what_two_builders_make_is_the_same(tmp_path: Path) -> None:
    first = made(tmp_path / "one", 0o022, 1_000_000_000)
    second = made(tmp_path / "two" / "deeper", 0o077, 1_000_000_000)

    def told(folder: Path) -> dict[str, object]:
        found: dict[str, object] = {}
        for path in sorted(folder.rglob("*")):
            seen = path.lstat()
            content = path.read_bytes() if path.is_file() else b""
            found[str(path.relative_to(folder))] = (
                seen.st_mode if not path.is_symlink() else 0,
                seen.st_mtime,
                content,
            )
        return found

    assert told(first) == told(second)
    (compiled,) = first.glob("__pycache__/b.*.pyc")
    assert str(tmp_path).encode() not in compiled.read_bytes()
    # A module still tells where it lies, wherever that is.
    done = subprocess.run(
        [sys.executable, "-c", "import b; print(b.one('one'), b.one.__code__.co_filename)"],
        cwd=second,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [str(second / "b.py")] * 2


def test_a_package_bears_the_day_of_its_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    day = desktop.release_notes()[0].day
    assert datetime.fromtimestamp(deb.release_time(), UTC) == datetime(day.year, day.month, day.day, tzinfo=UTC)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000")
    assert deb.release_time() == 1000
    for wrong in ("soon", "-1", "²", "1e9"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", wrong)
        with pytest.raises(bundle.Failed, match="seconds since 1970, not "):
            deb.release_time()


@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="dpkg is Debian's")
def test_a_package_built_twice_is_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deb, "dependencies", lambda _work: "libc6")
    built = []
    for name, umask in (("one", 0o022), ("two", 0o077)):
        monkeypatch.setattr(deb, "ROOT", tmp_path / name)
        (tmp_path / name).mkdir()
        for kept in ("LICENSE", "pyproject.toml"):
            shutil.copyfile(ROOT / kept, tmp_path / name / kept)
        made(tmp_path / name / "work" / deb.PLACE, umask, 5)
        built.append(deb.build(tmp_path / name / "work", 1_000_000_000, fast=True).read_bytes())
    assert built[0] == built[1]
