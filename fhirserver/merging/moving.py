"""What refers to the source of a merge, refers to the target afterwards."""

from __future__ import annotations

from typing import Final

from fhirserver.model.references import rewrite
from fhirserver.model.resource import Resource

STAYS: Final = frozenset({"AuditEvent", "Provenance"})
"""Types that tell what was done to which record: that doesn't change afterwards."""


def moved(resource: Resource, source_id: str, target_id: str, base: str) -> Resource:
    """The resource with its references to one Patient made to the other; the same if it has none.

    A reference to a version of the source stays: it means that version.
    """
    old = f"Patient/{source_id}"
    links = {old: f"Patient/{target_id}", f"{base}/{old}": f"Patient/{target_id}"}
    return rewrite(resource, links.get)
