"""The columns of a view, as its reader sees them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """`type` is a FHIR type: the one declared, else what the path gives; None if nobody knows.

    `is_collection`: a row's value is a list.
    """

    name: str
    type: str | None = None
    is_collection: bool = False
    description: str | None = None
