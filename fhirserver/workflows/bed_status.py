"""Beds and machines follow the patients: taken when one comes, left to be cleaned when one goes.

https://hl7.org/fhir/R4/location-definitions.html#Location.operationalStatus
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Final

from fhirserver.errors import VersionConflict
from fhirserver.model.resource import Resource
from fhirserver.wards import freed, freed_device, places, taken, taken_device, uses
from fhirserver.wards.beds import is_bed
from fhirserver.wards.moves import GOING_ON
from fhirserver.workflows.acting import PAGE, Acting
from fhirserver.workflows.occasion import Occasion
from fhirserver.workflows.registering import workflow

_ATTEMPTS: Final = 5
_OF_A_BED: Final = 10
"""So many who are or were there are looked at first: the last to come is most likely here still."""

AsTheyAre = Callable[[Acting, Sequence[Resource]], list[Resource]]
"""What some resources should say, in their order."""


def all_beds(occasions: Sequence[Occasion]) -> None:
    """What these changes are about is looked at as it is now: a later one may have been first."""
    if references := {r for o in occasions for r in _touched(o)}:
        _set(occasions[0], references, _beds)


@workflow("bed_status", types=("Encounter",), statuses=GOING_ON, act_on_all=all_beds)
def beds(occasion: Occasion) -> None:
    """Each place by itself: one that can't be written keeps no other from it."""
    for reference in sorted(_touched(occasion)):
        _set(occasion, [reference], _beds)


@workflow("device_status", types=("DeviceUseStatement",))
def devices(occasion: Occasion) -> None:
    before, after = uses(occasion.before), uses(occasion.resource)
    if before != after:
        for reference in sorted(r for r in (before, after) if r is not None):
            _set(occasion, [reference], _devices)


def _touched(occasion: Occasion) -> frozenset[str]:
    return places(occasion.before) ^ places(occasion.resource)


def _beds(acting: Acting, found: Sequence[Resource]) -> list[Resource]:
    cleaned = acting.settings.beds_cleaned
    left = {f"Location/{one['id']}" for one in found if is_bed(one)}
    if left:
        encounters = acting.each(
            "Encounter",
            ("location", ",".join(sorted(left))),
            ("status", ",".join(sorted(GOING_ON))),
            ("_sort", "-_lastUpdated"),
            ("_count", str(min(_OF_A_BED * len(left), PAGE))),
        )
        for encounter in encounters:
            left -= places(encounter)
            if not left:
                break
    return [
        one
        if not is_bed(one)
        else freed(one, cleaned=cleaned)
        if f"Location/{one['id']}" in left
        else taken(one)
        for one in found
    ]


def _devices(acting: Acting, found: Sequence[Resource]) -> list[Resource]:
    cleaned = acting.settings.beds_cleaned

    def as_it_is(device: Resource) -> Resource:
        reference = f"Device/{device['id']}"
        statements = acting.search("DeviceUseStatement", ("device", reference))
        is_used = any(uses(s) == reference for s in statements)
        return taken_device(device) if is_used else freed_device(device, cleaned=cleaned)

    return [as_it_is(device) for device in found]


def _set(acting: Acting, references: Iterable[str], as_they_are: AsTheyAre) -> None:
    """Write what has changed, and look again until nothing is left to change.

    The second look is for who came while we wrote: their own turn may have been before.
    """
    resource_type = next(iter(references)).partition("/")[0]
    ids = ",".join(sorted(r.partition("/")[2] for r in references))
    for _ in range(_ATTEMPTS):
        found = acting.search(resource_type, ("_id", ids))
        wanted = as_they_are(acting, found)
        changes = [w for f, w in zip(found, wanted, strict=True) if f != w]
        if not changes:
            return
        with suppress(VersionConflict):
            entries = [_update(acting, w) for w in changes]
            acting.transaction({"resourceType": "Bundle", "type": "transaction", "entry": entries})
    raise VersionConflict(f"{resource_type} was changed again and again")


def _update(acting: Acting, wanted: Resource) -> Resource:
    address = f"{wanted['resourceType']}/{wanted['id']}"
    return {
        "fullUrl": f"{acting.settings.fhir_base}/{address}",
        "resource": wanted,
        "request": {
            "method": "PUT",
            "url": address,
            "ifMatch": f'W/"{wanted["meta"]["versionId"]}"',
        },
    }
