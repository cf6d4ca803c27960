"""The record of DICOM instances: a side door for the gateway, over storage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Facts:
    """What an instance says of itself: its UIDs, and the attributes that are asked for.

    `keys` is the DICOM JSON model (PS3.18 F.2), attributes of all levels in one mapping:
    `{"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Doe^Jane"}]}}`.
    """

    study: str
    series: str
    instance: str
    sop_class: str
    transfer_syntax: str
    keys: Mapping[str, Any]
