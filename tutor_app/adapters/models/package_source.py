"""Fetches the rest of a file that is cut into data members of Python wheels.

pip as a child process downloads each wheel, so that the index, proxy and certificates the user has configured are
used; none is named here. Nothing is installed, and no code of a package runs: only wheels are taken, and of a wheel
only the bytes of one member.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
import zipfile
from contextlib import suppress
from pathlib import Path

from tutor_app.adapters.models.partial_file import PartialFile
from tutor_app.adapters.models.sources import PackageChunks
from tutor_app.adapters.models.transfer import (
    BLOCK,
    Meter,
    PermanentError,
    Timing,
    TransientError,
    disk_fault,
    stopped,
)
from tutor_app.core.ports import Cancel


def from_packages(source: PackageChunks, part: PartialFile, meter: Meter, cancel: Cancel, timing: Timing) -> None:
    """Append the rest of the file to ``part``, chunk by chunk; of a chunk that is half there only the rest.

    Raises:
        TransientError: If asking again may help.
        PermanentError: If it will not.
        TransferStopped: If ``cancel`` was raised.
        ModelStoreFault: If the disk fails.
    """
    if getattr(sys, "frozen", False) or importlib.util.find_spec("pip") is None:
        raise PermanentError("there is no pip in this installation")
    total = part.total
    part.note(part.url, part.etag)
    work = part.path.with_name(part.path.name + ".chunk")
    while part.size < total:
        start = part.size // source.chunk_bytes * source.chunk_bytes
        n = start // source.chunk_bytes + 1
        length = min(source.chunk_bytes, total - start)
        shutil.rmtree(work, ignore_errors=True)  # of a run that was killed
        try:
            work.mkdir()
            wheel = _pip_download(source, n, work, meter, part.size, start + length, cancel, timing)
            _take_member(wheel, source.member.format(n=n), length, part.size - start, part, cancel)
            meter.report("download", part.size)
        except OSError as e:  # all that touches the network is in the child, so this is our own disk
            raise disk_fault(e, work) from None
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _pip_download(
    source: PackageChunks,
    n: int,
    work: Path,
    meter: Meter,
    done: int,
    most: int,
    cancel: Cancel,
    timing: Timing,
) -> Path:
    """One wheel, by pip in a child process, so that the user's own index, proxy and certificates are used."""
    package = source.package.format(n=n)
    command = [
        *(sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-input", "--no-deps"),
        # A wheel is only unpacked; a source distribution would run its own code here.
        *("--only-binary", ":all:", "--no-cache-dir", "--disable-pip-version-check"),
        *("--retries", "1", "--timeout", f"{max(1, round(timing.connect))}"),
        *("--dest", str(work / "wheel"), f"{package}=={source.version}"),
    ]
    log = work / "log"
    temporary = work / "tmp"
    temporary.mkdir()
    # pip's temporary folder is ours: it shows how far the transfer is, and goes away with the chunk.
    env = {**os.environ, "TMPDIR": str(temporary), "TEMP": str(temporary), "TMP": str(temporary)}
    with log.open("wb") as output:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=work,
            env=env,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    try:
        seen, quiet = 0, time.monotonic()
        while True:
            with suppress(subprocess.TimeoutExpired):
                child.wait(0.1)
                break
            here = _largest_below(work)
            if here != seen:
                seen, quiet = here, time.monotonic()
            meter.report("download", min(done + seen, most))
            if cancel.is_set():
                raise stopped()
            if time.monotonic() - quiet > timing.stall:
                raise TransientError(f"the transfer stalled: nothing came for {timing.stall:g} seconds")
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
    wheels = list((work / "wheel").glob("*.whl")) if child.returncode == 0 else []
    if len(wheels) != 1:
        text = log.read_text(encoding="utf-8", errors="replace")
        broken = any(sign in text for sign in ("IncompleteRead", "ReadTimeout", "Connection broken", "ConnectionReset"))
        raise (TransientError if broken else PermanentError)(_pip_said(text, f"{package} {source.version}"))
    return wheels[0]


def _pip_said(log: str, package: str) -> str:
    if "SOCKS support" in log:
        return "pip cannot use a proxy of the kind socks here"
    if any(sign in log for sign in ("NewConnectionError", "NameResolutionError", "ConnectTimeout", "Max retries")):
        return "there is no connection to the package index"
    if "No matching distribution" in log:
        return f"the package index does not offer {package}"
    errors = [line.removeprefix("ERROR: ") for line in log.splitlines() if line.startswith("ERROR: ")]
    return f"pip failed: {errors[-1][:200]}" if errors else "pip failed"


def _largest_below(folder: Path) -> int:
    """Length of the largest file: the growing wheel, counted once wherever pip keeps it just now."""
    largest = 0
    for root, _, files in os.walk(folder):
        for name in files:
            with suppress(OSError):  # moved away while we look
                largest = max(largest, (Path(root) / name).stat().st_size)
    return largest


def _take_member(wheel: Path, member: str, length: int, skip: int, part: PartialFile, cancel: Cancel) -> None:
    """Append the bytes of ``member`` from ``skip`` on."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            if archive.getinfo(member).file_size != length:
                raise PermanentError(f"{member} has not the expected length")
            with archive.open(member) as stream:
                at = 0
                while block := stream.read(BLOCK):
                    if cancel.is_set():
                        raise stopped()
                    fresh = block[max(0, skip - at) :]
                    at += len(block)
                    if fresh:
                        part.append(fresh)
    except KeyError:
        raise PermanentError(f"the package does not hold {member}") from None
    except (zipfile.BadZipFile, EOFError) as e:
        raise TransientError(f"a package arrived damaged ({e})") from None
