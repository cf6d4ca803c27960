"""`CodeSystem/$import`: adds concepts and properties to a code system that isn't wholly here.

An operation of this server's own; its parameters are those that other servers have for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from fhirserver.errors import Invalid, TooCostly, Unprocessable
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.changing import changed
from fhirserver.interactions.operating.import_inputs import on_stored
from fhirserver.interactions.operating.reading import instance
from fhirserver.interactions.operation import OURS, Call, Inputs, Parameter, operation
from fhirserver.model.canonicals import split
from fhirserver.model.parameters import parameters, resource, value
from fhirserver.model.resource import Resource
from fhirserver.storage.concept_additions import add_concepts
from fhirserver.terminology.additions import Additions, added_to

MOST_CONCEPTS: Final = 50_000
_INSIDE: Final = frozenset({"concept", "text", "meta", "id", "contained"})

_VALUES: Final[Mapping[str, tuple[type, ...]]] = {
    "code": (str,),
    "string": (str,),
    "dateTime": (str,),
    "integer": (int,),
    "decimal": (int, Decimal),
    "boolean": (bool,),
    "Coding": (dict,),
}


@operation(
    "import",
    definition=f"{OURS}/CodeSystem-import",
    levels=["type", "instance"],
    types=["CodeSystem"],
    parameters=[
        Parameter("system", "uri"),
        Parameter("version", "string"),
        Parameter("concept", "Coding", max=None),
        Parameter("codeSystem", "CodeSystem"),
        Parameter(
            "property",
            max=None,
            parts=(
                Parameter("code", "code", min=1),
                Parameter("property", "code", min=1),
                Parameter("value", "*", min=1),
            ),
        ),
    ],
    right="u",
    affects_state=True,
)
def import_concepts(ctx: Context, call: Call) -> FhirResponse:
    """All of it, or nothing; the code system, and how many concepts it has now."""
    given: Resource = call.inputs.one("codeSystem") or {}
    url = call.inputs.text("system") or given.get("url")
    version = call.inputs.text("version") or given.get("version")
    on = on_stored(ctx, call, url, version)
    stored = instance(ctx, on)
    if url is not None and split(url)[0] != stored["url"]:
        raise Invalid("system is another code system than the one in the address")
    additions = _additions(call.inputs, stored, given)
    match stored.get("content"):
        case "not-present":
            about = {k: v for k, v in stored.items() if k not in _INSIDE}
            size = add_concepts(ctx.store.database, about, additions)
            concepts, new, result = size.concepts, size.new, stored
        case "fragment":
            result = changed(ctx, on, lambda now: added_to(now, additions))
            concepts, new = _count(result), _count(result) - _count(stored)
        case other:
            raise Unprocessable(
                f"its content is {other}: only one that is not-present or a fragment is added to; "
                "change the resource itself",
                expression="CodeSystem.content",
            )
    return answered(
        parameters(
            [
                value("concepts", "unsignedInt", concepts),
                value("new", "unsignedInt", max(new, 0)),
                resource("return", result),
            ]
        )
    )


def _additions(inputs: Inputs, stored: Resource, given: Resource) -> Additions:
    made = Additions(stored)
    for number, coding in enumerate(inputs.all("concept")):
        made.coding(coding, inputs.place("concept", number) or "concept")
    if given:
        place = inputs.place("codeSystem") or "codeSystem"
        made.tree(given.get("concept", ()), f"{place}.resource")
    for number, found in enumerate(inputs.all("property")):
        place = inputs.place("property", number) or "property"
        made.property(found.text("code") or "", _property(found, stored, place), place)
    if not made.concepts:
        raise Invalid("nothing is given to import: concept, codeSystem or property")
    if len(made.concepts) > MOST_CONCEPTS:
        raise TooCostly(f"up to {MOST_CONCEPTS} concepts are imported at once")
    return made


def _property(found: Inputs, stored: Resource, place: str) -> Resource:
    """A property as a CodeSystem has it: its value in the type that is declared."""
    name, given = found.text("property") or "", found.one("value")
    types: dict[str, str] = {p["code"]: p["type"] for p in stored.get("property", ())}
    kind = types.get(name) or _kind(given)
    # In Python a truth is a number, too.
    if not isinstance(given, _VALUES[kind]) or (isinstance(given, bool) and kind != "boolean"):
        raise Unprocessable(f"the property {name[:64]} has values of the type {kind}",
                            expression=place)  # fmt: skip
    return {"code": name, f"value{kind[:1].upper()}{kind[1:]}": given}


def _kind(given: Any) -> str:
    if isinstance(given, bool):
        return "boolean"
    if isinstance(given, int):
        return "integer"
    return "Coding" if isinstance(given, dict) else "string"


def _count(code_system: Resource) -> int:
    waiting, count = list(code_system.get("concept", ())), 0
    while waiting:
        concept = waiting.pop()
        count += 1
        waiting += concept.get("concept", ())
    return count
