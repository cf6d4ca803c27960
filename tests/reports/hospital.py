"""A month in a small hospital, January 1987: few stays, so that every figure can be worked out.

Ward A has two beds in one room and one that is closed, ward B one bed. All times are UTC.
"""

from __future__ import annotations

from typing import Any

Resource = dict[str, Any]
HL7 = "http://terminology.hl7.org/CodeSystem/"
START, END = "1987-01-01", "1987-01-31"
P = "met87"
"""All ids begin with it."""


def coded(system: str, code: str) -> Resource:
    return {"coding": [{"system": HL7 + system, "code": code}]}


def to(kind: str, name: str) -> Resource:
    return {"reference": f"{kind}/{P}{name}"}


def at(text: str | None) -> str | None:
    """`01-05 22:00` in 1987; `86:12-30 10:00` in another year."""
    if text is None:
        return None
    year, _, rest = text.rpartition(":") if text[2] == ":" else ("", "", text)
    if text[2] == ":":
        year, rest = text[:2], text[3:]
    day, time = rest.split(" ")
    return f"19{year or 87}-{day}T{time}:00Z"


def span(start: str | None, end: str | None) -> Resource:
    return {k: at(v) for k, v in (("start", start), ("end", end)) if v}


def place(name: str, kind: str, above: str | None = None, **more: Any) -> Resource:
    made = {
        "resourceType": "Location", "id": P + name, "status": "active", "name": f"Place {name}",
        "physicalType": coded("location-physical-type", kind), **more,
    }  # fmt: skip
    return made | ({"partOf": to("Location", above)} if above else {})


def stay(
    name: str, patient: str, start: str, end: str | None, *wards: tuple[str, str | None, str | None],
    who: str | None = "doc1", status: str = "finished", kind: str = "IMP",
    urgency: str = "EM", disposition: str | None = "home", **more: Any,
) -> Resource:  # fmt: skip
    made: Resource = {
        "resourceType": "Encounter", "id": P + name, "status": status,
        "class": {"system": HL7 + "v3-ActCode", "code": kind},
        "subject": to("Patient", patient), "period": span(start, end),
        "priority": coded("v3-ActPriority", urgency),
        "location": [
            {"location": to("Location", where), "status": "completed",
             **({"period": span(a, b)} if a or b else {})}
            for where, a, b in wards
        ],
        **more,
    }  # fmt: skip
    if not wards:
        del made["location"]
    if who:
        made["participant"] = [
            {"type": [coded("v3-ParticipationType", "ATND")], "individual": to("Practitioner", who)}
        ]
    if disposition and end:
        made["hospitalization"] = {
            "dischargeDisposition": coded("discharge-disposition", disposition)
        }
    return made


def people() -> list[Resource]:
    patients = [{"resourceType": "Patient", "id": f"{P}p{n}"} for n in range(1, 9)]
    doctors = [
        {
            "resourceType": "Practitioner",
            "id": P + d,
            "name": [{"prefix": ["Dr"], "family": d.title()}],
        }
        for d in ("doc1", "doc2")
    ]
    return [*patients, *doctors]


def places() -> list[Resource]:
    return [
        place("site", "si"),
        place("A", "wa", "site"),
        place("A1", "ro", "A"),
        place("A1a", "bd", "A1"),
        place("A1b", "bd", "A1"),
        place("A1c", "bd", "A1", operationalStatus={"system": HL7 + "v2-0116", "code": "C"}),
        place("B", "wa", "site"),
        place("Ba", "bd", "B"),
        place("clinic", "ro", "site"),
    ]


def stays() -> list[Resource]:
    return [
        # Over midnight: 5 January 22:00 to 6 January 10:00, half a day.
        stay("e1", "p1", "01-05 22:00", "01-06 10:00", ("A1a", None, None)),
        # Over the beginning of the month, with ward and bed on record at the same time.
        stay("e2", "p2", "86:12-30 12:00", "01-02 12:00", ("A", None, None), ("A1a", None, None)),
        # Over its end; moved from A to B on the 30th at noon; another attending.
        stay(
            "e3",
            "p3",
            "01-29 12:00",
            "02-03 12:00",
            ("A1b", "01-29 12:00", "01-30 12:00"),
            ("Ba", "01-30 12:00", "02-03 12:00"),
            who="doc2",
        ),
        # Comes back unplanned after 9 days: e1's patient.
        stay("e4", "p1", "01-15 10:00", "01-17 10:00", ("Ba", None, None), who="doc2"),
        # Planned readmission of the same, 5 days after e4.
        stay("e5", "p1", "01-22 10:00", "01-23 10:00", ("A1a", None, None), urgency="EL"),
        # Dies.
        stay("e6", "p4", "01-10 00:00", "01-13 00:00", ("A1a", None, None), disposition="exp"),
        # None of these is a stay.
        stay("e7", "p5", "01-12 08:00", None, ("A1b", None, None), status="cancelled"),
        stay("e8", "p5", "01-12 08:00", None, status="planned"),
        stay("e9", "p5", "01-12 08:00", "01-12 09:00", kind="AMB", status="finished"),
        stay("e10", "p5", "01-12 08:00", "01-13 08:00", status="entered-in-error"),
        # Back exactly 30 days after e6... is impossible; e11 returns 31 days after e2.
        stay("e11", "p2", "02-02 13:00", "02-04 13:00", ("A1b", None, None)),
    ]


def bundle() -> Resource:
    return a_transaction([*people(), *places(), *stays(), *orders(), *visits()])


