"""Patient/$everything of random patients.

https://hl7.org/fhir/R4/patient-operation-everything.html
"""

from __future__ import annotations

import random

from conformance.performance.checks import searchset
from conformance.performance.client import Request
from conformance.performance.drive import Script
from conformance.performance.phases import Load, Result, press
from conformance.performance.sample import Sample
from conformance.performance.searches import Search


def everything(load: Load, sample: Sample) -> Result:
    """The whole record, or the first page of it where the server pages; the patient has to be in it."""
    requests = []
    for patient in sample.resources.get("Patient", ()):
        name = f"Patient/{patient['id']}"
        path = f"{name}/$everything"
        # Matches are of many types, so only the bytes are looked at.
        check = searchset(Search("Patient", (), finds=(name,)), deep_every=0)
        requests.append(Request("$everything", load.target.request("GET", path), check))

    def client(number: int) -> Script:
        choose = random.Random(load.seed + number).choice
        while True:
            yield choose(requests)

    return press("everything", load, client)
