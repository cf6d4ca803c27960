"""FHIR patch on a resource: JSON Patch (RFC 6902) or JSON Merge Patch (RFC 7396).

https://hl7.org/fhir/R4/http.html#patch
"""

from __future__ import annotations

from typing import Any

from fhirserver.errors import Invalid
from fhirserver.interactions.checking import checked_resource
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Intent
from fhirserver.model import json_patch
from fhirserver.model.resource import Resource


def patched(ctx: Context, intent: Intent, resource: Resource) -> Resource:
    """The resource after the patch, checked; the given one stays as it is."""
    if intent.patch_format == "merge-patch":
        if not isinstance(intent.patch, dict):
            raise Invalid("a merge patch is a JSON object with the elements to change")
        result = _merged(resource, intent.patch)
    else:
        result = json_patch.apply(resource, intent.patch)
    if not isinstance(result, dict) or result.get("resourceType") != intent.type:
        raise Invalid("a patch can't change the resourceType")
    if result.get("id") != intent.id:
        raise Invalid("a patch can't change the id", expression=f"{intent.type}.id")
    return checked_resource(result, intent.type)


def _merged(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result
