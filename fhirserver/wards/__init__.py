"""Wards, beds and machines: what is free, who moves where, and who will leave. Pure.

moves = moved(before, after)                  # two versions of an Encounter
wards = wards_of(locations)
counts = counted(ward.beds)
"""

from fhirserver.wards.beds import Counts, counted, freed, state, taken
from fhirserver.wards.devices import freed_device, is_free, taken_device, types_of, uses
from fhirserver.wards.forecast import Day, forecast, planned_end
from fhirserver.wards.moves import places
from fhirserver.wards.tree import Ward, wards_of

__all__ = [
    "Counts", "Day", "Ward", "counted", "forecast", "freed", "freed_device", "is_free", "places",
    "planned_end", "state", "taken", "taken_device", "types_of", "uses", "wards_of",
]  # fmt: skip
