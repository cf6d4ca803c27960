"""Walking through a search page by page while others write: nothing is missing, nothing twice.

Every resource that existed when the first page was made must be on exactly one page, as it was
then, whatever is inserted, updated or deleted meanwhile.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from conformance.faults.client import Client, Resource
from conformance.faults.server import Server
from conformance.faults.writers import Writer, write_at_once

CHUNK: Final = 1000
# The searches that are paged: a name, the type and its sort.
SORTS: Final = {
    "default": ("Patient", ""),
    "family": ("Patient", "_sort=family"),
    "-date": ("Observation", "_sort=-date"),
}


@dataclass(slots=True)
class Ids:
    """The ids that are there, and when each change of the others was asked for and done."""

    there: set[str] = field(default_factory=set)
    made: dict[str, tuple[float, float]] = field(default_factory=dict)
    gone: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(slots=True)
class Walk:
    """What walking through all pages found."""

    pages: int
    ids: list[str]
    seconds: float
    slowest_seconds: float
    changes: int
    wrong: list[str]


def a_resource(resource_type: str, chance: random.Random) -> Resource:
    """A resource whose place in every sort is left to chance; many share one."""
    day = f"20{chance.randrange(10, 26)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}"
    if resource_type == "Patient":
        names = [{"family": f"Family{chance.randrange(700)}"}] if chance.random() < 0.95 else []
        return {"resourceType": "Patient", "birthDate": day} | ({"name": names} if names else {})
    made: Resource = {"resourceType": "Observation", "status": "final", "code": {"text": "weight"}}
    return made | ({"effectiveDateTime": day} if chance.random() < 0.95 else {})


def fill(server: Server, resource_type: str, number: int) -> Ids:
    """Store that many resources; nothing else of the type may be there."""
    chance = random.Random(number)
    ids = Ids()
    with server.client() as client:
        for _ in range(0, number, CHUNK):
            entries = [
                {
                    "resource": a_resource(resource_type, chance),
                    "request": {"method": "POST", "url": resource_type},
                }
                for _ in range(min(CHUNK, number - len(ids.there)))
            ]
            answer = client.send(
                "POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries}
            )
            assert answer.status == 200, answer.says
            ids.there |= {e["response"]["location"].split("/")[-3] for e in answer.json["entry"]}
    return ids


def walk(client: Client, path: str) -> tuple[list[list[Resource]], float, float]:
    """The resources of each page, when the first page had come, and how long the slowest took."""
    pages: list[list[Resource]] = []
    first = slowest = 0.0
    while path:
        began = time.monotonic()
        answer = client.send("GET", path)
        assert answer.status == 200, f"page {len(pages) + 1}: {answer.status} {answer.says}"
        first = first or time.monotonic()
        slowest = max(slowest, time.monotonic() - began)
        page = answer.json
        pages.append([e["resource"] for e in page.get("entry", [])])
        path = next((x["url"] for x in page["link"] if x["relation"] == "next"), "")
    return pages, first, slowest


def walk_while_writing(
    server: Server, ids: Ids, name: str, *, count: int = 100, writers: int = 4
) -> Walk:
    """Walk through all resources of a type in a sort while writers change them."""
    resource_type, sort = SORTS[name]
    victims = sorted(ids.there)
    over = [False]
    found: list[tuple[list[list[Resource]], float, float]] = []
    times: list[float] = []

    def change(writer: Writer) -> None:
        # Each writer has victims of its own: an update would bring back what another deletes.
        id_ = writer.random.choice(victims[writer.number :: writers])
        kind = writer.random.choice(("insert", "update", "update", "delete"))
        resource = a_resource(resource_type, writer.random)
        began = time.monotonic()
        if kind == "insert":
            answer = writer.client.send("POST", resource_type, resource)
            ids.made[answer.json["id"]] = (began, time.monotonic())
        elif kind == "update" and id_ not in ids.gone:
            answer = writer.client.send("PUT", f"{resource_type}/{id_}", resource | {"id": id_})
        elif len(ids.gone) < len(victims) // 10 and id_ not in ids.gone:
            answer = writer.client.send("DELETE", f"{resource_type}/{id_}")
            ids.gone[id_] = (began, time.monotonic())
        else:
            return
        writer.tally.note(answer)

    def meanwhile() -> None:
        try:
            time.sleep(1)
            with server.client() as client:
                times.append(time.monotonic())
                query = "&".join(p for p in (sort, f"_count={count}") if p)
                found.append(walk(client, f"{resource_type}?{query}"))
                times.append(time.monotonic())
        finally:
            over[0] = True

    tally = write_at_once(
        server, change, writers=writers, until=lambda: over[0], meanwhile=meanwhile
    )
    pages, first, slowest = found[0]
    seen = [resource["id"] for page in pages for resource in page]
    wrong = tally.unexpected()
    wrong += [f"{i} is on {n} pages" for i, n in Counter(seen).items() if n > 1]
    wrong += _membership(ids, set(seen), times[0], first)
    result = Walk(len(pages), seen, times[1] - times[0], slowest, tally.acknowledged, wrong)
    # What happened is the state that the next walk begins with.
    ids.there = (ids.there | set(ids.made)) - set(ids.gone)
    ids.made.clear()
    ids.gone.clear()
    return result


def _membership(ids: Ids, seen: set[str], before: float, after: float) -> list[str]:
    """What is missing or too much; `before` and `after` enclose the moment of the first page."""
    must = {i for i in ids.there if not (i in ids.gone and ids.gone[i][0] < after)}
    must |= {i for i, (_, done) in ids.made.items() if done < before}
    never = {i for i, (asked, _) in ids.made.items() if asked > after}
    never |= {i for i, (_, done) in ids.gone.items() if done < before}
    return [
        *(f"{i} is missing" for i in sorted(must - seen)),
        *(f"{i} was not there when the first page was made" for i in sorted(never & seen)),
    ]
