"""What a bulk export is asked for: its parameters, understood and checked before it begins.

https://hl7.org/fhir/uv/bulkdata/export.html#query-parameters
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal

from fhirserver.access.principal import Principal
from fhirserver.errors import Forbidden, Invalid, NotSupported
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirRequest
from fhirserver.interactions.operating.bulk_jobs import may_all
from fhirserver.interactions.operation import Call, Parameter
from fhirserver.interactions.pairs import pairs_in
from fhirserver.interactions.rights import RECORD, refuse_forbidden_chains
from fhirserver.interactions.vocabulary import SearchVocabulary
from fhirserver.search.parse import parse
from fhirserver.search.query import And, Condition, Or
from fhirserver.search.results import RESULTS
from fhirserver.search.scope import near, short
from fhirserver.search.stamp import ALSO_OWNED

Level = Literal["system", "patient", "group"]
Format = Literal["ndjson", "parquet"]
Pairs = tuple[tuple[str, str], ...]

NDJSON: Final = "application/fhir+ndjson"
PARQUET: Final = "application/vnd.apache.parquet"
MEDIA_TYPES: Final[Mapping[Format, str]] = {"ndjson": NDJSON, "parquet": PARQUET}
_FORMATS: Final[Mapping[str, Format]] = {
    NDJSON: "ndjson",
    "application/ndjson": "ndjson",
    "ndjson": "ndjson",
    PARQUET: "parquet",
    "parquet": "parquet",
}
_NEXT_FILTER: Final = re.compile(r",(?=[A-Za-z]+\?)")
_ASSOCIATED: Final = frozenset({"LatestProvenanceResources", "RelevantProvenanceResources"})

GENERAL: Final = (
    Parameter("_outputFormat", "string"),
    Parameter("_since", "instant"),
    Parameter("_until", "instant"),
    Parameter("_type", "string", max=None),
    Parameter("_elements", "string", max=None),
    Parameter("_typeFilter", "string", max=None),
    Parameter("includeAssociatedData", "string", max=None),
)
OF_PATIENTS: Final = (*GENERAL, Parameter("patient", "Reference", max=None))


@dataclass(frozen=True, slots=True)
class Export:
    """An export as it is asked for.

    `filters` are the searches of a type, one of which a resource must match. `owners`: of any
    patient, or of those with these digests; None: of patients or not. `notes`: what was passed
    over.
    """

    level: Level
    types: tuple[str, ...]
    format: Format = "ndjson"
    since: str | None = None
    until: str | None = None
    filters: Mapping[str, tuple[Pairs, ...]] = field(default_factory=dict)
    elements: tuple[str, ...] = ()
    owners: Literal["any"] | frozenset[int] | None = None
    notes: tuple[str, ...] = ()

    def asked(self) -> dict[str, Any]:
        """As JSON, for the job."""
        owners = sorted(self.owners) if isinstance(self.owners, frozenset) else self.owners
        return {
            "level": self.level,
            "types": list(self.types),
            "format": self.format,
            "since": self.since,
            "until": self.until,
            "filters": {t: [list(map(list, p)) for p in f] for t, f in self.filters.items()},
            "elements": list(self.elements),
            "owners": owners,
            "notes": list(self.notes),
        }

    @staticmethod
    def of(asked: Mapping[str, Any]) -> Export:
        """The reverse."""
        owners = asked["owners"]
        return Export(
            asked["level"],
            tuple(asked["types"]),
            asked["format"],
            asked["since"],
            asked["until"],
            {
                t: tuple(tuple((k, v) for k, v in pairs) for pairs in filters)
                for t, filters in asked["filters"].items()
            },
            tuple(asked["elements"]),
            frozenset(owners) if isinstance(owners, list) else owners,
            tuple(asked["notes"]),
        )

    def elements_of(self, resource_type: str) -> tuple[str, ...]:
        """The elements that are wanted of a type; none: all."""
        named = (e.rpartition(".") for e in self.elements)
        return tuple(name for t, _, name in named if t in {"", resource_type})


def understood(ctx: Context, call: Call, level: Level) -> Export:
    """The export that a call asks for; Invalid, NotSupported or Forbidden with the place."""
    notes: list[str] = []
    types = _types(ctx, call, level, notes)
    for name in ("_since", "_until"):
        moment(call.inputs.text(name), name)
    made = Export(
        level,
        types,
        _format(call),
        call.inputs.text("_since"),
        call.inputs.text("_until"),
        _filters(ctx, call, types, notes),
        _elements(ctx, call, types),
        None if level == "system" else "any",
        tuple(notes),
    )
    associated = [a.strip() for t in call.inputs.all("includeAssociatedData") for a in t.split(",")]
    for name in associated:
        if name not in _ASSOCIATED:
            raise NotSupported(
                f"includeAssociatedData: {short(name)} is not known here: "
                f"{' and '.join(sorted(_ASSOCIATED))} are",
                expression=call.inputs.place("includeAssociatedData"),
            )
    if associated and "Provenance" not in types:
        require(call.principal, ["Provenance"], call.inputs.place("includeAssociatedData"))
        made = replace(made, types=(*types, "Provenance"))
    for resource_type in made.filters:
        condition(ctx, call.principal, made, resource_type)
    return made


def condition(ctx: Context, principal: Principal, export: Export, resource_type: str) -> Condition:
    """What the resources of a type must meet. Raises Invalid for what can't be searched for."""
    found: list[Condition] = []
    for pairs in export.filters.get(resource_type, ()):
        query = parse(
            resource_type,
            pairs,
            parameters=ctx.parameters,
            site=ctx.site,
            vocabulary=SearchVocabulary(
                ctx, FhirRequest("search-type", principal, type=resource_type)
            ),
            hidden=ctx.store.guard.hidden,
        )
        refuse_forbidden_chains(query.condition, ctx.store.guard)
        found.append(query.condition)
    if not found:
        return And(())
    return found[0] if len(found) == 1 else Or(tuple(found))


