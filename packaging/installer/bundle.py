"""The program with a Python of its own in one folder, which runs on a Debian without compiler, Python or network.

The interpreter is Debian's, taken from its packages (``apt-get download``) and made to look at nothing outside the
folder; the packages are the wheels of ``constraints.txt``. What the program never loads is taken out again: Qt's parts
for QML and design, tests, headers, type stubs. It is no PyInstaller bundle: the sandbox, the engine and the checkers
start the interpreter as a process of their own, just as in a checkout.

The folder may be moved. It needs the C library of the Debian that it is made on, or a newer one. Made twice of one
tree and one wheel of llama-cpp-python, it holds the same bytes.
"""

from __future__ import annotations

import argparse
import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import bootstrap
import instructions

ROOT: Final = Path(__file__).resolve().parents[2]
MOST_BYTES: Final = 350_000_000
"""Of an installer's files, unpacked, without a model."""
PYTHON_PACKAGES: Final = ("python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib")
PROGRAM: Final = ("tutor_app", "resources", "LICENSE", "README.md")

QT_LIBRARIES: Final = (
    *("Core", "DBus", "Gui", "Network", "OpenGL", "PrintSupport", "Svg", "Widgets", "XcbQpa"),
    *("WaylandClient", "WlShellIntegration", "WaylandEglClientHwIntegration"),
)
"""Of Qt's own; the rest is for QML, SQL, design and compositors."""
QT_MODULES: Final = ("QtCore", "QtDBus", "QtGui", "QtNetwork", "QtPrintSupport", "QtSvg", "QtWidgets")
QT_PLUGINS: Final = (
    *("iconengines", "imageformats", "platforminputcontexts", "platforms", "platformthemes", "printsupport"),
    *("wayland-decoration-client", "wayland-graphics-integration-client", "wayland-shell-integration"),
    "xcbglintegrations",
)
QT_OTHER_SYSTEMS: Final = (
    *("opengl32sw.dll", "pyside6.abi3.dll", "msvcp*.dll", "vcruntime*.dll", "concrt*.dll", "styles"),
    "libpyside6.abi3.*",
)
"""Of Qt's wheels for Windows and macOS, besides: drawing for want of a card, C++'s own libraries, the system's look."""
QT_PLUGINS_OUT: Final = (
    "*eglfs*",
    "*linuxfb*",
    "*vnc*",
    "*vkkhrdisplay*",
    "*minimal*",
    "*qtvirtualkeyboard*",
    "*qpdf*",
)

NO_FOLDERS: Final = Path(__file__).with_name("no_folders.cmake")
"""Options of a build, for cmake."""
ANY_SOURCE: Final = re.compile(rb"(?<![\w.+/:-])/(?:[\w.+-]+/)+[\w.+-]+\.(?:c|cc|cpp|cu|h|hpp)(?![\w.])")
"""A source in a folder of its own, as a message names it whose library was built without :data:`NO_FOLDERS`."""
NEVER_LOADED: Final = (
    *("**/tests", "**/*.pyi", "**/py.typed", "**/*.a", "**/*.h", "**/*.c", "**/*.pyx", "bin", "include", "share"),
    "lib",  # a second copy of llama.cpp, which its wheel brings
    *("numpy/f2py", "numpy/distutils", "matplotlib/mpl-data/sample_data", "matplotlib/backends/web_backend"),
    *("sympy/parsing/autolev/test-examples", "**/benchmarks", "fontTools/ufoLib", "fontTools/qu2cu"),
    *("fontTools/voltLib", "fontTools/mtiLib", "fontTools/diff", "matplotlib/sphinxext", "matplotlib/testing"),
    *("**/_*_tests.*.so", "numpy/_core/_simd.*"),  # its vectors, for NumPy's own tests
    *("cffi", "pycparser"),  # PyNaCl is built by them, and loads what they left: _cffi_backend
    *("*.dist-info/RECORD", "*.dist-info/sboms", "pip/_vendor/bom.cdx.json"),
    "*.dist-info/direct_url.json",  # where on the builder's computer llama.cpp's wheel lay
    *("PIL/_avif*", "pillow.libs/libavif*", "tzdata", "tzdata-*", "pip/_vendor/distlib/*.exe"),
)
"""Within the folder of packages; patterns of :meth:`pathlib.Path.glob`. pip stays: it fetches models' parts."""
NEVER_IMPORTED: Final = (
    *("test", "pydoc_data", "unittest/test", "lib-dynload/_test*", "lib-dynload/_ctypes_test*", "lib-dynload/xx*"),
    *("lib-dynload/_xxtest*", "lib-dynload/_dbm*", "lib-dynload/nis*", "lib-dynload/ossaudiodev*", "turtledemo"),
)
"""Within the standard library."""
LEXERS: Final = ("__init__.py", "_mapping.py", "python.py", "__pycache__")
"""Of Pygments: only Python is coloured."""


