"""Who an ImagingStudy is from: the device that sent the images, and the study that they are.

https://hl7.org/fhir/R4/provenance.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from dicom_gateway.mapping.identifiers import Source, id_of, uid_identifier
from fhirserver.model import json
from fhirserver.model.resource import Resource

_PARTICIPANT: Final = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
AE_TITLE: Final = "https://fhirserver.example/dicom/ae-title"
WEB: Final = "DICOMweb"


def provenance(
    targets: Sequence[Resource], study: str, made: Resource, source: Source, when: datetime
) -> Resource:
    """The Provenance of a version; the same for the same content, however often it is made."""
    content = hashlib.sha256(json.dump_sorted(made)).hexdigest()
    return {
        "resourceType": "Provenance",
        "id": id_of("provenance", study, content),
        "target": list(targets),
        "recorded": when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "agent": [
            {
                "type": {"coding": [{"system": _PARTICIPANT, "code": "author"}]},
                "who": _device(source),
            }
        ],
        "entity": [{"role": "source", "what": {"identifier": uid_identifier(study)}}],
    }


def _device(source: Source) -> Resource:
    made: Resource = {"type": "Device"}
    if source.ae_title:
        made["identifier"] = {"system": AE_TITLE, "value": source.ae_title}
    made["display"] = source.name or source.ae_title or WEB
    return made
