"""Makes the searches of the US Core test kits, 6.1.0 and 3.1.1, on Synthea's patients and US Core's examples.

    .venv/bin/python -m conformance.us_core_searches.run             # counts, and what fails
    .venv/bin/python -m conformance.us_core_searches.run --verbose   # also each form that was asked

The kit's metadata says which combinations of parameters each profile has, with which comparators,
lists of values, chains and includes. Values are taken from what is stored. What must be found is
worked out over all resources of the type by matching.py, which knows nothing of the server: the
answer has to be exactly that, by GET and by POST. `expected_failures.json` gives the reason for
each case that fails or has no data; a new failure and a new pass both end the run with status 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from conformance.us_core_searches import asking
from conformance.us_core_searches.asking import Condition, Question
from conformance.us_core_searches.filled import (
    PACKAGE,
    PATIENTS,
    Refused,
    Resource,
    Searching,
    server,
)
from conformance.us_core_searches.metadata import (
    FOLDER,
    VERSIONS,
    Group,
    Parameter,
    elements,
    groups,
    linked,
    needed,
)

EXPECTED: Final = Path(__file__).parent / "expected_failures.json"
SAMPLES: Final = 3
"""Resources, of different patients, whose values are asked for in each search."""


@dataclass(slots=True)
class Report:
    """What came of a run: by case, what was wrong with it, if anything."""

    samples: int
    cases: dict[str, str | None] = field(default_factory=dict)
    without_data: set[str] = field(default_factory=set)
    resources: int = 0

    def add(self, case: str, wrong: str | None) -> None:
        self.cases[case] = self.cases.get(case) or wrong

    @property
    def failed(self) -> dict[str, str]:
        found = {c: wrong for c, wrong in self.cases.items() if wrong}
        return found | dict.fromkeys(self.without_data, "no data")


class Stored:
    """What the server has, as far as the metadata looks at it."""

    def __init__(self, searching: Searching, found: Sequence[Group]) -> None:
        self.by_type = {t: searching.all(t, names) for t, names in needed(found).items()}
        self._by_patient: dict[str, dict[str, list[Resource]]] = {}
        self._of_patient = {
            g.resource: g.parameters["patient"] for g in found if "patient" in g.parameters
        }
        for resource_type in self._of_patient:
            kept = self._by_patient.setdefault(resource_type, defaultdict(list))
            for resource in self.by_type[resource_type]:
                kept[self.patient(resource_type, resource)].append(resource)

    def patient(self, resource_type: str, resource: Resource) -> str:
        """The id of the patient of a resource; its own where it has none."""
        parameter = self._of_patient.get(resource_type)
        for element in elements(resource, parameter.paths if parameter else ()):
            return str(element.get("reference", "")).split("/")[-1]
        return str(resource["id"])

    def matching(self, resource_type: str, question: Question) -> set[str]:
        """The ids of all that a question asks for."""
        candidates = self.by_type[resource_type]
        for condition in question.conditions:
            if condition.parameter.name == "patient":
                id_ = condition.values[0].split("/")[-1]
                candidates = self._by_patient[resource_type].get(id_, [])
        return {r["id"] for r in candidates if question.holds(r)}


def run(searching: Searching, found: Sequence[Group], *, samples: int = SAMPLES) -> Report:
    """Every search of these groups, with the values of so many resources of different patients."""
    stored = Stored(searching, found)
    report = Report(samples, resources=sum(map(len, stored.by_type.values())))
    for group in found:
        pool = list(_of_group(group, stored.by_type[group.resource]))
        for search in group.searches:
            _search(searching, stored, report, group, search, pool)
        if group.searches:
            _links(searching, stored, report, group, pool)
    return report


def _of_group(group: Group, resources: Iterable[Resource]) -> Iterator[Resource]:
    """The resources that the group's first search would find: they stand for its profile."""
    first = group.searches[0] if group.searches else ()
    conditions = [Condition(p, p.fixed) for p in (group.parameters[n] for n in first) if p.fixed]
    return (r for r in resources if all(c.holds(r) for c in conditions))


