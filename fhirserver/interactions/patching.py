"""FHIR patch on a resource: JSON Patch, JSON Merge Patch (RFC 7396), XML Patch, FHIRPath Patch.

https://hl7.org/fhir/R4/http.html#patch
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from fhirserver.errors import Invalid, Unprocessable
from fhirserver.fhirpath import patch as fhirpath_patch
from fhirserver.interactions.checking import checked_resource
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Intent
from fhirserver.interactions.messages import PatchFormat
from fhirserver.model import json, json_patch, xml_patch
from fhirserver.model.resource import Resource


def patched(ctx: Context, intent: Intent, resource: Resource) -> Resource:
    """The resource after the patch, checked; the given one stays as it is."""
    assert intent.patch_format is not None
    result = _APPLY[intent.patch_format](resource, intent.patch)
    if not isinstance(result, dict) or result.get("resourceType") != intent.type:
        raise Invalid("a patch can't change the resourceType")
    if result.get("id") != intent.id:
        raise Invalid("a patch can't change the id", expression=f"{intent.type}.id")
    if json.depth(result) > json.MAX_DEPTH:
        raise Unprocessable(f"a patch can't nest deeper than {json.MAX_DEPTH} levels")
    return checked_resource(result, intent.type)


def _merge(resource: Resource, patch: Any) -> Any:
    if not isinstance(patch, dict):
        raise Invalid("a merge patch is a JSON object with the elements to change")
    return _merged(resource, patch)


_APPLY: Final[dict[PatchFormat, Callable[[Resource, Any], Any]]] = {
    "json-patch": json_patch.apply,
    "merge-patch": _merge,
    "fhirpath-patch": fhirpath_patch.apply,
    "xml-patch": xml_patch.apply,
}


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
