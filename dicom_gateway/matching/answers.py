"""What a response says: each attribute that was asked for, with its value or empty (C.2.2.2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dicom_gateway.matching.items import Item


def answered(keys: Item, item: Item) -> dict[str, Any]:
    """Of an item the attributes that keys name; of a sequence that names none, all.

    >>> item = {"00100020": {"vr": "LO", "Value": ["7"]}, "00100040": {"vr": "CS", "Value": ["M"]}}
    >>> answered({"00100020": {"vr": "LO"}, "00081030": {"vr": "LO"}}, item)
    {'00100020': {'vr': 'LO', 'Value': ['7']}, '00081030': {'vr': 'LO'}}
    """
    return {tag: _element(key, item.get(tag)) for tag, key in keys.items()}


def _element(key: Mapping[str, Any], known: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if known is None:
        return {"vr": key.get("vr", "UN")}
    inner = next(iter(key.get("Value") or ()), None)
    if known.get("vr") != "SQ" or not isinstance(inner, Mapping) or not inner:
        return known
    return {**known, "Value": [answered(inner, item) for item in known.get("Value") or ()]}