def a_transaction(resources: list[Resource]) -> Resource:
    entries = [
        {"resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}}
        for r in resources
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def order(
    name: str, encounter: str | None, ordered: str, who: str = "doc1", **more: Any
) -> Resource:
    made = {
        "resourceType": "ServiceRequest", "id": P + name, "status": "completed", "intent": "order",
        "category": [{"coding": [{"system": "http://snomed.info/sct", "code": "108252007"}]}],
        "code": {"text": "Potassium"}, "subject": to("Patient", "p1"), "authoredOn": at(ordered),
        "requester": to("Practitioner", who), **more,
    }  # fmt: skip
    return made | ({"encounter": to("Encounter", encounter)} if encounter else {})


def result(name: str, of: str, issued: str, status: str = "final") -> Resource:
    return {
        "resourceType": "DiagnosticReport", "id": P + name, "status": status,
        "code": {"text": "Potassium"}, "subject": to("Patient", "p1"),
        "basedOn": [to("ServiceRequest", of)], "issued": at(issued),
    }  # fmt: skip


def prescription(name: str, ordered: str, encounter: str | None = None, who: str = "doc1",
                 **more: Any) -> Resource:  # fmt: skip
    made = {
        "resourceType": "MedicationRequest", "id": P + name, "status": "active",
        "intent": "order", "medicationCodeableConcept": {"text": "Paracetamol"},
        "subject": to("Patient", "p1"), "authoredOn": at(ordered),
        "requester": to("Practitioner", who), **more,
    }  # fmt: skip
    return made | ({"encounter": to("Encounter", encounter)} if encounter else {})


def orders() -> list[Resource]:
    return [
        order("o1", "e1", "01-05 23:00"),
        result("r1a", "o1", "01-05 23:10", "preliminary"),
        result("r1b", "o1", "01-05 23:30"),
        result("r1c", "o1", "01-06 09:00", "amended"),
        # In ward B by then; over midnight.
        order("o2", "e3", "01-30 23:30", "doc2"),
        result("r2", "o2", "01-31 01:00"),
        # First reported before the month, amended in it: not of this month.
        order("o3", None, "86:12-31 20:00"),
        result("r3a", "o3", "86:12-31 21:00"),
        result("r3b", "o3", "01-01 08:00", "amended"),
        # Ordered before the month, reported in it.
        order("o4", None, "86:12-31 23:00"),
        result("r4", "o4", "01-01 02:00"),
        # Cancelled.
        order("o5", "e1", "01-05 23:00", status="revoked"),
        result("r5", "o5", "01-05 23:05"),
        prescription("m1", "01-05 23:00", "e1"),
        prescription("m2", "01-31 23:59", "e3", "doc2", status="completed"),
        prescription("m3", "02-01 00:00", "e3", "doc2"),
        prescription("m4", "01-05 23:00", "e1", status="cancelled"),
        prescription("m5", "01-05 23:00", "e1", status="draft"),
        prescription("m6", "01-05 23:00", "e1", intent="plan"),
        prescription("m7", "01-20 12:00"),
        alert("t1", "01-05 23:00", "e1", executionPeriod=span("01-05 23:00", "01-05 23:12")),
        alert("t2", "01-10 10:00", "e6", status="accepted", lastModified=at("01-10 10:02")),
        alert("t3", "01-11 10:00", "e6", status="requested", lastModified=at("01-11 10:30")),
        alert("t4", "01-11 10:00", "e6", code={"coding": [{"code": "something-else"}]}),
    ]


def alert(name: str, raised: str, encounter: str, **more: Any) -> Resource:
    return {
        "resourceType": "Task", "id": P + name, "status": "completed", "intent": "order",
        "code": {"coding": [{"system": "https://fhirserver.example/CodeSystem/task-code",
                             "code": "acknowledge-alert"}]},
        "for": to("Patient", "p1"), "encounter": to("Encounter", encounter),
        "authoredOn": at(raised), "owner": to("Practitioner", "doc1"), **more,
    }  # fmt: skip


def visits() -> list[Resource]:
    kept = ["fulfilled", "arrived", "checked-in"]
    made = [appointment(f"a{n}", s, f"01-0{n} 09:00") for n, s in enumerate(kept, 1)]
    return [
        *made,
        appointment("a4", "noshow", "01-31 23:30", "doc2"),
        appointment("a5", "cancelled", "01-08 09:00"),
        appointment("a6", "booked", "01-09 09:00"),
        appointment("a7", "noshow", "02-01 00:00"),
        visit("v1", "01-03 09:00", "01-03 09:20", "01-03 10:00"),
        visit("v2", "01-03 23:50", "01-04 00:30", "01-04 01:00", "doc2", first="triaged"),
        # Left before care began.
        visit("v3", "01-05 09:00", None, "01-05 11:00"),
        visit("v4", "01-06 09:00", "01-06 09:10", "01-06 10:00", status="cancelled"),
    ]


def appointment(name: str, status: str, start: str, who: str = "doc1") -> Resource:
    actors = [to("Patient", "p6"), to("Practitioner", who), to("Location", "Ba")]
    begin = str(at(start))
    return {
        "resourceType": "Appointment", "id": P + name, "status": status, "start": begin,
        "end": begin.replace(":00:00Z", ":20:00Z").replace(":30:00Z", ":50:00Z"),
        "participant": [{"actor": a, "status": "accepted"} for a in actors],
    }  # fmt: skip


def visit(name: str, arrived: str, seen: str | None, end: str, who: str = "doc1",
          first: str = "arrived", status: str = "finished") -> Resource:  # fmt: skip
    history = [{"status": first, "period": span(arrived, seen or end)}]
    if seen:
        history.append({"status": "in-progress", "period": span(seen, end)})
    return stay(name, "p7", arrived, end, ("A1", None, None), who=who, kind="EMER",
                status=status, statusHistory=history)  # fmt: skip
