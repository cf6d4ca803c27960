"""A search with what is known about its answer, so that a wrong fast answer counts as an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from conformance.performance.client import Target, query

Resource = dict[str, Any]


def anything(_: Resource) -> bool:
    """Nothing more is known of the matches than their type."""
    return True


def unordered(_: Resource) -> None:
    """No order was asked for."""
    return


UNORDERED: Final = unordered


@dataclass(frozen=True, slots=True)
class Search:
    """One search.

    `hits`: True when something must be found, False when nothing may be, None when unknown.
    `finds`, `brings`: `Type/id` that must be among the matches, among the included.
    `holds`: whether a resource may be a match. `order`: a key that falls from match to match.
    """

    kind: str
    parameters: tuple[tuple[str, str], ...]
    hits: bool | None = True
    holds: Callable[[Resource], bool] = anything
    finds: tuple[str, ...] = ()
    brings: tuple[str, ...] = ()
    total_at_least: int | None = None
    order: Callable[[Resource], Any] = UNORDERED
    pages: int = 1

    def request(self, target: Target, page: int) -> bytes:
        """The bytes to send, with `_count`."""
        counted = (*self.parameters, ("_count", str(page)))
        parameters = self.parameters if self.total_at_least is not None else counted
        return target.request("GET", query(self.kind, *parameters))
