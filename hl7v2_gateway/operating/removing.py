"""What a snapshot no longer tells of is taken away, in the transaction of its message.

https://hl7.org/fhir/R4/http.html#delete
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl

from fhirserver.engine import Engine
from fhirserver.model.resource import Resource
from fhirserver.reactions.looking import looked_up
from hl7v2_gateway.mapping.snapshots import Snapshot
from hl7v2_gateway.operating.conversions import Combine, Extended, Made
from hl7v2_gateway.operating.finding import is_replaced

_WHOSE: Final = {"Coverage": "beneficiary"}


def with_removals(engine: Engine, made: Made) -> Made:
    """The same with the deletion of what its snapshots lack, also where it is referred to."""
    gone = missing(engine, made.snapshots)
    if not gone:
        return made
    report = {**(made.report or {}), "removed": gone}
    deletions = [{"request": {"method": "DELETE", "url": reference}} for reference in gone]
    return replace(
        made,
        converted=Extended(made.converted, deletions),
        combine=_forgetting(made.combine, frozenset(gone)),
        report=report,
    )


def missing(engine: Engine, snapshots: Sequence[Snapshot]) -> list[str]:
    """What is stored of a patient from this sender and segment, and isn't in the message."""
    found: dict[str, None] = {}
    for one in snapshots:
        patients = looked_up(engine, "Patient", *parse_qsl(one.patient))
        patients = [p for p in patients if not is_replaced(p)]
        if len(patients) != 1:
            continue
        query = [
            (_WHOSE.get(one.type, "patient"), f"Patient/{patients[0]['id']}"),
            ("_tag", one.tag),
        ]
        if one.visit is not None:
            visits = looked_up(engine, "Encounter", *parse_qsl(one.visit))
            if len(visits) != 1:
                continue
            query.append(("encounter", f"Encounter/{visits[0]['id']}"))
        for resource in looked_up(engine, one.type, *query):
            if not one.has(resource):
                found[f"{one.type}/{resource['id']}"] = None
    return list(found)


def _forgetting(combine: Combine | None, gone: frozenset[str]) -> Combine:
    def forget(full_url: str, given: Resource, stored: Resource) -> Resource:
        after = given if combine is None else combine(full_url, given, stored)
        kept: Resource = without(after, gone)
        return kept

    return forget


def without(value: Any, gone: frozenset[str]) -> Any:
    """A value without the items of its lists that refer to what is gone.

    >>> without({"diagnosis": [{"condition": {"reference": "Condition/1"}}]}, {"Condition/1"})
    {}
    """
    if isinstance(value, dict):
        kept = {}
        for name, inner in value.items():
            found = without(inner, gone)
            if found or found == inner:
                kept[name] = found
        return kept
    if isinstance(value, list):
        return [without(item, gone) for item in value if not _refers(item, gone)]
    return value


def _refers(value: Any, gone: frozenset[str]) -> bool:
    if not isinstance(value, dict):
        return False
    return any(
        (name == "reference" and isinstance(inner, str) and inner in gone)
        or (isinstance(inner, dict) and _refers(inner, gone))
        for name, inner in value.items()
    )
