"""What refers to a resource, whoever may see it: for those who move all of it, or none."""

from __future__ import annotations

from dataclasses import replace

from fhirserver.interactions.context import Context
from fhirserver.merging.moving import STAYS
from fhirserver.search.hashing import element
from fhirserver.storage.guard import WHOLE
from fhirserver.storage.referrers import referrers
from fhirserver.storage.searches import types_in_use


def referring(ctx: Context, reference: str) -> dict[str, list[str]]:
    """The ids by type of what refers to a resource such as `Patient/1`.

    What tells what was done to which record (AuditEvent, Provenance) isn't among it.
    """
    spelling = f"r|{reference}"
    types = [t for t in ctx.definitions.resource_types if t not in STAYS]
    sources = {
        t: [
            element(p.code, spelling)
            for p in ctx.parameters.for_type(t).values()
            if p.type == "reference"
        ]
        for t in types_in_use(ctx.store.database, sorted(types))
    }
    found = referrers(replace(ctx.store, guard=WHOLE), sources)
    return {t: group for t, group in found.items() if group}
