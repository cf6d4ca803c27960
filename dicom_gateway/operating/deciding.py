"""Whose a study is, from what is stored of it, what somebody has said, and what it says itself.

| there is | then it is |
|---|---|
| a Task that was just answered with a Patient | that one's |
| a Task that was just opened again, or a study just taken off its patient | nobody's, and asked |
| an ImagingStudy of a Patient, and images of somebody else among its own | nobody's, and asked |
| an ImagingStudy of a Patient | still that one's: merges and people move it |
| a Task that was answered before | that one's |
| a Task that only a person may answer | nobody's |
| a patient in the record, and no ImagingStudy yet | that one's: whoever stored it has named them |
| nothing of that | the Patient whom its ids name, if all agrees; else nobody's, and asked |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from dicom_gateway.operating.combining import patient_id
from dicom_gateway.operating.questions import TAKEN_OFF, answer_of, is_by_hand, is_open
from dicom_gateway.operating.reconciling import Doubt
from fhirserver.model.resource import Resource

Cause = Literal["images", "task", "taken-off"]
"""Why a study is looked at: images, patients or orders came; its Task or its subject changed."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Whose it is: the id of a Patient; or None, and why.

    `is_found`: by the ids alone, and nobody has said or written it yet.
    """

    patient: str | None
    doubt: Doubt | None = None
    is_found: bool = False


def decided(
    cause: Cause,
    stored: Resource | None,
    task: Resource | None,
    reconcile: Callable[[], Resource | Doubt],
    is_mixed: Callable[[], bool],
    named: str | None = None,
) -> Decided:
    """See the table. `reconcile` and `is_mixed` are asked only where nobody has said.

    `named` is the Patient whom a caller has stored the study for.
    """
    current = patient_id((stored or {}).get("subject"))
    answer = answer_of(task)
    if answer is not None and (cause == "task" or current is None) and cause != "taken-off":
        return Decided(answer)
    if cause == "taken-off" or (cause == "task" and is_open(task) and current is not None):
        return Decided(None, Doubt((TAKEN_OFF,), (current,) if current else ()))
    if current is not None:
        if answer is None and is_mixed():
            return Decided(None, Doubt(("mixed-patients",), (current,)))
        return Decided(current)
    if is_by_hand(task):
        return Decided(None, Doubt((TAKEN_OFF,)))
    if named is not None:
        return Decided(named)
    found = reconcile()
    if isinstance(found, Doubt):
        return Decided(None, found)
    return Decided(str(found["id"]), is_found=True)
