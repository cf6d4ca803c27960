"""Installing packages: all of them, as ordinary resources in one transaction, or nothing.

https://hl7.org/fhir/R4/packages.html
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from fhirserver.access.principal import Principal
from fhirserver.errors import Conflict, Invalid
from fhirserver.interactions.commit import commit
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Intent
from fhirserver.interactions.messages import FhirRequest
from fhirserver.interactions.search_parameters import Standing, standing
from fhirserver.model import json
from fhirserver.model.requirements import is_for_servers, unmet
from fhirserver.model.resource import Resource
from fhirserver.packages.contents import Package
from fhirserver.packages.dependencies import Missing, missing, ordered
from fhirserver.packages.planning import Item, identified, prepared, wanted_id
from fhirserver.packages.records import records
from fhirserver.packages.references import Absent, absent
from fhirserver.storage.conformance import with_urls
from fhirserver.storage.searches import by_reference
from fhirserver.validation import check

log = logging.getLogger(__name__)

# Never reached by anybody: https://www.rfc-editor.org/rfc/rfc2606
_ROOT: Final = "https://package.invalid"


@dataclass(frozen=True, slots=True)
class Report:
    """What was installed, and what is missing for all of it to work."""

    packages: tuple[str, ...]
    created: int
    updated: int
    unchanged: int
    types: dict[str, int]
    snapshots: int
    missing: tuple[Missing, ...]
    absent: tuple[Absent, ...]
    unmet: tuple[str, ...]
    """What the packages require of servers and this one doesn't have."""
    problems: tuple[str, ...]
    left_out: tuple[str, ...]
    parameters: Standing
    """Which search parameters the packages add, and which can't be used and why."""


def install(
    ctx: Context,
    principal: Principal,
    packages: Sequence[Package],
    *,
    leave_out_broken: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Report:
    """Install packages that have been read.

    Raises Invalid for resources that break their definition (unless those are to be left out),
    Conflict when an example's id is somebody else's, Forbidden when the caller may not write the
    types; then nothing has been stored. `tell` hears what is being done.
    """
    if not packages:
        raise Invalid("there is no package to install")
    in_order = ordered(packages)
    there: dict[str, list[str]] = {}
    for record in records(ctx.store):
        there.setdefault(record.name, []).append(record.version)
    for package in in_order:
        if package.name in {"hl7.fhir.r4.core", "hl7.fhir.core"}:
            raise Invalid(f"{package.label} comes with the server: it needs no installing")
    tell("checking the resources")
    ready = prepared(in_order, ctx.conformance, check)
    if ready.errors and not leave_out_broken:
        raise Invalid(issues=ready.errors)
    for resource_type in sorted({i.resource["resourceType"] for i in ready.items}):
        principal.require("c", resource_type)
        principal.require("u", resource_type)
    items = _with_ids(ctx, ready.items)
    tell(f"storing {len(items)} resources")
    done = commit(ctx, [_intent(i, in_order.index(i.package)) for i in items])
    counts = Counter("unchanged" if not d.is_change else _RESULT[d.status] for d in done)
    report = Report(
        packages=tuple(p.label for p in in_order),
        created=counts["created"],
        updated=counts["updated"],
        unchanged=counts["unchanged"],
        types=dict(sorted(Counter(i.resource["resourceType"] for i in items).items())),
        snapshots=ready.snapshots,
        missing=tuple(missing(in_order, there)),
        absent=tuple(
            absent(
                (i.resource for i in items if not i.is_example), ctx.conformance, ctx.definitions
            )
        ),
        unmet=tuple(_unmet(ctx, principal, items)),
        problems=ready.problems,
        left_out=ready.broken,
        parameters=standing(
            ctx, (i.resource for i in items if i.resource["resourceType"] == "SearchParameter")
        ),
    )
    log.info("packages_installed", extra={"packages": report.packages, "types": report.types})
    return report


def _unmet(ctx: Context, principal: Principal, items: Sequence[Item]) -> Iterator[str]:
    statements = [i.resource for i in items if i.resource["resourceType"] == "CapabilityStatement"]
    wanted = [r for r in statements if is_for_servers(r)]
    if not wanted:
        return
    answer = ctx.handle(FhirRequest("capabilities", principal))
    ours = json.parse_object(answer.content or b"{}")
    for required in wanted:
        name = required.get("title") or required.get("name") or required["id"]
        yield from (f"{what}, required by {name}" for what in unmet(required, ours))


_RESULT: Final = {201: "created", 200: "updated", 204: "unchanged"}


def _with_ids(ctx: Context, items: Sequence[Item]) -> list[Item]:
    database = ctx.store.database
    by_type: dict[str, set[str]] = {}
    for item in items:
        if not item.is_example and "url" in item.resource:
            by_type.setdefault(item.resource["resourceType"], set()).add(item.resource["url"])
    by_canonical: dict[tuple[str, str, str | None], str] = {}
    for resource_type, urls in sorted(by_type.items()):
        for stored in with_urls(database, resource_type, urls):
            by_canonical.setdefault((resource_type, stored.url, stored.version), stored.id)
    by_id = {(i.resource["resourceType"], wanted_id(i)): i for i in items}
    taken = set()
    for version in by_reference(ctx.store, by_id, limit=len(by_id) + 1):
        stored_resource = json.parse_object((version.content or "{}").encode())
        item = by_id[version.type, version.id]
        if not _is_same(stored_resource, item):
            if item.is_example:
                raise Conflict(
                    f"{version.type}/{version.id} is there already and isn't an example of "
                    f"{item.package.name}: install the package without its examples"
                )
            taken.add((version.type, version.id))
    return identified(items, by_canonical, taken)


def _is_same(stored: Resource, item: Item) -> bool:
    """Whether what has an item's id is what the item would replace."""
    if item.is_example or "url" not in item.resource:
        # Examples of other versions of a package are replaced.
        name = item.package.name
        codes = [t.get("code", "") for t in stored.get("meta", {}).get("tag", ())]
        return any(code.partition("#")[0] == name for code in codes)
    names = ("url", "version")
    return all(stored.get(n) == item.resource.get(n) for n in names)


def _intent(item: Item, number: int) -> Intent:
    """References by id inside of a package are rewritten, as its resources get other ids."""
    return Intent(
        "update",
        item.resource["resourceType"],
        id=item.resource["id"],
        resource=item.resource,
        full_url=f"{_ROOT}/{number}/{item.name}",
        place=item.name,
        may_be_unusable=True,
    )
