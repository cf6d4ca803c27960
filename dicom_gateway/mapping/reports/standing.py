"""How far a structured report has come: Completion Flag and Verification Flag.

https://dicom.nema.org/medical/dicom/current/output/html/part03.html#sect_C.17.2
"""

from __future__ import annotations

from typing import Literal

from dicom_gateway.mapping.attributes import Keys, text

Standing = Literal["final", "preliminary", "partial"]


def report_status(document: Keys) -> Standing:
    """DiagnosticReport.status: what nobody has verified isn't final.

    >>> report_status({})
    'partial'
    """
    if text(document, "0040A493") == "VERIFIED":
        return "final"
    return "preliminary" if text(document, "0040A491") == "COMPLETE" else "partial"


def observation_status(document: Keys) -> Literal["final", "preliminary"]:
    """Observation.status of what a document says."""
    return "final" if report_status(document) == "final" else "preliminary"
