"""Read by id, of resources chosen at random.

https://hl7.org/fhir/R4/http.html#read
"""

from __future__ import annotations

import random

from conformance.performance.checks import resource
from conformance.performance.client import Request
from conformance.performance.drive import Script
from conformance.performance.phases import Load, Result, press
from conformance.performance.sample import Sample

DIFFERENT = 20_000


def read(load: Load, sample: Sample) -> Result:
    """Every client reads random ones of the known resources."""
    if not sample.ids:
        raise RuntimeError("the server has nothing to read")
    rng = random.Random(load.seed)
    chosen = rng.sample(sample.ids, min(DIFFERENT, len(sample.ids)))
    requests = []
    for name in chosen:
        kind, _, logical_id = name.partition("/")
        requests.append(
            Request("read", load.target.request("GET", name), resource(kind, logical_id))
        )

    def client(number: int) -> Script:
        choose = random.Random(load.seed + number).choice
        while True:
            yield choose(requests)

    return press("read", load, client)
