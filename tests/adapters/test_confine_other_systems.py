"""The parts of the macOS and Windows confinement that can be tried on any system: texts and structures."""

import struct
import sys
from pathlib import Path

import pytest

from tutor_app.adapters.sandbox.confine_windows import LOW_INTEGRITY_SID, job_limits

if sys.platform != "win32":
    from tutor_app.adapters.sandbox.confine_macos import footprint, profile, verify


@pytest.mark.skipif(sys.platform == "win32", reason="needs the resource module")
def test_the_seatbelt_profile_denies_all_but_what_it_names() -> None:
    text = profile(["/opt/py/lib", '/odd "name"\\x'], "/private/tmp/s")
    assert text.splitlines()[:2] == ["(version 1)", "(deny default)"]
    assert '(subpath "/opt/py/lib")' in text
    assert r'(subpath "/odd \"name\"\\x")' in text
    assert text.count("(") == text.count(")")
    for forbidden in ("network", "process-exec", "process-fork", "mach-lookup", "SYMLINK", "file-write*"):
        assert forbidden not in text
    # "default" does not stand for these; and one name among the system's variables tells others' environments
    for named in ("process-info*", "nvram*", "iokit-get-properties", "file-map-executable"):
        assert text.index(named) < text.index("(allow")
    assert "(allow sysctl-read)" not in text
    assert "procargs" not in text
    assert "hostname" not in text


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there the profile is in force")
def test_trials_of_an_unconfined_process_find_nothing_held(tmp_path: Path) -> None:
    held = verify(str(tmp_path))
    assert not any(held[k] for k in ("files", "metadata", "network", "signals", "memory", "existence"))


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there the library exists")
def test_an_unknown_footprint_is_zero() -> None:
    assert footprint(1) == 0


def test_job_limits_have_the_layout_of_a_64_bit_system() -> None:
    data = job_limits(1 << 30)
    assert len(data) == 144  # sizeof(JOBOBJECT_EXTENDED_LIMIT_INFORMATION)
    (flags,) = struct.unpack_from("<I", data, 16)
    (processes,) = struct.unpack_from("<I", data, 40)
    (memory,) = struct.unpack_from("<Q", data, 112)
    assert (flags, processes, memory) == (0x2508, 1, 1 << 30)


def test_the_low_integrity_label_is_s_1_16_4096() -> None:
    assert bytes.fromhex("010100000000001000100000") == LOW_INTEGRITY_SID
