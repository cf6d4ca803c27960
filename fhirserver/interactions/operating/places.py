"""Wards and beds for operations: what the caller may see of them, page by page.

Counts of beds are for those who work here: who acts for a patient gets none, although a patient
may look up where a ward is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from fhirserver.access.principal import Principal
from fhirserver.errors import Forbidden
from fhirserver.interactions.context import Context
from fhirserver.interactions.operating.reading import read, search
from fhirserver.interactions.operation import Call
from fhirserver.model.resource import Resource
from fhirserver.wards import Ward, wards_of

_AT_ONCE: Final = 100
_PATIENTS: Final = ("Patient/", "RelatedPerson/")


def require_staff(call: Call, what: str) -> None:
    """Raise Forbidden unless the caller works here and may search Locations."""
    principal = call.principal
    who = principal.user.fhir_user if principal.user is not None else None
    is_staff = any(principal.may("s", "Location", context=c) for c in ("user", "system"))
    if not is_staff or (who or "").startswith(_PATIENTS):
        raise Forbidden(f"${what} is for those who work here, not for patients")
    principal.require("s", "Location")


def wards(ctx: Context, call: Call) -> list[Ward]:
    """The wards with beds: all, or those in the Location of the address."""
    found = wards_of(every(ctx, call.principal, "Location", ()))
    if call.id is None:
        return found
    place = f"Location/{call.id}"
    read(ctx, call.principal, "Location", call.id)
    return [w for w in found if place in w.above]


def every(
    ctx: Context, principal: Principal, resource_type: str, pairs: Iterable[tuple[str, str]]
) -> list[Resource]:
    """All that the caller finds, page after page."""
    found: list[Resource] = []
    query = (*pairs, ("_count", str(ctx.settings.max_count)))
    while True:
        page = search(ctx, principal, resource_type, query)
        found += [
            e["resource"]
            for e in page.get("entry", ())
            if e.get("search", {}).get("mode") != "outcome"
        ]
        following = next((x["url"] for x in page.get("link", ()) if x["relation"] == "next"), None)
        if following is None:
            return found
        query = tuple(parse_qsl(urlsplit(following).query, keep_blank_values=True))


def encounters_at(
    ctx: Context, principal: Principal, references: Sequence[str], statuses: Iterable[str]
) -> list[Resource]:
    """The encounters at these places that the caller may see; none if they may see none."""
    if not principal.may("s", "Encounter"):
        return []
    found: dict[str, Resource] = {}
    for start in range(0, len(references), _AT_ONCE):
        some = ",".join(references[start : start + _AT_ONCE])
        pairs = (("location", some), ("status", ",".join(sorted(statuses))))
        for one in every(ctx, principal, "Encounter", pairs):
            found[one["id"]] = one
    return list(found.values())
