"""The codes of AuditEvents, as the Basic Audit Log Patterns have them.

https://profiles.ihe.net/ITI/BALP/content.html
"""

from __future__ import annotations

from typing import Final

from fhirserver.audit.event import Action

TYPES: Final = "http://terminology.hl7.org/CodeSystem/audit-event-type"
INTERACTIONS: Final = "http://hl7.org/fhir/restful-interaction"
DICOM: Final = "http://dicom.nema.org/resources/ontology/DCM"
PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
PARTICIPANT: Final = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
PURPOSES: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
ENTITY_TYPES: Final = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
ENTITY_ROLES: Final = "http://terminology.hl7.org/CodeSystem/object-role"
BALP_ENTITIES: Final = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
SOURCE_TYPES: Final = "http://terminology.hl7.org/CodeSystem/security-source-type"
CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
OPERATIONS: Final = "https://fhirserver.example/CodeSystem/operation"
ROLES: Final = "https://fhirserver.example/CodeSystem/role"
ORIGIN: Final = "https://fhirserver.example/CodeSystem/audit-origin"

Code = tuple[str, str]
"""A system and a code of it."""

REST: Final[Code] = (TYPES, "rest")
USER_AUTHENTICATION: Final[Code] = (DICOM, "110114")
IMPORT: Final[Code] = (DICOM, "110107")

# https://dicom.nema.org/medical/dicom/current/output/chtml/part16/chapter_D.html
SIGN_INS: Final[dict[str, Code]] = {
    "login": (DICOM, "110122"),
    "logout": (DICOM, "110123"),
}

# https://dicom.nema.org/medical/dicom/current/output/chtml/part15/sect_A.5.3.html
DICOM_EVENTS: Final[dict[str, tuple[Code, Code | None]]] = {
    "dicom-begin-transfer": ((DICOM, "110102"), None),
    "dicom-access": ((DICOM, "110103"), None),
    "dicom-transfer": ((DICOM, "110104"), None),
    "dicom-delete-study": ((DICOM, "110105"), None),
    "dicom-export": ((DICOM, "110106"), None),
    "dicom-query": ((DICOM, "110112"), None),
    "dicom-refused-node": ((DICOM, "110113"), (DICOM, "110126")),
}
"""Types of events of DICOM, and their subtype where it isn't only what was called."""
SUBJECTS: Final = "urn:fhirserver"
"""What identifiers of things begin with that are no resources: urn:fhirserver:account."""
SUBJECT_ROLES: Final[dict[str, str]] = {"account": "11", "access-policy": "13", "client": "13"}
"""Their roles: a security user entity, a security resource; domain resources are the others.

https://terminology.hl7.org/CodeSystem-object-role.html
"""
DICOM_UID: Final = "urn:dicom:uid"
SOP_CLASSES: Final = "SOPClass"
INSTANCES: Final = "NumberOfInstances"

ACTION: Final[dict[str, Action]] = {
    "create": "C",
    "read": "R",
    "vread": "R",
    "history-instance": "R",
    "history-type": "R",
    "history-system": "R",
    "update": "U",
    "patch": "U",
    "delete": "D",
}
"""What an interaction does; all others execute something."""

SUBTYPE: Final[dict[str, str]] = {"search-compartment": "search-type", "bundle": "transaction"}
"""What the standard calls an interaction, where we call it something else."""

# Who sends and who receives: data flows to the client on a read, from it on all else.
_TO_CLIENT: Final = ((DICOM, "110152"), (DICOM, "110153"), (PARTICIPATION, "IRCP"))
_FROM_CLIENT: Final = ((DICOM, "110153"), (DICOM, "110152"), (PARTICIPATION, "AUT"))
AGENTS: Final[dict[Action, tuple[Code, Code, Code]]] = {
    "C": _FROM_CLIENT,
    "R": _TO_CLIENT,
    "U": _FROM_CLIENT,
    "D": ((DICOM, "110150"), (PARTICIPANT, "custodian"), (PARTICIPATION, "AUT")),
    "E": ((DICOM, "110153"), (DICOM, "110152"), (PARTICIPATION, "IRCP")),
}
"""The types of the agents client, server and user, by the action."""
