"""Beds and machines follow the patients: taken when one comes, left to be cleaned when one goes.

https://hl7.org/fhir/R4/location-definitions.html#Location.operationalStatus
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from fhirserver.errors import VersionConflict
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model.resource import Resource
from fhirserver.wards import freed, freed_device, places, taken, taken_device, uses
from fhirserver.wards.beds import is_bed
from fhirserver.wards.moves import GOING_ON
from fhirserver.workflows.acting import Acting
from fhirserver.workflows.occasion import Occasion
from fhirserver.workflows.registering import workflow

_ATTEMPTS = 5


@workflow("bed_status", types=("Encounter",), statuses=GOING_ON)
def beds(occasion: Occasion) -> None:
    """What this change is about is looked at as it is now: a later one may have been first."""
    cleaned = occasion.settings.beds_cleaned

    def as_it_is(bed: Resource) -> Resource:
        if not is_bed(bed):
            return bed
        return taken(bed) if _is_taken(occasion, bed) else freed(bed, cleaned=cleaned)

    for reference in sorted(places(occasion.before) ^ places(occasion.resource)):
        _set(occasion, reference, as_it_is)


@workflow("device_status", types=("DeviceUseStatement",))
def devices(occasion: Occasion) -> None:
    cleaned = occasion.settings.beds_cleaned

    def as_it_is(device: Resource) -> Resource:
        is_used = _is_used(occasion, device)
        return taken_device(device) if is_used else freed_device(device, cleaned=cleaned)

    before, after = uses(occasion.before), uses(occasion.resource)
    if before != after:
        for reference in sorted(r for r in (before, after) if r is not None):
            _set(occasion, reference, as_it_is)


def _is_taken(acting: Acting, bed: Resource) -> bool:
    reference = f"Location/{bed['id']}"
    found = acting.search(
        "Encounter", ("location", reference), ("status", ",".join(sorted(GOING_ON)))
    )
    return any(reference in places(e) for e in found)


def _is_used(acting: Acting, device: Resource) -> bool:
    reference = f"Device/{device['id']}"
    found = acting.search("DeviceUseStatement", ("device", reference))
    return any(uses(s) == reference for s in found)


def _set(acting: Acting, reference: str, as_it_is: Callable[[Resource], Resource]) -> None:
    """Write what has changed, and look again until nothing is left to change.

    The second look is for who came while we wrote: their own turn may have been before.
    """
    resource_type, _, id_ = reference.partition("/")
    for _ in range(_ATTEMPTS):
        current = acting.read(resource_type, id_)
        if current is None:
            return
        wanted = as_it_is(current)
        if wanted == current:
            return
        version = f'W/"{current["meta"]["versionId"]}"'
        with suppress(VersionConflict):
            acting.handle(
                FhirRequest(
                    "update", acting.principal, type=resource_type, id=id_, body=wanted,
                    if_match=version,
                )
            )  # fmt: skip
    raise VersionConflict(f"{resource_type} was changed again and again")
