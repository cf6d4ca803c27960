"""Reading compressed files, and knowing them by their names.

What unpacks to far more than honest data does is refused before it fills the memory or the day.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final, Literal, cast

Kind = Literal["document", "lines", "tar", "zip"]

LARGEST_DOCUMENT: Final = 256_000_000
LARGEST_LINE: Final = 64_000_000
# Repetitive NDJSON reaches 100; the bombs that people send start at 1,000.
MOST_RATIO: Final = 500
ALWAYS_ALLOWED: Final = 64_000_000

BROKEN: Final = (
    *(EOFError, OSError, zlib.error, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile),
    *(NotImplementedError, RuntimeError, UnicodeDecodeError, ValueError),
)
"""What the libraries raise for a file that is cut off, damaged or encrypted."""

_OPEN: Final[dict[str, Callable[[IO[bytes]], IO[bytes]]]] = {
    "": lambda file: file,
    "gz": lambda file: cast("IO[bytes]", gzip.GzipFile(fileobj=file)),
    "bz2": lambda file: cast("IO[bytes]", bz2.BZ2File(file)),
    "xz": lambda file: cast("IO[bytes]", lzma.LZMAFile(file)),  # noqa: SIM115
}
_SHORT: Final = {".tgz": ".tar.gz", ".tbz2": ".tar.bz2", ".tbz": ".tar.bz2", ".txz": ".tar.xz"}
_KIND: Final[dict[str, Kind]] = {
    ".json": "document",
    ".ndjson": "lines",
    ".jsonl": "lines",
    ".tar": "tar",
    ".zip": "zip",
}
KINDS: Final = ".json, .ndjson, .jsonl (each also .gz, .bz2, .xz), .zip, .tar and .tar.gz"


class Unreadable(Exception):
    """A file that can't be read; the message is one line that says why."""


def kind_of(name: str) -> tuple[Kind, str] | None:
    """What a file is by its name, and how it is compressed; None for what we don't load.

    >>> kind_of("Patient.ndjson.gz")
    ('lines', 'gz')
    >>> kind_of("hl7.fhir.us.core.tgz")
    ('tar', 'gz')
    """
    name = name.lower()
    for short, long in _SHORT.items():
        if name.endswith(short):
            name = name.removesuffix(short) + long
    path = Path(name)
    compression = ""
    if path.suffix[1:] in _OPEN and path.suffix:
        compression = path.suffix[1:]
        path = path.with_suffix("")
    kind = _KIND.get(path.suffix)
    if kind is None or (kind == "zip" and compression):
        return None
    return kind, compression


class Unpacked(io.RawIOBase):
    """A compressed stream as what it unpacks to, within the limits."""

    def __init__(self, packed: IO[bytes], compression: str) -> None:
        self._packed = packed
        self._stream = _OPEN[compression](packed)
        self._is_limited = bool(compression)
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer)).cast("B")
        # One step at a time, so that what comes before a damage is given before it is found.
        data = self._stream.read1(len(view))  # type: ignore[attr-defined]
        view[: len(data)] = data
        self._given += len(data)
        if self._is_limited and self._given > ALWAYS_ALLOWED:
            refuse_bomb(self._given, self._packed.tell())
        return len(data)


def unpacked(packed: IO[bytes], compression: str) -> IO[bytes]:
    """A stream of what a compressed stream unpacks to."""
    return cast("IO[bytes]", io.BufferedReader(Unpacked(packed, compression), 1 << 20))


def refuse_bomb(unpacked_bytes: int, packed_bytes: int) -> None:
    """Raise Unreadable when the one is out of all proportion to the other."""
    if unpacked_bytes > ALWAYS_ALLOWED + MOST_RATIO * packed_bytes:
        raise Unreadable(
            f"it unpacks to more than {MOST_RATIO} times its size, which honest data doesn't do"
        )


def document(stream: IO[bytes]) -> bytes:
    """All of a stream, when it isn't too large for one document."""
    data = stream.read(LARGEST_DOCUMENT + 1)
    if len(data) > LARGEST_DOCUMENT:
        raise Unreadable(
            f"a JSON document of more than {LARGEST_DOCUMENT // 1_000_000} MB: "
            "split it, or write its resources as NDJSON"
        )
    return data


def why_broken(error: BaseException) -> str:
    """One line for an error that reading a file raised."""
    match error:
        case Unreadable():
            return str(error)
        case PermissionError():
            return "there is no permission to read it"
        case FileNotFoundError():
            return "it doesn't exist"
        case RuntimeError() if "password" in str(error) or "encrypted" in str(error):
            return "it is encrypted"
        case EOFError():
            return "it is cut off before its end"
        case _:
            said = " ".join(str(error).split()) or type(error).__name__
            return f"it is damaged or cut off ({said[:200]})"
