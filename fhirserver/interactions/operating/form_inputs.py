"""What forms are made of, found with the caller's rights: Questionnaires, resources, searches.

http://hl7.org/fhir/uv/sdc/OperationDefinition/Questionnaire-populate
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhirserver.errors import FhirError, Invalid, NotSupported, Unprocessable
from fhirserver.interactions.context import Context
from fhirserver.interactions.operating.reading import read, search
from fhirserver.interactions.operation import Call
from fhirserver.model.references import parse_reference
from fhirserver.model.resource import Resource


def by_canonical(ctx: Context, call: Call, canonical: str) -> Resource:
    """A Questionnaire by its `url`, or `url|version`, or a reference to one of this server."""
    literal = parse_reference(canonical.partition("|")[0], ctx.settings.fhir_base)
    if literal.is_local and literal.type == "Questionnaire" and literal.id is not None:
        return read(ctx, call.principal, "Questionnaire", literal.id)
    call.principal.require("r", "Questionnaire")
    found = ctx.conformance.find("Questionnaire", canonical)
    if found is None:
        url, _, version = canonical.partition("|")
        pairs = [("url", url), ("_sort", "-_lastUpdated"), ("_count", "1")]
        if version:
            pairs.append(("version", version))
        page = search(ctx, call.principal, "Questionnaire", pairs)
        found = next((e["resource"] for e in page.get("entry", ())), None)
    if found is None:
        raise Unprocessable("there is no Questionnaire with this canonical address here: store it, "
                            "or send it along")  # fmt: skip
    return found


def by_identifier(ctx: Context, call: Call, identifier: Resource) -> Resource:
    """The one Questionnaire with an identifier."""
    value, system = identifier.get("value") or "", identifier.get("system")
    token = f"{system}|{value}" if system else value
    page = search(ctx, call.principal, "Questionnaire", [("identifier", token), ("_count", "2")])
    found: list[Resource] = [e["resource"] for e in page.get("entry", ())]
    if len(found) != 1:
        many = "more than one Questionnaire has" if found else "no Questionnaire has"
        raise Unprocessable(f"{many} this identifier")
    return found[0]


def by_reference(ctx: Context, call: Call, reference: Resource, what: str) -> Resource:
    """The resource that a Reference means; it must be on this server."""
    literal = parse_reference(reference.get("reference") or "", ctx.settings.fhir_base)
    if literal.type is None or literal.id is None:
        raise Invalid(f"{what} must be a reference to a resource")
    if not literal.is_local:
        raise NotSupported(f"{what} is on another server: send the resource itself")
    return read(ctx, call.principal, literal.type, literal.id)


class Asking:
    """How a form's expressions ask this server, with the caller's rights."""

    def __init__(self, ctx: Context, call: Call) -> None:
        self._ctx = ctx
        self._call = call
        self.terminology = ctx.validators.current().terminology

    def query(self, path: str, pairs: tuple[tuple[str, str], ...]) -> Resource | None:
        """A search of a type, or one resource."""
        resource_type, _, id_ = path.strip("/").partition("/")
        if not self._ctx.definitions.is_resource(resource_type):
            raise Invalid("a form's query must begin with a resource type")
        if id_:
            return read(self._ctx, self._call.principal, resource_type, id_)
        return search(self._ctx, self._call.principal, resource_type, pairs)

    def resolve(self, reference: str) -> Mapping[str, Any] | None:
        """What a reference in a resource points at; None when it isn't to be had."""
        literal = parse_reference(reference, self._ctx.settings.fhir_base)
        if not literal.is_local or literal.type is None or literal.id is None:
            return None
        try:
            return read(self._ctx, self._call.principal, literal.type, literal.id)
        except FhirError:
            return None


def given_response(ctx: Context, call: Call) -> Resource:
    """The QuestionnaireResponse in the address, or the one that was sent."""
    sent: Resource | None = call.inputs.one("questionnaire-response")
    if (sent is None) == (call.id is None):
        raise Invalid("$extract needs one QuestionnaireResponse: in the address, or as "
                      "questionnaire-response")  # fmt: skip
    if sent is not None:
        return sent
    return read(ctx, call.principal, "QuestionnaireResponse", call.id or "")
