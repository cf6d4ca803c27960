"""`$meta`, `$meta-add`, `$meta-delete`: the profiles, tags and security labels of resources.

https://hl7.org/fhir/R4/resource-operation-meta.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operation import ANY, Call, Parameter, operation
from fhirserver.model import json
from fhirserver.model.parameters import parameters, value
from fhirserver.model.resource import Resource

_URL: Final = "http://hl7.org/fhir/OperationDefinition/Resource-meta"
_GIVEN: Final = (Parameter("meta", "Meta", min=1),)
_LISTS: Final = ("profile", "security", "tag")

Change = Callable[[Sequence[Any], Sequence[Any]], list[Any]]


@operation("meta", definition=_URL, levels=["instance"], types=[ANY])
def meta(ctx: Context, call: Call) -> FhirResponse:
    """The meta of one resource."""
    return _answer(_current(ctx, call).get("meta", {}))


@operation(
    "meta-add",
    definition=f"{_URL}-add",
    levels=["instance"],
    types=[ANY],
    parameters=_GIVEN,
    affects_state=True,
)
def meta_add(ctx: Context, call: Call) -> FhirResponse:
    """Add profiles, tags and labels, those with the same system and code only once."""
    return _changed(ctx, call, _with)


@operation(
    "meta-delete",
    definition=f"{_URL}-delete",
    levels=["instance"],
    types=[ANY],
    parameters=_GIVEN,
    affects_state=True,
)
def meta_delete(ctx: Context, call: Call) -> FhirResponse:
    """Remove profiles, tags and labels; what isn't there is passed over."""
    return _changed(ctx, call, _without)


def _current(ctx: Context, call: Call) -> Resource:
    read = replace(call.request, interaction="read", query=(), body=None, operation=None)
    return json.parse_object(ctx.handle(read).content or b"{}")


def _changed(ctx: Context, call: Call, change: Change) -> FhirResponse:
    given: Resource = call.inputs.one("meta")
    resource = _current(ctx, call)
    before: Resource = resource.get("meta", {})
    lists = {name: change(before.get(name, ()), given.get(name, ())) for name in _LISTS}
    after = {k: v for k, v in {**before, **lists}.items() if v != []}
    if after != before:
        update = replace(
            call.request,
            interaction="update",
            query=(),
            body={**resource, "meta": after},
            operation=None,
            # Only this version: somebody else's change in between must not be lost.
            if_match=f'W/"{before["versionId"]}"',
            prefer_return="representation",
        )
        after = json.parse_object(ctx.handle(update).content or b"{}")["meta"]
    return _answer(after)


def _with(there: Sequence[Any], given: Sequence[Any]) -> list[Any]:
    added = {_key(v): v for v in given if _key(v) not in {_key(t) for t in there}}
    return [*there, *added.values()]


def _without(there: Sequence[Any], given: Sequence[Any]) -> list[Any]:
    removed = {_key(v) for v in given}
    return [v for v in there if _key(v) not in removed]


def _key(item: Any) -> Any:
    """A Coding is the same by system and code, a profile by its address."""
    return (item.get("system"), item.get("code")) if isinstance(item, dict) else item


def _answer(found: Resource) -> FhirResponse:
    return FhirResponse(200, json.dump(parameters([value("return", "Meta", found)])))
