"""Generates the snapshot of every published definition and compares it with the published one.

    .venv/bin/python -m conformance.snapshots.run             # the figures, and what is unexpected
    .venv/bin/python -m conformance.snapshots.run --verbose   # every difference

The definitions are those of HL7's package `hl7.fhir.r4.core` 4.0.1 (kept by the build) and of US Core
3.1.1 and 6.1.0 in `../shared/data/us-core`: all that have a differential and a snapshot. Compared are
the ids of the elements in their order and, for each, its cardinality, types with profiles, fixed and
pattern values, binding, slicing and the keys of its constraints. `expected_failures.json` gives a
reason for each definition that differs; a new difference and a new agreement both end the run with 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fhirserver.errors import FhirError
from fhirserver.model import package
from fhirserver.model.conformance import shipped
from fhirserver.model.resource import Resource
from fhirserver.model.snapshots import Snapshots

HERE = Path(__file__).parent
DATA = HERE.parents[2] / "shared" / "data" / "us-core"
EXPECTED = HERE / "expected_failures.json"
PACKAGES = {"us-core 3.1.1": "us_core_311.tgz", "us-core 6.1.0": "us_core_610.tgz"}


class Packaged:
    """The definitions of a package before those that are shipped."""

    def __init__(self, file: Path) -> None:
        found = package.resources(file, {"StructureDefinition"})
        self.definitions = {r["url"]: r for r in found}

    def find(self, resource_type: str, canonical: str) -> Resource | None:
        found = self.definitions.get(canonical.partition("|")[0])
        return found if found is not None else shipped().find(resource_type, canonical)

    def urls(self, resource_type: str) -> Iterator[str]:
        yield from self.definitions


@dataclass(frozen=True, slots=True)
class Case:
    """A published definition, and where those it builds on are found."""

    suite: str
    definition: Resource
    snapshots: Snapshots

    @property
    def name(self) -> str:
        return f"{self.suite}: {self.definition['id']}"


def cases() -> Iterator[Case]:
    """Every definition of the suites that are at hand."""
    core = Snapshots(shipped())
    for url in shipped().urls("StructureDefinition"):
        definition = shipped().find("StructureDefinition", url)
        assert definition is not None
        if _is_comparable(definition):
            yield Case("r4", definition, core)
    for suite, file in PACKAGES.items():
        if (DATA / file).exists():
            source = Packaged(DATA / file)
            snapshots = Snapshots(source)
            for definition in source.definitions.values():
                if _is_comparable(definition):
                    yield Case(suite, definition, snapshots)


def _is_comparable(definition: Resource) -> bool:
    return "differential" in definition and "snapshot" in definition


def _types(e: Resource) -> Any:
    return [
        (t.get("code"), t.get("profile"), sorted(t.get("targetProfile", ())))
        for t in e.get("type", ())
    ]


def _binding(e: Resource) -> Any:
    binding = e.get("binding")
    return binding and (binding.get("strength"), binding.get("valueSet"))


def _slicing(e: Resource) -> Any:
    slicing = e.get("slicing")
    if slicing is None:
        return None
    paths = [(d["type"], d["path"]) for d in slicing.get("discriminator", ())]
    return paths, slicing.get("rules"), slicing.get("ordered", False)


FACETS: dict[str, Callable[[Resource], Any]] = {
    "min": lambda e: e.get("min"),
    "max": lambda e: e.get("max"),
    "types": _types,
    # Newer publishers write the base's address before it.
    "contentReference": lambda e: e.get("contentReference", "").partition("#")[2],
    "fixed": lambda e: {k: v for k, v in e.items() if k.startswith("fixed")},
    "pattern": lambda e: {k: v for k, v in e.items() if k.startswith("pattern")},
    "binding": _binding,
    "slicing": _slicing,
    "sliceName": lambda e: e.get("sliceName"),
    "constraints": lambda e: sorted(c["key"] for c in e.get("constraint", ())),
    "base": lambda e: e.get("base"),
}


def differences(case: Case) -> Iterator[tuple[str, str]]:
    """What differs from the published snapshot: the facet and where."""
    bare = {k: v for k, v in case.definition.items() if k != "snapshot"}
    try:
        made = case.snapshots.generate(bare)
    except FhirError as error:
        yield "failed", str(error)
        return
    for problem in made.problems:
        yield "problem", problem
    ours = {e["id"]: e for e in made.resource["snapshot"]["element"]}
    theirs = {e["id"]: e for e in case.definition["snapshot"]["element"]}
    for id_ in theirs.keys() - ours.keys():
        yield "missing", id_
    for id_ in ours.keys() - theirs.keys():
        yield "extra", id_
    if ours.keys() == theirs.keys() and list(ours) != list(theirs):
        yield "order", next(a for a, b in zip(ours, theirs, strict=True) if a != b)
    for id_ in ours.keys() & theirs.keys():
        for facet, of in FACETS.items():
            mine, published = of(ours[id_]), of(theirs[id_])
            if mine != published:
                yield facet, f"{id_}: {mine} instead of {published}"


def main(arguments: list[str] | None = None) -> int:
    """Run the suite and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verbose", action="store_true", help="show every difference")
    options = parser.parse_args(arguments)
    expected = json.loads(EXPECTED.read_text())
    total: Counter[str] = Counter()
    equal: Counter[str] = Counter()
    elements: Counter[str] = Counter()
    facets: Counter[tuple[str, str]] = Counter()
    failed: dict[str, list[tuple[str, str]]] = {}
    for case in cases():
        total[case.suite] += 1
        elements[case.suite] += len(case.definition["snapshot"]["element"])
        found = list(differences(case))
        facets.update((case.suite, facet) for facet, _ in found)
        if found:
            failed[case.name] = found
        else:
            equal[case.suite] += 1
    for suite in total:
        counts = ", ".join(f"{f} {n}" for (s, f), n in sorted(facets.items()) if s == suite)
        print(
            f"{suite}: {equal[suite]} of {total[suite]} definitions equal, "
            f"{elements[suite]} elements; differences: {counts or 'none'}"
        )
    unexpected = sorted(failed.keys() - expected.keys())
    names = {n for n in expected if n.partition(":")[0] in total}
    agreed = sorted(names - failed.keys())
    for name in sorted(failed) if options.verbose else unexpected:
        for facet, where in failed[name]:
            print(f"  {name}: {facet}: {where[:300]}")
    for name in agreed:
        print(f"  {name} agrees now: take it out of {EXPECTED.name}")
    return 1 if unexpected or agreed else 0


if __name__ == "__main__":
    sys.exit(main())
