"""`Patient/$summary`: the International Patient Summary, as a document to hand over or to print.

http://hl7.org/fhir/uv/ips/OperationDefinition/summary
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from fhirserver import clock, ids
from fhirserver.errors import (
    Conflict,
    Invalid,
    MultipleMatches,
    NotFound,
    NotSupported,
    TooCostly,
)
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.following import followed
from fhirserver.interactions.operating.reading import instance, search
from fhirserver.interactions.operation import Call, Parameter, operation
from fhirserver.merging.patients import replaced_by
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.search.hashing import reference_self
from fhirserver.storage.content import instant
from fhirserver.storage.rows import Version
from fhirserver.summaries.absent import WORDS
from fhirserver.summaries.document import BUNDLE_PROFILE, Content, Frame, document
from fhirserver.summaries.sections import NO_RESULT, SECTIONS, Section, Source

_SHOWN: Final = frozenset(
    {"Medication", "Device", "Practitioner", "PractitionerRole", "Organization", "Location"}
    | {"Specimen", "Observation", "RelatedPerson"}
)
"""What sections refer to and readers want: who, with what, where. Visits and orders aren't."""


@operation(
    "summary",
    definition="http://hl7.org/fhir/uv/ips/OperationDefinition/summary",
    levels=["type", "instance"],
    types=["Patient"],
    parameters=[
        Parameter("identifier", "string"),
        Parameter("profile", "uri"),
        Parameter("graph", "uri"),
    ],
    right="r",
)
def summary(ctx: Context, call: Call) -> FhirResponse:
    """Allergies, medicines, problems, and what else a stranger must know at night."""
    _refuse_others(call)
    patient = _patient(ctx, call)
    into = replaced_by(patient)
    if into is not None:
        # An empty record would say that nothing is known, while all of it is in another one.
        raise Conflict(f"this record was merged: ask for the summary of {into}")
    contents = {s.code: _content(ctx, call, s, patient["id"]) for s in SECTIONS}
    every = [r for c in contents.values() for r in c.resources]
    made = document(_frame(ctx), patient, contents, _others(ctx, call, patient, every))
    return answered(made)


def _refuse_others(call: Call) -> None:
    profile = call.inputs.text("profile")
    if profile is not None and profile.partition("|")[0] != BUNDLE_PROFILE:
        raise NotSupported(
            f"$summary makes documents of one profile, {BUNDLE_PROFILE}",
            expression=call.inputs.place("profile"),
        )
    if "graph" in call.inputs:
        raise NotSupported("$summary takes no graph: what is in it, the guide says")


def _patient(ctx: Context, call: Call) -> Resource:
    """The Patient in the address, or the one with the identifier."""
    identifier = call.inputs.text("identifier")
    if (call.id is None) == (identifier is None):
        raise Invalid("$summary needs a patient in the address, or the parameter identifier")
    if identifier is None:
        return instance(ctx, call)
    page = search(ctx, call.principal, "Patient", (("identifier", identifier), ("_count", "3")))
    found: list[Resource] = [e["resource"] for e in page.get("entry", ())]
    # Who was merged has given their identifiers away, and is no second patient.
    found = [p for p in found if replaced_by(p) is None] or found
    if not found:
        raise NotFound("no patient has this identifier")
    if len(found) > 1:
        raise MultipleMatches("more than one patient has this identifier")
    return found[0]


def _content(ctx: Context, call: Call, section: Section, patient_id: str) -> Content:
    found: list[Resource] = []
    is_withheld = is_cut = False
    for source in section.sources:
        if section.absent is not None:
            # That nothing is known, nobody may say who can't look.
            call.principal.require("s", source.type)
        elif not call.principal.may("s", source.type):
            is_withheld = True
            continue
        page = _page(ctx, call, source, patient_id)
        found += _resources(page)
        if any(link["relation"] == "next" for link in page["link"]):
            older = _latest(ctx, call, source, patient_id) if section.latest else None
            found += older or ()
            is_cut |= older is None
    return Content(section.chosen(_once_each(found)), is_withheld, is_cut)


def _latest(ctx: Context, call: Call, source: Source, patient_id: str) -> list[Resource] | None:
    """The newest of each code, where there are more than a page has; None when that won't do.

    A thousand values of an intensive care unit must not hide the blood group of last year.
    """
    if source.type != "Observation":
        return None
    pairs = [(name, text) for name, text in source.pairs if name != "_sort"]
    pairs += [("status:not", status) for status in sorted(NO_RESULT)]
    request = FhirRequest(
        "operation",
        call.principal,
        "Observation",
        operation="lastn",
        query=((source.by, f"Patient/{patient_id}"), *pairs, ("max", "1")),
    )
    try:
        answer = ctx.handle(request)
    except TooCostly:
        return None
    return _resources(json.parse_object(answer.content or b"{}"))


def _resources(page: Resource) -> list[Resource]:
    return [e["resource"] for e in page.get("entry", ())]


def _once_each(found: Iterable[Resource]) -> list[Resource]:
    """Each resource where it comes first."""
    kept: dict[tuple[str, str], Resource] = {}
    for r in found:
        kept.setdefault((r["resourceType"], r["id"]), r)
    return list(kept.values())


def _page(ctx: Context, call: Call, source: Source, patient_id: str) -> Resource:
    count = ("_count", str(ctx.settings.max_count))
    patient = (source.by, f"Patient/{patient_id}")
    return search(ctx, call.principal, source.type, (patient, *source.pairs, count))


def _others(
    ctx: Context, call: Call, patient: Resource, every: Sequence[Resource]
) -> list[Resource]:
    """What the sections refer to, of the types that readers want and the caller may read."""
    may = {t for t in _SHOWN if call.principal.may("r", t)}
    found = followed(
        ctx,
        list(map(_version, (patient, *every))),
        reference_self("Patient", patient["id"]),
        leave_out=lambda name: name[0] not in may,
    )
    return [json.parse_object((v.content or "{}").encode()) for v in _once(found)]


def _once(found: Iterable[Version]) -> Iterable[Version]:
    return {(v.type, v.id): v for v in found}.values()


def _version(resource: Resource) -> Version:
    """A resource as `followed` takes it."""
    content = json.dump(resource).decode()
    return Version(resource["resourceType"], resource["id"], 0, 0, clock.now(), "PUT", content)


def _frame(ctx: Context) -> Frame:
    return Frame(
        base=ctx.settings.fhir_base,
        bundle_id=ids.new(),
        composition_id=ids.new(),
        device_id=ids.new(),
        absent_ids={resource_type: ids.new() for resource_type in WORDS},
        timestamp=instant(clock.now()),
        zone=ctx.site.zone,
    )
