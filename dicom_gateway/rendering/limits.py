"""What may be decoded at all, and the troubles that have names."""

from __future__ import annotations

from typing import Final

MOST_PIXELS: Final = 64_000_000
"""Pixels of a frame. The largest detectors of today have 30 million."""
MOST_FRAME_BYTES: Final = 256_000_000
"""Bytes of a frame, as it is kept or when decoded."""
MOST_WHOLE_BYTES: Final = 512_000_000
"""Bytes of an instance that is rewritten in another transfer syntax."""
MOST_HEADER_BYTES: Final = 32_000_000
"""Bytes of what stands before the pixels."""
MOST_FRAMES: Final = 1_000_000
WORKER_BYTES: Final = 3_000_000_000
"""Address space of a worker process, libraries included."""


class Undecodable(Exception):
    """These pixels can't be decoded here; the text says why, without patient data."""


class NoSuchFrame(Exception):
    """The instance has no frame of this number."""


class Overloaded(Exception):
    """All workers are busy."""
