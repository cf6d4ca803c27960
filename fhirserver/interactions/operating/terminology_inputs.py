"""What the terminology operations have in common: their parameters, and where they look.

https://hl7.org/fhir/R4/valueset-operation-expand.html
https://hl7.org/fhir/R5/valueset-operation-validate-code.html, for parameters that R4 lacks and that
HL7's tools send all the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from fhirserver.errors import Invalid, Issue, NotFound, NotSupported
from fhirserver.interactions.checking import refuse
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operation import Call, Inputs, Parameter
from fhirserver.model import json
from fhirserver.model.canonicals import split
from fhirserver.model.resource import Resource
from fhirserver.terminology.library import Shelf
from fhirserver.terminology.options import Options
from fhirserver.terminology.value_sets import ValueSet, compile_value_set
from fhirserver.terminology.versions import Rules
from fhirserver.validation import check

COMMON: Final = (
    Parameter("displayLanguage", "code"),
    Parameter("system-version", "canonical", max=None),
    Parameter("check-system-version", "canonical", max=None),
    Parameter("force-system-version", "canonical", max=None),
    Parameter("default-valueset-version", "canonical", max=None),
    Parameter("useSupplement", "canonical", max=None),
    Parameter("tx-resource", "Resource", max=None, is_checked=False),
)
"""Parameters of every operation here."""

OF_VALUE_SET: Final = (
    Parameter("url", "uri"),
    Parameter("valueSet", "ValueSet", is_checked=False),
    Parameter("valueSetVersion", "string"),
    Parameter("context", "uri"),
    Parameter("date", "dateTime"),
    Parameter("activeOnly", "boolean"),
)
"""Parameters of the operations on a value set."""

# What an expansion says again: by name the FHIR type of the value.
_ECHOED: Final = {
    "filter": "String",
    "offset": "Integer",
    "count": "Integer",
    "includeDesignations": "Boolean",
    "designation": "String",
    "includeDefinition": "Boolean",
    "activeOnly": "Boolean",
    "excludeNested": "Boolean",
    "excludeNotForUI": "Boolean",
}
# What most calls say, and nothing else: which code, of which value set.
_NO_OPTIONS: Final = frozenset(
    ["url", "valueSet", "valueSetVersion", "code", "system", "systemVersion", "display", "coding",
     "codeableConcept"]
)  # fmt: skip
_LANGUAGE: Final = re.compile(r"(\*|[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*)(\s*;\s*q\s*=\s*[0-9.]+)?")
_MOST_LANGUAGES: Final = 50


def options_of(call: Call, inputs: Inputs | None = None) -> Options:
    """What the parameters ask for; raises Invalid for a language that isn't one."""
    given = inputs or call.inputs
    language = _languages(given.text("displayLanguage") or call.request.language)
    if given.values.keys() <= _NO_OPTIONS:
        return Options(display_language=language)
    for name in ("context", "date"):
        if name in given:
            raise NotSupported(f"the parameter {name} is not supported by this server")
    return Options(
        versions=Rules(
            defaults=_by_url(given, "system-version"),
            checks=_by_url(given, "check-system-version"),
            forced=_by_url(given, "force-system-version"),
            value_sets=_by_url(given, "default-valueset-version"),
        ),
        display_language=language,
        active_only=given.one("activeOnly"),
        supplements=tuple(map(str, given.all("useSupplement"))),
        text=given.text("filter") or None,
        offset=_natural(given, "offset"),
        count=_natural(given, "count"),
        exclude_nested=given.one("excludeNested"),
        include_designations=given.one("includeDesignations"),
        include_definition=given.one("includeDefinition"),
        designations=tuple(map(str, given.all("designation"))),
        properties=tuple(map(str, given.all("property"))),
        excluded_systems=tuple(map(str, given.all("exclude-system"))),
        exclude_abstract=given.is_true("excludeNotForUI"),
        echoed=tuple((n, t, v) for n, t in _ECHOED.items() for v in given.all(n)),
        abstract=given.one("abstract"),
        infer_system=given.is_true("inferSystem"),
        lenient_display=given.is_true("lenient-display-validation"),
        membership_only=given.is_true("valueset-membership-only"),
    )


