"""The principals of the suite: roles like those of a hospital, and rules made at random.

Each type is read and searched by the same rules, or only one of the two: what is hidden from a
caller is then the same whatever they ask, and can be taken out of a database.
"""

from __future__ import annotations

from random import Random
from typing import Any

from tests.security.noninterference.evaluator import Caller
from tests.security.noninterference.records import ACT_CODE, CONFIDENTIALITY, COUNTS, KINDS

Rule = dict[str, Any]
STAFF = ["Organization", "Practitioner", "Location"]
CLINICAL = ["Patient", "Encounter", "Condition", "Observation", "CareTeam", "DocumentReference",
            "Provenance", "Consent", "List", "Group"]  # fmt: skip
R, V = f"{CONFIDENTIALITY}|R", f"{CONFIDENTIALITY}|V"
PSY, HIV = f"{ACT_CODE}|PSY", f"{ACT_CODE}|HIV"
ALL = "cruds"


def permit(types: list[str], rights: str, **where: Any) -> Rule:
    return {"effect": "permit", "types": types, "rights": rights, "where": where or EVERYTHING}


def deny(types: list[str], rights: str, **where: Any) -> Rule:
    return {"effect": "deny", "types": types, "rights": rights, "where": where or EVERYTHING}


EVERYTHING = {"everything": True}
WITHHELD = deny(["*"], ALL, **{"consent denies": True})
UNSEEN = deny(["*"], ALL, labels=[V])

ROLES = [
    Caller(
        "patient",
        (
            permit([*CLINICAL, "Appointment"], "rs", own=True),
            permit(["Observation"], "c", own=True),
            permit(["Appointment"], "u", own=True),
            permit(STAFF, "rs"),
            UNSEEN,
        ),
        me=("Patient/pat1",),
        patient="pat1",
    ),
    Caller(
        "doctor",
        (
            permit(CLINICAL, ALL, care=["treatment"]),
            permit(["Appointment"], ALL, refers=["actor"], to="me"),
            permit(STAFF, "rs"),
            UNSEEN,
            deny(["*"], ALL, labels=[PSY]),
            WITHHELD,
        ),
        me=("Practitioner/pra1",),
        units=("Organization/org1",),
    ),
    Caller(
        "nurse",
        (
            permit(CLINICAL, "rs", care=["unit", "assigned"]),
            permit(["Observation"], "cud", care=["unit"]),
            permit(STAFF, "rs"),
            deny(["*"], ALL, labels=[R, V, HIV]),
        ),
        me=("Practitioner/pra2",),
        units=("Organization/org2", "Organization/org3"),
    ),
    Caller(
        "laboratory",
        (
            permit(["Observation"], ALL, search="status=final"),
            permit(["Patient"], "r", care=["assigned", "treatment", "unit"]),
            permit(["Practitioner"], "s"),
        ),
        me=("Practitioner/pra3",),
        units=("Organization/org4",),
    ),
    Caller(
        "reception",
        (
            permit(["Patient", "Appointment", "Location"], ALL),
            permit(["Encounter"], ALL, unit=True),
            deny(["Patient"], ALL, labels=[R, V]),
        ),
        me=("Practitioner/pra4",),
        units=("Organization/org5", "Organization/org1"),
    ),
    Caller(
        "system",
        (
            permit(["*"], "rs"),
            permit(["Observation"], "cud"),
            deny(["*"], ALL, labels=[R, V, PSY, HIV]),
            deny(["Observation"], ALL, search="status=amended"),
        ),
    ),
    Caller(
        "colleague",
        (
            permit(["DocumentReference", "Consent"], "rs", shared=True),
            permit(["CareTeam"], "rs", unowned=True),
            permit(STAFF, "rs"),
            deny(["*"], ALL, labels=[V]),
            WITHHELD,
        ),
        me=("Practitioner/pra5",),
    ),
    Caller("auditor", (permit(["Provenance", "Consent"], "rs"),)),
    Caller(
        "care units",
        (
            permit(["*"], ALL, any=[{"unit": True}, {"care": ["unit"]}]),
            permit(["Practitioner", "Organization"], "rs", unowned=True),
        ),
        units=("Organization/org2", "Organization/org6"),
    ),
]


def at_random(seed: int) -> Caller:
    """A caller with rules that nobody would write."""
    random = Random(seed)
    kinds = list(COUNTS)
    rules: list[Rule] = []
    for kind in random.sample(kinds, random.randint(6, len(kinds))):
        seen = random.choice(["rs", "rs", "rs", "rs", "r", "s"])
        changing = random.choice(["", "", "cud", "cud", "c", "u", "d"])
        for _ in range(random.randint(1, 2)):
            where = predicate(random, kind)
            rules.append(permit([kind], seen, **where))
            if changing:
                within = {"all": [where, predicate(random, kind)]}
                rules.append(permit([kind], changing, **random.choice([where, within])))
        if random.random() < 0.4:
            rules.append(deny([kind], ALL, **predicate(random, kind)))
    if random.random() < 0.5:
        rules.append(UNSEEN)
    if random.random() < 0.4:
        rules.append(WITHHELD)
    number = random.randint(0, 7)
    patient = f"pat{random.randint(0, 23)}"
    return Caller(
        f"random {seed}",
        tuple(rules),
        me=(f"Practitioner/pra{number}", f"Patient/{patient}"),
        units=tuple(f"Organization/org{n}" for n in random.sample(range(8), 2)),
        patient=patient,
    )


def predicate(random: Random, kind: str, depth: int = 0) -> dict[str, Any]:
    """One of the closed algebra, for rows of a type."""
    way = random.random()
    if depth < 2 and way < 0.3:
        parts = [predicate(random, kind, depth + 1) for _ in range(random.randint(1, 3))]
        return {random.choice(["all", "any"]): parts}
    if depth < 2 and way < 0.4:
        return {"not": predicate(random, kind, depth + 1)}
    return random.choice(
        [
            {"everything": True},
            {"own": True},
            {"self": True},
            {"care": random.sample(KINDS, random.randint(1, 2))},
            {"care": KINDS},
            {"unit": True},
            {"labels": random.sample([R, V, PSY, HIV], 2)},
            {"unowned": True},
            *([{"shared": True}] if kind in ("DocumentReference", "Consent") else []),
            {"ids": [f"{kind[:3].lower()}{n}" for n in random.sample(range(20), 8)]},
            *[{"search": s} for s in SEARCHES.get(kind, ())],
            *[{"refers": [c], "to": random.choice(["me", "units", "us"])}
              for c in REFERS.get(kind, ())],
        ]
    )  # fmt: skip


SEARCHES = {
    "Observation": ["status=final", "status:not=amended", "code=8480-6",
                    "code=http://loinc.org|A1c"],
    "Patient": ["gender=female", "gender:not=male"],
    "Encounter": ["status=finished", "class:not=x"],
    "Condition": ["clinical-status=active"],
}  # fmt: skip
REFERS = {
    "Observation": ["performer", "subject"],
    "Encounter": ["participant", "service-provider"],
    "Appointment": ["actor"],
    "CareTeam": ["participant"],
    "DocumentReference": ["author"],
    "Provenance": ["agent"],
    "Patient": ["general-practitioner"],
}
