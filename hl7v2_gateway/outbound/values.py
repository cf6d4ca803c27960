"""Which v2 data type an Observation's value is sent as (OBX-2).

HL7 v2.8.2, 7.4.2.2, and table 0125.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fhirserver.fhirpath import Typed
from hl7v2_gateway.outbound.wishes import Wishes

_KIND: Final[Mapping[str, str]] = {
    "CodeableConcept": "CWE", "string": "ST", "integer": "NM", "boolean": "CWE", "Range": "SN",
    "Ratio": "SN", "time": "TM", "dateTime": "DTM", "Period": "DR", "Attachment": "ED",
}  # fmt: skip
_LONGEST_ST: Final = 199


def kind(node: Typed, wishes: Wishes) -> str:
    """The data type of a value; text for what has none.

    >>> kind(("Quantity", {"value": 5, "comparator": "<"}, None), Wishes())
    'SN'
    >>> kind(("CodeableConcept", {}, None), Wishes(version="2.3"))
    'CE'
    """
    name, value, _ = node
    found = _KIND.get(name, "TX")
    if name == "Quantity":
        found = "SN" if value.get("comparator") else "NM"
        if value.get("value") is None:
            found = "ST"
    if name == "string" and (len(value) > _LONGEST_ST or "\n" in value):
        found = "TX"
    if name == "Attachment":
        found = _of_attachment(value)
    if name == "dateTime" and "T" not in str(value):
        found = "DT"
    if found == "CWE" and wishes.number < (2, 5):
        found = "CE"
    if found == "DTM" and wishes.number < (2, 6):
        found = "TS"
    return found


def writer_of(kind: str) -> str:
    """The writer of a data type: a time stamp is written as a time."""
    return "DTM" if kind == "TS" else kind


def _of_attachment(value: Any) -> str:
    return "ED" if value.get("data") else "RP"
