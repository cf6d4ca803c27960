"""The values used last, up to a size."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """A cache that threads may share.

    >>> kept = Kept[str](limit=10)
    >>> kept.put("a", "first", 6)
    >>> kept.put("b", "second", 6)
    >>> kept.get("a"), kept.get("b")
    (None, ('second',))
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[Hashable, tuple[tuple[T], int]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> tuple[T] | None:
        """The value in a tuple, as the value may be None; None when it isn't kept."""
        with self._lock:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
            return found[0]

    def put(self, key: Hashable, value: T, size: int) -> None:
        """Keep a value, and forget those not used for longest; `size` is in the limit's unit."""
        with self._lock:
            if key not in self._values:
                self._values[key] = (value,), size
                self._size += size
            while self._size > self._limit and len(self._values) > 1:
                _, (_, gone) = self._values.popitem(last=False)
                self._size -= gone
