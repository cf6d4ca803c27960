"""What reports say of the orders that they are of: whether all that was ordered is reported.

https://hl7.org/fhir/R4/diagnosticreport.html#8.1.3 (status)
https://hl7.org/fhir/R4/servicerequest.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from fhirserver.model.resource import Resource

State = Literal["none", "open", "signed"]

_STATES: Final[dict[str, State]] = {
    "registered": "open",
    "partial": "open",
    "preliminary": "open",
    "final": "signed",
    "amended": "signed",
    "corrected": "signed",
    "appended": "signed",
}
SIGNED: Final = frozenset(status for status, state in _STATES.items() if state == "signed")
"""The status of a report that somebody answers for."""

_DICOM_UID: Final = "urn:dicom:uid"
_UNTIMED: Final = frozenset({"boundsPeriod", "boundsDuration", "boundsRange", "duration",
                             "durationMax", "durationUnit", "count"})  # fmt: skip
_NO_IMAGES: Final = frozenset({"cancelled", "entered-in-error"})


def state(report: Resource | None) -> State:
    """How far a report is. One that was cancelled or is an error is none.

    >>> [state(r) for r in (None, {"status": "partial"}, {"status": "amended"})]
    ['none', 'open', 'signed']
    """
    return "none" if report is None else _STATES.get(report.get("status", ""), "none")


def orders(report: Resource | None) -> frozenset[str]:
    """The ids of the ServiceRequests that a report is of."""
    return frozenset() if report is None else requests(report.get("basedOn", ()))


def requests(references: Iterable[Resource]) -> frozenset[str]:
    """The ids of the ServiceRequests among references.

    >>> sorted(requests([{"reference": "ServiceRequest/1"}, {"reference": "CarePlan/2"}]))
    ['1']
    """
    kinds = (r.get("reference", "").partition("/") for r in references)
    return frozenset(id_ for kind, _, id_ in kinds if kind == "ServiceRequest" and id_)


def is_reported(reports: Iterable[Resource], studies: Iterable[Resource]) -> bool:
    """Whether what the reports and images of an order say is all.

    One report is signed and none is still to be. Where signed reports name the images that they are
    of, all images have one. What a machine has sent and nobody has verified waits for nobody.
    """
    counted = [r for r in reports if state(r) == "signed" or not _is_of_a_machine(r)]
    if {state(r) for r in counted} - {"none"} != {"signed"}:
        return False
    seen = {i.get("reference") for r in counted for i in r.get("imagingStudy", ())}
    return not seen or all(
        s.get("status") in _NO_IMAGES or f"ImagingStudy/{s['id']}" in seen for s in studies
    )


def is_for_once(order: Resource) -> bool:
    """Whether one answer is all that is ordered, and not one each day.

    >>> is_for_once({"occurrenceTiming": {"repeat": {"frequency": 1, "period": 1}}})
    False
    """
    timing = order.get("occurrenceTiming", {})
    repeat = timing.get("repeat", {})
    if "code" in timing or len(timing.get("event", ())) > 1:
        return False
    if repeat.keys() - _UNTIMED or repeat.get("count", 1) > 1:
        return False
    return bool(order.get("quantityQuantity", {}).get("value", 1) <= 1)


def _is_of_a_machine(report: Resource) -> bool:
    return any(i.get("system") == _DICOM_UID for i in report.get("identifier", ()))
