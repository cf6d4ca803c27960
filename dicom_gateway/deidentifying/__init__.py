"""De-identification (PS3.15 annex E) with a consistent map of pseudonyms.

done = deidentify(dataset, transfer_syntax, Pseudonyms(secret), Options(dates=Dates.MODIFIED))
done.dataset, done.transfer_syntax, done.report
"""

from __future__ import annotations

from dicom_gateway.deidentifying.deidentify import Deidentified, Unsuitable, deidentify
from dicom_gateway.deidentifying.options import Dates, Options
from dicom_gateway.deidentifying.pseudonyms import Patient, Pseudonyms
from dicom_gateway.deidentifying.report import Report

__all__ = [
    "Dates", "Deidentified", "Options", "Patient", "Pseudonyms", "Report", "Unsuitable",
    "deidentify",
]  # fmt: skip
