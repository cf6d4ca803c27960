"""Instances to put into the record."""

from __future__ import annotations

import itertools
import os
from typing import Any

from fhirserver.instances import Arrival, Facts, Instances

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
HEAD = b"\0" * 128 + b"DICM" + b"head"

_numbers = itertools.count(1)


def uid() -> str:
    """A UID that no other test has."""
    return f"2.25.{int.from_bytes(os.urandom(12))}.{next(_numbers)}"


def facts(study: str, series: str, instance: str, **more: Any) -> Facts:
    """Facts of a CT slice; `more` are attributes: P00100020="4711"."""
    keys: dict[str, Any] = {
        "00080020": {"vr": "DA", "Value": ["20240501"]},
        "00080060": {"vr": "CS", "Value": ["CT"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Doe^Jane"}]},
        "00100020": {"vr": "LO", "Value": ["4711"]},
        "0020000D": {"vr": "UI", "Value": [study]},
        "0020000E": {"vr": "UI", "Value": [series]},
        "00080018": {"vr": "UI", "Value": [instance]},
    }
    for name, value in more.items():
        tag = name.removeprefix("P")
        if value is None:
            keys.pop(tag, None)
        else:
            keys[tag] = {"vr": keys.get(tag, {}).get("vr", "LO"), "Value": [value]}
    return Facts(study, series, instance, CT, EXPLICIT, keys)


def arrival(
    record: Instances, known: Facts, dataset: bytes = b"pixels", metadata: bytes | None = None
) -> Arrival:
    """An instance that has come."""
    upload = record.begin()
    upload.write(HEAD)
    upload.dataset_begins()
    upload.write(dataset)
    upload.close()
    return Arrival(upload, known, sender="ct-1", caller="CT1", metadata=metadata)
