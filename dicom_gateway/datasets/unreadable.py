"""What a dataset's reader raises: its bytes make no sense, or there are too few of them yet."""

from __future__ import annotations


class Unreadable(Exception):
    """The bytes are no dataset: what is wrong, at which attribute, and how many bytes in.

    The text names tags and offsets only, never a value: it may be logged and answered.
    """

    def __init__(self, problem: str, *, tag: int | None = None, at: int | None = None) -> None:
        where = "" if tag is None else f" in ({tag >> 16:04X},{tag & 0xFFFF:04X})"
        offset = "" if at is None else f" at byte {at}"
        super().__init__(f"{problem}{where}{offset}")
        self.tag = tag
        self.at = at


class NeedMore(Exception):
    """The beginning of a dataset is too short: call again with at least `wanted` bytes of it."""

    def __init__(self, wanted: int) -> None:
        super().__init__(f"needs the first {wanted} bytes of the dataset")
        self.wanted = wanted
