"""How a scheduled report is stored: the MeasureReport, and a document with its files.

https://hl7.org/fhir/R4/documentreference.html
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha1
from urllib.parse import quote

from fhirserver import ids
from fhirserver.model.resource import Resource
from fhirserver.reports.documents import MEDIA_TYPES, WRITERS
from fhirserver.reports.schedule import IDENTIFIERS, Due
from fhirserver.reports.table import table


def filed(due: Due, report: Resource, now: str) -> Resource:
    """A transaction that stores the report once: what has its identifier is left as it is."""
    identifier = {"system": IDENTIFIERS, "value": due.key}
    shown = table(report)
    files = {
        name: (f"urn:uuid:{ids.new()}", media_type, WRITERS[media_type]([shown]))
        for name, media_type in MEDIA_TYPES.items()
    }
    address = f"urn:uuid:{ids.new()}"
    document = {
        "resourceType": "DocumentReference",
        "identifier": [identifier],
        "status": "current",
        "type": {"text": f"{shown.title}, {due.frequency}"},
        "date": now,
        "description": f"{shown.title}, {due.start.isoformat()} to {due.end.isoformat()}",
        "content": [
            {
                "attachment": {
                    "contentType": media_type,
                    "url": url,
                    "size": len(data),
                    "hash": b64encode(sha1(data, usedforsecurity=False).digest()).decode(),
                    "title": f"{due.key.replace('/', '-')}.{name}",
                }
            }
            for name, (url, media_type, data) in files.items()
        ],
        "context": {"related": [{"reference": address}]},
    }
    once = f"identifier={quote(f'{IDENTIFIERS}|{due.key}', safe='')}"
    entries: list[Resource] = [
        {
            "fullUrl": address,
            "resource": {**report, "identifier": [identifier]},
            "request": {"method": "POST", "url": "MeasureReport", "ifNoneExist": once},
        },
        {
            "resource": document,
            "request": {"method": "POST", "url": "DocumentReference", "ifNoneExist": once},
        },
    ]
    for url, media_type, data in files.values():
        held = {
            "resourceType": "Binary",
            "contentType": media_type,
            "data": b64encode(data).decode(),
        }
        entries.append(
            {"fullUrl": url, "resource": held, "request": {"method": "POST", "url": "Binary"}}
        )
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}
