"""What a workflow is called with: a change that was committed, or a timer that has run out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from fhirserver.engine import Engine
from fhirserver.model.resource import Resource
from fhirserver.workflows.acting import Acting


@dataclass(frozen=True, slots=True)
class Change:
    """A version that was written: C (created), U (updated or patched) or D (deleted)."""

    type: str
    id: str
    version: int
    method: Literal["C", "U", "D"]
    updated: datetime

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.id}"


class Occasion(Acting):
    """A change: `resource` is the version that was written, None for a deletion.

    `before` is the version before it, None when there is none: for a new resource, and for one
    that had been deleted. By now there may be later versions; `read` gives the current one.
    """

    def __init__(
        self,
        engine: Engine,
        name: str,
        change: Change,
        resource: Resource | None,
        before: Resource | None,
    ) -> None:
        super().__init__(engine, name)
        self.change = change
        self.resource = resource
        self.before = before


class Elapsed(Acting):
    """A timer that was set with `later` has run out: `content` is what it was set with."""

    def __init__(self, engine: Engine, name: str, content: dict[str, Any]) -> None:
        super().__init__(engine, name)
        self.content = content