def in_compartment(ctx: Context, resource_type: str) -> bool:
    """Whether a resource of a type may be a patient's."""
    about = {"AuditEvent", "Binary", "Provenance"}
    codes = ctx.definitions.compartments["Patient"].get(resource_type)
    return resource_type in {"Patient", *ALSO_OWNED, *about} or bool(codes)


def moment(text: str | None, name: str) -> datetime | None:
    """A FHIR instant as a time."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"{name} must be an instant such as 2026-01-31T13:28:17.239Z") from error
    if found.tzinfo is None:
        raise Invalid(f"{name} must have a time zone, such as 2026-01-31T13:28:17.239Z")
    return found


def require(principal: Principal, types: Sequence[str], place: str | None = None) -> None:
    """Raise Forbidden unless the caller is a system that may read these types."""
    for resource_type in types:
        if not may_all(principal, "r", [resource_type]):
            raise Forbidden(
                "exports are for systems that may read the type: it needs a scope such as "
                f"system/{resource_type}.rs, and an access policy that allows it",
                expression=place,
            )


def _format(call: Call) -> Format:
    # In an address the plus sign of a media type arrives as a space.
    asked = (call.inputs.text("_outputFormat") or NDJSON).strip().replace(" ", "+")
    found = _FORMATS.get(asked.partition(";")[0].lower())
    if found is None:
        raise NotSupported(
            f"_outputFormat must be {NDJSON} or {PARQUET}",
            expression=call.inputs.place("_outputFormat"),
        )
    return found


def _types(ctx: Context, call: Call, level: Level, notes: list[str]) -> tuple[str, ...]:
    known = ctx.definitions.resource_types
    named: list[str] = []
    for number, text in enumerate(call.inputs.all("_type")):
        for name in (n.strip() for n in text.split(",")):
            if name in known:
                named.append(name)
                continue
            trouble = f"_type: {short(name)!r} is not a resource type{near(name, known)}"
            if not call.request.lenient:
                raise Invalid(trouble, expression=call.inputs.place("_type", number))
            notes.append(f"{trouble}; it was passed over")
    if named:
        require(call.principal, named, call.inputs.place("_type"))
        return tuple(dict.fromkeys(named))
    if call.inputs.all("_type"):
        raise Invalid("_type names no resource type", expression=call.inputs.place("_type"))
    # The record of who has seen the others isn't given unless it is asked for.
    allowed = tuple(t for t in known if t != RECORD and may_all(call.principal, "r", [t]))
    if not allowed:
        require(call.principal, ["Patient"])
    if level != "system" and "Patient" not in allowed:
        require(call.principal, ["Patient"])
    return allowed


def _filters(
    ctx: Context, call: Call, types: Sequence[str], notes: list[str]
) -> Mapping[str, tuple[Pairs, ...]]:
    found: dict[str, list[Pairs]] = {}
    for number, text in enumerate(call.inputs.all("_typeFilter")):
        place = call.inputs.place("_typeFilter", number)
        for one in _NEXT_FILTER.split(text):
            resource_type, mark, query = one.strip().partition("?")
            if not mark or not ctx.definitions.is_resource(resource_type):
                raise Invalid(
                    f"_typeFilter: {short(one)!r} is not a search such as "
                    "Observation?category=laboratory",
                    expression=place,
                )
            pairs = tuple(pairs_in(query))
            for name, _ in pairs:
                if name.partition(":")[0] in RESULTS:
                    raise Invalid(
                        f"_typeFilter takes no {short(name)}: it says what is found, not how it "
                        "is answered",
                        expression=place,
                    )
            if not pairs:
                raise Invalid("_typeFilter: a search without parameters", expression=place)
            if resource_type not in types:
                if not call.request.lenient:
                    raise Invalid(
                        f"_typeFilter: {resource_type} is not among the types that are exported",
                        expression=place,
                    )
                notes.append(f"_typeFilter: {resource_type} isn't exported; it was passed over")
                continue
            found.setdefault(resource_type, []).append(pairs)
    return {t: tuple(filters) for t, filters in found.items()}


def _elements(ctx: Context, call: Call, types: Sequence[str]) -> tuple[str, ...]:
    names = [n.strip() for text in call.inputs.all("_elements") for n in text.split(",")]
    for name in names:
        of, _, element = name.rpartition(".")
        among = [of] if of else types
        if not all(map(ctx.definitions.is_resource, among)) or not any(
            element == "id" or ctx.definitions.element_type(t, element) for t in among
        ):
            raise Invalid(
                f"_elements: there is no element {short(name)}",
                expression=call.inputs.place("_elements"),
            )
    return tuple(dict.fromkeys(names))
