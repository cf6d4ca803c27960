"""`ConceptMap/$import`: adds mappings to a stored concept map.

An operation of this server's own; its parameters are those that other servers have for it.
"""

from __future__ import annotations

from typing import Final

from fhirserver.errors import Invalid, TooCostly
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.changing import changed
from fhirserver.interactions.operating.import_inputs import on_stored
from fhirserver.interactions.operation import OURS, Call, Inputs, Parameter, operation
from fhirserver.model.parameters import parameters, resource, value
from fhirserver.model.resource import Resource
from fhirserver.terminology.map_additions import Mapped, mapped, mapping, mappings_of

MOST_MAPPINGS: Final = 50_000


@operation(
    "import",
    definition=f"{OURS}/ConceptMap-import",
    levels=["type", "instance"],
    types=["ConceptMap"],
    parameters=[
        Parameter("url", "uri"),
        Parameter("conceptMapVersion", "string"),
        Parameter(
            "mapping",
            max=None,
            parts=(
                Parameter("source", "Coding", min=1),
                Parameter("target", "Coding"),
                Parameter("equivalence", "code"),
                Parameter("relationship", "code"),
                Parameter("comment", "string"),
            ),
        ),
        Parameter("conceptMap", "ConceptMap"),
    ],
    right="u",
    affects_state=True,
)
def import_mappings(ctx: Context, call: Call) -> FhirResponse:
    """All of it, or nothing; the concept map, and how many mappings were given."""
    given: Resource = call.inputs.one("conceptMap") or {}
    additions = _additions(call.inputs, given)
    if not additions:
        raise Invalid("nothing is given to import: mapping or conceptMap")
    if len(additions) > MOST_MAPPINGS:
        raise TooCostly(f"up to {MOST_MAPPINGS} mappings are imported at once")
    url = call.inputs.text("url") or given.get("url")
    version = call.inputs.text("conceptMapVersion") or given.get("version")
    on = on_stored(ctx, call, url, version)
    result = changed(ctx, on, lambda now: mapped(now, additions))
    return answered(
        parameters([value("mappings", "unsignedInt", len(additions)), resource("return", result)])
    )


def _additions(inputs: Inputs, given: Resource) -> list[Mapped]:
    made = [
        mapping(
            found.one("source"),
            found.one("target"),
            found.text("equivalence"),
            found.text("relationship"),
            found.text("comment"),
            inputs.place("mapping", number) or "mapping",
        )
        for number, found in enumerate(inputs.all("mapping"))
    ]
    place = f"{inputs.place('conceptMap') or 'conceptMap'}.resource"
    return [*made, *mappings_of(given, place)]
