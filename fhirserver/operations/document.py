"""Composition/$document: a Composition and all that it refers to, as one Bundle to hand over.

https://hl7.org/fhir/R4/composition-operation-document.html, https://hl7.org/fhir/R4/documents.html
"""

from __future__ import annotations

from collections.abc import Sequence

from fhirserver import clock, ids
from fhirserver.errors import Invalid, Issue, MethodNotAllowed, NotSupported, Unprocessable
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.following import followed, links
from fhirserver.interactions.operating.reading import read
from fhirserver.interactions.operation import HL7, Call, Parameter, operation
from fhirserver.model import json
from fhirserver.model.references import parse_reference, references
from fhirserver.model.resource import Resource
from fhirserver.storage.content import instant
from fhirserver.storage.current import current
from fhirserver.storage.rows import Version


@operation(
    "document",
    definition=f"{HL7}/Composition-document",
    levels=["type", "instance"],
    types=["Composition"],
    parameters=[Parameter("id", "uri"), Parameter("persist", "boolean"), Parameter("graph", "uri")],
    right="r",
)
def document(ctx: Context, call: Call) -> FhirResponse:
    if call.inputs.text("graph") is not None:
        raise NotSupported("$document takes no graph: it includes what the Composition refers to")
    persist = call.inputs.is_true("persist")
    if persist and not call.request.is_post:
        raise MethodNotAllowed("$document with persist stores a Bundle: it takes POST",
                               headers={"Allow": "POST"})  # fmt: skip
    made = _document(ctx, call, _composition(ctx, call))
    if not persist:
        return answered(made)
    return ctx.handle(
        FhirRequest("create", call.principal, "Bundle", body=made, prefer_return="representation")
    )


def _composition(ctx: Context, call: Call) -> Version:
    """The Composition in the address, or that of the parameter `id`."""
    given = call.inputs.text("id")
    if (given is None) == (call.id is None):
        text = (
            "$document needs the id of a Composition"
            if given is None
            else "$document takes no id where the address has one"
        )
        raise Invalid(issues=[Issue("error", "required", text, call.inputs.place("id"))])
    wanted = call.id or given or ""
    if call.id is None and "/" in wanted:
        found = parse_reference(wanted, ctx.settings.fhir_base)
        if found.type != "Composition" or not found.is_local:
            raise NotSupported("$document knows only Compositions of this server",
                               expression=call.inputs.place("id"))  # fmt: skip
        wanted = found.id or ""
    # Through the door first, for the caller's rights and the right error.
    read(ctx, call.principal, "Composition", wanted)
    version = current(ctx.store, "Composition", wanted)
    assert version is not None
    return version


def _document(ctx: Context, call: Call, version: Version) -> Resource:
    composition = json.parse_object((version.content or "{}").encode())
    for resource_type in sorted({t for t, _ in links(ctx, version)}):
        # Half a document would be taken for a whole one.
        call.principal.require("r", resource_type)
    found = followed(ctx, [version], ctx.store.stamp(composition).owner)
    _refuse_missing(ctx, composition, found)
    return {
        "resourceType": "Bundle",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{ids.new()}"},
        "type": "document",
        "timestamp": instant(clock.now()),
        "entry": [
            {
                "fullUrl": f"{ctx.settings.fhir_base}/{v.type}/{v.id}",
                "resource": json.parse_object((v.content or "{}").encode()),
            }
            for v in (version, *found)
        ],
    }


def _refuse_missing(ctx: Context, composition: Resource, found: Sequence[Version]) -> None:
    """Raise Unprocessable for what the Composition itself refers to and isn't here."""
    there = {(v.type, v.id) for v in found} | {("Composition", composition["id"])}
    issues = []
    for link in references(composition):
        reference = parse_reference(link.text, ctx.settings.fhir_base)
        if reference.is_local and (reference.type, reference.id) not in there:
            text = "what the document refers to isn't here, or is another patient's"
            issues.append(Issue("error", "not-found", text, link.expression))
    if issues:
        raise Unprocessable(issues=issues)