class Failed(Exception):
    """The bundle cannot be made; the text is the sentence to show."""


def make_bundle(folder: Path, wheels: Path | None = None) -> None:
    """Make the bundle in ``folder``, which must not exist.

    Args:
        folder: Afterwards holds ``python`` and ``app``.
        wheels: Where a ready wheel of llama-cpp-python is; None takes the one of this checkout's set-up.

    Raises:
        Failed: If anything that it needs is missing.
    """
    folder.mkdir(parents=True)
    python = add_python(folder)
    packages = folder / "python" / "lib" / "python3" / "dist-packages"
    add_packages(packages, wheels or wheel_folder())
    for name in PROGRAM:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / "app" / name, ignore=shutil.ignore_patterns("__pycache__", "screenshots"))
        else:
            shutil.copy2(source, folder / "app" / name)
    # Read by site.py: a line of a .pth file is relative to its own folder, so that the bundle may be moved.
    (packages / "mumath-tutor.pth").write_text("../../../../app\n", encoding="utf-8")
    prune(folder)
    unpack_support(python)
    compile_modules(python, folder)
    for cache in list((packages / "pip").rglob("__pycache__")):  # it only fetches models, which takes longer than that
        remove(cache)


def compile_modules(python: Path, folder: Path) -> None:
    """Compile every module, each time to the same bytes and without the name of the folder in them."""
    # Unchecked: a package's files all get new times, and nobody may write beside them.
    command = [str(python), "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", str(folder)]
    # The order of a set is that of its hashes, and what is told apart by how often it is used depends on what was
    # compiled before: so one process with fixed hashes.
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    # Some packages ship files of other versions' syntax, which nothing loads.
    subprocess.run([*command, str(folder)], env=environment, check=False)


def settle(folder: Path, when: int) -> None:
    """Let nothing of a folder tell when and by whom it was made: all files get one time, and modes by their kind."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        os.utime(path, (when, when), follow_symlinks=False)


def unpack_support(python: Path) -> None:
    """Put PySide6's own Python modules into its folder, whence they are loaded compiled.

    They lie in one of its libraries as source, which every start would compile: 20 ms.
    """
    environment = {**os.environ, "SBK_EMBED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    found = "import PySide6.QtCore, sys; print(sys.modules['shibokensupport.feature'].__file__)"
    command = [str(python), "-c", found]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if "files.dir" not in done.stdout:
        print(f"PySide6's modules stay in its library: {done.stderr.strip() or done.stdout.strip()}", file=sys.stderr)


def add_python(folder: Path) -> Path:
    """Debian's interpreter with its standard library; returns the interpreter."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        work.chmod(0o755)
        if subprocess.run(["apt-get", "download", "-q", *PYTHON_PACKAGES], cwd=work, check=False).returncode:
            raise Failed(f"Debian's packages {', '.join(PYTHON_PACKAGES)} cannot be had here; build on Debian 12.")
        for file in sorted(work.glob("*.deb")):
            subprocess.run(["dpkg-deb", "-x", str(file), str(work / "root")], check=True)
        shutil.copytree(work / "root" / "usr", folder / "python", symlinks=True)
    base = folder / "python"
    for name in ("share", "lib/python3.11/idlelib", "lib/python3.11/lib2to3", "lib/python3.11/ensurepip"):
        shutil.rmtree(base / name, ignore_errors=True)
    library = base / "lib" / "python3.11"
    for link in [p for p in library.rglob("*") if p.is_symlink()]:  # /etc/python3.11/sitecustomize.py
        link.unlink()
    without_user_packages(library / "site.py")
    return base / "bin" / "python3.11"


