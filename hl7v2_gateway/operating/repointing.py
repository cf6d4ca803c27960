"""What refers to one thing refers to another one afterwards, or is somebody else's.

In transactions of some hundreds, each of which holds only if nothing has changed meanwhile. It may
be done again: what has been changed isn't found any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from fhirserver.access.principal import Principal
from fhirserver.engine import Engine
from fhirserver.interactions.messages import FhirRequest
from fhirserver.interactions.operating.referring import referring
from fhirserver.model.references import rewrite
from fhirserver.model.resource import Resource
from fhirserver.reactions.looking import looked_up

AT_ONCE: Final = 200


def repoint(engine: Engine, principal: Principal, links: Mapping[str, str]) -> int:
    """Let everything refer to the values of `links` instead of their keys; how much was changed."""
    count = 0
    for old in links:
        changed = [
            new
            for resource in referring_to(engine, old)
            if (new := rewrite(resource, links.get)) is not resource
        ]
        write(engine, principal, changed)
        count += len(changed)
    return count


def referring_to(engine: Engine, reference: str) -> Iterator[Resource]:
    """The resources that refer to one."""
    for resource_type, ids in sorted(referring(engine.own_context, reference).items()):
        for start in range(0, len(ids), AT_ONCE):
            some = sorted(ids)[start : start + AT_ONCE]
            yield from looked_up(engine, resource_type, ("_id", ",".join(some)))


def write(engine: Engine, principal: Principal, changed: Sequence[Resource]) -> None:
    """Write versions, unless somebody has changed one of the resources meanwhile."""
    by_name = list({f"{r['resourceType']}/{r['id']}": r for r in changed}.items())
    for start in range(0, len(by_name), AT_ONCE):
        entries = [
            {
                "resource": resource,
                "request": {
                    "method": "PUT",
                    "url": name,
                    "ifMatch": f'W/"{resource["meta"]["versionId"]}"',
                },
            }
            for name, resource in by_name[start : start + AT_ONCE]
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        engine.handle(FhirRequest("bundle", principal, body=bundle, prefer_return="minimal"))
