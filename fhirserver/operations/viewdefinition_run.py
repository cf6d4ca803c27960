"""$viewdefinition-run of SQL on FHIR: the rows of a view, as a table.

On a server of R4, which has no resource ViewDefinition, the operation is the system's.
https://build.fhir.org/ig/FHIR/sql-on-fhir-v2/OperationDefinition-ViewDefinitionRun.html
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, Final

from fhirserver import views
from fhirserver.errors import Invalid, Issue, NotFound, NotSupported, NotUnderstood
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.reading import read
from fhirserver.interactions.operating.view_rows import rows
from fhirserver.interactions.operation import Call, Parameter, Wire, operation
from fhirserver.model import json
from fhirserver.model.references import parse_reference
from fhirserver.search.compartment import member
from fhirserver.search.everywhere import last_updated
from fhirserver.search.query import And, AnyElement, Condition, Ids, Or
from fhirserver.search.scope import Scope
from fhirserver.views.formats import MEDIA_TYPES, WRITERS, csv_without_header
from fhirserver.views.shipped import named
from fhirserver.views.view import Row

MOST_MEMBERS: Final = 10_000
PIECE: Final = 64 * 1024


@operation(
    "viewdefinition-run",
    definition="http://sql-on-fhir.org/OperationDefinition/$viewdefinition-run",
    levels=["system"],
    parameters=[
        Parameter("_format", "code"),
        Parameter("header", "boolean"),
        Parameter("viewReference", "Reference"),
        Parameter("viewResource", "*", is_whole=True),
        Parameter("patient", "Reference", max=None),
        Parameter("group", "Reference", max=None),
        Parameter("source", "string"),
        Parameter("_limit", "positiveInt"),
        Parameter("_since", "instant"),
        Parameter("resource", "*", max=None, is_whole=True),
    ],
    wire=Wire(tuple(MEDIA_TYPES.values()), formats=tuple(MEDIA_TYPES.items())),
)
def run(ctx: Context, call: Call) -> FhirResponse:
    """The rows in pieces; what is wrong with the view, or its first rows, is told before them."""
    if "source" in call.inputs:
        raise NotSupported("there is no other source than what is stored here: leave it out",
                           expression=call.inputs.place("source"))  # fmt: skip
    media_type = _media_type(call)
    view = views.read(_definition(ctx, call))
    found = _found(ctx, call, view)
    limited = islice(found, call.inputs.one("_limit")) if "_limit" in call.inputs else found
    write = WRITERS[media_type]
    if write is WRITERS[MEDIA_TYPES["csv"]] and not call.inputs.is_true("header", default=True):
        write = csv_without_header
    pieces = _gathered(write(view.columns, limited))
    first = next(pieces, b"")
    return FhirResponse(200, media_type=media_type, stream=chain([first], pieces))


def _media_type(call: Call) -> str:
    name = call.inputs.text("_format")
    if name is None:
        return call.request.media_type or MEDIA_TYPES["ndjson"]
    if name not in MEDIA_TYPES and name not in WRITERS:
        raise Invalid(f"_format is one of {', '.join(MEDIA_TYPES)}",
                      expression=call.inputs.place("_format"))  # fmt: skip
    return MEDIA_TYPES.get(name, name)


def _definition(ctx: Context, call: Call) -> Any:
    """The ViewDefinition that is sent, comes with the server, or is stored as a Binary."""
    sent, reference = call.inputs.one("viewResource"), call.inputs.one("viewReference")
    if (sent is None) == (reference is None):
        raise Invalid("$viewdefinition-run takes a viewResource or a viewReference")
    if sent is not None:
        return _resource(sent, call.inputs.place("viewResource") or "viewResource")
    text = str(reference.get("reference", ""))
    parsed = parse_reference(text, ctx.settings.fhir_base)
    if parsed.type == "Binary" and parsed.id is not None and parsed.is_local:
        held = read(ctx, call.principal, "Binary", parsed.id)
        try:
            return json.parse_object(b64decode(held.get("data", "")))
        except NotUnderstood as error:
            raise Invalid("the Binary holds no JSON of a ViewDefinition") from error
    found = named(text.removeprefix(f"{ctx.settings.fhir_base}/"))
    if found is None:
        raise NotFound("there is no such ViewDefinition: store it as a Binary with the content "
                       "type application/json and name it, or send it as viewResource")  # fmt: skip
    return found


def _resource(parameter: Any, place: str) -> Any:
    if not isinstance(parameter, dict) or not isinstance(parameter.get("resource"), dict):
        raise Invalid("a resource is expected: POST a Parameters resource", expression=place)
    return parameter["resource"]


def _found(ctx: Context, call: Call, view: views.View) -> Iterator[Row]:
    given = call.inputs.all("resource")
    if not given:
        return rows(ctx, call.principal, view, _condition(ctx, call, view.resource))
    if any(name in call.inputs for name in ("patient", "group", "_since")):
        raise NotSupported("patient, group and _since choose among what is stored: leave them out "
                           "where resources are sent")  # fmt: skip
    sent = [_resource(g, call.inputs.place("resource", n) or "") for n, g in enumerate(given)]
    return (row for resource in sent for row in view.rows(resource))


def _condition(ctx: Context, call: Call, resource_type: str) -> Condition:
    scope = Scope(ctx.parameters, ctx.site)
    conditions: list[Condition] = []
    if "patient" in call.inputs or "group" in call.inputs:
        patients = [_id(ctx, r, "Patient", "patient") for r in call.inputs.all("patient")]
        for reference in call.inputs.all("group"):
            patients += _members(ctx, call, _id(ctx, reference, "Group", "group"))
        conditions.append(_of_patients(patients, resource_type, scope))
    since = call.inputs.text("_since")
    if since is not None:
        conditions.append(last_updated([f"ge{since}"], scope))
    return And(tuple(conditions))


def _of_patients(ids: Sequence[str], resource_type: str, scope: Scope) -> Condition:
    """That a resource is in the compartment of any of the patients, as few conditions."""
    elements: list[int] = []
    selves: list[str] = []
    for id_ in ids:
        found = member(("Patient", id_), resource_type, scope)
        for part in found.conditions if isinstance(found, Or) else (found,):
            match part:
                case AnyElement(elements=more):
                    elements += more
                case Ids(ids=more_ids):
                    selves += more_ids
    made: list[Condition] = [AnyElement(tuple(elements))] if elements else []
    made += [Ids(tuple(selves))] if selves else []
    return Or(tuple(made))


def _members(ctx: Context, call: Call, group_id: str) -> list[str]:
    """The patients in a Group that the caller may read."""
    group = read(ctx, call.principal, "Group", group_id)
    found = [m for m in group.get("member", ()) if not m.get("inactive", False)]
    if len(found) > MOST_MEMBERS:
        raise NotSupported(f"a group of more than {MOST_MEMBERS:,} members is too large here")
    ids = []
    for member_ in found:
        text = member_.get("entity", {}).get("reference", "")
        parsed = parse_reference(text, ctx.settings.fhir_base)
        if parsed.type == "Patient" and parsed.id is not None and parsed.is_local:
            ids.append(parsed.id)
    return ids


def _id(ctx: Context, reference: Any, wanted: str, name: str) -> str:
    text = str(reference.get("reference", ""))
    parsed = parse_reference(text if "/" in text else f"{wanted}/{text}", ctx.settings.fhir_base)
    if parsed.type != wanted or parsed.id is None or not parsed.is_local:
        raise Invalid(issues=[Issue("error", "value", f"{name} is a reference such as {wanted}/1")])
    return parsed.id


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Larger pieces: each is a chunk of its own on the wire."""
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= PIECE:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)
