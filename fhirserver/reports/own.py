"""Reports that somebody has put together: a view, how often it is made, and its files.

R4 has no ViewDefinition, so a definition is a DocumentReference of its author's, whose attachment
is JSON: `view` (a ViewDefinition, or the reference of one of the server's) and `schedule`.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha1
from typing import Any, Final

from fhirserver.errors import FhirError, NotUnderstood
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.reports.metric import OURS
from fhirserver.reports.schedule import FREQUENCIES

TYPES: Final = f"{OURS}/CodeSystem/document-type"
DEFINITION: Final = "report-definition"
FILE: Final = "scheduled-report"
IDENTIFIERS: Final = f"{OURS}/own-report-file"


@dataclass(frozen=True, slots=True)
class OwnReport:
    """`author` is a reference, `frequency` how often it is to be made."""

    id: str
    title: str
    author: str
    frequency: str
    view: Resource | str

    def key(self, today: date) -> str:
        """What tells the file of the day, week or month from every other."""
        match self.frequency:
            case "weekly":
                today -= timedelta(days=today.weekday())
            case "monthly":
                today = today.replace(day=1)
        return f"{self.id}/{self.frequency}/{today.isoformat()}"

    @property
    def parameters(self) -> Resource:
        """What $viewdefinition-run is asked."""
        if isinstance(self.view, str):
            which: Resource = {"name": "viewReference", "valueReference": {"reference": self.view}}
        else:
            which = {"name": "viewResource", "resource": self.view}
        return {"resourceType": "Parameters", "parameter": [which]}


def own_report(document: Resource) -> OwnReport | None:
    """The report of a definition that is to be made; None for one without a schedule.

    None as well for what can't be read, and for what has several authors: with whose rights it were
    to be made isn't said.
    """
    authors = [a.get("reference") for a in document.get("author", ())]
    held = _held(document)
    frequency, view = held.get("schedule"), held.get("view")
    if len(authors) != 1 or not isinstance(authors[0], str) or frequency not in FREQUENCIES:
        return None
    if document.get("status") != "current" or not isinstance(view, str | dict):
        return None
    title = str(document.get("description") or "Report")
    return OwnReport(document["id"], title, authors[0], str(frequency), view)


def _held(document: Resource) -> dict[str, Any]:
    content: Resource = next(iter(document.get("content", ())), {})
    try:
        return json.parse_object(b64decode(content.get("attachment", {}).get("data", "")))
    except (FhirError, NotUnderstood, ValueError):
        return {}


def file_of(
    report: OwnReport, key: str, now: str, rows: bytes | None, problem: str = ""
) -> Resource:
    """The document with the rows as CSV; without rows it says why there are none."""
    day = key.rpartition("/")[2]
    data, kind, ending = (problem.encode(), "text/plain; charset=utf-8", "txt")
    if rows is not None:
        data, kind, ending = (rows, "text/csv; charset=utf-8", "csv")
    return {
        "resourceType": "DocumentReference",
        "identifier": [{"system": IDENTIFIERS, "value": key}],
        "status": "current",
        "type": {"coding": [{"system": TYPES, "code": FILE}], "text": report.title},
        "author": [{"reference": report.author}],
        "date": now,
        "description": f"{report.title}, {day}"
        if rows is not None
        else f"{report.title}, {day}: not made",
        "content": [
            {
                "attachment": {
                    "contentType": kind,
                    "data": b64encode(data).decode(),
                    "size": len(data),
                    "hash": b64encode(sha1(data, usedforsecurity=False).digest()).decode(),
                    "title": f"{report.title}-{day}.{ending}",
                }
            }
        ],
        "context": {"related": [{"reference": f"DocumentReference/{report.id}"}]},
    }
