"""The rows of a view over what is stored, as far as the caller may see it.

Pages of resources are read by guarded walks, so however much there is, little of it is in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fhirserver.access.principal import Principal
from fhirserver.audit import trail as trails
from fhirserver.audit.trail import Trail
from fhirserver.interactions.context import Context
from fhirserver.model import json
from fhirserver.search.query import And, Condition
from fhirserver.storage.walks import Place, walk
from fhirserver.views.view import Row, View

AT_ONCE: Final = 500


def rows(
    ctx: Context,
    principal: Principal,
    view: View,
    condition: Condition | None = None,
    *,
    is_shown: bool = True,
) -> Iterator[Row]:
    """The rows, in the order in which the resources were made; Forbidden before the first.

    Whose they are goes on record, unless the caller sees only figures made of them.
    """
    for right in ("s", "r"):
        principal.require(right, view.resource)
    return _rows(ctx, view, condition or And(()), trails.current() if is_shown else None)


def _rows(ctx: Context, view: View, condition: Condition, trail: Trail | None) -> Iterator[Row]:
    after: Place | None = None
    while True:
        found = walk(ctx.store, {view.resource: condition}, after=after, limit=AT_ONCE)
        for version in found:
            content = version.content or "{}"
            made = list(view.rows(json.parse_object(content.encode())))
            if made and trail is not None:
                own = [version.id] if version.type == "Patient" else []
                trail.see((), [*own, *trail.patients_in(content)])
            yield from made
        if len(found) < AT_ONCE:
            return
        after = Place(view.resource, found[-1].key)
