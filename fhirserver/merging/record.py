"""What a merge has changed, written down in Provenances so that it can be undone exactly.

A Provenance takes MOST targets; those of one merge share the identifier of their entity. The first
one has the two Patients. Each target is the version that the merge made: the one before is what it
was.

https://hl7.org/fhir/R4/provenance.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from fhirserver.model.resource import Resource

MOST: Final = 500
SYSTEM: Final = "https://fhirserver.example/merge"
"""The system of the identifier that the Provenances of one merge share."""

_LIFECYCLE: Final = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
_PARTICIPANT: Final = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_VERSION: Final = re.compile(r"([A-Za-z]+)/([A-Za-z0-9\-.]{1,64})/_history/([0-9]+)")

Activity = Literal["merge", "unmerge"]


@dataclass(frozen=True, slots=True)
class Made:
    """A version that a merge has made."""

    type: str
    id: str
    version: int

    @property
    def address(self) -> str:
        return f"{self.type}/{self.id}/_history/{self.version}"


@dataclass(frozen=True, slots=True)
class Event:
    """A merge or its undoing: what Provenances of it have in common."""

    activity: Activity
    number: str
    source: Made
    """The source as it was before."""
    recorded: str
    agent: str


def provenance(event: Event, made: Sequence[Made]) -> Resource:
    """The record of some of the versions that were made."""
    return {
        "resourceType": "Provenance",
        "target": [{"reference": m.address} for m in made],
        "recorded": event.recorded,
        "activity": {"coding": [{"system": _LIFECYCLE, "code": event.activity}]},
        "agent": [
            {
                "type": {"coding": [{"system": _PARTICIPANT, "code": "performer"}]},
                "who": {"display": event.agent},
            }
        ],
        "entity": [
            {
                "role": "source",
                "what": {
                    "reference": event.source.address,
                    "identifier": {"system": SYSTEM, "value": event.number},
                },
            }
        ],
    }


def number_of(record: Resource, activity: Activity) -> str | None:
    """The number of the merge that a Provenance is about; None when it is about something else."""
    codings = record.get("activity", {}).get("coding", ())
    if not any(c.get("system") == _LIFECYCLE and c.get("code") == activity for c in codings):
        return None
    for entity in record.get("entity", ()):
        identifier = entity.get("what", {}).get("identifier", {})
        if identifier.get("system") == SYSTEM:
            return str(identifier.get("value"))
    return None


def versions_in(records: Iterable[Resource]) -> list[Made]:
    """The versions that Provenances tell of, in their order."""
    texts = (t.get("reference", "") for record in records for t in record.get("target", ()))
    found = (_VERSION.fullmatch(text) for text in texts)
    return [Made(m[1], m[2], int(m[3])) for m in found if m]