def _samples(
    stored: Stored, most: int, group: Group, search: Sequence[str], pool: Iterable[Resource]
) -> Iterator[tuple[Resource, Question]]:
    met: set[str] = set()
    for resource in pool:
        patient = stored.patient(group.resource, resource)
        if patient not in met:
            question = asking.plain(group, search, resource)
            if question is not None:
                met.add(patient)
                yield resource, question
        if len(met) == most:
            return


def _search(
    searching: Searching,
    stored: Stored,
    report: Report,
    group: Group,
    search: Sequence[str],
    pool: Sequence[Resource],
) -> None:
    name = f"{group.name} {'+'.join(search)}"
    samples = list(_samples(stored, report.samples, group, search, pool))
    if not samples:
        report.without_data.add(name)
    for sample, question in samples:
        patient = stored.patient(group.resource, sample)
        alike = [r for r in pool if stored.patient(group.resource, r) == patient]
        for one in [question, *asking.others(question, sample, alike)]:
            report.add(f"{name}: {one.form}", _wrong(searching, stored, group, one))
        if sample["id"] not in stored.matching(group.resource, question):
            report.add(f"{name}: get", f"{question.pairs} should find {sample['id']}")
        report.add(f"{name}: post", _wrong(searching, stored, group, question, by_post=True))
    for parameter in (group.parameters[n] for n in search):
        for code in parameter.chains:
            _chain(searching, stored, report, group, parameter, code, pool)


def _wrong(
    searching: Searching,
    stored: Stored,
    group: Group,
    question: Question,
    *,
    by_post: bool = False,
) -> str | None:
    """What is wrong with the answer to a question."""
    ask = searching.post if by_post else searching.get
    try:
        entries = ask(group.resource, [*question.pairs, ("_count", "200")])
    except Refused as error:
        return f"{group.resource}?{question.pairs}: {error}"
    ids = [e["resource"]["id"] for e in entries]
    wanted = stored.matching(group.resource, question)
    if sorted(ids) == sorted(wanted):
        return None
    return f"{group.resource}?{question.pairs}: {_difference(ids, wanted)}"


def _difference(ids: Sequence[str], wanted: set[str]) -> str:
    twice = [i for i, count in Counter(ids).items() if count > 1]
    return (
        f"found {len(ids)}, expected {len(wanted)}; missing {sorted(wanted - set(ids))[:3]}, "
        f"too many {sorted(set(ids) - wanted)[:3]}, twice {twice[:3]}"
    )


def _chain(
    searching: Searching,
    stored: Stored,
    report: Report,
    group: Group,
    parameter: Parameter,
    code: str,
    pool: Sequence[Resource],
) -> None:
    """A chain to the practitioner; what it must find follows from the practitioners that match."""
    target = next(g for g in groups() if g.resource == "Practitioner")
    by_id = {r["id"]: r for r in stored.by_type["Practitioner"]}
    case = f"{group.name} {parameter.name}.{code}: get"
    links = ((r, e["reference"].split("/")[-1]) for r in pool
             for e in elements(r, parameter.paths) if "reference" in e)  # fmt: skip
    found = [(r, by_id[i]) for r, i in links if i in by_id][: report.samples]
    if not found:
        report.without_data.add(case)
    for _, practitioner in found:
        question = asking.plain(target, [code], practitioner)
        assert question is not None
        ids = stored.matching("Practitioner", question)
        wanted = {
            r["id"]
            for r in stored.by_type[group.resource]
            if any(e.get("reference", "").split("/")[-1] in ids
                   for e in elements(r, parameter.paths))
        }  # fmt: skip
        pairs = [(f"{parameter.name}.{code}", question.pairs[0][1])]
        got = [e["resource"]["id"] for e in searching.get(group.resource, pairs)]
        is_right = sorted(got) == sorted(wanted)
        report.add(case, None if is_right else f"{pairs}: {_difference(got, wanted)}")


def _links(
    searching: Searching,
    stored: Stored,
    report: Report,
    group: Group,
    pool: Sequence[Resource],
) -> None:
    """Includes and reverse includes, with the group's first search."""
    for include in group.includes:
        having = [r for r in pool if linked(r, include)]
        _linked(searching, stored, report, group, ("_include", include), having)
    for include in group.revincludes:
        targets = {t.get("reference") for p in stored.by_type["Provenance"] for t in p["target"]}
        having = [r for r in pool if f"{group.resource}/{r['id']}" in targets]
        _linked(searching, stored, report, group, ("_revinclude", include), having)


