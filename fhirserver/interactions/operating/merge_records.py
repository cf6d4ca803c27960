"""The Provenances that tell what a merge has changed (merging/record.py), read again."""

from __future__ import annotations

from fhirserver.errors import Conflict
from fhirserver.interactions.context import Context
from fhirserver.merging.record import SYSTEM, Made, number_of, versions_in
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.search.folding import fold_code
from fhirserver.search.hashing import element
from fhirserver.storage.referrers import referrers
from fhirserver.storage.searches import by_reference


def last_merge(ctx: Context, source_id: str) -> tuple[str, list[Made]]:
    """The number of the last merge of the source that wasn't undone, and all versions of it.

    Raises Conflict when there is no record of one.
    """
    about = _records(ctx, element("target", f"r|Patient/{source_id}"))
    undone = {number_of(r, "unmerge") for r in about}
    found = [
        (r["recorded"], number)
        for r in about
        if (number := number_of(r, "merge")) and _is_about(r, source_id)
    ]
    found = [(when, number) for when, number in found if number not in undone]
    if not found:
        raise Conflict(
            f"there is no record of the merge of Patient/{source_id}: "
            "it wasn't made by $merge, or has been undone"
        )
    _, number = max(found)
    records = _records(ctx, element("entity", f"i|s|{SYSTEM}|{fold_code(number)}"))
    merges = [r for r in records if number_of(r, "merge") == number]
    return number, versions_in(merges)


def _records(ctx: Context, wanted: int) -> list[Resource]:
    found = referrers(ctx.store, {"Provenance": [wanted]})
    names = [("Provenance", i) for i in found.get("Provenance", ())]
    versions = by_reference(ctx.store, names, limit=len(names))
    return [json.parse_object((v.content or "{}").encode()) for v in versions]


def _is_about(record: Resource, source_id: str) -> bool:
    """Whether a merge's record is of this source, and not of it as a target."""
    entity = record["entity"][0]["what"].get("reference", "")
    return bool(entity.startswith(f"Patient/{source_id}/_history/"))
