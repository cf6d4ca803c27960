"""A performed procedure step (MPPS) as a Procedure.

| element | from |
|---|---|
| identifier | SOP Instance UID; Scheduled Procedure Step IDs; Performed Procedure Step ID |
| status | IN PROGRESS, COMPLETED, DISCONTINUED |
| statusReason | Performed Procedure Step Discontinuation Reason Code Sequence |
| code | Procedure Code Sequence, else what was ordered |
| performedPeriod | Performed Procedure Step Start, End |
| basedOn, subject, encounter | the order of the worklist item |
| performer | the Performing Physician's Name, the station |
| note | Comments on the Performed Procedure Step |

PS3.4 F.7.2 (what is mandatory when); https://hl7.org/fhir/R4/procedure.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from dicom_gateway.mapping.codes import concepts
from dicom_gateway.mapping.order_uids import uid_identifier
from dicom_gateway.mapping.scheduled_steps import STEP_IDS
from dicom_gateway.matching import Item
from dicom_gateway.matching.items import first
from dicom_gateway.matching.ranges import written
from fhirserver.model.resource import Resource

STATUS: Final = "00400252"
IN_PROGRESS: Final = "IN PROGRESS"
STATUSES: Final[Mapping[str, str]] = {
    IN_PROGRESS: "in-progress",
    "COMPLETED": "completed",
    "DISCONTINUED": "stopped",
}
WRONG_ENTRY: Final = "110514"
"""The reason of one who took the wrong item of the worklist (PS3.16 CID 9300)."""
PERFORMED_IDS: Final = "https://fhirserver.example/NamingSystem/performed-procedure-step"
SERIES: Final = "https://fhirserver.example/StructureDefinition/performed-series"
_SCHEDULED: Final = "00400270"
_SERIES: Final = "00400340"
_REASONS: Final = "00400281"
MANDATORY: Final[Sequence[str]] = (
    _SCHEDULED,
    "00400253",  # Performed Procedure Step ID
    "00400241",  # Performed Station AE Title
    "00400244",  # Performed Procedure Step Start Date
    "00400245",  # Performed Procedure Step Start Time
    STATUS,
    "00080060",  # Modality
)
"""Type 1 when a step is begun."""


class Missing(ValueError):
    """An attribute that must be there isn't, or is empty."""

    def __init__(self, tag: str, *, is_empty: bool) -> None:
        super().__init__(f"{tag} must have a value")
        self.tag = tag
        self.is_empty = is_empty


class Wrong(ValueError):
    """An attribute has a value that it can't have."""

    def __init__(self, tag: str) -> None:
        super().__init__(f"{tag} has a value that isn't allowed here")
        self.tag = tag


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A scheduled step that is performed: as the worklist named it."""

    study: str
    accession: str = ""
    requested: str = ""
    step: str = ""


def procedure_id(uid: str) -> str:
    """The id of the Procedure of a step: the same each time, so that there can't be two."""
    return str(uuid5(NAMESPACE_URL, f"urn:dicom:uid|mpps|{uid}"))


def check_begun(item: Item) -> list[Scheduled]:
    """What is performed, of an N-CREATE. Raises Missing and Wrong."""
    for tag in MANDATORY:
        _need(item, tag)
    if first(item, STATUS).strip() != IN_PROGRESS:
        raise Wrong(STATUS)
    found = []
    for scheduled in item[_SCHEDULED]["Value"]:
        _need(scheduled, "0020000D")
        found.append(
            Scheduled(
                first(scheduled, "0020000D").strip(),
                first(scheduled, "00080050").strip(),
                first(scheduled, "00401001").strip(),
                first(scheduled, "00400009").strip(),
            )
        )
    return found


def check_ended(item: Item, procedure: Resource) -> None:
    """What an N-SET that ends a step must tell, if it hasn't been told. Raises Missing, Wrong."""
    said = first(item, STATUS).strip()
    if said and said not in STATUSES:
        raise Wrong(STATUS)
    if said in {"", IN_PROGRESS}:
        return
    if "end" not in procedure.get("performedPeriod", {}):
        for tag in ("00400250", "00400251"):
            _need(item, tag)
    known = any(e.get("url") == SERIES for e in procedure.get("extension", ()))
    if said == "COMPLETED" and not known:
        _need(item, _SERIES)
        for series in item[_SERIES]["Value"]:
            _need(series, "0020000E")


