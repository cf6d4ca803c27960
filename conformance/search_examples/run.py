"""Stores HL7's R4 examples, reads them back, and finds each by every parameter that it fills.

    .venv/bin/python -m conformance.search_examples.run             # counts, and what fails
    .venv/bin/python -m conformance.search_examples.run --verbose   # also what is expected to fail

The checks come from the SearchParameter definitions: FHIRPath says which values a resource has for
a parameter, forms.py what must find it by them and what must not. `exceptions.json` gives the
reason for each parameter, or each check of one, that can't hold; a failure that isn't there, and an
exception that isn't needed, both end the run with status 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from conformance.search_examples.asking import Server, server
from conformance.search_examples.composites import Component, composites
from conformance.search_examples.examples import FOLDER, Digits, Resource, examples
from conformance.search_examples.forms import OTHER_TYPE, Form, forms
from fhirserver import fhirpath
from fhirserver.audit.codes import ORIGIN
from fhirserver.model import definitions
from fhirserver.model.definitions import SearchParameterDefinition

EXCEPTIONS: Final = Path(__file__).parent / "exceptions.json"
OF_THE_ROW: Final = {"_id", "_lastUpdated"}
MOST_ALIKE: Final = 60
"""Resources of a type that are checked in every form; there are 700 ValueSets."""
MOST_VALUES: Final = 3
"""Of a parameter with many values in one resource, such as the codes of a CodeSystem."""


class Check(NamedTuple):
    """A search that must find a resource, or must not."""

    type: str
    id: str
    code: str
    kind: str
    form: Form

    @property
    def key(self) -> str:
        return f"{self.code}:{self.form.modifier}" if self.form.modifier else self.code

    def __str__(self) -> str:
        finds = "should find" if self.form.finds else "should not find"
        return f"{self.type}?{self.key}={self.form.value} {finds} {self.id} ({self.form.name})"


@dataclass(slots=True)
class Report:
    """What came of a run."""

    resources: int = 0
    exponents: int = 0
    checks: Counter[str] = field(default_factory=Counter)
    negative: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    excepted: list[str] = field(default_factory=list)
    not_needed: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not self.failures and not self.not_needed


def stored(server: Server, report: Report) -> list[Resource]:
    """Store every example and read it back; the resources with decimals as FHIRPath needs them."""
    kept: list[Resource] = []
    for name, text, resource in examples():
        kind = resource["resourceType"]
        id_, answer = server.store(kind, resource["id"], text)
        if id_ is None:
            report.failures.append(f"{name} is refused with {answer}")
            continue
        read = server.read(kind, id_)
        own = _GIVEN_BY_THE_SERVER.get(kind, frozenset())
        said = {k: v for k, v in json.loads(text, parse_float=Decimal).items() if k not in own}
        kept.append(said | {k: v for k, v in read.items() if k in own} | {"id": id_})
        if essence(read) != essence(resource | {"id": id_}):
            report.failures.append(f"{name} is not read back equal")
        report.exponents += sum("e" in d.lower() for d in _digits(resource))
    report.resources = len(kept)
    return kept


def essence(resource: Resource) -> Resource:
    """The resource without what the server sets."""
    meta = {k: v for k, v in resource.get("meta", {}).items() if k not in _SERVERS}
    if tags := [t for t in meta.pop("tag", []) if t.get("system") != ORIGIN]:
        meta["tag"] = tags
    own = _GIVEN_BY_THE_SERVER.get(resource["resourceType"], frozenset())
    rest = {k: v for k, v in resource.items() if k != "meta" and k not in own}
    return rest | ({"meta": meta} if meta else {})


_SERVERS: Final = {"versionId", "lastUpdated"}
# Whether a subscription is active, off or has failed: https://hl7.org/fhir/R4/subscription.html
_GIVEN_BY_THE_SERVER: Final = {"Subscription": frozenset({"status", "error"})}


def _digits(value: Any) -> Iterator[str]:
    if isinstance(value, Digits):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _digits(one)


@cache
def parameters(resource_type: str) -> tuple[SearchParameterDefinition, ...]:
    """The standard's parameters of a type that have an expression."""
    known = definitions.load()
    bases = {resource_type, "Resource"}
    if known.is_a(resource_type, "DomainResource"):
        bases.add("DomainResource")
    return tuple(
        p
        for p in known.search_parameters
        if p.expression and bases & set(p.base) and p.code not in OF_THE_ROW
    )


