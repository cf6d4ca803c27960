"""Whether an instance may leave without somebody looking at its pixels."""

from __future__ import annotations

from typing import Final

from dicom_gateway.deidentifying.report import Report

OFTEN_BURNED_IN: Final = frozenset({"US", "SC", "OT", "XC", "ES", "GM", "IVUS", "RF", "XA", "DOC"})
"""Modalities whose pictures often have the patient's name in them (PS3.15 E.3.1)."""


def is_suspect(report: Report, modality: str) -> bool:
    """Whether names may be burned into the pixels: it says so, or doesn't deny it and is of a kind
    that often has them.

    >>> is_suspect(Report(), "US"), is_suspect(Report(burned_in="NO"), "US")
    (True, False)
    """
    if report.burned_in == "YES":
        return True
    return report.burned_in != "NO" and modality in OFTEN_BURNED_IN
