"""Who may see which rows: the conditions that every statement on resources carries.

A Store is somebody's: its guard is what they may do. Nothing reads resources without one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, Protocol

from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.search.query import And, Condition, Or
from fhirserver.storage.rows import Version

See = Callable[[str], Condition]
"""What the rows of a type must meet to be seen."""


class Guard(Protocol):
    """What one caller may do, as conditions on rows (fhirserver.access.access.Access)."""

    def reading(self, resource_type: str) -> Condition:
        """To be seen by id, or beside what refers to it."""
        ...

    def searching(self, resource_type: str) -> Condition:
        """To be found, or to decide what else is found."""
        ...

    def touching(self, resource_type: str) -> Condition:
        """To be there at all for the caller, whatever they may do with it."""
        ...

    def condition(self, resource_type: str, right: Literal["c", "r", "u", "d", "s"]) -> Condition:
        """To be made, read, changed, deleted or found."""
        ...

    def referable(self) -> Condition:
        """What a Patient must meet for what is written to refer to it."""
        ...

    def hidden(self, resource_type: str) -> frozenset[str]:
        """The top-level elements that aren't shown."""
        ...


class _All:
    """The same condition for everything, and nothing hidden."""

    def __init__(self, condition: Condition) -> None:
        self._condition = condition

    def reading(self, resource_type: str) -> Condition:
        return self._condition

    def searching(self, resource_type: str) -> Condition:
        return self._condition

    def touching(self, resource_type: str) -> Condition:
        return self._condition

    def condition(self, resource_type: str, right: Literal["c", "r", "u", "d", "s"]) -> Condition:
        return self._condition

    def referable(self) -> Condition:
        return self._condition

    def hidden(self, resource_type: str) -> frozenset[str]:
        return frozenset()


EVERYTHING: Final = And(())
NOTHING: Final = Or(())
WHOLE: Final[Guard] = _All(EVERYTHING)
"""For the server's own work: nothing is kept from it."""
NOBODY: Final[Guard] = _All(Or(()))
"""Until somebody is known: sees nothing."""


def is_whole(condition: Condition) -> bool:
    """Whether every row meets it."""
    return condition == EVERYTHING


def shown(guard: Guard, version: Version) -> Version:
    """The version without the elements that are hidden from the caller."""
    hidden = guard.hidden(version.type)
    if not hidden or version.content is None:
        return version
    return Version(
        version.type,
        version.id,
        version.key,
        version.version,
        version.updated,
        version.method,
        without(version.content, hidden),
    )


def without(content: str, hidden: frozenset[str]) -> str:
    """The JSON text of a resource without some elements; it says so in its security labels.

    https://terminology.hl7.org/CodeSystem-v3-ObservationValue.html
    """
    resource = json.kept(content)
    kept = {k: v for k, v in resource.items() if k.removeprefix("_") not in hidden}
    if len(kept) == len(resource):
        return content
    meta = kept.get("meta", {})
    kept["meta"] = {**meta, "security": [*meta.get("security", ()), REDACTED]}
    return json.dump(kept).decode()


def without_mark(resource: Resource) -> Resource:
    """The resource as a client sends it back, without the label that says what was left out."""
    meta = resource.get("meta")
    if not isinstance(meta, dict) or REDACTED not in meta.get("security", ()):
        return resource
    labels = [label for label in meta["security"] if label != REDACTED]
    others = {k: v for k, v in meta.items() if k != "security"}
    return {**resource, "meta": {**others, "security": labels} if labels else others}


REDACTED: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "REDACTED",
}
