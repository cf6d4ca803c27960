"""Resources of the server under test that are known to be there: where queries take their values from."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from conformance.performance.checks import next_page
from conformance.performance.client import Target, query
from conformance.performance.drive import fetch

Resource = dict[str, Any]

# Kept in full, because queries are made of their values; of other types only the ids are kept.
KINDS: Final = (
    "Patient",
    "Observation",
    "Encounter",
    "Condition",
    "MedicationRequest",
    "Procedure",
)
PER_BUNDLE: Final = 40
_REFERRING: Final = ("subject", "patient", "encounter")


class NothingSuitable(Exception):
    """The sample has no resource with what a query needs."""


@dataclass(slots=True)
class Sample:
    """Ids as `Type/id`, some resources in full, and how many of a type a patient has at least."""

    ids: list[str] = field(default_factory=list)
    resources: dict[str, list[Resource]] = field(default_factory=dict)
    at_least: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, resource: Resource) -> None:
        self.resources.setdefault(resource["resourceType"], []).append(resource)

    def pick(
        self, rng: random.Random, kind: str, suits: Callable[[Resource], Any] = bool
    ) -> Resource:
        """A random resource of the type that suits."""
        candidates = self.resources.get(kind, ())
        for _ in range(2000 if candidates else 0):
            candidate = rng.choice(candidates)
            if suits(candidate):
                return candidate
        raise NothingSuitable(kind)


class Reservoir:
    """A uniform random choice of the imported bundles, however many come (algorithm R)."""

    def __init__(self, size: int, rng: random.Random) -> None:
        self.size = size
        self.rng = rng
        self.seen = 0
        self.kept: list[tuple[Path, list[str]]] = []

    def offer(self, path: Path, locations: list[str]) -> None:
        """Perhaps keep a bundle that was imported, with the `Type/id` each entry was given."""
        self.seen += 1
        if len(self.kept) < self.size:
            self.kept.append((path, locations))
        elif (place := self.rng.randrange(self.seen)) < self.size:
            self.kept[place] = (path, locations)

    def sample(self) -> Sample:
        sample = Sample()
        for path, locations in self.kept:
            entries = msgspec.json.decode(path.read_bytes())["entry"]
            add_bundle(sample, entries, locations, self.rng)
        return sample


def add_bundle(
    sample: Sample, entries: Sequence[Resource], locations: Sequence[str], rng: random.Random
) -> None:
    """Take in a transaction's resources under the ids that the server gave them."""
    names = {entry.get("fullUrl"): name for entry, name in zip(entries, locations, strict=True)}
    sample.ids.extend(locations)
    by_kind: dict[str, list[Resource]] = {}
    for entry, name in zip(entries, locations, strict=True):
        resource = entry["resource"]
        patient = _renamed(resource, "subject", names) or _renamed(resource, "patient", names)
        sample.at_least[patient, resource["resourceType"]] += 1
        if resource["resourceType"] in KINDS:
            by_kind.setdefault(resource["resourceType"], []).append(resolved(resource, name, names))
    for resources in by_kind.values():
        for resource in rng.sample(resources, min(PER_BUNDLE, len(resources))):
            sample.add(resource)


def resolved(resource: Resource, name: str, names: Mapping[str | None, str]) -> Resource:
    """The resource as the server has it: with its id there and with its references to other entries resolved."""
    links = {f: {"reference": n} for f in _REFERRING if (n := _renamed(resource, f, names))}
    return resource | links | {"id": name.partition("/")[2]}


def _renamed(resource: Resource, name: str, names: Mapping[str | None, str]) -> str:
    holder = resource.get(name)
    reference = holder.get("reference", "") if isinstance(holder, dict) else ""
    return names.get(reference, reference)


def from_server(
    target: Target, rng: random.Random, *, patients: int = 120, pages: int = 10
) -> Sample:
    """A sample drawn by asking, for a server that was filled in another run."""
    sample = Sample()
    found: list[Resource] = []
    link: str | None = query("Patient", ("_count", "200"))
    for _ in range(pages):
        if link is None:
            break
        page, link = _page(target, link)
        found += page
    for patient in rng.sample(found, min(patients, len(found))):
        sample.add(patient)
        name = f"Patient/{patient['id']}"
        sample.ids.append(name)
        for kind in KINDS[1:]:
            resources, _ = _page(target, query(kind, ("patient", name), ("_count", "100")))
            _add(sample, name, resources)
    return sample


def _add(sample: Sample, patient: str, resources: Iterable[Resource]) -> None:
    for resource in resources:
        sample.add(resource)
        sample.ids.append(f"{resource['resourceType']}/{resource['id']}")
        sample.at_least[patient, resource["resourceType"]] += 1


def _page(target: Target, path: str) -> tuple[list[Resource], str | None]:
    response = fetch(target, "GET", path)
    if response.status != 200:
        raise RuntimeError(
            f"can't sample: GET {path.partition('?')[0]} gives status {response.status}"
        )
    entries = msgspec.json.decode(response.body).get("entry", ())
    matches = [
        e["resource"] for e in entries if e.get("search", {}).get("mode", "match") == "match"
    ]
    link = next_page(response)
    return matches, target.same_server(link) if link else None
