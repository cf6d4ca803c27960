"""Work with images as events of the audit trail: which studies, of which patients.

https://dicom.nema.org/medical/dicom/current/output/chtml/part15/sect_A.5.3.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal

from fhirserver.audit.event import Action, DicomStudy, Event
from fhirserver.instances import StudyRow

Kind = Literal[
    "dicom-begin-transfer",
    "dicom-access",
    "dicom-transfer",
    "dicom-delete-study",
    "dicom-export",
    "dicom-query",
]
"""The messages of PS3.15 A.5.3."""

MOST_NAMED: Final = 10
"""Of more studies at once those that are ImagingStudies are told as such only."""


def of_studies(
    event: Event,
    kind: Kind,
    action: Action,
    studies: Sequence[StudyRow],
    counts: Mapping[str, DicomStudy] | None = None,
) -> Event:
    """The event as one of a kind of DICOM's, about studies of the record.

    `counts` tells by UID how many instances of a study it is about.
    """
    known = counts or {}
    named = [s for s in studies if len(studies) <= MOST_NAMED or not s.imaging_study]
    return replace(
        event,
        subtype=kind,
        action=action,
        touched=tuple(("ImagingStudy", s.imaging_study, None) for s in studies if s.imaging_study),
        patients=tuple(dict.fromkeys(s.patient for s in studies if s.patient)),
        studies=tuple(known.get(s.uid, DicomStudy(s.uid)) for s in named),
    )
