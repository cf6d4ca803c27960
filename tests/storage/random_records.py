"""Small resources with random content from small pools, so that random searches find some."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.storage.plain_search import span

Resource = dict[str, Any]

COUNTS = {
    "Organization": 14, "Practitioner": 16, "Location": 20, "Patient": 60, "Group": 10,
    "Encounter": 45, "Condition": 40, "Observation": 90, "List": 12,
}  # fmt: skip
SYSTEMS = ["http://loinc.org", "http://snomed.info/sct", "urn:oid:1.2.3"]
CODES = ["8480-6", "8462-4", "29463-7", "K35", "A1c", "x"]
DISPLAYS = ["Blood pressure", "Body weight", "Größe", "blood sugar"]
FAMILIES = ["Lovelace", "lovelace", "Ångström", "O'Brien", "van den Berg", "Berg", "Zz", "李"]
GIVENS = ["Ada", "Augusta", "José", "Jose", "Anna Maria", "Bo"]
CITIES = ["Wien", "Graz", "St. Pölten", "Linz", "100%", "a_b"]
UNITS = [("http://unitsofmeasure.org", "kg", "kg"), ("http://unitsofmeasure.org", "mm[Hg]", "mmHg"),
         ("http://unitsofmeasure.org", "g", "g"), ("http://unitsofmeasure.org", "kPa", "kPa"),
         (None, None, "kg"), ("urn:own", "kg", "kilo")]  # fmt: skip
DATES = ["2019", "2020-02", "2020-02-29", "2020-02-29T23:30:00Z", "2020-03-01T00:15:00+01:00",
         "2020-03-01", "2021-07-01T12:00:00.500Z", "2021-07", "2021-12-31T23:59:59Z",
         "1950-05-05"]  # fmt: skip
BIRTHS = ["1950", "1950-05", "1950-05-05", "1980-01-31", "2001-12-31"]
NUMBERS = [
    "70",
    "70.0",
    "70.4",
    "120",
    "1.2e2",
    "5.40",
    "-3",
    "0.001",
    "99.5",
    "70000",
    "15.99864",
    "9.3",
]
PROFILES = ["http://acme.org/fhir/StructureDefinition/a", "http://acme.org/fhir/b", "urn:oid:1.2.3"]
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"


class Records:
    """Makes the resources, from one seed."""

    counts = COUNTS

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.ids = {t: [f"{t[:3].lower()}{n}" for n in range(c)] for t, c in self.counts.items()}

    def all(self) -> list[Resource]:
        return [self._one(kind, id_) for kind, ids in self.ids.items() for id_ in ids]

    def maybe(self, share: float = 0.5) -> bool:
        return self.random.random() < share

    def some(self, pool: list[Any], most: int = 2) -> list[Any]:
        return self.random.sample(pool, self.random.randint(1, min(most, len(pool))))

    def pick(self, pool: list[Any]) -> Any:
        return self.random.choice(pool)

    def _one(self, kind: str, id_: str) -> Resource:
        made = {"resourceType": kind, "id": id_, **getattr(self, kind.lower())()}
        meta: Resource = {}
        if self.maybe(0.3):
            meta["tag"] = [self.coding()]
        if self.maybe(0.2):
            meta["security"] = [self.coding()]
        if self.maybe(0.3):
            meta["profile"] = self.some(PROFILES)
        if self.maybe(0.2):
            meta["source"] = self.pick(PROFILES)
        return made | ({"meta": meta} if meta else {})

    def coding(self) -> Resource:
        made: Resource = {"code": self.pick(CODES)}
        if self.maybe(0.8):
            made["system"] = self.pick(SYSTEMS)
        if self.maybe(0.4):
            made["display"] = self.pick(DISPLAYS)
        return made

    def concept(self) -> Resource:
        made: Resource = {}
        if self.maybe(0.9):
            made["coding"] = [self.coding() for _ in range(self.random.randint(1, 2))]
        if not made or self.maybe(0.3):
            made["text"] = self.pick(DISPLAYS)
        return made

    def identifier(self) -> Resource:
        made: Resource = {"value": f"n{self.random.randint(1, 12)}"}
        if self.maybe(0.7):
            made["system"] = self.pick(SYSTEMS)
        if self.maybe(0.4):
            made["type"] = {"coding": [{"system": "http://v2", "code": self.pick(["MR", "SS"])}]}
            if self.maybe():
                made["type"]["text"] = self.pick(["Record", "record number"])
        return made

    def identifiers(self) -> Resource:
        return {"identifier": [self.identifier()]} if self.maybe(0.5) else {}

    def reference(self, *kinds: str) -> Resource:
        kind = self.pick(list(kinds))
        if self.maybe(0.06):
            return {"reference": f"http://elsewhere.org/fhir/{kind}/{self.pick(self.ids[kind])}"}
        if self.maybe(0.06):
            return {"identifier": self.identifier()}
        made: Resource = {"reference": f"{kind}/{self.pick(self.ids[kind])}"}
        return made | ({"identifier": self.identifier()} if self.maybe(0.1) else {})

    def quantity(self, *, comparator: bool = True) -> Resource:
        system, code, unit = self.pick(UNITS)
        made: Resource = {"value": self.pick(NUMBERS), "unit": unit}
        if code:
            made |= {"system": system, "code": code}
        if comparator and self.maybe(0.15):
            made["comparator"] = self.pick(["<", "<=", ">", ">="])
        return made

    def period(self) -> Resource:
        start, end = sorted([self.pick(DATES[:9]), self.pick(DATES[:9])], key=span)
        made = {"start": start, "end": end}
        if self.maybe(0.2):
            del made[self.pick(["start", "end"])]
        return made

    def names(self) -> list[Resource]:
        return [self._name() for _ in range(self.random.randint(1, 2))]

    def _name(self) -> Resource:
        made: Resource = {"family": self.pick(FAMILIES)}
        if self.maybe(0.8):
            made["given"] = self.some(GIVENS)
        if self.maybe(0.2):
            made["text"] = "Dr  " + made["family"]
        return made

    def organization(self) -> Resource:
        made: Resource = {"name": self.pick([*FAMILIES, *CITIES])} | self.identifiers()
        if self.maybe():
            made["active"] = self.maybe()
        if self.maybe(0.3):
            made["alias"] = self.some(CITIES)
        if self.maybe(0.6):
            made["partOf"] = self.reference("Organization")
        if self.maybe(0.4):
            made["type"] = [self.concept()]
        return made

    def practitioner(self) -> Resource:
        made: Resource = {"name": self.names()} | self.identifiers()
        if self.maybe():
            made["gender"] = self.pick(["male", "female"])
        if self.maybe():
            made["active"] = self.maybe()
        return made

    def location(self) -> Resource:
        made: Resource = {"name": self.pick(CITIES), "status": self.pick(["active", "inactive"])}
        if self.maybe(0.8):
            made["position"] = {
                "latitude": f"{48 + self.random.random():.4f}",
                "longitude": f"{self.pick([16, 179.6, -179.9]) + self.random.random() / 3:.4f}",
            }
        if self.maybe():
            made["managingOrganization"] = self.reference("Organization")
        if self.maybe():
            made["partOf"] = self.reference("Location")
        return made

    def patient(self) -> Resource:
        made: Resource = self.identifiers()
        if self.maybe(0.9):
            made["name"] = self.names()
        if self.maybe(0.8):
            made["gender"] = self.pick(["male", "female", "other"])
        if self.maybe(0.8):
            made["birthDate"] = self.pick(BIRTHS)
        if self.maybe(0.3):
            made["deceasedDateTime"] = self.pick(DATES)
        if self.maybe(0.6):
            made["active"] = self.maybe()
        if self.maybe():
            made["telecom"] = [{"system": "email", "value": f"p{self.random.randint(1, 5)}@a.at"}]
        if self.maybe():
            made["address"] = [{"city": self.pick(CITIES), "line": ["Ring 1"]}]
        if self.maybe(0.3):
            made["communication"] = [{"language": self.concept()}]
        if self.maybe(0.6):
            made["managingOrganization"] = self.reference("Organization")
        if self.maybe(0.6):
            made["generalPractitioner"] = [self.reference("Organization", "Practitioner")]
        if self.maybe(0.2):
            made["link"] = [{"type": "seealso", "other": self.reference("Patient")}]
        return made

    def group(self) -> Resource:
        # Only an actual group has members: invariant grp-1.
        made: Resource = {"type": "person", "actual": True} | self.identifiers()
        made["member"] = [{"entity": self.reference("Patient", "Practitioner", "Group")}
                          for _ in range(self.random.randint(1, 4))]  # fmt: skip
        if self.maybe():
            made["managingEntity"] = self.reference("Organization", "Practitioner")
        return made

    def encounter(self) -> Resource:
        made: Resource = {
            "status": self.pick(["planned", "in-progress", "finished"]),
            "class": self.coding(),
        }
        made |= self.identifiers()
        if self.maybe(0.8):
            made["period"] = self.period()
        if self.maybe(0.9):
            made["subject"] = self.reference("Patient", "Patient", "Patient", "Group")
        if self.maybe():
            made["serviceProvider"] = self.reference("Organization")
        if self.maybe():
            made["participant"] = [{"individual": self.reference("Practitioner")}]
        if self.maybe():
            made["location"] = [{"location": self.reference("Location")}]
        if self.maybe(0.3):
            made["partOf"] = self.reference("Encounter")
        if self.maybe(0.3):
            made["length"] = self.time("min", "h")
        if self.maybe(0.4):
            made["type"] = [self.concept()]
        return made

    def condition(self) -> Resource:
        made: Resource = {"subject": self.reference("Patient", "Patient", "Group")}
        if self.maybe(0.9):
            made["code"] = self.concept()
        if self.maybe():
            status = {"system": CLINICAL, "code": self.pick(["active", "resolved"])}
            made["clinicalStatus"] = {"coding": [status]}
        if self.maybe(0.3):
            made["severity"] = self.concept()
        if self.maybe(0.4):
            made["onsetDateTime"] = self.pick(DATES)
        elif self.maybe(0.4):
            made["onsetPeriod"] = self.period()
        elif self.maybe():
            made["onsetAge"] = self.time("a", "mo")
        if self.maybe(0.4):
            made["recordedDate"] = self.pick(DATES)
        if self.maybe():
            made["encounter"] = self.reference("Encounter")
        if self.maybe():
            made["asserter"] = self.reference("Patient", "Practitioner")
        return made

    def time(self, *units: str) -> Resource:
        """A Duration or an Age, which must be in UCUM: invariants drt-1 and age-1."""
        return {
            "value": self.random.randint(1, 90),
            "system": "http://unitsofmeasure.org",
            "code": self.pick(units),
        }

    def observation(self) -> Resource:
        made: Resource = {"status": self.pick(["final", "final", "final", "amended"])}
        made |= {"code": self.concept()} | self.identifiers()
        if self.maybe(0.9):
            made["subject"] = self.reference("Patient", "Patient", "Patient", "Group", "Location")
        if self.maybe(0.7):
            made["effectiveDateTime"] = self.pick(DATES)
        elif self.maybe(0.7):
            made["effectivePeriod"] = self.period()
        if self.maybe():
            made["category"] = [self.concept()]
        if self.maybe():
            made["encounter"] = self.reference("Encounter")
        if self.maybe(0.6):
            made["performer"] = [
                self.reference("Practitioner", "Organization", "Patient")
                for _ in range(self.random.randint(1, 2))
            ]
        if self.maybe():
            made["valueQuantity"] = self.quantity()
        elif self.maybe():
            made["valueCodeableConcept"] = self.concept()
        elif self.maybe():
            made["valueString"] = self.pick([*CITIES, *DISPLAYS])
        if self.maybe(0.4):
            made["component"] = [
                self._component(made["code"]) for _ in range(self.random.randint(1, 2))
            ]
        if self.maybe(0.2):
            made["hasMember"] = [self.reference("Observation")]
        return made

    def _component(self, of: Resource) -> Resource:
        """Of another code than the Observation, which has a value: invariant obs-7."""
        code = self.concept()
        while any(c in of.get("coding", ()) for c in code.get("coding", ())):
            code = self.concept()
        made: Resource = {"code": code}
        return made | ({"valueQuantity": self.quantity()} if self.maybe(0.8) else {})

    def list(self) -> Resource:
        made: Resource = {"status": "current", "mode": "working"}
        kinds = ["Patient", "Observation", "Condition", "Encounter", "Practitioner"]
        made["entry"] = [{"item": self.reference(*kinds)}
                         for _ in range(self.random.randint(1, 12))]  # fmt: skip
        if self.maybe():
            made["title"] = self.pick(DISPLAYS)
        if self.maybe():
            made["code"] = self.concept()
        if self.maybe():
            made["date"] = self.pick(DATES)
        if self.maybe():
            made["subject"] = self.reference("Patient", "Group")
        return made
