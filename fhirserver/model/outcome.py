"""OperationOutcome: how the client is told what went wrong, or what went well.

https://hl7.org/fhir/R4/operationoutcome.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from fhirserver.errors import Issue
from fhirserver.model.resource import Resource

_TX_ISSUE_TYPE: Final = "http://hl7.org/fhir/tools/CodeSystem/tx-issue-type"
_MESSAGE_ID: Final = "http://hl7.org/fhir/StructureDefinition/operationoutcome-message-id"


def outcome(issues: Iterable[Issue]) -> Resource:
    """An OperationOutcome of these issues; at least one, as the standard demands."""
    return {"resourceType": "OperationOutcome", "issue": [_issue(i) for i in issues] or [_OK]}


def _issue(issue: Issue) -> Resource:
    found: Resource = {
        "severity": issue.severity,
        "code": issue.code,
        "diagnostics": issue.text or issue.code,
    }
    if issue.expression:
        found["expression"] = [issue.expression]
    if issue.line is not None:
        found["extension"] = [
            {"url": f"{_EXTENSION}-line", "valueInteger": issue.line},
            {"url": f"{_EXTENSION}-col", "valueInteger": issue.column},
        ]
    if issue.detail or issue.message_id:
        _detail(found, issue)
    return found


def _detail(found: Resource, issue: Issue) -> None:
    """What HL7's tools look for in the issues of a terminology server.

    https://hl7.org/fhir/tools/CodeSystem-tx-issue-type.html
    """
    found["details"] = {"text": issue.text}
    if issue.detail:
        found["details"]["coding"] = [{"system": _TX_ISSUE_TYPE, "code": issue.detail}]
    if issue.message_id:
        named = {"url": _MESSAGE_ID, "valueString": issue.message_id}
        found["extension"] = [*found.get("extension", ()), named]
    if issue.expression:
        found["location"] = [issue.expression]


# Of HL7's extensions pack, as other servers tell lines and columns.
_EXTENSION: Final = "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue"


_OK: Resource = {"severity": "information", "code": "informational", "diagnostics": "All OK"}
