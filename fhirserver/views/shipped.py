"""The views that come with the server: profiles/views, a ViewDefinition in a file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from fhirserver import content
from fhirserver.model import json


@cache
def shipped() -> Mapping[str, Mapping[str, Any]]:
    """ViewDefinitions by their ids."""
    files = sorted((content.folder("profiles") / "views").glob("*.json"))
    found = [json.parse_object(file.read_bytes()) for file in files]
    return {view["id"]: view for view in found}


def named(text: str) -> Mapping[str, Any] | None:
    """The view with this canonical address, this id, or `ViewDefinition/` and this id."""
    known = shipped()
    name = text.removeprefix("ViewDefinition/")
    if name in known:
        return known[name]
    address = text.partition("|")[0]
    return next((v for v in known.values() if v.get("url") == address), None)
