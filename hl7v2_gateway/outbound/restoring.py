"""Converts a field back as soon as it is converted, to note what would come back otherwise.

`Restoring` is given to the conversion (`mapping.convert`), which knows nothing of what is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final

from fhirserver.model.resource import Resource
from fhirserver.registry import discover
from hl7v2_gateway.outbound import datatypes, kept
from hl7v2_gateway.outbound.segments import Repetition
from hl7v2_gateway.outbound.tabulated import rules
from hl7v2_gateway.outbound.vocabulary import table
from hl7v2_gateway.outbound.wishes import Wishes, version_number
from hl7v2_gateway.outbound.wording import notes
from hl7v2_gateway.outbound.writing import Write, Writing, writers

discover(datatypes)
_TEXTS: Final = frozenset(["ST", "TX", "FT", "NM", "DTM", "DT", "TM", "SI"])
"""One component, and the element has it."""


class Restoring:
    """For the messages of a version."""

    def __init__(self, version: str) -> None:
        self._writing = Writing(Wishes(version=version), _Nothing())

    def homes(self, segment: str) -> Sequence[str]:
        """What a segment's own fields belong to."""
        return kept.homes(segment)

    def whole(self, segment: str) -> Sequence[str]:
        """What a segment that makes no resource speaks about."""
        return kept.whole(segment)

    def fields(self, segment: str, home: str) -> Mapping[int, tuple[str, bool]]:
        """The data type of each field, and whether our tables tell it otherwise."""
        return kept.fields(segment, home, self._writing.wishes.version)

    def coded(
        self, segment: str, number: int, resource_type: str, value: str, sent: Repetition
    ) -> list[Resource]:
        """Notes for a code: what a table of ours would make of it is not what was sent."""
        codes = _code_table(segment, number, resource_type)
        if codes is None:
            return []
        code = codes.get(value)
        return [] if code is None else notes("IS", sent[:1], ((code,),))

    def note(
        self, data_type: str, fhir_type: str, value: Any, sent: Repetition, place: str = ""
    ) -> None:
        """Note in a converted value what would be sent otherwise than it was."""
        if isinstance(value, list):
            value = value[0] if value else None
        if not isinstance(value, dict) or data_type in _TEXTS:
            return None
        if "~practitioner" in value and data_type != "NDL":
            return self.note(data_type, "practitioner", value["~practitioner"], sent, place)
        if "url" in value:
            inner = _inner(value)
            return None if inner is None else self.note(data_type, inner[0], inner[1], sent, place)
        write = _writer(data_type, fhir_type)
        if write is None:
            return None
        whole, writing = value, self._writing
        names = _names(place.partition("(")[0])
        if names:
            wishes = replace(writing.wishes, systems=names)
            writing = Writing(wishes, writing.reader)
        if "~partOf" in value:
            above = _Above()
            whole = above.stored(value)
            writing = Writing(writing.wishes, above)
        elif "~practitioner" in value:
            whole = {"practitioner": value["~practitioner"]}
        elif "~degree" in value:
            whole = {**value, "qualification": [{"code": value["~degree"]}]}
        found = notes(data_type, sent, write(whole, writing))
        if found:
            value["extension"] = [*value.get("extension", ()), *found]
        return None


@cache
def restoring(version: str) -> Restoring:
    """For a version as a message names it; for 2.5.1 when it names none that there is."""
    try:
        known = (2, 3) <= version_number(version) <= (2, 8, 2)
    except ValueError:
        known = False
    return Restoring(version if known else "2.5.1")


def _inner(extension: Mapping[str, Any]) -> tuple[str, Any] | None:
    """The coded value of an extension, as of a race or an ethnicity."""
    if "valueCodeableConcept" in extension:
        return "codeableconcept", extension["valueCodeableConcept"]
    coded = (p["valueCoding"] for p in extension.get("extension", ()) if "valueCoding" in p)
    found = next(coded, None)
    return None if found is None else ("coding", found)


@cache
def _names(place: str) -> Mapping[str, str]:
    """What systems of codes are called in a field."""
    segment, _, number = place.partition("-")
    for home in kept.homes(segment):
        for rule in rules(f"{segment}[{home}]", Wishes()):
            if str(rule.field) == number and rule.names:
                return rule.names
    return {}


@cache
def _code_table(segment: str, number: int, resource_type: str) -> Mapping[str, str] | None:
    for rule in rules(f"{segment}[{resource_type}]", Wishes()):
        if rule.field == number and rule.table is not None:
            return table(rule.table)
    return None


@cache
def _writer(data_type: str, fhir_type: str) -> Write | None:
    return next(
        (w for (v2, fhir), w in writers.items() if v2 == data_type and fhir.lower() == fhir_type),
        None,
    )


class _Nothing:
    """Reads nothing."""

    def read(self, reference: str) -> Resource | None:
        del reference
        return None

    def search(self, resource_type: str, pairs: Sequence[tuple[str, str]]) -> Sequence[Resource]:
        del resource_type, pairs
        return ()


class _Above(_Nothing):
    """Reads the places that a place is in, while they are still parts of it."""

    def __init__(self) -> None:
        self._places: dict[str, Resource] = {}

    def stored(self, place: Mapping[str, Any]) -> Resource:
        """The place with a reference to the one that it is in."""
        found = {"resourceType": "Location", **place}
        above = found.pop("~partOf", None)
        if above is not None:
            reference = f"Location/{len(self._places)}"
            self._places[reference] = {}
            self._places[reference] = self.stored(above)
            found["partOf"] = {"reference": reference}
        return found

    def read(self, reference: str) -> Resource | None:
        return self._places.get(reference)
