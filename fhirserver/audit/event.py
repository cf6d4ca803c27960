"""What happened, as plain values: from it both the AuditEvent and its index values are made.

https://profiles.ihe.net/ITI/BALP/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Action = Literal["C", "R", "U", "D", "E"]
"""Create, read, update, delete, execute (searches, operations, transactions, sign-ins)."""

Outcome = Literal["0", "4", "8"]
"""Success; what the client can put right or may not do (4xx); what the server failed at (5xx)."""

Touched = tuple[str, str, int | None]
"""A resource that was shown or changed: type, id, and the version where it is known."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asked, and from where: the agents of an event.

    `client` is the OAuth client's id, `user` the account's; `who` is what the user is here
    (`Practitioner/1`). `purposes` are codes of
    http://terminology.hl7.org/CodeSystem/v3-ActReason that the caller acts for, such as BTG.
    """

    client: str | None = None
    address: str | None = None
    user: str | None = None
    name: str | None = None
    who: str | None = None
    roles: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from: the address of the client, and the request's id (X-Request-Id)."""

    address: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class DicomStudy:
    """Instances of a DICOM study: its UID, how many of which SOP classes; 0 where that isn't known.

    https://dicom.nema.org/medical/dicom/current/output/chtml/part15/sect_A.5.2.html
    """

    uid: str
    instances: int = 0
    sop_classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """What isn't a resource that something was done to, such as an account or a message.

    It is identified as `urn:fhirserver:KIND|ID`; `told` is what was changed, by name.
    """

    kind: str
    id: str
    told: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """One request, sign-in or import.

    `recorded` is in milliseconds since 1970 UTC. `subtype` is the standard's name of the
    interaction, that of a sign-in, or one of codes.DICOM_EVENTS; `operation` an operation's name.
    `reason` says why it failed, as an issue code, without patient data. `query` is base64.
    """

    id: str
    recorded: int
    subtype: str
    action: Action
    caller: Caller
    outcome: Outcome = "0"
    reason: str | None = None
    operation: str | None = None
    request_id: str | None = None
    touched: tuple[Touched, ...] = ()
    patients: tuple[str, ...] = ()
    query: str | None = None
    studies: tuple[DicomStudy, ...] = ()
    subjects: tuple[Subject, ...] = ()
