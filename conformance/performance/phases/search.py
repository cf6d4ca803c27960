"""Search: a mix of families in equal shares, every value drawn from the data or known to be absent.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from conformance.performance.checks import PAGE, another_page, next_page, searchset
from conformance.performance.client import Request
from conformance.performance.drive import Script
from conformance.performance.families import build
from conformance.performance.phases import Load, Result, press
from conformance.performance.sample import Sample
from conformance.performance.searches import Search

EACH = 300


def search(load: Load, sample: Sample, only: Sequence[str] = ()) -> Result:
    """Clients pick a family, then one of its searches; paging follows the next link once."""
    made = build(sample, load.seed, EACH, only)
    if not made:
        raise RuntimeError("no search can be made of what the server has")
    prepared = {
        family: [(search, _request(load, family, search)) for search in searches]
        for family, searches in made.items()
    }

    def client(number: int) -> Script:
        rng = random.Random(load.seed + number)
        choices = list(prepared.values())
        while True:
            wanted, request = rng.choice(rng.choice(choices))
            response = yield request
            for _ in range(wanted.pages - 1):
                if response.status != 200 or (link := next_page(response)) is None:
                    break
                path = load.target.same_server(link)
                following = load.target.request("GET", path)
                response = yield Request(request.family, following, another_page(wanted, response))

    return press("search", load, client)


def _request(load: Load, family: str, search: Search) -> Request:
    return Request(family, search.request(load.target, PAGE), searchset(search))
