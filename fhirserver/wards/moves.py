"""Where an Encounter is: the places that it holds now.

https://hl7.org/fhir/R4/encounter-definitions.html#Encounter.location
"""

from __future__ import annotations

from typing import Final

from fhirserver.model.resource import Resource

GOING_ON: Final = frozenset({"arrived", "triaged", "in-progress", "onleave"})


def places(encounter: Resource | None) -> frozenset[str]:
    """References to the places where the patient is; none before arrival and after discharge.

    An entry without a status counts while it has no end.
    """
    if encounter is None or encounter.get("status") not in GOING_ON:
        return frozenset()
    return frozenset(
        reference
        for one in encounter.get("location", ())
        if one.get("status") == "active"
        or ("status" not in one and "end" not in one.get("period", {}))
        if (reference := one.get("location", {}).get("reference", "")).startswith("Location/")
    )
