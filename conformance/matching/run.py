"""How well `Patient/$match` finds people again, and whether it ever joins two.

    .venv/bin/python -m conformance.matching.run                # the tables
    .venv/bin/python -m conformance.matching.run --verbose      # also each miss

Synthea's patients and as many others as OTHERS says are stored. Then each comes again, with each
mistake of `mistakes.py`, with and without a number; and each is mistaken for each stranger of
`strangers.py`. All of it is the same in every run. The thresholds are those of README.md; one that
isn't met ends the run with status 1.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from conformance.matching.mistakes import MISTAKES
from conformance.matching.people import FOLDER, SSN, Person, others, synthea
from conformance.matching.strangers import STRANGERS
from conformance.search_examples.asking import Server, server

OTHERS: Final = 3_000
GRADE: Final = "http://hl7.org/fhir/StructureDefinition/match-grade"
_AT_ONCE: Final = 500

# What must hold: the share of all cases.
LEAST: Final = {
    "found": 0.999,
    "first": 0.995,
    "likely": 0.98,
    "certain": 0.70,
    "precision of likely": 0.98,
}


@dataclass(slots=True)
class Row:
    """What came of one kind of case."""

    cases: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def note(self, **said: bool) -> None:
        self.cases += 1
        self.counts.update(name for name, is_so in said.items() if is_so)


@dataclass(slots=True)
class Report:
    """Rows by kind, what was wrong, and how long an answer takes.

    `again` are cases of one person, `mistaken` of two.
    """

    people: int = 0
    again: dict[str, Row] = field(default_factory=dict)
    mistaken: dict[str, Row] = field(default_factory=dict)
    joined: list[str] = field(default_factory=list)
    misses: list[str] = field(default_factory=list)
    pairs: Counter[str] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)

    def share(self, name: str) -> float:
        """Of the cases of one person, those of which this is so."""
        rows = self.again.values()
        return sum(r.counts[name] for r in rows) / sum(r.cases for r in rows)

    @property
    def precision(self) -> float:
        """Of all pairs that are at least likely, those that are one person."""
        return self.pairs["right"] / (self.pairs["right"] + self.pairs["wrong"])

    @property
    def failures(self) -> list[str]:
        """The thresholds that aren't met."""
        found = [f"certain of two different people: {j}" for j in self.joined]
        figures = {n: self.share(n) for n in ("found", "first", "likely", "certain")}
        figures["precision of likely"] = self.precision
        return found + [
            f"{name}: {figures[name]:.3f}, which must be {least}"
            for name, least in LEAST.items()
            if figures[name] < least
        ]


@dataclass(frozen=True, slots=True)
class Match:
    id: str
    grade: str


def run(on: Server, *, most: int | None = None, strangers: int = OTHERS) -> Report:
    """Store everybody and ask; `most` limits how many of Synthea's people come again."""
    people = synthea()
    report = Report(len(people))
    _store(on, [*people, *others(people, strangers, random.Random(1))])
    for person in people[:most]:
        for name, act in MISTAKES.items():
            # Each case has chances of its own, so that a new kind changes no other.
            again = act(person, random.Random(f"{person['id']} {name}"))
            if again is not None:
                for kind, record in _with_and_without(name, again):
                    _again(on, report, kind, person, record)
        for name, act in STRANGERS.items():
            other = act(person, random.Random(f"{person['id']} {name}"))
            if other is not None:
                _mistaken(on, report, name, person, other)
    return report


