"""Canonical addresses: absolute, so that they mean the same everywhere.

https://hl7.org/fhir/R4/references.html#canonical
"""

from __future__ import annotations

from typing import Any

from fhirserver.validation.node import Node
from fhirserver.validation.rule import always, rule
from fhirserver.validation.run import Run


def _is_relative(_run: Run, resource: Any) -> bool:
    found = resource.get("url")
    return type(found) is str and ":" not in found


@rule("Resource", when=always(_is_relative))
def url(run: Run, node: Node) -> None:
    """The `url` of a resource that others refer to by it."""
    own = node.first("url")
    is_canonical = own is not None and own.type == "uri"
    if own is not None and is_canonical and isinstance(own.value, str) and ":" not in own.value:
        run.error("invalid", "the address of a definition must be absolute", own)
