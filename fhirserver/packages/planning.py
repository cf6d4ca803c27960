"""What installing packages means: which resources are stored, and under which ids. Pure.

Two versions of a guide stand side by side, so a definition's id has its version in it. One that is
there already, by its canonical address and version, is updated where it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from fhirserver.errors import FhirError, Issue
from fhirserver.model import canonicals
from fhirserver.model.conformance import Conformance
from fhirserver.model.resource import Resource
from fhirserver.model.snapshots import Snapshots
from fhirserver.packages.contents import Package
from fhirserver.packages.records import is_record, record_of, tag

Check = Callable[[Resource], Sequence[Issue]]

_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_MOST_ISSUES: Final = 50


@dataclass(frozen=True, slots=True)
class Item:
    """A resource to be stored, with what other resources of its package call it."""

    package: Package
    name: str
    """Its type and id in the package."""
    resource: Resource
    is_example: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that is to be stored, and what was noticed on the way.

    `broken` are the resources that break their definition, and are left out; `errors` the issues
    of those among them that aren't examples, with the resource's name.
    """

    items: tuple[Item, ...]
    snapshots: int
    problems: tuple[str, ...]
    errors: tuple[Issue, ...]
    broken: tuple[str, ...]


class Given:
    """The definitions of some packages, before those of another source."""

    def __init__(self, packages: Iterable[Package], behind: Conformance) -> None:
        self._behind = behind
        self._by_url: dict[tuple[str, str], dict[str | None, Resource]] = {}
        for package in packages:
            for r in package.definitions:
                for url in canonicals.addresses(r):
                    versions = self._by_url.setdefault((r["resourceType"], url), {})
                    versions.setdefault(r.get("version"), r)

    def find(self, resource_type: str, canonical: str) -> Resource | None:
        url, wanted = canonicals.split(canonical)
        versions = self._by_url.get((resource_type, url), {})
        try:
            return versions[canonicals.newest(versions, wanted)]
        except KeyError:
            return self._behind.find(resource_type, canonical)

    def urls(self, resource_type: str) -> Iterable[str]:
        own = (url for t, url in self._by_url if t == resource_type)
        return dict.fromkeys((*own, *self._behind.urls(resource_type)))


def prepared(packages: Sequence[Package], behind: Conformance, check: Check) -> Prepared:
    """The resources of some packages as they will be stored, but for their ids."""
    items: list[Item] = []
    problems: list[str] = []
    errors: list[Issue] = []
    broken: list[str] = []
    snapshots = 0
    for package in packages:
        others = [p for p in packages if p is not package]
        generator = Snapshots(Given([package], Given(others, behind)))
        for resource, is_example in _resources(package):
            name = f"{resource['resourceType']}/{resource.get('id', '')}"
            found = [i for i in check(resource) if i.severity in {"error", "fatal"}]
            if found:
                broken.append(f"{name} of {package.label}: {found[0].text}")
                if not is_example:  # Nothing depends on an example.
                    errors += [
                        Issue(i.severity, i.code, f"{package.label}: {i.text}", _place(i, name))
                        for i in found
                    ]
                continue
            if _needs_snapshot(resource):
                try:
                    made = generator.generate(resource)
                except FhirError as error:
                    problems.append(f"{name} gets no snapshot: {error}")
                else:
                    snapshots += 1
                    resource = made.resource
                    problems += [f"{name}: {p}" for p in made.problems]
            items.append(Item(package, name, _tagged(resource, package), is_example))
    return Prepared(
        tuple(items), snapshots, tuple(problems), tuple(errors[:_MOST_ISSUES]), tuple(broken)
    )


def _place(issue: Issue, name: str) -> str:
    rest = (issue.expression or "").partition(".")[2]
    return f"{name}.{rest}" if rest else name


def _resources(package: Package) -> Iterator[tuple[Resource, bool]]:
    if not any(is_record(r, package) for r in package.definitions):
        yield record_of(package), False
    for r in package.definitions:
        yield r, False
    for r in package.examples:
        yield r, True


def _needs_snapshot(resource: Resource) -> bool:
    return (
        resource["resourceType"] == "StructureDefinition"
        and not resource.get("snapshot", {}).get("element")
        and bool(resource.get("differential", {}).get("element"))
    )


def _tagged(resource: Resource, package: Package) -> Resource:
    meta = resource.get("meta", {})
    own = tag(package.name, package.version)
    tags = [t for t in meta.get("tag", ()) if t != own]
    return {**resource, "meta": {**meta, "tag": [*tags, own]}}


def wanted_id(item: Item) -> str:
    """The id under which a resource is stored, unless that is taken by another.

    An example keeps its own, as its readers know it by that.
    """
    own = str(item.resource.get("id") or "")
    if item.is_example:
        return own if _ID.fullmatch(own) else _short(own)
    if not own:
        own = next(iter(canonicals.addresses(item.resource)), "x").rpartition("/")[2]
    version = item.resource.get("version") or item.package.version
    return _short(f"{own}-{version}")


def _short(text: str) -> str:
    """The text as an id.

    >>> _short("us-core-patient-6.1.0")
    'us-core-patient-6.1.0'
    """
    plain = re.sub(r"[^A-Za-z0-9\-.]", "-", text)
    if plain == text and _ID.fullmatch(plain):
        return plain
    return f"{plain[:55]}-{_digest(text)}"


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=4).hexdigest()


def identified(
    items: Sequence[Item],
    by_canonical: Mapping[tuple[str, str, str | None], str],
    taken: Collection[tuple[str, str]],
) -> list[Item]:
    """The items with their ids.

    `by_canonical` has the ids of those stored by (type, url, version); `taken` the wanted ids that
    something else has.
    """
    found = []
    used: set[tuple[str, str]] = set()
    for item in items:
        r = item.resource
        resource_type = r["resourceType"]
        key = resource_type, r.get("url", ""), r.get("version")
        id_ = None if item.is_example else by_canonical.get(key)
        if id_ is None:
            id_ = wanted_id(item)
            if (resource_type, id_) in taken or (resource_type, id_) in used:
                id_ = f"{id_[:55]}-{_digest(f'{item.package.label} {key}')}"
        used.add((resource_type, id_))
        found.append(Item(item.package, item.name, {**r, "id": id_}, item.is_example))
    return found
