"""What makes a draft a valid resource: elements that FHIR requires and the message leaves out.

Nothing is invented: a missing status is `unknown` where FHIR has that word, a missing code or
reference says why it is absent. A type has its own function in one of the files of this package.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Final

from fhirserver.model.resource import Resource
from fhirserver.registry import discover
from hl7v2_gateway.mapping.context import pruned
from hl7v2_gateway.mapping.drafts import Draft
from hl7v2_gateway.mapping.finishing.absent import NO_CODE
from hl7v2_gateway.mapping.finishing.belonging import belong
from hl7v2_gateway.mapping.finishing.finishers import finishers

discover(sys.modules[__name__])

# Element and what stands there when the message says nothing.
_DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "Observation": {"status": "unknown", "code": NO_CODE},
    "DiagnosticReport": {"status": "unknown", "code": NO_CODE},
    "ServiceRequest": {"status": "unknown", "intent": "order"},
    "MedicationRequest": {"status": "unknown", "intent": "order"},
    "MedicationDispense": {"status": "unknown"},
    "MedicationAdministration": {"status": "unknown"},
    "Immunization": {"status": "completed", "vaccineCode": NO_CODE},
    "Procedure": {"status": "unknown"},
    "DocumentReference": {"status": "current"},
    "Coverage": {"status": "active"},
    "Account": {"status": "unknown"},
    "EpisodeOfCare": {"status": "active"},
    "ChargeItem": {"status": "unknown", "code": NO_CODE},
    "Goal": {"lifecycleStatus": "active"},
    "Appointment": {"status": "pending"},
    "Encounter": {"status": "unknown"},
    "Task": {"status": "requested", "intent": "order"},
    "ImagingStudy": {"status": "unknown"},
    "CareTeam": {},
}


def finish(draft: Draft) -> None:
    """Fill in what a type requires."""
    resource = draft.resource
    for name, value in _DEFAULTS.get(draft.type, {}).items():
        if isinstance(value, dict) and pruned(resource.get(name)) is None:
            resource[name] = value
        resource.setdefault(name, value)
    own = finishers.get(draft.type)
    if own is not None:
        own(draft)
    belong(draft)
    _notes(resource)


def _notes(resource: Resource) -> None:
    """An annotation says something."""
    if isinstance(resource.get("note"), list):
        resource["note"] = [n for n in resource["note"] if n.get("text")]
    if isinstance(resource.get("extension"), list):
        resource["extension"] = [
            e for e in resource["extension"] if e.get("valueAnnotation", {"text": "-"}).get("text")
        ]
