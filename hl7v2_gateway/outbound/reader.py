"""What gathers the resources around the one that a message is about.

It sees what the receiver may see: whoever implements it asks with the receiver's rights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fhirserver.model.resource import Resource


class Reader(Protocol):
    """Reads and searches with somebody's rights."""

    def read(self, reference: str) -> Resource | None:
        """What `Patient/1` points at; None where there is nothing, or nothing for the receiver."""
        ...

    def search(self, resource_type: str, pairs: Sequence[tuple[str, str]]) -> Sequence[Resource]:
        """All that is found."""
        ...
