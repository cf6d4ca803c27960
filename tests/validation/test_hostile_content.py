"""Whatever a resource has where, validation says what is wrong and does not break."""

import copy
import random
import tarfile
from pathlib import Path
from typing import Any

from fhirserver.model import json
from fhirserver.model.conformance import shipped
from fhirserver.validation.validator import Validator

JUNK: list[Any] = [
    None, True, 0, -1, "", "x", "http://x.example/z", "#a", [], {}, {"a": 1}, [None], [{}],
    "Patient/1", {"resourceType": "Patient"}, {"extension": [{"url": "x"}]}, 10**30,
]  # fmt: skip


def places(value: Any) -> list[tuple[Any, Any]]:
    members = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, member in members:
        found.append((value, key))
        if isinstance(member, dict | list):
            found += places(member)
    return found


def test_content_in_the_wrong_places_is_told(shared: Path) -> None:
    chance = random.Random(7)
    validator = Validator(shipped())
    with tarfile.open(shared / "r4-examples" / "r4-examples-instances.tar.xz") as archive:
        files = [m for m in archive if m.name.endswith(".json") and m.size < 20_000]
        chosen = sorted(chance.sample(files, 100), key=lambda m: m.offset)
        texts = [archive.extractfile(m).read() for m in chosen]  # type: ignore[union-attr]

    for text in texts:
        for _ in range(4):
            resource = copy.deepcopy(json.parse(text))
            for _ in range(3):
                owner, key = chance.choice(places(resource))
                owner[key] = copy.deepcopy(chance.choice(JUNK))
            validator.validate(resource)
            validator.check_declared(resource)
