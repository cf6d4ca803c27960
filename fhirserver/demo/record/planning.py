"""CarePlans with their Goals, and the CareTeam behind them.

https://hl7.org/fhir/R4/careplan.html
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from fhirserver.demo.catalogue import table
from fhirserver.demo.fhir import LOINC, SNOMED, Resource, concept, hl7, present, quantity
from fhirserver.demo.moment import DAY, day, stamp
from fhirserver.demo.record.chart import Chart

CAREPLAN: Final = "http://hl7.org/fhir/us/core/CodeSystem/careplan-category"
ASSESS: Final = {"coding": [{"system": CAREPLAN, "code": "assess-plan"}]}
IN_PROGRESS: Final = hl7("goal-achievement", "in-progress", "In Progress")
LONG_TERM: Final = concept(LOINC, ["LA28865-6", "Longitudinal care-coordination focused care team"])


def team(chart: Chart, since: datetime) -> Resource:
    """The people who look after the patient over the years."""
    roles = (
        (chart.physician, "309343006", "Physician"),
        (chart.someone("nurse", "primary"), "224535009", "Registered nurse"),
        (chart.someone("pharmacist", "pharmacy"), "46255001", "Pharmacist"),
        (chart.subject, "116154003", "Patient"),
    )
    return chart.head("CareTeam") | {
        "status": "active",
        "category": [LONG_TERM],
        "name": f"Care team of {chart.person.name}",
        "subject": chart.subject,
        "period": {"start": stamp(since)},
        "participant": [
            {"role": [concept(SNOMED, (code, display))], "member": member}
            for member, code, display in roles
        ],
        "managingOrganization": [chart.house.departments["hospital"]],
    }


def plan(chart: Chart, key: str, since: datetime, *, team: Resource,
         addresses: list[Resource]) -> list[Resource]:  # fmt: skip
    """A plan and its goal."""
    of = table("plans")[key]
    goal = _goal(chart, of["goal"], since, addresses)
    care_plan = chart.head("CarePlan") | present({
        "status": "active",
        "intent": "plan",
        "category": [ASSESS, concept(SNOMED, of["category"])],
        "title": of["title"],
        "subject": chart.subject,
        "period": {"start": stamp(since)},
        "created": stamp(since),
        "author": chart.physician,
        "careTeam": [chart.ref(team)],
        "addresses": addresses,
        "goal": [chart.ref(goal)],
        "activity": [
            {"detail": {
                "code": concept(SNOMED, activity),
                "status": "in-progress",
                "location": chart.house.wards["clinic"],
                "description": f"{activity[1]}, reviewed at each visit.",
            }}
            for activity in of["activities"]
        ],
    })  # fmt: skip
    return [goal, care_plan]


def _goal(chart: Chart, of: Resource, since: datetime, addresses: list[Resource]) -> Resource:
    found = chart.head("Goal") | present({
        "lifecycleStatus": "active",
        "achievementStatus": IN_PROGRESS,
        "priority": hl7("goal-priority", "high-priority", "High Priority"),
        "description": {"text": of["text"]},
        "subject": chart.subject,
        "startDate": day(since),
        "expressedBy": chart.physician,
        "addresses": addresses,
    })  # fmt: skip
    bound = {end: quantity(*of[end]) for end in ("low", "high") if end in of}
    if "loinc" in of and bound:
        found["target"] = [{
            "measure": concept(LOINC, of["loinc"]),
            "detailRange": bound,
            "dueDate": day(since + DAY * 365),
        }]  # fmt: skip
    return found