def shelf_of(ctx: Context, call: Call) -> Shelf:
    """The server's content, with the resources that come with the call before it."""
    own = [_usable(r) for r in call.inputs.all("tx-resource")]
    for name in ("valueSet", "codeSystem", "conceptMap"):
        given = call.inputs.one(name)
        if isinstance(given, dict) and given.get("url"):
            own.append(given)
    return ctx.terminology.shelf(own)


def _usable(resource: Resource) -> Resource:
    """A resource that comes with a call: it may lack what only a published one needs."""
    refuse([i for i in check(resource) if i.code != "required"])
    return resource


def value_set_of(ctx: Context, call: Call, shelf: Shelf) -> ValueSet:
    """The value set that is meant: the instance, the one that is sent, or the one with the url."""
    if call.id is not None:
        return compile_value_set(instance(ctx, call))
    given = call.inputs.one("valueSet")
    if given is not None:
        return compile_value_set(_usable(given))
    url = call.inputs.text("url")
    if url is None:
        raise Invalid("either url or valueSet is needed, or an instance")
    return ctx.terminology.value_set(shelf, url, call.inputs.text("valueSetVersion"))


def code_system_version(ctx: Context, call: Call) -> tuple[str | None, str | None]:
    """The code system that is meant, and its version."""
    if call.id is not None:
        resource = instance(ctx, call)
        return resource.get("url"), resource.get("version")
    given = call.inputs.one("codeSystem")
    if given is not None:
        return given.get("url"), given.get("version")
    url = call.inputs.text("url") or call.inputs.text("system")
    version = call.inputs.text("version")
    if url is not None:
        url, own = split(url)
        version = version or own
    return url, version


def unknown_code_system(url: str | None, version: str | None = None) -> NotFound:
    """There is no such code system."""
    name = f"{url}|{version}" if version else url
    return NotFound(
        issues=[
            Issue(
                "error",
                "not-found",
                f"A definition for CodeSystem '{name}' could not be found",
                detail="not-found",
                message_id="UNKNOWN_CODESYSTEM",
            )
        ]
    )


def answer(resource: Resource) -> FhirResponse:
    """The response with a resource."""
    return FhirResponse(200, json.dump(resource))


def instance(ctx: Context, call: Call) -> Resource:
    """The resource that the call is made on."""
    read = replace(call.request, interaction="read", query=(), body=None, operation=None)
    return json.parse_object(ctx.handle(read).content or b"{}")


def _by_url(given: Inputs, name: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for canonical in given.all(name):
        url, version = split(str(canonical))
        if version is None:
            raise Invalid(f"{name} needs a canonical with a version: url|version")
        found[url] = version
    return found


def _natural(given: Inputs, name: str) -> int | None:
    number = given.one(name)
    if number is not None and int(number) < 0:
        raise Invalid(f"{name} must not be negative")
    return None if number is None else int(number)


def _languages(header: str | None) -> str | None:
    """The languages in one form: `de,en`, and `de, *; q=0` where no other will do."""
    if header is None or not header.strip():
        return None
    parts = [p.strip() for p in header.split(",") if p.strip()]
    if len(parts) > _MOST_LANGUAGES or not all(map(_LANGUAGE.fullmatch, parts)):
        raise _no_language(header)
    return ", ".join(parts) if any(";" in p for p in parts) else ",".join(parts)


def _no_language(header: str) -> Invalid:
    return Invalid(
        issues=[
            Issue(
                "error",
                "processing",
                f"Invalid displayLanguage: '{header[:64]}'",
                detail="invalid-display",
                message_id="INVALID_DISPLAY_NAME",
            )
        ]
    )
