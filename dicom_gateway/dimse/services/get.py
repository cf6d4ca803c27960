"""C-GET: what is asked for comes on the same association.

https://dicom.nema.org/medical/dicom/current/output/chtml/part04/sect_C.4.3.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from dicom_gateway.dimse import sub_operations
from dicom_gateway.dimse.service import Request, Response, serves
from dicom_gateway.dimse.sub_operations import Counts, sent
from dicom_gateway.querying.levels import Root
from fhirserver.instances import InstanceRow

PATIENT_ROOT: Final = "1.2.840.10008.5.1.4.1.2.1.3"
STUDY_ROOT: Final = "1.2.840.10008.5.1.4.1.2.2.3"
ROOTS: Final[dict[str, Root]] = {PATIENT_ROOT: "patient", STUDY_ROOT: "study"}


@serves("C-GET", PATIENT_ROOT, STUDY_ROOT, may="get", extended=sub_operations.agreed)
def get(request: Request) -> Iterator[Response]:
    """Each instance as a C-STORE, with a response after each."""

    def sending(rows: Sequence[InstanceRow], counts: Counts) -> Iterator[None]:
        for row in rows:
            counts.take(row.uid, sent(request.association, request.gateway.instances, row))
            yield

    return sub_operations.performed(request, ROOTS, "dicom-get", sending)