def without_user_packages(site: Path) -> None:
    """Let an interpreter find no packages in the user's folder, also where it is started by itself."""
    text, count = re.subn(r"^ENABLE_USER_SITE = None$", "ENABLE_USER_SITE = False", site.read_text(), flags=re.M)
    if count != 1:
        raise Failed(f"{site} is not as expected, so the user's own packages could get in.")
    site.write_text(text)


def wheel_folder() -> Path:
    """Where the wheel is that runs on every processor with AVX2; it is built if there is none yet."""
    portable = instructions.PORTABLE
    level = portable._replace(options=(*portable.options, f"-DCMAKE_PROJECT_INCLUDE={NO_FOLDERS}"))
    with tempfile.TemporaryDirectory() as folder:
        try:
            return bootstrap.wheel(sys.executable, "avx2", level, Path(folder) / "build.log").parent
        except bootstrap.Failed as e:
            raise Failed(str(e)) from None


def add_packages(packages: Path, wheels: Path) -> None:
    """The wheels that the program needs, at the tested versions."""
    wheel = next(iter(sorted(wheels.glob("llama_cpp_python-*.whl"))), None)
    if wheel is None:
        raise Failed(f"There is no wheel of llama-cpp-python in {wheels}.")
    if sys.version_info[:2] != (3, 11):
        raise Failed("The bundle is made by Python 3.11, whose packages it takes.")
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [line for line in project["dependencies"] if not line.startswith("llama-cpp-python")]
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-compile", "--target", str(packages)]
    command += ["--disable-pip-version-check", "--only-binary", ":all:"]
    command += ["-c", str(ROOT / "packaging" / "constraints.txt"), str(wheel), "pip", *needed]
    if subprocess.run(command, check=False).returncode:
        raise Failed("The packages could not be fetched; the lines above say why.")


def prune(folder: Path) -> None:
    """Take out of a bundle what the program never loads."""
    packages = folder / "python" / "lib" / "python3" / "dist-packages"
    prune_packages(packages, folder / "python" / "lib" / "python3.11")
    link_copies(packages / "llama_cpp" / "lib")
    strip(packages)


def prune_packages(packages: Path, library: Path) -> None:
    """Take out of the packages and the standard library what is never loaded, on any system."""
    for pattern in NEVER_LOADED:
        for path in sorted(packages.glob(pattern)):
            remove(path)
    for pattern in NEVER_IMPORTED:
        for path in sorted(library.glob(pattern)):
            remove(path)
    lexers = packages / "pygments" / "lexers"
    only(lexers, LEXERS)
    only(lexers / "__pycache__", [f"{Path(name).stem}.*" for name in LEXERS])
    prune_qt(packages / "PySide6")


def prune_qt(qt: Path) -> None:
    """Leave of PySide6 what the program uses, in the layout of its wheels for Linux, macOS or Windows."""
    modules = {f"{name}{end}" for name in QT_MODULES for end in (".abi3.so", ".pyd")}
    kept = {*modules, *QT_OTHER_SYSTEMS, *(f"Qt6{name}.dll" for name in QT_LIBRARIES), "__init__.py", "_config.py"}
    only(qt, kept | {"Qt", "_git_pyside_version.py", "support", "plugins"})
    only(qt / "Qt", {"lib", "plugins"})  # no translations: the program speaks English, and loads none
    libraries = {form for name in QT_LIBRARIES for form in (f"libQt6{name}.so*", f"Qt{name}.framework")}
    only(qt / "Qt" / "lib", libraries | {"libicu*"})
    for place in (qt / "Qt", qt):  # Windows' wheel has no folder between
        only(place / "plugins", {*QT_PLUGINS, *QT_OTHER_SYSTEMS})
        for pattern in QT_PLUGINS_OUT:
            for path in sorted((place / "plugins").rglob(pattern)):
                remove(path)