def checks(resource: Resource, *, brief: bool = False) -> Iterator[Check]:
    """All checks that a resource's own content asks for; if brief, one for each parameter."""
    kind, id_ = resource["resourceType"], resource["id"]
    yield Check(kind, id_, "_id", "token", Form("id", "", id_, True))
    yield Check(kind, id_, "_id", "token", Form("other id", "", f"{id_[:60]}-zz", False))
    for parameter in parameters(kind):
        seen: Counter[tuple[str, str]] = Counter()
        for form in dict.fromkeys(_forms(parameter, resource)):
            if brief and (seen or not form.finds):
                continue
            seen[form.name, form.modifier] += 1
            if seen[form.name, form.modifier] <= MOST_VALUES:
                yield Check(kind, id_, parameter.code, parameter.type, form)


def _forms(parameter: SearchParameterDefinition, resource: Resource) -> Iterator[Form]:
    kind = resource["resourceType"]
    expression = parameter.expression or ""
    if parameter.type == "composite":
        yield from composites(resource, expression, _components(parameter))
        return
    found = fhirpath.compile(expression, kind)(resource)
    values = [(t.removeprefix("System.").lower() if t.startswith("System.") else t, v)
              for t, v, _ in found if v is not None]  # fmt: skip
    if values:
        yield from forms(parameter.type, values, _targets(parameter))


def _components(parameter: SearchParameterDefinition) -> list[Component]:
    by_url = {p.url: p for p in definitions.load().search_parameters}
    return [Component(by_url[c.definition].type, c.expression) for c in parameter.components]


def _targets(parameter: SearchParameterDefinition) -> tuple[str, ...]:
    return parameter.target


def run(server: Server) -> Report:
    """Everything, on an empty server."""
    report = Report()
    resources = stored(server, report)
    reasons: Mapping[str, str] = json.loads(EXCEPTIONS.read_text())
    used: set[str] = set()
    found: dict[tuple[str, str, str], set[str] | str] = {}
    met: Counter[str] = Counter()
    for resource in resources:
        kind = resource["resourceType"]
        met[kind] += 1
        for check in checks(resource, brief=met[kind] > MOST_ALIKE):
            report.checks[check.kind] += 1
            report.negative[check.kind] += not check.form.finds
            wrong = failure(server, check, found)
            if wrong is None:
                continue
            reason = _reason(check, reasons)
            if reason is None:
                report.failures.append(wrong)
            else:
                used.add(reason)
                report.excepted.append(f"{wrong}\n    {reasons[reason]}")
    report.not_needed += sorted(set(reasons) - used)
    return report


def _reason(check: Check, reasons: Mapping[str, str]) -> str | None:
    """The exception for a check: of the parameter, of its form, or of one resource."""
    name = f"{check.type}.{check.code}"
    keys = (name, f"{name} {check.form.name}", f"{name} {check.id}",
            f"{check.code} {check.form.name}")  # fmt: skip
    return next((k for k in keys if k in reasons), None)


def failure(
    server: Server, check: Check, found: dict[tuple[str, str, str], set[str] | str]
) -> str | None:
    """What is wrong, if anything.

    A plain search that must find goes over all resources of the type, page by page, and is asked
    once for all that share it; the other forms are counted among resources of this id.
    """
    form = check.form
    if form.finds and not form.modifier:
        key = (check.type, check.key, form.value)
        if key not in found:
            found[key] = server.found(check.type, [(check.key, form.value)])
        ids = found[key]
        if isinstance(ids, str):
            return f"{check}: {ids[:300]}"
        return None if check.id in ids else str(check)
    count = server.count(check.type, [(check.key, form.value), ("_id", check.id)])
    if isinstance(count, str):
        # An element may allow fewer types than the parameter names: to ask for another is an error.
        is_right = form.name == OTHER_TYPE and "can't refer to" in count
        return None if is_right else f"{check}: {count[:300]}"
    return None if bool(count) is form.finds else str(check)


def main() -> int:
    """Run everything; 0 if exactly the expected checks fail."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--verbose", action="store_true", help="show what is expected to fail")
    arguments = parser.parse_args()
    if not FOLDER.is_dir():
        print(f"skipped: the examples are not in {FOLDER}")
        return 0
    started = time.monotonic()
    with server() as made:
        report = run(made)
    print(f"{report.resources} resources stored and read back equal, "
          f"{report.exponents} decimals with an exponent among them")  # fmt: skip
    for kind, count in sorted(report.checks.items()):
        print(f"{kind:>10} {count:>7} checks, {report.negative[kind]:>6} of them negative")
    print(f"{report.checks.total():>18} checks in {time.monotonic() - started:.0f} s, "
          f"{len(report.failures)} failures, {len(report.excepted)} expected")  # fmt: skip
    for line in report.failures + (report.excepted if arguments.verbose else []):
        print(line)
    for key in report.not_needed:
        print(f"no exception is needed for {key}")
    return 0 if report.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
