"""What stays, people, documents and the record of the message itself need."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

from fhirserver.model.resource import Resource
from hl7v2_gateway.mapping.drafts import Draft
from hl7v2_gateway.mapping.finishing.absent import UNKNOWN
from hl7v2_gateway.mapping.finishing.finishers import finishes


@finishes("Encounter")
def _encounter(draft: Draft) -> None:
    r = draft.resource
    r.setdefault(
        "class", {"system": "http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "code": "UNK"}
    )
    for place in r.get("location", ()):
        place.setdefault("location", dict(UNKNOWN))
    r["location"] = [p for p in r.get("location", ()) if p["location"] != UNKNOWN]
    r["diagnosis"] = [d for d in r.get("diagnosis", ()) if "condition" in d]


@finishes("Coverage")
def _coverage(draft: Draft) -> None:
    r = draft.resource
    r.setdefault("payor", [dict(UNKNOWN)])
    r["class"] = [c for c in r.get("class", ()) if "value" in c and "type" in c]


@finishes("Appointment")
def _appointment(draft: Draft) -> None:
    r = draft.resource
    listed = r.setdefault("participant", [])
    for p in listed:
        p.setdefault("status", "accepted")
    patient = draft.hints.get("patient")
    if isinstance(patient, Draft) and not any(d is patient for _, d in draft.links):
        listed.append({"actor": draft.refer(patient), "status": "accepted"})
    # Who is left out, because nothing is said of them, takes no part.
    nobody = [reference for reference, d in draft.links if d.hints.get("nothing")]
    listed = [p for p in listed if "type" in p or not any(p.get("actor") is n for n in nobody)]
    r["participant"] = [p for p in listed if p.keys() & {"actor", "type"}] or [
        {"type": [{"text": "unknown"}], "status": "needs-action"}
    ]
    start, minutes = r.get("start"), r.get("minutesDuration")
    if start and minutes and "end" not in r:
        r["end"] = (datetime.fromisoformat(start) + timedelta(minutes=minutes)).isoformat()
    if r.get("end") and not start:
        r.pop("end")
    if start and "end" not in r:
        # app-3: both or neither, unless proposed, cancelled or on the waiting list.
        r["end"] = start
    if not start and r["status"] not in ("proposed", "cancelled", "waitlist"):
        r["status"] = "proposed"
    if start and r["end"] < start:
        r["end"] = start


def _contents(items: list[Resource]) -> list[Resource]:
    """What TXA says of the content and what the OBX hold; lines of text are one text."""
    whole = [i for i in items if i.get("attachment", {}).keys() & {"data", "url"}]
    said = [i for i in items if i not in whole]
    text = [i for i in whole if i["attachment"].get("contentType") == "text/plain"]
    if len(text) > 1:
        lines = [base64.b64decode(i["attachment"]["data"]) for i in text]
        text[0]["attachment"]["data"] = base64.b64encode(b"\n".join(lines)).decode()
        whole = [i for i in whole if i not in text[1:]]
    for item in whole:
        for other in said:
            for name, value in other.get("attachment", {}).items():
                item["attachment"].setdefault(name, value)
    found = whole or said[:1] or [{}]
    for item in found:
        item.setdefault("attachment", dict(UNKNOWN))
    return found


@finishes("DocumentReference")
def _document(draft: Draft) -> None:
    r = draft.resource
    r["content"] = _contents(r.get("content", []))
    encounter = draft.hints.get("encounter")
    if isinstance(encounter, Draft):
        r.setdefault("context", {}).setdefault("encounter", [draft.refer(encounter)])


@finishes("Provenance")
def _provenance(draft: Draft) -> None:
    r = draft.resource
    r["agent"] = [a for a in r.get("agent", ()) if "who" in a]
    if not r["agent"]:
        draft.hints["gone"] = True


@finishes("MessageHeader")
def _header(draft: Draft) -> None:
    r = draft.resource
    source = r.setdefault("source", {})
    source.setdefault("endpoint", "urn:id:unknown")
    for d in r.get("destination", ()):
        d.setdefault("endpoint", "urn:id:unknown")
    if "response" in r and not {"code", "identifier"} <= r["response"].keys():
        del r["response"]


@finishes("Account")
def _account(draft: Draft) -> None:
    r = draft.resource
    r["guarantor"] = [g for g in r.get("guarantor", ()) if "party" in g]
    patient = draft.hints.get("patient")
    if isinstance(patient, Draft) and "subject" not in r:
        r["subject"] = [draft.refer(patient)]


@finishes("Patient")
def _patient(draft: Draft) -> None:
    r = draft.resource
    if "deceasedDateTime" in r:
        r.pop("deceasedBoolean", None)
    if "multipleBirthInteger" in r:
        r.pop("multipleBirthBoolean", None)
    # pat-1: a contact has a name, a number, an address or an organization.
    r["contact"] = [
        c for c in r.get("contact", ()) if c.keys() & {"name", "telecom", "address", "organization"}
    ]
    r["communication"] = [c for c in r.get("communication", ()) if "language" in c]
    r["link"] = [one for one in r.get("link", ()) if "other" in one]


@finishes("Device")
def _device(draft: Draft) -> None:
    r = draft.resource
    r["version"] = [v for v in r.get("version", ()) if v.get("value")]
    r["deviceName"] = [n for n in r.get("deviceName", ()) if n.get("name")]


@finishes("Organization")
def _organization(draft: Draft) -> None:
    if not draft.resource.get("name") and not draft.resource.get("identifier"):
        # org-1: a name or a number.
        draft.resource["_name"] = dict(UNKNOWN)
    for name in ("telecom", "address"):
        for item in draft.resource.get(name, ()):
            if item.get("use") == "home":
                # org-2, org-3: an organization has no home.
                del item["use"]
