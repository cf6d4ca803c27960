"""A report that the doctor has put together: who is in hospital now, made by itself every week."""

from __future__ import annotations

import base64
import json

from docs.screenshots.hospital import Hospital
from fhirserver import clock, ids

TITLE = "Inpatients"
COLUMNS = {
    "patient": "subject.getReferenceKey(Patient)",
    "start": "period.start",
    "place": "location.location.display.last()",
}


def prepare(hospital: Hospital) -> None:
    """Keep it as the builder does: docs/integrator/views.md."""
    view = {
        "resourceType": "ViewDefinition",
        "status": "active",
        "resource": "Encounter",
        "select": [{"column": [{"name": n, "path": path} for n, path in COLUMNS.items()]}],
        "where": [{"path": "(status) = 'in-progress'"}],
    }
    choices = {
        "title": TITLE,
        "source": "words",
        "subject": "stays",
        "columns": list(COLUMNS),
        "filters": [{"column": "status", "operator": "is", "value": "in-progress"}],
        "schedule": "weekly",
    }
    held = {"view": view, "choices": choices, "schedule": "weekly"}
    data = base64.b64encode(json.dumps(held).encode()).decode()
    types = "https://fhirserver.example/CodeSystem/document-type"
    made = hospital.made(
        {
            "resourceType": "DocumentReference",
            "identifier": [{"system": "https://fhirserver.example/own-report", "value": ids.new()}],
            "author": [{"reference": hospital.account("doctor")["reference"]}],
            "status": "current",
            "type": {"coding": [{"system": types, "code": "report-definition"}]},
            "description": TITLE,
            "date": clock.now().isoformat(),
            "content": [
                {"attachment": {"contentType": "application/json", "data": data, "title": TITLE}}
            ],
        },
        "doctor",
    )
    hospital.known["own-report"] = made["id"]
