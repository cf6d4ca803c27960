"""How operations about medicines tell what they couldn't look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fhirserver.model.parameters import parts, value
from fhirserver.model.resource import Resource
from fhirserver.prescribing.finding import Unchecked


def unchecked(found: Iterable[Unchecked]) -> Iterator[Resource]:
    """A parameter for each gap."""
    for gap in found:
        told = [value("reference", "string", gap.reference), value("reason", "string", gap.reason)]
        yield parts("unchecked", told)
