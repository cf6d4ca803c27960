"""Queries and retrievals on record: who was told of which studies, or had them sent.

https://dicom.nema.org/medical/dicom/current/output/chtml/part15/sect_A.5.3.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from dicom_gateway.dimse.service import Request
from dicom_gateway.querying.asking import caller
from fhirserver.audit.calling import called
from fhirserver.audit.event import Action, Origin
from fhirserver.instances import StudyRow

MOST: Final = 500
"""Studies of one AuditEvent; more are told of in further ones."""


def record(request: Request, name: str, action: Action, studies: Sequence[StudyRow]) -> None:
    """Put it on record. Raises Unavailable when it can't be kept, and then nothing is to follow."""
    recorder = request.gateway.recorder
    principal = caller(request.gateway.engine, request.peer)
    for at in range(0, max(len(studies), 1), MOST):
        some = studies[at : at + MOST]
        touched = tuple(("ImagingStudy", s.imaging_study, None) for s in some if s.imaging_study)
        patients = tuple(dict.fromkeys(s.patient for s in some if s.patient))
        event = called(principal, name, Origin(request.association.address))
        recorder.add(replace(event, action=action, touched=touched, patients=patients))
