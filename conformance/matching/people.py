"""The population: Synthea's patients with names as people have them, and others made of the same
names, so that nobody's name or day of birth is rare.
"""

from __future__ import annotations

import bz2
import copy
import json
import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

Person = dict[str, Any]

FOLDER: Final = Path(__file__).parents[3] / "shared" / "data" / "synthea"
MRN: Final = "http://hospital.smarthealthit.org"
SSN: Final = "http://hl7.org/fhir/sid/us-ssn"
_BEGINNING: Final = 200_000
"""Characters of a file; a Patient has some thousands."""
_DIGITS: Final = re.compile(r"\d+$")
_KEPT: Final = ("resourceType", "id", "name", "telecom", "gender", "birthDate", "address")


def synthea(folder: Path = FOLDER) -> list[Person]:
    """The patients, in the order of their files, with the MRN and the SSN as identifiers."""
    found = map(_patient, sorted(folder.glob("*.json.bz2")))
    return [_person(p) for p in found if p is not None]


def _patient(path: Path) -> Person | None:
    """The first resource of a Bundle, if it is a Patient: megabytes that follow aren't read."""
    with bz2.open(path, "rt", encoding="utf-8") as file:
        text = file.read(_BEGINNING)
    start = text.index("{", text.index('"resource"'))
    if not re.match(r'\{\s*"resourceType"\s*:\s*"Patient"', text[start:]):
        return None
    patient, _ = json.JSONDecoder().raw_decode(text, start)
    found: Person = patient
    return found


def _person(patient: Person) -> Person:
    made = {k: copy.deepcopy(patient[k]) for k in _KEPT if k in patient}
    made["name"] = [_name(n) for n in made["name"]]
    for address in made["address"]:
        address.pop("extension", None)
    wanted = {MRN, SSN}
    made["identifier"] = [
        {"system": i["system"], "value": i["value"]}
        for i in patient["identifier"]
        if i.get("system") in wanted
    ]
    return made


def _name(name: Person) -> Person:
    """Synthea puts numbers behind its names."""
    given = [_DIGITS.sub("", g) for g in name["given"]]
    return {"use": name["use"], "family": _DIGITS.sub("", name["family"]), "given": given}


def others(people: Sequence[Person], count: int, chance: random.Random) -> list[Person]:
    """Other people, with names, towns and days of birth of these, but not of one of them."""
    made = []
    for number in range(count):
        first, last, home, born = (chance.choice(people) for _ in range(4))
        person = {
            "resourceType": "Patient",
            "id": f"other-{number}",
            "name": [{"family": last["name"][0]["family"], "given": first["name"][0]["given"]}],
            "gender": first["gender"],
            "birthDate": born["birthDate"],
            "address": [at(home, chance)],
            "telecom": [phone(chance)],
            "identifier": numbers(chance),
        }
        made.append(person)
    return made


def at(home: Person, chance: random.Random) -> Person:
    """Another house in the same town."""
    own = dict(home["address"][0])
    street = own["line"][0].split(" ", 1)[-1]
    return {**own, "line": [f"{chance.randrange(1, 999)} {street[::-1].title()}"]}


def phone(chance: random.Random) -> Person:
    number = f"555-{chance.randrange(100, 999)}-{chance.randrange(1000, 9999)}"
    return {"system": "phone", "value": number, "use": "home"}


def numbers(chance: random.Random) -> list[Person]:
    social = f"998-{chance.randrange(10, 99)}-{chance.randrange(1000, 9999)}"
    return [
        {"system": MRN, "value": f"{chance.getrandbits(64):016x}"},
        {"system": SSN, "value": social},
    ]
