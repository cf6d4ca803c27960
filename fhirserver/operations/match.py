"""`Patient/$match`: which stored patients may be this one, how surely, and why.

https://hl7.org/fhir/R4/patient-operation-match.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from fhirserver.errors import Issue
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.reading import search
from fhirserver.interactions.operation import HL7, Call, Parameter, operation
from fhirserver.matching import Features, Judgement, features_of, judged, searches
from fhirserver.model.bundle import bundle
from fhirserver.model.outcome import outcome
from fhirserver.model.resource import Resource

MOST_PER_SEARCH: Final = 100
USUAL_COUNT: Final = 20
GRADE: Final = "http://hl7.org/fhir/StructureDefinition/match-grade"
AGREEMENT: Final = "https://fhirserver.example/StructureDefinition/match-agreement"
LIMIT: Final = "https://fhirserver.example/StructureDefinition/match-limit"


class Candidate(NamedTuple):
    """A stored Patient, and what is thought of it."""

    entry: Resource
    judgement: Judgement


@operation(
    "match",
    definition=f"{HL7}/Patient-match",
    levels=["type"],
    types=["Patient"],
    parameters=[
        Parameter("resource", "Patient", min=1),
        Parameter("onlyCertainMatches", "boolean"),
        Parameter("count", "integer"),
    ],
)
def match(ctx: Context, call: Call) -> FhirResponse:
    """The most likely patients, each with its grade and what agreed."""
    wanted = features_of(call.inputs.one("resource"))
    found = [] if wanted.is_empty else _ranked(wanted, _candidates(ctx, call, wanted))
    issue = _advice(wanted, found, only_certain=call.inputs.is_true("onlyCertainMatches"))
    if call.inputs.is_true("onlyCertainMatches"):
        # Two people could be meant, or one who is stored twice: no machine should choose.
        found = [] if issue else [c for c in found if c.judgement.grade == "certain"]
    asked = call.inputs.one("count")
    most = USUAL_COUNT if asked is None else max(0, min(asked, ctx.settings.max_count))
    entries = [_entry(c) for c in found[:most]]
    if issue is not None:
        entries.append({"resource": outcome([issue]), "search": {"mode": "outcome"}})
    return answered(bundle("searchset", entries, total=min(len(found), most)))


def _candidates(ctx: Context, call: Call, wanted: Features) -> Iterator[Resource]:
    """The entries of stored patients that have something in common with the wanted one."""
    seen = set()
    for pairs in searches(wanted):
        page = search(ctx, call.principal, "Patient", (*pairs, ("_count", str(MOST_PER_SEARCH))))
        for entry in page.get("entry", ()):
            if entry["fullUrl"] not in seen and not _is_replaced(entry["resource"]):
                seen.add(entry["fullUrl"])
                yield entry


def _is_replaced(patient: Resource) -> bool:
    """Whether it was merged into another one, which has its identifiers now."""
    return any(link.get("type") == "replaced-by" for link in patient.get("link", ()))


def _ranked(wanted: Features, entries: Iterable[Resource]) -> list[Candidate]:
    """The candidates that may be meant, the likeliest first, always in the same order."""
    judgements = (Candidate(e, judged(wanted, features_of(e["resource"]))) for e in entries)
    return sorted(
        (c for c in judgements if c.judgement.grade != "certainly-not"),
        key=lambda c: (-c.judgement.bits, c.entry["fullUrl"]),
    )


def _advice(wanted: Features, found: Sequence[Candidate], *, only_certain: bool) -> Issue | None:
    if wanted.is_empty:
        text = "the Patient has no identifier, name, birth date or telecom to match by"
        return Issue("warning", "incomplete", text)
    likely = [c for c in found if c.judgement.grade in {"certain", "probable"}]
    if only_certain and len(likely) > 1:
        text = (
            f"{len(likely)} records are likely, so none is certain: "
            "ask without onlyCertainMatches and let somebody choose"
        )
        return Issue("warning", "multiple-matches", text)
    return None


def _entry(candidate: Candidate) -> Resource:
    judgement = candidate.judgement
    extensions = [{"url": GRADE, "valueCode": judgement.grade}]
    extensions += [_agreement(a.field, a.level, a.bits) for a in judgement.agreements]
    extensions += [{"url": LIMIT, "valueString": cap} for cap in judgement.caps]
    return {
        "fullUrl": candidate.entry["fullUrl"],
        "resource": candidate.entry["resource"],
        "search": {
            "extension": extensions,
            "mode": "match",
            "score": Decimal(str(judgement.score)),
        },
    }


def _agreement(field: str, level: str, bits: float) -> Any:
    return {
        "url": AGREEMENT,
        "extension": [
            {"url": "field", "valueCode": field},
            {"url": "level", "valueString": level},
            {"url": "bits", "valueDecimal": Decimal(str(bits))},
        ],
    }
