"""A study as an ImagingStudy.

The rules are those of the resource's mapping to DICOM
(https://hl7.org/fhir/R4/imagingstudy-mappings.html#dicom), with PS3.3 C.7.2.1 (General Study),
C.7.2.2 (Patient Study) and 10.6 (Request Attributes). Where it says nothing or more than one thing:

| element | is |
|---|---|
| identifier | Study Instance UID; Accession Number as ACSN with its issuer; Study ID |
| status | available: what there is of the study is kept here and can be had |
| modality | those of the series, each once, images before documents |
| started | Study Date and Time in the zone of the instance, else of the sender |
| basedOn, encounter, procedureReference, endpoint | found by dicom_gateway/operating |
| procedureCode | Procedure Code Sequence, else Requested Procedure Code Sequence of the request |
| reasonCode | Reason for Requested Procedure Code Sequence, else its text |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dicom_gateway.mapping.attributes import Keys, items, text
from dicom_gateway.mapping.codes import DCM, concepts
from dicom_gateway.mapping.dates import moment, zone_of
from dicom_gateway.mapping.identifiers import (
    Number,
    Source,
    accession,
    accession_identifier,
    uid_identifier,
)
from dicom_gateway.mapping.names import display
from dicom_gateway.mapping.series import MOST_INSTANCES, modality, series_of
from dicom_gateway.mapping.studies import Study
from fhirserver.model.resource import Resource

DOCUMENTS: Final = frozenset({"SR", "KO", "PR", "DOC", "SEG", "RTSTRUCT", "RWV", "REG", "FID"})
"""Modalities of what was made from images; they come last among those of a study."""
_STUDY_ID: Final = "https://fhirserver.example/dicom/study-id"


@dataclass(frozen=True, slots=True)
class Linked:
    """What a study belongs to, as References; found where the resources are."""

    subject: Resource
    endpoint: Resource | None = None
    encounter: Resource | None = None
    based_on: Sequence[Resource] = ()
    procedure: Resource | None = None
    key_images: Mapping[str, Sequence[Resource]] = field(default_factory=dict, hash=False)
    """Extensions of the instances that somebody has marked, by UID: see key_images.py."""


def imaging_study(
    study: Study, source: Source, linked: Linked, *, most_instances: int = MOST_INSTANCES
) -> Resource:
    """The ImagingStudy of a study that has at least one instance."""
    keys = study.keys
    made: Resource = {
        "resourceType": "ImagingStudy",
        "identifier": identifiers(study, source),
        "status": "available",
        "modality": [{"system": DCM, "code": code} for code in modalities(study)],
        "subject": linked.subject,
    }
    made |= _present(
        encounter=linked.encounter,
        started=moment(text(keys, "00080020"), text(keys, "00080030"),
                       zone_of(keys, source.time_zone)),
        basedOn=list(linked.based_on),
        referrer=_named(keys, "00080090"),
        interpreter=[r for r in (_named(keys, "00081060"),) if r],
        endpoint=[linked.endpoint] if linked.endpoint else [],
    )  # fmt: skip
    made |= {"numberOfSeries": len(study.series), "numberOfInstances": study.count}
    made |= _present(
        procedureReference=linked.procedure,
        procedureCode=_procedures(keys),
        reasonCode=_reasons(keys),
        description=text(keys, "00081030"),
    )
    made["series"] = [
        series_of(one, source, linked.key_images, most_instances) for one in study.series
    ]
    return made


def identifiers(study: Study, source: Source) -> list[Resource]:
    """The identifiers of a study; one that its requests have, too, comes once."""
    made = [uid_identifier(study.uid)]
    made += [accession_identifier(number) for number in accessions(study, source)]
    study_id = text(study.keys, "00200010")
    if study_id:
        made.append({"use": "secondary", "system": _STUDY_ID, "value": study_id})
    return made


def accessions(study: Study, source: Source) -> list[Number]:
    """The accession numbers of a study, and of the requests that its series were made for."""
    found: dict[Number, None] = {}
    for keys in (study.keys, *(one.keys for one in study.series)):
        for place in (keys, *items(keys, "00400275")):
            number = accession(place, source)
            if number is not None:
                found[number] = None
    return list(found)


def modalities(study: Study) -> list[str]:
    """The modalities of a study's series."""
    found = dict.fromkeys(modality(one) for one in study.series)
    return sorted(found, key=lambda code: code in DOCUMENTS)


def _procedures(keys: Keys) -> list[Resource]:
    found = concepts(keys, "00081032")
    for request in items(keys, "00400275"):
        found += [c for c in concepts(request, "00321064") if c not in found]
    return found


def _reasons(keys: Keys) -> list[Resource]:
    found: list[Resource] = []
    for request in items(keys, "00400275"):
        found += [c for c in concepts(request, "0040100A") if c not in found]
        told = text(request, "00401002")
        if told and not found:
            found.append({"text": told})
    return found


def _named(keys: Keys, tag: str) -> Resource | None:
    who = display(keys, tag)
    return {"display": who} if who else None


def _present(**elements: Any) -> Resource:
    return {name: value for name, value in elements.items() if value not in (None, "", [])}