def _need(item: Item, tag: str) -> None:
    element = item.get(tag)
    if element is None:
        raise Missing(tag, is_empty=False)
    if all(v in (None, "", {}) for v in element.get("Value") or ()):
        raise Missing(tag, is_empty=True)


def begun(
    uid: str, item: Item, scheduled: Sequence[Scheduled], orders: Sequence[Resource], zone: tzinfo
) -> Resource:
    """The Procedure of a step that has begun, for orders of one patient.

    What isn't stored as an order has no id, and says only whom it is about.
    """
    order = orders[0]
    steps = dict.fromkeys(s.step for s in scheduled if s.step)
    identifiers = [
        uid_identifier(uid),
        *({"system": STEP_IDS, "value": step} for step in steps),
        {"system": PERFORMED_IDS, "value": first(item, "00400253").strip()},
    ]
    made: Resource = {
        "resourceType": "Procedure",
        "id": procedure_id(uid),
        "identifier": identifiers,
        "status": "in-progress",
        "category": {
            "coding": [
                {
                    "system": "http://snomed.info/sct",
                    "code": "363679005",
                    "display": "Imaging",
                }
            ]
        },
        "subject": order["subject"],
    }
    codes = concepts(item, "00081032")
    code = codes[0] if codes else order.get("code")
    description = first(item, "00400254").strip()
    if code is None and description:
        code = {"text": description}
    if code is not None:
        made["code"] = code
    known = [o["id"] for o in orders if "id" in o]
    if known:
        made["basedOn"] = [{"reference": f"ServiceRequest/{id_}"} for id_ in known]
    if "encounter" in order:
        made["encounter"] = order["encounter"]
    start = _moment(item, "00400244", "00400245", zone)
    if start:
        made["performedPeriod"] = {"start": start}
    station = {"display": first(item, "00400241").strip()}
    made["performer"] = [{"actor": station}]
    return changed(made, item, zone)


def changed(procedure: Resource, item: Item, zone: tzinfo) -> Resource:
    """The Procedure after an N-SET, or with what an N-CREATE tells beyond its beginning."""
    made = dict(procedure)
    said = first(item, STATUS).strip()
    if said:
        made["status"] = STATUSES[said]
    reasons = concepts(item, _REASONS)
    if reasons and made["status"] == "stopped":
        made["statusReason"] = reasons[0]
        if is_wrong_entry(item):
            made["status"] = "entered-in-error"
    end = _moment(item, "00400250", "00400251", zone)
    if end:
        period = dict(made.get("performedPeriod", {}))
        if period.get("start", "") <= end or not period.get("start"):
            made["performedPeriod"] = {**period, "end": end}
    series = [
        first(one, "0020000E").strip() for one in item.get(_SERIES, {}).get("Value") or () if one
    ]
    if any(series):
        others = [e for e in made.get("extension", ()) if e.get("url") != SERIES]
        told = [{"url": SERIES, "valueUri": f"urn:oid:{uid}"} for uid in series if uid]
        made["extension"] = [*others, *told]
    comment = first(item, "00400280").strip()
    if comment:
        made["note"] = [{"text": comment}]
    return made


def is_wrong_entry(item: Item) -> bool:
    """Whether a step was discontinued because the item of the worklist was a wrong one."""
    told = item.get(_REASONS, {}).get("Value") or ()
    return any(first(code, "00080100").strip() == WRONG_ENTRY for code in told)


def _moment(item: Mapping[str, Any], date: str, time: str, zone: tzinfo) -> str:
    day, hour = written("DA", first(item, date)), written("TM", first(item, time))
    if not day:
        return ""
    try:
        at = datetime.strptime(day + (hour or "0" * 12), "%Y%m%d%H%M%S%f").replace(tzinfo=zone)
    except ValueError:
        return ""
    return at.isoformat(timespec="seconds")