def link_copies(folder: Path) -> None:
    """Make one file of those that are the same: wheels have no links, and bring a library under three names."""
    kept: dict[bytes, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.is_symlink():
            first = kept.setdefault(path.read_bytes(), path)
            if first != path:
                path.unlink()
                path.symlink_to(first.name)


def strip(packages: Path) -> None:
    """Take the names of inner functions out of extension modules; libraries that a wheel has rewritten stay."""
    extensions = [p for p in packages.rglob("*.so") if not p.parent.name.endswith(".libs") and "Qt" not in p.parts]
    subprocess.run(["strip", "--strip-unneeded", *map(str, extensions)], check=True)


def check_names(folder: Path) -> None:
    """Check that no file in ``folder`` tells where it was built.

    Raises:
        Failed: If one names a folder of this program or of pip's, or a library of llama.cpp the folder of a source.
    """
    temporary = Path(tempfile.gettempdir(), "pip-")
    own = "|".join(re.escape(name) for name in (f"{ROOT}/", f"{bootstrap.cache_folder()}/", str(temporary)))
    anywhere = re.compile(rb"(?<![\w.+-])(?:" + os.fsencode(own) + rb")[\w.+/-]*")
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        found = anywhere.search(content) or ("llama_cpp" in path.parts and ANY_SOURCE.search(content))
        if found:
            raise Failed(
                f"{path.relative_to(folder)} names a folder of the computer that it was built on: "
                f"{os.fsdecode(found[0])}. Let llama.cpp be built anew, without --wheels and MUMATH_TUTOR_WHEELS."
            )


def only(folder: Path, patterns: Iterable[str]) -> None:
    """Remove what is in ``folder`` and has none of these names."""
    wanted = tuple(patterns)
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not any(fnmatch.fnmatch(path.name, pattern) for pattern in wanted):
            remove(path)


def remove(path: Path) -> None:
    """Remove a file, a link or a folder; what is gone already is no fault."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def size(path: Path) -> int:
    """Bytes of all files."""
    return sum(p.lstat().st_size for p in path.rglob("*") if p.is_file() and not p.is_symlink())


def print_sizes(folder: Path, *, least: int = 1_000_000) -> int:
    """Print what is in the bundle, the largest first; returns the bytes of all."""
    packages = folder / "python" / "lib" / "python3" / "dist-packages"
    parts = [*packages.iterdir(), folder / "python" / "lib" / "python3.11", folder / "python" / "bin", folder / "app"]
    rows = sorted(((size(p) if p.is_dir() else p.stat().st_size, p) for p in parts), reverse=True)
    for bytes_, path in rows:
        if bytes_ >= least:
            print(f"{bytes_ / 1e6:8.1f} MB  {path.relative_to(folder)}")
    total = size(folder)
    print(f"{total / 1e6:8.1f} MB  in all")
    return total


def main() -> int:
    """Finish a bundle of another system, whose script has put interpreter, packages and program together."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path, help="all of it, whose size is limited")
    parser.add_argument("packages", type=Path, help="the interpreter's site-packages")
    args = parser.parse_args()
    try:
        prune_packages(args.packages, args.packages.parent)
        without_user_packages(args.packages.parent / "site.py")
    except Failed as e:
        print(e, file=sys.stderr)
        return 1
    total = size(args.folder)
    for path in sorted(args.packages.iterdir(), key=size, reverse=True)[:20]:
        print(f"{size(path) / 1e6:8.1f} MB  {path.name}")
    print(f"{total / 1e6:8.1f} MB  in all")
    return int(total > MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main())
