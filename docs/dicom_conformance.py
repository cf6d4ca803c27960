"""The DICOM conformance statement (PS3.2), written from what is registered.

A page of `python -m docs.reference`; tests/dicom_gateway/dimse/test_conformance.py opens an
association for what it promises.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import ModuleType
from typing import Final

from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.uid import UID

from dicom_gateway.datasets import IMPLEMENTATION, IMPLEMENTATION_VERSION
from dicom_gateway.deidentifying import Dates, Options
from dicom_gateway.deidentifying.marks import METHOD
from dicom_gateway.dimse import pdus, services, storage_classes, sub_operations
from dicom_gateway.dimse.service import Service
from dicom_gateway.dimse.service import services as registered
from dicom_gateway.dimse.services import find, move, procedure_steps, worklist
from dicom_gateway.mapping import procedure_steps as performed
from dicom_gateway.mapping import scheduled_steps
from dicom_gateway.mapping import worklist as worklist_items
from dicom_gateway.matching.ranges import RANGED
from dicom_gateway.matching.wildcards import ALLOWED
from dicom_gateway.querying import encoding
from dicom_gateway.querying.rows import COUNTED
from dicom_gateway.querying.wanted import COLUMN, UIDS
from dicom_gateway.querying.worklist import MOST
from docs import dicomweb_conformance as web
from fhirserver.registry import discover
from fhirserver.settings import Settings

discover(services)

_LEVELS: Final[Mapping[str, str]] = {
    "0010": "patient",
    "0020000D": "study",
    "00200010": "study",
    "00080020": "study",
    "00080030": "study",
    "00080050": "study",
    "00081030": "study",
    "00080090": "study",
    "00080061": "study",
    "00080062": "study",
    "00080016": "image",
    "00080018": "image",
    "00200013": "image",
}
_STATUSES: Final = (
    ("C-FIND", find.PENDING, "a match; all keys were compared"),
    ("C-FIND", find.PENDING_WITHOUT_SOME_KEYS, "a match; some keys aren't compared at this level"),
    ("C-FIND", find.SUCCESS, "there are no more"),
    ("C-FIND", find.CANCEL, "cancelled"),
    ("C-FIND", find.OUT_OF_RESOURCES, f"more than {find.MOST} matches: the rest isn't sent"),
    ("C-FIND", find.MISMATCH, "the level is none of the model's, or a unique key above is missing"),
    ("C-FIND", find.UNABLE, "the identifier, or a date or time in it, can't be read"),
    ("C-FIND of worklists", worklist.OUT_OF_RESOURCES, "too many steps; ask with more keys"),
    ("C-GET, C-MOVE", sub_operations.PENDING, "an instance has been sent, or couldn't be"),
    ("C-GET, C-MOVE", sub_operations.SUCCESS, "all were sent"),
    ("C-GET, C-MOVE", sub_operations.SOME_FAILED, "some failed: Failed SOP Instance UID List"),
    ("C-GET, C-MOVE", sub_operations.UNABLE_TO_SEND, "all failed"),
    ("C-GET, C-MOVE", sub_operations.MISMATCH, "a unique key is missing or isn't single"),
    ("C-GET, C-MOVE", sub_operations.CANCEL, "cancelled; the counts say how far it was"),
    ("C-MOVE", move.UNKNOWN_DESTINATION, "the destination isn't an Endpoint here"),
    ("N-CREATE, N-SET", procedure_steps.MISSING_ATTRIBUTE, "a mandatory attribute is missing"),
    ("N-CREATE, N-SET", procedure_steps.MISSING_VALUE, "a mandatory attribute is empty"),
    ("N-CREATE, N-SET", procedure_steps.INVALID_VALUE, "a status that can't be given there"),
    ("N-CREATE", procedure_steps.DUPLICATE, "there is a step with this UID"),
    ("N-SET", procedure_steps.NO_SUCH_INSTANCE, "there is no step with this UID"),
    (
        "N-SET",
        procedure_steps.PROCESSING_FAILURE,
        "the step is completed or discontinued (Error ID A710H)",
    ),
)  # fmt: skip


def page() -> str:
    """The whole statement."""
    parts = (
        _overview(), _networking(), _contexts(), _storage(), _queries(), _worklist(), _steps(),
        _status_table(), web.chapter(), _charsets(), _deidentification(), _deviations(),
    )  # fmt: skip
    return "# DICOM conformance statement\n\n" + "\n".join(parts)


def _overview() -> str:
    lines = [
        "Written from the code by `python -m docs.reference`, after the order of PS3.2. Tests open "
        "an association for each SOP class and transfer syntax and compare what they get.\n",
        "## Overview\n",
        "What is stored stays bit by bit as it came: datasets are never rewritten or coerced "
        "(bit-preserving, level 2); only the head of the file (group 0002) is ours. Success is "
        "answered when the file is on the disk and the record is committed.\n",
        "| Network service | SOP class | as SCU | as SCP |",
        "| --- | --- | --- | --- |",
    ]
    for uid, operations in _by_class().items():
        names = ", ".join(sorted(operations))
        scu = "yes" if names == "C-ECHO" else "no"
        lines.append(f"| {names} | {UID(uid).name} | {scu} | yes |")
    lines.append(
        f"| C-STORE | {len(storage_classes.REGISTERED)} storage classes, later and private ones "
        "| yes, for C-GET, C-MOVE | yes |"
    )
    return "\n".join(lines) + "\n"


def _networking() -> str:
    defaults = {f.name: f.default for f in dataclasses.fields(Settings)}
    rows = {
        "AE title": f"`{defaults['dicom_ae_title']}` (`FHIRSERVER_DICOM_AE_TITLE`), also as SCU",
        "Port": f"{defaults['dicom_port']}, with TLS where a certificate is set",
        "Implementation class UID, version": f"`{IMPLEMENTATION}`, `{IMPLEMENTATION_VERSION}`",
        "Application context": "1.2.840.10008.3.1.1.1",
        "Largest PDU that is received": f"{pdus.LARGEST} bytes",
        "Associations at once": f"{defaults['dicom_max_associations']}, of one peer "
        f"{defaults['dicom_max_associations_per_peer']}",
        "Asynchronous operations": "none: one at a time",
        "Calling AE titles": "those of Endpoints (`dicom-peer`); an address and a certificate may "
        "be demanded. Others are rejected: calling AE title not recognized",
        "ARTIM, network, idle timer": ", ".join(
            f"{defaults[n]:g} s"
            for n in ("dicom_artim_seconds", "dicom_network_seconds", "dicom_idle_seconds")
        ),
        "Role selection": "as SCP of storage for who calls C-GET; as SCU that reports commitment",
        "Time zone": "of the peer's entry, else of the site; Timezone Offset From UTC is minded "
        "where zone adjustment was negotiated",
    }
    table = "".join(f"| {name} | {value} |\n" for name, value in rows.items())
    return f"## Networking\n\n| | |\n| --- | --- |\n{table}"


def _contexts() -> str:
    lines = [
        "## Presentation contexts\n",
        "Of the transfer syntaxes of a context the first proposed one that is listed is taken. A "
        "context is accepted from who may use it: see `may` of the peer's Endpoint.\n",
        "| Operation | Abstract syntax | UID | Transfer syntaxes | `may` | Extended negotiation |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for (operation, uid), service in sorted(registered.items(), key=lambda i: (i[0][1], i[0][0])):
        syntaxes = ", ".join(UID(t).name for t in service.transfer_syntaxes)
        lines.append(
            f"| {operation} | {UID(uid).name} | {uid} | {syntaxes} | {service.may or 'all'} "
            f"| {_extended(operation, service)} |"
        )
    return "\n".join(lines) + "\n"


def _extended(operation: str, service: Service) -> str:
    if service.extended is None:
        return ""
    names: tuple[str, ...] = ("relational retrieval", "enhanced multi-frame conversion")
    if operation == "C-FIND":
        names = ("relational queries", "combined dates and times", "fuzzy names",
                 "zone adjustment", "enhanced multi-frame conversion")  # fmt: skip
    agreed = service.extended(bytes([1] * len(names)))
    return ", ".join(name for name, byte in zip(names, agreed, strict=True) if byte)


def _storage() -> str:
    syntaxes = [f"| {UID(t).name} | {t} |" for t in storage_classes.TRANSFER_SYNTAXES]
    classes = [
        f"| {UID(u).name} | {u} |" for u in sorted(storage_classes.REGISTERED, key=_in_order)
    ]
    return "\n".join(
        [
            "## Storage\n",
            "Every storage class below is accepted in every transfer syntax below, those of later "
            "editions and of vendors, too, with whatever transfer syntax they come. The same "
            "instance again is answered with success and kept once; another dataset under the same "
            "UID is kept beside the first, which stays the one that is shown, until somebody "
            "decides.\n",
            "### Transfer syntaxes\n",
            "| Name | UID |\n| --- | --- |",
            *syntaxes,
            "\n### SOP classes\n",
            "| Name | UID |\n| --- | --- |",
            *classes,
            "",
        ]
    )


def _queries() -> str:
    lines = [
        "## Query and retrieve\n",
        "Names of people match without case, accents and width, by any of their component groups; "
        "everything else matches to the letter. Several values of a key are alternatives. Studies "
        "come newest first, series and instances by their numbers. A caller finds and gets the "
        "studies whose ImagingStudy they may read, within `sees` of their Endpoint; what is "
        "hidden is as if it weren't there.\n",
        "Any attribute of the level that is kept of an instance can be asked for; those that "
        "aren't known come back empty. The record has an index of these:\n",
        "| Attribute | Level | VR | Matching |",
        "| --- | --- | --- | --- |",
    ]
    for tag in sorted({**COLUMN, **UIDS}, key=lambda t: (_order(t), t)):
        vr = dictionary_VR(int(tag, 16))
        keyword = keyword_for_tag(int(tag, 16))
        lines.append(f"| {keyword} ({tag[:4]},{tag[4:]}) | {_level(tag)} | {vr} | {_kinds(vr)} |")
    counts = ", ".join(keyword_for_tag(int(tag, 16)) for tag in sorted(COUNTED))
    lines += [
        f"\nCounts are answered and not compared: {counts}.\n",
        "C-MOVE sends to peers whose Endpoint has an address. An instance is sent as it is kept; "
        "to who doesn't take its transfer syntax but Explicit or Implicit VR Little Endian, it is "
        "sent decoded, if it can be; else its sub-operation has failed.\n",
    ]
    return "\n".join(lines)


def _worklist() -> str:
    return "\n".join(
        [
            "## Modality worklist\n",
            "Items are made when they are asked for, of ServiceRequests that are active and their "
            "Appointments (booked, arrived, checked-in), Tasks (`fulfill`), or own time. All keys "
            f"are compared, dates and times together; more than {MOST} steps are refused. "
            "Without a date all that is planned is looked at.\n",
            _table_of(worklist_items),
            "### Scheduled procedure steps\n",
            _table_of(scheduled_steps),
        ]
    )


def _steps() -> str:
    needed = ", ".join(keyword_for_tag(int(tag, 16)) for tag in performed.MANDATORY)
    return "\n".join(
        [
            "## Modality performed procedure steps\n",
            "N-CREATE begins a step with IN PROGRESS; N-SET changes, completes or discontinues it; "
            "after that it can't be changed. In the same transaction its Appointment becomes "
            "arrived and fulfilled, its Task in-progress, completed or failed; the ServiceRequest "
            "stays. A step that is completed or discontinued leaves the worklist, one that was "
            f"discontinued as a wrong entry ({performed.WRONG_ENTRY}, DCM) comes back. A step of "
            "another patient than the order's is kept without the order, its subject only named.\n",
            f"Mandatory in N-CREATE: {needed}, and Study Instance UID in each item of what was "
            "scheduled. When it ends: Performed Procedure Step End Date and Time, and when it is "
            "completed Performed Series Sequence.\n",
            _table_of(performed),
        ]
    )


def _status_table() -> str:
    rows = "".join(f"| {op} | {status:04X}H | {text} |\n" for op, status, text in _STATUSES)
    head = "## Statuses\n\n| Operation | Status | Meaning |\n| --- | --- | --- |\n"
    return head + rows


def _charsets() -> str:
    names = ", ".join(name for name in encoding.CODECS if name)
    return (
        "## Character sets\n\nAll of PS3.3 C.12.1.1.2 are read, with code extensions; what can't "
        "be read becomes U+FFFD, never an error. Answers are written in the character set of the "
        f"request where it is one of {names} and holds the answer, else in ISO_IR 192.\n"
    )


def _deidentification() -> str:
    codes = {
        code: meaning for dates in Dates for code, meaning in Options(dates, *[True] * 6).codes
    }
    rows = "".join(f"| {code} | {meaning} |\n" for code, meaning in sorted(codes.items()))
    return (
        "## De-identification\n\n`fhirserver dicom-export` de-identifies by PS3.15 "
        "annex E: the basic profile of edition 2026c, and these options, of which the ones "
        "that were asked for are named in De-identification Method Code Sequence (0012,0064). "
        f"De-identification Method (0012,0063) is `{METHOD}`. UIDs are replaced by ones under "
        "2.25, the same for all of a project. Pixels aren't cleaned, documents are refused.\n\n"
        f"| DCM | Profile or option |\n| --- | --- |\n{rows}"
    )


def _deviations() -> str:
    return (
        "## Not supported\n\nInstance Availability Notification, print, UPS by DIMSE, "
        "subscriptions to UPS, hanging protocol and colour palette queries, C-FIND of "
        "Patient/Study Only, N-GET of performed procedure steps, enhanced multi-frame conversion, "
        "SOP class common extended negotiation, "
        "user identity negotiation (peers are known by title, address and certificate).\n"
    )


def _table_of(module: ModuleType) -> str:
    """The table in the docstring of a mapping."""
    lines = [line for line in (module.__doc__ or "").splitlines() if line.startswith("|")]
    return "\n".join(lines).replace("|---|---|", "| --- | --- |") + "\n"


def _by_class() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for operation, uid in sorted(registered, key=lambda key: key[1]):
        found.setdefault(uid, set()).add(operation)
    return found


def _kinds(vr: str) -> str:
    if vr == "UI":
        return "single value, list of UID, universal"
    if vr in RANGED:
        return "single value, range, universal"
    if vr in ALLOWED:
        return "single value, wild card, universal"
    return "single value, universal"


def _level(tag: str) -> str:
    return _LEVELS.get(tag) or _LEVELS.get(tag[:4]) or "series"


def _order(tag: str) -> int:
    return ("patient", "study", "series", "image").index(_level(tag))


def _in_order(uid: str) -> tuple[int, ...]:
    return tuple(int(part) for part in uid.split("."))
