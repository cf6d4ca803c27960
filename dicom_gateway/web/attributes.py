"""The attributes that QIDO-RS tells at each level, and those that the record has in columns.

PS3.18 tables 10.6.3-3 to 10.6.3-5.
"""

from __future__ import annotations

from typing import Final

_STUDY: Final = (
    "00080005", "00080020", "00080030", "00080050", "00080056", "00080061", "00080090",
    "00080201", "00081190", "00100010", "00100020", "00100021", "00100030", "00100040",
    "0020000D", "00200010", "00201206", "00201208", "00081030",
)  # fmt: skip
_SERIES: Final = (
    "00080005", "00080060", "00080201", "0008103E", "00081190", "0020000D", "0020000E",
    "00200011", "00201209", "00400244", "00400245", "00400275", "00080056",
)  # fmt: skip
_INSTANCE: Final = (
    "00080005", "00080016", "00080018", "00080056", "00080201", "00081190", "00083002",
    "0020000D", "0020000E", "00200013", "00280010", "00280011", "00280100", "00280008",
)  # fmt: skip
TOLD: Final = {"study": _STUDY, "series": _SERIES, "instance": _INSTANCE}

COLUMN_OF: Final = {
    "00100020": "PatientID",
    "00100021": "IssuerOfPatientID",
    "00100010": "PatientName",
    "00100030": "PatientBirthDate",
    "00100040": "PatientSex",
    "00080020": "StudyDate",
    "00080030": "StudyTime",
    "00080050": "AccessionNumber",
    "00200010": "StudyID",
    "00081030": "StudyDescription",
    "00080090": "ReferringPhysicianName",
    "00080061": "ModalitiesInStudy",
    "00080062": "SOPClassesInStudy",
    "00080060": "Modality",
    "00200011": "SeriesNumber",
    "0008103E": "SeriesDescription",
    "00180015": "BodyPartExamined",
    "00081010": "StationName",
    "00400244": "PerformedProcedureStepStartDate",
    "00400245": "PerformedProcedureStepStartTime",
    "00080016": "SOPClassUID",
    "00200013": "InstanceNumber",
}
"""The keywords of fhirserver.instances.COLUMNS by tag."""
UIDS: Final = {"0020000D": "studies", "0020000E": "series", "00080018": "instances"}