def _linked(
    searching: Searching,
    stored: Stored,
    report: Report,
    group: Group,
    pair: tuple[str, str],
    having: Sequence[Resource],
) -> None:
    case = f"{group.name} {pair[0]}={pair[1]}"
    samples = list(_samples(stored, report.samples, group, group.searches[0], having))
    if not samples:
        report.without_data.add(case)
    for _, question in samples:
        pairs = [*question.pairs, pair, ("_count", "200")]
        try:
            entries = searching.get(group.resource, pairs)
        except Refused as error:
            report.add(case, f"{pairs}: {error}")
            continue
        by_mode = defaultdict(set)
        for entry in entries:
            resource = entry["resource"]
            by_mode[entry["search"]["mode"]].add(f"{resource['resourceType']}/{resource['id']}")
        ids = stored.matching(group.resource, question)
        wanted = _there(searching, _wanted(stored, group, pair, ids))
        if by_mode["match"] != {f"{group.resource}/{i}" for i in ids}:
            report.add(case, f"{pairs}: matches differ")
        is_right = by_mode["include"] - by_mode["match"] == wanted
        report.add(case, None if is_right else f"{pairs}: includes {by_mode['include'] ^ wanted}")


def _wanted(stored: Stored, group: Group, pair: tuple[str, str], ids: set[str]) -> set[str]:
    if pair[0] == "_include":
        matches = (r for r in stored.by_type[group.resource] if r["id"] in ids)
        return set().union(*(linked(r, pair[1]) for r in matches))
    names = {f"{group.resource}/{i}" for i in ids}
    return {
        f"Provenance/{p['id']}"
        for p in stored.by_type["Provenance"]
        if any(t.get("reference") in names for t in p["target"])
    }


def _there(searching: Searching, names: set[str]) -> set[str]:
    """Those of them that are stored: what isn't can't be included."""
    return {n for n in names if searching.client.get(f"/fhir/{n}").status_code == 200}


def compared(report: Report, expected: Mapping[str, str]) -> list[str]:
    """The cases that fail and aren't expected to, and those that are and don't."""
    failed = report.failed
    unexpected = sorted(f"{c}: {w}" for c, w in failed.items() if c not in expected)
    agreed = sorted(
        f"{c} passes, or isn't asked: take it out of {EXPECTED.name}"
        for c in expected
        if c not in failed
    )
    return [*unexpected, *agreed]


def told(report: Report, version: str) -> str:
    """The counts."""
    searches = sum(len(g.searches) for g in groups(version))
    wrong = sum(w is not None for w in report.cases.values())
    return (
        f"{searches} searches of {len(groups(version))} profiles over {report.resources:,} "
        f"resources, {len(report.cases)} cases: {len(report.cases) - wrong} agree, {wrong} don't, "
        f"{len(report.without_data)} without data"
    )


def main() -> int:
    """Run everything; 0 if exactly the expected cases fail."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--verbose", action="store_true", help="show each case")
    arguments = parser.parse_args()
    if not (FOLDER.is_dir() and PATIENTS.is_dir() and PACKAGE.exists()):
        print("needs ../shared/data/inferno, synthea and us-core, which aren't at hand")
        return 0
    started = time.monotonic()
    found: list[str] = []
    expected = json.loads(EXPECTED.read_text())
    with server() as searching:
        print(f"loaded in {time.monotonic() - started:.0f} s")
        for version in VERSIONS:
            began, asked = time.monotonic(), searching.asked
            report = run(searching, groups(version))
            found += compared(report, expected[version])
            print(
                f"US Core {version}: {told(report, version)}; "
                f"{searching.asked - asked} requests in {time.monotonic() - began:.0f} s"
            )
            if arguments.verbose:
                for case, wrong in report.cases.items():
                    print(f"  {'ok' if wrong is None else 'WRONG'} {case}")
    for line in found:
        print(f"  {line}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
