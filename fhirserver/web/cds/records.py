"""What a CDS service looks at: what was sent, else what this server holds, with a token of ours.

No other server is asked: an address in a call would lead us anywhere, with somebody's token.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from fhirserver.access.principal import Principal
from fhirserver.errors import Forbidden, NotFound, PreconditionFailed
from fhirserver.interactions.context import Context
from fhirserver.interactions.medicine_record import by_door, drugs_of, record_of
from fhirserver.interactions.operating.reading import read
from fhirserver.merging.patients import replaced_by
from fhirserver.model.resource import Resource
from fhirserver.prescribing.checks import Record
from fhirserver.prescribing.finding import Unchecked
from fhirserver.web.cds.calls import Call, is_about, sound

_KINDS: Final = {
    "allergies": "AllergyIntolerance",
    "requests": "MedicationRequest",
    "statements": "MedicationStatement",
}


def record_for(ctx: Context, call: Call, reader: Principal | None) -> Record:
    """The patient's record; raises PreconditionFailed when there is nothing to look at.

    https://cds-hooks.hl7.org/2.0/#http-status-codes
    """
    if any(isinstance(call.prefetch.get(key), dict) for key in _KINDS):
        return _sent(call)
    if reader is None:
        raise PreconditionFailed(
            "the service needs its prefetch (see /cds-services), or a token of this server "
            "with this server as fhirServer"
        )
    try:
        into = replaced_by(read(ctx, reader, "Patient", call.patient))
    except (NotFound, Forbidden) as error:
        raise PreconditionFailed("this server has no such patient for this token") from error
    if into is not None:
        # An empty record would say that nothing is known.
        raise PreconditionFailed(f"the patient's record was merged into {into}")
    look = by_door(ctx, reader)
    record = record_of(f"Patient/{call.patient}", look)
    gaps = list(record.gaps)
    drugs = {**record.drugs, **drugs_of(call.drafts, look, gaps)}
    return Record(record.allergies, record.medicines, drugs, gaps)


def _sent(call: Call) -> Record:
    gaps: list[Unchecked] = []
    found: dict[str, list[Resource]] = {kind: [] for kind in (*_KINDS.values(), "Medication")}
    for key, kind in _KINDS.items():
        bundle = call.prefetch.get(key)
        if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
            gaps.append(Unchecked(kind, f"the prefetch {key} wasn't sent"))
            continue
        if any(_relation(link) == "next" for link in _list(bundle, "link")):
            gaps.append(Unchecked(kind, f"the prefetch {key} was only the first page"))
        for resource in _resources(bundle):
            if not sound(resource):
                gaps.append(Unchecked(kind, "something in the prefetch isn't valid FHIR R4"))
            elif resource["resourceType"] not in {kind, "Medication"}:
                continue
            elif not is_about(resource, call.patient):
                gaps.append(Unchecked(kind, "something in the prefetch is another patient's"))
            else:
                found[resource["resourceType"]].append(resource)
    drugs = {f"Medication/{d['id']}": d for d in found["Medication"] if "id" in d}
    medicines = [*found["MedicationRequest"], *found["MedicationStatement"]]
    return Record(found["AllergyIntolerance"], medicines, drugs, list(dict.fromkeys(gaps)))


def _resources(bundle: Resource) -> Iterator[Any]:
    for entry in _list(bundle, "entry"):
        if isinstance(entry, dict) and "resource" in entry:
            yield entry["resource"]


def _list(resource: Resource, name: str) -> list[Any]:
    found = resource.get(name)
    return found if isinstance(found, list) else []


def _relation(link: Any) -> Any:
    return link.get("relation") if isinstance(link, dict) else None
