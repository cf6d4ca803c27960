"""What access policies cost: the same reads and searches by a system token and by a doctor's.

    python -m conformance.performance.policies --data-dir DIR

DIR is what a run of the bench has left (`--start --data-dir DIR --resources 200000 --only import`).
The doctor is made for the run, with a care team for each of a number of patients. The two take
turns, question by question, in one process and without a wire, so that company on the machine
slows both. Times include finding out whose token it is.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fhirserver import clock, embedded, ids
from fhirserver.access.principal import Principal
from fhirserver.access.scopes import scopes
from fhirserver.app import access_of, open_database, open_engine
from fhirserver.engine import Engine
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model import json
from fhirserver.settings import read as read_settings
from fhirserver.storage import migrate, tokens, users
from fhirserver.storage.database import Database
from fhirserver.web.authentication import Authenticator

LOADER: Final = Principal("bench", scopes("system/*.cruds"))
GOAL_READ_MS: Final = 0.3
GOAL_SEARCH_MS: Final = 3.0

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A request, under the name of its kind."""

    kind: str
    request: Callable[[Principal], FhirRequest]


def search(kind: str, resource_type: str, *pairs: tuple[str, str]) -> Question:
    """A search by type, with a page of 20."""
    query = (*pairs, ("_count", "20"))
    return Question(
        kind, lambda who: FhirRequest("search-type", who, type=resource_type, query=query)
    )


def read(resource_type: str, id_: str) -> Question:
    """A read by id."""
    return Question("read", lambda who: FhirRequest("read", who, type=resource_type, id=id_))


class World:
    """The stored data, and a doctor who looks after some of the patients."""

    def __init__(self, engine: Engine, database: Database, patients: int, rng: random.Random):
        self.engine = engine
        self.database = database
        self.rng = rng
        with_records = [
            row[0]
            for row in database.read(
                'SELECT p.id FROM resource."Patient" p JOIN (SELECT owner, count(*) AS n '
                'FROM resource."Observation" GROUP BY owner) o ON o.owner = p.self '
                "WHERE NOT p.deleted AND o.n > 20 ORDER BY p.id"
            )
        ]
        self.panel = rng.sample(with_records, min(patients, len(with_records)))

    def tokens(self) -> tuple[str, str]:
        """A system's token and the doctor's."""
        doctor = self._stored({"resourceType": "Practitioner", "active": True})
        for patient in self.panel:
            self._stored({
                "resourceType": "CareTeam",
                "status": "active",
                "subject": {"reference": f"Patient/{patient}"},
                "participant": [{"member": {"reference": f"Practitioner/{doctor}"}}],
            })  # fmt: skip
        user = users.add(
            self.database,
            f"bench-{ids.new()[:8]}",
            display="Bench",
            fhir_user=f"Practitioner/{doctor}",
            roles=["doctor"],
        )
        whole = {"subject": "bench", "scope": "system/*.cruds", "lifetime_seconds": 3600}
        own = whole | {"scope": "user/*.cruds", "user": user.id}
        return tokens.issue(self.database, **whole), tokens.issue(self.database, **own)  # type: ignore[arg-type]

    def _stored(self, resource: Any) -> str:
        kind = resource["resourceType"]
        answer = self.engine.handle(FhirRequest("create", LOADER, type=kind, body=resource))
        return str(json.parse_object(answer.content or b"{}")["id"])

    def questions(self) -> Iterator[Question]:
        """What a doctor asks all day, about patients in their care."""
        observations = self._observations()
        while True:
            patient = self.rng.choice(self.panel)
            seen = self.rng.choice(observations)
            code = seen["code"]["coding"][0]["code"]
            name = self._name(patient)
            yield read("Observation", seen["id"])
            yield read("Patient", patient)
            yield search("patient", "Observation", ("patient", patient), ("_sort", "-date"))
            yield search("patient+category", "Observation", ("patient", patient),
                         ("category", "laboratory"), ("_sort", "-date"))  # fmt: skip
            yield search("patient+code", "Observation", ("patient", patient), ("code", code))
            yield search("conditions", "Condition", ("patient", patient))
            yield search("medication", "MedicationRequest", ("patient", patient),
                         ("_include", "MedicationRequest:encounter"))  # fmt: skip
            yield search("encounters", "Encounter", ("patient", patient), ("_sort", "-date"))
            yield search("code", "Observation", ("code", code))
            yield search("code by date", "Observation", ("code", code), ("_sort", "-date"))
            yield search("name", "Patient", ("name", name))
            yield search("chain", "Observation", ("patient.family", name), ("code", code))
            yield search("reverse chain", "Patient", ("_has:Observation:patient:code", code))
            yield search("revinclude", "Patient", ("_id", patient),
                         ("_revinclude", "Condition:subject"))  # fmt: skip
            yield search("newest", "Observation")
            yield search("count", "Observation", ("code", code), ("_summary", "count"))

    def _observations(self) -> list[Any]:
        found = []
        for patient in self.panel:
            query = (("patient", patient), ("_count", "50"))
            asked = FhirRequest("search-type", LOADER, type="Observation", query=query)
            answer = json.parse_object(self.engine.handle(asked).content or b"{}")
            found += [e["resource"] for e in answer.get("entry", ())]
        return found

    def _name(self, patient: str) -> str:
        asked = FhirRequest("read", LOADER, type="Patient", id=patient)
        resource = json.parse_object(self.engine.handle(asked).content or b"{}")
        return str(resource["name"][0]["family"])


