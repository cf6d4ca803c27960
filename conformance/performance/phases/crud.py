"""Create, read, update and delete resources of nine types that refer to each other.

The mix of a published benchmark (facts: nine linked resources, each created, read, updated, deleted),
with a share for each interaction: `read=3` reads what was created three times, `delete=0.5` deletes half.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Final

from conformance.performance.checks import created, location, resource, status
from conformance.performance.client import Request
from conformance.performance.drive import Script
from conformance.performance.phases import Load, Result, press
from conformance.performance.phases.crud_resources import TEMPLATES, Template

SHARES: Final = {"create": 1.0, "read": 1.0, "update": 1.0, "delete": 1.0}

# One deletion in so many is looked after: the resource has to be gone.
GONE_EVERY: Final = 20


def shares(text: str) -> dict[str, float]:
    """
    >>> shares("read=3,delete=0.5")
    {'create': 1.0, 'read': 3.0, 'update': 1.0, 'delete': 0.5}
    """
    given = dict(part.split("=", 1) for part in text.split(",") if part)
    if unknown := set(given) - set(SHARES):
        raise ValueError(f"not an interaction: {', '.join(sorted(unknown))}")
    return SHARES | {name: float(value) for name, value in given.items()}


def crud(load: Load, mix: Mapping[str, float] = SHARES) -> Result:
    """Rounds of the nine types; the table shows interactions, the JSON file types too."""

    def client(number: int) -> Script:
        rng = random.Random(load.seed + number)
        for round_number in count():
            yield from Round(load, mix, rng, f"{load.seed}-{number}-{round_number}").script()

    return press("crud", load, client, group=lambda family: family.split()[0])


class Round:
    """One time through the types, on behalf of one client."""

    def __init__(self, load: Load, mix: Mapping[str, float], rng: random.Random, name: str) -> None:
        self.target = load.target
        self.mix = mix
        self.rng = rng
        self.name = name
        self.made: dict[str, tuple[Template, str]] = {}

    def script(self) -> Script:
        yield from self._create()
        for kind, (_, logical_id) in self._shared("read"):
            yield self._read(kind, logical_id, f"{self.name}-1")
        for kind, (template, logical_id) in self._shared("update"):
            body = template.fill(self._references(), f"{self.name}-2", logical_id)
            data = self.target.request("PUT", f"{kind}/{logical_id}", body)
            yield Request(f"update {kind}", data, status(200, 204))
        if self.mix["update"] >= 1 and self.mix["read"] >= 1:
            # The new version has to be the one that is read.
            kind = self.rng.choice(list(self.made)) if self.made else ""
            if kind:
                yield self._read(kind, self.made[kind][1], f"{self.name}-2")
        yield from self._delete()

    def _create(self) -> Script:
        for template in TEMPLATES:
            if self.rng.random() >= self.mix["create"]:
                continue
            body = template.fill(self._references(), f"{self.name}-1")
            data = self.target.request("POST", template.kind, body)
            response = yield Request(f"create {template.kind}", data, created(template.kind))
            if response.status == 201 and (where := location(response)):
                self.made[template.kind] = template, where[1]

    def _delete(self) -> Script:
        # What refers goes before what is referred to.
        for kind, (_, logical_id) in reversed(list(self._shared("delete"))):
            path = f"{kind}/{logical_id}"
            yield Request(
                f"delete {kind}", self.target.request("DELETE", path), status(200, 202, 204)
            )
            if self.rng.randrange(GONE_EVERY) == 0:
                yield Request("read gone", self.target.request("GET", path), status(404, 410))

    def _shared(self, interaction: str) -> Iterator[tuple[str, tuple[Template, str]]]:
        """What was made, as often as the interaction's share says."""
        whole, rest = divmod(self.mix[interaction], 1)
        for item in self.made.items():
            for _ in range(int(whole) + (self.rng.random() < rest)):
                yield item

    def _read(self, kind: str, logical_id: str, marker: str) -> Request:
        data = self.target.request("GET", f"{kind}/{logical_id}")
        return Request(f"read {kind}", data, resource(kind, logical_id, marker=marker))

    def _references(self) -> dict[str, str]:
        return {kind: logical_id for kind, (_, logical_id) in self.made.items()}