def _store(on: Server, people: list[Person]) -> None:
    for start in range(0, len(people), _AT_ONCE):
        entries = [
            {"resource": p, "request": {"method": "PUT", "url": f"Patient/{p['id']}"}}
            for p in people[start : start + _AT_ONCE]
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        answer = on.client.post("/fhir", json=bundle)
        assert answer.status_code == 200, answer.text[:500]


def _with_and_without(name: str, record: Person) -> Iterator[tuple[str, Person]]:
    """The record with the national number alone, and with no number."""
    numbers = [i for i in record["identifier"] if i["system"] == SSN]
    yield f"{name}, with a number", {**record, "identifier": numbers}
    yield name, {k: v for k, v in record.items() if k != "identifier"}


def _asked(on: Server, report: Report, record: Person) -> list[Match]:
    given = [{"name": "resource", "resource": record}, {"name": "count", "valueInteger": 20}]
    began = time.perf_counter()
    answer = on.client.post(
        "/fhir/Patient/$match", json={"resourceType": "Parameters", "parameter": given}
    )
    report.milliseconds.append((time.perf_counter() - began) * 1000)
    assert answer.status_code == 200, answer.text[:500]
    return [
        Match(
            e["resource"]["id"],
            next(x["valueCode"] for x in e["search"]["extension"] if x["url"] == GRADE),
        )
        for e in answer.json.get("entry", ())
        if e["search"]["mode"] == "match"
    ]


def _again(on: Server, report: Report, kind: str, person: Person, record: Person) -> None:
    found = _asked(on, report, record)
    grade = next((m.grade for m in found if m.id == person["id"]), None)
    likely = grade in {"certain", "probable"}
    report.again.setdefault(kind, Row()).note(
        found=grade is not None,
        first=bool(found) and found[0].id == person["id"],
        likely=likely,
        certain=grade == "certain",
    )
    if not likely:
        report.misses.append(f"{kind}: {person['id']} is {grade}")
    report.pairs["right"] += likely
    _count_wrong(report, kind, person["id"], found)


def _mistaken(on: Server, report: Report, kind: str, person: Person, record: Person) -> None:
    found = _asked(on, report, record)
    grade = next((m.grade for m in found if m.id == person["id"]), None)
    report.mistaken.setdefault(kind, Row()).note(
        certain=grade == "certain",
        probable=grade == "probable",
        possible=grade == "possible",
    )
    if grade == "certain":
        report.joined.append(f"{kind}: {person['id']}")
    # A stranger made to be mistaken says nothing of how often that happens: not in `precision`.
    _count_wrong(report, kind, person["id"], found)


def _count_wrong(report: Report, kind: str, id_: str, found: list[Match]) -> None:
    """Others who are stored, and were taken for the one that is asked for."""
    others_found = [m for m in found if m.id != id_]
    report.pairs["wrong"] += sum(m.grade in {"certain", "probable"} for m in others_found)
    report.joined += [f"{kind}: {id_} and {m.id}" for m in others_found if m.grade == "certain"]


def show(report: Report, *, verbose: bool) -> None:
    print(f"{'one person again':62} cases  found  first likely certain")
    for kind, row in report.again.items():
        shares = (row.counts[n] / row.cases for n in ("found", "first", "likely", "certain"))
        print(f"{kind:62} {row.cases:5}", *(f"{s:6.1%}" for s in shares))
    print(f"\n{'somebody else':62} cases certain probable possible")
    for kind, row in report.mistaken.items():
        counts = (row.counts[n] for n in ("certain", "probable", "possible"))
        print(f"{kind:62} {row.cases:5}", *(f"{c:7}" for c in counts))
    times = sorted(report.milliseconds)
    names = ("found", "first", "likely", "certain")
    shares = ", ".join(f"{n} {report.share(n):.1%}" for n in names)
    print(f"\n{shares}; precision of likely {report.precision:.1%}")
    print(f"{len(times)} questions, {times[len(times) // 2]:.1f} ms in the middle, "
          f"{times[int(len(times) * 0.99)]:.1f} ms at 99 %")  # fmt: skip
    if verbose:
        print(*report.misses, sep="\n")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--verbose", action="store_true")
    chosen = parser.parse_args()
    if not FOLDER.is_dir():
        print(f"the Synthea data are not in {FOLDER}")
        return 2
    with server() as on:
        report = run(on)
    show(report, verbose=chosen.verbose)
    for failure in report.failures:
        print("FAILED", failure)
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
