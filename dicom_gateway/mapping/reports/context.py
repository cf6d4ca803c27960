"""What everything that is made of one document shares: whose it is, when, of which study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dicom_gateway.mapping.attributes import Keys, text
from dicom_gateway.mapping.dates import moment, zone_of
from dicom_gateway.mapping.identifiers import Source
from fhirserver.model.resource import Resource

NOBODY: Final = Source()


@dataclass(frozen=True, slots=True)
class About:
    """The study of a document as References, and who sent it."""

    study: Resource
    subject: Resource
    source: Source = NOBODY
    encounter: Resource | None = None
    based_on: Sequence[Resource] = ()

    def elements(self) -> Resource:
        """The elements that name them, the same in Observation and DiagnosticReport."""
        made: dict[str, Any] = {}
        if self.based_on:
            made["basedOn"] = list(self.based_on)
        made["subject"] = self.subject
        if self.encounter:
            made["encounter"] = self.encounter
        return made


def told_at(keys: Keys, source: Source) -> str | None:
    """When a document was made: Content Date and Time, else those of its series or study."""
    zone = zone_of(keys, source.time_zone)
    for on, at in (("00080023", "00080033"), ("00080021", "00080031"), ("00080020", "00080030")):
        found = moment(text(keys, on), text(keys, at), zone)
        if found is not None:
            return found
    return None
