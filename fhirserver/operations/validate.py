"""$validate: what is to be said of a resource, before it is stored or where it is stored already.

https://hl7.org/fhir/R4/resource-operation-validate.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from fhirserver.errors import FhirError, Invalid, Issue
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.reading import instance, read
from fhirserver.interactions.operation import ANY, HL7, Call, Parameter, operation
from fhirserver.model.outcome import outcome
from fhirserver.model.positions import Positions, positions
from fhirserver.model.references import parse_reference
from fhirserver.model.resource import Resource

MODES: Final = frozenset({"create", "update", "delete", "profile"})

# Each is a read: a Bundle of thousands isn't looked up to its last reference.
MAX_REFERENCES: Final = 200


@operation(
    "validate",
    definition=f"{HL7}/Resource-validate",
    levels=["type", "instance"],
    types=[ANY],
    parameters=[
        Parameter("resource", "Resource", is_checked=False),
        Parameter("mode", "code"),
        Parameter("profile", "uri", max=None),
    ],
    takes_flawed=True,
)
def validate(ctx: Context, call: Call) -> FhirResponse:
    """An OperationOutcome with every issue; the status is 200 whatever they say."""
    mode = call.inputs.text("mode")
    if mode is not None and mode not in MODES:
        raise Invalid(
            f"the mode must be one of {', '.join(sorted(MODES))}",
            expression=call.inputs.place("mode"),
        )
    if mode == "delete":
        return _deletion(ctx, call)
    profiles = [str(p) for p in call.inputs.all("profile")]
    if mode == "profile" and not profiles:
        raise Invalid("the mode profile needs a profile")
    resource = call.inputs.one("resource")
    if resource is None:
        if call.id is None or mode is not None:
            raise Invalid("$validate needs a resource: as the body, or as the parameter resource")
        resource = instance(ctx, call)
    issues = [*_of_mode(call, resource, mode), *_issues(ctx, call, resource, profiles)]
    return answered(outcome([*_not_understood(call), *_placed(call, _new(call, issues))]))


def _not_understood(call: Call) -> Sequence[Issue]:
    """What the reader of the body could make nothing of."""
    return call.request.source.issues if call.request.source is not None else ()


def _new(call: Call, issues: Sequence[Issue]) -> list[Issue]:
    """The issues where the reader had none: of what it left out everything is said."""
    inside = call.inputs.place("resource")
    told = {i.expression for i in _not_understood(call)}
    if inside is not None:
        told = {f"{call.type}{e.removeprefix(inside)}" if e is not None else None for e in told}
    return [i for i in issues if i.expression not in told or i.code == "invariant"]


def _issues(ctx: Context, call: Call, resource: Resource, profiles: Sequence[str]) -> list[Issue]:
    left = MAX_REFERENCES

    def fetch(text: str) -> Resource | None:
        """What a reference to this server points at; past the limit it is taken as there."""
        nonlocal left
        parsed = parse_reference(text, ctx.settings.fhir_base)
        if not parsed.is_local or parsed.type is None or parsed.id is None:
            return None
        left -= 1
        if left < 0:
            return _UNSEEN
        try:
            return read(ctx, call.principal, parsed.type, parsed.id)
        except FhirError:
            return None

    return ctx.validators.current().validate(resource, profiles, fetch=fetch)


_UNSEEN: Final[Resource] = {"resourceType": "Basic"}


def _of_mode(call: Call, resource: Resource, mode: str | None) -> list[Issue]:
    """What the address and the mode ask besides."""
    found: list[Issue] = []
    given = resource.get("resourceType")
    if given != call.type:
        text = f"this address takes {call.type}, but the resource's type is another"
        found.append(Issue("error", "invalid", text, "resourceType"))
    if mode == "update" and call.id is not None and resource.get("id") != call.id:
        text = "the resource must have the id of the address"
        found.append(Issue("error", "invalid", text, f"{call.type}.id"))
    return found


def _deletion(ctx: Context, call: Call) -> FhirResponse:
    """Whether a resource could be deleted: it is there, and the caller may."""
    if call.id is None:
        raise Invalid("the mode delete is for one resource: $validate on its address")
    call.principal.require("d", call.type)
    instance(ctx, call)
    return answered(outcome([Issue("information", "informational", "It can be deleted.")]))


def _placed(call: Call, issues: list[Issue]) -> list[Issue]:
    """The issues with lines and columns, where the resource came as a text."""
    source = call.request.source
    if source is None or not issues or call.inputs.one("resource") is None:
        return issues
    inside = call.inputs.place("resource") or ""
    places = positions(source.text, source.written, inside=inside)
    return issues if places is None else [_at(i, places) for i in issues]


def _at(issue: Issue, places: Positions) -> Issue:
    line, column = places.of(issue.expression or "")
    return replace(issue, line=line, column=column)
