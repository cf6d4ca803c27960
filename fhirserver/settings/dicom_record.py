"""Where DICOM instances are kept, how many and how long."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fhirserver.settings.fields import setting


@dataclass(frozen=True)
class DicomRecord:
    """Where DICOM instances are kept, how many and how long."""

    dicom_quiet_seconds: float = setting(
        3.0,
        "How long no further instance of a study may have come before its ImagingStudy is written.",
    )
    dicom_patient_system: str = setting(
        "",
        "The system (URI) of patient ids where neither the instance nor the sender's entry tells "
        "one, as with what comes by DICOMweb; without it somebody is asked whose such a study is.",
    )
    dicom_dir: Path | None = setting(
        None,
        "Where the files of DICOM instances lie; DATA_DIR/dicom when it isn't set. All servers on "
        "one database share the folder.",
    )
    dicom_free_bytes: int = setting(
        2_000_000_000,
        "How much of the disk of that folder stays free, in bytes: when there is less, no further "
        "instance is taken; 0 is no limit.",
    )
    dicom_quota_bytes: int = setting(
        0,
        "How much all DICOM instances may have, in bytes: when they have more, none is taken; 0 "
        "is no limit.",
    )
    dicom_retention_days: float = setting(
        0.0,
        "After how many days without a change a DICOM study is removed for good with its files. 0 "
        "is never.",
    )
