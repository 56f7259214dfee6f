"""Makes ``dist/mumath-tutor_VERSION_ARCH.deb``: the bundle, a command, a menu entry, an icon.

    python packaging/installer/deb.py [--wheels FOLDER] [--keep] [--one] [--appimage --runtime FILE]

It is installed with ``apt install ./dist/mumath-tutor_*.deb`` and needs neither compiler nor Python. Libraries of the
system are named as dependencies by ``dpkg-shlibdeps``. Models are no part of it; they are in the user's folder, which
an uninstall leaves alone. ``packaging/installer/try_deb.sh`` installs and uses it in a bare Debian.

Built twice of one tree, it is the same file, byte by byte: everything in it bears the day of the release, or the time
in ``SOURCE_DATE_EPOCH``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from installer import appimage, variants
from installer.bundle import (
    MOST_BYTES,
    ROOT,
    Failed,
    check_names,
    link_copies,
    make_bundle,
    print_sizes,
    prune,
    settle,
    size,
)
from installer.desktop import LINUX, add_desktop, release_notes

PLACE: Final = Path("usr/lib/mumath-tutor")
LLAMA: Final = Path("python/lib/python3/dist-packages/llama_cpp/lib")


def version() -> str:
    """Of the program."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["project"]["version"])


def release_time() -> int:
    """The seconds since 1970 that everything in a package bears: of the newest release's day, unless they are given.

    Raises:
        Failed: If ``SOURCE_DATE_EPOCH`` is no number.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not given:
        return int(datetime.combine(release_notes()[0].day, time(), UTC).timestamp())
    if not (given.isascii() and given.isdecimal()):
        raise Failed(f"SOURCE_DATE_EPOCH is to be the seconds since 1970, not {given}.")
    return int(given)


def prepare(work: Path, wheels: Path | None, *, keep: bool, families: bool) -> None:
    """Make the bundle in its place below ``work``, and print what is in it."""
    if not (keep and (work / PLACE).is_dir()):
        shutil.rmtree(work, ignore_errors=True)
        make_bundle(work / PLACE, wheels)
    else:
        prune(work / PLACE)
    if families:
        library = work / PLACE / LLAMA
        place = ROOT / "build" / "variants"
        place.mkdir(parents=True, exist_ok=True)
        variants.replace(library, variants.build(variants.source(place), place))
        link_copies(library)
    check_names(work / PLACE)
    total = print_sizes(work / PLACE)
    if total > MOST_BYTES:
        raise Failed(f"The package would be {total / 1e6:.0f} MB unpacked, more than {MOST_BYTES / 1e6:.0f} MB.")


def build(work: Path, when: int, *, fast: bool) -> Path:
    """Make the package of a bundle, whose files bear the time ``when``; returns its file."""
    command = work / "usr/bin/tutor"
    command.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(LINUX / "tutor.sh", command)
    command.chmod(0o755)
    add_desktop(work / "usr")
    copyright_ = work / "usr/share/doc/mumath-tutor/copyright"
    copyright_.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / "LICENSE", copyright_)
    arch = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()
    control = work / "DEBIAN" / "control"
    control.parent.mkdir(exist_ok=True)
    control.write_text(
        f"""Package: mumath-tutor
Version: {version()}
Architecture: {arch}
Maintainer: MuMath Tutor <maintainers@mumath-tutor.invalid>
Installed-Size: {size(work) // 1024}
Depends: {dependencies(work)}
Section: education
Priority: optional
Description: mathematics tutor that reasons, runs its own Python, and shows its work
 A model on this computer solves a problem in words and code, the code really
 runs, confined, and every statement that a machine can check is checked.
 It works offline once a model is there.
""",
        encoding="utf-8",
    )
    file = ROOT / "dist" / f"mumath-tutor_{version()}_{arch}.deb"
    file.parent.mkdir(exist_ok=True)
    packed = ["-Zgzip", "-z1"] if fast else ["-Zxz", "-z6"]
    settle(work, when)
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(when)}  # for what dpkg-deb itself puts around them
    subprocess.run(["dpkg-deb", "--root-owner-group", *packed, "-b", str(work), str(file)], env=environment, check=True)
    return file


def dependencies(work: Path) -> str:
    """The system's packages whose libraries anything in the bundle asks for."""
    libraries = [p for p in (work / PLACE).rglob("*") if p.is_file() and (".so" in p.name or p.parent.name == "bin")]
    folders = sorted({str(p.parent) for p in libraries})
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "debian").mkdir()
        (Path(name) / "debian" / "control").write_text(
            "Source: mumath-tutor\n\nPackage: mumath-tutor\nArchitecture: any\n"
        )
        command = ["dpkg-shlibdeps", "-O", "--ignore-missing-info", "--warnings=0"]
        done = subprocess.run(
            [*command, *(f"-l{folder}" for folder in folders), *(f"-e{file}" for file in libraries)],
            cwd=name,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise Failed(f"A library is missing on this computer: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout.strip().partition("=")[2]


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheels", type=Path, help="folder with a wheel of llama-cpp-python")
    parser.add_argument("--keep", action="store_true", help="take the bundle that was made before")
    parser.add_argument("--one", action="store_true", help="llama.cpp for AVX2 only, not for each family of processors")
    parser.add_argument("--fast", action="store_true", help="compress little, to try it out")
    parser.add_argument("--appimage", action="store_true", help="make an AppImage instead of a Debian package")
    parser.add_argument("--runtime", type=Path, metavar="FILE", help="AppImage's static runtime, runtime-x86_64")
    args = parser.parse_args()
    try:
        if args.appimage:
            appimage.check_runtime(args.runtime)
        work, when = ROOT / "build" / "deb", release_time()
        prepare(work, args.wheels, keep=args.keep, families=not args.one)
        if args.appimage:
            file = appimage.build(work / PLACE, version(), args.runtime, when, fast=args.fast)
        else:
            file = build(work, when, fast=args.fast)
    except Failed as e:
        print(e, file=sys.stderr)
        return 1
    print(f"{file.stat().st_size / 1e6:8.1f} MB  {file.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
