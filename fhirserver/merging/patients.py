"""The two Patients of a merge: the source, which ends, and the target, which goes on.

https://hl7.org/fhir/R5/patient-operation-merge.html, https://hl7.org/fhir/R4/patient.html#links
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fhirserver.errors import Conflict, Invalid
from fhirserver.model.resource import Resource


def refuse_unmergeable(source: Resource, target: Resource) -> None:
    """Raise Conflict when either has been merged into another one already."""
    for patient, role in ((source, "source"), (target, "target")):
        into = replaced_by(patient)
        if into is not None:
            raise Conflict(f"the {role} patient has already been merged into {into}")


def replaced_by(patient: Resource) -> str | None:
    """The reference to the Patient that this one was merged into."""
    return next(
        (
            str(link["other"].get("reference", "another patient"))
            for link in patient.get("link", ())
            if link.get("type") == "replaced-by"
        ),
        None,
    )


def merged_source(source: Resource, target: Resource) -> Resource:
    """The source afterwards: inactive, and replaced by the target."""
    link = {"other": _reference(target), "type": "replaced-by"}
    return {**source, "active": False, "link": [*_links(source, target), link]}


def merged_target(source: Resource, target: Resource, wanted: Resource | None = None) -> Resource:
    """The target afterwards: with the source's identifiers as old ones, and replacing it.

    `wanted` is what the client wants it to be; raises Invalid when that isn't the target, or would
    lose one of its identifiers.
    """
    if wanted is not None:
        _refuse_other(target, wanted)
    base = target if wanted is None else {**wanted, "meta": _meta(target, wanted)}
    there = list(base.get("identifier", ()))
    known = {_key(i) for i in there}
    there += [{**i, "use": "old"} for i in source.get("identifier", ()) if _key(i) not in known]
    link = {"other": _reference(source), "type": "replaces"}
    made = {**base, "link": [*_links(base, source), link]}
    return made | ({"identifier": there} if there else {})


def unmerged_source(current: Resource, before: Resource, target: Resource) -> Resource:
    """A source that was changed after the merge, without what the merge did to it."""
    links = _links(current, target) + _lost(before, target)
    made = {k: v for k, v in current.items() if k not in {"active", "link"}}
    return made | _present({"active": before.get("active"), "link": links})


def unmerged_target(current: Resource, before: Resource, source: Resource) -> Resource:
    """A target that was changed after the merge, without the source's link and identifiers."""
    gone = {_key(i) for i in source.get("identifier", ())}
    gone -= {_key(i) for i in before.get("identifier", ())}
    identifiers = [
        i for i in current.get("identifier", ()) if _key(i) not in gone or i.get("use") != "old"
    ]
    links = _links(current, source) + _lost(before, source)
    made = {k: v for k, v in current.items() if k not in {"identifier", "link"}}
    return made | _present({"identifier": identifiers, "link": links})


def _present(elements: dict[str, Any]) -> Resource:
    return {k: v for k, v in elements.items() if v not in (None, [])}


def _lost(before: Resource, other: Resource) -> list[Any]:
    """The links between the two that there were before the merge."""
    return [li for li in before.get("link", ()) if _is_to(li, other)]


def _links(patient: Resource, other: Resource) -> list[Any]:
    """A Patient's links, without those to the other one of the merge."""
    return [li for li in patient.get("link", ()) if not _is_to(li, other)]


def _is_to(link: Resource, other: Resource) -> bool:
    text = str(link.get("other", {}).get("reference", ""))
    return text == f"Patient/{other['id']}" or text.endswith(f"/Patient/{other['id']}")


def _reference(patient: Resource) -> Resource:
    return {"reference": f"Patient/{patient['id']}"}


def _refuse_other(target: Resource, wanted: Resource) -> None:
    if wanted.get("id") != target["id"]:
        raise Invalid("result-patient must have the id of the target patient")
    lost = {_key(i) for i in target.get("identifier", ())} - _keys(wanted.get("identifier", ()))
    if lost:
        raise Invalid(
            f"result-patient lacks {len(lost)} of the target patient's identifiers: keep them all",
            expression="Patient.identifier",
        )


def _meta(target: Resource, wanted: Resource) -> Resource:
    own = ("versionId", "lastUpdated")
    asked = {k: v for k, v in wanted.get("meta", {}).items() if k not in own}
    return asked or {k: v for k, v in target.get("meta", {}).items() if k not in own}


def _keys(identifiers: Sequence[Resource]) -> set[Any]:
    return {_key(i) for i in identifiers}


def _key(identifier: Resource) -> tuple[str, str]:
    return identifier.get("system", ""), identifier.get("value", "")
