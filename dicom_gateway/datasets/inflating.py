"""Deflated datasets (PS3.5 A.5), inflated no further than a limit."""

from __future__ import annotations

import zlib

from dicom_gateway.datasets.reading import Data
from dicom_gateway.datasets.unreadable import Unreadable


def inflate(data: Data, most: int) -> tuple[bytes, bool]:
    """The first `most` bytes of what was deflated, and whether that is all of it."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = stream.decompress(data, most)
    except zlib.error as error:
        raise Unreadable("the deflated dataset doesn't inflate") from error
    return inflated, stream.eof
