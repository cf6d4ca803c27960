"""What a CDS service looks at: what was sent, else what this server holds, with a token of ours.

No other server is asked: an address in a call would lead us anywhere, with somebody's token.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from fhirserver.access.principal import Principal
from fhirserver.errors import Forbidden, NotFound, PreconditionFailed
from fhirserver.interactions.context import Context
from fhirserver.interactions.medicine_record import by_door, drugs_of, record_of, with_examinations
from fhirserver.interactions.operating.reading import read
from fhirserver.merging.patients import replaced_by
from fhirserver.model.resource import Resource
from fhirserver.prescribing.checks import Record
from fhirserver.prescribing.finding import Unchecked
from fhirserver.prescribing.knowledge import Knowledge
from fhirserver.prescribing.medicine import EXAMINATION
from fhirserver.prescribing.wording import Words
from fhirserver.web.cds.calls import Call, is_about, sound

_KINDS: Final = {
    "allergies": "AllergyIntolerance",
    "requests": "MedicationRequest",
    "statements": "MedicationStatement",
    "results": "Observation",
    "orders": "ServiceRequest",
    "reports": "DiagnosticReport",
}
_WANTED: Final[Mapping[str | None, frozenset[str]]] = {
    EXAMINATION: frozenset({"orders", "reports"}),
    "MedicationRequest": frozenset({"allergies", "requests", "statements"}),
    None: frozenset({"allergies", "requests", "statements"}),
}
"""What a service says of that it is missing, by the type of its drafts; results only where a rule
is about them.
"""


def record_for(
    ctx: Context,
    call: Call,
    reader: Principal | None,
    known: Knowledge,
    kind: str | None = None,
) -> Record:
    """The patient's record, as far as it matters for what is known.

    Raises PreconditionFailed when there is nothing to look at.

    https://cds-hooks.hl7.org/2.0/#http-status-codes
    """
    if any(isinstance(call.prefetch.get(key), dict) for key in _KINDS):
        return _sent(call, _WANTED[kind], known.words)
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
    patient = f"Patient/{call.patient}"
    record = record_of(patient, look, known)
    orders = [d for d in call.drafts if d["resourceType"] == EXAMINATION]
    record = with_examinations(record, patient, orders, look, known)
    gaps = list(record.gaps)
    drugs = {**record.drugs, **drugs_of(call.drafts, look, gaps, known.words)}
    return replace(record, drugs=drugs, gaps=gaps)


def _sent(call: Call, wanted: frozenset[str], words: Words) -> Record:
    gaps: list[Unchecked] = []
    found: dict[str, list[Resource]] = {kind: [] for kind in (*_KINDS.values(), "Medication")}
    for key, kind in _KINDS.items():
        bundle = call.prefetch.get(key)
        if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
            if key in wanted:
                gaps.append(Unchecked(kind, words["gap.unsent"].format(key=key)))
            continue
        if any(_relation(link) == "next" for link in _list(bundle, "link")):
            gaps.append(Unchecked(kind, words["gap.page"].format(key=key)))
        for resource in _resources(bundle):
            if not sound(resource):
                gaps.append(Unchecked(kind, words["gap.invalid"]))
            elif resource["resourceType"] not in {kind, "Medication"}:
                continue
            elif not is_about(resource, call.patient):
                gaps.append(Unchecked(kind, words["gap.another"]))
            else:
                found[resource["resourceType"]].append(resource)
    drugs = {f"Medication/{d['id']}": d for d in found["Medication"] if "id" in d}
    medicines = [*found["MedicationRequest"], *found["MedicationStatement"]]
    return Record(
        found["AllergyIntolerance"],
        medicines,
        drugs,
        list(dict.fromkeys(gaps)),
        found["Observation"] if isinstance(call.prefetch.get("results"), dict) else None,
        found["ServiceRequest"],
        found["DiagnosticReport"],
    )


def _resources(bundle: Resource) -> Iterator[Any]:
    for entry in _list(bundle, "entry"):
        if isinstance(entry, dict) and "resource" in entry:
            yield entry["resource"]


def _list(resource: Resource, name: str) -> list[Any]:
    found = resource.get(name)
    return found if isinstance(found, list) else []


def _relation(link: Any) -> Any:
    return link.get("relation") if isinstance(link, dict) else None