def measure(world: World, seconds: float) -> dict[str, tuple[list[float], list[float]]]:
    """Milliseconds by kind of question: a system's and the doctor's."""
    authenticator = Authenticator(world.database, access_of(world.engine))
    bearers = [f"Bearer {t}" for t in world.tokens()]
    found: dict[str, tuple[list[float], list[float]]] = {}
    ends = time.monotonic() + seconds
    for number, question in enumerate(world.questions()):
        if time.monotonic() > ends:
            return found
        taken = found.setdefault(question.kind, ([], []))
        for who in (0, 1) if number % 2 else (1, 0):
            start = time.perf_counter()
            principal = authenticator.principal(bearers[who])
            answer = world.engine.handle(question.request(principal))
            taken[who].append((time.perf_counter() - start) * 1000)
            assert answer.status == 200
    return found


def table(found: dict[str, tuple[list[float], list[float]]]) -> str:
    """The medians side by side, as Markdown."""
    lines = ["| question | system p50 ms | doctor p50 ms | more | n |", "|---|---|---|---|---|"]
    whole: tuple[list[float], list[float]] = ([], [])
    for kind, (one, other) in sorted(found.items()):
        lines.append(_line(kind, one, other))
        if kind != "read":
            whole[0].extend(one)
            whole[1].extend(other)
    return "\n".join([*lines, _line("**all searches**", *whole)])


def _line(kind: str, one: list[float], other: list[float]) -> str:
    a, b = statistics.median(one), statistics.median(other)
    return f"| {kind} | {a:.2f} | {b:.2f} | {b - a:+.2f} | {len(one)} |"


def main() -> None:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--patients", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with embedded.services(read_settings(data_dir=given.data_dir)) as served:
        assert served.database_url is not None
        migrate.upgrade(served.database_url)
        database = open_database(served)
        database.write("ANALYZE")
        engine = open_engine(served, database)
        world = World(engine, database, given.patients, random.Random(given.seed))
        found = measure(world, given.seconds)
        print(f"{clock.now():%Y-%m-%d}: {len(world.panel)} patients; asked at most "
              f"{GOAL_READ_MS} ms more for a read, {GOAL_SEARCH_MS} for a search")  # fmt: skip
        print(table(found))
        database.close()


if __name__ == "__main__":
    main()
