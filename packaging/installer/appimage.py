"""Makes ``dist/mumath-tutor-VERSION-ARCH.AppImage``: the bundle in one file that starts on most Linux desktops.

    packaging/installer/runtime.sh build/runtime-x86_64
    python packaging/installer/deb.py --appimage --runtime build/runtime-x86_64 [--keep]

An AppImage is AppImage's static runtime with a compressed folder behind it. The runtime is built by ``runtime.sh`` from
its public source, or taken from AppImage's releases; it needs no libfuse on the user's computer. Where there is no FUSE
at all, ours says so and unpacks itself; with theirs, the image is to be started with ``--appimage-extract-and-run``.

Unlike a Debian package it may not name dependencies, so the libraries of the system that Qt and Python ask for are
copied in, except those that belong to the display's driver or that every desktop has (:data:`OF_THE_DESKTOP`). They
are found by the interpreter's own search path and not by ``LD_LIBRARY_PATH``, which the sandbox's clean environment
would lose and other programs would inherit.
"""

from __future__ import annotations

import fnmatch
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from installer.bundle import MOST_BYTES, ROOT, Failed, settle, size
from installer.desktop import LINUX, add_desktop

PLACE: Final = Path("usr/lib/mumath-tutor")
SYSTEM: Final = "system"
"""Folder of the copied libraries, beside the interpreter's ``bin``."""
OF_THE_DESKTOP: Final = (
    *("ld-linux*", "libc.so*", "libm.so*", "libdl.so*", "libpthread.so*", "librt.so*", "libresolv.so*", "libutil.so*"),
    *("libanl.so*", "libnss_*", "libmvec.so*", "libstdc++.so*", "libgcc_s.so*"),
    *("libGL.so*", "libEGL.so*", "libGLX.so*", "libGLdispatch.so*", "libOpenGL.so*", "libdrm.so*", "libgbm.so*"),
    *("libX11.so*", "libX11-xcb.so*", "libxcb.so*", "libXau.so*", "libXdmcp.so*", "libwayland-*"),
    *("libfontconfig.so*", "libfreetype.so*", "libexpat.so*", "libz.so*"),
    *("libglib-2.0.so*", "libgobject-2.0.so*", "libgio-2.0.so*", "libgmodule-2.0.so*", "libgthread-2.0.so*"),
    *("libgtk-3.so*", "libgdk-3.so*", "libdbus-1.so*", "libsystemd.so*"),
)
"""As in AppImage's list of libraries that an image must not bring: the driver's, the C library's, the desktop's."""
ONLY_WHERE_THERE: Final = ("libqgtk3.so", "libcupsprintersupport.so")
"""Plugins of Qt that are of use only on a desktop with GTK or a printing system, whose own libraries they then take."""
MAGIC: Final = b"AI\x02"
"""At byte 8 of a runtime of the second type."""


def build(bundle: Path, version: str, runtime: Path | None, when: int, *, fast: bool = False) -> Path:
    """Make the image from a bundle, which is not changed; returns its file.

    Args:
        bundle: What is put into it.
        version: For the file's name.
        runtime: What it begins with.
        when: The time that everything in it bears.
        fast: Whether to compress little, to try it out.

    Raises:
        Failed: If the runtime or a tool is missing.
    """
    check_runtime(runtime)
    assert runtime is not None
    for tool, package in (("mksquashfs", "squashfs-tools"), ("patchelf", "patchelf")):
        if not shutil.which(tool):
            raise Failed(f"{tool} is missing; install it with: sudo apt-get install -y {package}")
    folder = ROOT / "build" / "AppDir"
    shutil.rmtree(folder, ignore_errors=True)
    make_folder(bundle, folder)
    total = size(folder)
    print(f"{total / 1e6:8.1f} MB  in the image, unpacked")
    if total > MOST_BYTES:
        raise Failed(f"The image would be {total / 1e6:.0f} MB unpacked, more than {MOST_BYTES / 1e6:.0f} MB.")
    packed = ROOT / "build" / "appimage.squashfs"
    packed.unlink(missing_ok=True)
    settle(folder, when)
    options = ["-root-owned", "-noappend", "-comp", "zstd", "-Xcompression-level", "1" if fast else "19"]
    options += ["-b", "1M", "-quiet", "-no-progress"]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(when)}  # for the file system itself
    subprocess.run(["mksquashfs", str(folder), str(packed), *options], env=environment, check=True)
    image = ROOT / "dist" / f"mumath-tutor-{version}-{platform.machine()}.AppImage"
    image.parent.mkdir(exist_ok=True)
    with image.open("wb") as file:
        for part in (runtime, packed):
            with part.open("rb") as source:
                shutil.copyfileobj(source, file)
    image.chmod(0o755)
    packed.unlink()
    return image


