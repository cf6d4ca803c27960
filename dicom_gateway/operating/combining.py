"""What a study makes of the ImagingStudy that is there: what people and merges wrote stays.

Called while that one is locked, so nothing that was written meanwhile is lost.
"""

from __future__ import annotations

from typing import Any, Final

from fhirserver.model.resource import Resource

_STAYS: Final = frozenset({"entered-in-error"})
_NOT_KEPT: Final = frozenset({"id"})


class Outdated(Exception):
    """Somebody has changed the subject since it was read: look again."""


def combined(given: Resource, stored: Resource, expected: Resource | None) -> Resource:
    """The new version. `expected` is the subject that was read before; raises Outdated."""
    before = stored.get("subject")
    if before != expected:
        raise Outdated
    made = {**{k: v for k, v in stored.items() if k not in _NOT_KEPT}, **given}
    if stored.get("status") in _STAYS:
        made["status"] = stored["status"]
    made["identifier"] = _joined(given, stored, "identifier")
    if made["subject"] == before:
        orders = _joined(given, stored, "basedOn")
        if orders:
            made["basedOn"] = orders
    else:
        # What belonged to another patient belongs to nobody else.
        for name in ("basedOn", "encounter", "procedureReference"):
            if name not in given:
                made.pop(name, None)
    return made


def is_literal(subject: Any) -> bool:
    """Whether a reference names a Patient that is stored, and not only says who is meant."""
    return isinstance(subject, dict) and "Patient/" in str(subject.get("reference", ""))


def patient_id(subject: Any) -> str | None:
    """The id of the Patient that a subject is."""
    return str(subject["reference"]).rpartition("/")[2] if is_literal(subject) else None


def _joined(given: Resource, stored: Resource, name: str) -> list[Any]:
    """What is in either list; ours first, and what is the same but for a detail once."""
    ours = list(given.get(name, ()))
    known = {_key(one) for one in ours}
    return ours + [one for one in stored.get(name, ()) if _key(one) not in known]


def _key(one: Resource) -> tuple[Any, ...]:
    return one.get("reference"), one.get("system"), one.get("value")
