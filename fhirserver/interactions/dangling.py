"""References to what isn't there: refused, if the setting says so.

https://hl7.org/fhir/R4/references.html
"""

from __future__ import annotations

from collections.abc import Iterable

from fhirserver.errors import Invalid, Issue
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Intent
from fhirserver.interactions.shipped import is_supplied
from fhirserver.model.references import parse_reference, references
from fhirserver.storage.current import present


def refuse_dangling(ctx: Context, intents: Iterable[Intent]) -> None:
    """Raise Invalid with the place of each reference to nobody, for the first intent that has some.

    References to other servers, into the resource itself and without an id are passed over. It asks
    the database once for each type that is referred to.
    """
    if ctx.settings.check_references != "reject":
        return
    found: dict[tuple[str, str], list[tuple[Intent, str]]] = {}
    for intent in intents:
        if intent.resource is None or intent.action == "delete":
            continue
        for link in references(intent.resource):
            parsed = parse_reference(link.text, ctx.settings.fhir_base)
            if parsed.is_local and parsed.type is not None and parsed.id is not None:
                key = parsed.type, parsed.id
                if key != (intent.type, intent.id):
                    found.setdefault(key, []).append((intent, link.expression))
    missing = {key for key in found.keys() - _present(ctx, found) if not is_supplied(*key)}
    if not missing:
        return
    places = [place for key in found if key in missing for place in found[key]]
    first = places[0][0]
    error = Invalid(
        issues=[
            Issue("error", "not-found", "what this refers to doesn't exist here", expression)
            for intent, expression in places
            if intent is first
        ]
    )
    raise error.inside(first.place) if first.place else error


def _present(ctx: Context, keys: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    by_type: dict[str, list[str]] = {}
    for resource_type, id_ in keys:
        by_type.setdefault(resource_type, []).append(id_)
    return {
        (resource_type, id_)
        for resource_type, ids in by_type.items()
        for id_ in present(ctx.store, resource_type, ids)
    }
