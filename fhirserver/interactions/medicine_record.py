"""What the checks of prescriptions look at in a patient's record: what the caller may search.

An operation reads through the one door (`by_door`), a write by the storage (`by_store`): both by
the caller's own rights, so that nothing is told that is hidden, and what is hidden is named as a
gap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from fhirserver import clock
from fhirserver.access.access import Access
from fhirserver.access.principal import Principal
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.prescribing.checks import TAKEN, Record
from fhirserver.prescribing.codes import Code, codes_of
from fhirserver.prescribing.finding import Unchecked
from fhirserver.prescribing.knowledge import Knowledge
from fhirserver.prescribing.repeating import OPEN
from fhirserver.prescribing.wording import ENGLISH, Words
from fhirserver.search.escaping import escape
from fhirserver.search.parse import parse
from fhirserver.storage.search_sql.pages import Wanted
from fhirserver.storage.searches import find_page

Pairs = Sequence[tuple[str, str]]
Found = tuple[list[Resource], bool]
"""What a search found, and whether there is more."""

Look = Callable[[str, Pairs], Found | None]
"""A search by the caller's rights; None when they don't allow it."""

KINDS: Final = (
    "MedicationRequest",
    "MedicationStatement",
    "MedicationDispense",
    "MedicationAdministration",
)
MOST: Final = 1000
_AT_ONCE: Final = 200


def record_of(patient: str, look: Look, known: Knowledge) -> Record:
    """The allergies and medicines of a patient (`Patient/1`), and the results that matter."""
    gaps: list[Unchecked] = []
    allergies = _found("AllergyIntolerance", (("patient", patient),), look, gaps, known.words)
    medicines: list[Resource] = []
    for kind, statuses in TAKEN.items():
        asked = (("subject", patient), ("status", ",".join(sorted(statuses))))
        medicines += _found(kind, asked, look, gaps, known.words)
    results = _results(patient, look, known)
    drugs = drugs_of(medicines, look, gaps, known.words)
    return Record(allergies, medicines, drugs, gaps, results)


def with_examinations(
    record: Record, patient: str, orders: Iterable[Resource], look: Look, known: Knowledge
) -> Record:
    """A record with the open orders, the reports and the results of the same examinations."""
    codes = {c for order in orders for c in codes_of(order.get("code"))}
    if not codes:
        return record
    gaps, words = list(record.gaps), known.words
    days = max((known.intervals[c].days for c in codes if c in known.intervals), default=1)
    asked = (("subject", patient), ("code", _any_of(codes)))
    done = (*asked, ("date", _since(days)))
    still = (*asked, ("status", ",".join(sorted(OPEN))))
    return replace(
        record,
        orders=_found("ServiceRequest", still, look, gaps, words),
        reports=[
            *_found("DiagnosticReport", done, look, gaps, words),
            *_found("Observation", done, look, gaps, words),
        ],
        gaps=gaps,
    )


def _results(patient: str, look: Look, known: Knowledge) -> list[Resource] | None:
    """The results that limits are about; None when they may not be searched for."""
    if not known.limits:
        return []
    days = max(limit.days for limits in known.limits.values() for limit in limits)
    asked = (("subject", patient), ("code", _any_of(known.measured)), ("date", _since(days)))
    found = look("Observation", (*asked, ("_sort", "-date")))
    return None if found is None else found[0]


def _any_of(codes: Iterable[Code]) -> str:
    return ",".join(sorted(f"{escape(c.system)}|{escape(c.code)}" for c in codes))


def _since(days: int) -> str:
    # A day more: a date without a time is looked up by when it begins.
    return f"ge{(clock.now() - timedelta(days=days + 1)).strftime('%Y-%m-%d')}"


def everything_about(patient: str, look: Look) -> tuple[list[Resource], list[Unchecked]]:
    """All requests, statements, dispenses and administrations of a patient; and what is missing."""
    gaps: list[Unchecked] = []
    found: list[Resource] = []
    for kind in KINDS:
        found += _found(kind, (("subject", patient),), look, gaps, ENGLISH)
    return [r for r in found if r.get("status") != "entered-in-error"], gaps


def drugs_of(
    resources: Iterable[Resource], look: Look, gaps: list[Unchecked], words: Words = ENGLISH
) -> dict[str, Resource]:
    """The Medications that resources refer to, by their reference."""
    references = (r.get("medicationReference", {}).get("reference", "") for r in resources)
    plain = {r.partition("/_history/")[0] for r in references}
    ids = sorted(r.removeprefix("Medication/") for r in plain if r.startswith("Medication/"))
    found: list[Resource] = []
    for start in range(0, len(ids), _AT_ONCE):
        some = ",".join(ids[start : start + _AT_ONCE])
        found += _found("Medication", (("_id", some),), look, gaps, words)
    return {f"Medication/{d['id']}": d for d in found}


def _found(
    kind: str, pairs: Pairs, look: Look, gaps: list[Unchecked], words: Words
) -> list[Resource]:
    found = look(kind, (*pairs, ("_sort", "-_lastUpdated")))
    if found is None:
        gaps.append(Unchecked(kind, words["gap.hidden"]))
        return []
    if found[1]:
        gaps.append(Unchecked(kind, words["gap.more"].format(most=MOST)))
    return found[0]


def by_door(ctx: Context, principal: Principal) -> Look:
    """Searches as requests of the caller, which go on record."""
    count = str(min(MOST, ctx.settings.max_count))

    def look(kind: str, pairs: Pairs) -> Found | None:
        if not principal.may("s", kind):
            return None
        query = (*pairs, ("_count", count))
        request = FhirRequest("search-type", principal, type=kind, query=query)
        page = json.parse_object(ctx.handle(request).content or b"{}")
        entries = page.get("entry", ())
        matches = [e["resource"] for e in entries if e["search"]["mode"] == "match"]
        return matches, any(link["relation"] == "next" for link in page["link"])

    return look


def by_store(ctx: Context) -> Look:
    """Searches as part of a write, which is on record itself."""
    guard = ctx.store.guard

    def look(kind: str, pairs: Pairs) -> Found | None:
        if isinstance(guard, Access) and guard.allowed(kind, "s") is None:
            return None
        query = parse(kind, list(pairs), parameters=ctx.parameters, site=ctx.site)
        page = find_page(ctx.store, query, Wanted(MOST))
        found = [json.parse_object((v.content or "{}").encode()) for v in page.matches]
        return found, page.after is not None

    return look