def check_runtime(runtime: Path | None) -> None:
    """Raise :class:`Failed` unless it is a runtime that an image can begin with."""
    if runtime is None or not runtime.is_file():
        raise Failed(
            "An AppImage begins with AppImage's static runtime: make it by packaging/installer/runtime.sh FILE, "
            f"or fetch runtime-{platform.machine()} from https://github.com/AppImage/type2-runtime/releases, and name "
            "it with --runtime."
        )
    with runtime.open("rb") as file:
        head = file.read(11)
    if head[:4] != b"\x7fELF" or head[8:11] != MAGIC:
        raise Failed(f"{runtime} is no runtime of AppImage's second type.")


def make_folder(bundle: Path, folder: Path) -> None:
    """Make what is in the image: the bundle, the libraries it needs, and what a desktop reads."""
    target = folder / PLACE
    target.parent.mkdir(parents=True)
    shutil.copytree(bundle, target, symlinks=True)
    add_licences(folder / "usr/share/doc", add_libraries(target))
    shutil.copyfile(ROOT / "LICENSE", folder / "usr/share/doc/mumath-tutor.LICENSE")
    add_desktop(folder / "usr")
    shutil.copyfile(LINUX / "AppRun", folder / "AppRun")
    (folder / "AppRun").chmod(0o755)
    shutil.copyfile(LINUX / "mumath-tutor.desktop", folder / "mumath-tutor.desktop")
    icons = folder / "usr/share/icons/hicolor"
    shutil.copyfile(icons / "256x256/apps/mumath-tutor.png", folder / "mumath-tutor.png")
    (folder / ".DirIcon").symlink_to("mumath-tutor.png")


def add_libraries(bundle: Path) -> list[Path]:
    """Copy the system's libraries in and let everything find them; returns where they came from."""
    python = bundle / "python"
    system = python / SYSTEM
    system.mkdir()
    libraries = wanted(system_libraries(bundle))
    for name, source in sorted(libraries.items()):
        shutil.copyfile(source, system / name)
        (system / name).chmod(0o644)
    interpreter = python / "bin" / "python3.11"
    # RPATH, not RUNPATH: it holds for whatever is loaded later, too, unless that has a RUNPATH of its own.
    subprocess.run(["patchelf", "--force-rpath", "--set-rpath", f"$ORIGIN/../{SYSTEM}", str(interpreter)], check=True)
    # Qt's libraries have one, which is their own folder.
    qt = python / "lib/python3/dist-packages/PySide6/Qt/lib"
    for library in system.iterdir():
        if not (qt / library.name).exists():
            (qt / library.name).symlink_to(Path("../../../../../..") / SYSTEM / library.name)
    return list(libraries.values())


def add_licences(folder: Path, libraries: list[Path]) -> None:
    """Put the licences of the Debian packages that the libraries came from into ``folder``."""
    # Debian lists a file where it was before /lib became a link to /usr/lib.
    names = {str(path) for library in libraries for path in (library, library.resolve())}
    names |= {name.removeprefix("/usr") for name in names} | {f"/usr{name}" for name in names}
    done = subprocess.run(["dpkg-query", "-S", *sorted(names)], capture_output=True, text=True, check=False)
    folder.mkdir(parents=True, exist_ok=True)
    for package in sorted({line.partition(":")[0] for line in done.stdout.splitlines()}):
        licence = Path("/usr/share/doc") / package / "copyright"
        if licence.is_file():
            shutil.copyfile(licence, folder / f"{package}.copyright")


def system_libraries(bundle: Path) -> dict[str, Path]:
    """Every library outside the bundle that something in it asks for, by the name it asks with."""
    asking = [
        path
        for path in bundle.rglob("*")
        if path.is_file() and not path.is_symlink() and path.name not in ONLY_WHERE_THERE and _is_elf(path)
    ]
    found: dict[str, Path] = {}
    done = subprocess.run(["ldd", *map(str, asking)], capture_output=True, text=True, check=False)
    for name, place in re.findall(r"^\s+(\S+) => (/\S+) \(0x", done.stdout, re.M):
        path = Path(place)
        if not path.is_relative_to(bundle):
            found[name] = path
    return found


def wanted(libraries: dict[str, Path]) -> dict[str, Path]:
    """Without what every desktop has and must bring itself."""
    return {name: path for name, path in libraries.items() if not _matches(name, OF_THE_DESKTOP)}


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"
